"""The `jod` command. Thin: it reads settings, calls a room, prints what a person needs."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from jod_pipelines.cli_contracts import contracts_app
from jod_pipelines.cli_explain import explain
from jod_pipelines.cli_landing import landing_app
from jod_pipelines.cli_match import match
from jod_pipelines.cli_query import query
from jod_pipelines.errors import JodError, PublicationError, SettingsError
from jod_pipelines.forecasting.scenarios import FOLDER, read_scenarios
from jod_pipelines.settings import Settings, load_settings

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

app = typer.Typer(help="The JOD data platform.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
sandbox_app = typer.Typer(help="The synthetic sources.", no_args_is_help=True)
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(contracts_app, name="contracts")
app.add_typer(landing_app, name="landing")
app.command()(explain)
app.command()(query)
app.command()(match)

HomeOption = Annotated[Path | None, typer.Option("--home", help="home folder; default $JOD_HOME or ./.jod")]
JsonOption = Annotated[bool, typer.Option("--json", help="machine-readable output")]


def main() -> None:
    """Entry point: errors become one line on stderr and an exit code that says what kind they are."""
    try:
        app(standalone_mode=True)
    except JodError as error:
        fail(error)


def fail(error: JodError) -> None:
    """Print an error for the person who must act, and stop."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]jod:[/red] {_plain(str(error))}")
    if error.detail:
        console.print(_plain(error.detail), style="dim")
    sys.exit(error.exit_code)


@app.command()
def run(
    sources: Annotated[str | None, typer.Option(help="sandbox, recorded or live")] = None,
    recorded: Annotated[Path | None, typer.Option(help="folder of recordings")] = None,
    scale: Annotated[str | None, typer.Option(help="sandbox size: small, national or a number of postings")] = None,
    seed: Annotated[int | None, typer.Option(help="sandbox seed")] = None,
    home: HomeOption = None,
    select: Annotated[str | None, typer.Option(help="part of the job, such as 'group:forecasts'")] = None,
    replay: Annotated[str | None, typer.Option(help="the landing as it was: a day, a moment (UTC) or a snapshot id")] = None,
    max_lost_ids_pct: Annotated[float | None, typer.Option(help="opportunity ids this run may retire, in % of all")] = None,
) -> None:
    """Run the main job: land what changed, rebuild, check, publish. A replay does it aside, from what landed then."""
    if select is not None and not select.strip():
        raise SettingsError("--select is empty; leave it out to run the whole job")
    settings = load_settings(
        sources=sources, recorded=recorded, scale=scale, seed=seed, home=home, replay=replay, max_lost_ids_pct=max_lost_ids_pct
    )
    read_scenarios(settings.long_term.scenarios or FOLDER)  # a mistake in a file of one's own is told before the work
    console = Console(highlight=False)
    console.print(f"[bold]jod run[/bold]: sources {settings.sources}, home {settings.home}")
    from assets.run import run_main_job

    report = run_main_job(settings, select, console)
    from jod_pipelines.platform import Platform
    from jod_pipelines.products import latest_package
    from jod_pipelines.summary import print_summary

    platform = Platform(settings)
    if replay is not None:
        console.print(f"replay of {replay} in {platform.home}", soft_wrap=True)
    if select is None and report.exit_code:
        platform.state.record("release", "product", "failed", report.line)
    elif select is None and "release" not in report.materialised:
        package = latest_package(platform)
        platform.state.record("release", "product", "unchanged", package["id"] if package else "")
    print_summary(platform, report, console, partial=select is not None)
    if report.exit_code:
        sys.exit(report.exit_code)


@sandbox_app.command("serve")
def sandbox_serve(
    port: Annotated[int, typer.Option(help="port on 127.0.0.1; 0 takes a free one", min=0, max=65535)] = 8765,
    scale: Annotated[str | None, typer.Option(help="small, national or a number of postings")] = None,
    seed: Annotated[int | None, typer.Option(help="the world's seed")] = None,
    faults: Annotated[Path | None, typer.Option(help="fault plan (YAML)")] = None,
    truth: Annotated[Path | None, typer.Option(help="write the planted truth into this folder")] = None,
) -> None:
    """Serve the synthetic sources over HTTP on 127.0.0.1."""
    from jod_pipelines.sandbox.serve import serve

    settings = load_settings(scale=scale, seed=seed, sandbox_faults=faults)
    serve(settings, port, truth)


@app.command()
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Per source and product: last success, age against its promise, what is broken and since when."""
    from jod_pipelines.platform import Platform
    from jod_pipelines.summary import health_rows

    rows = health_rows(Platform(load_settings(home=home)), datetime.now(UTC))
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("subject", "state", "last success", "age", "promise", "broken since", "message", box=None, header_style="bold")
    for row in rows:
        colour = {"ok": "green", "late": "yellow", "warned": "yellow", "skipped": "dim"}.get(row["state"], "red")
        state = f"[{colour}]{row['state']}[/{colour}]"
        age, promise = _hours(row["age_hours"]), _hours(row["promise_hours"])
        cells = (
            row["subject"],
            state,
            _minutes(row["last_success"]) or ("" if row["kind"] == "check" else "never"),
            age,
            promise,
            _minutes(row["broken_since"]),
            _plain(row["message"]),
        )
        table.add_row(*cells)
    _console().print(table if rows else "nothing has run yet in this home folder")


@app.command()
def releases(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the releases, newest first."""
    from jod_pipelines.publication.release import list_releases

    found = list_releases(_settings(home).home / "releases")
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table("release", "created", "data up to", "origin", "job", "education", "forecasts", box=None, header_style="bold")
    for item in found:
        rows = item["datasets"]
        counts = (str(rows.get(name, 0)) for name in ("job_opportunity", "education_opportunity", "forecast_vacancies"))
        table.add_row(
            ("→ " if item["latest"] else "  ") + item["id"],
            _minutes(item["created"]),
            item["as_of"],
            item["data_origin"],
            *counts,
        )
    _console().print(table if found else "no releases yet; run `jod run`")


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="the earlier release: its id, the beginning of it, or previous")],
    b: Annotated[str, typer.Argument(help="the later release: its id, the beginning of it, or latest")],
    home: HomeOption = None,
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option(help="sentences told of each kind of opportunity; 0: all", min=0)] = 20,
) -> None:
    """Compare two releases: rows, schema, what became of which opportunity, forecasts."""
    from jod_pipelines.publication.compare import compare_releases
    from jod_pipelines.publication.release import find_release

    folder = _settings(home).home / "releases"
    found = compare_releases(find_release(folder, a), find_release(folder, b))
    if as_json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    console = _console()
    console.print(f"[bold]{found.a} → {found.b}[/bold]")
    for name, (before, after) in found.rows.items():
        if before != after:
            console.print(f"  {name}: {before} → {after} rows ({after - before:+d})")
    for name, changes in found.schema.items():
        console.print(f"  {name}: {'; '.join(changes)}")
    for name, counts in found.opportunities.items():
        console.print(f"  {name}: " + ", ".join(f"{count} {event}" for event, count in counts.items()))
        for sentence in found.story[name] if limit == 0 else found.story[name][:limit]:
            console.print(f"    {_plain(sentence)}", soft_wrap=True)
        if 0 < limit < len(found.story[name]):
            console.print(f"    … and {len(found.story[name]) - limit} more; --limit 0 tells all", style="dim")
    for name, moves in found.forecasts.items():
        if moves["common"]:
            console.print(
                f"  {name}: {moves['common']:.0f} common targets, median move {moves['median_move_pct']} %, "
                f"largest {moves['largest_move_pct']} %, {moves['outside_80_pct']} % outside the old 80 % interval"
            )
        for move in (each for each in found.forecast_moves if f"forecast_{each['forecast']}" == name):
            series, reasons = f"{move['region_code']}/{move['occupation_code']}", ", ".join(move["reasons"])
            console.print(f"    {series}: moved {move['move']:.1f} {move['unit']} on average: {reasons}", soft_wrap=True)


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="an id, the beginning of it, latest or previous")], home: HomeOption = None
) -> None:
    """Check a release: files, hashes, contracts, the consumer's rules."""
    from jod_pipelines.publication.release import find_release
    from jod_pipelines.publication.release import verify as problems_of

    folder = find_release(_settings(home).home / "releases", release)
    problems = problems_of(folder)
    if problems:
        raise PublicationError(f"{folder.name} does not verify: {problems[0]}", "\n".join(problems[1:]))
    print(f"{folder.name} verifies: every file, hash, contract and consumer rule")


@app.command()
def dev(home: HomeOption = None, port: Annotated[int, typer.Option(help="port on 127.0.0.1")] = 3000) -> None:
    """The Dagster UI with its own storage in the home folder: `dagster dev -w workspace.yaml`, telemetry off."""
    from assets.run import dagster_instance
    from jod_pipelines.fingerprint import PROJECT

    folder = _settings(home).home.resolve()
    dagster_instance(folder)
    os.environ["JOD_HOME"] = str(folder)
    dagster = Path(sys.executable).with_name("dagster")
    arguments = [str(dagster), "dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    os.execv(dagster, arguments)


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help="one benchmark; all without")] = None,
    scale: Annotated[str | None, typer.Option(help="size of clusters and warehouse: small, national or postings")] = None,
) -> None:
    """Run the benchmarks, each beside a named peer in the same run."""
    from jod_pipelines.bench import run_benchmarks

    run_benchmarks(name, _console(), scale)


@app.command()
def tune(home: HomeOption = None) -> None:
    """Try settings of the grouping on a sample of the newest run's items; keep the trace and say what was best."""
    from assets.tuning import run_tuning
    from jod_pipelines.opportunities.tuning import verdict

    console = _console()
    for kind, trace in run_tuning(_settings(home)).items():
        columns = [name for name in trace.columns if name not in ("is_current", "settings")]
        table = Table(*columns, box=None, header_style="bold", title=f"{kind} opportunities", title_justify="left")
        for row in trace.select(columns).iter_rows():
            cells = ("–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value) for value in row[1:])
            table.add_row(row[0] or "(current)", *cells)
        console.print(table)
        console.print(verdict(trace))


def _console() -> Console:
    """A console that does not fold tables when its output goes to a file or a pipe."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def _settings(home: Path | None) -> Settings:
    return load_settings(home=home)


def _minutes(instant: str | None) -> str:
    return instant[:16].replace("T", " ") if instant else ""


def _hours(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f} h" if value < 72 else f"{value / 24:.0f} d"


def _plain(text: Any) -> str:
    """Text from outside, shown as it is and not as markup."""
    from rich.markup import escape

    return escape(str(text))


if __name__ == "__main__":
    main()
