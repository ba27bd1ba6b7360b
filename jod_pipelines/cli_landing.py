"""`jod landing`: look into the raw archive, check it, erase from it, let a held snapshot serve."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jod_pipelines.errors import JodError, SettingsError, SourceError
from jod_pipelines.settings import load_settings

if TYPE_CHECKING:  # what is slow to import waits for the command that needs it
    from jod_pipelines.landing.archive import LandedResource
    from jod_pipelines.platform import Platform
    from jod_pipelines.sources.resource import Resource

landing_app = typer.Typer(help="The raw archive: what landed, whether it is whole, what is held.", no_args_is_help=True)

HomeOption = Annotated[Path | None, typer.Option("--home", help="home folder; default $JOD_HOME or ./.jod")]
JsonOption = Annotated[bool, typer.Option("--json", help="machine-readable output")]
LabelArgument = Annotated[str, typer.Argument(metavar="SOURCE/RESOURCE")]
MaybeLabelArgument = Annotated[str | None, typer.Argument(metavar="[SOURCE/RESOURCE]")]


@landing_app.command("ls")
def list_landed(label: MaybeLabelArgument = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Resources with their snapshots, documents and sizes; of one resource every snapshot, and which serves."""
    platform = _platform(home)
    rows = [_summary(landed) for landed in _landed(platform, None)] if label is None else _snapshots(_landed(platform, label)[0])
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        print("nothing has landed in this home folder; run `jod run`")
        return
    table = Table(*(name.replace("_", " ") for name in rows[0]), box=None, header_style="bold")
    for row in rows:
        table.add_row(*(escape("" if value is None else str(value)) for value in row.values()))
    _console().print(table)


@landing_app.command()
def show(
    label: LabelArgument,
    key: Annotated[str | None, typer.Argument(help="a document's key; without it the keys are listed")] = None,
    snapshot: Annotated[str | None, typer.Option(help="another snapshot than the serving one")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="the stored bytes and nothing else")] = False,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="the rows its contract refused")] = False,
    drift: Annotated[bool, typer.Option("--drift", help="departures from what was known, each told once")] = False,
    home: HomeOption = None,
) -> None:
    """A document as it landed: how it was fetched, and its body."""
    landed = _landed(_platform(home), label)[0]
    if quarantine or drift:
        for row in landed.told() if drift else _quarantined(landed):
            if key is None or key in str(row.get("source_document", row.get("document"))):
                print(json.dumps(row, ensure_ascii=False, default=str))
        return
    chosen = landed.snapshot(landed.resolve(snapshot) or snapshot) if snapshot else landed.current()
    if chosen is None:
        raise SourceError(f"{label}: no snapshot serves yet; see `jod landing ls {label}`")
    if key is None:
        print("\n".join(chosen.entries))
        return
    if key not in chosen.entries:
        raise SourceError(f"{label}: snapshot {chosen.id} has no document {key!r}; `jod landing show {label}` lists them")
    body = next(landed.read(chosen, [key])).body
    if raw:
        sys.stdout.buffer.write(body)
        return
    entry = chosen.entries[key]
    for name in ("key", "request", "status", "fetched_at", "bytes", "sha256", "change_key", "dropped", "code_version"):
        value = getattr(entry, name)
        print(f"{name:<13} {', '.join(value) if isinstance(value, tuple) else value}")
    print()
    print(_pretty(body))


@landing_app.command()
def verify(label: MaybeLabelArgument = None, home: HomeOption = None) -> None:
    """Recompute every hash and follow every reference; the exit code says whether anything is damaged."""
    from jod_pipelines.landing.integrity import problems_of

    damaged: list[str] = []
    for landed in _landed(_platform(home), label):
        found = problems_of(landed)
        for problem in found:
            print(f"{landed.label}: {problem}")
        damaged += [f"{landed.label}: {problem}" for problem in found if problem.damage]
        if not found:
            print(f"{landed.label}: whole, {len(landed.snapshot_ids())} snapshots")
    if damaged:
        raise SourceError(
            f"{len(damaged)} things in the landing are damaged, first {damaged[0]}",
            "delete the objects named; the next run fetches them again, unless the source has changed them meanwhile",
        )


@landing_app.command()
def erase(
    label: LabelArgument,
    erased_id: Annotated[str, typer.Argument(metavar="ID", help="an item's id (a posting's), or a document's key")],
    reason: Annotated[str, typer.Option(help="why, for the tombstone")],
    home: HomeOption = None,
) -> None:
    """Erase content on duty: from every snapshot, for good, with a tombstone; it never lands again."""
    from jod_pipelines.ingest import erase as erase_id

    if not reason.strip():
        raise SettingsError("--reason must say why; it stays in the tombstone")
    platform = _platform(home)
    bodies = erase_id(_resource(platform, label), platform, erased_id, reason)
    print(f"{label}: {erased_id} erased from {bodies} stored bodies; it will not land again")
    print("the warehouse and the next release follow at the next `jod run`; releases made before still hold it")


@landing_app.command()
def accept(
    label: LabelArgument, reason: Annotated[str, typer.Option(help="why, for the history")] = "", home: HomeOption = None
) -> None:
    """Let the snapshot serve that the size guard or a drift verb holds. Nothing is fetched."""
    from jod_pipelines.ingest import accept as accept_held

    platform = _platform(home)
    outcome = accept_held(_resource(platform, label), platform, reason)
    print(f"{label}: snapshot {outcome.snapshot} serves; rows {outcome.rows}")


def _platform(home: Path | None) -> Platform:
    from jod_pipelines.platform import Platform

    return Platform(load_settings(home=home))


def _landed(platform: Platform, label: str | None) -> list[LandedResource]:
    known = platform.archive.labels()
    if label is not None and label not in known:
        listed = f"; landed are {', '.join(known)}" if known else "; nothing has landed in this home folder"
        raise JodError(f"nothing has landed of {label!r}{listed}")
    return [platform.archive.resource(*name.split("/")) for name in ([label] if label else known)]


def _resource(platform: Platform, label: str) -> Resource:
    from jod_pipelines.sources import all_resources

    known = {resource.label: resource for resource in all_resources(platform.settings)}
    if label not in known:
        raise JodError(f"there is no resource {label!r}; there are {', '.join(sorted(known))}")
    return known[label]


def _summary(landed: LandedResource) -> dict[str, Any]:
    current, held = landed.current(), landed.held()
    return {
        "resource": landed.label,
        "snapshots": len(landed.snapshot_ids()),
        "serves": current.id if current else None,
        "documents": len(current.entries) if current else 0,
        "bytes": current.bytes if current else 0,
        "stored_bytes": sum(path.stat().st_size for path in landed.root.glob("objects/*/*.zst")),
        "fetched_at": current.fetched_at[:19] if current else None,
        "held": held["snapshot"] if held else None,
        "erased": len(landed.erased_ids()),
    }


def _snapshots(landed: LandedResource) -> list[dict[str, Any]]:
    pointer, held = landed.derived / "current", landed.held()
    serving = pointer.read_text().strip() if pointer.exists() else None
    served = {line["snapshot"]: line for line in landed.history()}
    rows = []
    for snapshot in map(landed.snapshot, landed.snapshot_ids()):
        line = served.get(snapshot.id, {})
        waits = held is not None and held["snapshot"] == snapshot.id
        rows.append(
            {
                "snapshot": snapshot.id,
                "state": "serves" if snapshot.id == serving else "held" if waits else "served" if line else "never served",
                "served_from": line.get("served_at", "")[:26],
                "documents": len(snapshot.entries),
                "bytes": snapshot.bytes,
                "fetched_at": snapshot.fetched_at[:19],
                "note": held["reason"] if held and waits else line.get("accepted_because", ""),
            }
        )
    return sorted(rows, key=lambda row: (row["served_from"] or "9", row["snapshot"]))


def _quarantined(landed: LandedResource) -> list[dict[str, Any]]:
    import polars as pl

    tables = sorted({path.parent.name for path in landed.derived.glob("quarantine/*/*.parquet")})
    return [{"table": table, **row} for table in tables for row in pl.read_parquet(landed.quarantine_files(table)).to_dicts()]


def _pretty(body: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)
