# `make run` and `make test` are all a newcomer needs; both install what is locked into .venv first.

PYTHON ?= python3
UV := .uv/bin/uv
UV_VERSION := 0.13.9
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE :=
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: run test test-long test-fast check format install lock dev clean

run: install  ## run the whole platform on the sandbox
	$(BIN)/jod run

test: install  ## everything that fits a quarter of an hour
	$(BIN)/python -m pytest -m "not long"

test-long: install  ## over 300 faults on sockets, kills in the middle, erasure through two whole jobs
	$(BIN)/python -m pytest -m long

test-fast: install  ## unit tests only
	$(BIN)/python -m pytest tests/unit

check: install  ## format, lint, types, SQL lint, contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests
	$(BIN)/sqlfluff lint --disable-progress-bar --dialect postgres tests/acceptance/consumer
	$(BIN)/jod contracts check

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar dbt_project/models

dev: install  ## the Dagster UI on http://127.0.0.1:3000
	$(BIN)/jod dev

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	test -x $(UV) || ($(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv==$(UV_VERSION))
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python .venv --require-hashes --compile-bytecode requirements.lock
	$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	$(BIN)/python -W ignore -m jod_pipelines.opportunities
	touch $@

lock:  ## resolve pyproject.toml anew into requirements.lock (hashes, no addresses)
	test -x $(UV) || ($(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv==$(UV_VERSION))
	$(UV) pip compile --quiet --universal --all-extras --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .uv .jod dbt_project/target
