"""The dbt models: what comes from the sources, and what takes over the products of the Python rooms."""

import os
from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets

from assets.dbt import manifest, translator
from assets.dbt_tests import DbtTests
from assets.metadata import column_lineage
from jod_pipelines.lineage import LineageReader, keep_edges, schema_of
from jod_pipelines.platform import Platform
from jod_pipelines.products import make_plan
from jod_pipelines.warehouse.build import Warehouse

PARTIAL_RUN = "jod/select"
"""Tag of a run of a part of the job: it builds on from the served warehouse instead of anew."""
BASE, PRODUCT = "tag:base", "tag:product"


def warehouse_assets() -> list[dg.AssetsDefinition]:
    """The two halves of the warehouse."""
    path, names = manifest(), translator()

    @dbt_assets(manifest=path, select=BASE, dagster_dbt_translator=names, name="warehouse_base", pool="duckdb_writer")
    def base(context: dg.AssetExecutionContext, dbt: DbtCliResource, platform: dg.ResourceParam[Platform]) -> Iterator[Any]:
        plan = make_plan(platform)
        if PARTIAL_RUN in context.run.tags:
            Warehouse(platform).continue_build()
        elif plan.is_news:
            Warehouse(platform).begin(plan.fingerprint)
        else:
            context.log.info(f"nothing changed since release {plan.release_id}: nothing is rebuilt")
            return
        yield from _build(dbt, context, platform)

    @dbt_assets(manifest=path, select=PRODUCT, dagster_dbt_translator=names, name="warehouse_products", pool="duckdb_writer")
    def products(context: dg.AssetExecutionContext, dbt: DbtCliResource, platform: dg.ResourceParam[Platform]) -> Iterator[Any]:
        Warehouse(platform).register_derived()
        yield from _build(dbt, context, platform)

    return [base, products]


def _build(dbt: DbtCliResource, context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
    """Build with dbt; its tests' results go to the quality log, and a broken one stops the run with the rows at fault."""
    warehouse = Warehouse(platform)
    os.environ["JOD_DUCKDB"] = str(warehouse.building)
    arguments = ["--no-version-check", "build", "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test"]
    with warehouse.reader() as connection:
        reader = LineageReader(schema_of(connection))
    invocation = dbt.cli(arguments, context=context, raise_on_error=False)
    tests = DbtTests(invocation.manifest)
    for event in invocation.stream():
        if isinstance(event, dg.AssetCheckResult):
            tests.add(event)
        yield _with_columns(event, invocation, reader) if isinstance(event, dg.Output) else event
    tests.keep(platform, context.run_id)
    if not invocation.is_successful():
        tests.raise_broken(platform, context.run_id)
        error = invocation.get_error()
        assert error is not None
        raise error
    with duckdb.connect(str(warehouse.building)) as connection:
        keep_edges(connection, reader.edges)


def _with_columns(event: dg.Output[Any], invocation: DbtCliInvocation, reader: LineageReader) -> dg.Output[Any]:
    """A model's result with where its columns come from."""
    unique_id = getattr(event.metadata["unique_id"], "value", event.metadata["unique_id"])
    model = invocation.manifest["nodes"][unique_id]
    compiled = invocation.target_path / "compiled" / model["package_name"] / model["original_file_path"]
    if not compiled.exists():
        return event
    edges = reader.read(f"{model['config']['schema']}.{model['name']}", compiled.read_text("utf-8"))
    return event.with_metadata({**event.metadata, **column_lineage(edges)})
