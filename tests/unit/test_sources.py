"""How answers are read: documents of the sources' shapes, drift and quirks included."""

import unicodedata
from datetime import date, datetime

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Document
from jod_pipelines.settings import StatfinTable
from jod_pipelines.sources import eperusteet, koodisto, opintopolku, organisaatio, statfin, text, vipunen
from jod_pipelines.sources.resource import parse_json, without_keys
from jod_pipelines.sources.text import code_value, code_values, epoch_ms_date, helsinki_time, languages_of, plain_text


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>Osaa <strong>testata</strong>.</p><p>&nbsp;</p><ul><li><p>a</p></li><li>b.</li></ul>", "Osaa testata.\na\nb."),
        ("plain\n\ttext  with\u00a0spaces\u200b and soft\u00adhyphen", "plain\ntext with spaces and softhyphen"),
        ("Fish &amp; chips &lt;b&gt;", "Fish & chips <b>"),
        ("a<br/>b<br>c", "a\nb\nc"),
        ("------", None),
        ("-", None),
        ("<p></p>", None),
        (None, None),
    ],
)
def test_html_becomes_clean_lines(html, clean):
    assert plain_text(html) == clean


@given(st.text())
def test_cleaning_text_never_fails_and_cleaning_twice_changes_nothing_in_plain_text(typed):
    once = plain_text(typed)
    if once is not None and "<" not in once and "&" not in once:
        assert plain_text(once) == once


FRAGMENTS = (
    *("<p>", "</p>", "<ul><li>", "</li>", "</ul>", "<br>", "<br />", "<strong>", "</strong>", "<b>", "</b>", "</em>"),
    *(
        "&nbsp;",
        "&amp;",
        "&lt;",
        "&gt;",
        "&auml;",
        "lt;",
        "&",
        "<",
        ">",
        "p>",
        "<td>",
        "<a href='x'>",
        "<!-- ",
        "</div>",
        "&#228;",
    ),
    *("osaa", "ä", "a\u0301", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u00ad", "\u200b", "\u2028", "\x0b", "\0", "."),
)


def cleaned_by_parser(html):
    """What `plain_text` says without its short cuts for usual markup."""
    body = LexborHTMLParser(text._BLOCK_END.sub("\n", html)).body
    shown = (body.text() if body else "") if "<" in html or "&" in html else html
    shown = unicodedata.normalize("NFC", text._INVISIBLE.sub("", shown))
    return "\n".join(filter(None, (" ".join(line.split()) for line in shown.splitlines())))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=14).map("".join))
def test_usual_markup_is_read_as_a_parser_reads_it(html):
    assert (plain_text(html) or "") == ("" if (clean := cleaned_by_parser(html)) in ("-", "--", "------") else clean)


def test_language_maps_may_be_empty_but_not_anything():
    assert languages_of(None, "n") == languages_of({}, "n") == {"n_fi": None, "n_sv": None, "n_en": None}
    assert languages_of({"_id": "1", "fi": " a  b ", "ru": "x"}, "n")["n_fi"] == "a b"
    with pytest.raises(TypeError):
        languages_of("text", "n")


def test_code_uris_lose_version_and_keep_zeros():
    assert code_value("kunta_091") == "091"
    assert code_values([{"koodiUri": "koulutus_371101#12"}, {"koodiUri": None, "nimi": {}}, None]) == ["371101"]


def test_dates_are_helsinki_days_and_utc_instants():
    assert epoch_ms_date(1533070800000) == date(2018, 8, 1)
    assert epoch_ms_date(-1746236389000).year == 1914
    assert helsinki_time("2023-09-13T13:11:26") == datetime(2023, 9, 13, 10, 11, 26)
    assert helsinki_time("2020-11-10T12:46") == datetime(2020, 11, 10, 10, 46)


def hit(**changes):
    return {
        "oid": "1.2.246.562.13.001",
        "nimi": {"fi": "Nimi"},
        "kielivalinta": ["sv", "fi"],
        "koulutustyyppi": "amk",
        "koulutukset": [{"koodiUri": "koulutus_671101#12", "nimi": {}}],
        "kuvaus": {"fi": "<p>Kuvaus</p>"},
        "ePerusteId": None,
        "opintojenLaajuus": {"nimi": {"fi": "180+120"}},
        "opintojenLaajuusNumero": 180120,
        "opintojenLaajuusyksikko": {"koodiUri": "opintojenlaajuusyksikko_2#1"},
        "tutkintonimikkeet": [{"nimi": {"fi": "Insinööri"}}],
        "toteutukset": [
            {"toteutusOid": "1.2.246.562.17.1", "oppilaitosOid": "1.2.246.562.10.1", "toteutusNimi": {}, "kunnat": []}
        ],
        **changes,
    }


def test_a_search_hit_is_read_whole():
    rows = dict(opintopolku.read_hit(hit()))
    programme = rows["koulutus"]
    assert programme["education_codes"] == ["671101"]
    assert programme["languages"] == ["fi", "sv"]
    assert (programme["credits_number"], programme["credits_label"], programme["credits_unit"]) == (180120.0, "180+120", "2")
    assert rows["toteutus"]["implementation_oid"] == "1.2.246.562.17.1"


def test_old_and_new_names_of_fields_are_both_read():
    old = {
        key: value
        for key, value in hit(koulutus={"koodiUri": "koulutus_1#1"}, eperuste=7).items()
        if key not in ("koulutukset", "ePerusteId")
    }
    programme = dict(opintopolku.read_hit(old))["koulutus"]
    assert programme["education_codes"] == ["1"]
    assert programme["eperuste_id"] == 7


def test_a_badge_hides_its_outcomes_in_the_description():
    nested = hit(kuvaus={"osaamistavoitteet": {"fi": "osaa"}, "arviointikriteerit": {}})
    programme = dict(opintopolku.read_hit(nested))["koulutus"]
    assert (programme["outcomes_fi"], programme["description_fi"]) == ("osaa", None)


@pytest.mark.parametrize("teaching", [{"maksut": [{"maksullisuustyyppi": "maksuton"}]}, {"maksullisuustyyppi": "maksuton"}])
def test_fees_are_read_from_the_old_and_the_new_field(teaching):
    document = {
        "oid": "o",
        "koulutusOid": "k",
        "nimi": {},
        "kielivalinta": [],
        "metadata": {"opetus": {**teaching, "suunniteltuKestoVuodet": 3, "suunniteltuKestoKuukaudet": 6}},
    }
    row = dict(opintopolku.read_toteutus(document))["toteutus"]
    assert row["fee_types"] == ["maksuton"]
    assert row["duration_months"] == 42


def test_requirements_are_taken_once_structured_before_authored():
    authored = {"fi": "<ul><li>tekee</li><li>osaa</li></ul>"}
    structured = {"kohdealueet": [{"vaatimukset": [{"koodi": None, "vaatimus": {"fi": "laatii"}}]}], "vaatimukset": []}
    empty = {"vaatimukset": [], "kohdealueet": []}

    def statements(unit):
        rows = eperusteet.read_document({"id": 1, "nimi": {}, "tutkinnonOsat": [{"id": 2, **unit}]})
        return [(row["kind"], row["statement_fi"]) for table, row in rows if table == "requirement"]

    both = {"ammattitaitovaatimukset2019": structured, "ammattitaitovaatimukset": authored}
    assert statements(both) == [("structured", "laatii")]
    hollow = {"ammattitaitovaatimukset2019": empty, "ammattitaitovaatimukset": authored}
    assert statements(hollow) == [("authored", "tekee"), ("authored", "osaa")]
    assert statements({**both, "tila": "poistettu"}) == []
    area = {"osaAlueet": [{"pakollisetOsaamistavoitteet": {"tavoitteet": structured}}]}
    assert statements(area) == [("structured", "laatii")]


def test_of_two_versions_of_a_code_the_newer_stays_and_drafts_are_live():
    code = {"koodiUri": "kunta_091", "koodiArvo": "091", "tila": "LUONNOS", "metadata": [{"kieli": "SV", "nimi": None}]}
    body = [
        {**code, "versio": 1, "metadata": [{"kieli": "FI", "nimi": "Vanha"}]},
        {**code, "versio": 2, "metadata": [{"kieli": "FI", "nimi": "Uusi"}]},
    ]
    parsed = parse_json([FakeDocument(body)], ("code",), koodisto.read_code, items=koodisto.newest)
    assert [row["name_fi"] for row in parsed.tables["code"]] == ["Uusi"]


class FakeDocument:
    key = "page"

    def __init__(self, value):
        self.value = value

    def json(self):
        return self.value


def test_passive_and_repeated_relations_are_left_out():
    code = {
        "koodiUri": "kunta_091",
        "includesCodeElements": [
            {"codeElementUri": "maakunta_01", "passive": False},
            {"codeElementUri": "maakunta_01", "passive": False},
            {"codeElementUri": "ely_01", "passive": True},
        ],
    }
    assert [row["related_uri"] for _, row in koodisto.read_relations(code)] == ["maakunta_01"]


def test_the_organisation_tree_is_flattened_by_parent():
    tree = {"organisaatiot": [{"oid": "a", "nimi": {"sv": "A"}, "children": [{"oid": "b", "parentOid": "a", "alkuPvm": -1}]}]}
    rows = [row for node in organisaatio.nodes(tree) for _, row in organisaatio.read_organisation(node)]
    assert [(row["organisation_oid"], row["parent_oid"]) for row in rows] == [("a", None), ("b", "a")]


def test_one_unreadable_item_or_document_does_not_stop_the_rest():
    good, bad = FakeDocument({"hits": [hit(), {"oid": "x"}, hit(oid="2")]}), FakeDocument({"error": "busy"})
    bad.key = "bad"
    parsed = parse_json([bad, good], ("koulutus", "toteutus"), opintopolku.read_hit, items=lambda page: page["hits"])
    assert len(parsed.tables["koulutus"]) == 2
    assert "KeyError" in parsed.unreadable["bad"]
    assert "KeyError" in parsed.unreadable["page item 2"]


def test_only_equal_rows_count_as_repeats():
    page = FakeDocument({"hits": [hit(), hit(), hit(koulutustyyppi="yo")]})
    parsed = parse_json([page], ("koulutus", "toteutus"), opintopolku.read_hit, items=lambda p: p["hits"], repeats=("koulutus",))
    assert [row["programme_type"] for row in parsed.tables["koulutus"]] == ["amk", "yo"]


def test_personal_keys_are_dropped_at_any_depth_and_nothing_else_changes():
    body = b'{"a":{"yhteyshenkilot":[{"nimi":"X"}],"b":1},"muokkaaja":"Y"}'
    stripped, dropped = without_keys(body, opintopolku.PERSONAL)
    assert stripped == b'{"a":{"b":1}}'
    assert dropped == ("muokkaaja", "yhteyshenkilot")
    untouched = b'{ "a" : 1.0 }'
    assert without_keys(untouched, opintopolku.PERSONAL) == (untouched, ())


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("koulutusalaTaso1", "koulutusala_taso1"),
        ("rahoitusmallialaAmk2021-2024", "rahoitusmalliala_amk2021_2024"),
        ("koulutuksenJärjestäjäKoodi", "koulutuksen_järjestäjä_koodi"),
        ("julkaisufoorumitaso2015->", "julkaisufoorumitaso2015"),
        ("koulutusala(taso3)", "koulutusala_taso3"),
    ],
)
def test_vipunen_names_become_column_names(name, snake):
    assert vipunen.snake_case(name) == snake


@pytest.mark.parametrize("day", ["2026-05-13", "2026-05-13 00:00:00"])
def test_vipunen_dates_come_with_and_without_time(day):
    columns = [{"name": "tilastovuosi", "type": "number"}, {"name": "tietojoukkoPaivitettyPvm", "type": "date"}]
    body = f'[{{"tilastovuosi": 2025, "tietojoukkoPaivitettyPvm": "{day}"}}]'.encode()
    described = (Document("columns", orjson.dumps(columns), ""),)
    frame = vipunen.parse([Document("rows-0", body, "", described)]).tables["row"]
    assert frame["tietojoukko_paivitetty_pvm"].to_list() == [date(2026, 5, 13)]


TABLE = StatfinTable(path="tyonv/12ti", dimensions={"area": "Alue", "occupation": "ammatti_104"}, select={"area": ("SSS", "MK*")})


def variables(*codes):
    return [{"code": code, "values": ["SSS", "MK01", "KU091"] if code == "Alue" else ["1", "2"]} for code in codes]


def test_codes_are_resolved_past_the_edition_and_prefixes_selected():
    asked = statfin.resolve(TABLE, variables("Alue", "ammatti_104_20161021", "timeperiod_m", "contentscode"))
    assert asked["Alue"] == ["SSS", "MK01"]
    assert asked["ammatti_104_20161021"] == ["1", "2"]


@pytest.mark.parametrize(
    ("codes", "line"),
    [
        (("Alue", "timeperiod_m"), "0 variables match 'ammatti_104'"),
        (("Alue", "ammatti_104", "ammatti_104_20161021"), "2 variables match"),
        (("Alue", "ammatti_104", "sukupuoli_9"), "sukupuoli_9 is not in the settings entry"),
    ],
)
def test_codes_that_do_not_resolve_are_named(codes, line):
    with pytest.raises(SourceError, match=line):
        statfin.resolve(TABLE, variables(*codes))


def test_a_selection_that_matches_nothing_is_named():
    with pytest.raises(SourceError, match="no value of Alue matches"):
        statfin.resolve(TABLE, [{"code": "Alue", "values": ["KU091"]}, *variables("ammatti_104")])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 60))
def test_slices_cover_every_cell_once_under_the_limit(sizes, limit):
    selection = {f"v{n}": [f"{n}-{k}" for k in range(size)] for n, size in enumerate(sizes)}
    cells = []
    for part in statfin.slices(selection, limit):
        combinations = [()]
        for values in part.values():
            combinations = [(*c, v) for c in combinations for v in values]
        assert len(combinations) <= limit
        cells += combinations
    total = 1
    for size in sizes:
        total *= size
    assert len(cells) == len(set(cells)) == total


def dataset(**changes):
    return {
        "version": "2.0",
        "class": "dataset",
        "updated": "2026-07-21T05:00:00Z",
        "id": ["timeperiod_m", "Alue", "contentscode"],
        "size": [1, 2, 2],
        "role": {"time": ["timeperiod_m"], "metric": ["contentscode"]},
        "dimension": {
            "timeperiod_m": {"category": {"index": {"2026M06": 0}}},
            "Alue": {"category": {"index": {"SSS": 0, "MK01": 1}}},
            "contentscode": {"category": {"index": {"A": 0, "B": 1}, "unit": {"A": {"base": "lkm"}, "B": {"base": "%"}}}},
        },
        "value": [500, 40, None, None],
        "status": {"2": "...", "3": "-"},
        **changes,
    }


AREA = StatfinTable(path="tyonv/12r5", dimensions={"area": "Alue"})


def cells(answer):
    return statfin.parse_table(AREA)([Document("cells-0", orjson.dumps(answer), "")])


def test_confidential_missing_and_zero_stay_three_things():
    frame = cells(dataset()).tables["cell"]
    assert frame.select("area_code", "measure", "value", "status", "unit").rows() == [
        ("SSS", "A", 500.0, "value", "lkm"),
        ("SSS", "B", 40.0, "value", "%"),
        ("MK01", "A", None, "confidential", "lkm"),
        ("MK01", "B", 0.0, "zero", "%"),
    ]
    assert frame["updated_at"][0] == datetime(2026, 7, 21, 5)


def test_a_null_without_a_symbol_is_missing():
    assert cells(dataset(status={"2": "..."})).tables["cell"]["status"].to_list() == ["value", "value", "confidential", "missing"]


def test_category_index_may_be_a_list():
    answer = dataset()
    answer["dimension"]["Alue"]["category"]["index"] = ["SSS", "MK01"]
    assert cells(answer).tables["cell"]["area_code"].to_list() == ["SSS", "SSS", "MK01", "MK01"]


def test_too_few_values_are_not_guessed():
    parsed = cells(dataset(value=[1, 2, 3]))
    assert parsed.tables["cell"].is_empty()
    assert "3 values for 4 cells" in parsed.unreadable["cells-0"]


def test_pxwebs_own_json_is_read_with_dotted_clock_and_symbols():
    answer = {
        "columns": [
            {"code": "Alue", "type": "d"},
            {"code": "timeperiod_m", "type": "t"},
            {"code": "A", "type": "c"},
            {"code": "B", "type": "c"},
        ],
        "data": [{"key": ["SSS", "2026M06"], "values": ["712", "..."]}, {"key": ["KU1", "2026M06"], "values": [".", "-"]}],
        "metadata": [{"updated": "2026-07-21T05.00.00Z"}],
    }
    frame = cells(answer).tables["cell"]
    assert frame.select("value", "status").rows() == [
        (712.0, "value"),
        (None, "confidential"),
        (None, "impossible"),
        (0.0, "zero"),
    ]
    assert frame["updated_at"][0] == datetime(2026, 7, 21, 5)


def test_older_vacancies_know_regions_by_code():
    body = b"Tyottomat,Tyovoima,Avoimet_tyopaikat,time,maakunta\n10.0,100.0,,2006-01-01,Uusimaa\n"
    rows = statfin.parse_history([Document("tyonv_data_maakunta_1001.csv", body, "")]).tables["observation"]
    assert [(row["area_code"], row["measure"], row["value"], row["status"]) for row in rows] == [
        ("MK01", "TYOTTOMATLOPUSSA", 10.0, "value"),
        ("MK01", "AVPAIKATLOPUSSA", None, "missing"),
    ]
    unknown = statfin.parse_history([Document("tyonv_data_maakunta_1001.csv", body.replace(b"Uusimaa", b"Atlantis"), "")])
    assert unknown.unreadable


def test_typed_cells_are_frames():
    assert isinstance(cells(dataset()).tables["cell"], pl.DataFrame)
