"""Puts the assets, checks, job, schedule and sensor together for a configuration."""

import dagster as dg

from assets.checks import contract_checks
from assets.forecasts import build_forecasts
from assets.foresight import build_employment_foresight, build_skill_foresight
from assets.ingestion import landing_assets
from assets.jobs import main_job, tune_job
from assets.opportunities import opportunity_assets
from assets.publication import release
from assets.retrospect import evaluate_opportunities, model_versions
from assets.schedules import nightly
from assets.sensors import keep_results, record_failure
from assets.skills import skill_assets
from assets.tuning import tuning_assets
from assets.warehouse import warehouse_assets
from jod_pipelines.platform import Platform
from jod_pipelines.settings import Settings


def build_definitions(settings: Settings, platform: Platform | None = None) -> dg.Definitions:
    """Definitions for a configuration."""
    return dg.Definitions(
        assets=[
            *landing_assets(settings),
            *warehouse_assets(),
            *skill_assets(),
            *opportunity_assets(),
            evaluate_opportunities,
            model_versions,
            build_forecasts,
            build_skill_foresight,
            build_employment_foresight,
            release,
            *tuning_assets(),
        ],
        asset_checks=contract_checks(settings),
        jobs=[main_job, tune_job],
        schedules=[nightly],
        sensors=[record_failure, keep_results],
        resources={"platform": platform or Platform(settings)},
        executor=dg.in_process_executor,
    )
