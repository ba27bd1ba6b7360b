"""When the main job runs."""

import dagster as dg

from assets.jobs import main_job

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=main_job,
    cron_schedule="15 5 * * *",
    execution_timezone="Europe/Helsinki",
    description="Every night after the sources' own loads.",
)
