"""What skills are asked for and taught, and which of them emerge or fade."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.metadata import columns_of, preview
from assets.opportunities import derived_key
from assets.skills import recognised_key
from jod_pipelines.foresight import foresee_skills
from jod_pipelines.platform import Platform

DATASETS = {
    "skill_trend": "Skills that emerge or fade in postings, month by month",
    "skill_demand_supply": "Skills asked for beside skills taught, by region and month",
}
MATERIAL = [
    dg.AssetKey(["labour_market", "fct_job_posting"]),
    dg.AssetKey(["labour_market", "fct_job_posting_skill"]),
    dg.AssetKey(["education", "fct_implementation"]),
    dg.AssetKey(["derived", "fct_programme_skill"]),
    recognised_key("posting"),
]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            derived_key(name),
            deps=MATERIAL,
            group_name="forecasts_build",
            owners=["team:data-science"],
            description=description,
            kinds={"python", "parquet"},
        )
        for name, description in DATASETS.items()
    ],
)
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
