"""What skills are asked for and taught, which of them emerge or fade, and what employment and education come to."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.metadata import columns_of, preview
from assets.opportunities import derived_key
from assets.skills import recognised_key
from jod_pipelines.foresight.employment import foresee_employment
from jod_pipelines.foresight.skills import foresee_skills
from jod_pipelines.platform import Platform

DATASETS = {
    "skill_trend": "Skills that emerge or fade in postings, month by month",
    "skill_demand_supply": "Skills asked for beside skills taught, by region and month",
    "forecast_skill_demand": "Postings that will ask for a skill, a year ahead",
}
MATERIAL = [
    dg.AssetKey(["labour_market", "fct_job_posting"]),
    dg.AssetKey(["labour_market", "fct_job_posting_skill"]),
    dg.AssetKey(["education", "fct_implementation"]),
    dg.AssetKey(["derived", "fct_programme_skill"]),
    recognised_key("posting"),
]
LONG_TERM = {
    "forecast_employment": "Employed, leavers and openings by occupation, fifteen years ahead in scenarios",
    "forecast_education_balance": "Openings and graduates by field and level of education, fifteen years ahead in scenarios",
    "scenario_sensitivity": "How far each assumption of the scenarios alone moves openings and balance",
    "education_demand_supply": "Places, applicants, graduates and openings by field, level, region and year",
}
LONG_TERM_MATERIAL = [
    *MATERIAL,
    dg.AssetKey(["labour_market", "fct_employed_by_age_yearly"]),
    dg.AssetKey(["labour_market", "fct_employed_yearly"]),
    dg.AssetKey(["education", "fct_programme"]),
    dg.AssetKey(["education", "fct_graduate_placement_yearly"]),
    dg.AssetKey(["education", "fct_applicants_yearly"]),
    dg.AssetKey(["population", "fct_population_projection_yearly"]),
]


def _specs(datasets: dict[str, str], material: list[dg.AssetKey]) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            derived_key(name),
            deps=material,
            group_name="forecasts_build",
            owners=["team:data-science"],
            description=description,
            kinds={"python", "parquet"},
        )
        for name, description in datasets.items()
    ]


@dg.multi_asset(specs=_specs(DATASETS, MATERIAL))
def build_skill_foresight(platform: dg.ResourceParam[Platform]) -> Iterator[dg.MaterializeResult[None]]:
    """See `foresight.foresee_skills`."""
    for name, frame in foresee_skills(platform).items():
        shown: dict[str, dg.MetadataValue | int] = {}
        if name == "skill_trend" and len(frame):
            newest = frame.filter((pl.col("month") == pl.col("month").max()) & pl.col("trend").is_in(["emerging", "fading"]))
            shown = {"alarms": len(newest), "preview": preview(newest.sort("q_value"))}
        yield dg.MaterializeResult(
            asset_key=derived_key(name), metadata={"dagster/row_count": len(frame), **shown, **columns_of(name)}
        )


@dg.multi_asset(specs=_specs(LONG_TERM, LONG_TERM_MATERIAL))
def build_employment_foresight(platform: dg.ResourceParam[Platform]) -> Iterator[dg.MaterializeResult[None]]:
    """See `foresight.foresee_employment`."""
    for name, frame in foresee_employment(platform).items():
        yield dg.MaterializeResult(
            asset_key=derived_key(name),
            metadata={"dagster/row_count": len(frame), "preview": preview(frame), **columns_of(name)},
        )
