"""What the platform remembers between runs: how each source and product fared, and when.

One small JSON file per subject, written atomically. Nothing here is needed to rebuild data; the identity registry,
which is, lives beside these files and is backed up with every release.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jod_pipelines.errors import JodError
from jod_pipelines.landing.archive import write_atomically


@dataclass
class Health:
    """How one source resource or product fared last.

    `broken_since` is set while the last attempt failed; times are ISO 8601 UTC.
    """

    subject: str
    kind: str
    outcome: str
    message: str = ""
    last_attempt: str | None = None
    last_success: str | None = None
    last_change: str | None = None
    broken_since: str | None = None


class State:
    """The `state/` folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def record(self, subject: str, kind: str, outcome: str, message: str = "") -> Health:
        """Remember an attempt.

        Args:
            outcome: changed or unchanged (success), skipped (nothing to do), failed, held or stale (broken).
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        health = self._read(kind, subject) or Health(subject, kind, outcome)
        broken = outcome in ("failed", "held", "stale")
        health.outcome, health.message, health.last_attempt = outcome, message, now
        health.broken_since = (health.broken_since or now) if broken else None
        if outcome in ("changed", "unchanged"):
            health.last_success = now
        if outcome == "changed":
            health.last_change = now
        self.write(self._name(kind, subject), asdict(health))
        return health

    def all_health(self) -> list[Health]:
        """Every subject, sources first, by name."""
        found = [Health(**_load(path)) for path in sorted(self.root.glob("health/*.json"))]
        return sorted(found, key=lambda health: (health.kind != "source", health.subject))

    def read(self, name: str) -> Any:
        """A remembered JSON value, or None."""
        path = self.root / f"{name}.json"
        return _load(path) if path.exists() else None

    def write(self, name: str, value: Any) -> None:
        """Remember a JSON value under a name."""
        write_atomically(self.root / f"{name}.json", json.dumps(value, ensure_ascii=False, indent=1).encode())

    def _read(self, kind: str, subject: str) -> Health | None:
        value = self.read(self._name(kind, subject))
        return Health(**value) if value else None

    @staticmethod
    def _name(kind: str, subject: str) -> str:
        return f"health/{kind}.{subject.replace('/', '.')}"


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise JodError(
            f"{path} is damaged; put it back from state/backup, or delete it when it is not an identity", str(error)
        ) from None
