"""One source of metadata: every text is there, every defect is named, everything generated follows the contracts."""

import dataclasses
import json
import re
import shutil
from html.parser import HTMLParser

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from assets.dbt import manifest as project_manifest
from jod_pipelines.cli import app
from jod_pipelines.contracts import comments, dbt, dictionary, expectations, generated, model, parquet
from jod_pipelines.contracts.check import defects
from jod_pipelines.contracts.explain import explain_column, explain_table, find
from jod_pipelines.contracts.model import CONTRACTS, LANGUAGES, glossary, load_contracts
from jod_pipelines.contracts.rules import rules_of
from jod_pipelines.contracts.wording import column_rules, freshness_of, table_rules
from jod_pipelines.errors import ContractError
from jod_pipelines.publication.datapackage import table_schema

EVERY_TABLE = [table for tables in load_contracts().values() for table in tables.values()]
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: jod.marts.things
version: 1.0.0
status: active
slaProperties:
  - {property: freshness, value: 36, unit: h}
schema:
  - name: things
    physicalName: core.things
    description: "Things"
    customProperties:
      - {property: descriptionFi, value: "Asiat"}
      - {property: descriptionSv, value: "Saker"}
    properties:
      - name: thing_code
        physicalType: VARCHAR
        primaryKey: true
      - name: weight
        physicalType: DOUBLE
        logicalTypeOptions: {minimum: 0, maximum: 1}
      - name: note_sv
        physicalType: VARCHAR
"""
GLOSSARY = """
note: {fi: Huomautus, sv: Anmärkning, en: Note}
thing_code: {fi: Asian koodi, sv: Sakens kod, en: Code of the thing}
weight: {fi: Paino, sv: Vikt, en: Weight, unit: kg, rangeReason: scale}
"""
VOCABULARY = """
units:
  kg: {fi: kiloa, sv: kilo, en: kilograms}
rangeReasons:
  scale: {fi: Vaaka loppuu, sv: Vågen tar slut, en: The scale ends}
codeLists: {}
"""


def contracts_in(folder, contract=CONTRACT, terms=GLOSSARY, words=VOCABULARY):
    (folder / "marts").mkdir(parents=True)
    (folder / "marts" / "things.yaml").write_text(contract)
    (folder / "glossary.yaml").write_text(terms)
    (folder / "vocabulary.yaml").write_text(words)
    return folder


def test_every_column_and_table_is_described_in_three_languages():
    undescribed = [
        f"{table.file}: {table.name}.{column.name if column else ''}"
        for table in EVERY_TABLE
        for column in (None, *table.columns)
        if len({(column or table).description.get(language, "").strip() or None for language in LANGUAGES} - {None}) < 3
    ]
    assert undescribed == []


def test_the_contracts_have_no_defects():
    assert [str(defect) for defect in defects()] == []


def test_a_code_of_the_key_that_its_dimension_lacks_is_told_while_the_key_itself_blocks(tmp_path):
    told = "primaryKey: true\n        relationships: [{type: foreignKey, to: things.thing_code}]\n"
    told += "        customProperties: [{property: severity, value: warn}]"
    table = load_contracts(contracts_in(tmp_path / "c", CONTRACT.replace("primaryKey: true", told)))["marts"]["things"]
    weighs = {rule.kind: rule.severity for rule in rules_of(table) if rule.column == "thing_code"}
    assert weighs == {"type": "block", "required": "block", "references": "warn", "key": "block"}


def test_sound_contracts_have_no_defects(tmp_path):
    assert defects(contracts_in(tmp_path / "c")) == []
    columns = {column.name: column for column in load_contracts(tmp_path / "c")["marts"]["things"].columns}
    assert columns["note_sv"].description == {"fi": "Huomautus ruotsiksi", "sv": "Anmärkning på svenska", "en": "Note in Swedish"}
    assert (columns["weight"].unit, columns["weight"].range_reason, columns["weight"].sensitivity) == ("kg", "scale", "internal")


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("marts", "freshness", "latency", "marts/things.yaml: things: no promise of freshness"),
        ("marts", '"Saker"', '"Asiat"', "things: the same description in two languages"),
        ("marts", "        primaryKey: true\n", "", "things: no key; mark the columns"),
        (
            "marts",
            "name: thing_code",
            "name: thing_id",
            "things.thing_id: no description in fi, sv, en; add thing_id to",
        ),
        ("marts", "primaryKey: true", 'description: "Only English"', "things.thing_code: no description in fi, sv; add"),
        ("marts", "minimum: 0,", "minimum: 2,", "things.weight: minimum 2.* is over maximum 1"),
        ("marts", "primaryKey: true", "primaryKey: true\n        classification: personal", "personal data outside the landing"),
        ("marts", "primaryKey: true", "primaryKey: true\n        classification: secret", "classification must be one of public"),
        (
            "marts",
            "primaryKey: true",
            "primaryKey: true\n        relationships: [{type: foreignKey, to: stuff.code}]",
            "references stuff.code, but there is no dataset stuff; name table.column",
        ),
        (
            "marts",
            "primaryKey: true",
            "primaryKey: true\n        relationships: [{type: foreignKey, to: things.code}]",
            "references things.code, but things has no column 'code'",
        ),
        (
            "marts",
            "primaryKey: true",
            "primaryKey: true\n        customProperties: [{property: codeList, value: things.weight}]",
            "codeList things.weight, which is DOUBLE, not VARCHAR",
        ),
        (
            "marts",
            "primaryKey: true",
            'primaryKey: true\n        logicalTypeOptions: {pattern: "("}',
            "is not a regular expression",
        ),
        (
            "marts",
            "physicalType: DOUBLE",
            "physicalType: BIGINT\n        enum: [{value: many}]",
            "allowed values that are no BIGINT",
        ),
        ("marts", "name: note_sv", "name: weight", "things: column weight stands twice"),
        ("marts", "schema:", "scheme:", "marts/things.yaml: not a valid data contract"),
        (
            "marts",
            "    properties:",
            "    quality: [{type: sql, name: light, query: q, description: Is light}]\n    properties:",
            "things rule light: no description in fi, sv; give the rule",
        ),
        ("glossary", ", unit: kg", "", "things.weight: a number without a unit; add unit: to the name"),
        ("glossary", "unit: kg", "unit: stone", "unit 'stone' is not in the vocabulary"),
        ("glossary", ", rangeReason: scale", "", "things.weight: a range with no reason; add rangeReason"),
        ("glossary", "rangeReason: scale", "rangeReason: whim", "a range with reason 'whim'"),
        ("glossary", "sv: Vikt", "sv: Paino", "glossary.yaml: weight: the same description in two languages"),
        ("glossary", "unit: kg", "units: kg", "glossary.yaml: weight: unknown fact units"),
        ("glossary", "note:", "remark: {fi: a, sv: b, en: c}\nnote:", "glossary.yaml: remark: no contract has such a column"),
        (
            "glossary",
            "unit: kg",
            "differs: two scales, unit: kg",
            "glossary.yaml: weight: differs: says why types differ, but they do not",
        ),
        ("glossary", "\nthing_code:", "\nzeta: {fi: a, sv: b, en: c}\nthing_code:", "glossary.yaml: zeta: out of order"),
        ("vocabulary", "codeLists: {}", "values: {note: {a: {fi: yksi, en: one}}}", "values.note.a: no description in sv"),
        ("vocabulary", "sv: kilo,", "", "vocabulary.yaml: units.kg: no description in sv"),
    ],
)
def test_each_defect_is_named_with_its_place_and_what_to_do(tmp_path, file, old, new, line):
    texts = {"marts": CONTRACT, "glossary": GLOSSARY, "vocabulary": VOCABULARY}
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)
    found = [str(defect) for defect in defects(contracts_in(tmp_path / "c", *texts.values()))]
    assert any(re.search(line.replace("(", r"\("), text) for text in found), found


@pytest.mark.parametrize(
    ("change", "line"),
    [("physicalType: VARCHAR", "type VARCHAR, but DOUBLE in things"), ("unit: t", "unit t, but kg in things")],
)
def test_one_name_has_one_type_and_one_unit_or_a_reason(tmp_path, change, line):
    custom = "\n        customProperties: [{property: unit, value: t}]" if change.startswith("unit") else ""
    kind = "DOUBLE" if custom else "VARCHAR\n        logicalTypeOptions: {}"
    other = CONTRACT.replace("things", "others").replace("physicalType: DOUBLE", f"physicalType: {kind}{custom}", 1)
    if not custom:
        other = other.replace("        logicalTypeOptions: {minimum: 0, maximum: 1}\n", "")
        other = other.replace("VARCHAR\n        logicalTypeOptions: {}", "VARCHAR")
    words = VOCABULARY.replace("units:\n", "units:\n  t: {fi: tonnia, sv: ton, en: tonnes}\n")
    first = contracts_in(tmp_path / "a", words=words)
    (first / "marts" / "zothers.yaml").write_text(other)
    found = [str(defect) for defect in defects(first)]
    assert any(f"others.weight: {line}; use one of them, or say why with differs:" in text for text in found), found
    excused = contracts_in(tmp_path / "b", terms=GLOSSARY.replace("unit: kg", "unit: kg, differs: two scales"), words=words)
    (excused / "marts" / "zothers.yaml").write_text(other)
    assert [str(defect) for defect in defects(excused) if "weight" in defect.place] == []


@pytest.mark.parametrize(("layer", "published"), [("marts", False), ("published", True)])
def test_only_a_published_contract_lets_a_column_out(tmp_path, layer, published):
    (tmp_path / layer).mkdir()
    public = CONTRACT.replace("primaryKey: true", "primaryKey: true\n        classification: public")
    (tmp_path / layer / "things.yaml").write_text(public)
    assert [column.publish for column in load_contracts(tmp_path)[layer]["things"].columns] == [published, False, False]


def test_published_values_are_explained(tmp_path):
    root = contracts_in(tmp_path)
    (root / "published").mkdir()
    public = CONTRACT.replace("things", "shown").replace(
        "name: note_sv\n", "name: note_sv\n        enum: [{value: a}, {value: b}]\n"
    )
    (root / "published" / "shown.yaml").write_text(public)
    assert any("shown.note_sv: values nobody explains: a, b; add them" in str(defect) for defect in defects(root))
    told = "\n".join(explain_column(*find("occupation_group.match_state"), "sv"))
    assert "shortage (brist), balance (balans), oversupply (överutbud)" in told


def test_a_dataset_is_promised_once(tmp_path):
    root = contracts_in(tmp_path)
    (root / "published").mkdir()
    (root / "published" / "things.yaml").write_text(CONTRACT)
    assert any("things: already promised in marts/things.yaml" in str(defect) for defect in defects(root))


def test_the_glossary_is_sorted_one_line_per_term():
    lines = [line for line in (CONTRACTS / model.GLOSSARY).read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [line.split(":")[0] for line in lines] == sorted(glossary())


def changed(table):
    """The contract with one column renamed, described otherwise and ranged otherwise."""
    first = dataclasses.replace(
        table.columns[0], name="renamed", description={"fi": "uusi", "sv": "ny", "en": "new"}, max_length=7, required=True
    )
    return dataclasses.replace(table, columns=(first, *table.columns[1:]))


@pytest.mark.parametrize(
    "generator",
    [
        lambda table: expectations.generated_files([table]),
        lambda table: dbt._model(table),
        lambda table: parquet.parquet_schema(table).to_string(show_field_metadata=True, truncate_metadata=False),
        table_schema,
        lambda table: dictionary.dictionary_pages([table]),
        lambda table: explain_column(table, table.columns[0], "fi"),
        lambda table: explain_table(table, "sv"),
    ],
    ids=["expectations", "dbt", "parquet", "data package", "pages", "explain column", "explain table"],
)
def test_what_is_generated_follows_the_contract(generator):
    table = load_contracts()["published"]["opportunity_skill"]
    assert generator(table) == generator(table)
    assert generator(table) != generator(changed(table))


def test_a_changed_contract_makes_every_generated_kind_of_file_stale(tmp_path, monkeypatch):
    copy = tmp_path / "data_contracts"
    shutil.copytree(CONTRACTS, copy)
    contract = copy / "marts" / "dim_skill.yaml"
    contract.write_text(
        contract.read_text("utf-8").replace(
            "- name: reuse_level\n", "- name: reuse_level\n        required: true\n        description: other words\n"
        )
    )
    told = load_contracts(copy)
    monkeypatch.setattr(generated, "load_contracts", lambda: told)
    monkeypatch.setattr(dbt, "load_contracts", lambda: told)
    assert {change.path.name for change in generated.changes()} == {"_core.yml", "dim_skill.json"}


def test_nothing_generated_is_out_of_date():
    assert [change.path.name for change in generated.changes()] == []


def test_check_names_a_stale_file_and_generate_mends_it(tmp_path, monkeypatch):
    wanted = {tmp_path / "kept.json": "as it is\n", tmp_path / "stale.json": "new\n", tmp_path / "new" / "missing.json": "new\n"}
    (tmp_path / "kept.json").write_text("as it is\n")
    (tmp_path / "stale.json").write_text("old\n")
    (tmp_path / "gone.json").write_text("of a dataset that is gone\n")
    monkeypatch.setattr(generated, "generated_files", lambda: wanted)
    monkeypatch.setattr(expectations, "FOLDER", tmp_path)
    monkeypatch.setattr(dbt, "MODELS", tmp_path)
    monkeypatch.setattr(model, "CONTRACTS", tmp_path / "data_contracts")
    result = CliRunner().invoke(app, ["contracts", "check"])
    assert isinstance(result.exception, ContractError)
    told = f"{result.exception}\n{result.exception.detail}"
    assert "stale.json is out of date; run `jod contracts generate`" in told
    assert "missing.json is out of date" in told
    assert "gone.json is of no contract any more" in told
    assert "kept" not in told
    assert CliRunner().invoke(app, ["contracts", "generate"]).exit_code == 0
    assert {path.name: path.read_text() for path in tmp_path.rglob("*.json")} == {p.name: text for p, text in wanted.items()}


def test_the_written_suite_is_the_one_that_is_run():
    table = load_contracts()["published"]["opportunity_skill"]
    (text,) = expectations.generated_files([table]).values()
    assert json.loads(text) == json.loads(json.dumps(expectations.suite(table)))
    weight = [item for item in json.loads(text)["expectations"] if item["kwargs"].get("column") == "weight"]
    assert {item["type"] for item in weight} == {"expect_column_values_to_not_be_null", "expect_column_values_to_be_between"}
    assert [item["meta"].get("reason") for item in weight] == [None, *["A ratio lies between 0 and 1"] * 2]


def test_parquet_files_hold_their_contract(tmp_path):
    table = load_contracts()["published"]["occupation_group_distribution"]
    values = {"VARCHAR": "a", "DOUBLE": 1.0, "BIGINT": 1, "INTEGER": 1}
    row = {column.name: values[column.type] for column in table.columns if column.publish}
    frame = pl.DataFrame([row], schema={name: table.polars_schema[name] for name in row})
    parquet.write_parquet(frame, tmp_path / "a.parquet", table, {"data_origin": "synthetic"})
    schema = pq.read_schema(tmp_path / "a.parquet")
    field = schema.field("share_pct")
    assert field.metadata[b"unit"] == b"percent"
    assert field.metadata[b"description_sv"].decode() == "Andel av yrkesgruppens sysselsatta"
    assert schema.metadata[b"data_origin"] == b"synthetic"
    assert schema.metadata[b"description_fi"].decode() == table.description["fi"]
    assert pl.read_parquet(tmp_path / "a.parquet").equals(frame)
    with duckdb.connect() as connection:
        assert connection.execute(f"select share_pct from '{tmp_path}/a.parquet'").fetchall() == [(1.0,)]
    required = next(column.name for column in table.columns if column.required)
    holed = frame.with_columns(pl.lit(None).cast(frame.schema[required]).alias(required))
    with pytest.raises(ContractError, match="is not what its contract says"):
        parquet.write_parquet(holed, tmp_path / "b.parquet", table, {})
    assert not (tmp_path / "b.parquet").exists()


def test_the_data_package_says_what_the_contract_says():
    schema = table_schema(load_contracts()["published"]["job_opportunity_distribution"])
    share = next(field for field in schema["fields"] if field["name"] == "share_pct")
    assert set(share["descriptions"]) == set(LANGUAGES)
    assert share["unit"] == "percent"
    assert share["constraints"] == {"required": True, "minimum": 0, "maximum": 100}
    (key,) = schema["foreignKeys"]
    assert key == {"fields": ["opportunity_id"], "reference": {"resource": "job-opportunity", "fields": ["opportunity_id"]}}


def test_marts_carry_their_texts_in_duckdb():
    table = load_contracts()["marts"]["dim_skill"]
    columns = ", ".join(f'null::{column.type} as "{column.name}"' for column in table.columns)
    with duckdb.connect() as connection:
        connection.execute(f"create schema core; create table core.dim_skill as select {columns}; create table core.own (a int)")
        assert comments.comment_on_marts(connection) == 1
        told = dict(
            connection.execute("select column_name, comment from duckdb_columns() where table_name = 'dim_skill'").fetchall()
        )
        (of_table,) = connection.execute("select comment from duckdb_tables() where table_name = 'dim_skill'").fetchone()
    assert told["skill_uri"].startswith("fi: Osaamisen ESCO-tunniste | sv: ")
    assert all(told.values())
    assert of_table.startswith("fi: ESCO-osaamiset, myös ne")
    assert of_table.endswith(" | en: ESCO skills, with those a newer version dropped.")


def test_the_dictionary_table_has_every_column_and_keeps_its_own_contract():
    frame = comments.dictionary_frame()
    promised = load_contracts()["marts"]["dictionary"]
    assert frame.schema == promised.polars_schema
    assert len(frame) == sum(len(table.columns) for table in EVERY_TABLE)
    assert expectations.check_frame(frame, promised).passed
    row = frame.filter(dataset="forecast_vacancies", column_name="q10").row(0, named=True)
    assert (row["place"], row["unit"], row["is_published"]) == ("forecasts.forecast_vacancies", "per row", True)


class Page(HTMLParser):
    """What a page holds that a reader with a keyboard or a screen reader needs."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []

    def of(self, tag):
        return [given for name, given in self.tags if name == tag]


@pytest.fixture(scope="module")
def pages():
    return {name: Page(text) for name, text in dictionary.dictionary_pages(EVERY_TABLE).items()}


def test_there_is_a_page_per_dataset_and_language_and_every_link_leads_somewhere(pages):
    assert len(pages) == 3 * (len(EVERY_TABLE) + 1)
    for name, page in pages.items():
        for link in page.links:
            if link.startswith("https://"):
                continue
            target, _, anchor = link.partition("#")
            assert (target or name) in pages, f"{name}: {link}"
            assert not anchor or anchor in pages[target or name].ids, f"{name}: {link}"


def test_pages_are_accessible_and_need_nothing_from_the_network(pages):
    for name, page in pages.items():
        (html,) = page.of("html")
        assert html["lang"] == (name.split(".")[-2] if name.endswith((".sv.html", ".en.html")) else "fi"), name
        assert len(page.ids) == len(set(page.ids)), name
        assert len(page.of("h1")) == len(page.of("main")) == len(page.of("title")) == 1, name
        assert page.tags[[tag for tag, _ in page.tags].index("body") + 1] == ("a", {"class": "skip", "href": "#content"}), name
        assert all(given.get("scope") in ("col", "row") for given in page.of("th")), name
        scrolled = [given for given in page.of("div") if given.get("class") == "scroll"]
        assert len(scrolled) == len(page.of("table")), name
        assert all(given["tabindex"] == "0" and (given.get("aria-label") or given.get("aria-labelledby")) for given in scrolled)
        labelled = {given["for"] for given in page.of("label")}
        assert all(given["id"] in labelled for given in page.of("input")), name
        assert not page.of("link"), name
        assert not [given for tag in ("script", "img", "iframe") for given in page.of(tag) if "src" in given], name


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("front", "back", "least"),
    [(f, b, 4.5) for f in ("ink", "soft", "accent") for b in ("paper", "wash")] + [("edge", "paper", 3.0)],
)
def test_colours_stand_out(front, back, least):
    style = (dictionary.TEMPLATES / "style.css.j2").read_text()
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))
    light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def test_a_page_tells_a_column_in_its_language(pages, tmp_path):
    assert dictionary.write_dictionary(tmp_path, EVERY_TABLE) == len(pages)
    page = (tmp_path / "forecast_vacancies.sv.html").read_text("utf-8")
    for text in ("Prognosens 10 %-kvantil", "lediga platser", "Ett antal kan inte vara negativt", "Kvantilerna ökar"):
        assert text in page
    assert "Ennusteen" not in page


def test_pages_escape_what_contracts_say():
    table = load_contracts()["marts"]["dim_skill"]
    nasty = dataclasses.replace(table, description=dict.fromkeys(LANGUAGES, "<script>x</script>"))
    assert "<script>x" not in dictionary.dictionary_pages([nasty])["dim_skill.html"]


@pytest.mark.parametrize("name", ["fct_job_posting", "labour_market.fct_job_posting", "landing.mylly__job_postings__job_posting"])
def test_a_dataset_is_found_by_any_of_its_names(name):
    table, column = find(f"{name}.posting_id")
    assert column.name == "posting_id"
    assert find(name) == (table, None)
    assert "job_posting" in table.key


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("fct_job_postings.posting_id", "no dataset 'fct_job_postings' has a contract; did you mean fct_job_posting"),
        ("fct_job_posting.posting", "fct_job_posting has no column 'posting'; did you mean posting_id"),
        ("qqqq", "no dataset 'qqqq' has a contract; there are"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, line):
    with pytest.raises(ContractError, match=line):
        find(name)


def test_explain_tells_a_column_in_words():
    result = CliRunner().invoke(app, ["contracts", "explain", "forecast_vacancies.horizon_months", "--lang", "en"])
    assert result.exit_code == 0
    for text in (
        "Months ahead",
        "Type: INTEGER, whole number",
        "Unit: months",
        "Sensitivity: public, published",
        "Contract: data_contracts/published/forecast_vacancies.yaml",
        "Between 1 and 36 (a breach stops publication): Forecasts begin with the next month",
    ):
        assert text in result.output, result.output
    finnish = "\n".join(explain_column(*find("forecast_vacancies.region_code"), "fi"))
    for text in ("Yksilöi rivin yhdessä näiden kanssa: occupation_code, scenario, target_month", "Koodisto: ", "Sama nimi: "):
        assert text in finnish
    with pytest.raises(ContractError, match="use fi, sv, en"):
        explain_column(*find("forecast_vacancies.region_code"), "de")


def test_landing_tables_tell_their_guard():
    table = find("mylly/job_postings/job_posting")[0]
    assert [rule.text for rule in table_rules(table, "en")] == [
        "Loses at most 30 % of its rows from one time to the next",
        "Gains at most 200 % rows from one time to the next",
    ]
    assert freshness_of(find("local/education_offers/education_offer")[0], "fi") == "tulee, kun joku lähettää sen"
    assert freshness_of(find("kela/benefits/observation")[0], "sv") == "högst 36 timmar gammal"
    assert find("mylly/job_postings/job_posting.description_fi")[1].sensitivity == "confidential"


def test_a_code_outside_the_list_has_the_consequence_of_its_drift():
    table, column = find("koodisto/relations/relation.relation")
    consequences = {
        verb: next(
            rule.consequence
            for rule in column_rules(column, dataclasses.replace(table, drift=model.Drift(new_code=verb)), "en")
            if rule.text.startswith("Is one of")
        )
        for verb in ("accept", "quarantine", "hold")
    }
    assert consequences == {
        "accept": "a breach gives a warning",
        "quarantine": "a bad row is set aside",
        "hold": "a breach stops publication",
    }


def test_dbt_has_every_description_in_three_languages():
    described = 0
    for path in generated.generated_files():
        if path.suffix != ".yml":
            continue
        content = model._yaml(path)
        tables = content.get("models", []) + content.get("snapshots", [])
        tables += [table for source in content.get("sources", []) for table in source["tables"]]
        for table in tables:
            for item in [table, *table["columns"]]:
                texts = {item["description"], *(item["config"]["meta"].get(f"description_{code}") for code in ("fi", "sv"))}
                assert len(texts - {"", None}) == 3, f"{path.name}: {table['name']}.{item['name']}"
                described += 1
    assert described > len(comments.dictionary_frame())


def test_every_column_in_dbts_pages_has_a_text_in_three_languages():
    manifest = json.loads(project_manifest().read_bytes())
    shown = [
        node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "snapshot") and node["docs"]["show"]
    ]
    shown += manifest["sources"].values()
    columns = [(node["name"], column) for node in shown for column in node["columns"].values()]
    assert len(columns) > 1_000
    assert {node["resource_type"] for node in shown} == {"model", "snapshot", "source"}
    assert not [node["name"] for node in shown if not node["columns"]]
    silent = [
        f"{name}.{column['name']}"
        for name, column in columns
        if not all([column["description"], column["meta"].get("description_fi"), column["meta"].get("description_sv")])
    ]
    assert silent == []
