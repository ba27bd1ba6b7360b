"""Employment, openings and the supply of graduates up to fifteen years ahead: a stock that people leave and enter.

The method is that of the Finnish National Agency for Education and of Cedefop, in short: employment follows its trend and a
scenario; people age and leave by their age and occupation; openings are growth plus those who leave; graduates who find work
are the supply. docs/methods/long_term.md has every formula. Uncertainty is simulated, so that all figures of a draw agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from jod_pipelines.errors import JodError
from jod_pipelines.forecasting.education_links import Links
from jod_pipelines.forecasting.scenarios import Scenario
from jod_pipelines.settings import LongTermSettings

QUANTILES = {"q2_5": 0.025, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q97_5": 0.975}
MODEL = "stock_flow"
AGE_STEP, YOUNGEST = 5, 15
LEAVING_FROM = 45
"""Age group from which people who leave an occupation are counted as leaving work; before it, they change occupations."""
STEADY_AGES = (35, 45)
"""Ages, from and up to, at which few enter work or leave it: how they change over five years is the occupation's growth."""
OLDEST = 65
"""The last five-year group; whoever passes it leaves."""
ENTRY_AGES = (15, 35)
"""Ages, from and up to, whose composition new people have."""
UNKNOWN_SPREAD = 0.1
"""How much graduates of a year differ from the next when only one year is known."""
WEIGHT_OF_ALL = 400
"""Persons that the hazard of all occupations together counts for in that of one occupation."""


@dataclass(frozen=True)
class Draws:
    """Simulated futures: arrays of draws x years ahead x occupations."""

    occupations: list[str]
    origin_year: int
    employed: np.ndarray
    change: np.ndarray
    leavers: np.ndarray

    @property
    def openings(self) -> np.ndarray:
        """Growth and those who leave; never less than none."""
        return np.asarray(np.maximum(self.change + self.leavers, 0))


def simulate_employment(employed: pl.DataFrame, ages: pl.DataFrame, scenario: Scenario, settings: LongTermSettings) -> Draws:
    """Draw futures of employment by occupation.

    Args:
        employed: occupation_code, year, persons; every occupation in every year, in persons.
        ages: occupation_code, age_from (15, 20 … 65: five-year groups), year, persons, for at least two years five years apart.
        scenario: what is assumed beyond the trend.
        settings: years ahead, draws, seed.

    Raises:
        JodError: a year is missing, or history is too short for a trend.
    """
    wide = employed.pivot("year", index="occupation_code", values="persons", sort_columns=True).sort("occupation_code")
    years = [int(name) for name in wide.columns[1:]]
    occupations = wide["occupation_code"].to_list()
    _check(years, wide, settings)
    history = wide.drop("occupation_code").to_numpy().astype(float).clip(1)
    random = np.random.default_rng(settings.seed)
    path = _paths(history, occupations, scenario, settings, random)
    by_age = history[:, -1:] * _age_shares(ages, occupations)
    leavers = _leavers(path, by_age, _staying(ages, occupations), scenario, settings, random)
    before = np.concatenate([np.broadcast_to(history[:, -1], (settings.draws, 1, len(occupations))), path[:, :-1]], axis=1)
    return Draws(occupations, years[-1], path, path - before, leavers)


def _check(years: list[int], wide: pl.DataFrame, settings: LongTermSettings) -> None:
    if len(years) < settings.min_history_years:
        raise JodError(
            f"employment by occupation has {len(years)} years; "
            f"a trend of {settings.horizon_years} years needs {settings.min_history_years}"
        )
    gaps = [(a, b) for a, b in pairwise(years) if b != a + 1]
    holes = [row[0] for row in wide.iter_rows() if None in row]
    if gaps or holes:
        raise JodError(f"employment by occupation is not whole: years missing {gaps}, occupations with holes {holes[:5]}")


def _paths(
    history: np.ndarray, occupations: list[str], scenario: Scenario, settings: LongTermSettings, random: np.random.Generator
) -> np.ndarray:
    """Employment by draw, year ahead and occupation: damped trend of the logs, the scenario on top, errors that add up.

    The trend is the mean yearly growth of the last years, drawn towards that of all occupations by how uncertain it is. How
    long trends last is not known either: what is left of one a year later is drawn. Where the scenario says how all employment
    grows, occupations share that growth.
    """
    growth = np.diff(np.log(history[:, -settings.trend_years - 1 :]), axis=1)
    count = growth.shape[1]
    spread = growth.std(axis=1, ddof=1) * np.sqrt((count - 1) / max(count - 3, 1))  # of a few years, its own error counts
    error = spread / np.sqrt(count)
    mean, between = growth.mean(), max(float(growth.mean(axis=1).var() - (error**2).mean()), 1e-8)
    trust = between / (between + error**2)
    trend = mean + trust * (growth.mean(axis=1) - mean)
    trend_error = np.sqrt(trust) * error
    ahead = np.arange(1, settings.horizon_years + 1)
    kept = random.uniform(*settings.damping, size=(settings.draws, 1))
    damped = np.cumsum(kept**ahead, axis=1)
    shape = (settings.draws, settings.horizon_years, len(occupations))
    drawn = trend + trend_error * random.standard_normal((settings.draws, 1, len(occupations)))
    shocks = np.cumsum(spread * random.standard_normal(shape), axis=1)
    assumed = np.cumsum([[scenario.growth(code, int(year)) for code in occupations] for year in ahead], axis=0)
    path = history[:, -1] * np.exp(drawn * damped[:, :, None] + shocks + assumed)
    if scenario.employment_growth_pct is None:
        return np.asarray(path)
    total = history[:, -1].sum() * np.exp(np.log1p(scenario.employment_growth_pct / 100) * ahead)
    common = np.diff(np.log(history.sum(axis=0))).std(ddof=1)
    wander = np.exp(np.cumsum(common * random.standard_normal((settings.draws, settings.horizon_years)), axis=1))
    return np.asarray(path * (total * wander / path.sum(axis=2))[:, :, None])


def _age_shares(ages: pl.DataFrame, occupations: list[str]) -> np.ndarray:
    """Share of each five-year group in each occupation in the newest year: occupations x groups."""
    newest = _by_age(ages, occupations, int(ages["year"].max()))  # type: ignore[arg-type]
    return np.asarray(newest / newest.sum(axis=1, keepdims=True).clip(1))


def _staying(ages: pl.DataFrame, occupations: list[str]) -> np.ndarray:
    """Share of each five-year group still at work five years and a group later: occupations x groups.

    Estimated on every pair of years five years apart, drawn towards that of all occupations, 1 before LEAVING_FROM, 0 for the
    last group. A growing occupation takes older people in too; how its steady ages grew is taken out.
    """
    years = sorted(set(ages["year"].to_list()))
    pairs = [(year, year + AGE_STEP) for year in years if year + AGE_STEP in years]
    if not pairs:
        raise JodError(f"employment by age has years {years}; shares that stay need two that are {AGE_STEP} years apart")
    before = np.sum([_by_age(ages, occupations, first) for first, _ in pairs], axis=0)[:, :-1]
    after = np.sum([_by_age(ages, occupations, last) for _, last in pairs], axis=0)[:, 1:]
    steady = slice(_group(STEADY_AGES[0]), _group(STEADY_AGES[1]))
    grown = (after[:, steady].sum(axis=1) / before[:, steady].sum(axis=1).clip(1)).clip(0.5, 2)
    after = after / grown[:, None]
    everyone = after.sum(axis=0) / before.sum(axis=0).clip(1)
    staying = ((after + WEIGHT_OF_ALL * everyone) / (before + WEIGHT_OF_ALL)).clip(0, 1)
    staying[:, : _group(LEAVING_FROM)] = 1
    return np.concatenate([staying, np.zeros((len(occupations), 1))], axis=1)


def _group(age: int) -> int:
    return (age - YOUNGEST) // AGE_STEP


def _by_age(ages: pl.DataFrame, occupations: list[str], year: int) -> np.ndarray:
    groups = pl.DataFrame({"age_from": range(YOUNGEST, OLDEST + 1, AGE_STEP)}, schema={"age_from": pl.Int64})
    grid = pl.DataFrame({"occupation_code": occupations}).join(groups, how="cross")
    found = ages.filter(pl.col("year") == year).select("occupation_code", pl.col("age_from").cast(pl.Int64), "persons")
    filled = grid.join(found, on=["occupation_code", "age_from"], how="left", maintain_order="left")["persons"].fill_null(0)
    return filled.to_numpy().astype(float).reshape(len(occupations), len(groups))


def _leavers(
    path: np.ndarray,
    now: np.ndarray,
    staying: np.ndarray,
    scenario: Scenario,
    settings: LongTermSettings,
    random: np.random.Generator,
) -> np.ndarray:
    """People who leave work, by draw, year ahead and occupation.

    People move up a group every five years, some leave on the way, and what employment then lacks is filled with young people.
    A fifth of those who leave in five years stands at their middle year; other years are on the line through two of them.
    """
    wobble = scenario.leaving_factor * np.exp(settings.leaving_error * random.standard_normal((settings.draws, 1, 1)))
    leaving = np.clip((1 - staying) * wobble, 0, 1)
    leaving[:, :, -1] = 1
    young = slice(_group(ENTRY_AGES[0]), _group(ENTRY_AGES[1]))
    entry = np.zeros_like(now)
    entry[:, young] = now[:, young] / now[:, young].sum(axis=1, keepdims=True).clip(1)
    stock = np.broadcast_to(now, leaving.shape)
    steps = -(-settings.horizon_years // AGE_STEP) + 1  # one more, for the years after the middle of the last step
    yearly = []
    for step in range(steps):
        yearly.append((stock * leaving).sum(axis=2) / AGE_STEP)
        aged = np.zeros_like(leaving)
        aged[:, :, 1:] = (stock * (1 - leaving))[:, :, :-1]
        target = path[:, min((step + 1) * AGE_STEP, settings.horizon_years) - 1]
        missing = np.maximum(target - aged.sum(axis=2), 0)
        stock = aged + missing[:, :, None] * entry
        stock = stock * (target / stock.sum(axis=2).clip(1))[:, :, None]
    ahead = np.arange(1, settings.horizon_years + 1)
    place = (ahead - (AGE_STEP + 1) / 2) / AGE_STEP
    lower = np.clip(np.floor(place).astype(int), 0, steps - 2)
    upper = lower + 1
    along = (place - lower)[None, :, None]
    found = np.stack(yearly, axis=1)
    of_year = np.exp(settings.leaving_year_error * random.standard_normal(path.shape))
    return np.asarray(np.maximum(found[:, lower] * (1 - along) + found[:, upper] * along, 0) * of_year)


def employment_forecast(draws: Draws, scenario: Scenario) -> pl.DataFrame:
    """Quantiles of what was drawn, by occupation, year and measure, and of all occupations together (`SSS`).

    Returns:
        occupation_code, scenario, origin_year, target_year, horizon_years, measure (employed, change, leavers, openings: persons,
        the last three in the year), mean, q2_5, q10, q50, q90, q97_5, model, unit.
    """
    measures = {"employed": draws.employed, "change": draws.change, "leavers": draws.leavers, "openings": draws.openings}
    frames = []
    for name, values in measures.items():
        whole = np.concatenate([values, values.sum(axis=2, keepdims=True)], axis=2)
        frames.append(_summary(whole, "occupation_code", [*draws.occupations, "SSS"]).with_columns(measure=pl.lit(name)))
    return _labelled(pl.concat(frames), draws.origin_year, scenario, ["occupation_code"])


@dataclass(frozen=True)
class Supply:
    """What education gives.

    Args:
        graduates: field_code, level_code, year, persons who completed a qualification.
        placement: field_code, level_code, employed_share (0-1) a year later.
        links: by which educations the openings of occupations are filled; it holds as many draws and all their occupations.
        young: year, persons in the ages that graduate, observed and projected; graduates follow it.
    """

    graduates: pl.DataFrame
    placement: pl.DataFrame
    links: Links
    young: pl.DataFrame


def education_balance(draws: Draws, supply: Supply, scenario: Scenario, settings: LongTermSettings) -> pl.DataFrame:
    """Openings, graduates who find work and their difference, by field and level of education.

    Returns:
        field_code, level_code, scenario, origin_year, target_year, horizon_years, measure (openings, supply, balance: persons in
        the year, balance is supply less openings), mean, q2_5, q10, q50, q90, q97_5, model, unit.
    """
    keys = ["field_code", "level_code"]
    educations = supply.links.educations
    places = [supply.links.occupations.index(code) for code in draws.occupations]
    openings = np.einsum("dyo,doe->dye", draws.openings, supply.links.drawn[:, places])
    drawn = _supply_paths(educations, supply, draws, scenario, settings)
    frames = []
    for name, values in {"openings": openings, "supply": drawn, "balance": drawn - openings}.items():
        names = [f"{field}/{level}" for field, level in educations.iter_rows()]
        frames.append(_summary(values, "education", names).with_columns(measure=pl.lit(name)))
    split = pl.col("education").str.split("/").list
    frame = pl.concat(frames).with_columns(field_code=split.first(), level_code=split.last()).drop("education")
    return _labelled(frame, draws.origin_year, scenario, keys)


def _supply_paths(
    educations: pl.DataFrame, supply: Supply, draws: Draws, scenario: Scenario, settings: LongTermSettings
) -> np.ndarray:
    """Graduates who find work, by draw, year ahead and education: the mean of the last years, moved by the size of age groups.

    How much a year differs from the next is pooled over educations, as a few years of one tell little; small ones differ
    more, by chance. The level is wrong by the error of its mean in all years alike.
    """
    keys = ["field_code", "level_code"]
    recent = supply.graduates.filter(pl.col("year") > pl.col("year").max() - settings.graduate_years)
    level = recent.group_by(keys).agg(pl.col("persons").mean(), spread=pl.col("persons").std() / pl.col("persons").mean())
    usual = float(np.sqrt(np.nanmean(np.square(level["spread"].to_numpy())))) if len(level) else np.nan
    usual = float(np.clip(usual, 0.02, 1)) if np.isfinite(usual) else UNKNOWN_SPREAD
    years = max(recent["year"].n_unique(), 1)
    joined = (
        educations.join(level, on=keys, how="left", maintain_order="left")
        .join(supply.placement, on=keys, how="left", maintain_order="left")
        .with_columns(pl.col("persons").fill_null(0))
        .with_columns(pl.col("employed_share").fill_null(pl.lit(supply.placement["employed_share"].mean())))
    )
    young = dict(supply.young.select("year", "persons").iter_rows())
    base: float = young.get(draws.origin_year) or max(young.values(), default=1)
    factor = np.array([young.get(draws.origin_year + ahead, base) / base for ahead in range(1, settings.horizon_years + 1)]) * (
        1 + scenario.graduates_pct / 100
    )
    random = np.random.default_rng(settings.seed + 1)
    mean = (joined["persons"] * joined["employed_share"]).to_numpy()
    of_level = usual / np.sqrt(years) * random.standard_normal((settings.draws, 1, len(joined)))
    of_year = usual * random.standard_normal((settings.draws, settings.horizon_years, len(joined)))
    return np.asarray(mean * factor[None, :, None] * np.exp(of_level + of_year))


def _summary(values: np.ndarray, key: str, names: list[str]) -> pl.DataFrame:
    """Mean and quantiles over draws: key, horizon_years, mean and quantiles; one row per name and year."""
    figures = {"mean": values.mean(axis=0)} | dict(
        zip(QUANTILES, np.quantile(values, list(QUANTILES.values()), axis=0), strict=True)
    )
    years = values.shape[1]
    return pl.DataFrame(
        {
            key: np.tile(np.array(names), years),
            "horizon_years": np.repeat(np.arange(1, years + 1), len(names)),
            **{name: figure.ravel() for name, figure in figures.items()},
        }
    )


def _labelled(frame: pl.DataFrame, origin: int, scenario: Scenario, keys: list[str]) -> pl.DataFrame:
    figures = ["mean", *QUANTILES]
    return (
        frame.with_columns(
            pl.col(figures).round(1),
            pl.col("horizon_years").cast(pl.Int32),
            scenario=pl.lit(scenario.name),
            origin_year=pl.lit(origin, dtype=pl.Int32),
            target_year=(pl.lit(origin) + pl.col("horizon_years")).cast(pl.Int32),
            model=pl.lit(MODEL),
            unit=pl.lit("persons"),
        )
        .select(*keys, "scenario", "origin_year", "target_year", "horizon_years", "measure", *figures, "model", "unit")
        .sort(*keys, "measure", "target_year")
    )
