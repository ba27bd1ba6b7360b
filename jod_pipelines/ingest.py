"""Takes one resource from its source to typed tables in the landing, under its contract."""

from __future__ import annotations

import gc
import getpass
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import polars as pl

from jod_pipelines.contracts.model import landing_table
from jod_pipelines.deriving import NOTES, Derived, count, derive, quarantine_files, refusals, same_code, serve, stamp, typed_now
from jod_pipelines.errors import ContractError, HeldError, SourceError, SourceSkipped
from jod_pipelines.landing.archive import Arriving, Erasure, Fetched, LandedResource, Restarted, Snapshot
from jod_pipelines.platform import Platform
from jod_pipelines.sources.resource import FetchContext, Resource, TableReader, Withdrawn


@dataclass
class IngestOutcome:
    """What became of one resource.

    `status`: changed, unchanged, skipped (nothing to fetch by configuration) or stale (the source failed, or sent
    less than its contract allows; the last good snapshot serves).
    """

    label: str
    status: str
    message: str = ""
    snapshot: str | None = None
    documents: int = 0
    bytes: int = 0
    requests: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    erased: int = 0
    drift: list[str] = field(default_factory=list)
    seconds: float = 0.0


def ingest(resource: Resource, platform: Platform) -> IngestOutcome:
    """Fetch what changed, land it raw, derive typed tables, keep what breaks the contract in quarantine.

    The serving snapshot moves only when everything is in place. A source that fails while an older snapshot serves
    makes the outcome `stale`; without one the error goes up. In a replay nothing is fetched: the snapshot of that time is
    derived with today's code.

    Raises:
        SourceError: the source failed and nothing of it has ever landed.
        HeldError, ContractError: as SourceError, because of the contract.
    """
    if platform.settings.replay is not None:
        return _replay(resource, platform, platform.settings.replay)
    with _patient_collector():
        return _ingest(resource, platform)


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let Python look for cycles rarely: parsed documents have none, and looking for them costs half of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _ingest(resource: Resource, platform: Platform) -> IngestOutcome:
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    before = landed.current()
    client = platform.client(resource.system)
    requests_before = client.requests_made
    reader = _reader(platform)
    present = landed.present(before)
    trusted = _trusted(resource, platform, landed, present)
    context = FetchContext(client, platform.settings, trusted, reader)
    outcome = IngestOutcome(resource.label, "unchanged")
    snapshot: Snapshot | None = None
    withdrawn: dict[str, str] = {}
    try:
        documents = _screened(resource, landed, _set_withdrawn_aside(resource.documents(context), withdrawn))
        snapshot = landed.store(documents, volatile=resource.volatile, keep=resource.additive)
        snapshot, before, outcome.erased = _erase_withdrawn(resource, platform, landed, snapshot, before, withdrawn)
        if before is None or snapshot.id != before.id or not typed_now(resource, landed, snapshot):
            derived = derive(resource, landed, snapshot, before, reuse=same_code(resource, landed))
            serve(resource, landed, snapshot, derived)
            outcome.quarantined, outcome.drift = derived.refused, [str(finding) for finding in derived.findings]
            outcome.message = _told(derived)
            if before is None or snapshot.content_id != before.content_id:
                outcome.status = "changed"
        landed.release()
    except SourceSkipped as skip:
        outcome.status = "skipped"
        outcome.message = "; ".join(filter(None, [str(skip), _typed_anew(resource, landed, before)]))
        platform.state.record(resource.label, "source", "skipped", outcome.message)
        return outcome
    except (SourceError, HeldError, ContractError) as error:
        if isinstance(error, HeldError) and snapshot is not None:
            landed.hold(snapshot, str(error))
        platform.state.record(resource.label, "source", "held" if isinstance(error, HeldError) else "failed", str(error))
        if before is None:
            raise
        if snapshot is None:  # what the source withdrew goes even when the rest of its answer is of no use
            _, before, outcome.erased = _erase_withdrawn(resource, platform, landed, before, before, withdrawn)
            assert before is not None
        outcome.message = "; ".join(filter(None, [str(error), _typed_anew(resource, landed, before)]))
        outcome.status, snapshot = "stale", before
    else:
        failed = f"{len(snapshot.failed)} documents failed, such as {snapshot.failed[0].error}" if snapshot.failed else ""
        outcome.message = "; ".join(filter(None, [failed, refusals(resource, landed, snapshot), outcome.message]))
        platform.state.record(resource.label, "source", outcome.status, outcome.message)
        if trusted is not present:
            platform.state.write(_asked_again(resource), snapshot.id)
    outcome.requests = client.requests_made - requests_before
    return _filled(outcome, resource, landed, snapshot, started)


def _typed_anew(resource: Resource, landed: LandedResource, serving: Snapshot | None) -> str:
    """Type what serves by today's contract and code when nothing newer can; nothing is fetched. Why it could not, in words."""
    if serving is None or typed_now(resource, landed, serving):
        return ""
    try:
        serve(resource, landed, serving, derive(resource, landed, serving, serving, reuse=False, accepted=True))
    except (SourceError, HeldError, ContractError) as error:
        return f"what serves keeps its old types: {error}"
    return ""


def accept(resource: Resource, platform: Platform, reason: str = "") -> IngestOutcome:
    """Let the snapshot that waits serve, whatever the size guard and the drift verbs say. Nothing is fetched.

    Raises:
        HeldError: nothing of the resource waits.
    """
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    held = landed.held()
    if held is None:
        raise HeldError(f"{resource.label}: nothing is held")
    snapshot = landed.snapshot(held["snapshot"])
    derived = derive(
        resource, landed, snapshot, landed.current(), reuse=same_code(resource, landed), guarded=False, accepted=True
    )
    serve(resource, landed, snapshot, derived, accepted_by=getpass.getuser(), accepted_because=reason or held["reason"])
    outcome = IngestOutcome(resource.label, "changed", f"accepted by {getpass.getuser()}: {reason or held['reason']}")
    platform.state.record(resource.label, "source", "changed", outcome.message)
    return _filled(outcome, resource, landed, snapshot, started)


def erase(resource: Resource, platform: Platform, erased_id: str, reason: str) -> int:
    """Erase one item (or one document, where items have no ids of their own) from everything that landed, for good.

    The source may go on sending it; it is dropped each time before anything is stored.

    Returns:
        How many stored bodies held it. None is no error: it is kept from landing from now on.
    """
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    by_item = resource.ids_in is not None and resource.without is not None
    plan = landed.plan_erasure(
        lambda body: _without(resource, body, {erased_id}) if by_item else None,
        [] if by_item else [erased_id],
        [erased_id],
        reason,
        getpass.getuser(),
        standing=True,
    )
    _carry_out(resource, platform, landed, plan)
    return len(plan.objects)


def _replay(resource: Resource, platform: Platform, when: str) -> IngestOutcome:
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    snapshot = platform.archive.replayed(resource.source, resource.name, when)
    outcome = IngestOutcome(resource.label, "unchanged")
    if snapshot is None:
        outcome.status, outcome.message = "skipped", f"nothing of it had landed by {when}"
        platform.state.record(resource.label, "source", outcome.status, outcome.message)
        return outcome
    before = landed.current()
    if before is None or before.id != snapshot.id or not typed_now(resource, landed, snapshot):
        outcome.quarantined = derive(resource, landed, snapshot, None, reuse=same_code(resource, landed), guarded=False).refused
        landed.serve(snapshot)
        stamp(resource, landed)
        outcome.status = "changed"
    platform.state.record(resource.label, "source", outcome.status)
    return _filled(outcome, resource, landed, snapshot, started)


def _filled(
    outcome: IngestOutcome, resource: Resource, landed: LandedResource, snapshot: Snapshot, started: float
) -> IngestOutcome:
    outcome.snapshot = snapshot.id
    outcome.documents, outcome.bytes = len(snapshot.entries), snapshot.bytes
    outcome.rows = {table: count(landed.typed_files(table)) for table in resource.tables}
    outcome.seconds = time.perf_counter() - started
    return outcome


def read_typed(platform: Platform, label: str, table: str) -> pl.LazyFrame:
    """A typed table of the serving snapshot, with its contract's columns; empty when nothing has landed."""
    source, name = label.split("/")
    files = platform.archive.resource(source, name).typed_files(table)
    if not files:
        return landing_table(source, name, table).empty().lazy()
    return pl.scan_parquet(files)


def _reader(platform: Platform) -> TableReader:
    return lambda label, table: read_typed(platform, label, table)


def _screened(resource: Resource, landed: LandedResource, documents: Iterable[Arriving]) -> Iterator[Arriving]:
    """Documents on their way in, without what a person had erased; what a source published again is noted."""
    erased, standing = landed.erased_ids(), landed.erased_ids(standing=True)
    returned: set[str] = set()
    for document in documents:
        if not erased or isinstance(document, Restarted):
            yield document
        elif document.key in standing:
            continue
        elif isinstance(document, Fetched) and resource.ids_in is not None:
            back = erased & resource.ids_in(document.body)
            returned |= back - standing
            body = _without(resource, document.body, back & standing)
            if body is None:
                yield document
            elif body:
                yield replace(document, body=body)
        else:
            yield document
    landed.note_returned(returned)


def _without(resource: Resource, body: bytes, ids: set[str]) -> bytes | None:
    """A body without the items of some ids; None when it has none of them."""
    assert resource.ids_in is not None and resource.without is not None
    held = ids & resource.ids_in(body) if ids else set()
    return resource.without(body, held) if held else None


def _set_withdrawn_aside(documents: Iterable[Arriving | Withdrawn], reasons: dict[str, str]) -> Iterator[Arriving]:
    """Hand documents on; what a source says it withdrew goes to `reasons`, by id."""
    for document in documents:
        if isinstance(document, Withdrawn):
            reasons[document.item_id] = document.reason
        else:
            yield document


def _erase_withdrawn(
    resource: Resource,
    platform: Platform,
    landed: LandedResource,
    snapshot: Snapshot,
    before: Snapshot | None,
    reasons: dict[str, str],
) -> tuple[Snapshot, Snapshot | None, int]:
    """Erase what the source has withdrawn, from every snapshot; a snapshot that the size guard holds cannot delay it."""
    if resource.ids_in is None or resource.without is None:
        return snapshot, before, 0
    new, total = reasons.keys() - landed.erased_ids(), 0
    for reason in sorted({reasons[item_id] for item_id in new}):
        ids = {item_id for item_id in new if reasons[item_id] == reason}
        found: set[str] = set()

        def without(body: bytes, ids: set[str] = ids, found: set[str] = found) -> bytes | None:
            found.update(ids & resource.ids_in(body))  # type: ignore[misc]
            return _without(resource, body, ids)

        plan = landed.plan_erasure(without, [], [], reason, "jod run")
        if found:
            plan = replace(plan, ids=tuple(sorted(found)))
            _carry_out(resource, platform, landed, plan)
            snapshot, before = landed.after(plan, snapshot), landed.after(plan, before) if before else None
            total += len(found)
    return snapshot, before, total


def _carry_out(resource: Resource, platform: Platform, landed: LandedResource, plan: Erasure) -> None:
    """Erase, with the typed tables of what serves afterwards already in place, so that readers never miss a document."""
    serving = landed.current()
    if serving is not None and landed.after(plan, serving).id != serving.id:
        derive(resource, landed, landed.after(plan, serving), serving, reuse=same_code(resource, landed), guarded=False)
    landed.forget_values(plan)
    landed.erase(plan)
    shutil.rmtree(platform.replays_folder, ignore_errors=True)


def _told(derived: Derived) -> str:
    more = [f"{len(derived.findings) - 2} more departures"] if len(derived.findings) > 2 else []
    return "; ".join([*map(str, derived.findings[:2]), *more, *derived.notes])


def _trusted(resource: Resource, platform: Platform, landed: LandedResource, before: Snapshot | None) -> Snapshot | None:
    """The serving snapshot as `fetch` should see it.

    What is in quarantine may have been broken on its way: the source is asked once more for those documents, whatever its
    change marks say. What it says twice is its own. A note of a failed document is not one that can be asked for.
    """
    if before is None or platform.state.read(_asked_again(resource)) == before.id:
        return before
    files = quarantine_files(resource, landed, before)
    if not files:
        return before
    suspects = {str(name).split(" item ")[0] for name in pl.read_parquet(files)["source_document"].drop_nulls()}
    suspects = {name for name in suspects if not name.startswith(NOTES)}
    if not suspects & before.entries.keys():
        return before
    entries = {key: replace(entry, change_key=None) if key in suspects else entry for key, entry in before.entries.items()}
    return replace(before, entries=entries)


def _asked_again(resource: Resource) -> str:
    return f"asked_again/{resource.source}.{resource.name}"
