"""A contract that has never failed is not a contract: a violation is planted for every kind of rule."""

import shutil

import polars as pl
import pytest

from jod_pipelines.contracts import model
from jod_pipelines.contracts.enforcement import conform, enforce, frame_of
from jod_pipelines.contracts.expectations import check_frame
from jod_pipelines.contracts.model import CONTRACTS, Column, Table, load_contracts
from jod_pipelines.errors import ContractError

PUBLISHED = sorted(load_contracts()["published"])
EVERY_TABLE = [table for tables in load_contracts().values() for table in tables.values()]


def column(name, type_="VARCHAR", **rules):
    return Column(name=name, type=type_, description={"en": name}, **rules)


def table(*columns, **given):
    defaults = {"rules": (), "severity": "quarantine", "min_rows": 0, "max_shrink_pct": 100, "freshness_hours": None}
    return Table(
        layer="landing",
        contract="s/r",
        name="t",
        physical_name="s__r__t",
        description={},
        columns=columns,
        **{**defaults, **given},
    )


T = table(
    column("id", required=True, primary_key=True, pattern=r"\d+"),
    column("kind", allowed=("a", "b")),
    column("share", "DOUBLE", minimum=0, maximum=100),
    column("title", max_length=3, unique=True),
    column("source_document"),
)
GOOD = {"id": "1", "kind": "a", "share": 5.0, "title": "abc", "source_document": "page-1"}
VIOLATIONS = [
    ({"id": None}, "id", "required"),
    ({"id": "x"}, "id", "pattern"),
    ({"kind": "c"}, "kind", "one of"),
    ({"share": -1.0}, "share", "at least"),
    ({"share": 101.0}, "share", "at most 100"),
    ({"title": "abcd"}, "title", "at most 3 characters"),
]


@pytest.mark.parametrize(("change", "name", "rule"), VIOLATIONS)
def test_each_rule_sends_its_row_to_quarantine_with_rule_value_and_document(change, name, rule):
    bad = {**GOOD, "id": "2", "title": "xyz", **change}
    kept, broken = enforce(pl.DataFrame([GOOD, bad], schema=T.polars_schema), T)
    assert kept.to_dicts() == [GOOD]
    row = broken.row(0, named=True)
    assert (row["column"], row["source_document"]) == (name, "page-1")
    assert rule in row["rule"]
    assert row["row"]


def test_of_rows_with_one_key_the_first_stays():
    rows = [GOOD, {**GOOD, "title": "zzz"}]
    kept, broken = enforce(pl.DataFrame(rows, schema=T.polars_schema), T)
    assert kept.to_dicts() == [GOOD]
    assert broken["rule"].to_list() == ["unique key"]


def test_unique_columns_are_unique():
    rows = [GOOD, {**GOOD, "id": "2"}, {**GOOD, "id": "3", "title": None}, {**GOOD, "id": "4", "title": None}]
    kept, broken = enforce(pl.DataFrame(rows, schema=T.polars_schema), T)
    assert kept["id"].to_list() == ["1", "3", "4"]
    assert broken["rule"].to_list() == ["unique"]


def test_a_row_of_a_wrong_type_is_set_aside_and_the_rest_goes_on():
    frame, refused = frame_of([GOOD, {**GOOD, "id": "2", "share": "many"}, {**GOOD, "id": "3", "unknown": 1}], T)
    assert frame["id"].to_list() == ["1", "3"]
    assert refused.row(0, named=True)["value"] == "many"


@pytest.mark.parametrize("wrong", [[1], "x", {"a": 1}, [["a"]], 3])
def test_what_is_no_list_of_texts_is_set_aside(wrong):
    lists = table(column("id"), column("codes", "VARCHAR[]"))
    rows = [{"id": "1", "codes": ["a", None]}, {"id": "2", "codes": wrong}, {"id": "3", "codes": []}, {"id": "4"}]
    frame, refused = frame_of(rows, lists)
    assert frame.to_dicts() == [rows[0], rows[2], {"id": "4", "codes": None}]
    assert refused.row(0, named=True)["value"] == str(wrong)


def test_a_row_wrong_in_two_columns_is_told_under_the_first():
    frame, refused = frame_of([{**GOOD, "id": 5, "share": "many"}, {**GOOD, "share": "few"}, GOOD], T)
    assert frame.to_dicts() == [GOOD]
    assert refused["column"].to_list() == ["id", "share"]


def test_a_frame_conforms_or_says_where_it_does_not():
    frame, refused = conform(pl.DataFrame({"id": [1, 2], "share": ["5", "five"]}), T)
    assert frame.columns == list(T.polars_schema)
    assert frame["id"].to_list() == ["1"]
    assert refused.row(0, named=True)["column"] == "share"


def test_great_expectations_sees_the_same_violations():
    clean = check_frame(pl.DataFrame([GOOD], schema=T.polars_schema), T)
    assert clean.passed, clean.line
    for change, name, _ in VIOLATIONS:
        frame = pl.DataFrame([GOOD, {**GOOD, "id": "2", "title": "xyz", **change}], schema=T.polars_schema)
        report = check_frame(frame, T)
        broken = [finding.column for finding in report.findings if not finding.passed]
        assert name in broken, f"{name}: {report.line}"


def test_great_expectations_sees_a_missing_column_and_a_double_key():
    assert not check_frame(pl.DataFrame([GOOD], schema=T.polars_schema).drop("kind"), table(*T.columns[:2])).passed
    pair = table(column("a", primary_key=True, required=True), column("b", primary_key=True, required=True))
    assert check_frame(pl.DataFrame({"a": ["1", "1"], "b": ["1", "2"]}), pair).passed
    assert not check_frame(pl.DataFrame({"a": ["1", "1"], "b": ["1", "1"]}), pair).passed


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_column_of_a_published_dataset_is_marked_public(name):
    assert [item.name for item in load_contracts()["published"][name].columns if not item.publish] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("schema: [", "not a valid data contract"),
        ("apiVersion: v3.1.0\nunknown: 1\n", "not a valid data contract"),
        ("apiVersion: v3.1.0\n", "needs a schema"),
        ("apiVersion: v3.1.0\nschema: [{name: t, properties: [{name: a, physicalType: NUMBER}]}]", "physicalType must be one of"),
        (
            "apiVersion: v3.1.0\n"
            "schema: [{name: t, quality: [{type: text, name: x}], properties: [{name: a, physicalType: DATE}]}]",
            "needs type sql",
        ),
    ],
)
def test_a_wrong_contract_is_named(tmp_path, text, line):
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "a.b.yaml").write_text(text)
    with pytest.raises(ContractError, match=line):
        load_contracts(tmp_path)


def test_a_landing_table_needs_its_own_contract_only(tmp_path, monkeypatch):
    monkeypatch.setattr(model, "CONTRACTS", tmp_path)
    (tmp_path / "landing").mkdir()
    shutil.copy(CONTRACTS / "landing" / "koodisto.codes.yaml", tmp_path / "landing" / "a.a.yaml")
    (tmp_path / "landing" / "a.b.yaml").write_text("no contract")
    real = next(table for key, table in load_contracts()["landing"].items() if key.startswith("koodisto/codes/"))
    assert model.landing_table("a", "a", real.name).polars_schema == real.polars_schema
    assert model.find_landing_table("a", "c", real.name) is None
    with pytest.raises(ContractError, match=r"a\.b\.yaml"):
        model.find_landing_table("a", "b", real.name)
