"""Statistics Finland, its classifications and Vipunen against the quirks their answers are known for."""

import math
from functools import cache

import httpx
import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.errors import SourceError
from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.landing.archive import Document
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox import build_world
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.settings import HttpSettings, StatfinTable, load_settings
from jod_pipelines.sources import all_resources, classifications, px, statfin, vipunen

FAST = HttpSettings(attempts=2, backoff_start_s=0, backoff_limit_s=0)
SYMBOLS = {**statfin.STATUS_OF_SYMBOL, ":": "other"}


@st.composite
def datasets(draw):
    """A json-stat2 dataset of any dimension order with the cells it says, by codes."""
    names = draw(st.permutations(["alue_23_20260101", "timeperiod_y", "contentscode"]))
    codes = {
        name: draw(st.lists(st.from_regex(r"[A-Z0-9]{1,4}", fullmatch=True), min_size=1, max_size=4, unique=True))
        for name in names
    }
    size = [len(codes[name]) for name in names]
    cells = draw(
        st.lists(
            st.one_of(st.none(), st.sampled_from(sorted(SYMBOLS)), st.floats(-1e9, 1e9).map(lambda x: round(x, 2))),
            min_size=math.prod(size),
            max_size=math.prod(size),
        )
    )
    as_list, sparse = draw(st.booleans()), draw(st.booleans())
    dense = [None if isinstance(cell, str) else cell for cell in cells]
    answer = {
        "class": "dataset",
        "updated": "2026-01-01T06:00:00Z",
        "id": names,
        "size": size,
        "role": {"time": ["timeperiod_y"]},
        "dimension": {
            name: {"category": {"index": codes[name] if as_list else {code: n for n, code in enumerate(codes[name])}}}
            for name in names
        },
        "value": {str(n): value for n, value in enumerate(dense) if value is not None} if sparse else dense,
        "status": {str(n): cell for n, cell in enumerate(cells) if isinstance(cell, str)},
    }
    expected = {}
    for number, cell in enumerate(cells):
        left, place = number, {}
        for name, length in reversed(list(zip(names, size, strict=True))):
            left, position = divmod(left, length)
            place[name] = codes[name][position]
        key = (place["alue_23_20260101"], place["timeperiod_y"], place["contentscode"])
        if isinstance(cell, str):
            expected[key] = (0.0 if cell == "-" else None, SYMBOLS[cell])
        else:
            expected[key] = (cell, "missing" if cell is None else "value")
    return answer, expected


@given(datasets())
def test_any_dataset_is_read_cell_by_cell(made):
    answer, expected = made
    table = StatfinTable(path="a/b")
    frame = statfin.parse_table(table)([Document("cells-0000", orjson.dumps(answer), "")]).tables["cell"]
    found = {
        (row["alue_23_code"], row["period"], row["measure"]): (row["value"], row["status"]) for row in frame.iter_rows(named=True)
    }
    assert found == expected


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.integers(1, 500),
)
def test_slices_make_up_the_selection_and_none_is_over_the_limit(sizes, limit):
    selection = {f"v{n}": [f"{n}-{k}" for k in range(size)] for n, size in enumerate(sizes)}
    parts = list(statfin.slices(selection, limit))
    cells = [math.prod(map(len, part.values())) for part in parts]
    assert max(cells) <= limit
    assert sum(cells) == math.prod(sizes)
    for name, values in selection.items():
        assert {value for part in parts for value in part[name]} == set(values)


def test_a_variable_is_named_after_its_code_without_its_edition():
    assert [statfin.own_name(code) for code in ("alue_23_20260101", "Ammattiryhmä", "ika_16_20180101", "Työmarkkina-asema")] == [
        "alue_23",
        "ammattiryhmä",
        "ika_16",
        "työmarkkina_asema",
    ]
    two = [("alue_23_20250101", False), ("alue_23_20260101", False)]
    with pytest.raises(SourceError, match="two variables become one column"):
        statfin.column_names(StatfinTable(path="a/b"), two)


def test_a_dimension_whose_code_nobody_published_is_found_by_an_expression_or_the_table_is_told_apart():
    table = StatfinTable(path="kkesk/14pi", dimensions={"area": r"(alue|maakunta)_\d+", "sector": r"koul\w+"})
    years = ("timeperiod_y", True)
    for area in ("alue_28_20250101", "maakunta_2_20130101", "maakunta_7"):
        columns = statfin.column_names(table, [("koulutussektori_1_20180101", False), (area, False), years])
        assert columns == {area: "area", "koulutussektori_1_20180101": "sector", "timeperiod_y": "period"}
    with pytest.raises(SourceError, match=r"statfin/kkesk_14pi: 0 variables match .* for column sector; mend the settings entry"):
        statfin.column_names(table, [("alue_28_20250101", False), ("opetussektori_1", False), years])
    with pytest.raises(ValueError, match="of column area is no regular expression"):
        StatfinTable(path="a/b", dimensions={"area": "alue_("})


def test_a_variable_that_a_query_left_out_is_its_total_in_the_answer():
    table = StatfinTable(path="a/b", dimensions={"area": "alue_23", "age": "ika_10"})
    age = {"code": "ika_10_20180101", "text": "Ikä", "values": ["SSS"], "valueTexts": ["Yhteensä"], "elimination": True}
    area = {"code": "alue_23_20260101", "text": "Alue", "values": ["SSS"], "valueTexts": ["Koko maa"]}
    year = {"code": "timeperiod_y", "text": "Vuosi", "values": ["2025"], "valueTexts": ["2025"], "time": True}
    metadata = Document("metadata", orjson.dumps({"title": "", "variables": [area, age, year]}), "")
    answer = {
        "columns": [
            {"code": area["code"], "type": "d"},
            {"code": "timeperiod_y", "type": "t"},
            {"code": "people", "type": "c"},
        ],
        "data": [{"key": ["SSS", "2025"], "values": ["7"]}],
        "metadata": [{"updated": "2026-01-01T05.00.00Z"}],
    }
    parsed = statfin.parse_table(table)([Document("cells-0000", orjson.dumps(answer), "", (metadata,))])
    assert parsed.unreadable == {}
    assert parsed.tables["cell"].select("area_code", "age_code", "value").rows() == [("SSS", "SSS", 7.0)]
    with pytest.raises(SourceError, match="0 variables match 'ika_10' for column age"):
        statfin.resolve(table, [area, year])


@cache
def catalogue():
    return SyntheticCatalogue(build_world(load_settings()))


class Sandbox(httpx.BaseTransport):
    """The sandbox with a hook that may answer in its place."""

    def __init__(self, hook):
        self.inner = httpx.WSGITransport(app=SourcesApp(catalogue()))
        self.hook, self.asked = hook, []

    def handle_request(self, request):
        self.asked.append(request)
        answer = self.hook(request, len(self.asked))
        return answer if answer is not None else self.inner.handle_request(request)


def land(home, label, hook=lambda request, number: None, **given):
    settings = load_settings(home=home, http=FAST, **given)
    transport = Sandbox(hook)
    platform = Platform(settings, transport)
    resource = next(r for r in all_resources(settings) if r.label == label)
    return platform, transport, lambda: ingest(resource, platform)


WAGE_COLUMNS = {"sector": "sektoriluokitus_7", "area": r"alue_\d+", "sex": "sukupuoli_9"}
WAGES = {"statfin_tables": [StatfinTable(path="pra/15b2", dimensions=WAGE_COLUMNS)]}


def test_a_query_refused_as_too_large_is_halved_whatever_the_configuration_said(tmp_path):
    def smaller(request, _):
        body = orjson.loads(request.content) if request.method == "POST" else None
        cells = math.prod(len(part["selection"]["values"]) for part in body["query"]) if body else 0
        return httpx.Response(403, json={"error": "Too many values selected"}) if cells > 20 else None

    platform, transport, run = land(tmp_path / "a", "statfin/pra_15b2", smaller, **WAGES)
    halved = run().rows
    assert [request.method for request in transport.asked].count("POST") > 8
    _, _, whole = land(tmp_path / "b", "statfin/pra_15b2", **WAGES)
    assert halved == whole().rows
    assert read_typed(platform, "statfin/pra_15b2", "cell").collect().drop("source_document").is_duplicated().sum() == 0


def test_a_bad_request_is_asked_once_more_and_then_said_with_the_short_id(tmp_path):
    bad = []

    def once(request, _):
        if request.url.path.endswith("15b2.px") and not bad:
            bad.append(request)
            return httpx.Response(400, text="Bad Request")
        return None

    assert land(tmp_path / "a", "statfin/pra_15b2", once, **WAGES)[2]().status == "changed"
    old = {"statfin_tables": [StatfinTable(path="pra/statfin_pra_pxt_15b2")]}
    with pytest.raises(SourceError, match="ids are short since June 2026, try pra/15b2"):
        land(tmp_path / "b", "statfin/pra_statfin_pra_pxt_15b2", **old)[2]()


def test_a_changed_entry_is_asked_for_although_the_table_did_not_change(tmp_path):
    _, transport, run = land(tmp_path, "statfin/pra_15b2", **WAGES)
    run()
    assert run().status == "unchanged"
    posts = [request.method for request in transport.asked].count("POST")
    more = [StatfinTable(path="pra/15b2", dimensions=WAGE_COLUMNS, select={"measure": ("*",)})]
    _, transport, again = land(tmp_path, "statfin/pra_15b2", statfin_tables=more)
    again()
    assert [request.method for request in transport.asked].count("POST") == posts


STUDENTS = "vipunen/opiskelijat_ja_tutkinnot"
CHOSEN = {"vipunen_resources": ("opiskelijat_ja_tutkinnot",)}


def test_a_table_reloaded_between_pages_is_read_again_and_only_the_second_load_serves(tmp_path, monkeypatch):
    monkeypatch.setattr(vipunen, "PAGE_ROWS", 100)
    loads = []

    def reload(request, _):
        data = request.url.path.endswith("/data")
        if data and request.url.params.get("offset") == "200" and not loads:
            loads.append(1)
        if request.url.path.endswith("/count") and loads:
            return httpx.Response(200, text="40")
        if data and loads:
            offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
            return httpx.Response(
                200, json=[{**row, "tietojoukkoPaivitettyPvm": "2026-12-01"} for row in students[:40][offset:][:limit]]
            )
        return None

    platform, _, run = land(tmp_path, STUDENTS, reload, **CHOSEN)
    students = catalogue().vipunen_rows("opiskelijat_ja_tutkinnot")
    outcome = run()
    assert outcome.rows == {"row": 40}
    frame = read_typed(platform, STUDENTS, "row").collect()
    assert frame["tietojoukko_paivitetty_pvm"].cast(pl.String).unique().to_list() == ["2026-12-01"]
    assert set(platform.archive.resource(*STUDENTS.split("/")).current().entries) == {"columns", "rows-000000000"}


def test_a_table_that_is_always_being_reloaded_is_given_up_with_what_was_seen(tmp_path):
    counts = iter(range(1, 100))

    def moving(request, _):
        return httpx.Response(200, text=str(next(counts))) if request.url.path.endswith("/count") else None

    with pytest.raises(SourceError, match="reloaded during each of 3 readings, or its count lags"):
        land(tmp_path, STUDENTS, moving, **CHOSEN)[2]()


def test_a_page_cut_short_with_status_200_is_asked_again(tmp_path):
    cut = []

    def once(request, _):
        if request.url.path.endswith("/data") and request.url.params["limit"] != "1" and not cut:
            cut.append(1)
            return httpx.Response(200, text='[{"tilastovuosi":"2022","sektori":"Amm')
        return None

    outcome = land(tmp_path, STUDENTS, once, **CHOSEN)[2]()
    assert cut and outcome.status == "changed"
    assert outcome.quarantined == {}


def test_pages_add_up_whatever_their_size(tmp_path, monkeypatch):
    counted = set()
    for rows in (7, 100, 25_000):
        monkeypatch.setattr(vipunen, "PAGE_ROWS", rows)
        platform, _, run = land(tmp_path / str(rows), STUDENTS, **CHOSEN)
        run()
        counted.add(read_typed(platform, STUDENTS, "row").drop("source_document").collect().hash_rows().sort().hash().sum())
    assert len(counted) == 1


COLUMNS = [
    {"name": "vuosi", "type": "number"},
    {"name": "nimi", "type": "string"},
    {"name": "kyllaEi", "type": "boolean"},
    {"name": "pvm", "type": "date"},
]
PLAIN = {"vuosi": 2025, "nimi": "Tieto puuttuu", "kyllaEi": True, "pvm": "2026-05-13"}


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ({"vuosi": "091"}, "vuosi", '"091"'),
        ({"vuosi": True}, "vuosi", "true"),
        ({"nimi": 7}, "nimi", "7"),
        ({"kyllaEi": "true"}, "kylla_ei", '"true"'),
        ({"pvm": "2026-13-01"}, "pvm", '"2026-13-01"'),
        ({"vuosi": "Lahti", "nimi": True, "kyllaEi": "2026-05-13", "pvm": 2025}, "vuosi", '"Lahti"'),
    ],
)
def test_a_value_of_another_kind_than_its_column_costs_its_row_and_names_both(row, column, value):
    rows = [PLAIN, {**PLAIN, **row}, dict.fromkeys(PLAIN)]
    kept, refused = vipunen.typed_rows(rows, vipunen.column_types(COLUMNS), "rows-0")
    assert kept.height == 2
    assert kept["nimi"].to_list() == ["Tieto puuttuu", None]
    assert refused.select("source_document", "column", "value").rows() == [("rows-0", column, value)]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "vuosi": st.one_of(st.none(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)),
                "nimi": st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",)))),
                "kyllaEi": st.one_of(st.none(), st.booleans()),
                "pvm": st.one_of(st.none(), st.dates().map(str), st.dates().map(lambda day: f"{day} 00:00:00")),
            }
        ),
        max_size=8,
    )
)
def test_every_row_that_fits_is_kept_as_it_is(rows):
    kept, refused = vipunen.typed_rows(rows, vipunen.column_types(COLUMNS), "rows-0")
    assert refused.is_empty()
    assert kept["nimi"].to_list() == [row["nimi"] for row in rows]
    assert kept["vuosi"].to_list() == [row["vuosi"] for row in rows]
    assert kept["kylla_ei"].to_list() == [row["kyllaEi"] for row in rows]
    assert [str(day) if day else None for day in kept["pvm"]] == [row["pvm"] and row["pvm"][:10] for row in rows]


def test_a_type_nobody_has_seen_is_named():
    with pytest.raises(SourceError, match="column x has type 'geometry'"):
        vipunen.column_types([{"name": "x", "type": "geometry"}])


def test_rows_with_other_columns_than_described_wait_for_the_cache(tmp_path):
    def other(request, _):
        described = request.url.path.endswith("opiskelijat_ja_tutkinnot")
        return httpx.Response(200, json=COLUMNS) if described else None

    with pytest.raises(SourceError, match="has other columns than it describes"):
        land(tmp_path, STUDENTS, other, **CHOSEN)[2]()


def test_classifications_come_in_three_languages_in_the_edition_in_force(tmp_path):
    platform, transport, run = land(tmp_path, "classifications/items")
    run()
    items = read_typed(platform, "classifications/items", "item").collect()
    editions = read_typed(platform, "classifications/items", "classification").collect()
    assert "kunta_1_20260101" in editions["classification_id"].to_list()
    assert not any("2099" in name for name in editions["classification_id"])
    found = items.filter(classification_id="maakunta_1_20260101", code="01").row(0, named=True)
    assert (found["name_fi"], found["name_sv"], found["name_en"]) == ("Uusimaa", "Nyland", "Uusimaa")
    municipalities = items.filter(classification_id="kunta_1_20260101")
    assert municipalities["name_en"].null_count() == municipalities.height > 300
    asked = len(transport.asked)
    assert run().status == "unchanged"
    assert len(transport.asked) - asked == 1 + editions.height


def test_an_abolished_municipality_is_mapped_to_where_it_is_now(tmp_path):
    platform, transport, run = land(tmp_path, "classifications/correspondences")
    run()
    maps = read_typed(platform, "classifications/correspondences", "map").collect()
    gone = maps.filter(source_id="kunta_2_20250101", source_code="588").row(0, named=True)
    assert (gone["target_id"], gone["target_code"], gone["source_name_fi"]) == ("kunta_1_20260101", "507", "Pertunmaa")
    assert any(b"%23" in request.url.raw_path for request in transport.asked)


def test_addresses_instead_of_data_are_refused_although_they_come_with_200(tmp_path):
    def addresses(request, _):
        wanted = request.url.path.endswith("/classificationItems")
        return httpx.Response(200, json=["https://data.stat.fi/x/1"]) if wanted else None

    with pytest.raises(SourceError, match="holds no data; without content=data only addresses come"):
        land(tmp_path, "classifications/items", addresses)[2]()


def test_a_pattern_that_matches_nothing_is_told_and_the_rest_lands(tmp_path):
    _, _, run = land(tmp_path, "classifications/items", classifications=("maakunta_1_*", "nosuch_*"))
    outcome = run()
    assert outcome.rows["classification"] == 1
    assert "no classification in force matches nosuch_*" in outcome.message


def test_the_newest_edition_in_force_is_taken():
    known = ["kunta_1_20250101", "kunta_1_20260101", "kunta_1_20270101", "kunta_2_20260101#kunta_1_20270101"]
    assert classifications.newest("kunta_1_*", known, "20261122") == "kunta_1_20260101"
    assert classifications.newest("kunta_2_*#*", known, "20261122") is None


PX = """CHARSET="ANSI";
CODEPAGE="iso-8859-15";
CREATION-DATE="20240101 09:00";
MATRIX="001_x";
TITLE="Väestö; alueen
 mukaan";
STUB="Alue";
HEADING="Kuukausi","Tiedot";
CONTVARIABLE="Tiedot";
VALUES("Alue")="Åland","Mäntsälä (osa)";
VALUES[sv]("Område")="Åland","Mäntsälä";
CODES("Alue")="MK21","KU505";
TIMEVAL("Kuukausi")=TLIST(M1),"202401","202402";
VALUES("Kuukausi")="2024M01",
"2024M02";
VALUES("Tiedot")="Hinta, €","Määrä";
CODES("Tiedot")="HINTA","MAARA";
UNITS("Hinta, €")="€";
UNITS("Määrä")="lkm";
DATA=
1.5 2 "..." "-"
3 ".." "." 4;
"""


def test_px_files_are_read_in_their_own_alphabet_with_symbols_apart():
    frame = px.px_cells(PX.replace("\n", "\r\n").encode("iso-8859-15"), statfin.STATUS_OF_SYMBOL)
    assert frame.select("dimensions", "period", "measure", "value", "status", "unit").rows() == [
        ('{"Alue":"MK21"}', "2024M01", "HINTA", 1.5, "value", "€"),
        ('{"Alue":"MK21"}', "2024M01", "MAARA", 2.0, "value", "lkm"),
        ('{"Alue":"MK21"}', "2024M02", "HINTA", None, "confidential", "€"),
        ('{"Alue":"MK21"}', "2024M02", "MAARA", 0.0, "zero", "lkm"),
        ('{"Alue":"KU505"}', "2024M01", "HINTA", 3.0, "value", "€"),
        ('{"Alue":"KU505"}', "2024M01", "MAARA", None, "missing", "lkm"),
        ('{"Alue":"KU505"}', "2024M02", "HINTA", None, "impossible", "€"),
        ('{"Alue":"KU505"}', "2024M02", "MAARA", 4.0, "value", "lkm"),
    ]


@pytest.mark.parametrize(
    ("change", "reason"), [((" 4;", ";"), "7 cells for 8"), (("DATA=", "DATE="), "without DATA"), (("1.5", "x"), "conversion")]
)
def test_a_px_file_that_does_not_hold_together_is_set_aside_with_its_reason(change, reason):
    body = PX.replace(*change).encode("iso-8859-15")
    parsed = statfin.parse_px_files([Document("x.px", body, "")])
    assert reason in parsed.unreadable["x.px"]
    assert parsed.tables["cell"].is_empty()


def test_older_csv_may_be_in_the_older_alphabet():
    body = (
        "Tyottomat,Tyovoima,Avoimet_tyopaikat,time,maakunta\n10.0,1.0,2.0,2006-01-01,Pirkanmaa\n3.0,1.0,,2006-01-01,Etelä-Savo\n"
    )
    parsed = statfin.parse_history([Document("tyonv_data_maakunta_1001.csv", body.encode("iso-8859-15"), "")])
    assert not parsed.unreadable
    assert [row["area_code"] for row in parsed.tables["observation"]] == ["MK06", "MK06", "MK10", "MK10"]


@pytest.mark.recorded
def test_recorded_tables_are_read_whole_whatever_their_form(recorded):
    files = sorted((recorded / "statfin").glob("*.px"))
    parsed = statfin.parse_px_files(Document(path.name, path.read_bytes(), "") for path in files)
    assert not parsed.unreadable
    counted = parsed.tables["cell"].group_by("source_document").len().sort("source_document")["len"].to_list()
    assert counted == [768, 253, 9063]
    for path in sorted((recorded / "statfin").glob("*.json")):
        answer = orjson.loads(path.read_bytes())
        contents = [column for column in answer["columns"] if column["type"] == "c"]
        table = StatfinTable(path="any/table")
        cells = statfin.parse_table(table)([Document("cells-0000", path.read_bytes(), "")])
        assert not cells.unreadable
        assert cells.tables["cell"].height == len(answer["data"]) * len(contents)
        said = sum(value == "..." for row in answer["data"] for value in row["values"])
        assert cells.tables["cell"].filter(status="confidential").height == said


@pytest.mark.recorded
def test_the_recorded_column_descriptions_of_vipunen_become_columns(recorded):
    described = orjson.loads((recorded / "vipunen/resources_julkaisut_2019.json").read_bytes())
    types = vipunen.column_types(described)
    assert len(types) == 71
    derived = orjson.loads((recorded / "vipunen/vipunen_resource_columns.derived.json").read_bytes())
    assert len(derived) == 47
    for columns in derived.values():
        assert len(vipunen.column_types(columns)) == len(columns)
