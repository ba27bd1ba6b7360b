"""The dimensions on recorded real code lists, ESCO and organisations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import orjson
import polars as pl
import pytest

from jod_pipelines.reference import reference_table
from tests_support import Run

pytestmark = [pytest.mark.slow, pytest.mark.recorded]


@pytest.fixture
def marts(recorded_run: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(recorded_run.home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        yield connection


def test_occupations_of_esco_join_the_groups_of_statistics(marts: duckdb.DuckDBPyConnection) -> None:
    levels = marts.execute(
        "select occupation_level, count(*), count(unit_group_code) from core.dim_occupation where is_current group by all"
    ).pl()
    assert dict(zip(levels["occupation_level"], levels["count_star()"], strict=True)) == {
        "total": 1,
        "major_group": 10,
        "sub_major_group": 43,
        "minor_group": 130,
        "unit_group": 436,
        "occupation": 3007,
        "unclassified": 10,
    }
    climbed = marts.execute(
        "select count(*) filter (where unit_group_code = left(esco_code, 4)), count(*) from core.dim_occupation"
        " where occupation_level = 'occupation' and is_current"
    ).fetchone()
    assert climbed == (3007, 3007)
    joined = marts.execute(
        "select count(*), count(*) filter (where occupation.occupation_uri is null)"
        " from labour_market.fct_vacancies_monthly as fact"
        " left join core.dim_occupation as occupation on fact.occupation_code = occupation.occupation_code"
        " and occupation.occupation_level != 'occupation'"
    ).fetchone()
    assert joined is not None
    assert joined[0] > 80_000
    assert joined[1] == 0


def test_what_esco_dropped_or_merged_stays_readable(marts: duckdb.DuckDBPyConnection) -> None:
    old = marts.execute(
        "select old.name_fi, old.unit_group_code, new.name_fi, new.unit_group_code from core.dim_occupation as old"
        " left join core.dim_occupation as new on old.replaced_by_uri = new.occupation_uri"
        " where not old.is_current and old.esco_version = '1.0.3' order by old.name_fi"
    ).fetchall()
    assert old == [
        ("insinööri, tuulivoima", "2149", None, None),
        ("röntgenhoitaja, sädehoito", "2269", "röntgenhoitaja, sädehoito", "3211"),
        ("tuulivoima-asentaja", "7412", None, None),
    ]


def test_national_exceptions_are_groups_whose_finnish_name_says_something_else(marts: duckdb.DuckDBPyConnection) -> None:
    """ESCO names groups in Finnish as the national classification does, in English as ISCO-08."""
    found = marts.execute(
        "select occupation_code, name_fi, name_en from core.dim_occupation where national_content_fi is not null order by 1"
    ).fetchall()
    assert found == [
        ("2221", "Ylihoitajat ja osastonhoitajat", "Nursing professionals"),
        ("2222", "Johtavat kätilöt", "Midwifery professionals"),
        ("3221", "Sairaanhoitajat ym.", "Nursing associate professionals"),
        ("3222", "Kätilöt", "Midwifery associate professionals"),
        ("5321", "Lähihoitajat", "Health care assistants"),
    ]


def test_finnish_nurses_and_midwives_are_counted_in_their_national_group(marts: duckdb.DuckDBPyConnection) -> None:
    moved = marts.execute(
        "select unit_group_code, statistics_group_code, count(*) from core.dim_occupation"
        " where occupation_level = 'occupation' and is_current and unit_group_code != statistics_group_code"
        " group by all order by 1"
    ).fetchall()
    assert [(isco, national) for isco, national, _ in moved] == [("2221", "3221"), ("2222", "3222")]


def test_skills_have_kind_version_and_a_place_in_four_levels(marts: duckdb.DuckDBPyConnection) -> None:
    groups = marts.execute("select group_level, count(*) from core.dim_skill_group group by 1 order by 1").fetchall()
    assert groups == [(1, 4), (2, 28), (3, 156), (4, 452)]
    skills = marts.execute(
        "select skill_type, count(*), count(group_uri), count(esco_version) from core.dim_skill group by 1 order by 2 desc"
    ).fetchall()
    assert skills == [("skill/competence", 10_831, 10_831, 10_831), ("knowledge", 3_059, 3_059, 3_059), (None, 6, 6, 6)]


def test_organisations_are_one_whole_tree(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select tree_state, count(*), max(depth), count(*) filter (where organisation_type = 'school' and provider_oid is null)"
        " from core.dim_organisation group by 1"
    ).fetchall()
    assert found == [("whole", 991, 4, 0)]


def test_municipality_changes_agree_with_the_recorded_code_list(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Days, names and the existence of successors; which successor it is, no recorded list tells."""
    lines = (recorded / "opintopolku" / "koodisto" / "rest_json_kunta.ndjson").read_bytes().splitlines()
    codes = pl.DataFrame(
        [
            {
                "code": code["koodiArvo"],
                "starts": code["voimassaAlkuPvm"],
                "ends": code["voimassaLoppuPvm"],
                **{f"name_{text['kieli'].lower()}_listed": text["nimi"] for text in code["metadata"]},
            }
            for code in map(orjson.loads, lines)
        ]
    )
    listed = reference_table("municipality_changes")
    year = pl.col("year").cast(pl.Int64)
    first_day, last_day = pl.format("{}-01-01", year), pl.format("{}-12-31", year - 1)
    created = listed.filter(event="created").join(codes, left_on="municipality_code", right_on="code", how="left")
    gone = listed.filter(pl.col("event") != "created")
    ended = gone.unique("municipality_code").join(codes, left_on="municipality_code", right_on="code", how="left")
    followed = gone.join(codes, left_on="successor_code", right_on="code", how="left")
    in_force = (pl.col("starts") <= first_day) & (pl.col("ends").is_null() | (pl.col("ends") >= last_day))
    disagree = ended.filter(pl.col("ends").ne_missing(last_day))["municipality_code"].to_list()
    named = ended.filter((pl.col("name_fi") == pl.col("name_fi_listed")) & (pl.col("name_sv") == pl.col("name_sv_listed")))
    agreed = {
        "abolished, last day": (len(ended) - len(disagree), len(ended)),
        "abolished, names": (len(named), len(ended)),
        "created, first day": (len(created.filter(pl.col("starts") == first_day)), len(created)),
        "successor in force that day": (len(followed.filter(in_force)), len(followed)),
    }
    with capsys.disabled():
        print("\n  municipality changes against Koodisto: " + ", ".join(f"{k} {a} of {n}" for k, (a, n) in agreed.items()))
    assert agreed == {
        "abolished, last day": (132, 133),
        "abolished, names": (133, 133),
        "created, first day": (9, 9),
        "successor in force that day": (134, 134),
    }
    assert disagree == ["588"]  # 1 January 2026, after the list was recorded
    ended_since = codes.filter(pl.col("ends") >= "2005-12-31")["code"]
    assert set(ended_since) - set(gone["municipality_code"]) == set()
