"""Long-term forecasts on planted working lives, and what scenarios do to them."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
import yaml

from jod_pipelines.errors import JodError
from jod_pipelines.forecasting.ages import five_year_groups
from jod_pipelines.forecasting.education_links import Links
from jod_pipelines.forecasting.long_term import Supply, education_balance, employment_forecast, simulate_employment
from jod_pipelines.forecasting.scenarios import Scenario, Shift, read_scenarios
from jod_pipelines.settings import LongTermSettings
from tests.support.stock_flow_world import Planted, plant

SETTINGS = LongTermSettings()
BASELINE = read_scenarios()["baseline"]
FIGURES = ["q2_5", "q10", "q50", "q90", "q97_5"]


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(seed=0)


def test_planted_employment_and_leavers_are_recovered(capsys):
    """Five worlds of forty occupations: how often the truth is inside, and how far those who leave in ten years are off."""
    inside: dict[tuple[str, int], list[float]] = {}
    off, whole = [], []
    for seed in range(5):
        world = plant(seed)
        draws = simulate_employment(world.employed, world.ages, BASELINE, SETTINGS)
        for ahead in (1, 5, 10, 15):
            left, true = draws.leavers[:, :ahead].sum(axis=1), world.future_leavers[:ahead].sum(axis=0)
            for name, drawn, came in (
                ("employed", draws.employed[:, ahead - 1], world.future_employed[ahead - 1]),
                ("left since", left, true),
            ):
                low, high = np.quantile(drawn, [0.1, 0.9], axis=0)
                inside.setdefault((name, ahead), []).append(float(((came >= low) & (came <= high)).mean()))
        left, true = np.median(draws.leavers[:, :10].sum(axis=1), axis=0), world.future_leavers[:10].sum(axis=0)
        off.append(float(np.abs(left / true - 1).mean()))
        whole.append(abs(float(left.sum() / true.sum()) - 1))
    shares = {key: float(np.mean(values)) for key, values in inside.items()}
    with capsys.disabled():
        told = ", ".join(f"{name} {ahead} y {share:.2f}" for (name, ahead), share in shares.items())
        print(f"\ninside the 80 % interval: {told}; left in 10 y off by {np.mean(off):.1%} (all {np.mean(whole):.1%})")
    assert all(0.75 <= share <= 0.9 for (name, _), share in shares.items() if name == "employed")
    assert all(share >= 0.8 for (name, _), share in shares.items() if name == "left since")
    assert np.mean(off) <= 0.03
    assert np.mean(whole) <= 0.02


def test_figures_of_a_year_agree(planted):
    draws = simulate_employment(planted.employed, planted.ages, BASELINE, SETTINGS)
    last = planted.employed.filter(pl.col("year") == 2023).sort("occupation_code")["persons"].to_numpy()
    assert np.allclose(last + draws.change.sum(axis=1), draws.employed[:, -1])
    assert (draws.openings >= 0).all()
    assert (draws.leavers >= 0).all()
    frame = employment_forecast(draws, BASELINE)
    assert len(frame) == 41 * 15 * 4
    assert frame.filter(~pl.all_horizontal(pl.col(a) <= pl.col(b) for a, b in itertools.pairwise(FIGURES))).is_empty()
    total = frame.filter((pl.col("measure") == "employed") & (pl.col("target_year") == 2030)).sort("occupation_code")
    assert total.filter(occupation_code="SSS")["mean"].item() == pytest.approx(
        total.filter(pl.col("occupation_code") != "SSS")["mean"].sum(), abs=5
    )


def test_the_same_input_gives_the_same_figures(planted):
    shuffled = planted.employed.sample(fraction=1, shuffle=True, seed=1), planted.ages.sample(fraction=1, shuffle=True, seed=2)
    one, other = (
        employment_forecast(simulate_employment(*pair, BASELINE, SETTINGS), BASELINE)
        for pair in ((planted.employed, planted.ages), shuffled)
    )
    assert one.equals(other)


@pytest.mark.parametrize("name", [name for name in read_scenarios() if name != "baseline"])
def test_a_scenario_moves_what_it_says_and_says_why(name, planted):
    scenario = read_scenarios()[name]
    assert all(shift.reason for shift in scenario.shifts)
    medians = [
        np.median(simulate_employment(planted.employed, planted.ages, each, SETTINGS).employed[:, 9], axis=0)
        for each in (BASELINE, scenario)
    ]
    for code, before, after in zip((str(11 + place) for place in range(40)), *medians, strict=True):
        expected = sum(scenario.growth(code, year) for year in range(1, 11))
        assert np.log(after / before) == pytest.approx(expected, abs=1e-6), code


def test_working_longer_leaves_fewer_openings_and_growth_is_that_of_the_scenario(planted):
    named = {key: value for key, value in BASELINE.model_dump().items() if key not in ("leaving_factor", "employment_growth_pct")}
    longer = simulate_employment(planted.employed, planted.ages, Scenario(**named, leaving_factor=0.8), SETTINGS)
    usual = simulate_employment(planted.employed, planted.ages, BASELINE, SETTINGS)
    assert longer.leavers[:, :5].sum() < 0.9 * usual.leavers[:, :5].sum()
    grown = simulate_employment(planted.employed, planted.ages, Scenario(**named, employment_growth_pct=1.0), SETTINGS)
    last = planted.employed.filter(pl.col("year") == 2023)["persons"].sum()
    assert np.median(grown.employed[:, 9].sum(axis=1)) == pytest.approx(last * 1.01**10, rel=0.01)


def test_the_longest_beginning_of_a_code_counts():
    shifts = (
        Shift(occupations=("2",), growth_pct_points=1.0, reason="all of group two"),
        Shift(occupations=("25",), growth_pct_points=3.0, to_year_ahead=5, reason="those in computing"),
    )
    scenario = Scenario(**{**BASELINE.model_dump(), "name": "other", "shifts": shifts})
    assert [scenario.growth(code, 1) for code in ("25", "24", "31")] == [0.03, 0.01, 0.0]
    assert scenario.growth("25", 6) == 0.01


def test_balance_is_supply_less_openings(planted):
    draws = simulate_employment(planted.employed, planted.ages, BASELINE, SETTINGS)
    educations = pl.DataFrame({"field_code": ["01", "02"], "level_code": ["6", "3"]})
    first = np.random.default_rng(1).uniform(0.15, 0.35, (SETTINGS.draws, len(draws.occupations), 1))
    links = Links(draws.occupations, educations, np.concatenate([first, 1 - first], axis=2))
    graduates = pl.DataFrame(
        {"field_code": ["01"] * 3, "level_code": ["6"] * 3, "year": [2021, 2022, 2023], "persons": [900, 1000, 1100]}
    )
    placement = pl.DataFrame({"field_code": ["01"], "level_code": ["6"], "employed_share": [0.8]})
    young = pl.DataFrame({"year": [2023, 2024], "persons": [100, 110]})
    frame = education_balance(draws, Supply(graduates, placement, links, young), BASELINE, SETTINGS)
    means = {(row["field_code"], row["measure"], row["horizon_years"]): row["mean"] for row in frame.iter_rows(named=True)}
    openings = draws.openings[:, 0].sum(axis=1).mean()
    assert means["01", "openings", 1] == pytest.approx(0.25 * openings, rel=0.02)
    assert means["01", "supply", 1] == pytest.approx(1000 * 0.8 * 1.1, rel=0.02)
    assert means["01", "balance", 1] == pytest.approx(means["01", "supply", 1] - means["01", "openings", 1], abs=0.2)
    assert means["02", "supply", 1] == 0, "nobody graduates there"
    sure = Links(draws.occupations, educations, np.broadcast_to(links.drawn.mean(axis=0), links.drawn.shape))
    certain = education_balance(draws, Supply(graduates, placement, sure, young), BASELINE, SETTINGS)
    widths = [
        (each["q90"] - each["q10"]).item()
        for each in (
            row.filter(field_code="01", measure="openings", horizon_years=1).select("q10", "q90") for row in (frame, certain)
        )
    ]
    assert widths[0] > widths[1], "links that are not certain make openings less so"


def test_unusable_history_is_refused(planted):
    with pytest.raises(JodError, match="has 4 years"):
        simulate_employment(planted.employed.filter(pl.col("year") > 2019), planted.ages, BASELINE, SETTINGS)
    with pytest.raises(JodError, match=r"years missing \[\(2014, 2016\)\]"):
        simulate_employment(planted.employed.filter(pl.col("year") != 2015), planted.ages, BASELINE, SETTINGS)
    with pytest.raises(JodError, match="5 years apart"):
        simulate_employment(planted.employed, planted.ages.filter(pl.col("year") > 2020), BASELINE, SETTINGS)


TITLES = {f"{kind}_{language}": "Longer careers" for kind in ("title", "description") for language in ("fi", "sv", "en")}
SHIFT = {"occupations": ["22"], "growth_pct_points": 1, "reason": "judgement of a test"}


def written(folder, file, **fields):
    (folder / f"{file}.yaml").write_text(yaml.safe_dump({"name": file, **TITLES} | fields), encoding="utf-8")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title_fi": None, "title_sv": None}, r"mine\.yaml is not a scenario: title_fi: Input should .* \(and 1 more\)"),
        ({"leaving_faktor": 0.8}, r"leaving_faktor: Extra inputs are not permitted"),
        ({"leaving_factor": 8}, r"leaving_factor: Input should be less than or equal to 1\.5"),
        ({"shifts": [SHIFT | {"reason": "mine"}]}, r"shifts\.0\.reason: .* 10 characters"),
        ({"shifts": [SHIFT | {"from_year_ahead": 9, "to_year_ahead": 2}]}, r"to_year_ahead 2 is before from_year_ahead 9"),
        ({"name": "Mine!"}, r"name: String should match"),
        ({"name": "baseline"}, r"mine\.yaml: another file of .* is called baseline too"),
    ],
)
def test_a_mistake_in_a_scenario_file_is_told_with_file_and_place(fields, told, tmp_path):
    written(tmp_path, "baseline")
    written(tmp_path, "mine", **fields)
    with pytest.raises(JodError, match=told):
        read_scenarios(tmp_path)


def test_a_file_that_is_no_scenario_is_named(tmp_path):
    with pytest.raises(JodError, match="is not a folder"):
        read_scenarios(tmp_path / "none")
    for text, told in (
        ("- a list", "the file: Input should be a valid dictionary"),
        ("a: [1", "not YAML"),
        ("", "valid dictionary"),
    ):
        (tmp_path / "wrong.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(JodError, match=rf"wrong\.yaml is not a scenario: .*{told}"):
            read_scenarios(tmp_path)
    (tmp_path / "wrong.yaml").unlink()
    with pytest.raises(JodError, match="no scenario called baseline"):
        read_scenarios(tmp_path)


def test_ten_year_ages_are_split_and_narrow_ones_stay(planted):
    coarse = pl.when(pl.col("age_from") < 25).then(18).otherwise(pl.col("age_from") - (pl.col("age_from") - 25) % 10)
    ten = planted.ages.group_by("occupation_code", "year", age_from=coarse).agg(pl.col("persons").sum())
    split = five_year_groups(ten)
    assert split["persons"].min() >= 0
    assert split["persons"].sum() == pytest.approx(planted.ages["persons"].sum())
    both = split.join(planted.ages.cast({"age_from": pl.Int64, "year": pl.Int64}), on=["occupation_code", "year", "age_from"])
    old = both.filter(pl.col("age_from") >= 30)
    assert (old["persons"] - old["persons_right"]).abs().sum() <= 0.08 * old["persons_right"].sum()
    same = five_year_groups(planted.ages)
    assert same["persons"].to_numpy() == pytest.approx(
        planted.ages.sort("occupation_code", "year", "age_from")["persons"].to_numpy()
    )
    draws = simulate_employment(planted.employed, split, BASELINE, SETTINGS)
    left, true = np.median(draws.leavers[:, :10].sum(axis=1), axis=0), planted.future_leavers[:10].sum(axis=0)
    assert np.abs(left / true - 1).mean() <= 0.06
