"""How the models of a run did, kept from release to release."""

from collections.abc import Iterator

import dagster as dg

from assets.metadata import columns_of, preview
from assets.opportunities import derived_key
from assets.skills import recognised_key
from jod_pipelines.platform import Platform
from jod_pipelines.products import KINDS, make_plan
from jod_pipelines.retrospect import keep_history, keep_model_versions

GROUPED = [*(derived_key(f"{kind}_opportunity") for kind in KINDS), derived_key("opportunity_skill")]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            derived_key(name),
            deps=GROUPED,
            group_name="opportunities_build",
            owners=["team:data-science"],
            description=description,
            kinds={"python", "parquet"},
        )
        for name, description in (
            ("opportunity_evaluation", "How many opportunities each release had, how large, how steady, how they drift"),
            ("opportunity_map", "Where opportunities lie on the map"),
        )
    ],
)
def evaluate_opportunities(platform: dg.ResourceParam[Platform]) -> Iterator[dg.MaterializeResult[None]]:
    """See `retrospect.keep_history`."""
    for name, frame in keep_history(platform, make_plan(platform)).items():
        yield dg.MaterializeResult(
            asset_key=derived_key(name),
            metadata={"dagster/row_count": len(frame), "preview": preview(frame.tail(8)), **columns_of(name)},
        )


@dg.asset(
    key=derived_key("model"),
    deps=[
        derived_key("opportunity_evaluation"),
        derived_key("opportunity_map"),
        derived_key("opportunity_lineage"),
        derived_key("opportunity_match"),
        derived_key("forecast_evaluation"),
        derived_key("forecast_employment"),
        derived_key("fct_programme_skill"),
        recognised_key("posting"),
    ],
    group_name="opportunities_build",
    owners=["team:data-science"],
    kinds={"python", "parquet"},
)
def model_versions(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """The fitted models of this run: data, code, settings and measured quality."""
    rows = keep_model_versions(platform, make_plan(platform))
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(rows), "preview": preview(rows.drop("snapshots")), **columns_of("model")}
    )
