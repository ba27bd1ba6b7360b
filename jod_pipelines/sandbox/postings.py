"""Job postings of the synthetic world: realistic text in up to three languages, contacts included."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson

from jod_pipelines.sandbox.finnish import gerund, inflected, third_person
from jod_pipelines.sandbox.vocabulary import Skill
from jod_pipelines.sandbox.world import FIRST_NAMES, LAST_NAMES, Employer, World, moment

INTROS = {
    "fi": (
        "{employer} hakee joukkoonsa uutta työkaveria.",
        "Olemme kasvava toimija ja vahvistamme nyt tiimiämme.",
        "Haluatko tehdä merkityksellistä työtä? {employer} etsii osaajaa.",
        "Nyt on tarjolla vaihteleva tehtävä hyvässä porukassa.",
    ),
    "sv": ("{employer} söker en ny medarbetare.", "Vi växer och förstärker nu vårt team.", "Vill du ha ett meningsfullt arbete?"),
    "en": (
        "{employer} is looking for a new colleague.",
        "We are growing and strengthening our team.",
        "Do you want work that matters?",
    ),
}
BENEFITS = {
    "fi": (
        "Tarjoamme kattavan perehdytyksen ja joustavat työajat.",
        "Saat meiltä työsuhde-edut ja mukavat työkaverit.",
        "Työsuhde alkaa sopimuksen mukaan, ja noudatamme alan työehtosopimusta.",
        "Meillä arvostetaan avoimuutta ja toisten auttamista.",
    ),
    "sv": ("Vi erbjuder en god introduktion och flexibla arbetstider.", "Anställningen börjar enligt överenskommelse."),
    "en": ("We offer a thorough induction and flexible working hours.", "The position starts as agreed."),
}
CONTACT = {
    "fi": "Lisätietoja antaa {first} {last}, puh. {phone}, {email}.",
    "sv": "Mer information ger {first} {last}, tfn {phone}, {email}.",
    "en": "For more information contact {first} {last}, tel. {phone}, {email}.",
}
DENIAL = {
    "fi": "Tehtävä ei edellytä kokemusta aiheesta {label}.",
    "sv": "Arbetet förutsätter inte kunskaper i {label}.",
    "en": "Previous knowledge of {label} is not required.",
}
LANGUAGE_SKILLS = {
    "fi": "http://data.europa.eu/esco/skill/0e3493f4-0cad-4fbc-8e02-025f169b8114",
    "sv": "http://data.europa.eu/esco/skill/7ee51257-8947-4b69-9bdf-322baf0a6398",
    "en": "http://data.europa.eu/esco/skill/6d3edede-8951-4621-a835-e04323300fa0",
}
"""The languages among ESCO's skills (v1.1.1)."""
LICENCES: tuple[tuple[list[str], int], ...] = ([], 6), (["B"], 3), (["C,CE"], 1)
PERMITS: tuple[tuple[list[str], int], ...] = ([], 7), (["001"], 2), (["062,079"], 1)
LEVELS = (None, 5), ("32", 3), ("6", 2), ("7", 1)
FLAGS = (False, 6), (True, 2), (None, 2)
"""What postings of V1 ask for beside skills, with weights; V1 sometimes joins codes in one string."""
LANGUAGE_MIX = (("fi",), 82), (("fi", "sv"), 6), (("fi", "en"), 5), (("sv",), 4), (("en",), 3)


@dataclass(frozen=True)
class PostingChange:
    """What happened to one posting since the world began, at the moment `at` (ISO 8601, naive UTC).

    `archived`: its application period was ended. `gone`: it is no longer listed anywhere. `text`: a sentence was added.
    """

    at: str
    archived: bool = False
    gone: bool = False
    text: str = ""


def posting_lines(
    world: World,
    status: str,
    modified_from: str = "",
    archived_from: str = "",
    changes: Mapping[str, PostingChange] = MappingProxyType({}),
) -> Iterator[bytes]:
    """Postings of a status changed, or archived, at or after a time, as JSON lines in order of last change."""
    archived = world.posting_columns["archived"]
    for number in np.flatnonzero((archived if status == "ARCHIVED" else ~archived) | bool(changes)).tolist():
        change = changes.get(world.posting_id(number)) if changes else None
        if bool(archived[number]) | bool(change and change.archived) != (status == "ARCHIVED") or (change and change.gone):
            continue
        if change is None and modified_from and _stamp(int(world.posting_columns["modified"][number])) < modified_from:
            continue
        document = posting(world, number)
        if change is not None:
            _apply(change, document)
        metadata = document["metadata"]
        if metadata["lastModified"] >= modified_from and metadata.get("archived", "") >= archived_from:
            yield orjson.dumps(document)


def _apply(change: PostingChange, document: dict[str, Any]) -> None:
    if change.archived:
        document["metadata"]["archived"] = change.at
    if change.text:
        document["metadata"]["lastModified"] = change.at
        texts = document["position"]["jobDescription"]
        document["position"]["jobDescription"] = {language: f"{text} {change.text}" for language, text in texts.items()}


def in_v1(document: dict[str, Any]) -> dict[str, Any]:
    """A posting as the older interface V1 words it: Finnish keys, zoned times, comma-joined codes."""
    metadata, position, location = document["metadata"], document["position"], document["location"]
    household = document["owner"]["employerType"] == "HOUSEHOLD"
    company = document["owner"]["company"]
    contact = document["contacts"][0]
    own = random.Random(f"v1/{metadata['externalId']}")
    licences, permits, level, record, travel = (_any(own, table) for table in (LICENCES, PERMITS, LEVELS, FLAGS, FLAGS))
    return {
        "ilmoituksenID": metadata["externalId"],
        "tyollistaja": "02" if household else "01",
        "ilmoittajanYTunnus": document["owner"]["businessId"],
        "ilmoittajanNimi": _texts_v1({} if household else company),
        "kotitaloudenNimi": next(iter(company.values())) if household else None,
        "luontipvm": f"{metadata['created']}Z",
        "muokattupvm": f"{metadata['lastModified']}Z",
        "julkaisupvm": f"{document['application']['published']}Z",
        "ilmoituksenKielet": document["languages"],
        "hakeminen": {
            "hakuaikaPaattyy": f"{document['application']['expires']}Z",
            "hakemuksenUrl": next(iter(document["application"]["url"].values())),
            "hakuohjeet": [],
            "ilmoittajanYhteystiedot": {"puhelinNro": contact["telephone"], "sposti": contact["email"]},
        },
        "perustiedot": {
            "tyonOtsikko": _texts_v1(position["title"]),
            "tyonTiivistelma": [],
            "tyonKuvaus": _texts_v1(position["jobDescription"]),
            "paikkojenMaara": document["application"]["openPositions"],
            "tyoAika": position["workTime"],
            "tyonJatkuvuus": position["continuityOfWork"][0],
            "palkanPeruste": position["wagePrincipal"],
            "palvelussuhde": {"tyyppi": position["employmentRelationship"]},
            "kuuluuMatkustamista": travel,
        },
        "osaamisvaatimukset": {
            "ammatit": _concepts_v1(list(dict.fromkeys([position["mainOccupation"], *position["occupations"]]))),
            "osaamiset": _concepts_v1(position["skills"]),
            "kielitaidot": [
                {"kielitaito": LANGUAGE_SKILLS[language], "kielitaidonTaso": "B2"} for language in document["languages"]
            ],
            "koulutusaste": level,
            "ajokortti": {"vaaditutAjokorttiluokat": licences},
            "kortitJaLuvat": {"lupaKoodit": permits},
            "rikosrekisteriote": record,
        },
        "sijainti": {
            "maa": location["countries"],
            "maakunta": location["regions"],
            "kunta": [",".join(location["municipalities"])],
            "sijaintiJoustava": _any(own, FLAGS),
        },
    }


def _texts_v1(texts: dict[str, str]) -> list[dict[str, str]]:
    return [{"kieliKoodi": language, "arvo": text} for language, text in texts.items()]


def _concepts_v1(uris: list[str]) -> list[dict[str, str]]:
    return [{"luokiteltuArvo": uri, "luokittelunNimi": "ESCO"} for uri in uris]


def posting(world: World, number: int) -> dict[str, Any]:
    """One posting in the shape of JobPostingV2."""
    own = world.dice("posting text", number)
    columns = world.posting_columns
    kind = world.vocabulary.work[int(columns["kind"][number])]
    published, modified = int(columns["published"][number]), int(columns["modified"][number])
    region = world.regions[int(columns["region"][number])]
    municipality = _weighted(own, world.municipalities[region], [world.population[m] for m in world.municipalities[region]])
    employer = world.employers[own.choice(world.employers_by_industry[own.choice(kind.industries)])]
    chosen, named = world.posting_skills(number)
    languages = posting_languages(own)
    first, last = own.choice(FIRST_NAMES), own.choice(LAST_NAMES)
    contact = {
        "firstName": first,
        "lastName": last,
        "email": f"{first}.{last}@{employer.name.split()[0]}.example".lower(),
        "telephone": f"0{own.choice((40, 45, 50))} {own.randrange(100, 999)} {own.randrange(1000, 9999)}",
    }
    skills = [world.vocabulary.skills[uri] for uri in named]
    denied = world.vocabulary.skills[own.choice(world.all_skills)]
    texts = {language: _text(own, language, employer, skills, denied, contact) for language in languages}
    titles = {language: _title(own, kind.title[language], kind.synonyms[language]) for language in languages}
    others = [code for code in (own.choice(world.municipalities[region]),) if own.random() < 0.1 and code != municipality]
    document: dict[str, Any] = {
        "languages": languages,
        "descriptionsContentType": "plain",
        "metadata": {
            "externalId": world.posting_id(number),
            "created": _stamp(published - 30),
            "lastModified": _stamp(modified),
        },
        "owner": {
            "employerType": "HOUSEHOLD" if employer.household else "COMPANY",
            "businessId": employer.business_id or None,
            "company": {languages[0]: employer.name},
            "officeName": None,
            "householdEmployer": employer.name if employer.household else None,
        },
        "client": {"industryCode": own.choice(kind.industries)},
        "position": {
            "mainOccupation": _occupation(own, world, number),
            "occupations": [kind.uri] if own.random() < 0.5 else [],
            "skills": chosen,
            "title": titles,
            "jobDescription": texts,
            "marketingDescription": {},
            "employmentRelationship": "02" if kind.education_field == "01" and own.random() < 0.5 else "01",
            "continuityOfWork": ["01"] if own.random() < 0.68 else ["02"],
            "workTime": "01" if own.random() < 0.82 else "02",
            "wagePrincipal": own.choice(("01", "01", "02", "02", "05")),
        },
        "location": {
            "countries": ["FI"],
            "regions": [region],
            "municipalities": [",".join([municipality, *others])] if own.random() < 0.05 else [municipality, *others],
            "workplaceAddress": None,
        },
        "application": {
            "published": _stamp(published),
            "expires": _stamp(published + own.randrange(14, 45) * 24 * 60),
            "openPositions": 1 if own.random() < 0.75 else own.randrange(2, 12),
            "helpText": {},
            "url": {languages[0]: f"https://rekry.example/{world.posting_id(number)[:8]}"},
        },
        "externalLinks": [],
        "contacts": [contact],
    }
    if columns["archived"][number]:
        document["metadata"]["archived"] = _stamp(modified + 10 * 24 * 60)
    return document


def posting_languages(own: random.Random) -> list[str]:
    """Languages of a posting, main one first."""
    return list(_any(own, LANGUAGE_MIX))


def mention(own: random.Random, skill: Skill, language: str) -> str:
    """A sentence that says a skill the way people do: another label, another form, another word order."""
    labels = (skill.label[language], *skill.alternatives[language])
    label = labels[0] if own.random() < 0.6 else own.choice(labels)
    if language == "fi":
        return _finnish_mention(own, skill, label)
    if language == "sv":
        if skill.is_knowledge:
            return own.choice(("Du har kunskaper i {0}.", "Vi uppskattar kännedom om {0}.", "Till arbetet hör {0}.")).format(
                label
            )
        if label not in (labels[0],) and not _is_verb(label, "sv"):
            return f"Till uppgifterna hör {label}."
        return own.choice(("I arbetet ska du {0}.", "Du kan {0}.", "Du har erfarenhet av att {0}.")).format(label)
    if skill.is_knowledge or not _is_verb(label, "en"):
        return own.choice(("You know {0}.", "We value knowledge of {0}.", "The work involves {0}.")).format(label)
    if own.random() < 0.5:
        return own.choice(("You will {0}.", "You are able to {0}.")).format(label)
    return own.choice(("You have experience in {0}.", "Your tasks include {0}.")).format(gerund(label))


def _finnish_mention(own: random.Random, skill: Skill, label: str) -> str:
    if skill.noun and own.random() < 0.45:
        case, frames = own.choice(
            (
                ("elative", ("Arvostamme kokemusta {0}.", "Sinulla on kokemusta {0}.")),
                ("genitive", ("Hallitset {0}.", "Työssä korostuu {0} osaaminen.")),
                ("partitive", ("Työ sisältää {0}.", "Tehtävässä tarvitaan {0}.")),
            )
        )
        form = inflected(skill.noun, case)
        if form:
            return own.choice(frames).format(form)
        return f"Tehtäviin kuuluu {skill.noun}."
    if _is_verb(label, "fi") and not skill.is_knowledge:
        verb, _, rest = label.partition(" ")
        if own.random() < 0.4:
            return f"Työntekijä {third_person(verb)} {rest}.".replace(" .", ".")
        return own.choice(("Osaat {0}.", "Tehtävänäsi on {0}.", "Tehtäviisi kuuluu {0}.")).format(label)
    return own.choice(("Tunnet aiheen {0}.", "Eduksi katsotaan {0}.", "Tärkeää on {0}.")).format(label)


def _text(
    own: random.Random, language: str, employer: Employer, skills: list[Skill], denied: Skill, contact: dict[str, str]
) -> str:
    sentences = [own.choice(INTROS[language]).format(employer=employer.name)]
    sentences += [mention(own, skill, language) for skill in skills]
    if own.random() < 0.15:
        sentences.append(DENIAL[language].format(label=denied.label[language]))
    sentences.append(own.choice(BENEFITS[language]))
    if own.random() < 0.7:
        places = {
            "first": contact["firstName"],
            "last": contact["lastName"],
            "phone": contact["telephone"],
            "email": contact["email"],
        }
        sentences.append(CONTACT[language].format(**places))
    return " ".join(sentences)


def _title(own: random.Random, title: str, synonyms: tuple[str, ...]) -> str:
    chosen = title if own.random() < 0.6 or not synonyms else own.choice(synonyms)
    return chosen[:1].upper() + chosen[1:]


def _occupation(own: random.Random, world: World, number: int) -> str:
    """The occupation the employer picked: mostly the right one, sometimes only its group, sometimes a neighbour's."""
    kind = world.vocabulary.work[int(world.posting_columns["kind"][number])]
    luck = own.random()
    if luck < 0.8:
        return kind.uri
    if luck < 0.95:
        return f"http://data.europa.eu/esco/isco/C{kind.isco}"
    return own.choice([other for other in world.vocabulary.work if other.isco[:2] == kind.isco[:2]]).uri


def _is_verb(label: str, language: str) -> bool:
    word = label.split(" ")[0]
    return word.endswith(("a", "ä")) and " " in label if language == "fi" else " " in label


def _any(own: random.Random, table: Any) -> Any:
    """One of the values of a table of (value, weight)."""
    return _weighted(own, *zip(*table, strict=True))


def _weighted(own: random.Random, values: Any, weights: Any) -> Any:
    return own.choices(values, weights)[0]


def _stamp(minutes: int) -> str:
    return moment(minutes).isoformat(timespec="microseconds")
