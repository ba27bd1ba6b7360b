"""What dbt's tests found, in the words of the contracts they were generated from."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from jod_pipelines.contracts.expectations import CheckReport, Finding
from jod_pipelines.contracts.model import Severity, Table, load_contracts
from jod_pipelines.contracts.table_checks import check_table
from jod_pipelines.errors import ContractError
from jod_pipelines.platform import Platform
from jod_pipelines.quality import results_of
from jod_pipelines.warehouse.build import Warehouse


class DbtTests:
    """The tests of one invocation of dbt.

    Args:
        manifest: dbt's, which says what each test is about.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.manifest = manifest
        self.found: list[tuple[str, Finding]] = []
        self.results: list[dg.AssetCheckResult] = []

    def add(self, result: dg.AssetCheckResult) -> None:
        """Remember the result of one test."""
        assert result.metadata is not None and result.asset_key is not None
        self.results.append(result)
        plain: dict[str, Any] = {name: getattr(value, "value", value) for name, value in result.metadata.items()}
        node = self.manifest["nodes"][plain["unique_id"]]
        severity: Severity = "warn" if node["config"]["severity"].lower() == "warn" else "block"
        failed = int(plain.get("dagster_dbt/failed_row_count") or 0)
        rule, column = _rule_of(node)
        self.found.append((result.asset_key.path[-1], Finding(rule, column, result.passed, failed, (), severity)))

    def keep(self, platform: Platform, run_id: str) -> None:
        """Put everything into the quality log."""
        by_model: dict[str, list[Finding]] = {}
        for model, finding in self.found:
            by_model.setdefault(model, []).append(finding)
        marts = _marts()
        parts = [
            results_of(CheckReport(model, 0, findings), run_id, model, marts[model].layer if model in marts else "dbt", "dbt")
            for model, findings in by_model.items()
        ]
        if parts:
            platform.quality.add(run_id, pl.concat(parts).with_columns(rows_checked=pl.lit(None, pl.Int64)))

    def raise_broken(self, platform: Platform, run_id: str) -> None:
        """Stop when a test is broken, with the first rows at fault: dbt counts them, the gate of the contract finds them.

        Raises:
            ContractError: a test that is more than a warning found something.
        """
        broken = [(model, finding) for model, finding in self.found if not finding.passed and finding.severity != "warn"]
        if not broken:
            return
        lines = []
        with Warehouse(platform).reader() as connection:
            for model in dict.fromkeys(model for model, _ in broken):
                of_model = [finding for name, finding in broken if name == model]
                report = CheckReport(model, 0, of_model)
                if model in _marts():
                    judged = check_table(connection, _marts()[model])
                    platform.quality.add(run_id, results_of(judged, run_id, model, _marts()[model].layer, "sql"))
                    report = judged if judged.stops else report
                lines.append(report.line)
        raise ContractError(lines[0], "\n".join(lines[1:]))


def _marts() -> dict[str, Table]:
    return {name: table for layer in ("marts", "published") for name, table in load_contracts()[layer].items()}


def _rule_of(node: Mapping[str, Any]) -> tuple[str, str | None]:
    """The rule and the column of a test, as the contract names them; other tests keep their own names."""
    test, column = (node.get("test_metadata") or {}).get("name"), node.get("column_name")
    kwargs = (node.get("test_metadata") or {}).get("kwargs", {})
    if test == "not_null":
        return "required", column
    if test == "unique":
        return "unique", column
    if test == "accepted_values":
        return f"one of {', '.join(map(str, kwargs['values']))}", column
    if test == "relationships":
        target = str(kwargs["to"]).replace("ref('", "").replace("')", "").strip("{} ")
        return f"refers to {target}.{kwargs['field']}", column
    if test == "unique_combination":
        return "unique key", ",".join(kwargs["columns"])
    return str(node["name"]), column
