"""The dbt models: what comes from the sources, and what takes over the products of the Python rooms."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from assets.dbt import manifest, run_dbt, translator
from assets.dbt_tests import DbtTests
from assets.metadata import column_lineage
from jod_pipelines.lineage import Edges, LineageReader, edges_of, keep_edges, schema_of
from jod_pipelines.platform import Platform
from jod_pipelines.products import make_plan
from jod_pipelines.warehouse import carried
from jod_pipelines.warehouse.build import Warehouse
from jod_pipelines.warehouse.quality import ensure_quality

PARTIAL_RUN = "jod/select"
"""Tag of a run of a part of the job: it builds on from the served warehouse instead of anew."""
BASE, PRODUCT = "tag:base", "tag:product"


def warehouse_assets() -> list[dg.AssetsDefinition]:
    """The two halves of the warehouse."""
    path, names = manifest(), translator()

    @dbt_assets(manifest=path, select=BASE, dagster_dbt_translator=names, name="warehouse_base", pool="duckdb_writer")
    def base(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Iterator[Any]:
        plan = make_plan(platform)
        if PARTIAL_RUN in context.run.tags:
            Warehouse(platform).continue_build()
        elif plan.is_news:
            Warehouse(platform).begin(plan.fingerprint)
        else:
            context.log.info(f"nothing changed since release {plan.release_id}: nothing is rebuilt")
            return
        yield from _build(context, platform)

    @dbt_assets(manifest=path, select=PRODUCT, dagster_dbt_translator=names, name="warehouse_products", pool="duckdb_writer")
    def products(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Iterator[Any]:
        Warehouse(platform).register_derived()
        yield from _build(context, platform)

    return [base, products]


def _build(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
    """Build the models whose inputs changed; the others, and what their tests found, are reported as taken over.

    Part of the pipeline run on its own builds what it was asked for, and the next whole run builds that again: what it was built
    on may be older than its inputs.
    """
    warehouse, described = Warehouse(platform), json.loads(manifest().read_bytes())
    models, partial = _selected_models(context, described), PARTIAL_RUN in context.run.tags
    marks = warehouse.marks(described)
    with warehouse.reader() as connection:
        checks = carried.remembered_checks(connection)
        kept = {} if partial else carried.unchanged(connection, marks)
        edges = edges_of(connection) if kept else {}
    kept = {model: at for model, at in kept.items() if model in models and _all_checked(context, models[model], checks)}
    for model, built_at in kept.items():
        yield _taken_over(models[model], built_at, edges)
    tests = DbtTests(described)
    os.environ["JOD_DUCKDB"] = str(warehouse.building)
    os.environ["JOD_DUCKDB_MEMORY"] = platform.settings.duckdb_memory
    with warehouse.writer() as connection:
        ensure_quality(connection, platform)
    if len(kept) < len(models):
        yield from _run_dbt(
            {described["nodes"][model]["name"] for model in models if model not in kept}, tests, context, platform
        )
        with warehouse.writer() as connection:
            carried.remember(connection, {model: None if partial else marks[model] for model in models if model not in kept})
            carried.remember_checks(connection, {_name(result): _as_plain(result) for result in tests.results})
    ran = {_name(result) for result in tests.results}
    for key in sorted(context.selected_asset_check_keys, key=lambda key: (key.asset_key.to_user_string(), key.name)):
        name = key.asset_key.to_user_string(), key.name
        if name not in ran and key.asset_key in {models[model] for model in kept}:
            result = _from_plain(key, checks[name])
            tests.add(result)
            yield result
    tests.keep(platform, context.run_id)


def _run_dbt(names: Iterable[str], tests: DbtTests, context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
    """What dbt makes and finds; a broken test stops the run with the rows at fault."""
    warehouse = Warehouse(platform)
    with warehouse.reader() as connection:
        reader = LineageReader(schema_of(connection))
    done = run_dbt(names, context)
    for event in done.events(tests.manifest, context):
        if isinstance(event, dg.AssetCheckResult):
            tests.add(event)
        yield _with_columns(event, tests.manifest, done.target, reader) if isinstance(event, dg.Output) else event
    if done.error is not None:
        tests.keep(platform, context.run_id)
        tests.raise_broken()
        raise done.error
    with warehouse.writer() as connection:
        keep_edges(connection, reader.edges)


def _taken_over(asset: dg.AssetKey, built_at: str, edges: Edges) -> dg.MaterializeResult[None]:
    own = {to: sources for to, sources in edges.items() if to.dataset == ".".join(asset.path)}
    told = {"taken over": "no input has changed", "built_at": built_at}
    return dg.MaterializeResult(asset_key=asset, metadata={**told, **column_lineage(own)})


def _selected_models(context: dg.AssetExecutionContext, described: Mapping[str, Any]) -> dict[str, dg.AssetKey]:
    """The models this step is to make, by dbt's unique id."""
    nodes = {uid: node for uid, node in described["nodes"].items() if node["resource_type"] in carried.BUILT}
    keys = {unique_id: translator().get_asset_key(node) for unique_id, node in nodes.items()}
    return {unique_id: key for unique_id, key in keys.items() if key in context.selected_asset_keys}


def _all_checked(context: dg.AssetExecutionContext, asset: dg.AssetKey, checks: Mapping[tuple[str, str], Any]) -> bool:
    return all(
        (asset.to_user_string(), key.name) in checks for key in context.selected_asset_check_keys if key.asset_key == asset
    )


def _name(result: dg.AssetCheckResult) -> tuple[str, str]:
    assert result.asset_key is not None and result.check_name is not None
    return result.asset_key.to_user_string(), result.check_name


def _as_plain(result: dg.AssetCheckResult) -> dict[str, Any]:
    metadata = {name: getattr(value, "value", value) for name, value in (result.metadata or {}).items()}
    plain = {name: value for name, value in metadata.items() if isinstance(value, str | int | float | bool)}
    return {"passed": result.passed, "severity": result.severity.value, "metadata": plain}


def _from_plain(key: dg.AssetCheckKey, plain: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=plain["passed"],
        severity=dg.AssetCheckSeverity(plain["severity"]),
        metadata={**plain["metadata"], "taken over": "no input has changed since it ran"},
    )


def _with_columns(event: dg.Output[Any], described: Mapping[str, Any], target: Path, reader: LineageReader) -> dg.Output[Any]:
    """A model's result with where its columns come from."""
    unique_id = getattr(event.metadata["unique_id"], "value", event.metadata["unique_id"])
    model = described["nodes"][unique_id]
    compiled = target / "compiled" / model["package_name"] / model["original_file_path"]
    if not compiled.exists():
        return event
    edges = reader.read(f"{model['config']['schema']}.{model['name']}", compiled.read_text("utf-8"))
    return event.with_metadata({**event.metadata, **column_lineage(edges)})
