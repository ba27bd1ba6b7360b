"""Which educations fill openings, and what is missing by education and region."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jod_pipelines.forecasting.education_gap import education_gap, regional_openings, regional_supply
from jod_pipelines.forecasting.education_links import education_links
from jod_pipelines.settings import LongTermSettings

LONG_TERM = LongTermSettings(draws=400)
KEYS = {"field_code": pl.String, "level_code": pl.String, "region_code": pl.String, "year": pl.Int32}


def asked(*rows):
    return pl.DataFrame(rows, schema={"occupation_code": pl.String, "skill_uri": pl.String, "items": pl.Int64}, orient="row")


def taught(*rows):
    schema = {"field_code": pl.String, "level_code": pl.String, "skill_uri": pl.String, "items": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def working(*rows):
    return pl.DataFrame(rows, schema={"field_code": pl.String, "level_code": pl.String, "persons": pl.Float64}, orient="row")


def shares(links, occupation):
    chosen = links.shares().filter(occupation_code=occupation)
    return {f"{field}/{level}": share for field, level, share in chosen.select("field_code", "level_code", "share").iter_rows()}


def test_openings_go_to_those_who_learn_what_is_asked_for():
    found = education_links(
        asked(("22", "care", 90), ("22", "talk", 90), ("25", "code", 100), ("25", "talk", 50)),
        taught(
            ("09", "6", "care", 20),
            ("09", "6", "talk", 5),
            ("06", "6", "code", 20),
            ("06", "6", "talk", 5),
            ("04", "6", "sell", 9),
        ),
        working(("09", "6", 100.0), ("06", "6", 100.0), ("04", "6", 900.0)),
        ["22", "25"],
        LONG_TERM,
    )
    assert shares(found, "22")["09/6"] > 0.9
    assert shares(found, "25")["06/6"] > 0.9


def test_a_level_that_does_not_enter_gives_nobody():
    skills = taught(("09", "3", "care", 20), ("09", "6", "care", 20))
    graduates = working(("09", "3", 500.0), ("09", "6", 100.0))
    found = education_links(asked(("22", "care", 9), ("53", "care", 9)), skills, graduates, ["22", "53"], LONG_TERM)
    assert shares(found, "22") == pytest.approx({"09/6": 1.0})
    assert shares(found, "53") == pytest.approx({"09/3": 1.0})


def test_an_occupation_nobody_advertises_is_filled_by_size_as_far_as_size_counts():
    graduates = working(("07", "3", 300.0), ("10", "3", 100.0), ("07", "7", 100.0))
    skills = taught(("07", "3", "weld", 3))
    by_size = education_links(asked(), skills, graduates, ["72", "01"], LongTermSettings(link_size_power=(1, 1), link_weight=1e6))
    assert shares(by_size, "72") == pytest.approx({"07/3": 0.75, "10/3": 0.25}, abs=1e-3)
    found = education_links(asked(), skills, graduates, ["72", "01"], LONG_TERM)
    assert 0.5 < shares(found, "72")["07/3"] < 0.75
    assert set(shares(found, "01")) == {"07/3", "10/3"}


@pytest.mark.parametrize(("educations", "occupations"), [([], []), ([], ["22"]), ([("01", "3", 5.0)], [])])
def test_without_occupations_or_graduates_there_are_no_links(educations, occupations):
    """Recordings have no employment by age: the forecast is empty, and what is known of educations stands alone."""
    found = education_links(asked(), taught(), working(*educations), occupations, LONG_TERM)
    assert found.drawn.shape == (LONG_TERM.draws, len(occupations), len(educations))
    assert found.shares().is_empty()
    assert found.shares().columns == ["occupation_code", "field_code", "level_code", "share"]


def test_a_rule_that_is_wrong_is_wrong_for_all_occupations():
    """Draws in which the size of an education counts more give it more of every occupation."""
    graduates = working(("07", "3", 900.0), ("10", "3", 100.0))
    skills = taught(("07", "3", "weld", 3), ("10", "3", "weld", 3))
    found = education_links(
        asked(("72", "weld", 3), ("71", "weld", 3)), skills, graduates, ["71", "72"], LongTermSettings(link_weight=1e6)
    )
    share = found.drawn[:, :, 0]
    assert share.max() - share.min() > 0.3
    assert np.corrcoef(share[:, 0], share[:, 1])[0, 1] > 0.99


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["11", "22", "53"]), st.sampled_from("abcd"), st.integers(1, 50)), max_size=12),
    st.lists(
        st.tuples(st.sampled_from(["01", "09"]), st.sampled_from(["3", "6", "8"]), st.sampled_from("abcd"), st.integers(1, 50)),
        max_size=12,
    ),
    st.lists(st.floats(0.5, 1e4), min_size=6, max_size=6),
)
def test_shares_of_an_occupation_add_up(postings, programmes, sizes):
    educations = [(field, level) for field in ("01", "09") for level in ("3", "6", "8")]
    graduates = working(*((*education, size) for education, size in zip(educations, sizes, strict=True)))
    found = education_links(
        asked(*postings), taught(*programmes), graduates, ["11", "22", "53"], LongTermSettings(draws=100)
    ).shares()
    sums = found.group_by("occupation_code").agg(pl.col("share").sum())
    assert sorted(sums["occupation_code"]) == ["11", "22", "53"]
    assert sums["share"].to_list() == pytest.approx([1.0] * 3)
    assert (found["share"] > 0).all()


def test_a_confidential_part_is_not_shared_out():
    openings = pl.DataFrame({"occupation_code": ["22", "53"], "year": [2030, 2030], "persons": [100.0, 50.0]})
    employed = pl.DataFrame(
        [("22", "SSS", 1000.0), ("22", "01", 600.0), ("22", "18", None), ("53", "SSS", 400.0), ("53", "18", 100.0)],
        schema={"occupation_code": pl.String, "region_code": pl.String, "persons": pl.Float64},
        orient="row",
    )
    links = pl.DataFrame(
        {"occupation_code": ["22", "53"], "field_code": ["09", "09"], "level_code": ["6", "6"], "share": [0.5, 1.0]}
    )
    found = regional_openings(openings, employed, links)
    by_region = dict(found.select("region_code", "openings_persons").iter_rows())
    assert by_region == pytest.approx({"SSS": 100.0, "01": 30.0, "18": 12.5})


def test_supply_is_spread_as_the_newest_graduates_are():
    supply = pl.DataFrame({"field_code": ["09"], "level_code": ["6"], "year": [2030], "persons": [200.0]})
    graduates = pl.DataFrame(
        [
            ("09", "6", "SSS", 2023, 50.0),
            ("09", "6", "01", 2023, 50.0),
            ("09", "6", "SSS", 2024, 80.0),
            ("09", "6", "01", 2024, 20.0),
        ],
        schema=["field_code", "level_code", "region_code", "year", "employed_persons"],
        orient="row",
    )
    found = regional_supply(supply, graduates)
    assert dict(found.select("region_code", "supply_persons").iter_rows()) == {"SSS": 200.0, "01": 50.0}


def test_a_row_tells_what_is_known_of_its_year_and_whether_the_gap_widens():
    def column(name, values):
        rows = [("09", "6", "SSS", year, value) for year, value in values.items()]
        return pl.DataFrame(rows, schema={**KEYS, name: pl.Float64}, orient="row")

    applicants = pl.DataFrame(
        [("09", "6", "SSS", 2024, 100.0, 250.0, 90.0)],
        schema={**KEYS, "places": pl.Float64, "first_choice_applicants_persons": pl.Float64, "started_persons": pl.Float64},
        orient="row",
    )
    years = range(2025, 2035)
    openings = column("openings_persons", {year: 100.0 + 5 * (year - 2025) for year in years})
    supply = column("supply_persons", dict.fromkeys(years, 90.0))
    found = education_gap(applicants, column("graduates_persons", {2024: 80.0, 2023: 0.0}), openings, supply)
    rows = {row["year"]: row for row in found.iter_rows(named=True)}
    assert sorted(rows) == [2024, *years], "a year of which nothing is known has no row"
    assert rows[2024]["places"] == 100.0
    assert rows[2024]["gap_persons"] is None
    assert rows[2030]["gap_persons"] == 35.0
    assert {row["gap_trend"] for row in rows.values()} == {"widening"}
    falling = education_gap(
        applicants,
        column("graduates_persons", {}),
        supply.rename({"supply_persons": "openings_persons"}),
        openings.rename({"openings_persons": "supply_persons"}),
    )
    assert set(falling["gap_trend"]) == {"narrowing"}
