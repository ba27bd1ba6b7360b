"""The dbt models: what comes from the sources, and what takes over the products of the Python rooms."""

import os
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from assets.dbt import manifest, translator
from assets.dbt_tests import DbtTests
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
    os.environ["JOD_DUCKDB"] = str(Warehouse(platform).building)
    arguments = ["--no-version-check", "build", "--indirect-selection", "buildable"]
    invocation = dbt.cli(arguments, context=context, raise_on_error=False)
    tests = DbtTests(invocation.manifest)
    for event in invocation.stream():
        if isinstance(event, dg.AssetCheckResult):
            tests.add(event)
        yield event
    tests.keep(platform, context.run_id)
    if not invocation.is_successful():
        tests.raise_broken(platform, context.run_id)
        error = invocation.get_error()
        assert error is not None
        raise error
