"""What happens when a run ends: a failure stays visible in `jod status`, and what was checked becomes readable."""

import dagster as dg

from jod_pipelines.platform import Platform


@dg.run_failure_sensor(name="record_failure", description="Remembers a failed run for `jod status`")
def record_failure(context: dg.RunFailureSensorContext, platform: dg.ResourceParam[Platform]) -> None:
    """Remember the failure's first line, and keep what the run's checks found."""
    platform.state.record("release", "product", "failed", context.failure_event.message or "the run failed")
    platform.quality.finish(context.dagster_run.run_id)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS, name="keep_results", description="Makes what a run's checks found readable"
)
def keep_results(context: dg.RunStatusSensorContext, platform: dg.ResourceParam[Platform]) -> None:
    """Keep what the run's checks found. `jod run` does so itself."""
    platform.quality.finish(context.dagster_run.run_id)
