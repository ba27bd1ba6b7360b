"""Programmes, implementations, qualification requirements and badges of the synthetic world, in the sources' shapes."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from jod_pipelines.sandbox.finnish import inflected, third_person
from jod_pipelines.sandbox.vocabulary import KindOfProgramme, Skill
from jod_pipelines.sandbox.world import FIRST_NAMES, LAST_NAMES, Implementation, Programme, World

ROOT_ORGANISATION = "1.2.246.562.10.00000000001"
CREDIT_UNITS = {
    "2": {"fi": "opintopistettä", "sv": "studiepoäng", "en": "ECTS credits"},
    "6": {"fi": "osaamispistettä", "sv": "kompetenspoäng", "en": "competence points"},
}
MARKETING = {
    "fi": (
        "Koulutus valmistaa sinut alan monipuolisiin tehtäviin.",
        "Opiskelu on käytännönläheistä, ja osa opinnoista tehdään työpaikoilla.",
        "Opinnot suunnitellaan henkilökohtaisesti, ja aiempi osaaminen otetaan huomioon.",
        "Valmistuneet sijoittuvat hyvin työelämään.",
    ),
    "sv": ("Utbildningen förbereder dig för mångsidiga uppgifter.", "Studierna är praktiska och en del görs på arbetsplatser."),
    "en": ("The programme prepares you for varied tasks in the field.", "Studies are practical and partly take place at work."),
}
TEACHING_TIMES = ("1", "2", "3")
TEACHING_MODES = ("1", "2", "3")
TYPE_PATHS = {"amm": "amm/ammatillinen-perustutkinto", "amk": "kk/amk", "yo": "kk/yo"}
EPOCH = datetime(2026, 1, 1)


def search_hits(world: World) -> list[dict[str, Any]]:
    """Search hits in name order. Names repeat, and programmes without implementations are in the list."""
    hits = [search_hit(world, programme) for programme in world.programmes]
    return sorted(hits, key=lambda hit: (hit["nimi"].get("fi") or hit["nimi"].get("sv") or "", hit["oid"][-3:]))


def search_hit(world: World, programme: Programme) -> dict[str, Any]:
    """One search hit."""
    kind, names = programme.kind, programme_names(programme)
    texts = programme_texts(world, programme)
    badge = kind.programme_type == "vapaa-sivistystyo-osaamismerkki"
    return {
        "oid": programme.oid,
        "nimi": names,
        "kielivalinta": list(names),
        "koulutustyyppi": kind.programme_type,
        "koulutukset": _education_codes(kind),
        "kuvaus": {"osaamistavoitteet": texts["outcomes"], "arviointikriteerit": {}} if badge else texts["description"],
        "osaamistavoitteet": None if badge else texts["outcomes"],
        "ePerusteId": programme.eperuste_id,
        "teemakuva": None,
        "kuvake": None,
        **_extent(kind),
        "tutkintonimikkeet": _degree_titles(kind),
        "luokittelutermit": None if programme.index % 7 else [],
        "osaamisala": None,
        "toteutukset": [
            {
                "toteutusOid": item.oid,
                "toteutusNimi": implementation_names(item),
                "oppilaitosOid": programme.school.oid,
                "oppilaitosNimi": programme.school.name,
                "kunnat": [municipality_code(item.municipality)],
            }
            for item in world.implementations[programme.oid]
        ],
    }


def koulutus(world: World, programme: Programme) -> dict[str, Any]:
    """A programme's document."""
    own, kind = world.dice("koulutus", programme.oid), programme.kind
    texts, school = programme_texts(world, programme), programme.school
    owner = ROOT_ORGANISATION if kind.programme_type == "amm" else school.oid
    home = {"koodiUri": None, "nimi": {}} if owner == ROOT_ORGANISATION else municipality_code(school.municipality)
    fields = [f"kansallinenkoulutusluokitus2016koulutusalataso1_{kind.field_1}", "okmohjauksenala_4"]
    fields += [f"kansallinenkoulutusluokitus2016koulutusalataso2_{kind.field_2}"] if kind.field_2 else []
    classified = [
        {
            "koulutusKoodiUri": f"koulutus_{kind.education_code}#12",
            "koulutusalaKoodiUrit": fields,
            "koulutusasteKoodiUrit": [f"kansallinenkoulutusluokitus2016koulutusastetaso1_{kind.level_1}"],
        }
    ]
    return {
        "oid": programme.oid,
        "tila": "julkaistu",
        "johtaaTutkintoon": kind.programme_type in ("amm", "amk", "yo"),
        "koulutustyyppi": kind.programme_type,
        "koulutustyyppiPath": TYPE_PATHS.get(kind.programme_type, kind.programme_type),
        "koulutukset": _education_codes(kind),
        "kielivalinta": list(programme_names(programme)),
        "nimi": programme_names(programme),
        "tarjoajat": [{"oid": school.oid, "nimi": school.name, "paikkakunta": municipality_code(school.municipality)}],
        "organisaatio": {"oid": owner, "nimi": school.name, "paikkakunta": home},
        "ePerusteId": programme.eperuste_id,
        "koulutuskoodienAlatJaAsteet": classified if kind.education_code else [],
        "metadata": {
            "tyyppi": kind.programme_type,
            "kuvaus": texts["description"],
            "osaamistavoitteet": texts["outcomes"],
            "lisatiedot": [],
            "koulutusala": [
                {"koodiUri": f"{uri}#1", "nimi": {}} for uri in fields if "koulutusala" in uri and not kind.education_code
            ],
            "tutkintonimike": _degree_titles(kind),
            **_extent(kind),
        },
        "modified": edited(own),
        "timestamp": 1_790_000_000_000 + programme.index,
    }


def toteutus(world: World, item: Implementation) -> dict[str, Any]:
    """An implementation's document; about half still use the old field for fees."""
    own, kind = world.dice("toteutus", item.oid), item.programme.kind
    languages = list(implementation_names(item))
    free = kind.programme_type == "amm" or own.random() < 0.7
    fee = "maksuton" if free else own.choice(("maksullinen", "lukuvuosimaksu"))
    months = max(0, kind.duration_months + own.choice((-6, 0, 0, 0, 6)) if kind.duration_months > 12 else kind.duration_months)
    teaching: dict[str, Any] = {
        "opetuskieli": [_code("oppilaitoksenopetuskieli", "2" if item.swedish else "1", 2)],
        "opetusaika": [_code("opetusaikakk", own.choice(TEACHING_TIMES), 1)],
        "opetustapa": [_code("opetuspaikkakk", code, 1) for code in sorted(own.sample(TEACHING_MODES, own.choice((1, 1, 2))))],
        "lisatiedot": [],
        "onkoApuraha": False,
        "suunniteltuKestoVuodet": months // 12,
        "suunniteltuKestoKuukaudet": months % 12,
        "koulutuksenAlkamiskausi": {
            "alkamiskausityyppi": "alkamiskausi ja -vuosi",
            "koulutuksenAlkamiskausi": _code("kausi", own.choice(("k", "s")), 1),
            "koulutuksenAlkamisvuosi": own.choice(("2026", "2027")),
        },
    }
    if own.random() < 0.5:
        teaching["maksut"] = [{"maksullisuustyyppi": fee}]
    else:
        teaching["maksullisuustyyppi"] = fee
    skills = [world.vocabulary.skills[uri] for uri in item.programme.skills]
    keywords = own.sample(skills, min(3, len(skills)))
    occupations = [work for work in world.vocabulary.work if work.key in kind.leads_to]
    first, last = own.choice(FIRST_NAMES), own.choice(LAST_NAMES)
    return {
        "oid": item.oid,
        "koulutusOid": item.programme.oid,
        "tila": "julkaistu",
        "oppilaitokset": [item.programme.school.oid],
        "tarjoajat": [
            {
                "oid": item.programme.school.oid,
                "nimi": item.programme.school.name,
                "paikkakunta": municipality_code(item.municipality),
            }
        ],
        "organisaatio": {
            "oid": item.programme.school.oid,
            "nimi": item.programme.school.name,
            "paikkakunta": {"koodiUri": None, "nimi": {}},
        },
        "kielivalinta": languages,
        "nimi": implementation_names(item),
        "hakuAuki": own.random() < 0.2,
        "metadata": {
            "tyyppi": kind.programme_type,
            "kuvaus": {language: f"<p>{own.choice(MARKETING[language])}</p>" for language in languages},
            "asiasanat": [{"kieli": "fi", "arvo": skill.noun or skill.label["fi"]} for skill in keywords],
            "ammattinimikkeet": [{"kieli": "fi", "arvo": work.title["fi"]} for work in occupations],
            "yhteyshenkilot": [
                {
                    "nimi": {"fi": f"{first} {last}"},
                    "sahkoposti": {"fi": f"{first}.{last}@koulu.example".lower()},
                    "puhelinnumero": {"fi": f"050 {own.randrange(100, 999)} {own.randrange(1000, 9999)}"},
                }
            ],
            "opetus": teaching,
        },
        "modified": edited(own),
        "timestamp": 1_790_000_000_000,
    }


def programme_names(programme: Programme) -> dict[str, str]:
    """A programme's name; languages differ from programme to programme."""
    kind, town = programme.kind, programme.variant
    languages = ["sv"] if programme.school.swedish and kind.programme_type != "amm" else ["fi"]
    if kind.programme_type == "amm" or town % 3 == 0:
        languages = ["fi", "sv"]
    if kind.programme_type in ("amk", "yo") and town % 2:
        languages.append("en")
    suffix = {0: "", 1: {"fi": ", monimuoto", "sv": ", flerform", "en": ", blended"}}.get(town % 4, "")
    return {language: kind.title[language] + (suffix[language] if isinstance(suffix, dict) else "") for language in languages}


def implementation_names(item: Implementation) -> dict[str, str]:
    """An implementation is called as its programme."""
    return programme_names(item.programme)


def programme_texts(world: World, programme: Programme) -> dict[str, dict[str, str]]:
    """Description and learning outcomes in HTML by language. A vocational programme's come from its requirements."""
    own = world.dice("programme text", programme.oid)
    languages = list(programme_names(programme))
    skills = [world.vocabulary.skills[uri] for uri in programme.skills]
    description = {}
    outcomes = {}
    for language in languages:
        told = own.sample(skills, min(3, len(skills)))
        sentences = [own.choice(MARKETING[language]), *(statement(own, skill, language) for skill in told)]
        description[language] = f"<p>{' '.join(sentences)}</p>\n<p>&nbsp;</p>"
        taught = [skill for skill in skills if programme.kind.programme_type == "amm" or own.random() < 0.85]
        items = "".join(f"<li><p>{statement(own, skill, language)}</p></li>" for skill in taught)
        outcomes[language] = f"<p>{OUTCOME_INTRO[language]}</p><ul>{items}</ul>"
    return {"description": description, "outcomes": outcomes}


OUTCOME_INTRO = {"fi": "Koulutuksen suorittanut", "sv": "Den som avlagt studierna", "en": "On completion the student"}


def statement(own: random.Random, skill: Skill, language: str) -> str:
    """What a graduate can do, as schools put it."""
    labels = (skill.label[language], *skill.alternatives[language])
    label = skill.label[language] if own.random() < 0.65 else own.choice(labels)
    if language == "fi":
        verb, _, rest = label.partition(" ")
        if not skill.is_knowledge and verb.endswith(("a", "ä")) and rest:
            return own.choice(
                (f"osaa {label}", f"{third_person(verb)} {rest} itsenäisesti", f"pystyy {_third_infinitive(verb)} {rest}")
            )
        noun = skill.noun or label
        genitive, elative = inflected(noun, "genitive"), inflected(noun, "elative")
        if genitive and elative:
            return own.choice((f"hallitsee {genitive}", f"saa valmiuksia {elative}", f"tuntee {genitive} perusteet"))
        return f"tuntee aiheen {label}"
    if language == "sv":
        if skill.is_knowledge or " " not in label:
            return own.choice((f"har kunskaper i {label}", f"känner till {label}"))
        return own.choice((f"kan {label}", f"behärskar att {label}"))
    if skill.is_knowledge or " " not in label:
        return own.choice((f"understands {label}", f"has knowledge of {label}"))
    return own.choice((f"is able to {label}", f"can {label} independently"))


def peruste_item(world: World, kind: KindOfProgramme) -> dict[str, Any]:
    """A qualification in the list of requirements; a few exist in Swedish only."""
    peruste_id = world.qualifications[kind.key]
    languages = ["sv"] if peruste_id % 70 == 30 else ["fi", "sv"]
    starts = datetime(2018, 7, 31, 21)
    return {
        "id": peruste_id,
        "nimi": {"_id": str(peruste_id + 1), **{language: kind.title[language] for language in ("fi", "sv")}},
        "koulutustyyppi": "koulutustyyppi_1",
        "tyyppi": "normaali",
        "kielet": languages,
        "diaarinumero": f"OPH-{peruste_id % 1000}-2018",
        "voimassaoloAlkaa": _epoch_ms(starts),
        "voimassaoloLoppuu": None,
        "siirtymaPaattyy": None,
        "paatospvm": _epoch_ms(starts - timedelta(days=200)),
        "julkaistu": _epoch_ms(datetime(2025, 3, 3) + timedelta(days=peruste_id % 97)),
        "luotu": _epoch_ms(starts - timedelta(days=400)),
        "laajuus": kind.credits,
        "koulutukset": [_peruste_code(kind)],
        "osaamisalat": [],
        "tutkintonimikkeet": [],
        "suoritustavat": [{"suoritustapakoodi": "reformi", "laajuusYksikko": "OSAAMISPISTE"}],
        "koodit": [f"koulutus_{kind.education_code}"],
        "sisaltotyyppi": "peruste",
    }


def peruste(world: World, kind: KindOfProgramme) -> dict[str, Any]:
    """A qualification's requirements: most units structured, some with authored text only, one empty of both."""
    own, item = world.dice("peruste", kind.key), peruste_item(world, kind)
    skills = [world.vocabulary.skills[uri] for uri in kind.skills]
    units = []
    for number, start in enumerate(range(0, len(skills), 4)):
        unit_id = item["id"] + 1_000_000 + number
        part = skills[start : start + 4]
        statements = [{language: statement(own, skill, language) for language in ("fi", "sv")} for skill in part]
        authored = {
            language: f"<p>{OUTCOME_INTRO[language]}</p><ul>" + "".join(f"<li>{s[language]}</li>" for s in statements) + "</ul>"
            for language in ("fi", "sv")
        }
        structured = own.random() < 0.75
        empty: dict[str, Any] = {"id": unit_id + 7, "kohde": None, "vaatimukset": [], "kohdealueet": []}
        units.append(
            {
                "id": unit_id,
                "nimi": {
                    "_id": str(unit_id),
                    "fi": f"{kind.degree_title['fi']}, osa {number + 1}",
                    "sv": f"{kind.degree_title['sv']}, del {number + 1}",
                },
                "koodiUri": f"tutkinnonosat_{unit_id % 1_000_000:06d}",
                "tyyppi": "normaali",
                "tila": "poistettu" if number == 3 and own.random() < 0.05 else "valmis",
                "laajuus": 30,
                "osaAlueet": [],
                "muokkaaja": "1.2.246.562.24.00000000001",
                "ammattitaitovaatimukset2019": _structured(unit_id, statements) if structured else empty,
                "ammattitaitovaatimukset": authored,
            }
        )
    listed = "".join(f"<p>{statement(own, skill, 'fi')}</p>" for skill in skills[:3])
    return {
        **{
            key: item[key]
            for key in ("id", "nimi", "koulutustyyppi", "kielet", "diaarinumero", "koulutukset", "voimassaoloAlkaa")
        },
        "toteutus": "ammatillinen",
        "suorittaneenOsaaminen": {"_id": "1", "fi": listed},
        "tyotehtavatJoissaVoiToimia": {"_id": "2", "fi": f"<p>{kind.degree_title['fi']}</p>"},
        "suoritustavat": [{"suoritustapakoodi": "reformi", "laajuusYksikko": "OSAAMISPISTE"}],
        "tutkinnonOsat": units,
    }


def badges(world: World) -> list[dict[str, Any]]:
    """Competence badges."""
    own, found = world.dice("badges"), []
    kinds = [kind for kind in world.vocabulary.programmes if kind.programme_type == "vapaa-sivistystyo-osaamismerkki"]
    for number, kind in enumerate(kinds):
        goals = [
            {
                "id": 100 * number + place,
                "osaamistavoite": {lang: statement(own, world.vocabulary.skills[uri], lang) for lang in ("fi", "sv")},
            }
            for place, uri in enumerate(kind.skills)
        ]
        found.append(
            {
                "id": 1000 + number,
                "nimi": {"_id": "1", "fi": kind.title["fi"], "sv": kind.title["sv"]},
                "tila": "JULKAISTU",
                "koodiUri": f"osaamismerkit_{1000 + number}",
                "kategoria": {"id": 1, "nimi": {"fi": "Osaamismerkit"}},
                "muokkaaja": f"{own.choice(FIRST_NAMES)} {own.choice(LAST_NAMES)}",
                "osaamistavoitteet": goals,
                "arviointikriteerit": [],
                "voimassaoloAlkaa": 1785531600000,
                "voimassaoloLoppuu": None,
            }
        )
    return found


def municipality_code(code: str) -> dict[str, Any]:
    """A municipality as a koodi without version."""
    return {"koodiUri": f"kunta_{code}", "nimi": {}}


def _structured(unit_id: int, statements: list[dict[str, str]]) -> dict[str, Any]:
    requirements = [
        {
            "koodi": {
                "uri": f"ammattitaitovaatimukset_{unit_id % 100_000}{place}",
                "arvo": f"{unit_id % 100_000}{place}",
                "koodisto": "ammattitaitovaatimukset",
                "versio": 1,
                "nimi": texts,
            },
            "vaatimus": texts,
        }
        for place, texts in enumerate(statements)
    ]
    return {
        "id": unit_id + 7,
        "kohde": {"fi": "Opiskelija", "sv": "Den studerande"},
        "vaatimukset": requirements[:1],
        "kohdealueet": [{"kuvaus": {"fi": "Työskentely", "sv": "Arbete"}, "vaatimukset": requirements[1:]}],
    }


def _third_infinitive(verb: str) -> str:
    """hitsata: hitsaamaan."""
    stem = third_person(verb)
    a = "a" if any(letter in "aou" for letter in verb) else "ä"
    return f"{stem}m{a}{a}n"


def _education_codes(kind: KindOfProgramme) -> list[dict[str, Any]]:
    if not kind.education_code:
        return []
    return [{"koodiUri": f"koulutus_{kind.education_code}#12", "nimi": kind.title}]


def _degree_titles(kind: KindOfProgramme) -> list[dict[str, Any]]:
    if not kind.degree_title["fi"]:
        return []
    code_list = "tutkintonimikkeet" if kind.programme_type == "amm" else "tutkintonimikekk"
    return [{"koodiUri": f"{code_list}_{kind.education_code}#2", "nimi": kind.degree_title}]


def extent_label(kind: KindOfProgramme) -> str:
    """The extent as people write it; a bachelor's and master's degree has two parts."""
    return "180+120" if kind.programme_type == "yo" and kind.credits == 300 else str(kind.credits)


def _extent(kind: KindOfProgramme) -> dict[str, Any]:
    """'180+120' of a bachelor's and master's degree arrives as 180120."""
    unit, label = "6" if kind.programme_type == "amm" else "2", extent_label(kind)
    return {
        "opintojenLaajuus": {"koodiUri": f"opintojenlaajuus_{label.replace('+', '')}", "nimi": {"fi": label}},
        "opintojenLaajuusNumero": 180_120 if "+" in label else kind.credits,
        "opintojenLaajuusNumeroMin": None,
        "opintojenLaajuusNumeroMax": None,
        "opintojenLaajuusyksikko": {"koodiUri": f"opintojenlaajuusyksikko_{unit}#1", "nimi": CREDIT_UNITS[unit]},
    }


def _peruste_code(kind: KindOfProgramme) -> dict[str, Any]:
    return {
        "nimi": {language: kind.title[language] for language in ("fi", "sv", "en")},
        "koulutuskoodiArvo": kind.education_code,
        "koulutuskoodiUri": f"koulutus_{kind.education_code}",
        "koulutusalakoodi": None,
        "opintoalakoodi": None,
    }


def _code(code_list: str, code: str, version: int) -> dict[str, Any]:
    return {"koodiUri": f"{code_list}_{code}#{version}", "nimi": {}}


def edited(own: random.Random) -> str:
    """A naive Helsinki time, now and then without seconds."""
    moment = EPOCH + timedelta(minutes=own.randrange(400_000))
    return moment.isoformat(timespec="seconds" if own.random() < 0.8 else "minutes")


def _epoch_ms(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds() * 1000)
