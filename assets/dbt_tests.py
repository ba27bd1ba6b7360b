"""What the tests of the dbt project found. They are few: the rules of contracts are checked by `assets.checks`."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from jod_pipelines.contracts.expectations import CheckReport, Finding
from jod_pipelines.contracts.model import Severity, Table, load_contracts
from jod_pipelines.errors import ContractError
from jod_pipelines.platform import Platform
from jod_pipelines.quality import results_of


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
        finding = Finding(str(node["name"]), node.get("column_name"), result.passed, failed, (), severity)
        self.found.append((result.asset_key.path[-1], finding))

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

    def raise_broken(self) -> None:
        """Stop when a test is broken.

        Raises:
            ContractError: a test that is more than a warning found something.
        """
        broken = [(model, finding) for model, finding in self.found if not finding.passed and finding.severity != "warn"]
        if not broken:
            return
        models = dict.fromkeys(model for model, _ in broken)
        lines = [CheckReport(model, 0, [finding for name, finding in broken if name == model]).line for model in models]
        raise ContractError(lines[0], "\n".join(lines[1:]))


def _marts() -> dict[str, Table]:
    return {name: table for layer in ("marts", "published") for name, table in load_contracts()[layer].items()}
