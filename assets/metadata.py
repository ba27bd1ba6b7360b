"""How results show in the Dagster UI."""

import base64
from typing import Any

import dagster as dg
import polars as pl

from jod_pipelines.contracts.dbt import derived_tables
from jod_pipelines.lineage import Edges, declared_edges


def preview(frame: pl.DataFrame, rows: int = 8) -> dg.MarkdownMetadataValue:
    """The first rows as a table; long values cut, so that the page stays readable."""
    shown = frame.head(rows)
    header = "| " + " | ".join(shown.columns) + " |\n|" + "---|" * len(shown.columns)
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in shown.iter_rows()]
    return dg.MetadataValue.md("\n".join([header, *lines]))


def picture(png: bytes, text: str) -> dg.MarkdownMetadataValue:
    """A PNG in the page itself."""
    return dg.MetadataValue.md(f"![{text}](data:image/png;base64,{base64.b64encode(png).decode()})")


def column_lineage(edges: Edges) -> dict[str, Any]:
    """Where the columns of an asset come from, as the UI shows it; nothing when nothing is known."""
    deps = {
        to.column: [dg.TableColumnDep(asset_key_of(source.dataset), source.column) for source in sources]
        for to, sources in edges.items()
        if sources
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)} if deps else {}


def columns_of(name: str) -> dict[str, Any]:
    """Columns of a dataset that Python makes for `derived.<name>`: types and meanings of its contract, declared lineage."""
    table = next((table for table in derived_tables() if table.name == name), None)
    edges = {to: sources for to, sources in declared_edges().items() if to.dataset == f"derived.{name}"}
    shown = column_lineage(edges)
    if table is not None:
        columns = [dg.TableColumn(column.name, column.type, column.description.get("en")) for column in table.columns]
        shown["dagster/column_schema"] = dg.TableSchema(columns)
    return shown


def asset_key_of(dataset: str) -> dg.AssetKey:
    """The asset that a table of the warehouse is, or is part of."""
    schema, _, table = dataset.partition(".")
    if schema == "landing":
        source, resource, _ = table.split("__", 2)
        return dg.AssetKey(["landing", source, resource])
    if schema == "derived" and table.startswith("recognised_"):
        return dg.AssetKey(["skills", table])
    if schema == "derived" and table.startswith("members_"):
        return dg.AssetKey(["derived", f"{table.removeprefix('members_')}_opportunity"])
    return dg.AssetKey([schema, table])


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    text = text.replace("|", "¦").replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "…"
