"""The whole platform on the small sandbox, as a person runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from jod_pipelines.contracts.model import load_contracts, published_table
from jod_pipelines.forecasting.labour_market import MEASURES
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.publication.datapackage import logical_hash
from jod_pipelines.publication.jod_documents import GROUP_FILE
from jod_pipelines.warehouse.questions import MACHINERY
from tests_support import ROOT, Run, jod, sandbox_server, stored

pytestmark = pytest.mark.slow


def release(home: Path) -> Path:
    return (home / "releases" / "latest").resolve()


def dataset(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(release(home) / "parquet" / name / f"{name}.parquet")


def files_of(home: Path, *folders: str) -> dict[str, int]:
    return {
        str(path.relative_to(home)): path.stat().st_mtime_ns
        for folder in folders
        for path in sorted((home / folder).rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def socket_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same world over real sockets, in another home."""
    home = tmp_path_factory.mktemp("sockets")
    with sandbox_server(home / "server.log") as url:
        run = jod("run", home=home, JOD_SANDBOX_URL=url)
    assert run.code == 0, run.out + run.err
    return run


def test_the_summary_says_what_was_made_and_where(small_run: Run) -> None:
    for words in (
        "done in",
        "job opportunities",
        "education opportunities",
        "vacancy forecasts",
        "checks",
        "release",
        "(synthetic)",
    ):
        assert words in small_run.out
    assert " 0 failed" in small_run.out


def test_every_published_dataset_has_rows_and_verifies(small_home: Path) -> None:
    for name in load_contracts()["published"]:
        assert len(dataset(small_home, name)), name
    verified = jod("verify", "latest", home=small_home)
    assert verified.code == 0
    assert "verifies" in verified.out


def test_job_clusters_are_the_planted_kinds_of_work(small_home: Path) -> None:
    members = pl.read_parquet(small_home / "warehouse" / "derived" / "members_job.parquet")
    truth = pl.read_parquet(small_home / "sandbox" / "truth" / "posting_kind.parquet")
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        postings = connection.execute("select posting_id as item_id from labour_market.fct_job_posting").pl()
    clusters = postings.join(members, on="item_id", how="left").select(
        "item_id",
        cluster=pl.col("opportunity_id").rank("dense").cast(pl.Int64).fill_null(-1),
        strength=pl.lit(1.0),
        outlier=pl.col("opportunity_id").is_null(),
    )
    quality = evaluate(clusters, truth)
    assert quality.ari_clustered is not None
    assert quality.ari_clustered >= 0.8
    assert quality.unclustered_pct <= 15


def test_recognition_finds_what_was_planted(small_home: Path) -> None:
    found = pl.read_parquet(small_home / "warehouse" / "derived" / "recognised_posting.parquet").select("item_id", "skill_uri")
    truth = pl.read_parquet(small_home / "sandbox" / "truth" / "posting_mention.parquet").unique()
    truth = truth.join(found.select("item_id").unique(), on="item_id", how="semi")
    hits = found.join(truth, on=["item_id", "skill_uri"]).height
    assert hits / len(found) >= 0.8
    assert hits / len(truth) >= 0.8


@pytest.mark.parametrize("name", MEASURES)
def test_monthly_forecasts_beat_seasonal_naive_and_their_quantiles_are_in_order(small_home: Path, name: str) -> None:
    evaluation = dataset(small_home, "forecast_evaluation").filter(model="issued", forecast=name)
    weights = evaluation["series"] / evaluation["series"].sum()
    assert (evaluation["mase"] * weights).sum() < (evaluation["mase_seasonal_naive"] * weights).sum()
    forecasts = dataset(small_home, f"forecast_{name}")
    ordered = forecasts.filter(
        ~((pl.col("q2_5") <= pl.col("q10")) & (pl.col("q10") <= pl.col("q50")) & (pl.col("q50") <= pl.col("q90")))
    )
    assert ordered.is_empty()
    assert set(forecasts["horizon_months"]) == set(range(1, 37))
    assert forecasts["region_code"].n_unique() == 20


@pytest.mark.parametrize(
    ("name", "column", "code_list"),
    [
        ("forecast_vacancies", "region_code", "area"),
        ("forecast_vacancies", "occupation_code", "occupation_group"),
        ("forecast_employment", "occupation_code", "occupation_group"),
        ("education_demand_supply", "field_code", "education_field"),
        ("education_demand_supply", "level_code", "education_level"),
        ("opportunity_skill", "skill_uri", "skill"),
        ("skill_trend", "skill_uri", "skill"),
    ],
)
def test_a_release_names_its_codes_in_three_languages(small_home: Path, name: str, column: str, code_list: str) -> None:
    names = dataset(small_home, "code_name").filter(code_list=code_list).drop_nulls(["name_fi", "name_sv", "name_en"])
    assert names["code"].is_unique().all()
    assert set(dataset(small_home, name)[column]) - set(names["code"]) == set()


def test_a_published_row_leads_to_its_documents(small_home: Path) -> None:
    row = dataset(small_home, "job_opportunity").sort("members")["opportunity_id"][-1]
    run = jod("explain", "job_opportunity.title_fi", "--row", row, home=small_home)
    assert run.code == 0, run.err
    assert re.search(r"documents: [1-9]\d* of this row", run.out)


@pytest.mark.parametrize(("along", "other"), [("region_code", "occupation_code"), ("occupation_code", "region_code")])
@pytest.mark.parametrize("name", ["vacancies", "jobseekers"])
def test_published_forecasts_add_up_and_leave_room_for_what_is_hidden(
    small_home: Path, name: str, along: str, other: str
) -> None:
    forecasts = dataset(small_home, f"forecast_{name}").rename({"target_month": "month", "mean": "value"})
    origin = forecasts["origin"][0]
    facts = dataset(small_home, "labour_market_monthly").filter(pl.col("measure") == MEASURES[name][0])
    newest_year = pl.col("month").is_between(pl.lit(origin).dt.offset_by("-11mo"), pl.lit(origin))
    known = facts.filter(newest_year).join(forecasts, on=["region_code", "occupation_code"], how="semi")

    def gaps(frame: pl.DataFrame) -> pl.DataFrame:
        parts = frame.filter(pl.col(along) != "SSS").group_by(other, "month").agg(parts=pl.col("value").sum())
        totals = frame.filter(pl.col(along) == "SSS").select(other, "month", "value")
        return totals.join(parts, on=[other, "month"]).with_columns(gap=pl.col("value") - pl.col("parts"))

    found = gaps(forecasts)
    whole = gaps(known).group_by(other).agg(pl.col("gap").abs().max()).filter(pl.col("gap") == 0)
    assert len(found) >= 480
    assert found["gap"].min() > -1e-4
    assert (found.join(whole, on=other, how="semi")["gap"].abs() < 1e-4).all()
    assert along == "occupation_code" or "SSS" in whole[other]


def test_planted_working_life_and_balance_are_inside_their_intervals(small_home: Path) -> None:
    """Fifteen years that have not come: 27 occupations, 17 educations; the links between them are estimated from skills."""
    truth = small_home / "sandbox" / "truth"
    life = pl.read_parquet(truth / "working_life.parquet").rename({"employed_persons": "employed", "leavers_persons": "leavers"})
    planted = pl.read_parquet(truth / "education_balance.parquet").rename(
        {"openings_persons": "openings", "supply_persons": "supply"}
    )
    planted = planted.with_columns(balance=pl.col("supply") - pl.col("openings"))
    found = {}
    for name, frame, keys in (
        ("forecast_employment", life, ["occupation_code", "year"]),
        ("forecast_education_balance", planted, ["field_code", "level_code", "year"]),
    ):
        baseline = dataset(small_home, name).filter(scenario="baseline").with_columns(year=pl.col("target_year").cast(pl.Int64))
        came = frame.unpivot(index=keys, variable_name="measure", value_name="came").join(baseline, on=[*keys, "measure"])
        inside = came.group_by("measure").agg(
            in_80=pl.col("came").is_between("q10", "q90").mean(), in_95=pl.col("came").is_between("q2_5", "q97_5").mean()
        )
        found |= {measure: (in_80, in_95) for measure, in_80, in_95 in inside.iter_rows()}
    print({measure: tuple(round(share, 2) for share in shares) for measure, shares in found.items()})
    assert set(found) == {"employed", "leavers", "openings", "supply", "balance"}
    assert all(in_80 >= 0.6 for in_80, _ in found.values())
    assert all(in_95 >= 0.8 for _, in_95 in found.values())


def test_every_unit_group_is_published_and_sent_every_time(small_home: Path) -> None:
    """Also groups nobody has figures of: the consumer replaces what it is sent and keeps what it is not."""
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        known = connection.sql("select occupation_uri from core.dim_occupation where occupation_level = 'unit_group'").pl()
    groups = dataset(small_home, "occupation_group")
    sent = pl.read_csv(release(small_home) / "jod" / GROUP_FILE)
    assert sorted(groups["occupation_uri"]) == sorted(sent["esco_uri"]) == sorted(known["occupation_uri"])
    empty = groups.filter(pl.all_horizontal(pl.col("employed_persons", "wage_median_eur_month", "match_state").is_null()))
    assert 0 < len(empty) < len(groups)
    documents = {row["esco_uri"]: row["data"] for row in sent.iter_rows(named=True)}
    assert all(json.loads(documents[uri])["uri"] == uri for uri in groups["occupation_uri"])


def test_nothing_personal_is_anywhere_in_the_release_or_the_home(small_home: Path) -> None:
    """Every contact of the world is known, so each can be searched for."""
    import orjson

    from jod_pipelines.sandbox import build_world
    from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
    from jod_pipelines.settings import load_settings

    catalogue = SyntheticCatalogue(build_world(load_settings(scale="small")))
    secrets: set[bytes] = set()
    for line in catalogue.postings("PUBLISHED", ""):
        for contact in orjson.loads(line)["contacts"]:
            secrets |= {contact["email"].encode(), contact["telephone"].encode()}
    assert len(secrets) > 3000
    searched = 0
    for folder in (release(small_home), small_home / "landing", small_home / "warehouse"):
        for path in folder.rglob("*"):
            if path.is_file():
                searched += 1
                for text in _texts(path):
                    found = next((secret for secret in _contacts(text) if secret in secrets), None)
                    assert found is None, f"{found!r} in {path.relative_to(small_home)}"
    assert searched > 50


def _contacts(text: bytes) -> set[bytes]:
    import re

    return set(re.findall(rb"[\w.]+@[\w.]+\.example|0\d\d \d{3} \d{4}", text))


def _texts(path: Path) -> list[bytes]:
    if path.suffix in (".gz", ".zst"):
        return [stored(path)]
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        return [
            "\n".join(frame[name].drop_nulls().to_list()).encode() for name, dtype in frame.schema.items() if dtype == pl.String
        ]
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
            return ["\n".join(map(str, connection.execute(f'select * from "{s}"."{t}"').fetchall())).encode() for s, t in tables]
    return [path.read_bytes()]


def test_a_second_run_says_nothing_changed_and_rewrites_no_landing_file_and_no_release(small_home: Path) -> None:
    before = files_of(small_home, "landing", "releases", "warehouse")
    again = jod("run", home=small_home)
    assert again.code == 0, again.out + again.err
    assert "nothing changed" in again.out
    assert files_of(small_home, "landing", "releases", "warehouse") == before


def test_the_same_input_gives_the_same_logical_hashes_over_sockets_too(small_home: Path, socket_run: Run) -> None:
    assert release(small_home).name == release(socket_run.home).name
    for name in load_contracts()["published"]:
        table = published_table(name)
        assert logical_hash(dataset(small_home, name), table) == logical_hash(dataset(socket_run.home, name), table), name
    for name in ("full_json_lines_tyomahdollisuus.json", "full_json_lines_koulutusmahdollisuus.json", "ammattiryhma.csv"):
        assert (release(small_home) / "jod" / name).read_bytes() == (release(socket_run.home) / "jod" / name).read_bytes(), name


def test_status_releases_and_diff_speak_json(small_home: Path) -> None:
    rows = json.loads(jod("status", "--json", home=small_home).out)
    assert {row["state"] for row in rows} <= {"ok", "skipped"}
    assert {"subject", "kind", "state", "last_success", "age_hours", "promise_hours", "broken_since", "message"} <= set(rows[0])
    found = json.loads(jod("releases", "--json", home=small_home).out)
    assert [item["latest"] for item in found] == [True]
    compared = json.loads(jod("diff", found[0]["id"], "latest", "--json", home=small_home).out)
    assert compared["opportunities"]["job_opportunity"]["minted"] == 0
    assert compared["forecast"]["median_move_pct"] == 0.0


def test_readers_see_the_warehouse_while_it_is_served(small_home: Path) -> None:
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        marts = {row[0] for row in connection.execute("select table_name from duckdb_tables() where not internal").fetchall()}
    dimensions = {"dim_area", "dim_occupation", "dim_skill", "dim_education_field", "dim_organisation"}
    facts = {"fct_job_posting", "fct_job_posting_skill", "fct_programme", "fct_implementation"}
    assert dimensions | facts | {"fct_vacancies_monthly", "fct_applicants_yearly"} <= marts
    assert not (small_home / "warehouse" / "build").exists()


def test_totals_are_the_sources_and_confidential_is_not_zero(small_home: Path) -> None:
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        statuses = dict(
            connection.execute("select status, count(*) from labour_market.fct_vacancies_monthly group by 1").fetchall()
        )
        hidden = connection.execute(
            "select count(*) from labour_market.fct_vacancies_monthly where status = 'confidential' and value is not null"
        ).fetchone()
    assert statuses["confidential"] > 0
    assert statuses["value"] > 0
    assert hidden == (0,)


def test_part_of_the_job_can_be_run(small_home: Path) -> None:
    part = jod("run", "--select", 'key:"landing/koodisto/codes"', home=small_home)
    assert part.code == 0, part.out + part.err
    assert "1 assets" in part.out


def test_dagster_finds_everything_in_the_workspace(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_definitions_have_groups_owners_descriptions_and_a_schedule() -> None:
    from assets.definitions import defs

    specs = [spec for spec in defs.resolve_all_asset_specs() if spec.key.path[0] not in ("reference", "platform")]
    assert len(specs) > 90
    for spec in specs:
        assert spec.group_name != "default", spec.key
        assert spec.owners, spec.key
        assert spec.description, spec.key
    schedule = defs.resolve_schedule_def("nightly")
    assert (schedule.execution_timezone, schedule.job_name) == ("Europe/Helsinki", "main")
    checks = {key.asset_key.to_user_string() for key in defs.resolve_asset_graph().asset_check_keys if key.name == "contract"}
    assert {f"landing/{x}" for x in ("mylly/job_postings", "esco/classification")} <= checks
    assert {table.physical_name.replace(".", "/") for table in load_contracts()["published"].values()} <= checks


def test_every_measure_of_the_facts_has_a_name_and_one_unit(small_home: Path) -> None:
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        facts = connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns "
            "where column_name = 'measure' and table_name like 'fct_%' order by all"
        ).fetchall()
        assert len(facts) > 8
        used = connection.execute(" union ".join(f"select measure, unit from {fact}" for (fact,) in facts)).fetchall()
        known = connection.execute("select measure, unit from core.dim_measure").fetchall()
        named = connection.execute("select source_table, source_measure from reference.source_measures").fetchall()
    assert set(used) <= set(known)
    resources = {table.replace("/", "_") for table, _ in named}
    unnamed = [
        (resource.name, measure)
        for resource in (small_home / "landing" / "statfin").iterdir()
        if resource.name in resources and resource.name != "vaenn_14wx"
        for measure in pl.read_parquet(resource / "typed" / "cell" / "*.parquet")["measure"].unique().sort()
        if (resource.name, measure) not in {(table.replace("/", "_"), name) for table, name in named}
    ]
    survey = {("atp_11l1", name) for name in ("atp_eihoit", "atp_maar", "atp_osa")}
    assert set(unnamed) == {("tyokay_115q", "tyokay-osuus"), *survey}, "a content that no fact takes up"


def test_every_column_analysts_can_see_says_what_it_means_in_three_languages(small_home):
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        told = connection.execute(
            f"""
            select schema_name || '.' || table_name || '.' || column_name, coalesce(comment, '') from duckdb_columns()
            where not internal and schema_name not in {(*MACHINERY, "main")}
            """
        ).fetchall()
    silent = [name for name, comment in told if not all(f"{language}: " in comment for language in ("fi", "sv", "en"))]
    assert len(told) > 1_000
    assert silent == []
