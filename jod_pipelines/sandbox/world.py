"""A seeded synthetic Finland: who offers which work and education, where, when, and how much of it.

The world decides facts only; other modules render them in the sources' shapes. Large columns are drawn at once with
numpy; what a single item says is drawn from its own generator, so that any item can be rendered alone, in any order.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.trends import PlantedTrend, plant_trends
from jod_pipelines.sandbox.vocabulary import KindOfProgramme, KindOfWork, Vocabulary, esco_vocabulary, own_vocabulary

LAST_MONTH = date(2026, 10, 1)
"""The world's newest complete month; its clock never moves, so that a seed gives one world for ever."""
STATISTICS_MONTHS = 144
SEASONS = {
    "none": (0,) * 12,
    "summer": (-0.1, -0.05, 0.1, 0.35, 0.45, 0.3, 0.0, -0.15, -0.2, -0.25, -0.25, -0.2),
    "winter": (0.15, 0.0, -0.15, -0.25, -0.25, -0.2, -0.1, 0.05, 0.2, 0.35, 0.3, 0.1),
    "spring": (0.1, 0.3, 0.4, 0.25, 0.0, -0.2, -0.25, -0.1, 0.0, -0.1, -0.2, -0.2),
    "autumn": (-0.1, -0.1, -0.05, 0.0, 0.0, -0.05, 0.1, 0.35, 0.3, 0.05, -0.2, -0.3),
    "school": (0.05, 0.15, 0.35, 0.45, 0.25, 0.0, -0.1, -0.05, -0.2, -0.3, -0.3, -0.3),
    "christmas": (-0.2, -0.2, -0.1, -0.05, 0.05, 0.05, -0.05, 0.0, 0.1, 0.35, 0.35, -0.1),
}
"""Seasonal profiles, log scale, January first."""
GENERAL_SEASON = (0.0, 0.05, 0.1, 0.1, 0.1, 0.0, -0.25, 0.0, 0.1, 0.05, -0.1, -0.2)
PANDEMIC = (date(2020, 3, 1), date(2021, 6, 1))
HIT_BY_PANDEMIC = frozenset({"10"})
COAST = ("01", "02", "04", "08", "15", "16", "17", "21")
NORTH = ("17", "18", "19")
INDUSTRIAL = ("02", "04", "05", "06", "07", "08", "13", "15")


@dataclass(frozen=True)
class Sizes:
    """How much of everything there is.

    `kinds_of_work` is of worlds made of a real ESCO (66 of 500 postings, 200 of 20 000, 647 of 1 000 000); our own
    vocabulary has 66 whatever the size.
    """

    postings: int
    posting_months: int
    programmes: int
    implementations: int
    employers: int
    schools: int
    all_areas: bool
    kinds_of_work: int = 0


def sizes_of(postings: int) -> Sizes:
    """Sizes of a world with that many postings; 3 000 is `small`, 1 000 000 `national`."""
    share = min(1.0, postings / 1_000_000)
    growth = share**0.55
    return Sizes(
        postings=postings,
        posting_months=60 if postings >= 500_000 else 36,
        programmes=max(300, round(7_000 * growth)),
        implementations=max(600, round(12_000 * growth)),
        employers=max(300, round(40_000 * growth)),
        schools=max(40, round(600 * growth)),
        all_areas=postings >= 500_000,
        kinds_of_work=round(200 * (postings / 20_000) ** 0.3),
    )


@dataclass(frozen=True)
class Employer:
    """An employer; a household has no business id."""

    name: str
    business_id: str
    industry: str
    household: bool


@dataclass(frozen=True)
class School:
    """A school and the provider that runs it."""

    oid: str
    provider_oid: str
    name: dict[str, str]
    code: str
    kind: str
    municipality: str
    swedish: bool


@dataclass(frozen=True)
class Programme:
    """One programme: a kind, at a school, with the skills it happens to teach."""

    index: int
    oid: str
    kind: KindOfProgramme
    school: School
    skills: tuple[str, ...]
    eperuste_id: int | None
    variant: int


@dataclass(frozen=True)
class Implementation:
    """One implementation of a programme."""

    oid: str
    programme: Programme
    municipality: str
    swedish: bool


class World:
    """The synthetic Finland of one seed and size.

    Args:
        seed: everything follows from it.
        sizes: how much there is.
        esco_folder: a real ESCO whose skills and occupations the world uses instead of its own.
    """

    def __init__(self, seed: int, sizes: Sizes, esco_folder: Path | None = None) -> None:
        self.seed, self.sizes = seed, sizes
        self.vocabulary: Vocabulary = esco_vocabulary(esco_folder, seed, sizes.kinds_of_work) if esco_folder else own_vocabulary()

    def numbers(self, *stream: int) -> np.random.Generator:
        """The generator of a stream of the world."""
        return np.random.default_rng([self.seed, *stream])

    def dice(self, *key: object) -> random.Random:
        """The generator of one item."""
        return random.Random(f"{self.seed}/" + "/".join(map(str, key)))

    # places

    @cached_property
    def regions(self) -> list[str]:
        """Region codes."""
        return reference_table("regions")["region_code"].to_list()

    @cached_property
    def municipalities(self) -> dict[str, list[str]]:
        """Municipality codes by region, largest first."""
        frame = reference_table("municipalities").sort("population_persons", descending=True)
        found: dict[str, list[str]] = {region: [] for region in self.regions}
        for code, region in frame.select("municipality_code", "region_code").iter_rows():
            found[region].append(code)
        return found

    @cached_property
    def population(self) -> dict[str, int]:
        """Population by municipality."""
        return dict(reference_table("municipalities").select("municipality_code", "population_persons").iter_rows())

    @cached_property
    def region_shares(self) -> np.ndarray:
        """Share of each kind of work's demand by region, kinds x regions."""
        people = np.array([sum(self.population[m] for m in self.municipalities[r]) for r in self.regions], dtype=float)
        rows: list[np.ndarray] = []
        for kind in self.vocabulary.work:
            power = {"urban": 1.25, "rural": 0.65}.get(kind.places, 1.0)
            weights = people**power
            liked = {"north": NORTH, "coast": COAST, "industrial": INDUSTRIAL}.get(kind.places, ())
            weights *= np.array([2.5 if region in liked else 1.0 for region in self.regions])
            noise = self.numbers(11, len(rows)).lognormal(0, 0.25, len(people))
            rows.append(weights * noise / (weights * noise).sum())
        return np.array(rows)

    # demand

    @cached_property
    def months(self) -> list[date]:
        """Months of the statistics, oldest first."""
        return [_month_back(LAST_MONTH, back) for back in range(STATISTICS_MONTHS - 1, -1, -1)]

    @cached_property
    def demand(self) -> np.ndarray:
        """True demand by kind of work and month, in open vacancies of the whole country: the planted curve."""
        curves = []
        time = np.arange(STATISTICS_MONTHS) / STATISTICS_MONTHS
        for number, kind in enumerate(self.vocabulary.work):
            own = self.numbers(12, number)
            level = own.lognormal(6.0, 0.7)
            slope, wave = own.uniform(0.25, 0.7), own.uniform(0, 2 * np.pi)
            trend = {
                "stable": 0.08 * np.sin(2 * np.pi * time + wave),
                "growing": slope * time,
                "shrinking": -slope * time,
                "strong_growth": 1.6 / (1 + np.exp(-10 * (time - own.uniform(0.4, 0.65)))),
                "cyclical": 0.35 * np.sin(2 * np.pi * 2.2 * time + wave),
            }[kind.trend]
            season = np.array([SEASONS[kind.season][month.month - 1] + GENERAL_SEASON[month.month - 1] for month in self.months])
            wander = np.cumsum(own.normal(0, 0.02, STATISTICS_MONTHS))
            shock = np.array([self._pandemic(kind, month) for month in self.months])
            curves.append(level * np.exp(trend + season + wander + shock))
        return np.array(curves)

    @staticmethod
    def _pandemic(kind: KindOfWork, month: date) -> float:
        if not PANDEMIC[0] <= month < PANDEMIC[1]:
            return 0.0
        return -0.9 if kind.education_field in HIT_BY_PANDEMIC else -0.25

    # employers

    @cached_property
    def employers(self) -> list[Employer]:
        """Employers; about one in a hundred is a household."""
        own = self.dice("employers")
        industries = sorted({code for kind in self.vocabulary.work for code in kind.industries})
        found = []
        for number in range(self.sizes.employers):
            household = own.random() < 0.01
            name = f"{own.choice(FIRST_NAMES)} {own.choice(LAST_NAMES)}" if household else _company_name(own)
            business_id = "" if household else f"{9_000_000 - number:07d}-{own.randrange(10)}"
            found.append(Employer(name, business_id, industries[number % len(industries)], household))
        return found

    @cached_property
    def employers_by_industry(self) -> dict[str, list[int]]:
        """Positions of employers by industry."""
        found: dict[str, list[int]] = {}
        for position, employer in enumerate(self.employers):
            found.setdefault(employer.industry, []).append(position)
        return found

    # postings

    @cached_property
    def posting_columns(self) -> dict[str, np.ndarray]:
        """Facts of all postings by column: kind, region (positions), published and modified (minutes), archived.

        Postings are in order of last change.
        """
        own = self.numbers(13)
        window = self.demand[:, -self.sizes.posting_months :]
        shares = (window / window.sum()).ravel()
        counts = own.multinomial(self.sizes.postings, shares)
        cell = np.repeat(np.arange(shares.size), counts)
        kind, month = cell // self.sizes.posting_months, cell % self.sizes.posting_months
        starts = np.array([_minutes(m) for m in self.months[-self.sizes.posting_months :]])
        published = starts[month] + own.integers(0, 28 * 24 * 60, cell.size)
        modified = published + np.where(own.random(cell.size) < 0.2, own.integers(60, 14 * 24 * 60, cell.size), 0)
        cumulative = self.region_shares.cumsum(axis=1)
        region = (own.random(cell.size)[:, None] > cumulative[kind]).sum(axis=1).clip(0, len(self.regions) - 1)
        order = np.lexsort((cell, published, modified))
        archived = own.random(cell.size) < 0.03
        columns = {"kind": kind, "region": region, "published": published, "modified": modified, "archived": archived}
        return {name: values[order] for name, values in columns.items()}

    # schools and programmes

    @cached_property
    def schools(self) -> list[School]:
        """Vocational schools, universities of applied sciences, universities and folk high schools."""
        own = self.dice("schools")
        large = [code for region in self.regions for code in self.municipalities[region][:3]]
        found = []
        for number in range(self.sizes.schools):
            kind = ("amm", "amm", "amk", "amm", "yo", "amk", "vst", "amm")[number % 8]
            municipality = large[number * 7 % len(large)] if number % 8 else own.choice(large)
            swedish = number % 9 == 4
            root = f"{own.choice(NAME_STARTS)}{own.choice(NAME_ENDS)}"
            ending = SCHOOL_NAMES[kind]
            name = {"fi": f"{root.capitalize()}n {ending[0]}", "sv": f"{root.capitalize()} {ending[1]}"}
            if kind in ("amk", "yo"):
                name["en"] = f"{root.capitalize()} {ending[2]}"
            found.append(
                School(
                    oid=f"1.2.246.562.10.9{number:010d}",
                    provider_oid=f"1.2.246.562.10.8{number // 2:010d}",
                    name={"sv": name["sv"], **name} if swedish else name,
                    code=f"{90000 + number:05d}",
                    kind=kind,
                    municipality=municipality,
                    swedish=swedish,
                )
            )
        return found

    @cached_property
    def qualifications(self) -> dict[str, int]:
        """Ids in ePerusteet of the vocational kinds of programme."""
        kinds = [kind for kind in self.vocabulary.programmes if kind.programme_type == "amm"]
        return {kind.key: 9_000_000 + 10 * number for number, kind in enumerate(kinds)}

    @cached_property
    def programmes(self) -> list[Programme]:
        """Programmes: kinds spread over the schools that can teach them, each leaving out or adding some skills."""
        own = self.dice("programmes")
        by_kind: dict[str, list[School]] = {}
        for school in self.schools:
            by_kind.setdefault(school.kind, []).append(school)
        teaches = {"amm": "amm", "amk": "amk", "yo": "yo", "kk-opintojakso": "yo", "vapaa-sivistystyo-osaamismerkki": "vst"}
        everything = sorted(self.vocabulary.skills)
        found = []
        for number in range(self.sizes.programmes):
            kind = self.vocabulary.programmes[number % len(self.vocabulary.programmes)]
            vocational = kind.programme_type == "amm"
            skills = [uri for uri in kind.skills if vocational or own.random() < 0.8]
            if not vocational and own.random() < 0.3:
                skills.append(own.choice(everything))
            found.append(
                Programme(
                    index=number,
                    oid=f"1.2.246.562.13.{number + 1:020d}",
                    kind=kind,
                    school=own.choice(by_kind[teaches[kind.programme_type]]),
                    skills=tuple(dict.fromkeys(skills)),
                    eperuste_id=self.qualifications.get(kind.key),
                    variant=number // len(self.vocabulary.programmes),
                )
            )
        return found

    @cached_property
    def implementations(self) -> dict[str, list[Implementation]]:
        """Implementations by programme OID; about one programme in twenty-five has none."""
        own = self.dice("implementations")
        offered = [programme for programme in self.programmes if programme.index % 25 != 24]
        found: dict[str, list[Implementation]] = {programme.oid: [] for programme in self.programmes}
        for number in range(self.sizes.implementations):
            programme = offered[number % len(offered)]
            region = self.region_of[programme.school.municipality]
            municipality = programme.school.municipality if own.random() < 0.8 else own.choice(self.municipalities[region])
            oid = f"1.2.246.562.17.{number + 1:020d}"
            found[programme.oid].append(Implementation(oid, programme, municipality, programme.school.swedish))
        return found

    @cached_property
    def region_of(self) -> dict[str, str]:
        """Region by municipality."""
        return {code: region for region, codes in self.municipalities.items() for code in codes}

    # what one posting says

    def posting_skills(self, number: int) -> tuple[list[str], list[str]]:
        """Skills one posting asks for: those its employer chose as codes, and those its text names.

        A skill fades or emerges over the months, some are forgotten, some do not belong.
        """
        own = self.dice("posting", number)
        kind = self.vocabulary.work[int(self.posting_columns["kind"][number])]
        age = (LAST_MONTH - _date_of(int(self.posting_columns["published"][number]))).days / (30.4 * self.sizes.posting_months)
        wanted = []
        for position, uri in enumerate(kind.core):
            chance = 0.75 + (0.2 if position == 0 else 0) + (0.15 * (0.5 - age) if position in (2, 5) else 0)
            if own.random() < chance:
                wanted.append(uri)
        wanted += [uri for uri in kind.optional if own.random() < 0.3]
        if own.random() < 0.25:
            wanted.append(own.choice(self.all_skills))
        month = _date_of(int(self.posting_columns["published"][number])).replace(day=1)
        wanted += self._trending(number, int(self.posting_columns["kind"][number]), month)
        wanted = list(dict.fromkeys(wanted)) or [kind.core[0]]
        chosen = [] if own.random() < 0.06 else [uri for uri in wanted if own.random() < 0.85]
        named = [uri for uri in wanted if own.random() < 0.6]
        return chosen, named

    def _trending(self, number: int, kind: int, month: date) -> list[str]:
        own = self.dice("trend", number)
        return [trend.skill_uri for trend in self.trends if kind in trend.kinds and own.random() < trend.chance(month)]

    @cached_property
    def trends(self) -> tuple[PlantedTrend, ...]:
        """Skills whose demand begins or ends in the world's last year."""
        return plant_trends(self.dice("trends"), self.vocabulary.work, self.all_skills, LAST_MONTH)

    @cached_property
    def all_skills(self) -> list[str]:
        """URIs of all skills."""
        return sorted(self.vocabulary.skills)

    def posting_id(self, number: int) -> str:
        """Id of a posting."""
        return str(uuid.UUID(int=self.dice("posting id", number).getrandbits(128), version=4))


def moment(minutes: int) -> datetime:
    """A point in time from minutes since 2000."""
    return datetime(2000, 1, 1) + timedelta(minutes=int(minutes))


def _minutes(day: date) -> int:
    return (day - date(2000, 1, 1)).days * 24 * 60


def _date_of(minutes: int) -> date:
    return moment(minutes).date()


def _month_back(month: date, back: int) -> date:
    position = month.year * 12 + month.month - 1 - back
    return date(position // 12, position % 12 + 1, 1)


def _company_name(own: random.Random) -> str:
    root = f"{own.choice(NAME_STARTS)}{own.choice(NAME_ENDS)}".capitalize()
    return f"{root} {own.choice(('Oy', 'Oyj', 'Ky', 'Palvelut Oy', 'Yhtymä Oy', 'Ab', 'Group Oy', 'Osuuskunta'))}"


NAME_STARTS = tuple("havu kaari tammi kuusi lehto meri pilvi rauta salo suvi tuuli vaara virta kallio aalto honka".split())
NAME_ENDS = tuple("ranta niemi kangas silta piiri lahti mäki saari vuori harju koski pelto suo aho jokela linna".split())
SCHOOL_NAMES = {
    "amm": ("ammattiopisto", "yrkesinstitut", "Vocational College"),
    "amk": ("ammattikorkeakoulu", "yrkeshögskola", "University of Applied Sciences"),
    "yo": ("yliopisto", "universitet", "University"),
    "vst": ("kansalaisopisto", "medborgarinstitut", "Adult Education Centre"),
}
FIRST_NAMES = tuple("Aava Eino Helmi Ilmo Kerttu Lauha Manu Netta Oiva Pihla Roope Saima Taito Ulla Veera Wille".split())
LAST_NAMES = tuple(
    "Aarnikoski Hiekkala Jokivarsi Kivisalmi Lehtovaara Mäntyharava Niittykoski Pajurinne Suotaival Tuulensuu".split()
)
