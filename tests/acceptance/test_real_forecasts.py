"""Real vacancies and jobseekers, forecast from origins 2014-2019 with what was known then, beside AutoETS and naive.

`pytest tests/acceptance/test_real_forecasts.py -s` prints the table of docs/methods/short_term.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from jod_pipelines.forecasting.backtest import NAIVE, PANEL, Backtest, Issued, inside, run_backtest, with_intervals
from jod_pipelines.forecasting.coherence import coherent_points, hidden_share
from jod_pipelines.forecasting.evaluation import interval_scores
from jod_pipelines.forecasting.panel import Panel, to_panel

pytestmark = [pytest.mark.long, pytest.mark.recorded]

FILES = {"occupation": "tyonv_data_ammatit_1270_part.csv", "region": "tyonv_data_maakunta_1001.csv"}
KEYS = {"occupation": "Ammattiryhma", "region": "maakunta"}
MEASURES = {"vacancies": "Avoimet_tyopaikat", "jobseekers": "Tyottomat"}
HORIZON, FIRST, LAST = 24, "2013-12-01", "2019-12-01"
EVERY = 11
"""Months between origins that are judged: every month of the year gets its turn."""


@dataclass(frozen=True)
class Judged:
    """One measure of one file and band of the horizon: mean scaled errors, coverage, and how many outcomes they are of."""

    mase: dict[str, float]
    wis_skill_pct: float
    coverage_pct: tuple[float, float]
    outcomes: int


def panel_of(folder: Path, kind: str, measure: str) -> Panel:
    """Series with at least five a month before the first origin: smaller ones are shown by quarter, not by month."""
    read = pl.read_csv(folder / "statfin" / FILES[kind], infer_schema_length=None)
    long = read.select(unique_id=KEYS[kind], ds=pl.col("time").str.to_date(), y=MEASURES[measure])
    before = long.filter(pl.col("ds") <= pl.lit(FIRST).str.to_date()).group_by("unique_id").agg(pl.col("y").mean())
    return to_panel(long.join(before.filter(pl.col("y") >= 5), on="unique_id", how="semi"), "1mo")


def auto_ets(panel: Panel, origins: list[int], found: Backtest) -> np.ndarray:
    """AutoETS of statsforecast from the same origins: series x origins x horizon (gaps filled by a straight line)."""
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS, SeasonalNaive

    filled = pl.DataFrame(panel.y.T, schema=panel.names).fill_nan(None).interpolate().fill_null(strategy="forward").fill_null(0)
    out = np.full(found.actual.shape, np.nan)
    for at in origins:
        known = filled.head(found.origins[at]).with_columns(ds=pl.Series(panel.periods[: found.origins[at]]))
        engine = StatsForecast(
            models=[AutoETS(season_length=12, alias="ets")], freq="1mo", n_jobs=1, fallback_model=SeasonalNaive(season_length=12)
        )
        long = known.unpivot(index="ds", variable_name="unique_id", value_name="y").with_columns(
            pl.col("ds").cast(pl.Datetime("us"))
        )
        said = pl.DataFrame(engine.forecast(df=long, h=HORIZON)).sort("unique_id", "ds")
        assert said["unique_id"].unique(maintain_order=True).to_list() == panel.names
        out[:, at] = np.clip(said["ets"].to_numpy().reshape(len(panel.names), HORIZON), 0, None)
    return out


def judge(found: Backtest, issued: Issued, others: dict[str, np.ndarray], origins: list[int], steps: slice) -> Judged:
    """Over outcomes every method has."""
    scale = found.scale[:, origins, None]
    came = found.actual[:, origins, steps]
    said = {"issued": issued.points, NAIVE: found.models[NAIVE], **others}
    errors = {name: np.abs(came - values[:, origins, steps]) / scale for name, values in said.items()}
    fine = np.all([np.isfinite(error) for error in errors.values()], axis=0)
    held = inside(came, issued.limits[:, origins, steps])[fine]
    wis = float(interval_scores(found, issued)[:, origins, steps][fine].mean())
    naive_limits = naive_intervals(found)
    naive = interval_scores(found, Issued(found.models[NAIVE], naive_limits, issued.model))[:, origins, steps]
    return Judged(
        {name: float(error[fine].mean()) for name, error in errors.items()},
        100 * (1 - wis / float(naive[fine & np.isfinite(naive)].mean())),
        tuple(100 * held.mean(axis=0)),
        len(held),
    )


def naive_intervals(found: Backtest) -> np.ndarray:
    """Seasonal naive with intervals of the same making."""
    models = dict.fromkeys((NAIVE, "level", PANEL), found.models[NAIVE])
    return with_intervals(replace(found, models=models)).limits


def run(folder: Path, kind: str, measure: str, *, with_ets: bool) -> dict[str, Judged]:
    panel = panel_of(folder, kind, measure)
    months = [str(period) for period in panel.periods]
    before = Panel(panel.names, panel.group, panel.periods[: months.index(LAST) + 1], panel.y[:, : months.index(LAST) + 1])
    found = run_backtest(before.y, before.group, 12, HORIZON, len(before.periods) - 36, 1)
    issued = with_intervals(found)
    named = {months[known - 1]: at for at, known in enumerate(found.origins)}
    origins = [at for month, at in named.items() if FIRST <= month < LAST][::EVERY]
    others = {"AutoETS": auto_ets(before, origins, found)} if with_ets else {}
    shown = {
        "1-12": judge(found, issued, others, origins, slice(0, 12)),
        "13-24": judge(found, issued, others, origins, slice(12, 24)),
    }
    later = run_backtest(panel.y, panel.group, 12, HORIZON, len(panel.periods) - 36, 1)
    from_december = [later.origins.index(months.index(LAST) + 1)]
    shown["2020"] = judge(later, with_intervals(later), {}, from_december, slice(2, len(months) - months.index(LAST) - 1))
    for part, judged in shown.items():
        mase = " ".join(f"{name} {value:.3f}" for name, value in judged.mase.items())
        inner, outer = judged.coverage_pct
        print(
            f"| {measure} | {kind} | {len(panel.names)} | {part} | {mase} | {skill(judged):.1f} | {judged.wis_skill_pct:.1f} "
            f"| {inner:.1f} | {outer:.1f} |"
        )
    return shown


def skill(judged: Judged) -> float:
    """Per cent less error than seasonal naive."""
    return 100 * (1 - judged.mase["issued"] / judged.mase[NAIVE])


@pytest.fixture(scope="module")
def table(recorded: Path) -> dict[tuple[str, str], dict[str, Judged]]:
    """Judged by measure and kind of series."""
    return {
        (measure, kind): run(recorded, kind, measure, with_ets=kind == "occupation") for measure in MEASURES for kind in FILES
    }


def test_before_2020_what_is_issued_beats_naive(table: dict[tuple[str, str], dict[str, Judged]]) -> None:
    for parts in table.values():
        assert all(skill(parts[band]) > 5 and parts[band].wis_skill_pct > 5 for band in ("1-12", "13-24"))


def test_what_is_issued_beats_auto_ets(table: dict[tuple[str, str], dict[str, Judged]]) -> None:
    for measure in MEASURES:
        for band in ("1-12", "13-24"):
            mase = table[measure, "occupation"][band].mase
            assert mase["issued"] < mase["AutoETS"]


def test_15_pct_less_error_than_naive(table: dict[tuple[str, str], dict[str, Judged]]) -> None:
    missed = ("vacancies", "occupation", "13-24")
    for (measure, kind), parts in table.items():
        for band in ("1-12", "13-24"):
            assert skill(parts[band]) >= 15 or (measure, kind, band) == missed


@pytest.mark.xfail(strict=True, reason="not reached; how far is in docs/methods/short_term.md")
def test_goal_of_15_pct_less_error_than_naive_for_vacancies_in_their_second_year(
    table: dict[tuple[str, str], dict[str, Judged]],
) -> None:
    assert skill(table["vacancies", "occupation"]["13-24"]) >= 15


def test_monthly_intervals_hold_as_often_as_they_say(table: dict[tuple[str, str], dict[str, Judged]]) -> None:
    judged = [table[measure, "occupation"][band] for measure in MEASURES for band in ("1-12", "13-24")]
    held = np.average([each.coverage_pct for each in judged], axis=0, weights=[each.outcomes for each in judged])
    print(f"all occupations, both measures, 1-24 months: {held[0]:.1f} and {held[1]:.1f} held")
    assert held == pytest.approx((80, 95), abs=2)


@pytest.mark.xfail(strict=True, reason="not reached; how far is in docs/methods/short_term.md")
def test_goal_of_coverage_within_2_points_in_every_band(table: dict[tuple[str, str], dict[str, Judged]]) -> None:
    for measure in MEASURES:
        for band in ("1-12", "13-24"):
            assert table[measure, "occupation"][band].coverage_pct == pytest.approx((80, 95), abs=2)


@pytest.mark.parametrize("kind", ["region", "occupation"])
def test_real_vacancies_add_up_and_lose_no_accuracy(recorded: Path, kind: str) -> None:
    measure = MEASURES["vacancies"]
    whole = pl.read_csv(recorded / "statfin" / FILES["occupation"], infer_schema_length=None)
    total = whole.filter(pl.col(KEYS["occupation"]).str.starts_with("SSS")).sort("time")[measure].to_numpy()
    panel = panel_of(recorded, kind, "vacancies")
    length = [str(period) for period in panel.periods].index(LAST) + 1
    parts = panel.y[[not name.startswith("SSS") for name in panel.names], :length]
    y = np.vstack([total[:length].astype(float), parts])
    key = "{:02d}/SSS" if kind == "region" else "SSS/{:04d}"
    names = ["SSS/SSS", *(key.format(place) for place in range(len(parts)))]
    found = run_backtest(y, np.array(["total", *["part"] * len(parts)]), 12, 12, length - 36, 1)
    points = with_intervals(found).points
    base_errors, after_errors = [], []
    for at in range(found.origins.index(96), len(found.origins) - 12, EVERY):
        known = y[:, : found.origins[at]]
        after = coherent_points(names, known, points[:, at])
        room = after[0] * (1 - hidden_share(known[0, -12:], known[1:, -12:]))
        assert after[1:].sum(axis=0) == pytest.approx(room)
        scale = found.scale[:, at, None]
        base_errors.append(np.abs(found.actual[:, at] - points[:, at]) / scale)
        after_errors.append(np.abs(found.actual[:, at] - after) / scale)
    shown = [
        [float(np.nanmean(np.stack(e)[:, rows])) for rows in (slice(0, 1), slice(1, None))] for e in (base_errors, after_errors)
    ]
    print(f"| {kind} | {len(parts)} parts | total, parts before {shown[0]} | after {shown[1]} |")
    assert shown[1][0] == shown[0][0]
    assert shown[1][1] < shown[0][1]
