"""What changed between two releases: rows, schemas, opportunities, forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

FORECAST_KEY = ["region_code", "occupation_code", "scenario", "target_month"]


@dataclass(frozen=True)
class ReleaseDiff:
    """Differences from release `a` to release `b`."""

    a: str
    b: str
    rows: dict[str, tuple[int, int]]
    schema: dict[str, list[str]]
    opportunities: dict[str, dict[str, int]]
    forecast: dict[str, float] | None

    def as_json(self) -> dict[str, Any]:
        """A plain value."""
        return vars(self)


def compare_releases(a: Path, b: Path) -> ReleaseDiff:
    """Compare two release folders."""
    before, after = _datasets(a), _datasets(b)
    names = sorted(before.keys() | after.keys())
    rows = {name: (_rows(before.get(name)), _rows(after.get(name))) for name in names}
    schema = {name: changes for name in names if (changes := _schema_changes(before.get(name), after.get(name)))}
    opportunities = {
        name: _opportunity_changes(pl.read_parquet(before[name]), pl.read_parquet(after[name]))
        for name in ("job_opportunity", "education_opportunity")
        if name in before and name in after
    }
    forecast = None
    if "forecast_vacancies" in before and "forecast_vacancies" in after:
        forecast = _forecast_moves(pl.read_parquet(before["forecast_vacancies"]), pl.read_parquet(after["forecast_vacancies"]))
    return ReleaseDiff(a.name, b.name, rows, schema, opportunities, forecast)


def _datasets(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("parquet/*/*.parquet"))}


def _rows(path: Path | None) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item()) if path else 0


def _schema_changes(before: Path | None, after: Path | None) -> list[str]:
    if before is None or after is None:
        return ["new dataset" if before is None else "dataset gone"]
    old, new = pl.read_parquet_schema(before), pl.read_parquet_schema(after)
    changes = [f"column {name} gone" for name in old if name not in new] + [
        f"column {name} new" for name in new if name not in old
    ]
    return changes + [f"column {name}: {old[name]} is now {new[name]}" for name in old if name in new and old[name] != new[name]]


def _opportunity_changes(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, int]:
    old, ever = set(before.filter("active")["opportunity_id"]), set(before["opportunity_id"])
    new = set(after.filter("active")["opportunity_id"])
    titles = before.join(after, on="opportunity_id", suffix="_after").filter(pl.col("opportunity_id").is_in(list(old & new)))
    return {
        "carried": len(old & new),
        "minted": len(new - ever),
        "reactivated": len((new & ever) - old),
        "retired": len(old - new),
        "retitled": titles.filter(pl.col("title_fi") != pl.col("title_fi_after")).height,
    }


def _forecast_moves(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, float]:
    """How the forecasts of the same targets moved."""
    both = before.join(after, on=FORECAST_KEY, suffix="_after")
    if both.is_empty():
        return {"common": 0}
    move = ((pl.col("mean_after") - pl.col("mean")).abs() / pl.col("mean").clip(lower_bound=1)) * 100
    outside = ~pl.col("mean_after").is_between(pl.col("q10"), pl.col("q90"))
    figures = both.select(median_move_pct=move.median(), largest_move_pct=move.max(), outside_80_pct=100 * outside.mean())
    return {"common": len(both)} | {name: round(float(value), 2) for name, value in figures.row(0, named=True).items()}
