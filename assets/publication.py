"""The release: the last thing a run makes, when every check before it has passed."""

from pathlib import Path

import dagster as dg

from jod_pipelines.contracts.expectations import CheckReport, Finding
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.errors import ContractError, PublicationError
from jod_pipelines.platform import Platform
from jod_pipelines.products import Plan, make_plan, publish_release, release_content
from jod_pipelines.publication.gate import unchecked_rules
from jod_pipelines.publication.release import disclosure_problems
from jod_pipelines.quality import results_of
from jod_pipelines.warehouse.build import Warehouse


def mart_key(physical_name: str) -> dg.AssetKey:
    """Asset of a warehouse table `schema.name`."""
    return dg.AssetKey(physical_name.split("."))


@dg.asset(
    key=["release"],
    group_name="publication",
    owners=["team:data-engineering"],
    description="An immutable release: Parquet, JOD documents, analyst database, catalogue, data package",
    deps=[mart_key(table.physical_name) for table in load_contracts()["published"].values()],
    kinds={"parquet", "duckdb", "json"},
)
def release(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """See `products.publish_release`."""
    plan = make_plan(platform)
    if plan.is_news:
        _refuse_unchecked(context, platform)
        _refuse_disclosing(context.run_id, platform, plan)
    folder = _published(context.run_id, platform, plan)
    context.log.info(f"released {plan.release_id}")
    return dg.MaterializeResult(
        metadata={
            "release": plan.release_id,
            "folder": dg.MetadataValue.path(str(folder)),
            "data_origin": platform.settings.data_origin,
            "catalogue": dg.MetadataValue.path(str(folder / "catalogue" / "index.html")),
        }
    )


def checks_that_did_not_run(context: dg.AssetExecutionContext) -> list[str]:
    """Checks of assets that this run has made, and that gave no result: `asset: check`, sorted."""
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    events = [entry.get_dagster_event() for entry in context.instance.all_logs(context.run_id, of_type=kinds)]
    made = {event.asset_key for event in events if event.is_step_materialization}
    checked = {event.asset_check_evaluation_data.asset_check_key for event in events if not event.is_step_materialization}
    planned = {key for key in context.job_def.asset_layer.asset_graph.asset_check_keys if key.asset_key in made}
    return sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in planned - checked)


def _refuse_unchecked(context: dg.AssetExecutionContext, platform: Platform) -> None:
    """Nothing goes out past a check that was planned and did not run, or a rule of a contract that nothing has checked."""
    missing = checks_that_did_not_run(context)
    if missing:
        raise ContractError(
            f"nothing is published: {len(missing)} planned checks did not run, first {missing[0]}", "\n".join(missing[1:])
        )
    with Warehouse(platform).reader() as connection:
        unchecked = unchecked_rules(platform.quality.results(unfinished=True), connection)
    if unchecked:
        raise ContractError(
            f"nothing is published: {len(unchecked)} rules of contracts were not checked, first {unchecked[0]}",
            "\n".join(unchecked[1:]),
        )


def _published(run_id: str, platform: Platform, plan: Plan) -> Path:
    """The release, put out; whether it verified is kept with the other results."""
    rule = "verifies: every file, hash, contract and rule of the consumer"
    try:
        folder = publish_release(platform, plan)
    except PublicationError:
        _keep(run_id, platform, rule, "verification", passed=False)
        raise
    if plan.is_news:
        _keep(run_id, platform, rule, "verification", passed=True)
    return folder


def _keep(run_id: str, platform: Platform, rule: str, by: str, passed: bool) -> None:
    report = CheckReport("release", 0, [Finding(rule, None, passed)])
    platform.quality.add(run_id, results_of(report, run_id, "release", "release", by))


def _refuse_disclosing(run_id: str, platform: Platform, plan: Plan) -> None:
    """Nothing goes out that could tell of a person; what was found is kept with the other results."""
    content = release_content(platform, plan)
    problems = disclosure_problems(content)
    _keep(run_id, platform, "tells of no person: groups are large enough and texts hold no contacts", "disclosure", not problems)
    if problems:
        raise PublicationError(f"nothing is published: {problems[0]}", "\n".join(problems[1:]))
