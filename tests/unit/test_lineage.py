"""Columns are followed through SQL, and what Python makes says what its columns are made of."""

from __future__ import annotations

import duckdb
import pytest
from typer.testing import CliRunner

from jod_pipelines import lineage
from jod_pipelines.cli import app
from jod_pipelines.contracts.dbt import derived_tables
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.errors import JodError
from jod_pipelines.explain import explain
from jod_pipelines.lineage import ColumnRef, LineageReader, declared_edges, edges_of, keep_edges, schema_of
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings

LANDED = {"landing": {"s__r__t": {"id": "VARCHAR", "amount": "DOUBLE", "source_document": "VARCHAR"}}}
STAGING = 'select id as fact_id, amount / 100 as amount_eur, \'s/r\' as source_table from "jod"."landing"."s__r__t"'
BODIES = {"field": b"[]", "other": b"{}"}
MART = """
with facts as (select * from "jod"."staging"."stg_fact"),
best as (select fact_id, max(amount_eur) as highest from facts group by fact_id)
select facts.fact_id, coalesce(best.highest, facts.amount_eur) as amount_eur, count(*) over () as rows
from facts left join best on facts.fact_id = best.fact_id
"""


def refs(*names):
    return tuple(ColumnRef(*name.rsplit(".", 1)) for name in names)


def test_columns_are_followed_through_stars_ctes_joins_and_aggregates():
    reader = LineageReader(LANDED)
    staging = reader.read("staging.stg_fact", STAGING)
    assert staging[ColumnRef("staging.stg_fact", "amount_eur")] == refs("landing.s__r__t.amount")
    assert staging[ColumnRef("staging.stg_fact", "source_table")] == ()
    mart = reader.read("facts.fact", MART)
    assert mart[ColumnRef("facts.fact", "fact_id")] == refs("staging.stg_fact.fact_id")
    assert mart[ColumnRef("facts.fact", "amount_eur")] == refs("staging.stg_fact.amount_eur")
    assert mart[ColumnRef("facts.fact", "rows")] == ()


def test_sql_that_cannot_be_read_says_nothing_and_breaks_nothing():
    assert LineageReader({}).read("facts.fact", "select from where") == {}


def test_edges_are_kept_and_replaced_by_dataset():
    reader = LineageReader(LANDED)
    reader.read("staging.stg_fact", STAGING)
    with duckdb.connect() as connection:
        connection.execute("create schema quality")
        keep_edges(connection, reader.edges)
        keep_edges(connection, reader.edges)
        assert connection.execute(f"select count(*) from {lineage.EDGES}").fetchone() == (2,)
        assert edges_of(connection)[ColumnRef("staging.stg_fact", "fact_id")] == refs("landing.s__r__t.id")


def test_every_column_that_python_makes_is_declared_and_leads_somewhere():
    declared = declared_edges()
    for table in derived_tables():
        wanted = {column.name for column in table.columns}
        said = {ref.column for ref in declared if ref.dataset == f"derived.{table.name}"}
        assert said == wanted, f"data_contracts/lineage.yaml and the contract of {table.name} differ"
    tables = [table for layer in ("marts", "published") for table in load_contracts()[layer].values()]
    known = {f"{table.physical_name}.{column.name}" for table in tables for column in table.columns}
    known |= {str(ref) for ref in declared}
    outside = ("intermediate.", "staging.")
    for ref, sources in declared.items():
        for source in sources:
            assert str(source) in known or source.dataset.startswith(outside), f"{ref} is declared to come from {source}"


# ---- jod explain on a home with one landed document --------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    """A landed document, typed, and a warehouse with staging and a mart under the real contract's name."""
    import polars as pl

    from jod_pipelines.landing.archive import Fetched

    platform = Platform(load_settings(home=tmp_path))
    landed = platform.archive.resource("koodisto", "codes")
    documents = [Fetched(key, body, f"GET /{key}", 200, "2026-11-20T00:00:00+00:00") for key, body in BODIES.items()]
    snapshot = landed.store(documents)
    typed = landed.typed_path("code", snapshot.id)
    typed.parent.mkdir(parents=True)
    rows = {"code": ["1", "2"], "name": ["a", "b"], "source_document": ["field", "other"]}
    pl.DataFrame(rows).write_parquet(typed)
    landed.serve(snapshot)
    table = load_contracts()["marts"]["dim_education_field"]
    key = table.primary_key[0]
    path = tmp_path / "warehouse" / "jod.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        for schema in ("landing", "staging", "core", "quality"):
            connection.execute(f"create schema {schema}")
        connection.execute(f"create view landing.koodisto__codes__code as select * from read_parquet('{typed}')")
        reader = LineageReader(schema_of(connection))
        for name, sql in (
            ("staging.stg_code", "select code, name from landing.koodisto__codes__code"),
            (table.physical_name, f"select code as {key}, name as name_fi from staging.stg_code"),
        ):
            connection.execute(f"create or replace table {name} as {sql}")
            reader.read(name, sql)
        keep_edges(connection, reader.edges)
        connection.execute("drop view landing.koodisto__codes__code")  # as in a warehouse that serves
    return platform


def test_a_column_is_followed_to_the_documents_of_its_source(home):
    step = explain(home, "dim_education_field.name_fi")
    assert (step.dataset, step.made_from[0].dataset) == ("core.dim_education_field", "staging.stg_code")
    landed = step.made_from[0].made_from[0]
    assert (landed.source, landed.documents_total) == ("koodisto/codes", 2)
    assert [document.request for document in landed.documents] == ["GET /field", "GET /other"]
    assert all(len(document.sha256) == 64 for document in landed.documents)


def test_a_row_is_followed_to_its_own_documents(home):
    landed = explain(home, "dim_education_field.name_fi", row="2").made_from[0].made_from[0]
    assert [document.key for document in landed.documents] == ["other"]


@pytest.mark.parametrize(
    ("name", "row", "line"),
    [
        ("dim_educatio_field.name_fi", None, "try dim_education_field"),
        ("dim_education_field.nam", None, "it has .*name_fi"),
        ("dim_education_field.name_fi", "3", "has no row with key '3'"),
        ("dim_education_field.name_fi", "1,2", "give 1 values"),
        ("staging.stg_code.name", "1", "no key in a contract"),
    ],
)
def test_what_is_not_there_is_said_with_a_way_on(home, name, row, line):
    with pytest.raises(JodError, match=line):
        explain(home, name, row)


def test_the_command_prints_a_tree_and_json(home):
    run = CliRunner().invoke(app, ["explain", "dim_education_field.name_fi", "--home", str(home.home)])
    assert run.exit_code == 0, run.output
    assert "koodisto/codes" in run.output
    assert "GET /field" in run.output
    run = CliRunner().invoke(app, ["explain", "dim_education_field.name_fi", "--home", str(home.home), "--json"])
    assert '"dataset": "landing.koodisto__codes__code"' in run.output
