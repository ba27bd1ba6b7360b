"""The drop folder: what people send is read as they meant it, refused cell by cell, and never trusted."""

import contextlib
import csv
import io
import os
import re
import time
import zipfile
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.platform import Platform
from jod_pipelines.settings import SettingsError, load_settings
from jod_pipelines.sources import all_resources, local_files, offer_report
from jod_pipelines.sources.delimited import date_text, decoded, number_text, read_delimited
from jod_pipelines.sources.offer_file import FileRefused, judge, offer_table, read_grid

LIMIT = 1_000_000
HEADER = "Tunnus;Nimi;Tyyppi;Järjestäjä;Kunta;Alkaa;Hinta"
GOOD = "a1;Hitsauksen perusteet;kurssi;Opisto;Oulu;1.8.2026;1 200,50"


def sent(*lines, header=HEADER, encoding="utf-8", end="\r\n"):
    return end.join([header, *lines, ""]).encode(encoding)


OFFICE = "http://schemas.openxmlformats.org"
SHEET = f'<worksheet xmlns="{OFFICE}/spreadsheetml/2006/main"><sheetData>{{}}</sheetData></worksheet>'
RELATIONS = (
    f'<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument/2006/relationships/{{}}" Target="{{}}"/></Relationships>'
)


def workbook(rows, sheet=None, pad=b""):
    """A minimal .xlsx; a value that starts with `<` is put in as cell XML."""

    def cell(row, column, value):
        place = f"{chr(65 + column)}{row}"
        if value is None:
            return ""
        if isinstance(value, int | float):
            return f'<c r="{place}"><v>{value}</v></c>'
        if value.startswith("<"):
            return f'<c r="{place}">{value}</c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    lines = (
        f'<row r="{n}">' + "".join(cell(n, column, value) for column, value in enumerate(row)) + "</row>"
        for n, row in enumerate(rows, 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{OFFICE}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": RELATIONS.format("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{OFFICE}/spreadsheetml/2006/main" '
        f'xmlns:r="{OFFICE}/officeDocument/2006/relationships"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": RELATIONS.format("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": SHEET.format(sheet or "".join(lines)),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, text in parts.items():
            pack.writestr(name, text)
        if pad:
            pack.writestr("xl/media/image1.png", pad)
    return packed.getvalue()


def refusals(body):
    verdict = judge(body, "oulu", LIMIT)
    return verdict.accepted.height, verdict.refused.select("row_number", "column", "rule").rows()


def why(body):
    with pytest.raises(FileRefused) as caught:
        judge(body, "oulu", LIMIT)
    return caught.value.reason, caught.value.value


# numbers, dates, encodings


def as_number(text):
    return pl.DataFrame({"n": [text]}).select(number_text("n").cast(pl.Float64, strict=False)).item()


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([" ", "\u00a0", "\u202f", ""]), st.booleans())
def test_finnish_numbers_are_read_as_they_were_meant(number, group, comma):
    text = f"{number:,.2f}".replace(",", group)
    assert as_number(text.replace(".", ",") if comma else text) == pytest.approx(float(number))


@given(st.decimals(1000, 10**9, places=2))
def test_points_between_thousands_are_read_when_a_comma_parts_the_decimals(number):
    assert as_number(f"{number:,.2f}".translate(str.maketrans(",.", ".,"))) == pytest.approx(float(number))


@given(st.text())
def test_reading_a_number_never_fails(text):
    as_number(text)


@pytest.mark.parametrize(("text", "value"), [("-", None), ("..", None), ("", None), ("−5", -5.0), ("1.234", 1.234), ("x", None)])
def test_signs_of_missing_are_no_numbers(text, value):
    assert as_number(text) == value


def as_day(text):
    return pl.DataFrame({"d": [text]}).select(date_text("d").str.to_date("%Y-%m-%d", strict=False)).item()


@given(
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.sampled_from(["{0.day}.{0.month}.{0.year}", "{0:%d.%m.%Y}", "{0:%Y-%m-%d}"]),
)
def test_finnish_and_iso_days_are_read_with_and_without_a_time(day, form):
    assert as_day(form.format(day)) == as_day(form.format(day) + " 00:00:00") == day


@given(st.text())
def test_reading_a_day_never_fails_and_no_month_thirteen(text):
    as_day(text)
    assert as_day("1.13.2026") is as_day("31.2.2026") is None


CELLS = st.text(st.characters(codec="cp1252", exclude_characters="\0\r\n\"';,|\t", exclude_categories=["Cc", "Zs"]), min_size=1)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5), st.sampled_from(";,\t|"))
def test_delimited_text_comes_back_whatever_delimiter_and_bom(rows, sign):
    body = "\r\n".join(sign.join(row) for row in [["otsikko", "ääkkönen"], *rows])
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        frame = read_delimited(body.encode(encoding))
        assert frame.columns == ["otsikko", "ääkkönen"]
        assert frame.rows() == [tuple(row) for row in rows]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(body):
    try:
        decoded(body)
    except ValueError as error:
        assert "zero bytes" in str(error)
    try:
        judge(body, "oulu", LIMIT)
    except FileRefused as refusal:
        assert refusal.reason in offer_report.WHOLE


# whole files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_a_good_row_is_typed_in_every_encoding_and_delimiter(encoding, sign):
    body = sent(GOOD.replace("1 200,50", "12.50").replace(";", sign), header=HEADER.replace(";", sign), encoding=encoding)
    verdict = judge(body, "oulu", LIMIT)
    assert verdict.refused.is_empty()
    row = verdict.accepted.row(0, named=True)
    assert (row["sender"], row["offer_id"], row["row_number"]) == ("oulu", "a1", 2)
    assert (row["offer_type"], row["municipality_code"]) == ("course", "564")
    assert (row["start_date"], row["price_eur"]) == (date(2026, 8, 1), 12.5)


def test_headings_may_be_swedish_or_english_and_codes_without_zeros():
    swedish = sent("1;Svets;kurs;Institutet;91;9,5", header="Id;Namn;Typ;Anordnare;Kommun;Pris")
    english = sent("1;Welding;course;Institute;Helsingfors", header="offer_id;name_en;offer_type;Provider;Municipality")
    for body in (swedish, english):
        assert judge(body, "x", LIMIT).accepted["municipality_code"].to_list() == ["091"]


def test_titles_above_blank_lines_and_ragged_rows_keep_the_senders_row_numbers():
    body = sent("", GOOD, "", GOOD.replace("a1", "a2") + ";;;", "a3;Nimi", header=f"Koulutustarjonta 2026\r\n\r\n{HEADER}")
    verdict = judge(body, "oulu", LIMIT)
    assert verdict.accepted["row_number"].to_list() == [5, 7]
    assert set(verdict.refused["row_number"]) == {8}
    assert ("rows_above", "2") in verdict.notes


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ("=cmd|x;N;kurssi;O;Oulu;;", "offer_id", "formula"),
        ("a;=HYPERLINK(1);kurssi;O;Oulu;;", "name_fi", "formula"),
        ("a;@SUM(1);kurssi;O;Oulu;;", "name_fi", "formula"),
        ("a;;kurssi;O;Oulu;;", "name_fi", "required"),
        ("a;N;leiri;O;Oulu;;", "offer_type", "one of qualification, unit, course, coaching, other"),
        ("a;N;kurssi;O;Atlantis;;", "municipality_code", "municipality"),
        ("a;N;kurssi;O;;;", "municipality_code", "required"),
        ("a;N;kurssi;O;Oulu;31.2.2026;", "start_date", "date"),
        ("a;N;kurssi;O;Oulu;;kaksi", "price_eur", "number"),
        ("a;N;kurssi;O;Oulu;;-1", "price_eur", "at least 0"),
        ("../../x y;N;kurssi;O;Oulu;;", "offer_id", "pattern [A-Za-z0-9._:/-]{1,64}"),
        (f"a;{'n' * 201};kurssi;O;Oulu;;", "name_fi", "at most 200 characters"),
        ("a1;N;kurssi;O;Oulu;;", "offer_id", "unique key"),
    ],
)
def test_a_bad_cell_is_named_and_the_rest_accepted(line, column, rule):
    accepted, refused = refusals(sent(GOOD, line))
    assert (accepted, refused) == (1, [(3, column, rule)])
    assert offer_report.what_to_do(rule)["fi"] != rule


def test_all_bad_cells_of_a_row_are_told_at_once():
    assert [column for _, column, _ in refusals(sent(GOOD, "a 2;;leiri;;Atlantis;x;y"))[1]] != []
    columns = {column for _, column, _ in refusals(sent(GOOD, "a 2;;leiri;;Atlantis;x;y"))[1]}
    assert columns == {"offer_id", "name_fi", "offer_type", "provider_name", "municipality_code", "start_date", "price_eur"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no_headings"),
        (sent("x"), "nothing"),
        (sent("a;b", header="foo;bar"), "no_headings"),
        (sent(GOOD, header=HEADER.replace("Hinta", "Kuntakoodi")), "double_heading"),
        (sent(GOOD, header=HEADER.replace("Hinta", "Sähköposti")), "contacts"),
        (sent(GOOD.replace("perusteet", "perusteet, kysy 040 123 4567")), "contact_in_text"),
        (sent(f"{GOOD};etunimi@opisto.example", header=f"{HEADER};Lisätietoja"), "contact_in_text"),
        (sent(GOOD, header=HEADER.replace("Kunta", "Paikka")), "missing_headings"),
        (sent(), "no_rows"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old_excel"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (b"PAR1 not parquet", "damaged"),
        (b"a;b\0c", "damaged"),
        (sent(";" * 5000), "too_many_cells"),
        (b"x" * (LIMIT + 1), "too_large"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_reason_people_can_read(body, reason):
    if reason == "nothing":
        assert refusals(body)[0] == 0
        return
    found, about = why(body)
    assert found == reason
    for text in offer_report.WHOLE[found]:
        assert text.format(about)


# Excel and Parquet

TABLE = [
    ["Koulutustarjonta", None],
    [],
    ["Tunnus", "Nimi", "Tyyppi", "Järjestäjä", "Kunta", "Alkaa", "Hinta", None],
    [1001, "Kurssi", "kurssi", "Opisto", 91, "1.8.2026", 12.5, "irrallinen"],
]


WORKBOOK = workbook(TABLE)


def test_a_workbook_with_merged_titles_numbers_and_a_column_without_heading_is_read():
    verdict = judge(workbook(TABLE), "oulu", LIMIT)
    row = verdict.accepted.row(0, named=True)
    assert (row["offer_id"], row["municipality_code"], row["price_eur"], row["row_number"]) == ("1001", "091", 12.5, 4)


def test_blank_rows_at_the_top_of_a_workbook_are_counted():
    assert judge(workbook([[], [], *TABLE]), "oulu", LIMIT).accepted["row_number"].to_list() == [6]


def test_a_formula_cell_counts_as_the_value_that_was_saved_with_it():
    rows = [*TABLE, ["b", "Kurssi", "kurssi", "Opisto", "Oulu", None, "<f>1+1</f><v>2</v>"]]
    assert judge(workbook(rows), "oulu", LIMIT).accepted["price_eur"].to_list() == [12.5, 2.0]


def test_a_zip_bomb_and_a_far_cell_are_refused_before_they_are_read():
    assert why(workbook(TABLE, pad=bytes(9 * LIMIT)))[0] == "unpacks"
    started = time.perf_counter()
    for place in ("XFD1048576", "A100000", "DA1"):
        sheet = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="{place}"><v>1</v></c></row>'
        assert why(workbook([], sheet=sheet))[0] == "too_many_cells"
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("member", ["../../etc/passwd", "content.xml", "xl/workbook.bin"])
def test_other_packed_files_are_no_workbooks(member):
    packed = io.BytesIO(WORKBOOK if member != "../../etc/passwd" else b"")
    with zipfile.ZipFile(packed, "a") as pack:
        pack.writestr(member, "x")
    assert why(packed.getvalue())[0] == "not_excel"


@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(place, noise):
    with contextlib.suppress(FileRefused):
        judge(WORKBOOK[:place] + noise + WORKBOOK[place + len(noise) :], "oulu", LIMIT)


def parquet():
    frame = pl.DataFrame(
        {
            "offer_id": [7],
            "name_en": ["Course"],
            "offer_type": ["course"],
            "provider_name": ["X"],
            "municipality_code": ["091"],
            "languages": [["fi", "en"]],
            "start_date": [date(2026, 8, 1)],
        }
    )
    body = io.BytesIO()
    frame.write_parquet(body)
    return body.getvalue()


PARQUET = parquet()


@given(st.integers(4, len(PARQUET) - 1), st.binary(min_size=1, max_size=8))
def test_damaged_parquet_is_read_or_refused_and_nothing_else(place, noise):
    with contextlib.suppress(FileRefused):
        judge(PARQUET[:place] + noise + PARQUET[place + len(noise) :], "oulu", LIMIT)


def test_parquet_is_read_by_its_own_column_names():
    row = judge(PARQUET, "oulu", LIMIT).accepted.row(0, named=True)
    assert (row["languages"], row["start_date"], row["offer_id"]) == (["fi", "en"], date(2026, 8, 1), "7")
    wide = io.BytesIO()
    pl.DataFrame({"a": pl.zeros(200_000, eager=True)}).write_parquet(wide)
    with pytest.raises(FileRefused, match="too_many_cells"):
        read_grid(wide.getvalue(), LIMIT)


# reports


def test_the_reports_say_it_in_three_languages_and_carry_no_code():
    verdict = judge(sent(GOOD, "a2;=1+1;<script>alert(1)</script>;O;Oulu;;"), "oulu", LIMIT)
    page = offer_report.page("<b>.csv", verdict).decode()
    assert "<script>" not in page
    assert "<b>" not in page
    assert re.findall(r'<section lang="(\w+)"', page) == ["fi", "sv", "en"]
    assert "Hyväksytty 1 riviä 2 rivistä." in page
    assert "1 of 2 rows were accepted." in page
    body = offer_report.table(verdict)
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))
    assert [(row["row"], row["column"], row["value"]) for row in rows] == [
        ("3", "Nimi", "'=1+1"),
        ("3", "Tyyppi", "<script>alert(1)</script>"),
    ]
    assert all(row[f"what_to_do_{language}"] for row in rows for language in ("fi", "sv", "en"))


def test_every_reason_rule_and_remark_has_its_texts():
    assert all(len(set(texts)) == 3 for texts in [*offer_report.WHOLE.values(), *offer_report.NOTES.values()])
    keys = {frozenset(words) for words in offer_report.WORDS.values()}
    assert len(keys) == 1


# the folder


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "drop"
    (path / "oulu").mkdir(parents=True)
    return path


@pytest.fixture
def platform(tmp_path, folder):
    return Platform(load_settings(home=tmp_path / "home", drop_folder=folder, drop_file_max_bytes=LIMIT))


def put(path, body, age_s=0):
    path.write_bytes(body)
    stamp = time.time() - age_s
    os.utime(path, (stamp, stamp))
    return path


def land(platform):
    return ingest(next(r for r in all_resources(platform.settings) if r.label == "local/education_offers"), platform)


def offers(platform):
    return read_typed(platform, "local/education_offers", "education_offer").collect()


def stamps(root):
    return {path: path.lstat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_accepted_rows_land_the_file_stays_unchanged_and_the_sender_is_answered(platform, folder):
    body = sent(GOOD, "a2;N;kurssi;O;Atlantis;;", encoding="cp1252")
    put(folder / "oulu" / "syksy.csv", body)
    outcome = land(platform)
    assert (outcome.status, outcome.rows, outcome.quarantined) == ("changed", {"education_offer": 1}, {"education_offer": 1})
    archive = platform.archive.resource("local", "education_offers")
    assert [document.body for document in archive.read(archive.current())] == [body]
    assert "Atlantis" in (folder / "oulu" / "syksy.csv.report.html").read_text("utf-8")
    assert b"Atlantis" in (folder / "oulu" / "syksy.csv.report.csv").read_bytes()
    assert offers(platform)["source_document"].to_list() == ["oulu"]


def test_the_same_file_twice_costs_nothing(platform, folder, monkeypatch):
    put(folder / "oulu" / "a.csv", sent(GOOD))
    land(platform)
    before = stamps(platform.home / "landing") | stamps(folder)
    monkeypatch.setattr(local_files, "judge", lambda *_: pytest.fail("read again"))
    assert land(platform).status == "unchanged"
    assert stamps(platform.home / "landing") | stamps(folder) == before


def test_a_corrected_file_replaces_the_senders_earlier_rows_and_no_one_elses(platform, folder):
    (folder / "åbo").mkdir()
    put(folder / "åbo" / "x.csv", sent(GOOD), 100)
    put(folder / "oulu" / "a.csv", sent(GOOD, GOOD.replace("a1", "a2")), 100)
    land(platform)
    put(folder / "oulu" / "b.csv", sent(GOOD.replace("a1", "a3")), 10)
    land(platform)
    assert sorted(offers(platform).select("sender", "offer_id").rows()) == [("oulu", "a3"), ("åbo", "a1")]


@pytest.mark.parametrize("bad", [b"\0\0", sent("a;N;leiri;O;Atlantis;;"), sent(GOOD, header=HEADER.replace("Hinta", "Puhelin"))])
def test_a_refused_file_is_answered_does_not_land_and_leaves_earlier_rows(platform, folder, bad):
    put(folder / "oulu" / "a.csv", sent(GOOD), 100)
    land(platform)
    put(folder / "oulu" / "b.csv", bad)
    assert land(platform).status == "unchanged"
    assert offers(platform)["offer_id"].to_list() == ["a1"]
    assert (folder / "oulu" / "b.csv.report.html").exists()
    before = stamps(folder)
    land(platform)
    assert stamps(folder) == before


def test_odd_names_links_and_unfinished_files_harm_nothing(platform, folder, tmp_path):
    secret = put(tmp_path / "secret.csv", sent(GOOD))
    (folder / "oulu" / "link.csv").symlink_to(secret)
    (folder / "oulu" / "c.csv.report.html").symlink_to(secret)
    put(folder / "oulu" / "~$x.xlsx", b"lock")
    put(folder / "oulu" / "half.csv.part", sent(GOOD))
    put(folder / "oulu" / ("ä" * 120 + ".csv"), b"?", 1)
    put(folder / "c.csv", sent(GOOD))
    (folder / "Oulu Kaupunki!").mkdir()
    put(folder / "Oulu Kaupunki!" / "a.csv", sent(GOOD))
    put(folder / "oulu" / "c.csv", sent(GOOD), 50)
    land(platform)
    assert offers(platform)["sender"].to_list() == ["oulu"]
    assert secret.read_bytes() == sent(GOOD)
    assert "linkki" in (folder / "oulu" / "link.csv.report.html").read_text("utf-8")
    assert "kansioon" in (folder / "c.csv.report.html").read_text("utf-8")
    assert (folder / "Oulu Kaupunki!" / "a.csv.report.csv").exists()
    assert not (folder / "oulu" / "c.csv.report.html").is_symlink()


def test_without_a_drop_folder_there_is_nothing_to_fetch(tmp_path):
    assert land(Platform(load_settings(home=tmp_path))).status == "skipped"
    with pytest.raises(SettingsError, match="drop_folder"):
        load_settings(drop_folder=tmp_path / "nosuch")


def test_the_reader_knows_every_column_of_the_contract():
    from jod_pipelines.sources.offer_file import HEADINGS

    assert {column.name for column in offer_table().columns} - {"sender", "row_number", "source_document"} == set(HEADINGS)
