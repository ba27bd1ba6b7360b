"""What goes wrong is one clear line, a true exit code, and nothing lost."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests_support import QUICK, jod

pytestmark = pytest.mark.slow
SEARCH = "/konfo-backend/external/search/.*"
KOODISTO, CODES = 'key:"landing/koodisto/codes"', "/koodisto-service/rest/json/kunta/koodi"


def plan(tmp_path: Path, **fault: object) -> str:
    path = tmp_path / "faults.yaml"
    path.write_text(json.dumps({"faults": [fault]}))
    return str(path)


def one_line(run) -> str:
    failed = [line for line in (run.out + run.err).splitlines() if line.startswith(("failed", "jod:"))]
    assert len(failed) == 1, run.out + run.err
    assert "Traceback" not in run.out + run.err
    return failed[0]


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("run", "--scale", "banana"), {}, "wrong setting scale: use small, national or a number"),
        (("run", "--sources", "recorded"), {}, "sources=recorded needs recorded=DIR"),
        (("run",), {"JOD_SCLAE": "small"}, "unknown setting JOD_SCLAE in the environment; did you mean JOD_SCALE?"),
        (("run", "--select", "nonsense("), {}, "is not an asset selection"),
    ],
)
def test_a_wrong_setting(tmp_path, arguments, environment, words):
    run = jod(*arguments, home=tmp_path, **environment)
    assert run.code == 2
    assert words in one_line(run)
    assert not (tmp_path / "landing").exists()


def test_an_unreachable_source(tmp_path):
    run = jod("run", "--select", KOODISTO, home=tmp_path, JOD_SANDBOX_URL="http://127.0.0.1:9", **QUICK)
    assert run.code == 3
    assert "127.0.0.1 cannot be reached" in one_line(run)
    states = {row["subject"]: row for row in json.loads(jod("status", "--json", home=tmp_path).out)}
    assert states["koodisto/codes"]["state"] == "failed"
    assert states["koodisto/codes"]["broken_since"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "truncate", "bytes": 5000}, "not complete JSON (it breaks at byte"),
        ({"kind": "html"}, "not complete JSON (it is an HTML page)"),
        ({"kind": "status", "status": 502}, "answers 502 after 2 attempts"),
        ({"kind": "status", "status": 400}, "refused with 400"),
        ({"kind": "reset", "bytes": 100}, "sandbox.localhost closed the connection"),
    ],
)
def test_a_source_that_answers_badly(tmp_path, fault, words):
    run = jod("run", "--select", KOODISTO, home=tmp_path, JOD_SANDBOX_FAULTS=plan(tmp_path, path=CODES, **fault), **QUICK)
    assert run.code == 3
    assert words in one_line(run)
    assert not (tmp_path / "landing" / "koodisto" / "codes" / "current").exists()


def test_a_passing_fault_is_healed_by_another_attempt(tmp_path):
    run = jod(
        "run", "--select", KOODISTO, home=tmp_path, JOD_SANDBOX_FAULTS=plan(tmp_path, path=CODES, kind="status", times=1), **QUICK
    )
    assert run.code == 0, run.out + run.err


def test_a_cut_stream_of_postings_lands_nothing(tmp_path):
    faults = plan(tmp_path, path="/kipa/.*", kind="truncate", bytes=100_000)
    run = jod("run", "--select", 'key:"landing/mylly/job_postings"', home=tmp_path, JOD_SANDBOX_FAULTS=faults, **QUICK)
    assert run.code == 3
    assert "cut in the middle of a line" in one_line(run)
    assert not list((tmp_path / "landing").glob("mylly/job_postings/typed/*/*.parquet"))


def test_a_broken_row_is_kept_apart_and_the_rest_goes_on(tmp_path):
    broken = {"pattern": r'"oid":"1\.2\.246\.562\.13\.(\d+)"', "replacement": r'"oid":"broken-\1"'}
    faults = plan(tmp_path, path=SEARCH, kind="replace", **broken)
    run = jod("run", "--select", 'key:"landing/opintopolku/search"', home=tmp_path, JOD_SANDBOX_FAULTS=faults, **QUICK)
    assert run.code == 0, run.out + run.err
    folder = tmp_path / "landing" / "opintopolku" / "search"
    kept = pl.read_parquet(list(folder.glob("typed/koulutus/*.parquet")))
    refused = pl.read_parquet(list(folder.glob("quarantine/koulutus/*.parquet")))
    assert len(kept) + len(refused) == 288
    assert set(refused["column"]) == {"programme_oid"}
    assert refused["source_document"].str.starts_with("page-").all()


def test_the_last_good_data_serves_while_a_source_is_down(tmp_path):
    good = jod("run", "--select", KOODISTO, home=tmp_path)
    assert good.code == 0, good.out + good.err
    before = (tmp_path / "landing" / "koodisto" / "codes" / "current").read_text()
    down = jod("run", "--select", KOODISTO, home=tmp_path, JOD_SANDBOX_FAULTS=plan(tmp_path, path=CODES, kind="status"), **QUICK)
    assert down.code == 0
    assert "koodisto/codes stale" in down.out
    assert (tmp_path / "landing" / "koodisto" / "codes" / "current").read_text() == before


def test_a_port_that_is_taken(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = jod("sandbox", "serve", "--port", str(taken.getsockname()[1]), home=tmp_path, timeout=60)
    assert run.code == 1
    assert "is taken; choose another" in one_line(run)


def test_a_release_that_does_not_exist(tmp_path):
    run = jod("verify", "nosuch", home=tmp_path)
    assert run.code == 6
    assert f"there is no release in {tmp_path}; run `jod run` first" in one_line(run)
