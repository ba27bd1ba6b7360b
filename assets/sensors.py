"""What happens when a run fails: it stays visible in `jod status` until a run succeeds."""

import dagster as dg

from jod_pipelines.platform import Platform


@dg.run_failure_sensor(name="record_failure", description="Remembers a failed run for `jod status`")
def record_failure(context: dg.RunFailureSensorContext, platform: dg.ResourceParam[Platform]) -> None:
    """Remember the failure's first line."""
    platform.state.record("release", "product", "failed", context.failure_event.message or "the run failed")
