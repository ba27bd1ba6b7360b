"""Benchmarks: each runs this platform's way and a named peer on the same input, in the same run, and prints both.

A ratio can come out against us; that is what it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from jod_pipelines.errors import SettingsError


@dataclass(frozen=True)
class Result:
    """One side of a benchmark: who, how long, how much work, how good (in words)."""

    who: str
    seconds: float
    amount: int
    unit: str
    quality: str = ""

    @property
    def speed(self) -> float:
        """Amount per second."""
        return self.amount / self.seconds if self.seconds else float("inf")


def run_benchmarks(name: str | None, console: Console, scale: str | None = None) -> None:
    """Run one benchmark or all, and print them.

    Args:
        scale: how many postings, of those that have a choice: small, national or a number; without, each has its own.

    Raises:
        SettingsError: there is no such benchmark.
    """
    known = _benchmarks(scale)
    if name is not None and name not in known:
        raise SettingsError(f"no benchmark {name!r}; there are {', '.join(known)}")
    for title, run in known.items():
        if name in (None, title):
            _show(title, run(), console)


def _benchmarks(scale: str | None) -> dict[str, Callable[[], list[Result]]]:
    from jod_pipelines.bench import clusters, crawl, forecasts, identity, ingest, skills, warehouse

    return {
        "ingest": ingest.run_pages,
        "postings": ingest.run_postings,
        "crawl": crawl.run,
        "clusters": lambda: clusters.run(scale or "small"),
        "identity": identity.run,
        "skills": skills.run,
        "forecasts": lambda: forecasts.run(scale or "small"),
        "warehouse": lambda: warehouse.run(scale or "national"),
    }


def _show(title: str, results: list[Result], console: Console) -> None:
    ours, *peers = results
    table = Table("who", "seconds", "per second", "quality", box=None, header_style="bold")
    for result in results:
        table.add_row(result.who, f"{result.seconds:.2f}", f"{result.speed:,.0f} {result.unit}", result.quality)
    console.print(f"[bold]{title}[/bold]: {ours.amount:,} {ours.unit}")
    console.print(table)
    for peer in peers:
        console.print(f"  ours / {peer.who}: {ours.speed / peer.speed:.2f} times the speed")
