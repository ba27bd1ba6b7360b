"""What checks found is kept rule by rule, and the verbs of severity do what they say."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from jod_pipelines.contracts import dbt
from jod_pipelines.contracts.enforcement import QUARANTINE_SCHEMA, enforce
from jod_pipelines.contracts.expectations import CheckReport, Finding, check_frame
from jod_pipelines.contracts.model import Column, Table
from jod_pipelines.contracts.rules import rules_of
from jod_pipelines.contracts.table_checks import check_table
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.publication.gate import unchecked_rules, warnings_of
from jod_pipelines.quality import RESULTS, QualityLog, latest, results_of, with_quarantine
from jod_pipelines.warehouse.quality import QUARANTINE, ensure_quality


def column(name, type_="VARCHAR", **rules):
    return Column(name=name, type=type_, description={"en": name}, **rules)


def table(*columns, layer="marts", severity="block", **given):
    defaults = {"rules": (), "min_rows": 0, "max_shrink_pct": 100, "freshness_hours": None}
    return Table(layer, "c", "fact", "facts.fact", {}, columns, severity=severity, **{**defaults, **given})


SHARE = column("share", "DOUBLE", minimum=0)
KEYED = (column("id", required=True, primary_key=True), SHARE, column("source_document"))
ROWS = pl.DataFrame({"id": ["a", "b", "c"], "share": [1.0, -1.0, 2.0], "source_document": ["page"] * 3})


def with_severity(severity):
    return table(KEYED[0], replace(SHARE, severity=severity), KEYED[2])


def judged(contract, rows=ROWS):
    with duckdb.connect() as connection:
        connection.execute("create schema facts")
        connection.register("rows", rows.to_arrow())
        connection.execute("create table facts.fact as select * from rows")
        return check_table(connection, contract)


@pytest.mark.parametrize(("severity", "stops"), [("block", True), ("warn", False)])
def test_a_broken_rule_of_a_mart_stops_or_warns_and_names_rows(severity, stops):
    report = judged(with_severity(severity))
    broken = [finding for finding in report.findings if not finding.passed]
    assert [(f.rule, f.column, f.failed_rows, f.sample_keys) for f in broken] == [("at least 0", "share", 1, ("b",))]
    assert report.stops is stops
    assert "share: at least 0, 1 rows, such as '-1.0', keys b" in report.line


def test_great_expectations_gives_keys_and_severity_too():
    broken = [f for f in check_frame(ROWS, replace(with_severity("warn"), layer="published")).findings if not f.passed]
    assert [(f.rule, f.column, f.severity, f.sample_keys) for f in broken] == [("at least 0", "share", "warn", ("b",))]


def test_in_the_landing_a_row_is_set_aside_or_stays_as_its_column_says():
    quarantine = replace(with_severity("quarantine"), layer="landing")
    assert enforce(ROWS, quarantine)[0]["id"].to_list() == ["a", "c"]
    warn = replace(with_severity("warn"), layer="landing")
    kept, broken = enforce(ROWS, warn)
    assert (len(kept), len(broken)) == (3, 0)
    told = [f for f in check_frame(kept, warn).findings if not f.passed]
    assert [(f.column, f.severity, f.failed_rows) for f in told] == [("share", "warn", 1)]


def test_a_key_weighs_what_its_table_says():
    keyed = table(column("id", required=True, primary_key=True, severity="warn"))
    assert {rule.severity for rule in rules_of(keyed)} == {"block"}


# ---- rows of a mart that are set aside while dbt builds ---------------------------------------------------------------


@pytest.fixture
def built(tmp_path: Path):
    """A project of one mart, built by dbt with our macro and the YAML of a contract."""
    contract = with_severity("quarantine")
    models = tmp_path / "models"
    models.mkdir()
    (models / "fact.sql").write_text(
        "from (values ('a', 1.0::double, 'page'), ('b', -1, 'page'), ('c', null, 'page')) as t (id, share, source_document)"
    )
    (models / "after.sql").write_text("select count(*) as rows from {{ ref('fact') }}")
    (models / "fact.yml").write_text(yaml.safe_dump({"version": 2, "models": [dbt._model(contract)]}))
    macros = tmp_path / "macros"
    macros.mkdir()
    shutil.copy(PROJECT / "dbt_project" / "macros" / "set_rows_aside.sql", macros)
    hook = {"models": {"one": {"+materialized": "table", "+post-hook": "{{ set_rows_aside() }}"}}}
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump({"name": "one", "profile": "one", **hook}))
    target = {"type": "duckdb", "path": str(tmp_path / "w.duckdb"), "schema": "facts"}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump({"one": {"target": "dev", "outputs": {"dev": target}}}))
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create schema quality")
        connection.execute(
            f"create table {QUARANTINE} "
            '(dataset varchar, source_document varchar, "column" varchar, rule varchar, value varchar, row varchar)'
        )
    from dbt.cli.main import dbtRunner

    done = dbtRunner().invoke(["--quiet", "build", "--project-dir", str(tmp_path), "--profiles-dir", str(tmp_path)])
    assert done.success, done.exception or [result.message for result in done.result]
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:  # as dbt, still in this process, has it open
        yield connection


def test_rows_of_a_mart_that_break_a_quarantine_rule_are_set_aside_and_the_rest_goes_on(built):
    assert built.execute("select id from facts.fact order by id").fetchall() == [("a",), ("c",)]
    assert built.execute("from facts.after").fetchall() == [(2,)]
    aside = built.execute(f"from {QUARANTINE}").fetchall()
    assert [row[:5] for row in aside] == [("fact", "page", "share", "at least 0", "-1.0")]
    assert '"id":"b"' in aside[0][5]


# ---- the log ----------------------------------------------------------------------------------------------------------


def results(run, *findings, dataset="fact", rows=3, by="sql", age=0):
    frame = results_of(CheckReport(dataset, rows, list(findings)), run, dataset, "marts", by)
    return frame.with_columns(pl.col("checked_at") - pl.duration(minutes=age))


BAD = Finding("at least 0", "share", False, 1, ("-1.0",), "warn", ("b",))
GOOD = Finding("required", "id", True, 0)


def test_results_are_read_when_their_run_has_ended_and_stay(tmp_path):
    log = QualityLog(tmp_path / "quality")
    log.add("run-1", results("run-1", BAD, GOOD))
    assert log.results().is_empty()
    assert len(log.results(unfinished=True)) == 2
    log.finish("run-1")
    written = (tmp_path / "quality" / "run-1.parquet").stat().st_mtime_ns
    log.add("run-2", results("run-2", GOOD))
    log.finish()
    assert sorted(log.results()["run_id"].unique()) == ["run-1", "run-2"]
    assert (tmp_path / "quality" / "run-1.parquet").stat().st_mtime_ns == written
    assert not list((tmp_path / "quality" / "parts").glob("*"))


def test_a_row_of_the_log_says_everything_and_no_value(tmp_path):
    row = results("run-1", BAD).row(0, named=True)
    assert dict(results("run-1", BAD).schema) == dict(RESULTS)
    assert (row["rows_checked"], row["rows_failed"], row["sample_keys"]) == (3, 1, ["b"])
    assert row["message"] == "fact: share: at least 0 is broken by 1 of 3 rows"
    assert "-1.0" not in str(row)


def test_the_latest_results_of_a_dataset_are_those_of_the_newest_run_that_checked_it(tmp_path):
    everything = pl.concat(
        [results("old", BAD, age=60), results("new", replace(BAD, passed=True)), results("old", BAD, by="dbt", age=60)]
    )
    assert latest(everything).select("run_id", "checked_by", "passed").rows() == [("new", "sql", True), ("old", "dbt", False)]


def test_open_failures_are_the_gravest_first(tmp_path):
    log = QualityLog(tmp_path)
    log.add("run", pl.concat([results("run", BAD), results("run", replace(BAD, severity="block"), dataset="other")]))
    assert log.open_failures()["dataset"].to_list() == ["other", "fact"]


def test_quarantine_of_a_landed_table_is_told_by_rule_with_its_documents(tmp_path):
    kept, broken = enforce(ROWS, replace(with_severity("quarantine"), layer="landing"))
    broken.write_parquet(tmp_path / "q.parquet")
    contract = replace(with_severity("quarantine"), layer="landing")
    report = with_quarantine(check_frame(kept, contract), [tmp_path / "q.parquet"])
    told = [finding for finding in report.findings if not finding.passed]
    assert [(f.rule, f.column, f.failed_rows, f.severity, f.sample_keys) for f in told] == [
        ("at least 0", "share", 1, "quarantine", ("page",))
    ]
    assert report.rows == 3


# ---- what must be known before publication ----------------------------------------------------------------------------


@pytest.fixture
def begun():
    with duckdb.connect() as connection:
        connection.execute("create schema quality")
        connection.execute("create table quality.build as select now()::timestamptz at time zone 'UTC' as begun_at")
        connection.execute(
            "create table quality.quarantine_counts as "
            "select 'fct_job_posting' as dataset, 'at least 1' as rule, 'open_positions' as \"column\", 2 as rows"
        )
        yield connection


def everything_checked():
    from jod_pipelines.contracts.model import load_contracts

    tables = [t for layer in ("marts", "published") for t in load_contracts()[layer].values()]
    parts = [
        results("run", *(Finding(rule.name, rule.column, True) for rule in rules_of(t)), dataset=t.name, age=-1) for t in tables
    ]
    return pl.concat(parts)


def test_a_rule_that_nothing_checked_since_the_build_began_is_named(begun):
    found = everything_checked()
    assert unchecked_rules(found, begun) == []
    vanished = (pl.col("dataset") == "job_opportunity") & (pl.col("rule") == "required") & (pl.col("column") == "title_fi")
    assert unchecked_rules(found.filter(~vanished), begun) == ["job_opportunity: title_fi: required"]
    before = pl.when(vanished).then(datetime(2020, 1, 1)).otherwise(pl.col("checked_at") + timedelta(0))
    assert unchecked_rules(found.with_columns(checked_at=before), begun) == ["job_opportunity: title_fi: required"]


def test_a_release_tells_the_warnings_it_is_published_in_spite_of(begun):
    warned = results("run", BAD, age=-1)
    assert warnings_of(warned, begun) == [
        "fact: share: at least 0 is broken by 1 of 3 rows",
        "fct_job_posting: open_positions: at least 1: 2 rows set aside",
    ]


def test_the_warehouse_shows_results_and_a_quarantine_per_dataset(tmp_path):
    from jod_pipelines.landing.archive import Fetched
    from jod_pipelines.platform import Platform
    from jod_pipelines.settings import load_settings

    platform = Platform(load_settings(home=tmp_path))
    landed = platform.archive.resource("koodisto", "codes")
    snapshot = landed.store([Fetched("page", b"[]", "GET /page", 200, "2026-11-20T00:00:00+00:00")])
    for place in (landed.typed_path, landed.quarantine_path):
        place("code", snapshot.id).parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"code": ["1"]}).write_parquet(landed.typed_path("code", snapshot.id))
    refused = {
        "source_document": ["page"] * 2,
        "column": ["code"] * 2,
        "rule": ["required"] * 2,
        "value": [None] * 2,
        "row": ["{}"] * 2,
    }
    pl.DataFrame(refused, schema=QUARANTINE_SCHEMA).write_parquet(landed.quarantine_path("code", snapshot.id))
    landed.serve(snapshot)
    with duckdb.connect() as connection:
        ensure_quality(connection, platform)
        ensure_quality(connection, platform)
        assert connection.execute("select count(*) from quality.quality_results").fetchone() == (0,)
        platform.quality.add("run-1", pl.concat([results("run-1", BAD, age=60), results("run-1", GOOD, by="dbt")]))
        platform.quality.add("run-2", results("run-2", replace(BAD, passed=True)))
        platform.quality.finish()
        assert connection.execute("select count(*) from quality.quality_results").fetchone() == (3,)
        newest = connection.execute("select run_id, checked_by, passed from quality.latest_results order by all").fetchall()
        assert newest == [("run-1", "dbt", True), ("run-2", "sql", True)]
        assert connection.execute("select source_document, rule from quality.quarantine_koodisto__codes__code").fetchall() == [
            ("page", "required"),
            ("page", "required"),
        ]
        assert connection.execute("from quality.quarantine_counts").fetchall() == [
            ("koodisto__codes__code", "code", "required", 2, 1)
        ]
        assert connection.execute("select count(*) from quality.quarantine_fct_implementation").fetchone() == (0,)
