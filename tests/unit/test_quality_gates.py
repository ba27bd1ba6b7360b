"""Nothing is published past a check that failed, or past one that did not run; and the run says which."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets.checks import check_marts
from assets.dbt import manifest
from assets.dbt_tests import DbtTests
from assets.metadata import asset_key_of, column_lineage, columns_of
from assets.publication import checks_that_did_not_run
from assets.run import RunReport, _compare, _full_disk_told, _hear_check, _remember_failure, _selected
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.errors import ContractError, JodError
from jod_pipelines.lineage import ColumnRef
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.warehouse import carried
from jod_pipelines.warehouse.build import Warehouse

FACT, OTHER = dg.AssetKey(["marts", "fact"]), dg.AssetKey(["marts", "other"])


def report(**given):
    return RunReport("run", Path("log"), **given)


def evaluation(*, passed, severity=dg.AssetCheckSeverity.ERROR, name="contract"):
    metadata = {"first": dg.MetadataValue.text("fact: 1 rules broken, first share: at least 0, 2 rows, keys b; c")}
    return dg.AssetCheckEvaluation(asset_key=FACT, check_name=name, passed=passed, severity=severity, metadata=metadata)


def test_a_run_that_someone_stopped_says_so_in_plain_words():
    @dg.op
    def stopped():
        raise dg.DagsterExecutionInterruptedError

    result = dg.GraphDefinition(name="job", node_defs=[stopped]).execute_in_process(raise_on_error=False)
    heard = report()
    _remember_failure(next(event for event in result.all_events if event.is_step_failure), heard)
    assert heard.line == "stopped: stopped by Ctrl-C or a signal; nothing half-done serves, the next run finishes the work"
    assert heard.exit_code == 1


def test_a_selection_warns_of_nothing_that_a_user_could_mend(recwarn):
    @dg.asset(group_name="facts")
    def fact():
        return 1

    assert _selected(dg.Definitions(assets=[fact]), "group:facts") == {dg.AssetKey("fact")}
    assert not recwarn.list


@pytest.mark.parametrize(
    ("free", "kind", "line"), [(4_000_000, JodError, "is full .4 MB left."), (10**9, OSError, "disk I/O error")]
)
def test_what_breaks_on_a_full_disk_is_told_as_a_full_disk(monkeypatch, tmp_path, free, kind, line):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - free, free))
    with pytest.raises(kind, match=line), _full_disk_told(tmp_path):
        raise OSError("disk I/O error")


def test_a_broken_contract_is_the_line_of_the_run_with_dataset_rule_and_rows():
    heard = report()
    _hear_check(evaluation(passed=False), heard)
    assert heard.line == "marts/fact: fact: 1 rules broken, first share: at least 0, 2 rows, keys b; c"
    assert heard.exit_code == ContractError.exit_code == 5
    assert heard.checks_failed


def test_a_warning_is_told_and_stops_nothing():
    heard = report()
    _hear_check(evaluation(passed=False, severity=dg.AssetCheckSeverity.WARN), heard)
    assert (heard.line, heard.exit_code, heard.checks_failed) == ("", 0, [])
    assert heard.warnings


CHECKS = {dg.AssetCheckKey(FACT, "contract"), dg.AssetCheckKey(OTHER, "contract")}


def test_a_planned_check_that_vanished_makes_the_run_a_failure_and_is_named():
    heard = report(materialised={"marts/fact", "marts/other"}, checked={"marts/fact: contract"})
    _compare(heard, {FACT, OTHER}, CHECKS, success=True)
    assert heard.line == "the run says success but 1 planned checks of what it made did not run: marts/other: contract"
    assert heard.exit_code == 5


def test_a_check_behind_a_failure_is_counted_and_the_failure_stays_the_reason():
    heard = report(materialised={"marts/fact"}, checked={"marts/fact: contract"}, line="other: broke", exit_code=3)
    _compare(heard, {FACT, OTHER}, CHECKS, success=False)
    assert heard.checks_not_run == ["marts/other: contract"]
    assert (heard.line, heard.exit_code) == ("other: broke", 3)


def test_checks_of_what_did_not_have_to_be_made_are_no_failure():
    heard = report(skipped_steps=["base"])
    _compare(heard, {FACT, OTHER}, CHECKS, success=True)
    assert (heard.line, len(heard.checks_not_run)) == ("", 2)


def test_a_run_without_gaps_has_nothing_to_say():
    names = {"marts/fact", "marts/other"}
    heard = report(materialised=names, checked={f"{name}: contract" for name in names})
    _compare(heard, {FACT, OTHER}, CHECKS, success=True)
    assert (heard.line, heard.checks_not_run) == ("", [])


@pytest.mark.parametrize(("told", "missing"), [({"fact", "other"}, []), ({"fact"}, ["other: contract"])])
def test_the_release_sees_which_checks_of_this_run_did_not_run(told, missing):
    seen = []

    @dg.asset
    def fact(): ...

    @dg.asset
    def other(): ...

    specs = [dg.AssetCheckSpec("contract", asset=asset, blocking=True) for asset in ("fact", "other")]

    @dg.multi_asset_check(specs=specs, can_subset=True)
    def contracts():
        for name in sorted(told):
            yield dg.AssetCheckResult(passed=True, asset_key=dg.AssetKey(name), check_name="contract")

    @dg.asset(deps=[fact, other])
    def release(context: dg.AssetExecutionContext):
        seen.extend(checks_that_did_not_run(context))

    job = dg.define_asset_job("all", selection=dg.AssetSelection.all())
    definitions = dg.Definitions(
        assets=[fact, other, release], asset_checks=[contracts], jobs=[job], executor=dg.in_process_executor
    )
    definitions.resolve_job_def("all").execute_in_process(raise_on_error=False)
    assert seen == missing


# ---- dbt's tests and the contracts of marts ---------------------------------------------------------------------------

FIELD = load_contracts()["marts"]["dim_education_field"]
ASSET = dg.AssetKey(FIELD.physical_name.split("."))


@pytest.fixture
def platform(tmp_path):
    """A home whose build holds one mart with one row."""
    made = Platform(load_settings(home=tmp_path))
    path = tmp_path / "warehouse" / "build" / "jod.duckdb"
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(carried.BOOKS)
        connection.execute(f"create schema core; create table {FIELD.physical_name} as select {row_of(FIELD)}")
    return made


def row_of(table, **given):
    values = {column.name: "'01'" if column.type == "VARCHAR" else "1" for column in table.columns} | given
    return ", ".join(f'{values[column.name]}::{column.type} as "{column.name}"' for column in table.columns)


def rewrite(platform, **given):
    with Warehouse(platform).writer() as connection:
        connection.execute(f"create or replace table {FIELD.physical_name} as select {row_of(FIELD, **given)}")


def test_a_broken_dbt_test_stops_and_is_kept_and_one_that_warns_stops_nothing(platform):
    for severity, stops in (("ERROR", True), ("warn", False)):
        tests = DbtTests({"nodes": {"test.one": {"name": "one", "config": {"severity": severity}}}})
        metadata = {"unique_id": "test.one", "dagster_dbt/failed_row_count": 3}
        tests.add(dg.AssetCheckResult(asset_key=ASSET, check_name="t", passed=False, metadata=metadata))
        tests.keep(platform, "run")
        with (
            pytest.raises(ContractError, match=r"dim_education_field: 1 rules broken, first one, 3 rows")
            if stops
            else nullcontext()
        ):
            tests.raise_broken()
    platform.quality.finish("run")
    assert set(platform.quality.open_failures().select("rule", "severity").iter_rows()) == {("one", "block"), ("one", "warn")}


def judged(platform, **given):
    [(_, report)] = check_marts(platform, [FIELD], **given)
    return report


def test_the_check_of_a_mart_that_stands_as_it_stood_is_taken_over(platform, monkeypatch):
    mark = {"now": "a"}
    monkeypatch.setattr(Warehouse, "marks", lambda *_: dict.fromkeys(MODELS, mark["now"]))
    first = judged(platform)
    assert first.passed
    rewrite(platform, **{FIELD.primary_key[0]: "null"})
    assert judged(platform) == first, "its inputs are those of the last time"
    assert not judged(platform, anew=True).passed
    mark["now"] = "b"
    for _ in range(2):
        assert not judged(platform).passed, "what is broken is never taken over"
    mark["now"] = None
    rewrite(platform)
    assert judged(platform).passed
    rewrite(platform, **{FIELD.primary_key[0]: "null"})
    assert not judged(platform).passed, "of its inputs nothing is known"


MODELS = [uid for uid, node in json.loads(manifest().read_bytes())["nodes"].items() if node["resource_type"] == "model"]


# ---- the UI -----------------------------------------------------------------------------------------------------------


def test_the_ui_shows_columns_and_where_they_come_from():
    shown = columns_of("job_opportunity")
    assert {column.name for column in shown["dagster/column_schema"].columns} >= {"title_fi", "members"}
    deps = shown["dagster/column_lineage"].deps_by_column["members"]
    assert [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps] == [("derived/job_opportunity", "item_id")]
    edges = {ColumnRef("staging.s", "code"): (ColumnRef("landing.koodisto__codes__code", "code"),)}
    assert column_lineage(edges)["dagster/column_lineage"].deps_by_column["code"][0].asset_key == asset_key_of(
        "landing.koodisto__codes__code"
    )
    assert asset_key_of("landing.koodisto__codes__code") == dg.AssetKey(["landing", "koodisto", "codes"])


@pytest.mark.parametrize(("severity", "made"), [(dg.AssetCheckSeverity.ERROR, set()), (dg.AssetCheckSeverity.WARN, {"release"})])
def test_nothing_is_made_behind_a_broken_mart_and_everything_behind_a_warning(severity, made):
    done = set()

    @dg.asset
    def fact(): ...

    @dg.multi_asset_check(specs=[dg.AssetCheckSpec("contract", asset="fact", blocking=True)], can_subset=True)
    def contracts():
        yield dg.AssetCheckResult(passed=False, severity=severity, asset_key=dg.AssetKey("fact"), check_name="contract")

    @dg.asset(deps=[fact])
    def release():
        done.add("release")

    job = dg.define_asset_job("all", selection=dg.AssetSelection.all())
    definitions = dg.Definitions(assets=[fact, release], asset_checks=[contracts], jobs=[job])
    definitions.resolve_job_def("all").execute_in_process(raise_on_error=False)
    assert done == made


def test_a_mart_that_lost_most_of_its_rows_is_not_released_unless_that_is_accepted(platform):
    limit = FIELD.max_shrink_pct
    assert 0 < limit < 100
    platform.state.write("released_rows", {FIELD.physical_name: 1})
    assert judged(platform, anew=True).passed
    platform.state.write("released_rows", {FIELD.physical_name: 1_000})
    held = judged(platform, anew=True)
    assert held.stops
    assert held.line.startswith(f"dim_education_field: 1 rules broken, first shrinks by at most {limit:g} %, such as")
    assert "1000 rows when last released, 1 now" in held.line
    assert "JOD_ACCEPT_SHRINK" in held.line
    accepting = Platform(load_settings(home=platform.home, accept_shrink=("dim_education_field",)))
    assert judged(accepting, anew=True).passed
