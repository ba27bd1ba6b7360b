"""How results show in the Dagster UI."""

import base64
from typing import Any

import dagster as dg
import polars as pl


def preview(frame: pl.DataFrame, rows: int = 8) -> dg.MarkdownMetadataValue:
    """The first rows as a table; long values cut, so that the page stays readable."""
    shown = frame.head(rows)
    header = "| " + " | ".join(shown.columns) + " |\n|" + "---|" * len(shown.columns)
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in shown.iter_rows()]
    return dg.MetadataValue.md("\n".join([header, *lines]))


def picture(png: bytes, text: str) -> dg.MarkdownMetadataValue:
    """A PNG in the page itself."""
    return dg.MetadataValue.md(f"![{text}](data:image/png;base64,{base64.b64encode(png).decode()})")


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    text = text.replace("|", "¦").replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "…"
