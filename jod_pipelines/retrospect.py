"""What a run keeps of how its models did: their versions, the history of opportunities, the map."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines.contracts.model import published_table
from jod_pipelines.forecasting.backtest import NAIVE
from jod_pipelines.forecasting.emerging import EMERGING, FADING, TOO_FEW
from jod_pipelines.forecasting.labour_market import MEASURES
from jod_pipelines.forecasting.scenarios import BASELINE
from jod_pipelines.model_versions import Fit, model_rows
from jod_pipelines.opportunities.history import Snapshot, evaluation_row
from jod_pipelines.opportunities.identity import Registry
from jod_pipelines.opportunities.landscape import lay_out, moved
from jod_pipelines.opportunities.tuning import tune
from jod_pipelines.platform import Platform
from jod_pipelines.products import KINDS, Plan, opportunity_material, planted_truth, previous_rows
from jod_pipelines.sources import all_resources
from jod_pipelines.warehouse.build import Warehouse

ISSUED = "issued"
FEW_SKILLS = 5
"""Skills a programme needs before it can be told from others by them."""


def keep_history(platform: Platform, plan: Plan) -> dict[str, pl.DataFrame]:
    """Evaluate this run's opportunities beside those of the release before, draw their map, keep both for dbt to take over.

    Returns:
        opportunity_evaluation (all releases, this one included) and opportunity_map.
    """
    warehouse = Warehouse(platform)
    earlier_map, earlier_skills = previous_rows(platform, "opportunity_map"), previous_rows(platform, "opportunity_skill")
    history = previous_rows(platform, "opportunity_evaluation").filter(pl.col("release_id") != plan.release_id)
    number = 1 + max(history["release_number"].to_list(), default=0)
    skills = pl.read_parquet(warehouse.derived / "opportunity_skill.parquet")
    maps, rows = [], []
    for kind in KINDS:
        own = skills.filter(opportunity_kind=kind)
        before_map = earlier_map.filter(opportunity_kind=kind)
        own_before = earlier_skills.filter(opportunity_kind=kind)
        places = lay_out(own, before_map, platform.settings.map, own_before)
        registry = Registry.from_json(kind, platform.state.read(f"identity.{kind}"))
        before = Snapshot(registry.active, own_before)
        now = Snapshot(pl.read_parquet(warehouse.derived / f"members_{kind}.parquet"), own)
        items = platform.state.read(f"quality/{kind}_opportunity")["items"]
        rows.append(evaluation_row(plan.release_id, number, plan.as_of, kind, now, items, before, moved(before_map, places)))
        maps.append(places.with_columns(opportunity_kind=pl.lit(kind)))
    newest = pl.DataFrame(rows, schema_overrides=published_table("opportunity_evaluation").polars_schema)
    kept = {"opportunity_evaluation": pl.concat([history, _shaped("opportunity_evaluation", newest)])}
    kept["opportunity_map"] = _shaped("opportunity_map", pl.concat(maps))
    for name, frame in kept.items():
        warehouse.write_derived(name, frame.sort(list(published_table(name).primary_key)))
    return kept


def keep_model_versions(platform: Platform, plan: Plan) -> pl.DataFrame:
    """Write down which models this run fitted, on what, how, and how good they are; kept as `model` for dbt to take over."""
    serving = {
        resource.label: platform.archive.resource(resource.source, resource.name).current()
        for resource in all_resources(platform.settings)
        if not resource.working
    }
    snapshots = {label: snapshot.content_id for label, snapshot in serving.items() if snapshot}
    rows = model_rows(platform.settings, snapshots, _fits(platform, plan))
    Warehouse(platform).write_derived("model", rows)
    return rows


def tune_clusters(platform: Platform, kind: str) -> tuple[pl.DataFrame, Path]:
    """Try settings of the grouping on what the served warehouse holds; the trace and the file it is kept in for good.

    Raises:
        JodError: nothing has been built yet.
    """
    material = opportunity_material(Warehouse(platform), kind)
    settings = platform.settings
    trace = tune(material.items, settings.clusters, settings.tuning, planted_truth(platform, kind))
    path = platform.models_folder / "tuning" / kind / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    trace.write_parquet(path)
    return trace, path


def _fits(platform: Platform, plan: Plan) -> dict[str, Fit]:
    warehouse = Warehouse(platform)
    quality = {kind: platform.state.read(f"quality/{kind}_opportunity") for kind in KINDS}
    lineage = pl.read_parquet(warehouse.derived / "opportunity_lineage.parquet")
    history = pl.read_parquet(warehouse.derived / "opportunity_evaluation.parquet")
    moved_pct = dict(history.filter(release_id=plan.release_id).select("opportunity_kind", "map_moved_pct").iter_rows())
    places = pl.read_parquet(warehouse.derived / "opportunity_map.parquet")
    skills, months, applicants, employed = warehouse.query(
        "select (select count(*) from core.dim_skill where is_current), "
        "(select count(*) from labour_market.fct_vacancies_monthly), "
        "(select count(*) from education.fct_applicants_yearly where measure = 'first_choice_applicants'), "
        "(select count(*) from labour_market.fct_employed_by_age_yearly where measure = 'employed')"
    ).row(0)
    fits = {
        "skill_recogniser": Fit(skills, _recognised(warehouse)),
        "identity_registry": Fit(
            sum(kept["items"] for kept in quality.values()), dict(lineage.group_by("event").len().iter_rows())
        ),
        "opportunity_map": Fit(len(places), {f"{kind}_moved_pct": value for kind, value in moved_pct.items()}),
        "matching": _matching(platform),
        "labour_market_forecast": Fit(months, _forecast(warehouse, *MEASURES)),
        "applicant_forecast": Fit(applicants, _forecast(warehouse, "applicants")),
        "long_term_forecast": Fit(employed, _long_term(warehouse)),
        "skill_trend": _skill_trend(warehouse),
        "skill_demand_forecast": _skill_demand(warehouse),
    }
    return fits | {f"{kind}_clusters": Fit(figures["items"], _figures(figures)) for kind, figures in quality.items()}


def _matching(platform: Platform) -> Fit:
    """How often people who have all skills of a member get its own opportunity first, and how far off their chances are."""
    rows = [row for row in platform.state.read("quality/matching") if (row["person"], row["method"]) == ("whole", "scorer")]
    figures: dict[str, float | int | None] = {}
    for row in rows:
        figures[f"{row['opportunity_kind']}_first_right_pct"] = 100 * row["top_1"]
        figures[f"{row['opportunity_kind']}_brier"] = row["brier"]
    return Fit(sum(row["people"] for row in rows), figures)


def _figures(kept: dict[str, Any]) -> dict[str, float | int | None]:
    """Without what only a planted truth can tell, so that the same data publish the same whether it is known or not."""
    return {name: value for name, value in kept.items() if name not in ("items", "ari_all", "ari_clustered", "true_groups")}


def _recognised(warehouse: Warehouse) -> dict[str, float | int | None]:
    skills = pl.read_parquet(warehouse.derived / "fct_programme_skill.parquet").group_by("programme_oid").len()["len"]
    programmes: int = warehouse.query("select count(*) from education.fct_programme").item()
    texts = pl.read_parquet(warehouse.derived / "recognised_posting.parquet")
    return {
        "programmes": programmes,
        "programmes_with_5_skills_pct": 100 * int((skills >= FEW_SKILLS).sum()) / programmes if programmes else None,
        "skills_per_posting": len(texts) / texts["item_id"].n_unique() if len(texts) else None,
    }


def _forecast(warehouse: Warehouse, *forecasts: str) -> dict[str, float | int | None]:
    """Of all series the backtest covers, each counting once."""
    rows = pl.read_parquet(warehouse.derived / "forecast_evaluation.parquet")
    rows = rows.filter(pl.col("forecast").is_in(forecasts), model=ISSUED)
    names = ("mase", "mase_seasonal_naive", "coverage_80_pct", "coverage_95_pct")
    means = [
        ((pl.col(name) * pl.col("series")).sum() / pl.col("series").filter(pl.col(name).is_not_null()).sum()).alias(name)
        for name in names
    ]
    return rows.select(means).row(0, named=True) if len(rows) else {}


def _long_term(warehouse: Warehouse) -> dict[str, float | int | None]:
    """How wide the intervals are at the end: what came true is known for no forecast of many years yet."""
    rows = pl.read_parquet(warehouse.derived / "forecast_employment.parquet").filter(measure="employed", scenario=BASELINE)
    last = rows.filter(pl.col("target_year") == pl.col("target_year").max(), pl.col("q50") > 0)
    years, width = last.select(
        pl.col("horizon_years").max(), (100 * (pl.col("q90") - pl.col("q10")) / pl.col("q50")).median().alias("width")
    ).row(0)
    return {"occupations": last["occupation_code"].n_unique(), "years_ahead": years, "interval_80_pct": width}


def _skill_trend(warehouse: Warehouse) -> Fit:
    """How many skills the newest month says something of."""
    trends = pl.read_parquet(warehouse.derived / "skill_trend.parquet")
    newest = trends.filter(pl.col("month") == pl.col("month").max())
    count = dict(newest["trend"].value_counts().iter_rows())
    judged = len(newest) - count.get(TOO_FEW, 0)
    return Fit(len(trends), {"skills": judged, "emerging": count.get(EMERGING, 0), "fading": count.get(FADING, 0)})


def _skill_demand(warehouse: Warehouse) -> Fit:
    """For how many skills the year before could not be bettered."""
    rows = pl.read_parquet(warehouse.derived / "forecast_skill_demand.parquet").unique("skill_uri")
    naive = len(rows.filter(model=NAIVE))
    return Fit(len(rows), {"skills": len(rows), "seasonal_naive_pct": 100 * naive / len(rows) if len(rows) else None})


def _shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    schema = published_table(name).polars_schema
    return frame.select(list(schema)).cast(schema)
