"""Job and education opportunities."""

from collections.abc import Iterator

import dagster as dg

from assets.metadata import columns_of, picture, preview
from assets.skills import recognised_key
from jod_pipelines.matches import make_matches
from jod_pipelines.platform import Platform
from jod_pipelines.products import KINDS, combine_opportunities, make_opportunities, make_plan, quality_record
from jod_pipelines.publication.plots import histogram

DATASETS = {
    "job": ("job_opportunity", "job_opportunity_distribution"),
    "education": ("education_opportunity", "education_opportunity_distribution", "education_opportunity_programme"),
}
MATERIAL = {
    "job": [
        dg.AssetKey(["labour_market", "fct_job_posting"]),
        dg.AssetKey(["labour_market", "fct_job_posting_skill"]),
        dg.AssetKey(["core", "dim_occupation"]),
        dg.AssetKey(["core", "dim_area"]),
        recognised_key("posting"),
    ],
    "education": [
        dg.AssetKey(["education", "fct_programme"]),
        dg.AssetKey(["education", "fct_implementation"]),
        dg.AssetKey(["core", "dim_education"]),
        dg.AssetKey(["core", "dim_education_field"]),
        dg.AssetKey(["core", "dim_area"]),
        dg.AssetKey(["derived", "fct_programme_skill"]),
    ],
}


def derived_key(name: str) -> dg.AssetKey:
    """`derived/<dataset>`."""
    return dg.AssetKey(["derived", name])


def _opportunities(kind: str) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            derived_key(name),
            deps=MATERIAL[kind],
            group_name="opportunities_build",
            owners=["team:data-science"],
            description=f"{name.replace('_', ' ')}, before dbt takes it over",
            kinds={"python", "parquet"},
        )
        for name in DATASETS[kind]
    ]

    @dg.multi_asset(specs=specs, name=f"build_{kind}_opportunities")
    def build(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Iterator[dg.MaterializeResult[None]]:
        result, quality = make_opportunities(platform, kind, make_plan(platform))
        figures = {name: value for name, value in quality_record(quality).items() if value is not None}
        platform.state.write(f"quality/{kind}_opportunity", figures)
        events = dict(result.lineage.group_by("event").len().iter_rows())
        sizes = result.members.group_by("opportunity_id").len()["len"].to_list()
        shown = {"sizes": picture(histogram(sizes, f"{kind} opportunities by size", "members"), "sizes")} if sizes else {}
        context.log.info(f"{kind} opportunities: {len(result.opportunities)}, {events}")
        first, *others = DATASETS[kind]
        yield dg.MaterializeResult(
            asset_key=derived_key(first),
            metadata={
                "dagster/row_count": len(result.opportunities),
                "preview": preview(
                    result.opportunities.select("title_fi", "members", "summary_fi").sort("members", descending=True)
                ),
                **shown,
                **columns_of(first),
                **{f"quality_{name}": value for name, value in figures.items()},
                **{f"event_{name}": count for name, count in events.items()},
            },
        )
        for name in others:
            frame = result.distribution if name.endswith("distribution") else result.members
            yield dg.MaterializeResult(
                asset_key=derived_key(name), metadata={"dagster/row_count": len(frame), **columns_of(name)}
            )

    return build


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            derived_key(name),
            deps=[derived_key(f"{kind}_opportunity") for kind in KINDS],
            group_name="opportunities_build",
            owners=["team:data-science"],
            description=f"{name.replace('_', ' ')} of both kinds",
            kinds={"python", "parquet"},
        )
        for name in ("opportunity_skill", "opportunity_lineage")
    ],
)
def combine_both_kinds(platform: dg.ResourceParam[Platform]) -> Iterator[dg.MaterializeResult[None]]:
    """See `products.combine_opportunities`."""
    combine_opportunities(platform)
    for name in ("opportunity_skill", "opportunity_lineage"):
        yield dg.MaterializeResult(asset_key=derived_key(name), metadata=columns_of(name))


@dg.asset(
    key=derived_key("opportunity_match"),
    deps=[
        *(derived_key(name) for kind in KINDS for name in DATASETS[kind][:2]),
        derived_key("opportunity_skill"),
        derived_key("fct_programme_skill"),
        recognised_key("posting"),
        dg.AssetKey(["labour_market", "fct_job_posting_skill"]),
        dg.AssetKey(["core", "bridge_skill_broader"]),
        dg.AssetKey(["core", "dim_occupation"]),
        dg.AssetKey(["core", "dim_education_field"]),
        dg.AssetKey(["core", "dim_skill"]),
    ],
    group_name="opportunities_build",
    owners=["team:data-science"],
    description="Educations for each job opportunity, and the scorer of people that goes out with a release",
    kinds={"python", "parquet"},
)
def match_opportunities(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """See `matches.make_matches`."""
    matches, calibrated = make_matches(platform)
    platform.state.write("quality/matching", calibrated.quality.to_dicts())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(matches),
            "quality": preview(calibrated.quality, 20),
            "calibration": preview(calibrated.curve, 20),
            **columns_of("opportunity_match"),
        }
    )


def opportunity_assets() -> list[dg.AssetsDefinition]:
    """All of them."""
    return [*(_opportunities(kind) for kind in KINDS), combine_both_kinds, match_opportunities]
