"""Application options (hakukohde) and rounds (haku) of the synthetic world, in the source's shapes.

Amounts follow Opintopolku's of November 2023: 12 109 published implementations, 12 887 options, 1 669 rounds, and about
three implementations in ten that nobody applies to through an option, most of them open university courses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jod_pipelines.sandbox.education import edited, implementation_names
from jod_pipelines.sandbox.world import FIRST_NAMES, LAST_NAMES, Implementation, Programme, School, World

OPEN_TYPES = frozenset({"kk-opintojakso", "vapaa-sivistystyo-osaamismerkki"})
JOINT_ROUNDS = ("Yhteishaku, kevät", "Yhteishaku, syksy", "Korkeakoulujen yhteishaku, kevät", "Korkeakoulujen yhteishaku, syksy")
JOINT_TYPES = {"amm": (1, 2), "amk": (3, 4), "yo": (3, 4)}
WITHOUT, JOINT, SECOND = 0.22, 0.2, 0.54
"""Shares of programmes without options and in joint rounds, and of implementations with a second option."""


@dataclass(frozen=True)
class Option:
    """One way to apply to an implementation; joint rounds have no school."""

    oid: str
    implementation: Implementation
    round_number: int
    school: School | None

    @property
    def round_oid(self) -> str:
        """OID of its round."""
        return round_oid(self.round_number)


def options(world: World) -> Iterator[Option]:
    """All options, in order of programme and implementation."""
    numbers = {school.oid: number for number, school in enumerate(world.schools)}
    for programme in world.programmes:
        for item in world.implementations[programme.oid]:
            own = world.dice("options", item.oid)
            for place, round_number in enumerate(_rounds(world, programme, numbers[programme.school.oid], own.random() < SECOND)):
                tail = int(item.oid.rsplit(".", 1)[1]) * 10 + place
                school = programme.school if round_number > len(JOINT_ROUNDS) else None
                yield Option(f"1.2.246.562.20.{tail:020d}", item, round_number, school)


def hakukohde(world: World, option: Option) -> dict[str, Any]:
    """An option's document; half follow the times of their round."""
    own, item = world.dice("hakukohde", option.oid), option.implementation
    follows = own.random() < 0.5
    return {
        "oid": option.oid,
        "toteutusOid": item.oid,
        "hakuOid": option.round_oid,
        "tila": "julkaistu",
        "nimi": implementation_names(item),
        "kielivalinta": list(implementation_names(item)),
        "jarjestyspaikka": {"oid": item.programme.school.oid, "nimi": item.programme.school.name},
        "kaytetaanHaunAikataulua": follows,
        "hakuajat": [] if follows else [{"alkaa": "2026-09-01T08:00", "paattyy": own.choice(("2026-12-31T15:00", None))}],
        "pohjakoulutusvaatimus": [{"koodiUri": f"pohjakoulutusvaatimuskouta_{own.choice(('pk', 'yo'))}#1", "nimi": {}}],
        "metadata": {"aloituspaikat": {"lukumaara": own.randrange(5, 60), "ensikertalaisille": own.choice((None, 10))}},
        "modified": edited(own),
        "timestamp": 1_790_000_000_000,
    }


def haku(world: World, oid: str, school: School | None) -> dict[str, Any]:
    """A round's document: a joint one, or a school's own."""
    own, number = world.dice("haku", oid), int(oid.rsplit(".", 1)[1])
    owner = "1.2.246.562.10.00000000001" if school is None else school.oid
    name = {"fi": JOINT_ROUNDS[number - 1]} if school is None else {"fi": f"Jatkuva haku, {school.name['fi']}"}
    return {
        "oid": oid,
        "tila": "julkaistu",
        "nimi": name,
        "kielivalinta": ["fi"],
        "hakutapa": {"koodiUri": f"hakutapa_{'01' if school is None else '03'}#1", "nimi": {}},
        "kohdejoukko": {"koodiUri": f"haunkohdejoukko_{'11' if school and school.kind == 'amm' else '12'}#1", "nimi": {}},
        "hakulomaketyyppi": "ataru",
        "hakuajat": [{"alkaa": "2026-03-18T08:00", "paattyy": "2026-04-01T15:00"}],
        "organisaatio": {"oid": owner, "nimi": {}, "paikkakunta": {"koodiUri": None, "nimi": {}}},
        "metadata": {
            "yhteyshenkilot": [
                {
                    "nimi": {"fi": f"{own.choice(FIRST_NAMES)} {own.choice(LAST_NAMES)}"},
                    "sahkoposti": {"fi": "haku@koulu.example"},
                }
            ]
        },
        "modified": edited(own),
        "timestamp": 1_790_000_000_000,
    }


def round_oid(number: int) -> str:
    """OID of a round."""
    return f"1.2.246.562.29.{number:020d}"


def _rounds(world: World, programme: Programme, school: int, second: bool) -> list[int]:
    """Numbers of the rounds an implementation of a programme takes part in: joint ones first, then its school's three."""
    own = world.dice("applications", programme.oid)
    kind = programme.kind.programme_type
    if own.random() < (0.93 if kind in OPEN_TYPES else WITHOUT):
        return []
    first_own = len(JOINT_ROUNDS) + 1 + 3 * school
    joint = kind in JOINT_TYPES and own.random() < JOINT
    first = own.choice(JOINT_TYPES[kind]) if joint else first_own + own.randrange(2)
    return [first, first_own + 2] if second else [first]
