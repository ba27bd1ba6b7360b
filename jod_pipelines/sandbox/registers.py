"""Code lists, organisations and the ESCO download of the synthetic world, in the sources' shapes."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile
from typing import Any

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox import education
from jod_pipelines.sandbox.education import ROOT_ORGANISATION
from jod_pipelines.sandbox.vocabulary import LANGUAGES, NAMESPACE, SANDBOX_ESCO
from jod_pipelines.sandbox.world import World

FIELD_LIST = "kansallinenkoulutusluokitus2016koulutusalataso{}"
LEVEL_LIST = "kansallinenkoulutusluokitus2016koulutusastetaso1"
SMALL_LISTS: dict[str, dict[str, tuple[str, str, str]]] = {
    LEVEL_LIST: {
        "3": ("Toinen aste", "Andra stadiet", "Upper secondary education"),
        "4": ("Erikoisammattikoulutusaste", "Specialyrkesutbildning", "Post-secondary non-tertiary education"),
        "6": ("Alempi korkeakouluaste", "Lägre högskolenivå", "Bachelor's or equivalent level"),
        "7": ("Ylempi korkeakouluaste", "Högre högskolenivå", "Master's or equivalent level"),
    },
    "koulutustyyppi": {
        "1": ("Ammatillinen perustutkinto", "Yrkesinriktad grundexamen", "Vocational upper secondary qualification"),
        "11": ("Ammattitutkinto", "Yrkesexamen", "Further vocational qualification"),
    },
    "opintojenlaajuusyksikko": {
        "2": ("opintopistettä", "studiepoäng", "ECTS credits"),
        "6": ("osaamispistettä", "kompetenspoäng", "competence points"),
    },
    "oppilaitoksenopetuskieli": {
        "1": ("suomi", "finska", "Finnish"),
        "2": ("ruotsi", "svenska", "Swedish"),
        "4": ("englanti", "engelska", "English"),
    },
    "opetusaikakk": {
        "1": ("Päiväopetus", "Dagundervisning", "Day time teaching"),
        "2": ("Iltaopetus", "Kvällsundervisning", "Evening teaching"),
        "3": ("Viikonloppuopetus", "Veckoslutsundervisning", "Weekend teaching"),
    },
    "opetuspaikkakk": {
        "1": ("Lähiopetus", "Närundervisning", "Contact teaching"),
        "2": ("Etäopetus", "Distansundervisning", "Distance teaching"),
        "3": ("Verkko-opetus", "Nätundervisning", "Online studies"),
    },
    "oppilaitostyyppi": {
        "21": ("Ammatilliset oppilaitokset", "Yrkesläroanstalter", "Vocational institutes"),
        "41": ("Ammattikorkeakoulut", "Yrkeshögskolor", "Universities of applied sciences"),
        "42": ("Yliopistot", "Universitet", "Universities"),
        "64": ("Kansalaisopistot", "Medborgarinstitut", "Adult education centres"),
    },
    "organisaatiotyyppi": {
        "01": ("Koulutustoimija", "Utbildningsaktör", "Education provider"),
        "02": ("Oppilaitos", "Läroanstalt", "Educational institution"),
        "03": ("Toimipiste", "Verksamhetsställe", "Site"),
    },
    "kieli": {
        "FI": ("suomi", "finska", "Finnish"),
        "SV": ("ruotsi", "svenska", "Swedish"),
        "EN": ("englanti", "engelska", "English"),
    },
    "kansallinenkoulutusluokitus2016koulutusastetaso2": {
        "31": ("Ylioppilastutkinto", "Studentexamen", "Matriculation examination"),
        "32": ("Ammatillinen perustutkinto", "Yrkesinriktad grundexamen", "Vocational upper secondary qualification"),
        "62": ("Ammattikorkeakoulututkinto", "Yrkeshögskoleexamen", "Bachelor's degree (UAS)"),
        "63": ("Alempi korkeakoulututkinto", "Lägre högskoleexamen", "Bachelor's degree"),
        "72": ("Ylempi korkeakoulututkinto", "Högre högskoleexamen", "Master's degree"),
    },
    "kansallinenkoulutusluokitus2016koulutusalataso3": {
        "0611": ("Tietokoneen käyttö", "Datoranvändning", "Computer use"),
        "0613": (
            "Ohjelmistojen ja sovellusten kehittäminen",
            "Utveckling av programvara",
            "Software and applications development",
        ),
    },
    "okmohjauksenala": {
        "1": ("Kasvatusalat", "Pedagogiska områden", "Education"),
        "4": ("Yhteiskunnalliset alat", "Samhällsvetenskapliga områden", "Social sciences"),
        "7": ("Tekniikan alat", "Tekniska områden", "Engineering"),
    },
    "opinnontyyppi": {
        "1": ("Perusopinnot", "Grundstudier", "Basic studies"),
        "2": ("Aineopinnot", "Ämnesstudier", "Intermediate studies"),
    },
    "kausi": {"K": ("Kevät", "Vår", "Spring"), "S": ("Syksy", "Höst", "Autumn")},
    "hakutapa": {
        "01": ("Yhteishaku", "Gemensam ansökan", "Joint application"),
        "02": ("Erillishaku", "Separata antagningar", "Separate application"),
        "03": ("Jatkuva haku", "Kontinuerlig ansökan", "Rolling admission"),
    },
    "haunkohdejoukko": {
        "11": ("Perusopetuksen jälkeisen koulutuksen yhteishaku", "Gemensam ansökan efter grundskolan", "Upper secondary"),
        "12": ("Korkeakoulutus", "Högskoleutbildning", "Higher education"),
    },
    "pohjakoulutusvaatimuskonfo": {
        "001": ("Perusopetus", "Grundläggande utbildning", "Basic education"),
        "002": ("Lukio", "Gymnasium", "General upper secondary"),
    },
    "pohjakoulutusvaatimuskouta": {
        "pk": ("Perusopetuksen oppimäärä", "Grundläggande utbildningens lärokurs", "Basic education syllabus"),
        "yo": ("Ylioppilastutkinto", "Studentexamen", "Matriculation examination"),
    },
    "posti": {"00100": ("HELSINKI", "HELSINGFORS", "HELSINKI"), "20100": ("TURKU", "ÅBO", "TURKU")},
    "eqf": {str(level): (f"Taso {level}", f"Nivå {level}", f"Level {level}") for level in range(1, 9)},
    "nqf": {str(level): (f"Taso {level}", f"Nivå {level}", f"Level {level}") for level in range(1, 9)},
}
OLD_MUNICIPALITIES = {"588": ("Pertunmaa", "Pertunmaa", "2025-12-31"), "911": ("Valtimo", "Valtimo", "2019-12-31")}
"""Municipalities that have joined others, with their last day."""
OTHER_EDUCATIONS = {
    "031110": ("Esimerkkikoulutus", "Exempelutbildning", "Example education", None),
    "301101": ("Ylioppilastutkinto", "Studentexamen", "Matriculation Examination", None),
    "354345": ("Ajoneuvoalan ammattitutkinto", "Yrkesexamen inom fordonsbranschen", None, "2020-12-31"),
    "381112": ("Hotelli-, ravintola- ja catering-alan perustutkinto", None, "Hotel, Rest. and Catering, VQ", "2017-12-31"),
    "612101": ("Kasvatustieteiden kandidaatti (alempi), lastentarhanopettaja", None, "BA, Kindergarten Teacher", None),
}
"""Educations no programme of the world leads to, which statistics still count; some with their last day."""


def codes(world: World, code_list: str) -> list[dict[str, Any]] | None:
    """A whole code list, expired codes included; None when there is no such list."""
    if code_list == "kunta":
        frame = reference_table("municipalities")
        current = [
            _code("kunta", code, fi, sv, None)
            for code, fi, sv in frame.select("municipality_code", "name_fi", "name_sv").iter_rows()
        ]
        return current + [_code("kunta", code, fi, sv, None, valid_to=day) for code, (fi, sv, day) in OLD_MUNICIPALITIES.items()]
    if code_list == "maakunta":
        return [_code("maakunta", *row) for row in reference_table("regions").iter_rows()]
    for level in (1, 2):
        if code_list == FIELD_LIST.format(level):
            rows = reference_table("education_fields").iter_rows()
            return [_code(code_list, *row) for row in rows if len(row[0]) == level + 1]
    if code_list in SMALL_LISTS:
        return [_code(code_list, code, *names) for code, names in SMALL_LISTS[code_list].items()]
    return _codes_of_education(world, code_list)


def _codes_of_education(world: World, code_list: str) -> list[dict[str, Any]] | None:
    """Lists that hold what the world's programmes, qualifications and badges use."""
    if code_list == "koulutus":
        kinds = [kind for kind in world.vocabulary.programmes if kind.education_code]
        taught = [_code("koulutus", kind.education_code, kind.title["fi"], kind.title["sv"], kind.title["en"]) for kind in kinds]
        return taught + [
            _code("koulutus", code, fi, sv, en, valid_to=day) for code, (fi, sv, en, day) in OTHER_EDUCATIONS.items()
        ]
    if code_list == "tutkintonimikkeet":
        kinds = [kind for kind in world.vocabulary.programmes if kind.programme_type == "amm"]
        return [_code(code_list, kind.education_code, *(kind.degree_title[language] for language in LANGUAGES)) for kind in kinds]
    if code_list == "tutkintonimikekk":
        kinds = [kind for kind in world.vocabulary.programmes if kind.programme_type in ("amk", "yo")]
        return [_code(code_list, kind.education_code, *(kind.degree_title[language] for language in LANGUAGES)) for kind in kinds]
    if code_list == "opintojenlaajuus":
        labels = {education.extent_label(kind) for kind in world.vocabulary.programmes}
        return [_code(code_list, label.replace("+", ""), label, label, label) for label in sorted(labels)]
    if code_list == "osaamismerkit":
        listed = [(badge["koodiUri"].split("_")[1], badge["nimi"]) for badge in education.badges(world)]
        return [_code(code_list, code, names["fi"], names["sv"], None) for code, names in listed]
    if code_list in ("tutkinnonosat", "ammattitaitovaatimukset"):
        return _used_in_qualifications(world, code_list)
    if code_list == "osaamisala":
        return [_code("osaamisala", "9001", "Esimerkkiosaamisala", None, None)]
    return None


def _used_in_qualifications(world: World, code_list: str) -> list[dict[str, Any]]:
    """Codes of units, or of requirements, of every qualification; the source's two largest lists."""
    names: dict[str, dict[str, str]] = {}
    for kind in world.vocabulary.programmes:
        for unit in education.peruste(world, kind)["tutkinnonOsat"] if kind.key in world.qualifications else ():
            structured = unit["ammattitaitovaatimukset2019"]
            if code_list == "tutkinnonosat":
                names[unit["koodiUri"]] = unit["nimi"]
                continue
            for block in (structured, *structured["kohdealueet"]):
                names |= {item["koodi"]["uri"]: item["koodi"]["nimi"] for item in block["vaatimukset"]}
    return [_code(code_list, uri.split("_")[1], name["fi"], name["sv"], None) for uri, name in sorted(names.items())]


def code_relations(world: World, code_list: str) -> list[dict[str, Any]] | None:
    """A code list with relations; passive ones and old versions are among them."""
    listed = codes(world, code_list)
    if listed is None:
        return None
    fields = {kind.education_code: (kind.field_1, kind.field_2, kind.level_1) for kind in world.vocabulary.programmes}
    found = []
    for code in listed:
        related: list[dict[str, Any]] = []
        if code_list == "kunta" and code["koodiArvo"] in world.region_of:
            region = world.region_of[code["koodiArvo"]]
            related = [
                _relation(f"maakunta_{region}"),
                _relation("ely_01", passive=True),
                _relation(f"maakunta_{region}", version=0),
            ]
        if code_list == "koulutus" and code["koodiArvo"] in fields:
            field_1, field_2, level = fields[code["koodiArvo"]]
            related = [_relation(f"{FIELD_LIST.format(1)}_{field_1}"), _relation(f"{LEVEL_LIST}_{level}")]
            related += [_relation(f"{FIELD_LIST.format(2)}_{field_2}")] if field_2 else []
        found.append({**code, "withinCodeElements": [], "includesCodeElements": related, "levelsWithCodeElements": []})
    return found


def organisations(world: World) -> dict[str, Any]:
    """The organisation tree: providers, their schools, the schools' sites."""
    school_types = {"amm": "21", "amk": "41", "yo": "42", "vst": "64"}
    providers: dict[str, dict[str, Any]] = {}
    for school in world.schools:
        provider = providers.get(school.provider_oid)
        if provider is None:
            names = {language: f"{name} {PROVIDER[language]}" for language, name in school.name.items()}
            provider = _organisation(school.provider_oid, ROOT_ORGANISATION, names, "01", school.municipality)
            providers[school.provider_oid] = provider
        node = _organisation(school.oid, school.provider_oid, school.name, "02", school.municipality)
        node |= {"oppilaitosKoodi": school.code, "oppilaitostyyppi": f"oppilaitostyyppi_{school_types[school.kind]}#1"}
        site_oid = "1.2.246.562.10.7" + school.oid.rsplit(".", 1)[1][1:]
        site_names = {language: f"{name}, {SITE[language]}" for language, name in school.name.items()}
        node["children"] = [_organisation(site_oid, school.oid, site_names, "03", school.municipality)]
        provider["children"].append(node)
    total = 2 * len(world.schools) + len(providers)
    return {"numHits": total, "organisaatiot": list(providers.values())}


PROVIDER = {"fi": "koulutuskuntayhtymä", "sv": "samkommun", "en": "Joint Authority"}
SITE = {"fi": "pääkampus", "sv": "huvudcampus", "en": "Main Campus"}


def esco_pack(world: World) -> bytes:
    """The ESCO download: the official CSV files of version 1.1 in three languages, zipped, the same bytes every time."""
    files: dict[str, list[dict[str, str]]] = {}
    groups = sorted({skill.group for skill in world.vocabulary.skills.values()})
    for language in LANGUAGES:
        files[f"skills_{language}.csv"] = [
            {
                "conceptType": "KnowledgeSkillCompetence",
                "conceptUri": skill.uri,
                "skillType": "knowledge" if skill.is_knowledge else "skill/competence",
                "reuseLevel": "transversal" if skill.group == "common" else "sector-specific",
                "preferredLabel": skill.label[language],
                "altLabels": "\n".join(skill.alternatives[language]),
                "hiddenLabels": "",
                "status": "released",
                "modifiedDate": "2026-01-01T00:00:00Z",
                "scopeNote": "",
                "definition": "",
                "inScheme": "http://data.europa.eu/esco/concept-scheme/skills, \nhttp://data.europa.eu/esco/concept-scheme/member-skills",
                "description": "",
            }
            for skill in world.vocabulary.skills.values()
        ]
        files[f"occupations_{language}.csv"] = [
            {
                "conceptType": "Occupation",
                "conceptUri": kind.uri,
                "iscoGroup": kind.isco,
                "preferredLabel": kind.title[language],
                "altLabels": "\n".join(kind.synonyms[language]),
                "hiddenLabels": "",
                "status": "released",
                "modifiedDate": "2026-01-01T00:00:00Z",
                "regulatedProfessionNote": "",
                "scopeNote": "",
                "definition": "",
                "inScheme": "http://data.europa.eu/esco/concept-scheme/occupations",
                "description": "",
                "code": f"{kind.isco}.1",
            }
            for kind in world.vocabulary.work
        ]
        files[f"ISCOGroups_{language}.csv"] = [
            {
                "conceptType": "ISCOGroup",
                "conceptUri": f"http://data.europa.eu/esco/isco/C{code}",
                "code": code,
                "preferredLabel": name,
                "status": "released",
                "altLabels": "",
                "inScheme": "http://data.europa.eu/esco/concept-scheme/isco",
                "description": "",
            }
            for code, name in reference_table("isco_groups").select("occupation_code", f"name_{language}").iter_rows()
        ]
        files[f"skillGroups_{language}.csv"] = [
            {
                "conceptType": "SkillGroup",
                "conceptUri": _group_uri(group),
                "preferredLabel": group.replace("_", " "),
                "altLabels": "",
                "hiddenLabels": "",
                "status": "released",
                "modifiedDate": "",
                "scopeNote": "",
                "inScheme": "",
                "description": "",
                "code": f"S{number}",
            }
            for number, group in enumerate(groups, start=1)
        ]
    files["occupationSkillRelations.csv"] = [
        {
            "occupationUri": kind.uri,
            "relationType": relation,
            "skillType": "knowledge" if world.vocabulary.skills[uri].is_knowledge else "skill/competence",
            "skillUri": uri,
        }
        for kind in world.vocabulary.work
        for relation, uris in (("essential", kind.core), ("optional", kind.optional))
        for uri in uris
    ]
    files["broaderRelationsSkillPillar.csv"] = [
        {
            "conceptType": "KnowledgeSkillCompetence",
            "conceptUri": skill.uri,
            "broaderType": "SkillGroup",
            "broaderUri": _group_uri(skill.group),
        }
        for skill in world.vocabulary.skills.values()
    ]
    files["broaderRelationsOccPillar.csv"] = [
        {
            "conceptType": "Occupation",
            "conceptUri": kind.uri,
            "broaderType": "ISCOGroup",
            "broaderUri": f"http://data.europa.eu/esco/isco/C{kind.isco}",
        }
        for kind in world.vocabulary.work
    ]
    return _zip(files)


def _zip(files: dict[str, list[dict[str, str]]]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, rows in sorted(files.items()):
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            pack.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text.getvalue(), zipfile.ZIP_DEFLATED)
    return body.getvalue()


def _group_uri(group: str) -> str:
    return f"{SANDBOX_ESCO}/skill-group/{uuid.uuid5(NAMESPACE, 'group/' + group)}"


def _code(
    code_list: str, code: str, fi: str | None, sv: str | None, en: str | None, *, valid_to: str | None = None
) -> dict[str, Any]:
    names = (("SV", sv), ("FI", fi), ("EN", en))
    return {
        "koodiUri": f"{code_list}_{code.lower()}",
        "koodiArvo": code,
        "versio": 2,
        "version": 0,
        "tila": "LUONNOS",
        "voimassaAlkuPvm": "2020-01-01" if valid_to is None else "1990-01-01",
        "voimassaLoppuPvm": valid_to,
        "paivitysPvm": "2025-05-05",
        "paivittajaOid": "1.2.246.562.24.00000000002",
        "koodisto": {"koodistoUri": code_list, "organisaatioOid": ROOT_ORGANISATION, "koodistoVersios": [1, 2]},
        "metadata": [{"kieli": language, "nimi": name, "lyhytNimi": name, "kuvaus": None} for language, name in names if name],
    }


def _relation(uri: str, *, passive: bool = False, version: int = 1) -> dict[str, Any]:
    return {"codeElementUri": uri, "codeElementVersion": version, "passive": passive}


def _organisation(oid: str, parent: str, names: dict[str, str], kind: str, municipality: str) -> dict[str, Any]:
    return {
        "oid": oid,
        "nimi": names,
        "parentOid": parent,
        "parentOidPath": f"{ROOT_ORGANISATION}/{parent}" if parent != ROOT_ORGANISATION else ROOT_ORGANISATION,
        "organisaatiotyypit": [f"organisaatiotyyppi_{kind}"],
        "kotipaikkaUri": f"kunta_{municipality}",
        "kieletUris": ["oppilaitoksenopetuskieli_1#1"],
        "toimipistekoodi": "",
        "alkuPvm": -1_000_000_000_000 + int(oid[-4:]) * 86_400_000,
        "status": "AKTIIVINEN",
        "match": True,
        "aliOrganisaatioMaara": 0,
        "children": [],
    }
