"""`jod contracts`: check them, make what is generated from them, explain a column."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jod_pipelines.errors import ContractError

contracts_app = typer.Typer(help="Data contracts and what is generated from them.", no_args_is_help=True)


@contracts_app.command("check")
def contracts_check() -> None:
    """Name every defect of the contracts and every generated file that is out of date; stop with an error when there is one."""
    from jod_pipelines.contracts.check import defects
    from jod_pipelines.contracts.generated import changes
    from jod_pipelines.contracts.model import CONTRACTS, load_contracts

    found = [str(defect) for defect in defects()]
    if not found:
        project = CONTRACTS.parent
        for change in changes():
            state = "is of no contract any more" if change.text is None else "is out of date"
            found.append(f"{change.path.relative_to(project)} {state}; run `jod contracts generate`")
    if found:
        raise ContractError(f"{len(found)} {'defect' if len(found) == 1 else 'defects'}, first {found[0]}", "\n".join(found[1:]))
    contracts = load_contracts()
    columns = sum(len(table.columns) for tables in contracts.values() for table in tables.values())
    counts = ", ".join(f"{len(tables)} {layer} tables" for layer, tables in contracts.items())
    print(f"contracts are sound: {counts}, {columns} columns described in three languages")


@contracts_app.command("generate")
def contracts_generate() -> None:
    """Write everything in the repository that is generated from the contracts."""
    from jod_pipelines.contracts.generated import changes

    for change in changes():
        change.apply()
        print(f"{'removed' if change.text is None else 'wrote'} {change.path.name}")


@contracts_app.command("explain")
def contracts_explain(
    name: Annotated[str, typer.Argument(metavar="DATASET.COLUMN", help="a column, or a dataset alone")],
    lang: Annotated[str, typer.Option(help="fi, sv or en")] = "en",
) -> None:
    """What a column means and promises: type, unit, codes, rules with their reasons, who may see it, where else it is."""
    from jod_pipelines.contracts.explain import explain_column, explain_table, find

    table, column = find(name)
    print("\n".join(explain_table(table, lang) if column is None else explain_column(table, column, lang)))


@contracts_app.command("pages")
def contracts_pages(folder: Annotated[Path, typer.Argument(help="where to write the dictionary")]) -> None:
    """Write the dictionary of every contract as web pages in three languages."""
    from jod_pipelines.contracts.dictionary import write_dictionary
    from jod_pipelines.contracts.model import load_contracts

    pages = write_dictionary(folder, [table for tables in load_contracts().values() for table in tables.values()])
    print(f"{pages} pages, first {folder / 'index.html'}")
