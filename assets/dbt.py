"""dbt under Dagster: the manifest, names of assets, and dbt called in this process."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from jod_pipelines.errors import JodError
from jod_pipelines.fingerprint import PROJECT, code_fingerprint
from jod_pipelines.warehouse.carried import BUILT

DBT_PROJECT = PROJECT / "dbt_project"
OWNERS = dict.fromkeys(("core", "education", "labour_market", "population", "services"), "team:analytics")
RESULTS = {"LogModelResult", "LogSnapshotResult", "LogTestResult"}
"""dbt's events that say what became of a node."""


@dataclass(frozen=True)
class DbtRun:
    """What one call of dbt did.

    Args:
        results: of models, snapshots and tests, in the order in which dbt finished them.
        target: where dbt wrote what it compiled.
        error: why it failed, if it did.
    """

    results: list[DbtCoreCliEventMessage]
    target: Path
    error: JodError | None

    def events(self, described: Mapping[str, Any], context: dg.AssetExecutionContext) -> Iterator[Any]:
        """The results as Dagster's outputs and check results."""
        names = translator()
        for result in self.results:
            yield from result.to_default_asset_events(described, names, context, self.target)


def run_dbt(models: Iterable[str], context: dg.AssetExecutionContext) -> DbtRun:
    """Build models and run their tests, in this process: one of its own takes seconds to start and to read the project.

    Args:
        models: names of models and snapshots.
        context: of the step; what dbt writes goes to a folder of this step of this run.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    results: list[DbtCoreCliEventMessage] = []

    def hear(event: Any) -> None:
        if event.info.name in RESULTS:
            results.append(DbtCoreCliEventMessage(raw_event=msg_to_dict(event), event_history_metadata={}))

    target = DBT_PROJECT / "target" / f"{context.op_def.name}-{context.run_id}"
    folders = ["--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT, "--target-path", target, "--log-path", target]
    arguments = ["build", *map(str, folders), "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test"]
    done = dbtRunner(manifest=_parsed(), callbacks=[hear]).invoke([*arguments, "--select", *sorted(models)])
    if DuckDBConnectionManager._ENV is not None:  # else nobody else could open the file: dbt keeps it for a next call
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()
    return DbtRun(results, target, None if done.success else error_of(done))


def error_of(done: Any) -> JodError:
    """Why a call failed, in one line; what else failed, or the whole of dbt's message, under it.

    Args:
        done: dbt's `dbtRunnerResult`.
    """
    if done.exception is not None:
        told = str(done.exception)
        return JodError(f"dbt: {' '.join(told.split())}", told)
    broken = [each for each in done.result.results if each.status in ("error", "fail", "partial success")]
    first, *others = [f"{each.node.name}: {' '.join(str(each.message).split())}" for each in broken]
    return JodError(f"dbt: {first}", "\n".join(others))


def _parsed() -> Any:
    """The project as dbt keeps it parsed, anew for each call: dbt writes into it."""
    from dbt.contracts.graph.manifest import Manifest

    return Manifest.from_msgpack((manifest().parent / "partial_parse.msgpack").read_bytes())


class Translator(DagsterDbtTranslator):
    """Models and snapshots are assets `schema/name` in the group of their schema."""

    def get_asset_key(self, dbt_resource_props: dict) -> dg.AssetKey:  # type: ignore[type-arg]
        """`core/dim_area`; sources keep the key their YAML gives."""
        if dbt_resource_props["resource_type"] in BUILT:
            return dg.AssetKey([dbt_resource_props["config"]["schema"], dbt_resource_props["name"]])
        key: dg.AssetKey = super().get_asset_key(dbt_resource_props)
        return key

    def get_group_name(self, dbt_resource_props: dict) -> str:  # type: ignore[type-arg]
        """The schema."""
        return str(dbt_resource_props["config"].get("schema") or "warehouse")

    def get_owners(self, dbt_resource_props: dict) -> list[str]:  # type: ignore[type-arg]
        """Analysts own the marts, data engineers the rest."""
        return [OWNERS.get(dbt_resource_props["config"].get("schema", ""), "team:data-engineering")]


def translator() -> Translator:
    """The translator, with dbt's tests as checks."""
    return Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_duplicate_source_asset_keys=True))


def manifest() -> Path:
    """The manifest of the project as it is now; parsed anew when a model, test or generated YAML changed."""
    path, stamp = DBT_PROJECT / "target" / "manifest.json", DBT_PROJECT / "target" / "manifest.of"
    current = code_fingerprint("dbt_project")
    if not path.exists() or not stamp.exists() or stamp.read_text() != current:
        from dbt.cli.main import dbtRunner

        arguments = ["--quiet", "parse", "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
        done = dbtRunner().invoke(arguments)
        if not done.success:
            raise RuntimeError(f"dbt cannot parse the project: {done.exception}")
        stamp.write_text(current)
    return path
