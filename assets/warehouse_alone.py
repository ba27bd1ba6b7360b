"""Builds what comes from the sources, as the main job does, and serves it: for benchmarks and tests of the warehouse.

`python -m assets.warehouse_alone` works in `$JOD_HOME`, asks no source, and prints what it cost as JSON.
"""

import json
import resource
import sys
import time
from typing import Any

import dagster as dg

from assets.dbt import dbt_resource
from assets.warehouse import warehouse_assets
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.warehouse.build import Warehouse


def build_alone(platform: Platform) -> dict[str, Any]:
    """Build and swap.

    Returns:
        seconds; peak_mb: the most memory that this process or dbt held; built, taken_over: numbers of models.

    Raises:
        DagsterError: as the step of the main job does.
    """
    base, _ = warehouse_assets()
    started = time.perf_counter()
    resources = {"platform": platform, "dbt": dbt_resource()}
    done = dg.materialize([base], resources=resources, instance=dg.DagsterInstance.ephemeral())
    Warehouse(platform).swap()
    seconds = time.perf_counter() - started
    made = [event.step_materialization_data.materialization for event in done.get_asset_materialization_events()]
    taken_over = sum("taken over" in materialisation.metadata for materialisation in made)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": seconds, "peak_mb": peak / 1024, "built": len(made) - taken_over, "taken_over": taken_over}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build_alone(Platform(load_settings()))) + "\n")
