"""One asset per landed resource."""

from datetime import timedelta

import dagster as dg

from jod_pipelines.contracts.model import find_landing_table
from jod_pipelines.ingest import ingest
from jod_pipelines.platform import Platform
from jod_pipelines.settings import Settings
from jod_pipelines.sources import all_resources
from jod_pipelines.sources.resource import Resource


def landing_key(label: str) -> dg.AssetKey:
    """`landing/<source>/<resource>`."""
    return dg.AssetKey(["landing", *label.split("/")])


def landing_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """An asset for each configured resource."""
    return [_landing_asset(resource) for resource in all_resources(settings)]


def _landing_asset(resource: Resource) -> dg.AssetsDefinition:
    contract = find_landing_table(resource.source, resource.name, resource.tables[0])
    freshness = contract.freshness_hours if contract else None

    @dg.asset(
        key=landing_key(resource.label),
        group_name=f"landing_{resource.source}",
        owners=["team:data-engineering"],
        description=f"{resource.title}. Attribution: {resource.attribution}",
        deps=[landing_key(label) for label in resource.after],
        kinds={"http", "parquet"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=freshness)) if freshness else None,
        pool="landing",
    )
    def land(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
        platform.claim()
        outcome = ingest(resource, platform)
        if outcome.message:
            context.log.warning(f"{outcome.label}: {outcome.status}: {outcome.message}")
        rows = {f"rows_{table}": count for table, count in outcome.rows.items()}
        return dg.MaterializeResult(
            metadata={
                "status": outcome.status,
                "message": outcome.message,
                "dagster/row_count": sum(outcome.rows.values()),
                **rows,
                "documents": outcome.documents,
                "bytes": outcome.bytes,
                "requests": outcome.requests,
                "quarantined": sum(outcome.quarantined.values()),
                "erased": outcome.erased,
                "snapshot": outcome.snapshot or "",
                "seconds": round(outcome.seconds, 2),
            }
        )

    return land
