"""What the warehouse costs: built by the job's step, by the same compiled SQL in one DuckDB process, and on the days after.

The world is the small sandbox's, landed as usual, with postings and statistical cells multiplied straight in the landing's
typed files: reading that many over HTTP is another benchmark. Vacancies go back as many months as it takes.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from jod_pipelines.bench import Result
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.contracts.table_checks import check_table
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.ingest import ingest
from jod_pipelines.landing.archive import Fetched, now
from jod_pipelines.platform import Platform
from jod_pipelines.settings import NAMED_SCALES, load_settings
from jod_pipelines.sources import all_resources
from jod_pipelines.warehouse.build import Warehouse
from jod_pipelines.warehouse.carried import BUILT

CELLS_PER_POSTING = 20
POSTINGS, VACANCIES, EMPLOYED = "mylly/job_postings", "statfin/tyonv_12ti", "statfin/tyokay_115s"
DAY_PCT = 1
"""Share of new postings on a day, and of the cells that stand in the one table published anew that day."""
AREAS, OCCUPATIONS, MEASURES = 20, 600, 2
"""Of the table of vacancies: regions with the whole country, occupation groups, and what is counted."""


def run(scale: str = "national") -> list[Result]:
    """A full build, its peer, a day with 1 % new, and the day on which the largest table is published anew.

    Args:
        scale: of the postings, a name or a number; there are 20 statistical cells to each.
    """
    postings = NAMED_SCALES.get(scale) or int(scale)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), postings, postings * CELLS_PER_POSTING)
        full = world.build()
        rows = world.rows()
        direct = world.build_directly()
        world.pass_day()
        day = world.build()
        world.publish_vacancies()
        month = world.build()
    return [
        Result("dbt build of the job, empty", full["seconds"], rows, "rows", _told(full)),
        Result(
            "compiled SQL in one DuckDB process",
            direct["seconds"],
            rows,
            "rows",
            f"{_told(direct)}; dbt takes {full['seconds'] / direct['seconds']:.2f} times as long (goal 1.25)",
        ),
        Result("a day: 1 % new", day["seconds"], rows, "rows", f"{_told(day)}; {_share(day, full)} (goal 10 %)"),
        Result("the day vacancies are published", month["seconds"], rows, "rows", f"{_told(month)}; {_share(month, full)}"),
    ]


class World:
    """A home with a landing of any size.

    Args:
        home: an empty folder.
        postings, cells: how many rows of each are landed.
    """

    def __init__(self, home: Path, postings: int, cells: int) -> None:
        self.postings, self.cells = postings, cells
        self.settings = load_settings(home=home, sources="sandbox", scale="300")
        self.platform = Platform(self.settings)
        for each in all_resources(self.settings):
            ingest(each, self.platform)
        self.platform.claim()
        self.connection = duckdb.connect()
        for label, table in ((POSTINGS, "job_posting"), (VACANCIES, "cell"), (EMPLOYED, "cell")):
            files = [str(path) for path in self.platform.archive.resource(*label.split("/")).typed_files(table)]
            self.connection.execute(f"create table {_template(label)} as select * from read_parquet(?)", [files])
        self.land_postings(postings)
        self.land_vacancies(extra_months=0)
        self.land_employed(edition=0)

    def land_postings(self, count: int, withdrawn: int = 0, words: str = "") -> None:
        """Postings from `withdrawn` to `count`, by number, in documents of a fiftieth of the first landing.

        Args:
            words: stand in the title of every hundredth, which then asks for one skill less.
        """
        changed = f"number % 100 = 99 and '{words}' != ''"
        step = max(self.postings // 50, 1)
        documents = {
            f"postings-{start:09d}": f"""
                select template.* exclude (row) replace (
                    printf('00000000-0000-4000-8000-%012d', number) as posting_id,
                    template.published_at - to_days((number % 1800)::int) as published_at,
                    template.title_fi || ' ' || number || if({changed}, ' {words}', '') as title_fi,
                    if({changed}, template.skill_uris[2:], template.skill_uris) as skill_uris,
                    template.description_fi || ' ' || number as description_fi
                )
                from (
                    select range as number, range % (select count(*) from {_template(POSTINGS)}) as row
                    from range({max(start, withdrawn)}, {min(start + step, count)})
                ) as numbered
                inner join (select row_number() over (order by posting_id) - 1 as row, * from {_template(POSTINGS)}) as template
                using (row)
            """
            for start in range(0, count, step)
        }
        self._land(POSTINGS, "job_posting", documents)

    def land_vacancies(self, extra_months: int) -> None:
        """The table of vacancies, a document a year, and months that are newer than at first."""
        months = max(self.cells * (100 - DAY_PCT) // 100 // (AREAS * OCCUPATIONS * MEASURES), 1)
        documents = {
            f"cells-{start:05d}": f"""
                select
                    area.area_code,
                    case when occupation.range = 0 then 'SSS' else printf('%04d', occupation.range) end as occupation_code,
                    strftime(date '2026-06-01' + to_months({extra_months}) - to_months(month.range::int), '%YM%m') as period,
                    measure.measure,
                    (hash(area.area_code, occupation.range, month.range, measure.measure) % 900 + 1)::double as value,
                    'value' as status,
                    template.* exclude (area_code, occupation_code, period, measure, value, status)
                from range({start}, {min(start + 12, months + extra_months)}) as month,
                    range({OCCUPATIONS}) as occupation,
                    (select distinct area_code from {_template(VACANCIES)}) as area,
                    (select distinct measure from {_template(VACANCIES)}) as measure,
                    (from {_template(VACANCIES)} limit 1) as template
            """
            for start in range(0, months + extra_months, 12)
        }
        self._land(VACANCIES, "cell", documents)

    def land_employed(self, edition: int) -> None:
        """The table that is published on the day, in an edition of it."""
        years = max(self.cells * DAY_PCT // 100 // (AREAS * OCCUPATIONS), 1)
        query = f"""
            select
                printf('%03d', occupation.range) as occupation_code,
                area.area_code,
                (2025 - year.range)::varchar as period,
                measure.measure,
                (hash(area.area_code, occupation.range, year.range, {edition}) % 900 + 1)::double as value,
                'value' as status,
                template.* exclude (area_code, occupation_code, period, measure, value, status)
            from range({years}) as year, range({OCCUPATIONS}) as occupation,
                (select distinct area_code from {_template(EMPLOYED)} where area_code like 'MK__') as area,
                (values ('tyokay-tyolliset2')) as measure (measure),
                (from {_template(EMPLOYED)} limit 1) as template
        """
        self._land(EMPLOYED, "cell", {"cells-00000": query})

    def pass_day(self) -> None:
        """New postings, a few that their sources withdrew, one table in a new edition."""
        self.land_postings(self.postings * (100 + DAY_PCT) // 100, withdrawn=self.postings // 1000)
        self.land_employed(edition=1)

    def publish_vacancies(self) -> None:
        """A new month of the largest table, which the source answers as a whole."""
        self.land_vacancies(extra_months=1)

    def rows(self) -> int:
        """Rows that were multiplied."""
        return self.postings + self.cells

    def build(self) -> dict[str, Any]:
        """Build and serve the warehouse as the job does; see `assets.warehouse_alone`."""
        return self._measured("-m", "assets.warehouse_alone")

    def build_directly(self) -> dict[str, Any]:
        """Run what the last build compiled, tests too, in one DuckDB process, on an empty warehouse that nobody is served."""
        served = Warehouse(self.platform).served
        aside = served.with_suffix(".aside")
        served.rename(aside)
        try:
            return self._measured("-c", "from jod_pipelines.bench.warehouse import run_compiled; run_compiled()")
        finally:
            aside.rename(served)

    def _measured(self, *arguments: str) -> dict[str, Any]:
        environment = {**os.environ, "JOD_HOME": str(self.settings.home), "JOD_SOURCES": "sandbox", "JOD_SCALE": "300"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def _land(self, label: str, table: str, documents: dict[str, str]) -> None:
        """Serve documents whose typed rows are what queries give; those that stand there already stay."""
        landed = self.platform.archive.resource(*label.split("/"))
        snapshot = landed.store(Fetched(key, query.encode(), "bench", 200, now()) for key, query in documents.items())
        for key, query in documents.items():
            path = landed.typed_path(table, snapshot.entries[key].sha256)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                self.connection.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)")
        landed.serve(snapshot)


def run_compiled() -> None:
    """Run what the newest build of the base models compiled, check the marts among it, and print what that cost as JSON."""
    target = PROJECT / "dbt_project" / "target"
    folder = max(target.glob("warehouse_base-*"), key=lambda path: path.stat().st_mtime)
    nodes = json.loads((target / "manifest.json").read_bytes())["nodes"]
    results = json.loads((folder / "run_results.json").read_bytes())["results"]
    started = time.perf_counter()
    warehouse = Warehouse(Platform(load_settings()))
    warehouse.begin("by hand")
    with warehouse.writer() as connection:
        connection.execute("set memory_limit = ?", [warehouse.platform.settings.duckdb_memory])
        for schema in sorted({nodes[result["unique_id"]]["schema"] for result in results if result["unique_id"] in nodes}):
            connection.execute(f'create schema if not exists "{schema}"')
        for result in results:
            node = nodes.get(result["unique_id"])
            if node and node["resource_type"] in BUILT:
                kind = "view" if node["config"]["materialized"] == "view" else "table"
                connection.execute(f"create {kind} {node['schema']}.{node['name']} as {result['compiled_code']}")
            elif node:
                connection.execute(f"select count(*) from ({result['compiled_code']}) as failing").fetchall()
        made = {f"{node['schema']}.{node['name']}" for node in (nodes.get(result["unique_id"]) for result in results) if node}
        for table in load_contracts()["marts"].values():
            if table.physical_name in made:
                check_table(connection, table)
        connection.execute("checkpoint")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak, "built": len(results), "taken_over": 0}) + "\n")


def _template(label: str) -> str:
    return label.replace("/", "_")


def _told(cost: dict[str, Any]) -> str:
    told = f"peak {cost['peak_mb'] / 1024:.1f} GB, {cost['built']} built, {cost['taken_over']} taken over"
    parts = [f"{name} {cost[f'{name}_seconds']:.0f} s" for name in ("check", "swap") if f"{name}_seconds" in cost]
    return ", of it ".join([told, ", ".join(parts)]) if parts else told


def _share(cost: dict[str, Any], full: dict[str, Any]) -> str:
    return f"{100 * cost['seconds'] / full['seconds']:.0f} % of the full build"
