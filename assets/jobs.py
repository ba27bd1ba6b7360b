"""The main job: everything, from the sources to the release."""

import dagster as dg

main_job = dg.define_asset_job(
    "main",
    selection=dg.AssetSelection.all(),
    description="Land what changed, rebuild the warehouse, make opportunities and forecasts, check, publish.",
)
