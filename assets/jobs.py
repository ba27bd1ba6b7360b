"""The main job: everything, from the sources to the release. Tuning is a job of its own, run when someone asks for it."""

import dagster as dg

TUNING = "tuning"
MAIN = dg.AssetSelection.all() - dg.AssetSelection.groups(TUNING)

main_job = dg.define_asset_job(
    "main",
    selection=MAIN,
    description="Land what changed, rebuild the warehouse, make opportunities and forecasts, check, publish.",
)
tune_job = dg.define_asset_job(
    "tune",
    selection=dg.AssetSelection.groups(TUNING),
    description="Try settings of the grouping on a sample of what the warehouse holds; keep the trace.",
)
