"""Forecasts of vacancies, jobseekers and applicants, and how they did on the past."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.metadata import columns_of, picture, preview
from assets.opportunities import derived_key
from jod_pipelines.foresight.labour_market import foresee_labour_market
from jod_pipelines.platform import Platform
from jod_pipelines.products import forecast_history, make_plan
from jod_pipelines.publication.plots import forecast_plot

MATERIAL = [dg.AssetKey(["labour_market", "fct_vacancies_monthly"]), dg.AssetKey(["education", "fct_applicants_yearly"])]
FORECASTS = {
    "vacancies": "Open vacancies by occupation group and region, with quantiles",
    "new_vacancies": "Vacancies that open in a month, by region, with quantiles",
    "jobseekers": "Unemployed jobseekers by occupation group and region, with quantiles",
    "applicants": "First-choice applicants by education and region, with quantiles",
}


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
        for name, description in (
            *((f"forecast_{name}", description) for name, description in FORECASTS.items()),
            ("forecast_vintage", "What each release said of the months to come, never overwritten"),
            ("forecast_evaluation", "Backtest of the forecasts beside seasonal naive, and how what was published did"),
        )
    ],
)
def build_forecasts(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None]]:
    """See `foresight.labour_market.foresee_labour_market`."""
    found = foresee_labour_market(platform, make_plan(platform))
    for name, result in found.items():
        if len(result.left_out):
            context.log.warning(f"{name}: {len(result.left_out)} series are not forecast: {result.left_out['reason'][0]}")
        yield dg.MaterializeResult(
            asset_key=derived_key(f"forecast_{name}"),
            metadata={
                "dagster/row_count": len(result.forecasts),
                "series": _series(result.forecasts),
                "series_left_out": len(result.left_out),
                **(_country(platform, result.forecasts) if name == "vacancies" else {}),
                **columns_of(f"forecast_{name}"),
            },
        )
    yield dg.MaterializeResult(asset_key=derived_key("forecast_vintage"), metadata=columns_of("forecast_vintage"))
    evaluation = [result.evaluation.with_columns(forecast=pl.lit(name)) for name, result in found.items()]
    shown = pl.concat([frame for frame in evaluation if len(frame.columns) > 1] or [pl.DataFrame()])
    yield dg.MaterializeResult(
        asset_key=derived_key("forecast_evaluation"),
        metadata={"dagster/row_count": len(shown), "preview": preview(shown, 20), **columns_of("forecast_evaluation")},
    )


def _series(forecasts: pl.DataFrame) -> int:
    keys = [name for name in forecasts.columns if name.endswith("_code")]
    return forecasts.select(keys).n_unique() if keys else 0


def _country(platform: Platform, forecasts: pl.DataFrame) -> dict[str, dg.MetadataValue]:
    total = forecasts.filter((pl.col("region_code") == "SSS") & (pl.col("occupation_code") == "SSS"))
    if total.is_empty():
        return {}
    words = {"past": "observed", "forecast": "forecast"}
    png = forecast_plot(forecast_history(platform), total, words, "en", fmt="png")
    return {"whole_country": picture(png, "open vacancies, whole country: history and forecast")}
