"""`jod query`: answers in every format, nothing but answers, and messages that lead on."""

import csv
import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jod_pipelines.cli import app
from jod_pipelines.errors import JodError, QueryError
from jod_pipelines.warehouse.questions import ask, open_to_read

AREAS = [
    ("SSS", "country", "Koko maa", 5652881),
    ("01", "region", "Uusimaa", 1782000),
    ("091", "municipality", "=Helsinki", None),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a warehouse of two analyst tables, a table of the machinery and a view over a file."""
    (tmp_path / "warehouse").mkdir()
    outside = tmp_path / "outside.parquet"
    pl.DataFrame({"secret": [1]}).write_parquet(outside)
    with duckdb.connect(str(tmp_path / "warehouse" / "jod.duckdb")) as connection:
        for schema in ("core", "labour_market", "quality", "intermediate", "landing"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table core.dim_area (area_code varchar, area_level varchar, name_fi varchar, population_persons bigint)"
        )
        connection.executemany("insert into core.dim_area values (?, ?, ?, ?)", AREAS)
        connection.execute("create table labour_market.fct_job_posting as select range::varchar as posting_id from range(100)")
        connection.execute("create table intermediate.int_cells as select 1 as one")
        for name in ("latest_results", "quarantine_counts", "quarantine_fct_job_posting"):
            connection.execute(f"create view quality.{name} as select 1 as one")
        connection.execute(f"create view landing.outside as select * from read_parquet('{outside}')")
        connection.execute("comment on table core.dim_area is 'fi: Alueet | sv: Områden | en: Areas'")
        connection.execute("comment on column core.dim_area.name_fi is 'fi: Nimi | sv: Namn | en: Name'")
    return tmp_path


def run(home: Path, *arguments: str, stdin: str | None = None):
    return CliRunner().invoke(app, ["query", *arguments, "--home", str(home)], input=stdin, env={"COLUMNS": "200"})


def answer(home: Path, *arguments: str, stdin: str | None = None) -> str:
    result = run(home, *arguments, stdin=stdin)
    assert result.exception is None, result.exception
    return result.stdout


def refusal(home: Path, *arguments: str) -> JodError:
    result = run(home, *arguments)
    assert isinstance(result.exception, JodError), result.output
    return result.exception


def test_a_table_needs_no_schema_and_shows_what_is_unknown(home):
    result = run(home, "select area_code, population_persons from dim_area order by area_code")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [["area_code", "population_persons"], ["01", "1782000"], ["091", "null"], ["SSS", "5652881"]]
    assert result.stderr.startswith("3 rows in ")


def test_a_table_is_a_screenful_unless_more_is_asked_for(home):
    result = run(home, "from fct_job_posting")
    assert len(result.stdout.splitlines()) == 41
    assert "the first 40 rows (--limit 0 shows all)" in result.stderr
    assert len(answer(home, "from fct_job_posting", "--limit", "0").splitlines()) == 101
    assert len(answer(home, "from fct_job_posting", "--limit", "7").splitlines()) == 8
    assert len(answer(home, "from fct_job_posting", "--format", "csv").splitlines()) == 101
    assert len(answer(home, "from fct_job_posting", "--format", "csv", "--limit", "7").splitlines()) == 8


def test_csv_keeps_numbers_and_disarms_texts(home):
    sql = "select -5 as number, '-5' as text, name_fi, [1, 2] as list from dim_area where area_code = '091'"
    assert answer(home, sql, "--format", "csv").splitlines() == ["number,text,name_fi,list", "-5,'-5,'=Helsinki,\"[1, 2]\""]


def test_json_is_an_array_of_objects(home):
    sql = "select area_code, population_persons, date '2026-11-01' as month from dim_area where area_level != 'region' order by 1"
    assert json.loads(answer(home, sql, "--format", "json")) == [
        {"area_code": "091", "population_persons": None, "month": "2026-11-01"},
        {"area_code": "SSS", "population_persons": 5652881, "month": "2026-11-01"},
    ]


def test_parquet_goes_to_a_file_whose_name_says_the_format(home, tmp_path):
    out = tmp_path / "areas.parquet"
    result = run(home, "select *, date '2026-11-01' as month from dim_area", "--out", str(out))
    assert result.exception is None
    assert result.stdout == ""
    assert f"3 rows in {out}" in result.stderr
    frame = pl.read_parquet(out)
    assert dict(frame.schema)["month"] == pl.Date
    assert frame["month"][0] == date(2026, 11, 1)
    assert frame["name_fi"].to_list()[2] == "=Helsinki"  # only CSV is read by spreadsheets that run formulas
    assert not list(tmp_path.glob(".jod-query-*"))


def test_a_failing_query_leaves_the_older_file_alone(home, tmp_path):
    out = tmp_path / "areas.csv"
    out.write_text("older")
    error = refusal(home, "select name_fi::int as number from dim_area", "--out", str(out))
    assert "Could not convert string" in str(error)
    assert out.read_text() == "older"
    assert not list(tmp_path.glob(".jod-query-*"))


def test_a_query_comes_from_a_file_or_from_stdin(home, tmp_path):
    (tmp_path / "areas.sql").write_text("-- how many\nselect count(*) as areas from dim_area;\n")
    assert answer(home, str(tmp_path / "areas.sql"), "--format", "csv") == "areas\n3\n"
    assert answer(home, "-", "--format", "csv", stdin="select 1 as one") == "one\n1\n"
    assert "nosuch.sql cannot be read" in str(refusal(home, "nosuch.sql"))


def test_tables_and_columns_are_described_in_the_language_asked_for(home):
    listed = list(csv.DictReader(io.StringIO(answer(home, "--tables", "--format", "csv", "--lang", "sv"))))
    assert {row["table"]: row["rows"] for row in listed} == {
        "core.dim_area": "3",
        "labour_market.fct_job_posting": "100",
        "quality.latest_results": "1",
        "quality.quarantine_counts": "1",
    }
    narrowed = answer(home, "--tables", "fct_*posting*", "--format", "csv")
    assert "labour_market.fct_job_posting" in narrowed
    assert "dim_area" not in narrowed
    columns = list(csv.DictReader(io.StringIO(answer(home, "--describe", "core.dim_area", "--format", "csv", "--lang", "sv"))))
    assert [row["column"] for row in columns] == ["area_code", "area_level", "name_fi", "population_persons"]
    assert columns[2]["description"].startswith("Namn")
    assert columns[3]["type"] == "BIGINT"
    assert [row["unit"] for row in columns] == ["", "", "", "personer"]


@pytest.mark.parametrize(
    "sql",
    [
        "create table core.x as select 1",
        "create temp table x as select 1",
        "insert into core.dim_area values ('1', 'x', 'x', 1)",
        "drop table core.dim_area",
        "copy core.dim_area to '{outside}.csv'",
        "attach '{outside}.duckdb' as other",
        "select * from read_parquet('{outside}')",
        "select * from '{outside}'",
        "select * from glob('/*')",
        "select content from read_text('{outside}')",
        "select * from landing.outside",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "install httpfs",
        "export database '{outside}.d'",
        "select 1; drop table core.dim_area",
        "select * from query('copy (select 1) to ''{outside}.csv''')",
        "explain analyze copy core.dim_area to '{outside}.csv'",
    ],
)
def test_nothing_is_changed_or_read_outside(home, sql):
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    error = refusal(home, sql.format(outside=home / "outside.parquet"))
    assert error.exit_code == 2
    assert "\n" not in str(error)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_even_past_the_check_of_statements_the_connection_can_do_nothing(home):
    path = home / "warehouse" / "jod.duckdb"
    with open_to_read(path) as connection:
        for sql in (
            "create table core.x as select 1",
            f"copy core.dim_area to '{home}/x.csv'",
            "set threads = 1",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
        with pytest.raises(QueryError, match="no table statements"):
            ask(connection, "select * from statements")  # a variable where the query is run
    assert not (home / "x.csv").exists()


def test_another_program_that_may_write_is_named_as_the_cause(home):
    database = home / "warehouse" / "jod.duckdb"
    holds = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holds, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        error = refusal(home, "select 1")
    assert "must open it read-only" in str(error)
    assert "lock" in error.detail


def test_errors_are_one_line_that_names_what_is_near(home):
    error = refusal(home, "select * from dim_aera")
    assert str(error) == "there is no table dim_aera; near are dim_area"
    error = refusal(home, "select name_sv from dim_area")
    assert '"name_fi"' in str(error)
    assert "LINE 1" in refusal(home, "selct 1").detail
    assert "near are dim_area" in str(refusal(home, "--describe", "dim_areas"))
    assert "syntax error" in str(refusal(home, "selct 1"))
    assert "use the marts" in str(refusal(home, "select * from landing.outside"))


def test_a_call_that_cannot_be_meant_is_refused(home, tmp_path):
    assert "give a query" in str(refusal(home))
    assert "it is: none" in str(refusal(home, "/* nothing */"))
    assert "end it in .csv" in str(refusal(home, "select 1", "--out", str(tmp_path / "x.txt")))
    assert "no folder" in str(refusal(home, "select 1", "--out", str(tmp_path / "no" / "x.csv")))
    assert "needs a file" in str(refusal(home, "select 1", "--format", "parquet"))
    assert "two columns are called a" in str(refusal(home, "select 1 as a, 2 as a", "--format", "csv"))
    assert "no table matches" in str(refusal(home, "--tables", "nosuch"))
    assert "there is no warehouse" in str(refusal(tmp_path / "empty", "select 1"))
    assert "there is no release in" in str(refusal(home, "select 1", "--release", "latest"))


def test_a_release_is_asked_by_its_id(home):
    folder = home / "releases" / "2026-11-01-abc"
    folder.mkdir(parents=True)
    (folder / "datapackage.json").write_text(
        json.dumps({"id": folder.name, "created": "x", "as_of": "x", "data_origin": "synthetic", "resources": []})
    )
    with duckdb.connect(str(folder / "jod_marts.duckdb")) as connection:
        connection.execute("create table release as select 'release_id' as property, '2026-11-01-abc' as value")
    (home / "releases" / "latest").symlink_to(folder.name)
    for name in ("latest", "2026-11-01"):
        assert answer(home, "select value from release", "--release", name, "--format", "csv") == "value\n2026-11-01-abc\n"


def test_pivots_and_explanations_are_answers(home):
    assert answer(home, "pivot dim_area on area_level using count(*)", "--format", "csv").startswith("area_code,")
    assert "Sequential Scan" in answer(home, "explain from dim_area")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=12))
def test_every_text_survives_csv_behind_at_most_an_apostrophe(home, text):
    quoted = text.replace("'", "''")
    (row,) = list(
        csv.DictReader(io.StringIO(answer(home, "-", "--format", "csv", stdin=f"select '{quoted}' as cell"), newline=""))
    )
    assert row["cell"] == ("'" + text if text[0] in "=+-@\t" else text)
