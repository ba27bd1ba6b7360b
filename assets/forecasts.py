"""Vacancy forecasts and how they did on the past."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.metadata import columns_of, picture, preview
from assets.opportunities import derived_key
from jod_pipelines.platform import Platform
from jod_pipelines.products import forecast_history, make_forecasts, make_plan
from jod_pipelines.publication.plots import forecast_plot


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            derived_key(name),
            deps=[dg.AssetKey(["labour_market", "fct_vacancies_monthly"])],
            group_name="forecasts_build",
            owners=["team:data-science"],
            description=description,
            kinds={"python", "parquet"},
        )
        for name, description in (
            ("forecast_vacancies", "Open vacancies by occupation group and region, with quantiles"),
            ("forecast_vintage", "What each release said of vacancies to come, never overwritten"),
            ("forecast_evaluation", "Backtest of the forecasts beside seasonal naive, and how what was published did"),
        )
    ],
)
def build_forecasts(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None]]:
    """See `products.make_forecasts`."""
    result = make_forecasts(platform, make_plan(platform))
    total = result.forecasts.filter((pl.col("region_code") == "SSS") & (pl.col("occupation_code") == "SSS"))
    shown = {}
    if len(total):
        words = {"past": "observed", "forecast": "forecast"}
        png = forecast_plot(forecast_history(platform), total, words, "en", fmt="png")
        shown["whole_country"] = picture(png, "open vacancies, whole country: history and forecast")
    if len(result.left_out):
        context.log.warning(f"{len(result.left_out)} series are not forecast: {result.left_out['reason'][0]}")
    yield dg.MaterializeResult(
        asset_key=derived_key("forecast_vacancies"),
        metadata={
            "dagster/row_count": len(result.forecasts),
            "series": result.forecasts.select("region_code", "occupation_code").n_unique() if len(result.forecasts) else 0,
            "series_left_out": len(result.left_out),
            **shown,
            **columns_of("forecast_vacancies"),
        },
    )
    yield dg.MaterializeResult(asset_key=derived_key("forecast_vintage"), metadata=columns_of("forecast_vintage"))
    yield dg.MaterializeResult(
        asset_key=derived_key("forecast_evaluation"),
        metadata={
            "dagster/row_count": len(result.evaluation),
            "preview": preview(result.evaluation, 20),
            **columns_of("forecast_evaluation"),
        },
    )
