"""Reads PX files, the older form in which Statistics Finland gives whole tables: ISO-8859-15, keywords, a grid of cells."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import polars as pl

from jod_pipelines.sources.text import HELSINKI

_STATEMENT = re.compile(r'\s*([A-Z][A-Z0-9-]*)(?:\[(\w+)\])?(?:\(((?:"[^"]*"|[^")])*)\))?=((?:"[^"]*"|[^";])*);')
_QUOTED = re.compile(r'"([^"]*)"')
TIME_NAMES = ("Vuosi", "Kuukausi", "Vuosineljännes")


@dataclass(frozen=True)
class PxFile:
    """Keywords of a PX file in its main language, by name and the subject in brackets, and its cells as text."""

    keywords: dict[tuple[str, str], str]
    cells: list[str]

    def texts(self, keyword: str, subject: str = "") -> list[str]:
        """The quoted values of a keyword; a value split over lines is separate texts only where a comma stands between."""
        value = re.sub(r'"\s*\n\s*"', "", self.keywords.get((keyword, subject), ""))
        return _QUOTED.findall(value)

    def text(self, keyword: str, subject: str = "") -> str | None:
        """A keyword's single value; None when it is empty."""
        found = self.texts(keyword, subject)
        return found[0] or None if found else None


def decode(body: bytes) -> str:
    """Text of a file that is UTF-8 or, as everything older here, ISO-8859-15."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("iso-8859-15")


def read_px(body: bytes) -> PxFile:
    """The parts of a PX file.

    Raises:
        ValueError: it has no DATA, or not one cell for each combination of its variables' values.
    """
    head, found, data = decode(body).replace("\r\n", "\n").partition("\nDATA=")
    if not found:
        raise ValueError("a PX file without DATA")
    keywords = {
        (name, ",".join(_QUOTED.findall(subject))): value
        for name, language, subject, value in _STATEMENT.findall(head)
        if not language
    }
    file = PxFile(keywords, [cell.strip('"') for cell in data.strip().rstrip(";").split()])
    cells = math.prod(len(codes) for codes in _variables(file).values())
    if len(file.cells) != cells:
        raise ValueError(f"{len(file.cells)} cells for {cells} combinations of values")
    return file


def px_cells(body: bytes, symbols: dict[str, str]) -> pl.DataFrame:
    """Cells of a PX file, one row each.

    Args:
        symbols: what each data symbol means.

    Returns:
        table_id, dimensions (JSON from variable to code), period, measure, value, status, unit, updated_at.

    Raises:
        ValueError: the file does not hold together, or a cell is neither a number nor a symbol.
    """
    file = read_px(body)
    variables = _variables(file)
    time = next((name for name in variables if ("TIMEVAL", name) in file.keywords or name in TIME_NAMES), None)
    contents = file.text("CONTVARIABLE")
    size = [len(codes) for codes in variables.values()]
    columns = {
        name: pl.Series(codes, dtype=pl.String).gather(
            np.tile(np.repeat(np.arange(len(codes)), math.prod(size[axis + 1 :])), math.prod(size[:axis]))
        )
        for axis, (name, codes) in enumerate(variables.items())
    }
    rows = len(file.cells)
    nothing = pl.Series([None] * rows, dtype=pl.String)
    others = {name: column for name, column in columns.items() if name not in (time, contents)}
    keys = pl.DataFrame(others).unique(maintain_order=True) if others else pl.DataFrame()
    shown = keys.with_columns(dimensions=pl.Series([orjson.dumps(key).decode() for key in keys.iter_rows(named=True)]))
    dimensions = (
        pl.DataFrame(others).join(shown, on=list(others), how="left", maintain_order="left")["dimensions"] if others else None
    )
    texts = pl.Series(file.cells, dtype=pl.String)
    status = texts.replace_strict(symbols, default="value", return_dtype=pl.String)
    numbers = texts.set(status != "value", None).cast(pl.Float64)
    return pl.DataFrame(
        {
            "table_id": pl.Series([file.text("MATRIX")] * rows, dtype=pl.String),
            "dimensions": dimensions if dimensions is not None else pl.Series(["{}"] * rows),
            "period": columns[time] if time else nothing,
            "measure": columns[contents] if contents else pl.Series([file.text("CONTENTS")] * rows, dtype=pl.String),
            "value": numbers.set(status == "zero", 0.0),
            "status": status,
            "unit": _units(file, contents, columns) if contents else pl.Series([file.text("UNITS")] * rows, dtype=pl.String),
            "updated_at": pl.Series([_updated(file)] * rows, dtype=pl.Datetime("us")),
        }
    )


def _variables(file: PxFile) -> dict[str, list[str]]:
    """Codes by variable, in the order of the grid: stub, then heading; the last varies fastest."""
    names = [*file.texts("STUB"), *file.texts("HEADING")]
    return {name: file.texts("CODES", name) or file.texts("VALUES", name) for name in names}


def _units(file: PxFile, contents: str, columns: dict[str, pl.Series]) -> pl.Series:
    own = {
        code: file.text("UNITS", text) or file.text("UNITS")
        for code, text in zip(_variables(file)[contents], file.texts("VALUES", contents), strict=True)
    }
    return columns[contents].replace_strict(own, return_dtype=pl.String)


def _updated(file: PxFile) -> datetime | None:
    """The newest LAST-UPDATED, else the day the file was made; the files' clock is Finland's, the result UTC."""
    days: list[Any] = [_QUOTED.findall(value) for (name, _), value in file.keywords.items() if name == "LAST-UPDATED"]
    found = [day[0] for day in days if day] or file.texts("CREATION-DATE")
    if not found:
        return None
    local = datetime.strptime(max(found), "%Y%m%d %H:%M").replace(tzinfo=HELSINKI)
    return local.astimezone(UTC).replace(tzinfo=None)
