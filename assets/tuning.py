"""Tuning of the grouping: outside the nightly job, each run of it kept."""

import contextlib
import time

import dagster as dg
import polars as pl

from assets.jobs import TUNING
from assets.metadata import preview
from assets.opportunities import MATERIAL
from jod_pipelines.errors import JodError
from jod_pipelines.opportunities.tuning import verdict
from jod_pipelines.platform import Platform
from jod_pipelines.products import KINDS
from jod_pipelines.retrospect import tune_clusters
from jod_pipelines.settings import Settings
from jod_pipelines.warehouse.build import Warehouse


def _tuning(kind: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["tuning", f"{kind}_clusters"],
        deps=MATERIAL[kind],
        group_name=TUNING,
        owners=["team:data-science"],
        description=f"Settings tried for grouping {kind} opportunities, how good each was, and how long it took",
        kinds={"python", "parquet"},
    )
    def tuned(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
        trace, path = tune_clusters(platform, kind)
        context.log.info(f"{kind}: {verdict(trace)}")
        return dg.MaterializeResult(
            metadata={
                "verdict": verdict(trace),
                "trace": dg.MetadataValue.path(str(path)),
                "dagster/row_count": len(trace),
                "preview": preview(trace.drop("settings"), len(trace)),
            }
        )

    return tuned


def tuning_assets() -> list[dg.AssetsDefinition]:
    """One for each kind of opportunity."""
    return [_tuning(kind) for kind in KINDS]


def run_tuning(settings: Settings) -> dict[str, pl.DataFrame]:
    """Run the tuning job in this process; the traces by kind of opportunity.

    Raises:
        JodError: another run works in this home, nothing has been built yet, or a trial failed.
    """
    from assets.run import dagster_instance

    platform = Platform(settings)
    if not Warehouse(platform).served.exists():
        raise JodError(f"there is no warehouse in {platform.home} to tune on; run `jod run` first")
    log = platform.home / "logs" / f"tune-{time.strftime('%Y%m%dT%H%M%S')}.log"
    with (
        platform.only_run(),
        log.open("w", encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        instance = dagster_instance(platform.home)
        result = dg.materialize(tuning_assets(), instance=instance, resources={"platform": platform}, raise_on_error=False)
    if not result.success:
        cause = next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
        raise JodError(f"tuning stopped; log: {log}", cause.to_string() if cause else "")
    made = {kind: result.asset_materializations_for_node(f"tuning__{kind}_clusters")[0] for kind in KINDS}
    return {kind: pl.read_parquet(str(event.metadata["trace"].value)) for kind, event in made.items()}
