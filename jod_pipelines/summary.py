"""What a person sees after a run, and how everything fares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from jod_pipelines.contracts.model import find_landing_table
from jod_pipelines.platform import Platform
from jod_pipelines.products import latest_package, layer_rows
from jod_pipelines.sources import all_resources

if TYPE_CHECKING:
    from assets.run import RunReport

RELEASE_PROMISE_H = 36.0
DRIFT_SHOWN_DAYS = 7
QUALITY_WORDS = (("ari_clustered", "ARI {:.3f} to the planted truth"), ("unclustered_pct", "{:.1f} % unclustered"))


def print_summary(platform: Platform, report: RunReport, console: Console, *, partial: bool) -> None:
    """The story of a run: notices, rows per layer, products, checks, where the release is; or what went wrong."""
    for notice in _notices(platform, report):
        console.print(f"[yellow]note[/yellow] {escape(notice)}", soft_wrap=True)
    for warning in report.warnings:
        console.print(f"[yellow]warning[/yellow] {escape(warning)}", soft_wrap=True)
    for check in report.checks_failed:
        console.print(f"[red]check failed[/red] {escape(check)}", soft_wrap=True)
    if report.exit_code:
        console.print(f"[red]failed[/red] after {report.seconds:.0f} s: {escape(report.line)}", soft_wrap=True)
        if report.detail:
            console.print(escape(report.detail[:1500]), style="dim")
        if report.checks_not_run:
            missed = f"{len(report.checks_not_run)} planned checks did not run, such as {report.checks_not_run[0]}"
            console.print(escape(missed), style="dim", soft_wrap=True)
        served = "; the last release still serves" if (platform.releases_folder / "latest").exists() else ""
        console.print(f"log: {report.log}{served}", soft_wrap=True)
        return
    package = latest_package(platform)
    if partial or package is None:
        done = f"{len(report.materialised)} assets, {report.checks_passed} checks passed"
        console.print(f"[green]done[/green] in {report.seconds:.0f} s: {done}")
        return
    if "release" not in report.materialised:
        console.print(
            f"[green]nothing changed[/green] since release {package['id']}: nothing was rewritten ({report.seconds:.0f} s)",
            soft_wrap=True,
        )
        return
    _print_products(platform, package, report, console)


def _print_products(platform: Platform, package: dict[str, Any], report: RunReport, console: Console) -> None:
    told: list[tuple[str, str]] = []
    layers = layer_rows(platform)
    told.append(("rows", ", ".join(f"{name} {count:,}".replace(",", " ") for name, count in layers.items())))
    rows = {resource["path"].split("/")[-1].split(".")[0]: resource.get("rows", 0) for resource in package["resources"]}
    for kind in ("job", "education"):
        quality = platform.state.read(f"quality/{kind}_opportunity") or {}
        scores = [
            text.format(quality[name]) for name, text in QUALITY_WORDS if quality.get(name) is not None and quality.get("items")
        ]
        told.append((f"{kind} opportunities", ", ".join([str(rows.get(f"{kind}_opportunity", 0)), *scores])))
    told.append(("vacancy forecasts", f"{rows.get('forecast_vacancies', 0):,}".replace(",", " ") + _accuracy(platform)))
    counts = [f"{report.checks_passed} passed", f"{len(report.checks_failed)} failed"]
    counts += [f"{len(report.warnings)} warned"] * bool(report.warnings)
    counts += [f"{len(report.checks_not_run)} did not run"] * bool(report.checks_not_run)
    told.append(("checks", ", ".join(counts)))
    told.append(("release", f"{package['id']} ({package['data_origin']}) in {platform.releases_folder / 'latest'}"))
    console.print(f"[green]done[/green] in {report.seconds:.0f} s")
    for name, text in told:
        console.print(f"[bold]{name:<24}[/bold]{escape(text)}", soft_wrap=True)


def _accuracy(platform: Platform) -> str:
    import polars as pl

    path = platform.releases_folder / "latest" / "parquet" / "forecast_evaluation" / "forecast_evaluation.parquet"
    evaluation = pl.read_parquet(path).filter(model="issued", forecast="vacancies") if path.exists() else pl.DataFrame()
    if evaluation.is_empty():
        return ""
    weighted = evaluation.select(
        mase=(pl.col("mase") * pl.col("series")).sum() / pl.col("series").sum(),
        naive=(pl.col("mase_seasonal_naive") * pl.col("series")).sum() / pl.col("series").sum(),
    )
    mase, naive = weighted.row(0)
    return f", MASE {mase:.2f} beside {naive:.2f} of seasonal naive"


def _notices(platform: Platform, report: RunReport) -> list[str]:
    told = {item.subject: item for item in platform.state.all_health() if item.kind == "source"}
    notices = []
    for notice in report.notices:
        name, status = notice.rsplit(" ", 1)
        subject = name.removeprefix("landing/")
        message = told[subject].message if subject in told else ""
        notices.append(f"{subject} {status}: {message}")
    return notices


def health_rows(platform: Platform, now: datetime) -> list[dict[str, Any]]:
    """One row per source resource and product.

    Keys: subject, kind, state (ok, late, skipped, stale, failed, held, never), last_success, last_change, age_hours,
    promise_hours, broken_since, message. Rules that were broken when last checked follow, as kind check in state failed, or
    warned when they only warn.
    """
    known = {(item.kind, item.subject): item for item in platform.state.all_health()}
    subjects: list[tuple[str, str, float | None]] = [
        ("source", r.label, found.freshness_hours if (found := find_landing_table(r.source, r.name, r.tables[0])) else None)
        for r in all_resources(platform.settings)
    ]
    subjects.append(("product", "release", RELEASE_PROMISE_H))
    rows = []
    told = _recent_drift(platform, now)
    for kind, subject, promise in subjects:
        item = known.get((kind, subject))
        age = (now - datetime.fromisoformat(item.last_success)).total_seconds() / 3600 if item and item.last_success else None
        state = "never" if item is None else "ok" if item.outcome in ("changed", "unchanged") else item.outcome
        if state == "ok" and promise is not None and age is not None and age > promise:
            state = "late"
        rows.append(
            {
                "subject": subject,
                "kind": kind,
                "state": state,
                "last_success": item.last_success if item else None,
                "last_change": item.last_change if item else None,
                "age_hours": round(age, 2) if age is not None else None,
                "promise_hours": promise,
                "broken_since": item.broken_since if item else None,
                "message": "; ".join(filter(None, [item.message if item else "", told.get(subject, "")])),
            }
        )
    return [*rows, *_open_failures(platform)]


def _open_failures(platform: Platform) -> list[dict[str, Any]]:
    """Broken rules, one row each. Rows in quarantine are no failure: their resource's own line tells of them."""
    blank = dict.fromkeys(("last_success", "last_change", "age_hours", "promise_hours", "broken_since"))
    return [
        {
            "subject": failure["dataset"],
            "kind": "check",
            "state": "warned" if failure["severity"] == "warn" else "failed",
            **blank,
            "message": failure["message"] + (f", such as {', '.join(failure['sample_keys'])}" if failure["sample_keys"] else ""),
        }
        for failure in platform.quality.open_failures().iter_rows(named=True)
        if failure["severity"] != "quarantine"
    ]


def _recent_drift(platform: Platform, now: datetime) -> dict[str, str]:
    """Departures told in the last days and not in the last message, in words, so that a weekend does not hide them."""
    since = (now - timedelta(days=DRIFT_SHOWN_DAYS)).isoformat()
    last = {item.subject: item.message for item in platform.state.all_health()}
    found = {}
    for label in platform.archive.labels():
        landed = platform.archive.resource(*label.split("/"))
        recent = [line for line in landed.told() if line["told_at"] >= since and line["path"] not in last.get(label, "")]
        if recent:
            first = recent[0]
            what = f"{first['kind']} {first['path']} = {first['value']}"
            found[label] = (
                f"{len(recent)} departures since {first['told_at'][:10]}, first {what}"
                f" ({first['document']}); `jod landing show {label} --drift`"
            )
    return found
