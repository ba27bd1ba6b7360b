"""What changed between two releases: rows, schemas, opportunities with their story in words, forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines.forecasting.labour_market import MEASURES
from jod_pipelines.publication.release import read_package

OPPORTUNITIES = {"job": "job_opportunity", "education": "education_opportunity"}
STORY_ORDER = ("split", "merged", "minted", "reactivated", "retired", "retitled")
HISTORY = "labour_market_monthly"
SERIES = ["region_code", "occupation_code"]
MOST_MOVES = 10
"""Series told of each forecast."""
MODEL = "labour_market_forecast"
FORECAST_KEY = ["region_code", "occupation_code", "scenario", "target_month"]


@dataclass(frozen=True)
class ReleaseDiff:
    """Differences from release `a` to release `b`.

    `story` tells, per kind of opportunity, a sentence for each that was not just carried on, by the titles people know;
    `forecast` how far forecasts of the same targets moved, `forecasts` the same by dataset; `forecast_moves` those that
    moved most with the reasons, see `explain_moves`.
    """

    a: str
    b: str
    rows: dict[str, tuple[int, int]]
    schema: dict[str, list[str]]
    opportunities: dict[str, dict[str, int]]
    story: dict[str, list[str]]
    forecast: dict[str, float] | None
    forecasts: dict[str, dict[str, float]]
    forecast_moves: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """A plain value."""
        return vars(self)


def compare_releases(a: Path, b: Path) -> ReleaseDiff:
    """Compare two release folders."""
    before, after = _datasets(a), _datasets(b)
    names = sorted(before.keys() | after.keys())
    rows = {name: (_rows(before.get(name)), _rows(after.get(name))) for name in names}
    schema = {name: changes for name in names if (changes := _schema_changes(before.get(name), after.get(name)))}
    opportunities, story = {}, {}
    lineage = lineage_between(a, b)
    for kind, name in OPPORTUNITIES.items():
        if name in before and name in after:
            old, new = pl.read_parquet(before[name]), pl.read_parquet(after[name])
            opportunities[name] = _opportunity_changes(old, new)
            story[name] = tell(old, new, lineage.filter(opportunity_kind=kind))
    moved: dict[str, pl.DataFrame] = {}
    most: list[dict[str, Any]] = []
    for forecast, (measure, unit) in MEASURES.items():
        name = f"forecast_{forecast}"
        if name in before and name in after:
            said, says = pl.read_parquet(before[name]), pl.read_parquet(after[name])
            moved[name] = said.join(says, on=FORECAST_KEY, suffix="_after")
            if HISTORY in before and HISTORY in after:
                knew, knows = (pl.read_parquet(each[HISTORY]).filter(measure=measure) for each in (before, after))
                told = explain_moves(said, says, knew, knows, made_otherwise(_models(before), _models(after)))
                most += told.with_columns(forecast=pl.lit(forecast), unit=pl.lit(unit)).to_dicts()
    together = _how_far(pl.concat(moved.values())) if moved else None
    by_dataset = {name: _how_far(both) for name, both in moved.items()}
    return ReleaseDiff(a.name, b.name, rows, schema, opportunities, story, together, by_dataset, most)


def _models(datasets: dict[str, Path]) -> pl.DataFrame | None:
    return pl.read_parquet(datasets["model"]) if "model" in datasets else None


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


def lineage_between(a: Path, b: Path) -> pl.DataFrame:
    """What happened to opportunities in each release after `a` up to `b`, oldest first, as far as the releases are still there.

    Returns:
        opportunity_kind, opportunity_id, event, from_ids, overlap; empty when `a` is no ancestor of `b`.
    """
    found: list[pl.DataFrame] = []
    folder: Path | None = b
    while folder is not None and folder.name != a.name:
        path = _datasets(folder).get("opportunity_lineage")
        package = folder / "datapackage.json"
        if path is None or not package.exists():
            return LINEAGE.clone()
        found.append(pl.read_parquet(path).select(LINEAGE.columns))
        parent = read_package(package).get("parent_release")
        folder = b.parent / parent if parent else None
    return pl.concat([LINEAGE, *reversed(found)]) if folder is not None else LINEAGE.clone()


LINEAGE = pl.DataFrame(
    schema={
        "opportunity_kind": pl.String(),
        "opportunity_id": pl.String(),
        "event": pl.String(),
        "from_ids": pl.List(pl.String()),
        "overlap": pl.Float64(),
    }
)


def tell(before: pl.DataFrame, after: pl.DataFrame, lineage: pl.DataFrame) -> list[str]:
    """The story of the opportunities of one kind, one sentence each, in order of event and then of size.

    Args:
        before, after: rows of `job_opportunity` or `education_opportunity` of the two releases.
        lineage: see `lineage_between`; without it a split or a merger cannot be told from what is new or gone.
    """
    columns = ("opportunity_id", "title_en", "members", "active", "last_seen")
    old = {row["opportunity_id"]: row for row in before.select(columns).to_dicts()}
    new = {row["opportunity_id"]: row for row in after.select(columns).to_dicts()}
    is_there = {key for key, row in new.items() if row["active"]}
    was_there = {key for key, row in old.items() if row["active"]}

    def title(key: str) -> str:
        return f"\u201c{(old.get(key) or new.get(key) or {'title_en': key})['title_en']}\u201d"

    told: dict[str, list[tuple[int, str]]] = {event: [] for event in STORY_ORDER}
    taken_in: set[str] = set()
    for row in lineage.filter(pl.col("event").is_in(["split", "merged"])).to_dicts():
        key, sources = row["opportunity_id"], ", ".join(title(source) for source in row["from_ids"])
        part = f"{100 * (row['overlap'] or 0):.0f} %"
        if row["event"] == "split" and key in is_there - was_there:
            members = new[key]["members"]
            told["split"].append(
                (members, f"{title(key)} ({members} members) split from {sources}: {part} of its members came from there")
            )
        if row["event"] == "merged" and key in is_there and set(row["from_ids"]) & was_there - is_there:
            taken_in |= set(row["from_ids"]) - is_there
            grew = f"{old[key]['members']} \u2192 {new[key]['members']}" if key in was_there else f"{new[key]['members']}"
            told["merged"].append(
                (new[key]["members"], f"{title(key)} ({grew} members) took in {part} of the members of {sources}")
            )
    parts = set(lineage.filter(event="split")["opportunity_id"])
    stands_in = {row["opportunity_id"]: row["from_ids"] for row in lineage.filter(event="minted").to_dicts() if row["from_ids"]}
    for key in is_there - was_there:
        members = new[key]["members"]
        if key in old:
            told["reactivated"].append((members, f"{title(key)} ({members} members) is back, last seen {old[key]['last_seen']}"))
        elif key in stands_in:
            taken_in |= set(stands_in[key])
            replaced = ", ".join(map(title, stands_in[key]))
            told["minted"].append(
                (members, f"{title(key)} ({members} members) stands in the place of {replaced}, with another id")
            )
        elif key not in parts:
            told["minted"].append((members, f"{title(key)} ({members} members) is new"))
    for key in was_there - is_there - taken_in:
        members = old[key]["members"]
        told["retired"].append((members, f"{title(key)} ({members} members) is no more"))
    for key in was_there & is_there:
        if old[key]["title_en"] != new[key]["title_en"]:
            told["retitled"].append((new[key]["members"], f"{title(key)} is now called \u201c{new[key]['title_en']}\u201d"))
    return [sentence for event in STORY_ORDER for _, sentence in sorted(told[event], key=lambda item: (-item[0], item[1]))]


def _how_far(both: pl.DataFrame) -> dict[str, float]:
    """How the forecasts of the same targets moved."""
    if both.is_empty():
        return {"common": 0}
    move = ((pl.col("mean_after") - pl.col("mean")).abs() / pl.col("mean").clip(lower_bound=1)) * 100
    outside = ~pl.col("mean_after").is_between(pl.col("q10"), pl.col("q90"))
    figures = both.select(median_move_pct=move.median(), largest_move_pct=move.max(), outside_80_pct=100 * outside.mean())
    return {"common": len(both)} | {name: round(float(value), 2) for name, value in figures.row(0, named=True).items()}


def made_otherwise(before: pl.DataFrame | None, after: pl.DataFrame | None) -> list[str]:
    """What makes the forecasts differently now: `new code`, `other settings`.

    Args:
        before, after: rows of `model` of two releases; None of a release older than that dataset.
    """
    both = [frame.filter(model_name=MODEL) if frame is not None else None for frame in (before, after)]
    if any(frame is None or frame.is_empty() for frame in both):
        return ["code or settings"]
    old, new = (frame.row(0, named=True) for frame in both if frame is not None)
    words = {"code_version": "new code", "settings": "other settings"}
    return [word for column, word in words.items() if old[column] != new[column]]


def explain_moves(
    said: pl.DataFrame, says: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame, otherwise: list[str]
) -> pl.DataFrame:
    """The series whose forecasts moved most, and why, by what the two releases knew of the same months.

    Args:
        said, says: forecasts of the two releases.
        before, after: region_code, occupation_code, month, value that the two releases knew.
        otherwise: what makes them differently now, see `made_otherwise`.

    Returns:
        region_code, occupation_code, move (in the unit of the forecast, the mean over common targets, without sign), reasons:
        `revised data` (a month both knew differs, or is known by one only), `new data` (later months), `data of other series`
        where only those changed, for errors are pooled and parts follow totals; what is in `otherwise`; `another model`, which
        follows from the others. At most MOST_MOVES rows, the largest first.
    """
    both = said.join(says, on=FORECAST_KEY, suffix="_after")
    moved = both.group_by(SERIES).agg(
        move=(pl.col("mean_after") - pl.col("mean")).abs().mean(), another=(pl.col("model_after") != pl.col("model")).any()
    )
    old, new = (history.select(*SERIES, "month", "value") for history in (before, after))
    newest = old.drop_nulls("value")["month"].max()
    changes = old.join(new, on=[*SERIES, "month"], how="full", coalesce=True, suffix="_after").filter(
        ~pl.col("value").eq_missing(pl.col("value_after"))
    )
    later = pl.col("month") > newest if newest is not None else pl.lit(value=True)
    data = changes.group_by(SERIES).agg(revised=(~later).any(), new=later.any())
    own = pl.col("revised") | pl.col("new")
    reasons = pl.concat_list(
        pl.when("revised").then(pl.lit("revised data")),
        pl.when("new").then(pl.lit("new data")),
        pl.when(~own & pl.lit(len(changes) > 0)).then(pl.lit("data of other series")),
        *map(pl.lit, otherwise),
        pl.when("another").then(pl.lit("another model")),
    ).list.drop_nulls()
    return (
        moved.filter(pl.col("move") > 0)
        .join(data, on=SERIES, how="left")
        .with_columns(pl.col("revised", "new").fill_null(value=False))
        .select(*SERIES, pl.col("move").round(2), reasons=reasons)
        .sort("move", *SERIES, descending=[True, False, False])
        .head(MOST_MOVES)
    )
