"""Reads delimited text as people and offices write it: any usual encoding and delimiter, Finnish numbers and dates."""

from __future__ import annotations

import codecs
import csv
import io

import polars as pl

DELIMITERS = (";", ",", "\t", "|")
MISSING = ("", ".", "..", "...", "-", "–", "NA", "null")
"""Cells that say there is no number; none of them is zero."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(body: bytes, declared: str | None = None) -> tuple[str, str]:
    """Text of a body, and the encoding it was read in.

    A byte order mark decides, then the declared encoding, then UTF-8, then Windows-1252, which older Excel writes.

    Raises:
        ValueError: the body holds zero bytes, which no text does.
    """
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    for encoding in filter(None, (marked, declared, "utf-8", "cp1252")):
        try:
            text = body.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\0" in text:
            raise ValueError("not a text file: it holds zero bytes")
        return text, encoding
    return body.decode("iso-8859-1"), "iso-8859-1"


def delimiter_of(text: str) -> str:
    """The delimiter that parts the first line into most cells; a comma when none does."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {sign: len(next(csv.reader([first], delimiter=sign), [])) for sign in DELIMITERS}
    best = max(DELIMITERS, key=lambda sign: counts[sign])
    return best if counts[best] > 1 else ","


def read_delimited(
    body: bytes, *, encoding: str | None = None, delimiter: str | None = None, header: bool = True
) -> pl.DataFrame:
    """A delimited body as text columns, every cell stripped, empty cells null.

    Args:
        encoding: what the sender declares; a byte order mark is stronger.
        delimiter: what the sender declares; guessed from the first line otherwise.
        header: whether the first line names the columns; otherwise they are `column_1` and so on.

    Raises:
        ValueError: the body is not delimited text.
    """
    text, _ = decoded(body, encoding)
    if not text.strip():
        return pl.DataFrame()
    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode()),
            separator=delimiter or delimiter_of(text),
            has_header=header,
            infer_schema=False,
            truncate_ragged_lines=header,
            null_values=[""],
        )
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"not delimited text: {str(error).splitlines()[0]}") from None
    cells = pl.all().str.strip_chars()
    return frame.with_columns(pl.when(cells == "").then(None).otherwise(cells).name.keep())


def number_text(name: str) -> pl.Expr:
    """A text column's numbers in plain notation: `1 234,5` and `1.234,50` become `1234.5` and `1234.50`; signs of missing null.

    What is not a number stays as it is, so that a strict reader can name it.
    """
    bare = pl.col(name).str.strip_chars().str.replace_all(r"[\s\u{a0}\u{202f}]", "").str.replace("^−", "-")
    grouped = bare.str.contains(r"^[+-]?\d{1,3}(\.\d{3})+,\d+$")
    plain = (
        pl.when(grouped)
        .then(bare.str.replace_all(".", "", literal=True))
        .otherwise(bare)
        .str.replace(r"^([+-]?\d*),(\d+)$", "$1.$2")
    )
    return pl.when(pl.col(name).str.strip_chars().is_in(MISSING)).then(None).otherwise(plain).alias(name)


def date_text(name: str) -> pl.Expr:
    """A text column's days as `YYYY-MM-DD`: reads `1.8.2026`, `01.08.2026`, `2026-08-01` and the same with a time of day.

    What is not a day stays as it is.
    """
    text = pl.col(name).str.strip_chars().str.replace(r"^(\S+)[ T]\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?$", "$1")
    finnish = text.str.extract_groups(r"^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$").struct
    day = pl.concat_str(
        finnish.field("year"), finnish.field("month").str.zfill(2), finnish.field("day").str.zfill(2), separator="-"
    )
    return pl.coalesce(day, text).alias(name)
