"""Is what landed still what was sent: recomputes every hash and follows every reference."""

from __future__ import annotations

from dataclasses import dataclass

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import LandedResource, sha256_of, snapshot_id_of


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it should be. `damage` is False for what is merely superfluous."""

    kind: str
    what: str
    damage: bool = True

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def problems_of(landed: LandedResource) -> list[Problem]:
    """Everything wrong with a resource's raw archive, damage first.

    Kinds: damaged manifest, missing object, damaged object, dangling reference, unfinished erasure, extra object.
    """
    found: list[Problem] = []
    references: dict[str, str] = {}
    for snapshot_id in landed.snapshot_ids():
        try:
            snapshot = landed.snapshot(snapshot_id)
        except SourceError as error:
            found.append(Problem("damaged manifest", f"snapshot {snapshot_id} ({error.detail})"))
            continue
        if snapshot_id_of(snapshot.entries) != snapshot_id:
            found.append(Problem("damaged manifest", f"snapshot {snapshot_id} lists other documents than its id says"))
        for entry in snapshot.entries.values():
            references.setdefault(entry.sha256, f"document {entry.key} of snapshot {snapshot_id}")
    stored = {path.name.removesuffix(".zst") for path in landed.root.glob("objects/*/*.zst")}
    found += [Problem("missing object", f"{sha256}, {references[sha256]}") for sha256 in sorted(references.keys() - stored)]
    for sha256 in sorted(stored):
        whose = references.get(sha256)
        if not _is_whole(landed, sha256):
            found.append(Problem("damaged object", f"{sha256}, {whose or 'no snapshot refers to it'}"))
        elif whose is None:
            found.append(Problem("extra object", f"{sha256}, no snapshot refers to it", damage=False))
    return sorted([*found, *_dangling(landed)], key=lambda problem: not problem.damage)


def _is_whole(landed: LandedResource, sha256: str) -> bool:
    try:
        return sha256_of(landed.body(sha256)) == sha256
    except OSError:
        return False


def _dangling(landed: LandedResource) -> list[Problem]:
    known = set(landed.snapshot_ids())
    pointer, held = landed.derived / "current", landed.held()
    references = {f"history, served from {line['served_at']}": line["snapshot"] for line in landed.history()}
    if pointer.exists():
        references["current"] = pointer.read_text().strip()
    if held:
        references["held"] = held["snapshot"]
    found = [
        Problem("dangling reference", f"{name}: there is no snapshot {snapshot_id}")
        for name, snapshot_id in references.items()
        if snapshot_id not in known
    ]
    if (landed.root / "erasing.json").exists():
        found.append(Problem("unfinished erasure", "the next run completes it"))
    return found
