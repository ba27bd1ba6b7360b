"""Reads one file of education offers as a sender made it, and judges it against the contract, cell by cell.

The file comes from outside: its size, shape and cells are bounded and checked before anything believes them.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

import polars as pl

from jod_pipelines.contacts import find_contact
from jod_pipelines.contracts.enforcement import enforce
from jod_pipelines.contracts.model import Table, landing_table
from jod_pipelines.reference import reference_table
from jod_pipelines.sources.delimited import MISSING, date_text, decoded, delimiter_of, number_text

MAX_COLUMNS, MAX_ROWS = 104, 99_999
UNPACKED_TIMES = 8
"""How many times its own size a compressed file may unpack to, of the largest file allowed."""
HEADER_ROWS = 10
"""Titles and merged cells may stand above the headings, this far down."""
FAR_CELL = re.compile(rb"""\sr=["'](?!(?:[A-Z]|[A-C][A-Z])[1-9][0-9]{0,4}["'])[A-Z]+[0-9]+["']""")
"""A cell right of column CZ or below row 99999: readers make room for everything up to it."""
OTHER_WORKBOOKS = {"xl/workbook.bin", "content.xml"}
"""Marks of packed kinds that the Excel reader would also open, and whose cells are not checked here."""
UNREADABLE = (
    ValueError,
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # an encrypted member of a ZIP
    EOFError,
    OSError,
    pl.exceptions.PolarsError,
)
"""What the readers of the three formats raise over a damaged file."""
FORMULA = r"^([=@\t\r]|[+-][^\d\s])"
CONTACTS = re.compile(
    r"yhteyshenkil|puhelin|sähköposti|e_?mail|phone|contact|kontakt|telefon|e_?post|hetu|henkilötunnus|personbet"
)
NAMES = ("name_fi", "name_sv", "name_en")
FREE_TEXTS = (*NAMES, "description_fi", "description_sv", "description_en", "provider_name")
REQUIRED = ("offer_id", "offer_type", "provider_name", "municipality_code")
HEADINGS = {
    "offer_id": ("id", "tunnus", "koulutuksen_tunnus", "identifierare"),
    "name_fi": ("nimi", "nimi_suomeksi", "koulutuksen_nimi", "nimi_fi", "namn_på_finska"),
    "name_sv": ("nimi_ruotsiksi", "nimi_sv", "namn", "namn_på_svenska", "utbildningens_namn"),
    "name_en": ("name", "nimi_englanniksi", "nimi_en", "namn_på_engelska"),
    "description_fi": ("kuvaus", "kuvaus_suomeksi", "kuvaus_fi"),
    "description_sv": ("kuvaus_ruotsiksi", "kuvaus_sv", "beskrivning"),
    "description_en": ("description", "kuvaus_englanniksi", "kuvaus_en"),
    "offer_type": ("tyyppi", "koulutuksen_tyyppi", "typ", "type"),
    "provider_name": ("järjestäjä", "koulutuksen_järjestäjä", "anordnare", "provider"),
    "provider_business_id": ("y_tunnus", "järjestäjän_y_tunnus", "fo_nummer", "business_id"),
    "municipality_code": ("kunta", "kuntakoodi", "kunnan_numero", "kommun", "kommunkod", "municipality"),
    "field_code": ("koulutusala", "koulutusalan_koodi", "utbildningsområde", "field"),
    "languages": ("opetuskieli", "opetuskielet", "undervisningsspråk", "language"),
    "start_date": ("alkaa", "alkamispäivä", "alkupvm", "börjar", "startdatum", "start"),
    "end_date": ("päättyy", "päättymispäivä", "loppupvm", "slutar", "slutdatum", "end"),
    "application_end_date": ("hakuaika_päättyy", "viimeinen_hakupäivä", "ansökan_slutar", "apply_by"),
    "extent_credits": ("laajuus", "opintopisteet", "osaamispisteet", "omfattning", "credits"),
    "price_eur": ("hinta", "hinta_euroa", "hinta_eur", "pris", "price"),
    "places_persons": ("paikat", "aloituspaikat", "platser", "places"),
    "url": ("verkkosivu", "linkki", "www", "webbplats", "länk", "link"),
}
OFFER_TYPES = {
    "qualification": ("tutkinto", "examen"),
    "unit": ("tutkinnon osa", "tutkinnonosa", "opintojakso", "examensdel", "studieavsnitt"),
    "course": ("kurssi", "kurs", "koulutus"),
    "coaching": ("valmennus", "ohjaus", "träning", "handledning"),
    "other": ("muu", "annan"),
}


class FileRefused(Exception):
    """The whole file is refused: `reason` is a key of the report's texts, `value` what it is about."""

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(f"{reason}: {value}" if value else reason)
        self.reason, self.value = reason, value


@dataclass(frozen=True)
class Verdict:
    """What became of a file.

    Attributes:
        accepted: the contract's columns but `source_document`.
        refused: row_number, column, rule and value of each bad cell.
        rows: rows with content below the headings.
        headings: the sender's heading by column.
        notes: (key of the report's texts, what it is about).
    """

    accepted: pl.DataFrame
    refused: pl.DataFrame
    rows: int
    headings: dict[str, str]
    notes: list[tuple[str, str]] = field(default_factory=list)


def offer_table() -> Table:
    """The contract of an education offer."""
    return landing_table("local", "education_offers", "education_offer")


def judge(body: bytes, sender: str, max_bytes: int) -> Verdict:
    """Every row of a file accepted, or refused with its bad cells.

    Raises:
        FileRefused: the file as a whole cannot be used.
    """
    grid = read_grid(body, max_bytes)
    header = _header_row(grid)
    headings, notes = _headings(grid.row(header))
    if header:
        notes.append(("rows_above", str(header)))
    _refuse_contacts(grid, header, headings)
    texts = _texts(grid, header, headings)
    if texts.is_empty():
        raise FileRefused("no_rows")
    frame = typed(texts, sender)
    refused = _refusals(texts, frame)
    accepted = frame.join(refused.select("row_number").unique(), on="row_number", how="anti", maintain_order="left")
    names = {column: str(grid.row(header)[place]) for column, place in headings.items()}
    return Verdict(accepted, refused, texts.height, names, notes)


def read_grid(body: bytes, max_bytes: int) -> pl.DataFrame:
    """The cells of a CSV, Excel or Parquet file as text, headings included; what a file is, its first bytes say.

    Raises:
        FileRefused: the file is too large, damaged, or of another kind.
    """
    if len(body) > max_bytes:
        raise FileRefused("too_large", f"{len(body) / 1e6:.0f} MB")
    try:
        if body[:2] == b"PK":
            grid = _excel_grid(body, max_bytes * UNPACKED_TIMES)
        elif body[:4] == b"PAR1":
            grid = _parquet_grid(body, max_bytes * UNPACKED_TIMES)
        elif body[:4] == b"\xd0\xcf\x11\xe0":
            raise FileRefused("old_excel")
        else:
            grid = _csv_grid(body)
    except UNREADABLE as error:
        raise FileRefused("damaged", str(error).splitlines()[0][:200] if str(error) else "") from None
    if grid.width > MAX_COLUMNS or grid.height > MAX_ROWS:
        raise FileRefused("too_many_cells", f"{grid.height} × {grid.width}")
    cells = pl.all().str.strip_chars(" \n\u00a0\ufeff")
    return grid.with_columns(pl.when(cells == "").then(None).otherwise(cells).name.keep())


def _csv_grid(body: bytes) -> pl.DataFrame:
    # the csv module, since people's files have titles above, rows of any length and blank lines, whose numbers must stay
    text, _ = decoded(body)
    lines = text.splitlines()[:HEADER_ROWS]
    sign = delimiter_of(max(lines, key=lambda line: sum(map(line.count, ";,\t|")), default=""))
    rows = list(csv.reader(io.StringIO(text), delimiter=sign))
    if max(map(len, rows), default=0) > MAX_COLUMNS:
        raise FileRefused("too_many_cells", f"{len(rows)} × {max(map(len, rows))}")
    return pl.DataFrame({f"c{n}": pl.Series(column, dtype=pl.String) for n, column in enumerate(zip_longest(*rows))})


def _excel_grid(body: bytes, max_unpacked: int) -> pl.DataFrame:
    unpacked = 0
    with zipfile.ZipFile(io.BytesIO(body)) as pack:
        names = set(pack.namelist())
        if "xl/workbook.xml" not in names or names & OTHER_WORKBOOKS:
            raise FileRefused("not_excel")
        for member in pack.infolist():
            parts = []
            with pack.open(member) as file:
                while part := file.read(1 << 20):  # the sizes a ZIP declares may lie
                    unpacked += len(part)
                    if unpacked > max_unpacked:
                        raise FileRefused("unpacks", f"{max_unpacked / 1e6:.0f} MB")
                    parts.append(part)
            if FAR_CELL.search(b"".join(parts)):  # in any member: a workbook says itself where its sheets are
                raise FileRefused("too_many_cells", member.filename)
    from fastexcel import FastExcelError

    try:
        return pl.read_excel(
            io.BytesIO(body),
            has_header=False,
            drop_empty_rows=False,
            drop_empty_cols=False,
            raise_if_empty=False,
            infer_schema_length=0,
            read_options={"header_row": None, "skip_rows": 0},  # else blank rows at the top shift the row numbers
        ).cast(pl.String)
    except FastExcelError as error:
        raise FileRefused("damaged", str(error).splitlines()[0]) from None


def _parquet_grid(body: bytes, max_unpacked: int) -> pl.DataFrame:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    metadata = pq.read_metadata(io.BytesIO(body))
    size = sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
    if size > max_unpacked:
        raise FileRefused("unpacks", f"{max_unpacked / 1e6:.0f} MB")
    if metadata.num_rows > MAX_ROWS or metadata.num_columns > MAX_COLUMNS:
        raise FileRefused("too_many_cells", f"{metadata.num_rows} × {metadata.num_columns}")
    # read and made text by Arrow, since polars panics over damaged files and over names that are not UTF-8
    table = pq.read_table(io.BytesIO(body), use_threads=False)
    table.validate(full=True)
    names = [str(name) for name in table.column_names]
    cells = [_as_text(column) for column in table.columns]
    headings = pl.DataFrame([names], schema=[f"c{n}" for n in range(len(names))], orient="row")
    return pl.concat([headings, pl.DataFrame(pa.table(cells, names=headings.columns))])


def _as_text(column: Any) -> Any:
    """An Arrow column as text, lists joined by commas."""
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.binary_join(column.cast(pa.list_(pa.string())), ",")
    return column.cast(pa.string())


def column_of(heading: str | None) -> str | None:
    """The contract's column of a heading in Finnish, Swedish or English, in any case and punctuation."""
    plain = _plain(heading)
    return next((column for column, names in HEADINGS.items() if plain == column or plain in names), None)


def _plain(heading: str | None) -> str:
    return re.sub(r"[^0-9a-zåäö]+", "_", (heading or "").lower()).strip("_")


def _header_row(grid: pl.DataFrame) -> int:
    known = [sum(column_of(cell) is not None for cell in row) for row in grid.head(HEADER_ROWS).iter_rows()]
    if max(known, default=0) < 3:
        raise FileRefused("no_headings")
    return known.index(max(known))


def _headings(cells: tuple[str | None, ...]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Place by column, and notes on headings that are not used."""
    places: dict[str, int] = {}
    notes = []
    for place, cell in enumerate(cells):
        column = column_of(cell)
        if column in places:
            raise FileRefused("double_heading", str(cell))
        if column:
            places[column] = place
        elif CONTACTS.search(_plain(cell)):
            raise FileRefused("contacts", str(cell))
        elif cell:
            notes.append(("unknown_heading", cell))
    missing = [column for column in REQUIRED if column not in places]
    if not any(name in places for name in NAMES):
        missing.append(NAMES[0])
    if missing:
        raise FileRefused("missing_headings", ", ".join(f"{column} ({HEADINGS[column][0]})" for column in missing))
    notes += [("absent_heading", column) for column in HEADINGS if column not in places]
    return places, notes


def _refuse_contacts(grid: pl.DataFrame, header: int, headings: dict[str, int]) -> None:
    """Refuse a file with a contact in a free text or under a heading of its own: files land as they are or not at all."""
    structured = {place for column, place in headings.items() if column not in FREE_TEXTS}
    for place, name in enumerate(grid.columns):
        cells = grid[name].head(header) if place in structured else grid[name]
        for number, cell in enumerate(cells, start=1):
            if cell and find_contact(cell):
                raise FileRefused("contact_in_text", str(number))


def _texts(grid: pl.DataFrame, header: int, headings: dict[str, int]) -> pl.DataFrame:
    """The named columns below the headings as text, numbered as a spreadsheet does; blank rows are left out."""
    numbered = grid.with_row_index("row_number", offset=1).slice(header + 1)
    chosen = numbered.select(
        pl.col("row_number").cast(pl.Int64),
        *(
            (pl.nth(headings[column] + 1) if column in headings else pl.lit(None, dtype=pl.String)).alias(column)
            for column in HEADINGS
        ),
    )
    return chosen.filter(~pl.all_horizontal(pl.exclude("row_number").is_null()))


def typed(texts: pl.DataFrame, sender: str) -> pl.DataFrame:
    """Text cells as the contract's types; what cannot be read becomes null."""
    municipalities = reference_table("municipalities")
    codes = {
        name.lower(): code
        for language in ("name_fi", "name_sv")
        for name, code in municipalities.select(language, "municipality_code").iter_rows()
    }
    codes |= {code: code for code in municipalities["municipality_code"]}
    types = {name: key for key, names in OFFER_TYPES.items() for name in (key, *names)}
    place = pl.col("municipality_code").str.to_lowercase()
    listed = pl.col("languages").str.to_lowercase().str.extract_all(r"[a-zåäö]+").fill_null([])
    special = {
        "sender": pl.lit(sender),
        "row_number": pl.col("row_number"),
        "offer_type": pl.col("offer_type").str.to_lowercase().replace(types),
        "municipality_code": pl.coalesce(place.str.extract(r"^(\d{1,3})$").str.zfill(3), place).replace_strict(
            codes, default=None
        ),
        "languages": listed,
    }
    expressions = []
    for column in offer_table().columns:
        if column.name == "source_document":
            continue
        if column.name in special:
            value = special[column.name]
        elif column.type == "DATE":
            value = date_text(column.name).str.to_date("%Y-%m-%d", strict=False)
        elif column.type in ("DOUBLE", "BIGINT"):
            whole = column.type == "BIGINT"
            number = number_text(column.name).str.replace(r"\.0+$", "") if whole else number_text(column.name)
            value = number.cast(column.polars_type, strict=False)
        else:
            value = pl.col(column.name)
        expressions.append(value.cast(column.polars_type).alias(column.name))
    return texts.select(expressions)


def _refusals(texts: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """One row per bad cell: its type first, then what the contract says."""
    table = offer_table()
    kinds = {"DATE": "date", "DOUBLE": "number", "BIGINT": "whole number"}
    found = []
    for column in table.columns:
        if column.name not in texts.columns or column.name == "row_number":
            continue
        rule = "municipality" if column.name == "municipality_code" else kinds.get(column.type)
        if rule:
            said = texts[column.name].is_not_null() & ~texts[column.name].is_in(list(MISSING))
            found.append(_cells(texts.filter(said & frame[column.name].is_null()), column.name, rule))
        else:
            found.append(_cells(texts.filter(pl.col(column.name).str.contains(FORMULA)), column.name, "formula"))
    nameless = frame.filter(pl.all_horizontal(pl.col(NAMES).is_null()))
    found.append(_cells(nameless, NAMES[0], "required"))
    numbered = frame.with_columns(source_document=pl.lit(""))
    for column in table.columns:
        if column.name not in ("source_document", "row_number"):
            alone = replace(table, columns=(replace(column, primary_key=False),))
            found.append(_broken(numbered.select("row_number", "source_document", column.name), alone))
    keyed = replace(table, columns=tuple(replace(c, required=False, pattern=None) for c in table.columns if c.primary_key))
    repeated = _broken(numbered.select("row_number", "source_document", *table.primary_key), keyed)
    offer_id = pl.col("value").str.replace(r"^[^,]*,", "")
    found.append(repeated.with_columns(column=pl.lit("offer_id"), value=offer_id))
    return (
        pl.concat(found)
        .unique(["row_number", "column"], keep="first", maintain_order=True)
        .sort("row_number", maintain_order=True)
    )


def _cells(rows: pl.DataFrame, column: str, rule: str) -> pl.DataFrame:
    return rows.select("row_number", column=pl.lit(column), rule=pl.lit(rule), value=pl.col(column))


def _broken(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    row = pl.col("row").str.json_path_match("$.row_number").cast(pl.Int64)
    return enforce(rows, table)[1].select(row.alias("row_number"), "column", "rule", "value")
