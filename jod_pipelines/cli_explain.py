"""`jod explain`: where a column comes from, back to the documents of its sources."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from jod_pipelines.explain import Step
from jod_pipelines.explain import explain as follow
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings


def explain(
    name: Annotated[str, typer.Argument(metavar="DATASET.COLUMN", help="a column of a mart or a published dataset")],
    row: Annotated[str | None, typer.Option(metavar="KEY", help="key of one row, values joined by commas")] = None,
    home: Annotated[Path | None, typer.Option("--home", help="home folder; default $JOD_HOME or ./.jod")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable output")] = False,
) -> None:
    """Where a column comes from: through marts and staging back to the landing, its source and the documents it sent."""
    step = follow(Platform(load_settings(home=home)), name, row)
    if as_json:
        print(json.dumps(step.as_json(), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(_tree(step, None, set(), of_row=row is not None))


def _tree(step: Step, onto: Tree | None, told: set[str], *, of_row: bool) -> Tree:
    """The way of a column as a tree; the documents of a snapshot are told once."""
    label = f"{escape(step.dataset)}.[bold]{escape(step.column)}[/bold]" + (" (as above)" if step.seen else "")
    tree = onto.add(label) if onto is not None else Tree(label)
    if step.source is not None and not step.seen:
        _add_source(tree, step, told, of_row=of_row)
    elif not step.made_from and not step.seen:
        listed = step.dataset.startswith("reference.")
        unknown = "a constant, a count, the method's own, or SQL that cannot be followed"
        tree.add(f"[dim]{'an official list kept in the code' if listed else unknown}[/dim]")
    for source in step.made_from:
        _tree(source, tree, told, of_row=of_row)
    return tree


def _add_source(tree: Tree, step: Step, told: set[str], *, of_row: bool) -> None:
    said = f" ({step.attribution})" if step.attribution else ""
    origin = tree.add(f"[green]{escape(str(step.source))}[/green]{escape(said)}")
    if step.snapshot is None:
        origin.add("[dim]nothing has landed[/dim]")
        return
    if step.snapshot in told:
        origin.add(f"[dim]snapshot {step.snapshot}, documents as above[/dim]")
        return
    told.add(step.snapshot)
    which = f"{len(step.documents)} of this row, of" if of_row else f"first {len(step.documents)} of"
    if of_row and not step.documents:
        which = "not told by the key of the row; there are"
    documents = origin.add(f"snapshot {step.snapshot}, documents: {which} {step.documents_total}")
    for document in step.documents:
        documents.add(escape(f"{document.key}: {document.request}, {document.fetched_at}, sha256 {document.sha256[:12]}…"))
