"""The words of the synthetic world: skills, kinds of work and kinds of programme, written for it.

Labels are this project's own; ISCO-08, TOL 2008 and education codes are the official ones. With a real ESCO folder the
skills and occupations are ESCO's instead.
"""

from __future__ import annotations

import csv
import random
import uuid
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = ("fi", "sv", "en")
NAMESPACE = uuid.UUID("a6d3c0de-5f5b-5c1a-9a52-3d2a2f6f7b10")
SANDBOX_ESCO = "http://data.sandbox.example/esco"


@dataclass(frozen=True)
class Skill:
    """A skill with its labels; `noun` is the Finnish action noun, when there is one."""

    uri: str
    group: str
    is_knowledge: bool
    label: dict[str, str]
    alternatives: dict[str, tuple[str, ...]]
    noun: str | None


@dataclass(frozen=True)
class KindOfWork:
    """A latent kind of work: what it asks for, where, when and how much."""

    key: str
    uri: str
    isco: str
    title: dict[str, str]
    synonyms: dict[str, tuple[str, ...]]
    core: tuple[str, ...]
    optional: tuple[str, ...]
    industries: tuple[str, ...]
    wage_eur_month: int
    education_level: str
    education_field: str
    places: str
    season: str
    trend: str


@dataclass(frozen=True)
class KindOfProgramme:
    """A latent kind of programme: what it teaches."""

    key: str
    programme_type: str
    education_code: str
    title: dict[str, str]
    degree_title: dict[str, str]
    field_1: str
    field_2: str
    level_1: str
    credits: int
    duration_months: int
    skills: tuple[str, ...]
    leads_to: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Everything the world is made of; skills by URI, kinds refer to them by URI."""

    skills: dict[str, Skill]
    work: tuple[KindOfWork, ...]
    programmes: tuple[KindOfProgramme, ...]


def own_vocabulary() -> Vocabulary:
    """The vocabulary written for the sandbox."""
    skills = {row["key"]: _skill(row) for row in _rows("skills")}
    return Vocabulary(
        skills={skill.uri: skill for skill in skills.values()},
        work=tuple(_kind_of_work(row, skills) for row in _rows("kinds_of_work")),
        programmes=tuple(_kind_of_programme(row, skills) for row in _rows("kinds_of_programme")),
    )


def esco_vocabulary(folder: Path, seed: int, kinds: int = 0) -> Vocabulary:
    """Kinds of work and programme in the shape of ours, made of a real ESCO's occupations and skills.

    Each kind takes the place of one of ours: an occupation of the same ISCO group where there is one, its essential
    skills as core and its optional ones beside them.

    Args:
        folder: the download.
        seed: which occupations and skills are picked.
        kinds: kinds of work, where more than ours are wanted and there are so many occupations; ours are then taken in turns.
    """
    import polars as pl

    from jod_pipelines.landing.archive import Document
    from jod_pipelines.sources.esco import download_files, parse

    paths = download_files(folder)
    tables = parse(Document(p.name, p.read_bytes(), "") for p in paths).tables
    frames = {name: frame for name, frame in tables.items() if isinstance(frame, pl.DataFrame)}
    labels = frames["label"].filter(pl.col("language").is_in(LANGUAGES))
    names: dict[str, dict[str, str]] = {}
    others: dict[tuple[str, str], list[str]] = {}
    for uri, language, label, kind in labels.select("concept_uri", "language", "label", "kind").iter_rows():
        if kind == "preferred":
            names.setdefault(uri, {})[language] = label
        elif kind == "alternative":
            others.setdefault((uri, language), []).append(label)
    types = dict(frames["concept"].filter(concept_type="skill").select("concept_uri", "skill_type").iter_rows())
    named = {uri for uri, found in names.items() if set(found) == set(LANGUAGES)}
    skills_of: dict[str, tuple[list[str], list[str]]] = {}
    for occupation, skill, essential in frames["occupation_skill"].select("occupation_uri", "skill_uri", "essential").iter_rows():
        if skill in named and skill in types:
            skills_of.setdefault(occupation, ([], []))[0 if essential else 1].append(skill)
    by_group: dict[str, list[str]] = {}
    rich = frames["concept"].filter(concept_type="occupation").select("concept_uri", "code").sort("concept_uri")
    groups: dict[str, str] = {}
    for uri, code in rich.iter_rows():
        essential, optional = skills_of.get(uri, ([], []))
        if uri in named and len(essential) >= 8 and len(optional) >= 7:
            groups[uri] = str(code)[:4]
            by_group.setdefault(groups[uri], []).append(uri)
    picks = random.Random(seed)
    everyone = sorted(groups)
    own, work, used = own_vocabulary(), [], set()
    for number in range(min(max(kinds, len(own.work)), len(everyone))):
        turn, kind = number // len(own.work), own.work[number % len(own.work)]
        free = [uri for uri in by_group.get(kind.isco, []) if uri not in used] or [uri for uri in everyone if uri not in used]
        uri = picks.choice(free)
        used.add(uri)
        essential, optional = skills_of[uri]
        work.append(
            KindOfWork(
                **{
                    **vars(kind),
                    "key": f"{kind.key}_{turn}" if turn else kind.key,
                    "uri": uri,
                    "isco": groups[uri],
                    "title": names[uri],
                    "synonyms": {language: tuple(others.get((uri, language), [])[:2]) for language in LANGUAGES},
                    "core": tuple(sorted(picks.sample(essential, min(9, len(essential))))),
                    "optional": tuple(sorted(picks.sample(optional, min(8, len(optional))))),
                }
            )
        )
    keyed = {kind.key: kind for kind in work}
    programmes = []
    for programme in own.programmes:
        sources = [keyed[key] for key in programme.leads_to if key in keyed] or [picks.choice(work)]
        pool = sorted({uri for kind in sources for uri in (*kind.core, *kind.optional)})
        taught = tuple(sorted(picks.sample(pool, min(12, len(pool)))))
        programmes.append(KindOfProgramme(**{**vars(programme), "skills": taught}))
    wanted = {uri for kind in work for uri in (*kind.core, *kind.optional)} | {uri for p in programmes for uri in p.skills}
    skills = {
        uri: Skill(
            uri=uri,
            group="esco",
            is_knowledge=types[uri] == "knowledge",
            label=names[uri],
            alternatives={language: tuple(others.get((uri, language), [])[:3]) for language in LANGUAGES},
            noun=None,
        )
        for uri in sorted(wanted)
    }
    return Vocabulary(skills, tuple(work), tuple(programmes))


def _skill(row: dict[str, str]) -> Skill:
    alternatives = {language: _parts(row[f"{language}_alt"]) for language in LANGUAGES}
    if row["fi_noun"] not in (row["fi"], *alternatives["fi"]):
        alternatives["fi"] = (row["fi_noun"], *alternatives["fi"])
    return Skill(
        uri=f"{SANDBOX_ESCO}/skill/{uuid.uuid5(NAMESPACE, 'skill/' + row['key'])}",
        group=row["domain"],
        is_knowledge=row["skill_type"] == "knowledge",
        label={language: row[language] for language in LANGUAGES},
        alternatives=alternatives,
        noun=row["fi_noun"],
    )


def _kind_of_work(row: dict[str, str], skills: dict[str, Skill]) -> KindOfWork:
    return KindOfWork(
        key=row["key"],
        uri=f"{SANDBOX_ESCO}/occupation/{uuid.uuid5(NAMESPACE, 'occupation/' + row['key'])}",
        isco=row["isco"],
        title={language: row[f"title_{language}"] for language in LANGUAGES},
        synonyms={language: _parts(row[f"synonyms_{language}"]) for language in LANGUAGES},
        core=tuple(skills[key].uri for key in _parts(row["core_skills"])),
        optional=tuple(skills[key].uri for key in _parts(row["optional_skills"])),
        industries=_parts(row["industries"]),
        wage_eur_month=int(row["wage_eur_month"]),
        education_level=row["education_level"],
        education_field=row["education_field"],
        places=row["places"],
        season=row["season"],
        trend=row["trend"],
    )


def _kind_of_programme(row: dict[str, str], skills: dict[str, Skill]) -> KindOfProgramme:
    return KindOfProgramme(
        key=row["key"],
        programme_type=row["programme_type"],
        education_code=row["education_code"],
        title={language: row[f"title_{language}"] for language in LANGUAGES},
        degree_title={language: row[f"degree_title_{language}"] for language in LANGUAGES},
        field_1=row["field_1"],
        field_2=row["field_2"],
        level_1=row["level_1"],
        credits=int(row["credits"] or 0),
        duration_months=int(row["duration_months"] or 0),
        skills=tuple(skills[key].uri for key in _parts(row["skills"])),
        leads_to=_parts(row["leads_to"]),
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
