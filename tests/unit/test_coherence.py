from datetime import date
from functools import cache
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting import labour_market, reconciliation
from jod_pipelines.forecasting.backtest import Backtest, Issued, run_backtest, with_intervals
from jod_pipelines.forecasting.coherence import coherent_points, hidden_share
from jod_pipelines.forecasting.evaluation import APART, evaluate_backtest
from jod_pipelines.forecasting.labour_market import MonthlyForecast, forecast_monthly, usable_series
from jod_pipelines.forecasting.panel import Panel, to_panel
from jod_pipelines.forecasting.reconciliation import scale_to_totals
from jod_pipelines.settings import ForecastSettings

REGIONS, OCCUPATIONS = ["01", "02", "04"], ["2221", "2512", "5223", "7115"]


def vacancies(months: int = 60) -> pl.DataFrame:
    """A country that publishes everything: cells and all their totals."""
    dice = np.random.default_rng(5)
    level = dice.uniform(5, 60, (3, 4, 1)) * (1 + 0.3 * np.sin(np.arange(months) / 12 * 2 * np.pi))
    cells = dice.poisson(level)
    whole = np.zeros((4, 5, months))
    whole[:3, :4] = cells
    whole[3, :4], whole[:3, 4], whole[3, 4] = cells.sum(0), cells.sum(1), cells.sum((0, 1))
    time = pl.date_range(date(2020, 1, 1), date(2020 + months // 12 - 1, 12, 1), "1mo", eager=True)
    return pl.DataFrame(
        [
            {"region_code": region, "occupation_code": occupation, "month": month, "value": whole[r, o, t]}
            for r, region in enumerate([*REGIONS, "SSS"])
            for o, occupation in enumerate([*OCCUPATIONS, "SSS"])
            for t, month in enumerate(time)
        ]
    )


SETTINGS = ForecastSettings(horizon_months=6, backtest_origins=4)


@cache
def forecast_whole() -> MonthlyForecast:
    return forecast_monthly(vacancies(), "vacancies", SETTINGS)


def gaps(forecasts: pl.DataFrame, along: str, other: str) -> pl.DataFrame:
    """Total less parts per month and code of `other`, for parts along one dimension."""
    parts = forecasts.filter(pl.col(along) != "SSS").group_by(other, "target_month").agg(parts=pl.col("mean").sum())
    totals = forecasts.filter(pl.col(along) == "SSS").select(other, "target_month", "mean")
    return totals.join(parts, on=[other, "target_month"]).with_columns(gap=pl.col("mean") - pl.col("parts"))


@pytest.mark.parametrize(("along", "other"), [("region_code", "occupation_code"), ("occupation_code", "region_code")])
def test_every_total_is_the_sum_of_its_parts_where_all_are_published(along: str, other: str) -> None:
    found = gaps(forecast_whole().forecasts, along, other)
    assert len(found) == 6 * (len(OCCUPATIONS if other == "occupation_code" else REGIONS) + 1)
    assert found["gap"].abs().max() < 1e-4


@pytest.mark.parametrize(("along", "other"), [("region_code", "occupation_code"), ("occupation_code", "region_code")])
def test_parts_leave_room_for_a_confidential_cell(along: str, other: str) -> None:
    hidden = (pl.col("region_code") == "01") & (pl.col("occupation_code") == "2221")
    known = vacancies().with_columns(value=pl.when(~hidden).then("value"))
    forecasts = forecast_monthly(known, "vacancies", SETTINGS).forecasts
    assert forecasts.filter(hidden).is_empty()
    found = gaps(forecasts, along, other)
    code = "2221" if other == "occupation_code" else "01"
    assert found.filter(pl.col(other) == code)["gap"].min() > 1
    assert found.filter(pl.col(other) != code)["gap"].abs().max() < 1e-4


def test_quantiles_stay_in_order_and_the_country_is_as_it_was_forecast() -> None:
    forecasts = forecast_whole().forecasts
    columns = ["q2_5", "q10", "q50", "q90", "q97_5"]
    assert (np.diff(forecasts.select(columns).to_numpy(), axis=1) >= 0).all()
    assert forecasts["mean"].equals(forecasts["q50"], check_names=False)
    points = np.array([[100.0], [30.0], [30.0]])
    fitted = coherent_points(["SSS/SSS", "01/SSS", "02/SSS"], np.array([[9.0] * 12, [6.0] * 12, [3.0] * 12]), points)
    assert fitted.ravel() == pytest.approx([100, 50, 50])


def test_an_unknown_part_is_hidden_and_an_unknown_total_says_nothing() -> None:
    total, parts = np.array([10.0, np.nan, 10.0]), np.array([[5.0, 9.0, 5.0], [5.0, 9.0, np.nan]])
    assert hidden_share(total, parts) == pytest.approx(0.25)


@given(st.integers(0, 2**32 - 1))
def test_tables_scaled_at_once_are_those_scaled_alone_and_meet_their_totals(seed: int) -> None:
    random = np.random.default_rng(seed)
    seeds, wanted = random.uniform(0.5, 9, (2, 3, 4, 3))
    rows, columns = wanted.sum(axis=2), wanted.sum(axis=1)
    rows[1, 2] = np.nan
    together = scale_to_totals(seeds, rows, columns)
    alone = [scale_to_totals(seeds[[place]], rows[[place]], columns[[place]])[0] for place in range(len(seeds))]
    assert together == pytest.approx(np.stack(alone), abs=1e-6)
    assert together.sum(axis=1) == pytest.approx(columns, abs=1e-6)
    known = np.isfinite(rows)
    assert together.sum(axis=2)[known] == pytest.approx(rows[known], abs=1e-6)


def issued_from_the_past() -> tuple[Panel, Backtest, Issued]:
    """A country of which one region's cells tell no yearly change before the third of five origins."""
    panel = to_panel(usable_series(vacancies(), 24)[0], "1mo")
    late = [place for place, name in enumerate(panel.names) if name.startswith("04/") and not name.endswith("SSS")]
    panel.y[late, :40] = np.nan
    found = run_backtest(panel.y, panel.group, 12, 6, 4, 3)
    return panel, found, with_intervals(found)


def test_what_was_issued_adds_up_at_every_origin_without_series_that_could_not_be_judged_then() -> None:
    panel, found, issued = issued_from_the_past()
    fitted, reason = labour_market.add_up(panel, found, issued)
    assert not reason
    place = {name: row for row, name in enumerate(panel.names)}
    for at, occupation in product(range(len(found.origins)), OCCUPATIONS):
        late, early = place[f"04/{occupation}"], [place[f"{region}/{occupation}"] for region in REGIONS[:2]]
        total, parts = fitted.points[place[f"SSS/{occupation}"], at], fitted.points[early, at].sum(axis=0)
        if np.isfinite(found.scale[late, at]):
            assert parts + fitted.points[late, at] == pytest.approx(total, abs=labour_market.CLOSE_ENOUGH)
        else:
            assert (parts < total).all()
            assert fitted.points[late, at] == pytest.approx(issued.points[late, at])
    judged = np.isfinite(found.scale[[place[f"04/{occupation}"] for occupation in OCCUPATIONS]])
    assert judged.sum(axis=0).tolist() == [0, 0, 3, 4, 4]
    assert fitted.points[place["SSS/SSS"]] == pytest.approx(issued.points[place["SSS/SSS"]])
    assert (np.diff(fitted.limits[:, :-1], axis=-1) >= 0).all()


def test_figures_are_of_what_adds_up_and_of_the_same_before() -> None:
    panel, found, issued = issued_from_the_past()
    fitted, _ = labour_market.add_up(panel, found, issued)
    rows = forecast_whole().evaluation
    both = rows.filter(series_group="occupation_region", horizon_from=1).select("model", "mase").rows()
    figures = dict(both)
    assert figures["issued"] != figures[APART]
    assert dict(rows.filter(series_group="country").select("model", "mase").rows())[APART] == pytest.approx(
        rows.filter(series_group="country", model="issued")["mase"].item()
    )
    own = evaluate_backtest(found, fitted).filter(model="issued", series_group="occupation_region")["mase"].item()
    cells = panel.group == "occupation_region"
    errors = np.abs(found.actual - fitted.points)[cells] / found.scale[cells][:, :, None]
    assert own == pytest.approx(np.nanmean(errors), abs=1e-6)


def test_cells_that_could_not_add_up_at_an_earlier_origin_are_not_judged_there(monkeypatch) -> None:
    panel, found, issued = issued_from_the_past()
    whole, _ = labour_market.add_up(panel, found, issued)
    monkeypatch.setattr(labour_market, "CLOSE_ENOUGH", -1.0)
    monkeypatch.setattr(reconciliation, "MOST_ROUNDS", 1_000)
    fitted, reason = labour_market.add_up(panel, found, issued)
    cells = panel.group == "occupation_region"
    assert not reason
    assert np.isfinite(fitted.points[cells, -1]).all()
    began = np.isfinite(found.scale[cells])
    assert np.isnan(fitted.points[cells][began & (np.arange(len(found.origins)) < len(found.origins) - 1)]).all()
    assert fitted.points[~cells] == pytest.approx(whole.points[~cells])
    groups = evaluate_backtest(found, fitted)["series_group"].unique().sort().to_list()
    assert groups == ["country", "occupation", "region"]


def test_totals_that_cannot_be_met_are_an_error() -> None:
    with pytest.raises(ForecastError, match="do not add up: 5"):
        scale_to_totals(np.array([[[0.0, 0.0], [1.0, 1.0]]]), np.array([[5.0, 2.0]]), np.array([[1.0, 1.0]]))


def test_cells_that_cannot_be_made_to_add_up_are_left_out_with_the_reason_and_totals_are_not(monkeypatch) -> None:
    whole = forecast_whole()
    monkeypatch.setattr(labour_market, "CLOSE", -1.0)
    monkeypatch.setattr(reconciliation, "MOST_ROUNDS", 100)
    found = forecast_monthly(vacancies(), "vacancies", SETTINGS)
    cells = (pl.col("region_code") != "SSS") & (pl.col("occupation_code") != "SSS")
    assert found.forecasts.equals(whole.forecasts.filter(~cells))
    assert len(found.left_out) == len(REGIONS) * len(OCCUPATIONS)
    assert found.left_out["reason"].str.starts_with("forecasts do not add up").all()
