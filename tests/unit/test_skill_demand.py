"""Demand for skills forecast from planted counts."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from jod_pipelines.forecasting.skill_demand import OUTPUT, skill_demand_forecast
from jod_pipelines.settings import SkillTrendSettings

SETTINGS = SkillTrendSettings()
MONTHS = pl.date_range(date(2021, 11, 1), date(2026, 10, 1), "1mo", eager=True).to_list()


def planted(seed, skills=150):
    """Counts with a level, a season and a trend of their own: months x skills."""
    random = np.random.default_rng(seed)
    ahead = np.arange(len(MONTHS))[:, None]
    season = random.normal(0, 0.15, (12, skills))[ahead[:, 0] % 12]
    mean = random.lognormal(2.2, 0.9, skills) * np.exp(season + random.normal(0, 0.01, skills) * ahead)
    return random.poisson(mean)


def rows(counts, months):
    return pl.DataFrame(
        [
            (f"https://skill.example/{skill}", month, int(counts[place, skill]))
            for place, month in enumerate(months)
            for skill in range(counts.shape[1])
            if counts[place, skill]
        ],
        schema={"skill_uri": pl.String, "month": pl.Date, "postings": pl.Int64},
        orient="row",
    )


def test_a_year_ahead_is_nearer_than_the_year_before_and_inside_its_intervals(capsys):
    """Three worlds of 150 skills, 48 months known and 12 to come: level, season, trend and Poisson counts."""
    ours, naive, inside = [], [], []
    for seed in range(3):
        counts = planted(seed)
        found = skill_demand_forecast(rows(counts[:48], MONTHS[:48]), date(2025, 10, 31), SETTINGS)
        number = pl.col("skill_uri").str.split("/").list.last().cast(pl.Int64)
        for row in found.with_columns(number=number).iter_rows(named=True):
            came, before = (counts[known + row["horizon_months"], row["number"]] for known in (47, 35))
            ours.append(abs(came - row["mean"]))
            naive.append(abs(came - before))
            inside.append(row["q10"] <= came <= row["q90"])
    told = f"error {np.mean(ours):.2f} beside {np.mean(naive):.2f} of the year before; {np.mean(inside):.0%} inside 80 %"
    with capsys.disabled():
        print(f"\nskill demand: {told}")
    assert np.mean(ours) <= 0.85 * np.mean(naive)
    assert 0.7 <= np.mean(inside) <= 0.92


def test_a_month_that_is_not_over_is_not_known_yet_and_rare_skills_are_left_out():
    counts = np.full((36, 2), 5)
    counts[:, 1] = 0
    counts[::3, 1] = 1
    found = skill_demand_forecast(rows(counts, MONTHS[:36]), date(2024, 10, 12), SETTINGS)
    assert found["origin"].unique().to_list() == [date(2024, 9, 1)]
    assert found["skill_uri"].unique().to_list() == ["https://skill.example/0"]
    assert found["target_month"].to_list()[0] == date(2024, 10, 1)
    assert found["horizon_months"].to_list() == list(range(1, 13))
    assert found.schema == pl.Schema(OUTPUT)
    assert found["model"].unique().to_list() == ["seasonal_naive"], "three years are too few to tell models apart, and it says so"


def test_too_few_months_give_no_forecast():
    assert skill_demand_forecast(rows(np.full((12, 1), 9), MONTHS[:12]), date(2022, 10, 31), SETTINGS).is_empty()
    assert skill_demand_forecast(rows(np.zeros((1, 1)), MONTHS[:1]), None, SETTINGS).is_empty()
