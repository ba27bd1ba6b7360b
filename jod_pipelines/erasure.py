"""Erasure by duty: what a source withdrew leaves the landing, with a tombstone that says which, when and why.

The warehouse and the next release are built from the landing and lose it with it. Releases hold no content of single
items by contract, so older ones stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jod_pipelines.landing.archive import Failed, Fetched, LandedResource, Snapshot, Unchanged
from jod_pipelines.sources.resource import Resource, Withdrawn


def set_withdrawn_aside(
    documents: Iterable[Fetched | Unchanged | Failed | Withdrawn], reasons: dict[str, str]
) -> Iterator[Fetched | Unchanged | Failed]:
    """Hand documents on; what a source says it withdrew goes to `reasons`, by id."""
    for document in documents:
        if isinstance(document, Withdrawn):
            reasons[document.item_id] = document.reason
        else:
            yield document


def erase(resource: Resource, landed: LandedResource, snapshot: Snapshot, reasons: dict[str, str]) -> tuple[Snapshot, int]:
    """A snapshot whose documents no longer hold the withdrawn items, and how many items it held.

    What held them is deleted when the new snapshot serves. Items that nothing holds are passed over: they were erased
    before, or never landed.
    """
    if resource.ids_in is None or resource.without is None or not reasons:
        return snapshot, 0
    rewritten: list[Fetched] = []
    found: dict[str, str] = {}
    for document in landed.read(snapshot):
        held = reasons.keys() & resource.ids_in(document.body)
        if held:
            found |= {item_id: reasons[item_id] for item_id in held}
            entry = snapshot.entries[document.key]
            body = resource.without(document.body, held)
            rewritten.append(
                Fetched(entry.key, body, entry.request, entry.status, entry.fetched_at, entry.change_key, entry.dropped)
            )
    return (landed.erase(snapshot, rewritten, found, found), len(found)) if found else (snapshot, 0)


def keep_only_serving(resource: Resource, landed: LandedResource) -> None:
    """Of a source that withdraws items keep the serving snapshot only.

    Manifests and objects of runs that died, failed or were held hold content that nobody would look for when it is
    withdrawn later.
    """
    current = landed.current()
    if resource.without is None or current is None:
        return
    wanted = {entry.sha256 for entry in current.entries.values()}
    for path in (landed.root / "snapshots").glob("*.jsonl.gz"):
        if path.name != f"{current.id}.jsonl.gz":
            path.unlink()
    for pattern in ("objects/*/*", "typed/*/*.parquet", "quarantine/*/*.parquet"):
        for path in landed.root.glob(pattern):
            if path.name.split(".")[0] not in wanted:
                path.unlink()
