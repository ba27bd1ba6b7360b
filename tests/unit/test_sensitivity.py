"""Every assumption of every scenario is tried alone, and moves what it should, the way it should."""

from __future__ import annotations

import polars as pl
import pytest
import yaml

from jod_pipelines.errors import JodError
from jod_pipelines.forecasting.long_term import education_balance, simulate_employment
from jod_pipelines.forecasting.scenarios import BASELINE, FOLDER, Scenario, read_scenarios
from jod_pipelines.forecasting.sensitivity import MEASURES, OUTPUT, YEARS, sensitivity_rows, variations
from jod_pipelines.settings import LongTermSettings
from tests.support.education_world import education_world


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    settings = LongTermSettings(draws=100)
    made = education_world(1, tmp_path_factory.mktemp("home"), settings)
    scenarios = read_scenarios()

    def balance(scenario: Scenario) -> pl.DataFrame:
        draws = simulate_employment(made.employed, made.ages, scenario, settings)
        return education_balance(draws, made.supply, scenario, settings)

    base = balance(scenarios[BASELINE])
    return pl.concat(sensitivity_rows(variation, base, balance(variation.changed)) for variation in variations(scenarios))


def total(moved: pl.DataFrame, measure: str, years: int = 15, **chosen: str) -> float:
    row = moved.filter(field_code="SSS", measure=measure, horizon_years=years, **chosen)
    assert len(row) == 1
    return float(row["change_persons"][0])


def test_every_assumption_is_there_once(moved: pl.DataFrame) -> None:
    assert moved.columns == OUTPUT
    assert not moved.select(OUTPUT[:3] + OUTPUT[5:9]).is_duplicated().any()
    told = moved.select("scenario", "assumption", "occupations").unique()
    written = sum(len(scenario.shifts) for name, scenario in read_scenarios().items() if name != BASELINE)
    assert len(told.filter(assumption="shift")) == written
    assert set(told.filter(scenario=BASELINE)["assumption"]) == {"growth", "leaving", "graduates"}
    assert len(told.filter(scenario="ageing_care", assumption="leaving")) == 1
    assert set(moved["horizon_years"]) == set(YEARS) and set(moved["measure"]) == set(MEASURES)


def test_each_moves_what_it_should_the_way_it_should(moved: pl.DataFrame) -> None:
    base = {"scenario": BASELINE}
    assert total(moved, "openings", assumption="growth", **base) > 0
    assert total(moved, "openings", assumption="leaving", **base) > 0
    assert total(moved, "openings", assumption="graduates", **base) == 0
    supply = moved.filter(scenario=BASELINE, assumption="graduates", measure="supply", field_code="SSS", horizon_years=15)
    assert supply["change_persons"][0] == pytest.approx(0.1 * supply["baseline_persons"][0], rel=1e-3)
    assert total(moved, "supply", assumption="growth", **base) == 0
    assert total(moved, "openings", scenario="ageing_care", assumption="leaving") < 0
    assert total(moved, "openings", scenario="faster_technology", occupations="41, 42, 43, 44") < 0
    shifts = moved.filter(assumption="shift", measure="openings", field_code="SSS", horizon_years=5)
    there = shifts.filter(pl.col("occupations") != "52")  # no kind of work of the small world sells
    assert (there["change_persons"] != 0).all(), "an assumption that moves nothing names what is not there"
    parts = moved.filter(measure="openings", horizon_years=10, assumption="growth").select("field_code", "change_persons")
    whole = parts.filter(field_code="SSS")["change_persons"][0]
    assert parts.filter(pl.col("field_code") != "SSS")["change_persons"].sum() == pytest.approx(whole, abs=1)
    balance = [total(moved, name, assumption="growth", **base) for name in ("supply", "openings", "balance")]
    assert balance[0] - balance[1] == pytest.approx(balance[2], abs=0.2)


def test_scenarios_of_ones_own_are_read_from_their_folder(tmp_path) -> None:
    with pytest.raises(JodError, match="no scenario called baseline"):
        read_scenarios(tmp_path)
    (tmp_path / "baseline.yaml").write_bytes((FOLDER / "baseline.yaml").read_bytes())
    own = yaml.safe_load((FOLDER / "baseline.yaml").read_text("utf-8")) | {"name": "own_plan", "graduates_pct": 20}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own), "utf-8")
    scenarios = read_scenarios(tmp_path)
    assert list(scenarios) == [BASELINE, "own_plan"]
    assert [(each.scenario, each.assumption, each.assumed) for each in variations(scenarios)][-1] == ("own_plan", "graduates", 20)
    far = {"occupations": ["811"], "growth_pct_points": 1, "reason": "too fine to be forecast"}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own | {"shifts": [far]}), "utf-8")
    with pytest.raises(JodError, match=r"own.yaml is not a scenario: shifts.0.occupations.0"):
        read_scenarios(tmp_path)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own | {"graduates_pct": 500}), "utf-8")
    with pytest.raises(JodError, match=r"own.yaml is not a scenario: graduates_pct: Input should be less than or equal to 50"):
        read_scenarios(tmp_path)
