"""Titles, summaries, descriptions and tasks in Finnish, Swedish and English, from labels and counts alone.

Sentences are built so that no label has to be inflected: lists after a colon read right in all three languages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LANGUAGES = ("fi", "sv", "en")
TITLE_LENGTH = 120
TASKS = 10
Labels = Mapping[str, Mapping[str, str | None]]
"""Labels by language of a concept: code or URI -> {'fi': ..., 'sv': ..., 'en': ...}."""
Shares = Sequence[tuple[str, float]]
"""(code, share in per cent), largest first."""

TEMPLATES = {
    "job": {
        "fi": {
            "summary": "{title}: työ, johon haetaan erityisesti näitä osaamisia: {skills}.",
            "description": "Työmahdollisuus on muodostettu {members} työpaikkailmoituksesta. Keskeiset osaamiset: {skills}.",
            "occupations": "Tyypilliset ammatit: {values}.",
            "regions": "Eniten ilmoituksia: {values}.",
            "more": "Usein mainittu myös: {values}.",
        },
        "sv": {
            "summary": "{title}: ett arbete där man särskilt söker dessa kompetenser: {skills}.",
            "description": "Arbetsmöjligheten bygger på {members} jobbannonser. Centrala kompetenser: {skills}.",
            "occupations": "Typiska yrken: {values}.",
            "regions": "Flest annonser: {values}.",
            "more": "Nämns också ofta: {values}.",
        },
        "en": {
            "summary": "{title}: work that asks above all for these skills: {skills}.",
            "description": "This job opportunity is formed from {members} job postings. Core skills: {skills}.",
            "occupations": "Typical occupations: {values}.",
            "regions": "Most postings: {values}.",
            "more": "Also often mentioned: {values}.",
        },
    },
    "education": {
        "fi": {
            "summary": "{title}: koulutus, joka antaa erityisesti näitä osaamisia: {skills}.",
            "description": "Koulutusmahdollisuuteen kuuluu koulutuksia {members}. Keskeiset osaamiset: {skills}.",
            "occupations": "Koulutukset: {values}.",
            "regions": "Eniten tarjontaa: {values}.",
            "more": "Koulutuksissa esiintyy myös: {values}.",
        },
        "sv": {
            "summary": "{title}: utbildning som särskilt ger dessa kompetenser: {skills}.",
            "description": "Utbildningsmöjligheten bygger på utbildningar, antal: {members}. Centrala kompetenser: {skills}.",
            "occupations": "Utbildningar: {values}.",
            "regions": "Störst utbud: {values}.",
            "more": "I utbildningarna förekommer också: {values}.",
        },
        "en": {
            "summary": "{title}: education that gives above all these skills: {skills}.",
            "description": "This education opportunity is formed from programmes, number: {members}. Core skills: {skills}.",
            "occupations": "Programmes: {values}.",
            "regions": "Most on offer: {values}.",
            "more": "The programmes also include: {values}.",
        },
    },
}
GENERAL_TITLE = {
    "job": {"fi": "Työmahdollisuus", "sv": "Arbetsmöjlighet", "en": "Job opportunity"},
    "education": {"fi": "Koulutusmahdollisuus", "sv": "Utbildningsmöjlighet", "en": "Education opportunity"},
}


@dataclass(frozen=True)
class Facts:
    """What is known of an opportunity, all that its texts may say.

    `names` are what it may be called (occupations, educations), most typical first; `distinct` are its skills by how
    much more common they are in it than elsewhere; `tasks` are those of its skills that say what one does.
    """

    opportunity_id: str
    kind: str
    members: int
    names: Shares
    skills: Shares
    distinct: Sequence[str]
    tasks: Sequence[str]
    regions: Shares


def write_texts(
    facts: Sequence[Facts], names: Labels, skills: Labels, regions: Labels
) -> dict[str, dict[str, dict[str, object]]]:
    """Texts of each opportunity: id -> language -> title, summary, description (strings) and tasks (list of strings).

    Titles are unique within each language and kind: of opportunities with one name the largest keeps it bare, the
    others add the skill that sets them apart.
    """
    titles = _titles(facts, names, skills)
    texts: dict[str, dict[str, dict[str, object]]] = {}
    for item in facts:
        texts[item.opportunity_id] = {
            language: _texts(item, language, titles[item.opportunity_id][language], names, skills, regions)
            for language in LANGUAGES
        }
    return texts


def clean(text: str) -> str:
    """A text the consumer's bulk load takes as it is: one line, no backslash, no straight double quote."""
    return re.sub(r"\s+", " ", text.replace("\\", "/").replace('"', "”")).strip()


def label(labels: Labels, code: str, language: str) -> str | None:
    """A concept's label in a language, else in another one of the three."""
    known = labels.get(code) or {}
    found = known.get(language) or known.get("fi") or known.get("en") or known.get("sv")
    return clean(found) if found else None


def _texts(item: Facts, language: str, title: str, names: Labels, skills: Labels, regions: Labels) -> dict[str, object]:
    templates = TEMPLATES[item.kind][language]
    listed = [text for uri, _ in item.skills if (text := label(skills, uri, language))]
    core, more = listed[:5], listed[5:12]
    typical = [f"{text} ({share:.0f} %)" for code, share in item.names[:3] if (text := label(names, code, language))]
    places = [text for code, _ in item.regions[:3] if (text := label(regions, code, language))]
    sentences = [templates["description"].format(members=item.members, skills=", ".join(core) or "-")]
    for part, values in (("more", more), ("occupations", typical), ("regions", places)):
        if values:
            sentences.append(templates[part].format(values=", ".join(values)))
    return {
        "title": title,
        "summary": clean(templates["summary"].format(title=title, skills=", ".join(core) or "-")),
        "description": clean(" ".join(sentences)),
        "tasks": [text for uri in item.tasks[:TASKS] if (text := label(skills, uri, language))],
    }


def _titles(facts: Sequence[Facts], names: Labels, skills: Labels) -> dict[str, dict[str, str]]:
    """One title per language, the same name in all three."""
    titles: dict[str, dict[str, str]] = defaultdict(dict)
    taken: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in sorted(facts, key=lambda item: (-item.members, item.opportunity_id)):
        for candidate in _candidates(item, names, skills):
            if all(candidate[language].lower() not in taken[item.kind, language] for language in LANGUAGES):
                break
        for language in LANGUAGES:
            taken[item.kind, language].add(candidate[language].lower())
            titles[item.opportunity_id][language] = candidate[language]
    return titles


def _candidates(item: Facts, names: Labels, skills: Labels):  # type: ignore[no-untyped-def]
    """Titles from the plainest to the last resort; the last one is unique."""
    code = next((code for code, _ in item.names if label(names, code, "fi")), None)
    bare = {
        language: (label(names, code, language) if code else None) or GENERAL_TITLE[item.kind][language] for language in LANGUAGES
    }
    bare = {language: text[:1].upper() + text[1:] for language, text in bare.items()}
    if code:
        yield _cut(bare)
    for uri in item.distinct:
        if label(skills, uri, "fi"):
            yield _cut({language: f"{bare[language]}: {label(skills, uri, language)}" for language in LANGUAGES})
    yield {language: f"{bare[language][:100]} ({item.opportunity_id[:8]})" for language in LANGUAGES}


def _cut(titles: dict[str, str]) -> dict[str, str]:
    return {
        language: text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1].rstrip() + "…"
        for language, text in titles.items()
    }
