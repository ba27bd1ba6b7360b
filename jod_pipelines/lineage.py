"""Where each column of the warehouse comes from: read from the SQL that dbt compiled, declared for what Python makes.

Edges lie in the warehouse as `quality.column_lineage`, so that they are those of the data they lie beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from jod_pipelines.contracts.model import CONTRACTS

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.lineage import Node

DECLARED = CONTRACTS / "lineage.yaml"
EDGES = "quality.column_lineage"


@dataclass(frozen=True, order=True)
class ColumnRef:
    """A column of a table of the warehouse; `dataset` is schema.name."""

    dataset: str
    column: str

    def __str__(self) -> str:
        return f"{self.dataset}.{self.column}"


Edges = dict[ColumnRef, tuple[ColumnRef, ...]]


class LineageReader:
    """Reads models in the order they are built, so that each knows the columns of those before it.

    Args:
        schema: columns and their types of what is there already, as schema -> table -> column -> type.
    """

    def __init__(self, schema: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        self.schema = {name: {table: dict(columns) for table, columns in tables.items()} for name, tables in schema.items()}
        self.edges: Edges = {}

    def read(self, dataset: str, sql: str) -> Edges:
        """The columns that a model's columns come from; none when the SQL cannot be understood."""
        from sqlglot import parse_one
        from sqlglot.errors import SqlglotError
        from sqlglot.lineage import lineage

        try:
            query = _without_catalog(parse_one(sql, dialect="duckdb"))
            nodes = lineage(None, query, schema=self.schema, dialect="duckdb", trim_selects=False, copy=False)
        except SqlglotError:
            return {}
        found = {ColumnRef(dataset, name): _stored(node) for name, node in nodes.items()}
        schema, _, table = dataset.partition(".")
        self.schema.setdefault(schema, {}).setdefault(table, dict.fromkeys(nodes, "varchar"))
        self.edges |= found
        return found


def schema_of(connection: Any) -> dict[str, dict[str, dict[str, str]]]:
    """Columns and types of everything in a warehouse: schema -> table -> column -> type."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    rows = connection.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns order by ordinal_position"
    ).fetchall()
    for schema, table, column, kind in rows:
        found.setdefault(schema, {}).setdefault(table, {})[column] = kind
    return found


def keep_edges(connection: Any, edges: Edges) -> None:
    """Put the edges of some datasets into a warehouse, in place of what was known of them."""
    connection.execute(
        f'create table if not exists {EDGES} (dataset varchar, "column" varchar, from_dataset varchar, from_column varchar)'
    )
    rows = [(to.dataset, to.column, source.dataset, source.column) for to, sources in edges.items() for source in sources]
    if rows:
        connection.execute(f"delete from {EDGES} where list_contains(?, dataset)", [sorted({row[0] for row in rows})])
        connection.execute(
            f"insert into {EDGES} select unnest(?), unnest(?), unnest(?), unnest(?)", [*map(list, zip(*rows, strict=True))]
        )


def declared_edges(path: Path = DECLARED) -> Edges:
    """What is declared of datasets that Python makes: `derived.<dataset>` and what its columns are made of."""
    edges: Edges = {}
    for dataset, columns in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
        for column, sources in columns.items():
            edges[ColumnRef(dataset, column)] = tuple(_ref(source) for source in sources)
    return edges


def edges_of(connection: Any) -> Edges:
    """Everything known of where columns come from: what dbt compiled, and what is declared."""
    edges = declared_edges()
    for dataset, column, from_dataset, from_column in connection.execute(f"from {EDGES} order by all").fetchall():
        to = ColumnRef(dataset, column)
        edges[to] = (*edges.get(to, ()), ColumnRef(from_dataset, from_column))
    return edges


def _ref(text: str) -> ColumnRef:
    dataset, _, column = text.rpartition(".")
    return ColumnRef(dataset, column)


def _without_catalog(query: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    for table in query.find_all(exp.Table):
        table.set("catalog", None)
    return query


def _stored(node: Node) -> tuple[ColumnRef, ...]:
    """The columns of stored tables at the ends of a column's lineage; none for a constant or a count of rows."""
    from sqlglot import exp

    found = set()
    for leaf in (each for each in node.walk() if not each.downstream and isinstance(each.expression, exp.Table)):
        schema = leaf.expression.args["db"].name
        found.add(ColumnRef(f"{schema}.{leaf.expression.name}", leaf.name.rpartition(".")[2].strip('"')))
    return tuple(sorted(found))
