"""Contracts as blocking asset checks, run with Great Expectations; nothing is published past a red one."""

from typing import Any

import dagster as dg

from assets.ingestion import landing_key
from assets.publication import mart_key
from jod_pipelines.contracts.expectations import CheckReport, check_frame, check_sql_rules
from jod_pipelines.contracts.model import Table, load_contracts
from jod_pipelines.fingerprint import code_fingerprint
from jod_pipelines.ingest import contracts_of, read_typed
from jod_pipelines.platform import Platform
from jod_pipelines.settings import Settings
from jod_pipelines.sources import all_resources
from jod_pipelines.sources.resource import Resource
from jod_pipelines.warehouse.build import Warehouse

SAMPLE_ROWS = 1_000_000
"""Landing tables larger than this are checked row by row when they are typed; here a head of them is."""


def contract_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """A check for every landed resource and every published dataset."""
    landed = [_landing_check(resource) for resource in all_resources(settings)]
    return landed + [_published_check(table) for table in load_contracts()["published"].values()]


def _landing_check(resource: Resource) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=landing_key(resource.label),
        name="contract",
        blocking=True,
        description="The typed tables keep their contracts",
    )
    def contract(platform: dg.ResourceParam[Platform]) -> dg.AssetCheckResult:
        landed = platform.archive.resource(resource.source, resource.name)
        snapshot = landed.current()
        mark = f"{snapshot.id if snapshot else None} {code_fingerprint('data_contracts', 'jod_pipelines/contracts')}"
        remembered = platform.state.read(f"checks/{resource.source}.{resource.name}")
        if remembered and remembered["of"] == mark and remembered["passed"]:
            return dg.AssetCheckResult(
                passed=True, metadata={"checked": "unchanged since it last passed", "rules": remembered["rules"]}
            )
        reports = []
        for table in contracts_of(resource, landed, snapshot) if snapshot else ():
            frame = read_typed(platform, resource.label, table.name).head(SAMPLE_ROWS).collect()
            reports.append(check_frame(frame, table))
        passed = all(report.passed for report in reports)
        rules = sum(len(report.findings) for report in reports)
        platform.state.write(f"checks/{resource.source}.{resource.name}", {"of": mark, "passed": passed, "rules": rules})
        return _result(reports)

    return contract


def _published_check(table: Table) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=mart_key(table.physical_name),
        name="contract",
        blocking=True,
        description="The dataset keeps the contract it is published under",
    )
    def contract(platform: dg.ResourceParam[Platform]) -> dg.AssetCheckResult:
        warehouse = Warehouse(platform)
        report = check_frame(warehouse.query(f"select * from {table.physical_name}"), table)
        with warehouse.reader() as connection:
            report.findings += check_sql_rules(connection, table.physical_name, table)
        return _result([report])

    return contract


def _result(reports: list[CheckReport]) -> dg.AssetCheckResult:
    broken = [finding for report in reports for finding in report.findings if not finding.passed]
    metadata: dict[str, Any] = {
        "rules": sum(len(report.findings) for report in reports),
        "rows": sum(report.rows for report in reports),
        "broken": len(broken),
    }
    if broken:
        metadata["first"] = next(report.line for report in reports if not report.passed)
    return dg.AssetCheckResult(
        passed=not broken, severity=dg.AssetCheckSeverity.ERROR, metadata=metadata, description=metadata.get("first")
    )
