"""Contracts as blocking asset checks; nothing is published past a red one, nor past one that did not run.

Every result also goes to the quality log, rule by rule. Landed tables and published datasets are checked by Great Expectations,
marts by SQL where they stand, and what needs other tables (references, rules in SQL) by SQL everywhere.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from assets.dbt import manifest
from assets.ingestion import landing_key
from assets.publication import mart_key
from assets.warehouse import PARTIAL_RUN
from jod_pipelines.contracts.dbt import DERIVED
from jod_pipelines.contracts.expectations import CheckReport, Finding, check_frame
from jod_pipelines.contracts.model import Table, load_contracts
from jod_pipelines.contracts.rules import rules_of
from jod_pipelines.contracts.table_checks import check_table
from jod_pipelines.deriving import contracts_of
from jod_pipelines.fingerprint import code_fingerprint, combined
from jod_pipelines.ingest import read_typed
from jod_pipelines.platform import Platform
from jod_pipelines.products import rows_when_released
from jod_pipelines.quality import results_of, with_quarantine
from jod_pipelines.settings import Settings
from jod_pipelines.sources import all_resources
from jod_pipelines.sources.resource import Resource
from jod_pipelines.warehouse import carried
from jod_pipelines.warehouse.build import Warehouse

CONTRACT = "contract"
"""Name of the check of a contract on its asset."""
SAMPLE_ROWS = 1_000_000
"""Landing tables larger than this are checked row by row when they are typed; here a head of them is."""


def contract_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """A check for every landed resource, every mart and every published dataset."""
    contracts = load_contracts()
    landed = [_landing_check(resource) for resource in all_resources(settings)]
    late = [table for table in contracts["marts"].values() if is_late(table)]
    early = [table for table in contracts["marts"].values() if not is_late(table)]
    marts = [_marts_check(name, tables) for name, tables in (("base", early), ("product", late)) if tables]
    return [*landed, *marts, *(_published_check(table) for table in contracts["published"].values())]


def is_late(table: Table) -> bool:
    """Whether the table is made of what the Python rooms made: checked with the others, it would wait for itself."""
    return table.physical_name.split(".")[0] in DERIVED


def _landing_check(resource: Resource) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=landing_key(resource.label),
        name=CONTRACT,
        blocking=True,
        description="The typed tables keep their contracts",
    )
    def contract(context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.AssetCheckResult:
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
            told = with_quarantine(reports[-1], landed.quarantine_files(table.name))
            platform.quality.add(
                context.run.run_id, results_of(told, context.run.run_id, table.physical_name, "landing", "great expectations")
            )
        passed = all(report.passed for report in reports)
        rules = sum(len(report.findings) for report in reports)
        platform.state.write(f"checks/{resource.source}.{resource.name}", {"of": mark, "passed": passed, "rules": rules})
        return _result(reports)

    return contract


def _marts_check(stage: str, tables: list[Table]) -> dg.AssetChecksDefinition:
    by_key = {mart_key(table.physical_name): table for table in tables}
    specs = [
        dg.AssetCheckSpec(CONTRACT, asset=key, blocking=True, description="The mart keeps its contract, row by row")
        for key in by_key
    ]

    @dg.multi_asset_check(specs=specs, name=f"{stage}_marts_keep_their_contracts", can_subset=True)
    def contracts(context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]) -> Iterator[dg.AssetCheckResult]:
        selected = [by_key[key] for key in sorted(check.asset_key for check in context.selected_asset_check_keys)]
        for table, report in check_marts(platform, selected, anew=PARTIAL_RUN in context.run.tags):
            platform.quality.add(context.run.run_id, results_of(report, context.run.run_id, table.name, table.layer, "sql"))
            yield _result([report], asset_key=mart_key(table.physical_name), check_name=CONTRACT)

    return contracts


def check_marts(platform: Platform, tables: Iterable[Table], *, anew: bool = False) -> Iterator[tuple[Table, CheckReport]]:
    """Check marts of the newest build; what was found of one that stands as it stood, with all it refers to, is taken over.

    Args:
        anew: check them all, and remember nothing: they may be older than their inputs.
    """
    warehouse, described = Warehouse(platform), json.loads(manifest().read_bytes())
    marks = {described["nodes"][uid]["name"]: mark for uid, mark in warehouse.marks(described).items()}
    code, passed = code_fingerprint("jod_pipelines/contracts"), {}
    before = rows_when_released(platform)
    with warehouse.reader() as connection:
        remembered = carried.remembered_checks(connection)
        for table in tables:
            referred = {str(column.references).split(".")[0] for column in table.columns if column.references}
            read = [marks.get(name) for name in (table.name, *sorted(referred))]
            of = None if anew or None in read else combined([code, read, [repr(rule) for rule in rules_of(table)]])
            known = remembered.get((table.physical_name, CONTRACT), {})
            if of is not None and known.get("of") == of:
                report = CheckReport(table.name, known["rows"], [Finding(**finding) for finding in known["findings"]])
            else:
                report = check_table(connection, table, rows_before=before.get(table.physical_name))
                if of is not None and report.passed:
                    passed[table.physical_name, CONTRACT] = {"of": of, **_as_plain(report)}
            yield table, report
    if passed and warehouse.building.exists():
        with warehouse.writer() as connection:
            carried.remember_checks(connection, passed)


def _as_plain(report: CheckReport) -> dict[str, Any]:
    """A report in which every rule holds, without its examples: there are none."""
    kept = ("rule", "column", "passed", "failed_rows", "severity")
    return {"rows": report.rows, "findings": [{name: getattr(finding, name) for name in kept} for finding in report.findings]}


def _published_check(table: Table) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=mart_key(table.physical_name),
        name=CONTRACT,
        blocking=True,
        description="The dataset keeps the contract it is published under",
    )
    def contract(context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.AssetCheckResult:
        warehouse = Warehouse(platform)
        report = check_frame(warehouse.query(f"select * from {table.physical_name}"), table)
        with warehouse.reader() as connection:
            before = rows_when_released(platform).get(table.physical_name)
            between = check_table(connection, table, kinds=("references", "shrink", "sql"), rows_before=before)
        for found, by in ((report, "great expectations"), (between, "sql")):
            platform.quality.add(context.run.run_id, results_of(found, context.run.run_id, table.name, table.layer, by))
        report.findings += between.findings
        return _result([report])

    return contract


def _result(reports: list[CheckReport], **of: Any) -> dg.AssetCheckResult:
    broken = [finding for report in reports for finding in report.findings if not finding.passed]
    metadata: dict[str, Any] = {
        "rules": sum(len(report.findings) for report in reports),
        "rows": sum(report.rows for report in reports),
        "broken": len(broken),
    }
    stops = any(report.stops for report in reports)
    if broken:
        metadata["first"] = next(report.line for report in reports if report.stops or (not stops and not report.passed))
    severity = dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(passed=not broken, severity=severity, metadata=metadata, description=metadata.get("first"), **of)
