"""Titles, summaries, descriptions and tasks in Finnish, Swedish and English, from labels and counts alone.

Sentences are built so that no label has to be inflected: lists after a colon read right in all three languages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
            "summary": "Työ, jossa korostuu erityisesti tämä osaaminen: {skills}.",
            "no_skills": "Työ, jonka ilmoituksista ei ole tunnistettu osaamista.",
            "members": "Työmahdollisuus on muodostettu {members} työpaikkailmoituksesta.",
            "skills": "Tälle työlle ominaista, suluissa osuus ilmoituksista, joista osaamista on tunnistettu: {values}.",
            "more": "Ilmoituksissa mainitaan myös: {values}.",
            "names": "Ammatit ilmoituksissa: {values}.",
            "regions": "Eniten ilmoituksia: {values}.",
        },
        "sv": {
            "summary": "Ett arbete där detta kunnande betonas särskilt: {skills}.",
            "no_skills": "Ett arbete vars annonser inte nämner några igenkända kompetenser.",
            "members": "Arbetsmöjligheten bygger på {members} jobbannonser.",
            "skills": "Utmärkande, inom parentes andelen av de annonser där kompetenser har identifierats: {values}.",
            "more": "I annonserna nämns också: {values}.",
            "names": "Yrken i annonserna: {values}.",
            "regions": "Flest annonser: {values}.",
        },
        "en": {
            "summary": "Work that asks above all for the following: {skills}.",
            "no_skills": "Work whose postings name no recognised skills.",
            "members": "This job opportunity is formed from {members} job postings.",
            "skills": "Typical of this work, in brackets the share of postings in which skills were recognised: {values}.",
            "more": "The postings also mention: {values}.",
            "names": "Occupations in the postings: {values}.",
            "regions": "Most postings: {values}.",
        },
    },
    "education": {
        "fi": {
            "summary": "Koulutus, jossa korostuu erityisesti tämä osaaminen: {skills}.",
            "no_skills": "Koulutus, jonka kuvauksista ei ole tunnistettu osaamista.",
            "members": "Koulutusmahdollisuus on muodostettu {members} koulutuksesta.",
            "skills": "Tälle koulutukselle ominaista, suluissa osuus koulutuksista, joista osaamista on tunnistettu: {values}.",
            "more": "Koulutusten kuvauksissa mainitaan myös: {values}.",
            "names": "Koulutukset: {values}.",
            "regions": "Eniten tarjontaa: {values}.",
        },
        "sv": {
            "summary": "Utbildning där detta kunnande betonas särskilt: {skills}.",
            "no_skills": "Utbildning vars beskrivningar inte nämner några igenkända kompetenser.",
            "members": "Utbildningsmöjligheten bygger på {members} utbildningar.",
            "skills": "Utmärkande, inom parentes andelen av de utbildningar där kompetenser har identifierats: {values}.",
            "more": "I beskrivningarna nämns också: {values}.",
            "names": "Utbildningar: {values}.",
            "regions": "Störst utbud: {values}.",
        },
        "en": {
            "summary": "Education that builds above all the following: {skills}.",
            "no_skills": "Education whose descriptions name no recognised skills.",
            "members": "This education opportunity is formed from {members} programmes.",
            "skills": "Typical of this education, in brackets the share of programmes in which skills were recognised: {values}.",
            "more": "The descriptions also mention: {values}.",
            "names": "Programmes: {values}.",
            "regions": "Most on offer: {values}.",
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

    `names` are what it may be called (occupations, educations), most typical first; `distinct` are the skills that set
    it apart, by share times lift; `tasks` are those of its skills that say what one does, those that set it apart first.
    """

    opportunity_id: str
    kind: str
    members: int
    names: Shares
    skills: Shares
    distinct: Sequence[str]
    tasks: Sequence[str]
    regions: Shares


def write_texts(facts: Sequence[Facts], names: Labels, skills: Labels, regions: Labels) -> dict[str, dict[str, dict[str, Any]]]:
    """Texts of each opportunity: id -> language -> title, summary, description (strings) and tasks (list of strings).

    Titles are unique within each language and kind: of opportunities with one name the largest keeps it bare, the
    others add the skill that sets them apart.
    """
    titles = _titles(facts, names, skills)
    texts: dict[str, dict[str, dict[str, Any]]] = {}
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


def _texts(item: Facts, language: str, title: str, names: Labels, skills: Labels, regions: Labels) -> dict[str, Any]:
    templates = TEMPLATES[item.kind][language]
    share_of = dict(item.skills)
    core = [(uri, text) for uri in item.distinct if (text := label(skills, uri, language))][:5]
    told = {uri for uri, _ in core}
    more = [text for uri, _ in item.skills if uri not in told and (text := label(skills, uri, language))][:7]
    typical = [
        f"{_inside(text) if item.kind == 'job' else text} ({share:.0f} %)"
        for code, share in item.names[:3]
        if (text := label(names, code, language))
    ]
    places = [text for code, _ in item.regions[:3] if (text := label(regions, code, language))]
    sentences = [templates["members"].format(members=item.members)]
    shares = [f"{text} ({share_of[uri]:.0f} %)" for uri, text in core]
    for part, values in (("skills", shares), ("more", more), ("names", typical), ("regions", places)):
        if values:
            sentences.append(templates[part].format(values=", ".join(values)))
    summary = templates["summary"].format(skills=", ".join(text for _, text in core)) if core else templates["no_skills"]
    return {
        "title": title,
        "summary": clean(summary),
        "description": clean(" ".join(sentences)),
        "tasks": [_first_capital(text) for uri in item.tasks[:TASKS] if (text := label(skills, uri, language))],
    }


def _first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _inside(text: str) -> str:
    """A name within a sentence: groups of occupations are written with a capital, abbreviations stay."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


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
    bare = {language: _first_capital(text) for language, text in bare.items()}
    if code:
        yield _cut(bare)
    for uri in item.distinct:
        if label(skills, uri, "fi"):
            yield _cut({language: f"{bare[language]} – {label(skills, uri, language)}" for language in LANGUAGES})
    yield {language: f"{bare[language][:100]} ({item.opportunity_id[:8]})" for language in LANGUAGES}


def _cut(titles: dict[str, str]) -> dict[str, str]:
    return {
        language: text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1].rstrip() + "…"
        for language, text in titles.items()
    }
