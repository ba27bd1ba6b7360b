"""Prints what became of every fault."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Outcomes by what went wrong, with nothing landed before and with an older snapshot, and their totals."""
    ended: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    faults = set()
    for status in ("passed", "failed"):
        for report in terminalreporter.stats.get(status, []):
            told = dict(report.user_properties)
            if "fault" not in told:
                continue
            endpoint, what = told["fault"].split(": ", 1)
            outcome = told.get("outcome", "LOST")
            ended[(what, outcome)][endpoint] += 1
            totals[outcome] += 1
            faults.add(told["fault"])
    if not faults:
        return
    terminalreporter.section("faults")
    for (what, outcome), endpoints in sorted(ended.items()):
        terminalreporter.write_line(f"{outcome:<14} {what:<52} {', '.join(sorted(endpoints))}")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in totals.most_common())
    terminalreporter.write_line(f"{len(faults)} faults, each with and without an older snapshot: {counts}")
