"""Skills that emerge or fade: planted ones are found in time, and few others are."""

from __future__ import annotations

import itertools
from datetime import date

import polars as pl
import pytest

from jod_pipelines.forecasting.emerging import skill_trends
from jod_pipelines.forecasting.skill_gap import skill_gap
from jod_pipelines.sandbox import World, build_world
from jod_pipelines.sandbox.world import moment
from jod_pipelines.settings import SkillTrendSettings, load_settings

POSTINGS = 20_000
SEEDS = (41, 42, 43, 44)
"""Thresholds were chosen on others."""
ALARMS = ["emerging", "fading"]
MONTHS = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(30)]


def counts(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    months = [moment(int(minutes)).date().replace(day=1) for minutes in world.posting_columns["published"]]
    kinds = [world.vocabulary.work[int(kind)].isco for kind in world.posting_columns["kind"]]
    postings = pl.DataFrame({"occupation_code": kinds, "month": months})
    skills = [list(set(itertools.chain(*world.posting_skills(number)))) for number in range(len(kinds))]
    asked = postings.with_columns(skill_uri=pl.Series(skills)).explode("skill_uri")
    return tuple(frame.group_by(frame.columns).agg(postings=pl.len()) for frame in (asked, postings))  # type: ignore[return-value]


def test_planted_trends_are_found_within_six_months_with_few_false_alarms(capsys):
    """20 000 postings over 36 months; a planted skill reaches 35 % of three of sixty kinds of work in four months."""
    found, planted, alarms, false = 0, 0, set(), set()
    for seed in SEEDS:
        world = build_world(load_settings(sources="sandbox", scale=str(POSTINGS), seed=seed))
        asked, postings = counts(world)
        truth = {trend.skill_uri: trend for trend in world.trends}
        in_time = set()
        for month in sorted(postings["month"].unique())[-14:]:
            told = skill_trends(asked, postings, SkillTrendSettings(), month).filter(pl.col("trend").is_in(ALARMS))
            for uri, trend in told.select("skill_uri", "trend").iter_rows():
                true = truth.get(uri)
                alarms.add((seed, uri, trend))
                if true is None or true.trend != trend or month < true.start:
                    false.add((seed, uri, trend))
                elif (month.year - true.start.year) * 12 + month.month - true.start.month <= 6:
                    in_time.add(uri)
        emerging = {uri for uri, trend in truth.items() if trend.trend == "emerging"}
        found, planted = found + len(in_time & emerging), planted + len(emerging)
    with capsys.disabled():
        print(f"\nemerging skills found within 6 months: {found} of {planted}; false alarms: {len(false)} of {len(alarms)}")
    assert found >= 0.8 * planted
    assert len(false) <= 0.05 * len(alarms)


def flat(share: float, last_share: float, occupation: str = "2512", size: int = 100) -> tuple[pl.DataFrame, pl.DataFrame]:
    shares = [share] * (len(MONTHS) - 6) + [last_share] * 6
    rows = {"occupation_code": occupation, "month": MONTHS}
    postings = pl.DataFrame(rows).with_columns(postings=pl.lit(size))
    asked = pl.DataFrame(rows).with_columns(
        skill_uri=pl.lit("skill"), postings=pl.Series([round(size * each) for each in shares])
    )
    return asked.filter(pl.col("postings") > 0), postings


@pytest.mark.parametrize(
    ("before", "now", "trend"), [(0.02, 0.2, "emerging"), (0.2, 0.02, "fading"), (0.1, 0.1, "steady"), (0, 0.01, "too_few")]
)
def test_a_change_is_named_as_what_it_is(before, now, trend):
    row = skill_trends(*flat(before, now), SkillTrendSettings()).row(0, named=True)
    assert row["trend"] == trend
    assert (row["month"], row["recent_postings"], row["occupation_codes"]) == (MONTHS[-1], round(600 * now), ["2512"])
    assert row["expected_postings"] == pytest.approx(600 * before)


def test_a_skill_does_not_emerge_because_its_occupation_grows():
    asked, postings = (pl.concat(pair) for pair in zip(flat(0.5, 0.5, "2512"), flat(0.01, 0.01, "5321", 1_000), strict=True))
    grown = pl.when((pl.col("occupation_code") == "2512") & (pl.col("month") >= MONTHS[-6])).then(20).otherwise(1)
    asked, postings = (frame.with_columns(postings=pl.col("postings") * grown) for frame in (asked, postings))
    row = skill_trends(asked, postings, SkillTrendSettings()).row(0, named=True)
    assert row["recent_postings"] > 5_000
    assert (row["trend"], row["share_ratio"]) == ("steady", pytest.approx(1, abs=0.01))


def test_without_postings_there_are_no_trends():
    nothing = flat(0.1, 0.1)[0].clear()
    assert skill_trends(nothing, nothing.drop("skill_uri"), SkillTrendSettings()).is_empty()


def test_gap_is_the_share_asked_for_less_the_share_taught():
    month, other = MONTHS[-1], MONTHS[-2]
    asked = pl.DataFrame({"skill_uri": ["a"], "region_code": ["01"], "month": [month], "postings": [30]})
    postings = pl.DataFrame({"region_code": ["01", "02"], "month": [month, month], "postings": [100, 10]})
    taught = pl.DataFrame({"skill_uri": ["a", "b"], "region_code": ["01", "01"], "programmes": [1, 2]})
    programmes = pl.DataFrame({"region_code": ["01"], "programmes": [4]})
    trends = pl.DataFrame({"skill_uri": ["a", "a"], "month": [month, other], "trend": ["emerging", "steady"]})
    rows = skill_gap(asked, postings, taught, programmes, trends).rows_by_key(
        ["skill_uri", "region_code"], named=True, unique=True
    )
    assert rows.keys() == {("a", "01"), ("b", "01")}
    first, second = rows["a", "01"], rows["b", "01"]
    assert (first["demanded_share_pct"], first["supplied_share_pct"], first["gap_pct_points"]) == (30, 25, 5)
    assert (second["demanded_postings"], second["gap_pct_points"], second["is_emerging"]) == (0, -50, False)
    assert first["is_emerging"]
