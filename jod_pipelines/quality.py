"""What every check found, kept for good: one row per rule, run and dataset.

While a run lasts its results lie in parts that nobody reads; when it ends they become `quality/<run_id>.parquet`, which is never
written again. That is why the served warehouse can show the folder as `quality.quality_results`.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines.contracts.expectations import CheckReport, Finding

RESULTS = pl.Schema(
    {
        "run_id": pl.String(),
        "checked_at": pl.Datetime("us"),
        "dataset": pl.String(),
        "layer": pl.String(),
        "rule": pl.String(),
        "column": pl.String(),
        "severity": pl.String(),
        "passed": pl.Boolean(),
        "rows_checked": pl.Int64(),
        "rows_failed": pl.Int64(),
        "sample_keys": pl.List(pl.String()),
        "message": pl.String(),
        "checked_by": pl.String(),
    }
)
"""One row per rule that was checked. Times are UTC; `sample_keys` are keys of rows or documents, never values."""
NO_RUN = "none"
"""A file without rows, so that the folder has its columns before the first run has ended."""
SAMPLE_KEYS = 5


class QualityLog:
    """The folder `quality/` of a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / "parts"

    @property
    def files(self) -> str:
        """A pattern that finds every finished file."""
        if not (self.folder / f"{NO_RUN}.parquet").exists():
            self._write(pl.DataFrame(schema=RESULTS), NO_RUN)
        return str(self.folder / "*.parquet")

    def add(self, run_id: str, results: pl.DataFrame) -> None:
        """Keep results of a run that goes on."""
        part = self._parts / run_id / f"{uuid.uuid4().hex}.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        aside = part.with_suffix(".tmp")
        results.write_parquet(aside)
        aside.rename(part)

    def finish(self, run_id: str | None = None) -> None:
        """Make what a run found readable; without a run, what runs left behind that were stopped.

        A run that is finished a second time (a process died in between) gets a second file.
        """
        for folder in sorted(self._parts.glob(run_id or "*")):
            parts = sorted(folder.glob("*.parquet"))
            if parts:
                results = pl.concat([pl.read_parquet(part) for part in parts]).sort(pl.all().exclude("sample_keys"))
                taken = (self.folder / f"{folder.name}.parquet").exists()
                self._write(results, f"{folder.name}-{parts[0].stem[:8]}" if taken else folder.name)
            shutil.rmtree(folder)

    def results(self, *, unfinished: bool = False) -> pl.DataFrame:
        """Everything that was ever found, with what the run under way found so far when asked."""
        parts = [pl.read_parquet(part) for part in sorted(self._parts.glob("*/*.parquet"))] if unfinished else []
        return pl.concat([pl.read_parquet(self.files, schema=RESULTS), *parts])

    def open_failures(self) -> pl.DataFrame:
        """Rules that were broken when last checked, the gravest first."""
        gravest = pl.col("severity").replace_strict({"block": 0, "quarantine": 1, "warn": 2}, default=0, return_dtype=pl.Int8)
        return latest(self.results(unfinished=True)).filter(~pl.col("passed")).sort(gravest, "dataset", "rule", "column")

    def _write(self, results: pl.DataFrame, name: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = self.folder / f".{name}.tmp"
        results.write_parquet(aside, compression="zstd")
        aside.rename(self.folder / f"{name}.parquet")


def latest(results: pl.DataFrame) -> pl.DataFrame:
    """Of each dataset what the newest run to check it found, by each of the ways of checking."""
    newest = pl.col("checked_at").max().over("run_id", "dataset", "checked_by")
    return results.filter(newest == pl.col("checked_at").max().over("dataset", "checked_by"))


def results_of(report: CheckReport, run_id: str, dataset: str, layer: str, checked_by: str) -> pl.DataFrame:
    """What a check found, as rows of `RESULTS`."""
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        (
            run_id,
            now,
            dataset,
            layer,
            finding.rule,
            finding.column,
            finding.severity,
            finding.passed,
            report.rows,
            finding.failed_rows if finding.failed_rows is not None else int(not finding.passed),
            list(finding.sample_keys[:SAMPLE_KEYS]),
            _message(dataset, finding, report.rows),
            checked_by,
        )
        for finding in report.findings
    ]
    return pl.DataFrame(rows, schema=RESULTS, orient="row")


def with_quarantine(report: CheckReport, files: Iterable[Path]) -> CheckReport:
    """A report of a landed table that also says which rules sent rows to quarantine, and from which documents.

    Args:
        files: the quarantine of the serving snapshot.
    """
    paths = list(files)
    if not paths:
        return report
    refused = (
        pl.scan_parquet(paths)
        .group_by("rule", "column")
        .agg(pl.len(), pl.col("source_document").drop_nulls().unique().sort().head(SAMPLE_KEYS))
        .sort("rule", "column")
        .collect()
    )
    found: dict[tuple[Any, Any], tuple[int, list[str]]] = {
        (rule, name): (count, of) for rule, name, count, of in refused.iter_rows()
    }
    findings = []
    for finding in report.findings:
        count, documents = found.pop((finding.rule, finding.column), (0, []))
        broken = replace(finding, passed=False, failed_rows=count, severity="quarantine", sample_keys=tuple(documents))
        findings.append(broken if count and finding.passed else finding)
    findings += [
        Finding(rule, name, False, count, (), "quarantine", tuple(documents))
        for (rule, name), (count, documents) in found.items()
    ]
    return CheckReport(report.table, report.rows + int(refused["len"].sum()), findings)


def _message(dataset: str, finding: Finding, rows: int) -> str:
    """In words, without values: those are in the quarantine and in the run's own message."""
    where = f"{finding.column}: " if finding.column else ""
    if finding.passed:
        return f"{dataset}: {where}{finding.rule} holds"
    count = f" by {finding.failed_rows} of {rows} rows" if finding.failed_rows is not None else ""
    return f"{dataset}: {where}{finding.rule} is broken{count}"
