"""Runs the main job in this process and tells the story of it on the console."""

import contextlib
import os
import shutil
import time
import uuid
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from assets.assembly import build_definitions
from assets.checks import CONTRACT
from assets.jobs import MAIN
from assets.warehouse import PARTIAL_RUN
from jod_pipelines import errors
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.platform import Platform
from jod_pipelines.settings import Settings
from jod_pipelines.warehouse.build import Warehouse

FULL_DISK_BYTES = 10_000_000
LABELS = {"warehouse_base": "warehouse: staging and marts", "warehouse_products": "warehouse: opportunities and forecasts"}


@dataclass
class RunReport:
    """What a run did. `line` and `detail` say what went wrong; `exit_code` is 0 when nothing did."""

    run_id: str
    log: Path
    seconds: float = 0.0
    materialised: set[str] = field(default_factory=set)
    skipped_steps: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    checks_not_run: list[str] = field(default_factory=list)
    checks_passed: int = 0
    warnings: list[str] = field(default_factory=list)
    checks_failed: list[str] = field(default_factory=list)
    line: str = ""
    detail: str = ""
    exit_code: int = 0


def run_main_job(settings: Settings, select: str | None, console: Console) -> RunReport:
    """Run the main job, or the part of it that an asset selection such as `key:"release"` or `group:forecasts` names.

    Raises:
        SettingsError: the selection names nothing, or the home holds data of another mode of sources.
        SourceError: a replay of a time from which nothing is left.
        JodError: another run works in this home, or its disk is full.
    """
    platform = Platform(settings)
    if settings.replay is not None and not platform.archive.has_served(settings.replay):
        raise errors.SourceError(f"nothing had landed in {settings.home} by {settings.replay}; `jod landing ls` shows what has")
    platform.claim()
    with platform.only_run(), _full_disk_told(platform.home):
        return _run_main_job(platform, select, console)


@contextlib.contextmanager
def _full_disk_told(home: Path) -> Iterator[None]:
    """A full disk breaks whatever writes next, Dagster's storage too, and seldom says so: look at the disk when it broke."""
    try:
        yield
    except errors.JodError:
        raise
    except Exception as error:
        free = shutil.disk_usage(home).free
        if free > FULL_DISK_BYTES:
            raise
        line = f"the disk of {home} is full ({free / 1e6:.0f} MB left): make room and run again; what has landed is kept"
        raise errors.JodError(line, str(error)) from error


def _run_main_job(platform: Platform, select: str | None, console: Console) -> RunReport:
    platform.tidy()
    platform.quality.finish()
    instance = dagster_instance(platform.home)
    definitions = build_definitions(platform.settings, platform)
    job = definitions.resolve_job_def("main")
    planned = _selected(definitions, select) if select else set(MAIN.resolve(definitions.resolve_asset_graph()))
    log = platform.home / "logs" / f"{time.strftime('%Y%m%dT%H%M%S')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    report = RunReport(str(uuid.uuid4()), log)
    started = time.perf_counter()
    with _progress(console, len(_steps(job))) as listener:
        instance.add_event_listener(report.run_id, lambda entry: _hear(entry, report, listener))
        with log.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_id=report.run_id,
                asset_selection=sorted(planned, key=str) if select else None,
                tags={PARTIAL_RUN: "yes"} if select else None,
                run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
            )
    report.seconds = time.perf_counter() - started
    if not result.success and not report.line:
        report.line, report.exit_code = "the run failed", 1
    platform.quality.finish(report.run_id)
    _compare(report, planned, definitions.resolve_asset_graph().asset_check_keys, success=result.success)
    warehouse = Warehouse(platform)
    if select and not report.exit_code and warehouse.building.exists():
        warehouse.swap()
    return report


def _compare(report: RunReport, planned: set[dg.AssetKey], checks: Iterable[dg.AssetCheckKey], *, success: bool) -> None:
    """Hold what was planned against what was made and what was checked, and say it when they differ.

    An asset that was made and whose check did not run makes the run a failure, whatever Dagster says. A check whose asset was not
    made, because a step before it failed or nothing had changed, is counted.
    """
    names = {key.to_user_string() for key in planned}
    missing = names - report.materialised
    expected = {_check_name(check.asset_key, check.name) for check in checks if check.asset_key.to_user_string() in names}
    report.checks_not_run = sorted(expected - report.checked)
    skipped = [name for name in report.checks_not_run if name.split(": ")[0] in report.materialised]
    if success and missing and not report.skipped_steps:
        report.line = f"the run says success but {len(missing)} planned assets were not made: {', '.join(sorted(missing)[:3])}"
        report.exit_code = 1
    elif success and skipped:
        report.line = f"the run says success but {len(skipped)} planned checks of what it made did not run: {skipped[0]}"
        report.detail, report.exit_code = "\n".join(skipped[1:]), errors.ContractError.exit_code


def _check_name(asset: dg.AssetKey, check: str) -> str:
    return f"{asset.to_user_string()}: {check}"


def dagster_instance(home: Path) -> dg.DagsterInstance:
    """Dagster's own storage in the home folder, telemetry off."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / "dagster.yaml", folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)
    return dg.DagsterInstance.get()


def _selected(definitions: dg.Definitions, select: str) -> set[dg.AssetKey]:
    try:
        with warnings.catch_warnings():  # Dagster warns of its own beta parameter
            warnings.simplefilter("ignore")
            keys = dg.AssetSelection.from_string(select).resolve(definitions.resolve_asset_graph())
    except (dg.DagsterInvalidDefinitionError, dg.DagsterError) as error:
        raise errors.SettingsError(f"--select {select!r} is not an asset selection", str(error)) from None
    if not keys:
        raise errors.SettingsError(f"--select {select!r} names no asset; try 'key:\"release\"+' or 'group:forecasts'")
    return set(keys)


def _steps(job: dg.JobDefinition) -> list[str]:
    return [node.name for node in job.nodes]


@contextlib.contextmanager
def _progress(console: Console, steps: int) -> Any:
    columns = (
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=steps)

        def listener(kind: str, step: str) -> None:
            label = LABELS.get(step, step.replace("__", "/"))
            if kind == "start":
                bar.update(task, description=label[:48])
            else:
                bar.advance(task)
                if kind == "told":
                    console.print(f"  {label}")

        yield listener


def _hear(entry: dg.EventLogEntry, report: RunReport, listener: Any) -> None:
    event = entry.dagster_event
    if event is None:
        return
    kind = event.event_type
    if kind == dg.DagsterEventType.STEP_START:
        listener("start", event.step_key)
    elif kind in (dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SKIPPED):
        listener("end", event.step_key)
        if kind == dg.DagsterEventType.STEP_SKIPPED:
            report.skipped_steps.append(str(event.step_key))
        if kind == dg.DagsterEventType.STEP_FAILURE:
            _remember_failure(event, report)
    elif kind == dg.DagsterEventType.ASSET_MATERIALIZATION:
        materialisation = event.step_materialization_data.materialization
        report.materialised.add(materialisation.asset_key.to_user_string())
        status, message = (materialisation.metadata.get(name) for name in ("status", "message"))
        if status is not None and (status.value in ("skipped", "stale") or (message is not None and message.value)):
            report.notices.append(f"{materialisation.asset_key.to_user_string()} {status.value}")
    elif kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        _hear_check(event.asset_check_evaluation_data, report)


def _hear_check(evaluation: dg.AssetCheckEvaluation, report: RunReport) -> None:
    """Count a check. A broken contract is why the run stops: what Dagster says later of the step is only that it did."""
    report.checked.add(_check_name(evaluation.asset_key, evaluation.check_name))
    if evaluation.passed:
        report.checks_passed += 1
        return
    first = evaluation.metadata.get("first")
    text = f"{evaluation.asset_key.to_user_string()}: {first.value if first else evaluation.description or evaluation.check_name}"
    if evaluation.severity == dg.AssetCheckSeverity.WARN:
        report.warnings.append(text)
        return
    report.checks_failed.append(text)
    if evaluation.check_name == CONTRACT and not report.line:
        report.line, report.exit_code = text, errors.ContractError.exit_code


def _remember_failure(event: dg.DagsterEvent, report: RunReport) -> None:
    """Keep the first real failure: its line, its detail and the exit code of its kind."""
    if report.line:
        return
    chain = [event.step_failure_data.error]
    while chain[-1] is not None and chain[-1].cause is not None:
        chain.append(chain[-1].cause)
    kinds = _kinds_of_error()
    known = [info for info in chain if info is not None and info.cls_name in kinds]
    info = known[0] if known else chain[-1]
    step = str(event.step_key).replace("__", "/")
    if info is None:
        report.line, report.exit_code = f"{step} failed", 1
        return
    if info.cls_name == dg.DagsterExecutionInterruptedError.__name__:
        report.line = f"{step}: stopped by Ctrl-C or a signal; nothing half-done serves, the next run finishes the work"
        report.exit_code = 1
        return
    first, _, rest = info.message.split(": ", 1)[-1].strip().partition("\n")
    report.exit_code = kinds[info.cls_name].exit_code if known and info.cls_name else 1
    report.line, report.detail = f"{step}: {first}", rest


def _kinds_of_error() -> dict[str, type[errors.JodError]]:
    """Errors raised on purpose, by name."""
    found, left = {}, [errors.JodError]
    while left:
        kind = left.pop()
        found[kind.__name__] = kind
        left += kind.__subclasses__()
    return found
