"""Who completes which education in the synthetic world, how many of them find work, and how many young people are to come.

Each education (field and level) trains for kinds of work; it gives too many or too few for their openings, by a planted factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.catalogue import PxTable, PxVariable
from jod_pipelines.sandbox.world import World

CONFIDENTIAL = 3
GRADUATING_AGES = (20, 30)
FIRST_YEAR, LAST_YEAR = 2016, 2024
YEARS_TO_COME = 15
PROJECTED_FROM, PROJECTED_TO = 2024, 2045
LEVELS = {"3": "32", "6": "62", "7": "72"}
"""Levels that schools give, and how table 111l codes them."""
LEVEL_NAMES = {"32": "Ammatillinen", "62": "Amk", "72": "Ylempi korkeakoulu"}
FIELDS = tuple(f"{number:02d}" for number in range(11))
OPENINGS_A_YEAR = 0.035
"""Of employment: what leaves and grows in a usual year."""
PEOPLE = 5_600_000
WEIGHT_OF_PEOPLE = 200.0
"""How closely graduates are spread as people are; less is further from it."""
AGES = np.arange(0, 105, 5)
SURVIVAL = np.exp(-np.exp((AGES - 88) / 9))
"""Share of a cohort alive at an age."""


@dataclass(frozen=True)
class Graduates:
    """Planted graduates by education.

    Args:
        educations: (field, level) in order.
        persons: educations x years from FIRST_YEAR, the whole country; the last YEARS_TO_COME of them have not come yet.
        employed_share: educations, 0-1, a year later.
        work: educations x two-digit occupations: shares by which an occupation's openings are filled; columns add up to 1.
        occupations: two-digit groups in order.
    """

    educations: tuple[tuple[str, str], ...]
    persons: np.ndarray
    employed_share: np.ndarray
    work: np.ndarray
    occupations: tuple[str, ...]


def graduates(world: World) -> Graduates:
    """The planted graduates of the world."""
    kinds = world.vocabulary.work
    level = [kind.education_level if kind.education_level in LEVELS else "3" for kind in kinds]
    taught = [(kind.education_field, own) for kind, own in zip(kinds, level, strict=True)]
    educations = tuple(sorted(set(taught)))
    occupations = tuple(sorted({kind.isco[:2] for kind in kinds}))
    size = world.demand.mean(axis=1)
    work = np.zeros((len(educations), len(occupations)))
    for number, kind in enumerate(kinds):
        work[educations.index(taught[number]), occupations.index(kind.isco[:2])] += size[number]
    own = world.numbers(35)
    filled = work.sum(axis=1) * 30 * OPENINGS_A_YEAR
    young, years = young_people(), range(FIRST_YEAR, LAST_YEAR + YEARS_TO_COME + 1)
    age_groups = np.array([young[max(year, LAST_YEAR)] / young[LAST_YEAR] for year in years])
    factor = own.lognormal(0, 0.35, (len(educations), 1)) * own.lognormal(0, 0.05, (len(educations), len(years)))
    share = own.uniform(0.65, 0.95, len(educations))
    persons = np.round(filled[:, None] * factor * age_groups / share[:, None])
    return Graduates(educations, persons, share, work / work.sum(axis=0), occupations)


def placement_table(world: World) -> PxTable:
    """111l: graduates and what they do a year later, by level, sex, region and field."""
    planted, regions = graduates(world), ("SS", *world.regions)
    names = dict(reference_table("regions").select("region_code", "name_fi").iter_rows())
    levels, fields, sexes = ("SSS", *LEVEL_NAMES), ("SS", *FIELDS), ("S", "1", "2")
    years = tuple(str(year) for year in range(FIRST_YEAR, LAST_YEAR + 1))
    shape = (len(LEVEL_NAMES), 2, len(world.regions), len(FIELDS), len(years), 3)
    cells = np.zeros(shape)
    own = world.numbers(36)
    women = own.uniform(0.2, 0.8, len(planted.educations))
    people = np.array([sum(world.population[m] for m in world.municipalities[r]) for r in world.regions], dtype=float)
    places = own.dirichlet(WEIGHT_OF_PEOPLE * people / people.sum(), len(planted.educations))
    for number, (field, level) in enumerate(planted.educations):
        completed = places[number][:, None] * planted.persons[number, : len(years)]
        by_sex = np.stack([completed * (1 - women[number]), completed * women[number]])
        works = by_sex * planted.employed_share[number]
        cells[list(LEVELS).index(level), :, :, FIELDS.index(field)] = np.stack([by_sex, works, (by_sex - works) * 0.4], axis=-1)
    numbers = np.round(cells)
    for axis in (0, 1, 2, 3):
        numbers = np.concatenate([numbers.sum(axis=axis, keepdims=True), numbers], axis=axis)
    symbols = np.where((numbers > 0) & (numbers < 5), CONFIDENTIAL, 0).astype(np.int8)
    contents = {
        "tutkinto1vaiemmin": "Tutkinnon suorittaneet",
        "tyollinen1vpaastayht": "Työlliset vuoden kuluttua",
        "tyoton1vpaasta": "Työttömät vuoden kuluttua",
    }
    variables = (
        PxVariable("koulutusaste_17_20180101", "Koulutusaste", levels, ("Yhteensä", *LEVEL_NAMES.values())),
        PxVariable("sukupuoli_1_20120101", "Sukupuoli", sexes, ("Yhteensä", "Miehet", "Naiset")),
        PxVariable("maakunta_2_20130101", "Maakunta", regions, tuple(names.get(code, "KOKO MAA") for code in regions)),
        PxVariable("koulutusala_1_20160101", "Koulutusala", fields, ("Yhteensä", *(f"Koulutusala {code}" for code in FIELDS))),
        PxVariable("timeperiod_y", "Vuosi", years, years, time=True),
        PxVariable("contentscode", "Tiedot", tuple(contents), tuple(contents.values()), units=("henkilöä",) * len(contents)),
    )
    source = "Tilastokeskus, sijoittuminen koulutuksen jälkeen"
    title = "Tutkinnon suorittaneiden sijoittuminen"
    return PxTable("sijk", "111l", title, source, "2026-01-22T06:00:00", variables, numbers, symbols)


def projection_table(world: World, areas: dict[str, str]) -> PxTable:
    """14wx: projected population by area, year, sex and age, each cohort a little smaller than the one before.

    Args:
        areas: names by code; every area after the first has its share of the whole country, which is the first.
    """
    years = tuple(str(year) for year in range(PROJECTED_FROM, PROJECTED_TO + 1))
    persons = cohorts() * PEOPLE / cohorts()[0].sum()
    share = np.concatenate([[1.0], world.numbers(37).dirichlet(np.full(len(areas) - 1, 3.0))])
    by_sex = np.round(share[:, None, None, None] * persons[None, :, None, :] * np.full((1, 1, 2, 1), 0.5))
    numbers = np.concatenate([by_sex.sum(axis=2, keepdims=True), by_sex], axis=2)
    numbers = np.concatenate([numbers.sum(axis=3, keepdims=True), numbers], axis=3)[..., None]
    ages = {"SSS": "Yhteensä", **{f"{age:03d}": str(age) for age in AGES[:-1].tolist()}, "100-": "100 -"}
    variables = (
        PxVariable("alue_23_20240101", "Alue", tuple(areas), tuple(areas.values())),
        PxVariable("timeperiod_y", "Vuosi", years, years, time=True),
        PxVariable("sukupuoli_9_20180101", "Sukupuoli", ("SSS", "1", "2"), ("Yhteensä", "Miehet", "Naiset")),
        PxVariable("ikaryhma_10_20180101", "Ikä", tuple(ages), tuple(ages.values())),
        PxVariable("contentscode", "Tiedot", ("vaesto_e24",), ("Väestö 31.12. (ennuste 2024)",), units=("henkilöä",)),
    )
    symbols = np.zeros(numbers.shape, dtype=np.int8)
    title = "Väestöennuste alueen, sukupuolen ja iän mukaan"
    source = "Tilastokeskus, väestöennuste"
    return PxTable("vaenn", "14wx", title, source, "2024-10-24T05:00:00", variables, numbers, symbols)


def cohorts() -> np.ndarray:
    """Relative numbers of people by projected year and age."""
    years = np.arange(PROJECTED_FROM, PROJECTED_TO + 1)
    born = years[:, None] - AGES[None, :]
    return np.asarray(np.exp(-0.006 * (born - 1990)) * SURVIVAL)


def young_people() -> dict[int, float]:
    """People in the ages that graduate, relative, by projected year."""
    low, high = (np.searchsorted(AGES, age) for age in GRADUATING_AGES)
    totals = cohorts()[:, low:high].sum(axis=1)
    return dict(zip(range(PROJECTED_FROM, PROJECTED_TO + 1), totals.tolist(), strict=True))
