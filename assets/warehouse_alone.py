"""Builds what comes from the sources, as the main job does, and serves it: for benchmarks and tests of the warehouse.

`python -m assets.warehouse_alone` works in `$JOD_HOME`, asks no source, and prints what it cost as JSON.
"""

import json
import resource
import sys
import time
from typing import Any

import dagster as dg

from assets.checks import check_marts, is_late
from assets.warehouse import warehouse_assets
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.errors import ContractError
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.warehouse.build import Warehouse


def build_alone(platform: Platform) -> dict[str, Any]:
    """Build, check the marts against their contracts, and swap.

    Returns:
        seconds, and what of it checks and the swap took;
        peak_mb: the most memory that this process or dbt held; built, taken_over: numbers of models.

    Raises:
        DagsterError: as the step of the main job does.
        ContractError: a mart breaks its contract.
    """
    base, _ = warehouse_assets()
    started = time.perf_counter()
    done = dg.materialize([base], resources={"platform": platform}, instance=dg.DagsterInstance.ephemeral())
    built = time.perf_counter()
    marts = [table for table in load_contracts()["marts"].values() if not is_late(table)]
    if broken := [report.line for _, report in check_marts(platform, marts) if report.stops]:
        raise ContractError(broken[0], "\n".join(broken[1:]))
    checked = time.perf_counter()
    Warehouse(platform).swap()
    seconds = time.perf_counter() - started
    made = [event.step_materialization_data.materialization for event in done.get_asset_materialization_events()]
    taken_over = sum("taken over" in materialisation.metadata for materialisation in made)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    parts = {"check_seconds": checked - built, "swap_seconds": started + seconds - checked}
    return {"seconds": seconds, **parts, "peak_mb": peak / 1024, "built": len(made) - taken_over, "taken_over": taken_over}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build_alone(Platform(load_settings()))) + "\n")
