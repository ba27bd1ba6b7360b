"""Every rule of the consumer's contract (Osaamispolku: documents, ids, import, matching) and how it is broken here.

A rule is broken by damaging a sound document of our own (`faults`, the cases of `test_jod_import.py`, where the database must
refuse the file or lose something and our own check must say so beforehand), or by a test that breaks it in another way
(`tests`); or it cannot be broken here, and `not_here` says why. `source` is the place in the consumer's repository, and, where
the figure was found by running its import, the table of faults of its own tests.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        source: where the consumer says or shows it.
        says: the rule.
        faults: names of planted faults that break it.
        tests: `file::test` that break it otherwise.
        not_here: why it cannot be broken here.
    """

    source: str
    says: str
    faults: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    not_here: str = ""


JOD_IMPORT = "acceptance/test_jod_import.py"
OWN_CODES = f"{JOD_IMPORT}::test_codes_the_consumer_has_no_list_of_are_held_to_our_own"
IDENTITY = "unit/test_identity.py"
MATCHING = "unit/test_matching.py"
PUBLICATION = "unit/test_publication.py"

FILES = [
    Rule("COPY text", "a file is UTF-8", ("job that is not UTF-8", "group file that is not UTF-8")),
    Rule(
        "COPY text",
        "a line is one JSON document",
        ("job line that is blank", "education line that is blank", "job that is cut off"),
    ),
    Rule("COPY text", "no byte order mark", ("job file with a byte order mark",)),
    Rule("COPY text", "no NaN", ("job with NaN",)),
    Rule(
        "COPY text",
        "no NUL and no bare control character",
        (
            "job with an escaped NUL",
            "job with a bare control character",
            "job with a bare tab",
        ),
    ),
    Rule(
        "COPY text",
        "no backslash: the load unescapes once more",
        (
            "job with an escaped quote",
            "job with an escaped newline",
            "job with an escaped tab",
            "education with an escaped quote",
        ),
    ),
    Rule("COPY text", "letters are not written as ASCII escapes", ("job in ASCII escapes",)),
    Rule(
        "ammattiryhma COPY csv",
        "the CSV has its header",
        ("group file without header", "job with the CSV header as ammattiryhma"),
    ),
    Rule("ammattiryhma COPY csv", "the CSV has two columns", ("group with a third column",)),
    Rule(
        "UI kuvaus",
        "paragraphs are kept, three newlines or more become two",
        not_here="a newline is a backslash in JSON, which no document of ours has",
    ),
]
DOCUMENTS = [
    Rule(
        "staging id",
        "a document has an id",
        (
            "job without id",
            "job with null as id",
            "education without id",
            "job that is a list",
        ),
    ),
    Rule(
        "staging id",
        "the id is a UUID",
        (
            "job with an id that is no UUID",
            "job with a list as id",
            "job with the URN form of a UUID as id",
            "education with an id that is no UUID",
        ),
    ),
    Rule(
        "staging primary key",
        "an id comes once in a file",
        (
            "job with the id of another",
            "job with the id of another in capitals",
            "education with the id of another",
        ),
    ),
    Rule(
        "tyomahdollisuus_aineisto_check",
        "aineisto is TMT or AMMATTITIETO",
        (
            "job of another aineisto",
            "job of an aineisto in small letters",
        ),
    ),
    Rule("mahdollisuus_view", "a job says its aineisto", ("job without aineisto",)),
    Rule("tyomahdollisuus.ammattiryhma", "at most 255 characters", ("job with a long ammattiryhma",)),
    Rule(
        "UI ammattiryhma",
        "ammattiryhma is the URI of a group that is delivered",
        (
            "job of an unknown ammattiryhma",
            "job of an empty ammattiryhma",
        ),
    ),
    Rule(
        "koulutusmahdollisuus_tyyppi_check",
        "tyyppi is TUTKINTO or EI_TUTKINTO",
        (
            "education without tyyppi",
            "education with null as tyyppi",
            "education of another tyyppi",
        ),
    ),
    Rule(
        "ESCO ammatti table",
        "the URI of a group is among the occupations the consumer has loaded",
        ("group that ESCO does not have",),
    ),
    Rule(
        "import",
        "unknown keys are passed over in silence",
        (
            "job with a distribution nobody knows",
            "education with municipalities at the root",
            "job with municipalities at the root",
        ),
    ),
    Rule(
        "staging",
        "luomisaika and tyopaikkailmoitukset are not read",
        tests=(f"{JOD_IMPORT}::test_postings_and_times_of_an_opportunity_are_passed_over",),
    ),
]
TEXTS = [
    Rule(
        "kaannos import",
        "title, summary and description are objects by language",
        (
            "job with null as title",
            "job with a text as title",
            "job with null as summary",
            "job with a text as summary",
            "job with null as description",
            "job with a text as description",
            "education with null as title",
            "education with a text as summary",
            "education with null as description",
        ),
    ),
    Rule(
        "kaannos import",
        "without a title there is no text at all",
        (
            "job without perustiedot",
            "job with a text as perustiedot",
            "job without title",
            "job without Finnish title",
            "education without title",
        ),
    ),
    Rule(
        "search ranking",
        "all three texts are there and not empty, in fi, sv and en",
        (
            "job without summary",
            "job with an empty description",
            "education without Swedish description",
        ),
    ),
    Rule(
        "kaannos_key_check",
        "no other languages",
        (
            "job with a title in Russian",
            "education with a title in se",
            "education with se instead of sv",
        ),
    ),
    Rule("tyomahdollisuus_kaannos key", "not both se and sv", ("job with a title in both se and sv",)),
    Rule(
        "kaannos join",
        "all texts use the key of the title",
        (
            "job with Swedish in all texts but the title",
            "job with its title alone in se",
            "job with its tasks alone in se",
        ),
    ),
    Rule(
        "tehtavat cast",
        "tasks of a language are a list",
        (
            "job with a text as tasks of a language",
            "job with an object as tasks of a language",
        ),
    ),
    Rule("tehtavat stored", "a task has no newline", ("job with a newline in a task",)),
    Rule("UI yleiset vaatimukset", "general requirements are text", ("job with lists as general requirements",)),
    Rule(
        "polun_suunnitelma_kaannos.nimi",
        "the title of an education has at most 255 characters",
        ("education with a title too long for a plan",),
    ),
    Rule(
        "koulutusmahdollisuus_kaannos upsert",
        "a language once delivered stays, stale, when it is left out",
        tests=(f"{JOD_IMPORT}::test_a_language_left_out_is_stale_in_education_and_gone_in_jobs",),
    ),
]
EDUCATION = [
    Rule(
        "kesto cast",
        "durations are numbers",
        (
            "education with an empty text as duration",
            "education with a text as duration",
            "education with true as duration",
        ),
    ),
    Rule("entity record", "three durations or none", ("education with a part of the durations",)),
    Rule("UI formatMonths", "durations are whole months", ("education with a duration in parts of months",)),
    Rule(
        "jsonb_to_recordset",
        "koulutukset is a list of objects",
        (
            "education with null as koulutukset",
            "education with a list of texts as koulutukset",
            "education with an object as koulutukset",
        ),
    ),
    Rule(
        "koulutus_viite.oid",
        "every programme has an oid of at most 255 characters",
        (
            "education without oid",
            "education with a long oid",
        ),
    ),
    Rule(
        "koulutus_viite key", "an oid comes once", ("education with an oid under two names", "education with a programme twice")
    ),
    Rule("konfo external/koulutus", "an oid is of a koulutus, 1.2.246.562.13.", ("education with the oid of an organisation",)),
    Rule(
        "koulutus_viite_kaannos",
        "a name of a programme is a text, in fi, sv or en",
        (
            "education with null as name",
            "education with a name in Russian",
        ),
    ),
]
DISTRIBUTIONS = [
    Rule(
        "jakauma.maara, tyhjia NOT NULL",
        "a distribution has both counts",
        (
            "job with null as distribution",
            "job with an empty distribution",
            "job without kokonaismaara",
            "job without tyhjienMaara",
            "education with null as distribution",
            "education without counts",
        ),
    ),
    Rule("commit 7f134b6", "empty members are a count, no longer a percentage", ("job with its empty members as a percentage",)),
    Rule(
        "jsonb to int",
        "counts are numbers",
        (
            "job with a text as count",
            "job with null as count",
            "job with true as count",
            "job with a count beyond integers",
            "education with a text as count",
        ),
    ),
    Rule(
        "jsonb_to_recordset",
        "arvot is a list of objects",
        (
            "job with null as values",
            "job with an object as values",
            "job with a list of texts as values",
            "education with null as values",
        ),
    ),
    Rule(
        "jakauma_id_arvo unique",
        "a value comes once, as text",
        (
            "job with a value twice",
            "job with a value as number and as text",
            "education with a value twice",
        ),
    ),
    Rule("arvot.arvo", "a value has at most 255 characters", ("job with a long value", "job with a long skill")),
    Rule("arvot.arvo", "a value is there", ("job without value", "job with null as value")),
    Rule(
        "osuus cast",
        "a share is a number",
        (
            "job with a decimal comma in a share",
            "job with true as share",
            "job with an empty text as share",
            "education with a share that is no number",
        ),
    ),
    Rule("osuus", "a share is there, its key in small letters", ("job without share", "job with a share in camel case")),
    Rule(
        "osuus",
        "a share is above 0 and at most 100",
        (
            "job with a share over 100",
            "job with a share under 0",
            "job with a share of 0",
        ),
    ),
    Rule("fixed paths", "a distribution stands where the consumer reads it", ("job with regions under perustiedot",)),
    Rule(
        "jakauma_tyyppi_check", "types are the known ones", not_here="types come from fixed paths, no document can name another"
    ),
]
CODES = [
    Rule(
        "osaaminen",
        "OSAAMINEN: a skill of the ESCO that is loaded",
        ("job with a skill nobody knows", "education with an unknown skill"),
    ),
    Rule("UI", "AMMATTI: an ESCO occupation", ("job with http://data.europa.eu/esco/isco/C2512 in AMMATTI",)),
    Rule("UI", "AJOKORTTI: a class of licence", ("job with B-kortti in AJOKORTTI",)),
    Rule("UI", "KIELITAITO: shown as it is; ours are of ISO 639-1", tests=(OWN_CODES,)),
    Rule("-", "KORTIT_JA_LUVAT: no list of codes; ours are the three digits of the postings", tests=(OWN_CODES,)),
    Rule("-", "KOULUTUSASTE: no list of codes; ours are those of the postings", tests=(OWN_CODES,)),
    Rule("fixture", "RIKOSREKISTERIOTE: 0 or 1", ("job with kyllä in RIKOSREKISTERIOTE",)),
    Rule("fixture", "MATKUSTUSVAATIMUS: 0 or 1", ("job with 2 in MATKUSTUSVAATIMUS",)),
    Rule("UI i18n", "PALKAN_PERUSTE: seven names", ("job with 01 in PALKAN_PERUSTE",)),
    Rule("UI i18n", "PALVELUSSUHDE: four names", ("job with 01 in PALVELUSSUHDE",)),
    Rule("UI i18n", "TYOAIKA: FULLTIME, PARTTIME", ("job with FULL_TIME in TYOAIKA",)),
    Rule("UI i18n", "TYON_JATKUVUUS: PERMANENT, TEMPORARY", ("job with 0201 in TYON_JATKUVUUS",)),
    Rule("UI filters", "TOIMIALA: begins with two digits", ("job with the letter of an industry",)),
    Rule("codes", "KUNTA: three digits", ("job with a municipality without zero", "education with kunta_091 in KUNTA")),
    Rule(
        "UI filters",
        "MAAKUNTA: 01 to 19 and 21",
        (
            "job with a region code of another list",
            "job with 20 in MAAKUNTA",
            "education with MK01 in MAAKUNTA",
        ),
    ),
    Rule("codes", "MAA: two capitals", ("job with FIN in MAA",)),
    Rule("fixture", "SIJAINTI_JOUSTAVA: 0 or 1", ("job with ei in SIJAINTI_JOUSTAVA",)),
    Rule("codes", "TYOKIELI: two small letters", ("job with FI in TYOKIELI",)),
    Rule("UI filters", "KOULUTUSALA: with its version", ("education with a field of education without version",)),
    Rule("UI i18n", "MAKSULLISUUS: three names", ("education with ilmainen in MAKSULLISUUS",)),
    Rule("UI", "OPETUSTAPA: opetuspaikkakk with its version", ("education with opetuspaikkakk_1 in OPETUSTAPA",)),
    Rule("UI", "AIKA: opetusaikakk with its version", ("education with opetuspaikkakk_1#1 in AIKA",)),
    Rule(
        "UI labels",
        "versions of one code are merged to #1",
        tests=("unit/test_opportunities.py::test_a_property_of_programmes_is_in_the_consumers_codes",),
    ),
]
GROUPS = [
    Rule("ammattiryhma.esco_uri", "a group has a URI of at most 255 characters", ("group with a long uri", "group with no uri")),
    Rule("ammattiryhma.data", "a group has data, which is JSON", ("group with no data", "group with data that is no JSON")),
    Rule("ammattiryhma upsert", "a group comes once", ("group twice",)),
    Rule("platform's reply", "data names its own URI", ("group with data of another",)),
    Rule(
        "UI kohtaanto",
        "Ylitarjonta, Tasapaino or Alitarjonta",
        (
            "group with kohtaanto in small letters",
            "group with null as kohtaanto",
        ),
    ),
    Rule(
        "asInt",
        "a number that is not known is left out: null reads as 0",
        ("group with null as wage", "group with a text as wage"),
    ),
    Rule(
        "API",
        "an entry of a list has a share that is a number",
        (
            "group with a text as share",
            "group with a share under the name of a distribution's",
        ),
    ),
    Rule("API", "the code of a region is text", ("group with a number as region",)),
    Rule("UI", "a share has one decimal at most, all are shown", ("group with a share of many decimals",)),
    Rule(
        "ammattiryhma upsert",
        "every group comes every time: what is left out keeps its old numbers",
        tests=(f"{JOD_IMPORT}::test_a_group_left_out_keeps_its_numbers",),
    ),
    Rule(
        "API",
        "shares by field and level of education are numbers too; no source of ours has them",
        ("group with a text as share of a field of education",),
    ),
]
DELIVERY = [
    Rule(
        "import()",
        "one bad document stops the whole delivery",
        tests=(f"{JOD_IMPORT}::test_one_bad_document_blocks_the_whole_delivery",),
    ),
    Rule(
        "clear()",
        "what is not delivered turns inactive, so a delivery is whole",
        tests=(f"{JOD_IMPORT}::test_an_opportunity_left_out_turns_inactive",),
    ),
    Rule(
        "clear()",
        "an empty file retires everything",
        tests=(
            f"{JOD_IMPORT}::test_an_empty_file_retires_everything",
            f"{PUBLICATION}::test_an_empty_kind_is_marked_not_to_be_delivered",
        ),
    ),
    Rule(
        "clear()",
        "AMMATTITIETO is delivered with TMT or turns inactive",
        tests=(f"{JOD_IMPORT}::test_what_others_made_of_ammattitieto_turns_inactive",),
    ),
    Rule(
        "import()",
        "the same delivery again changes nothing",
        tests=(f"{JOD_IMPORT}::test_the_same_delivery_again_changes_nothing",),
    ),
    Rule("roles", "the owner calls import()", tests=(f"{JOD_IMPORT}::test_who_delivers_may_not_import",)),
]
IDS = [
    Rule(
        "yksilon_suosikki, tavoite",
        "an id lasts while its members do",
        tests=(
            f"{IDENTITY}::test_an_opportunity_keeps_its_id_while_its_members_stay",
            "unit/test_continuity.py::test_the_judge_sees_what_went_wrong",
        ),
    ),
    Rule(
        "yksilon_suosikki, tavoite",
        "an id never means something else",
        tests=(
            f"{IDENTITY}::test_an_id_whose_members_ask_for_other_skills_is_not_given_on",
            f"{IDENTITY}::test_a_run_that_would_change_meanings_is_held",
        ),
    ),
    Rule(
        "inactive rows stay listed",
        "few ids retire at once",
        tests=(f"{IDENTITY}::test_a_run_that_would_retire_too_many_is_held",),
    ),
    Rule("reactivation", "what returns gets its old id", tests=(f"{IDENTITY}::test_what_returns_gets_its_old_id",)),
    Rule(
        "foreign keys",
        "nothing that somebody saved is deleted",
        tests=(f"{JOD_IMPORT}::test_an_opportunity_left_out_turns_inactive",),
    ),
    Rule(
        "TUTKINTO",
        "the id of a qualification follows from its code",
        tests=(f"{IDENTITY}::test_a_qualification_has_the_id_of_its_code_in_every_home",),
    ),
]
MATCHING_RULES = [
    Rule(
        "getPolunVaiheSuggestions",
        "every listed skill counts as one: lists are pruned and about equally long",
        tests=("unit/test_opportunities.py::test_skill_lists_are_about_equally_long",),
    ),
    Rule(
        "kohtaanto endpoint",
        "scores lie between 0 and 1",
        tests=(f"{MATCHING}::test_more_of_what_is_asked_never_puts_an_opportunity_behind_those_that_do_not_ask_it",),
    ),
    Rule(
        "kohtaanto endpoint",
        "every opportunity is answered for",
        tests=(f"{MATCHING}::test_the_consumers_request_is_answered_for_every_opportunity",),
    ),
    Rule(
        "kohtaanto endpoint",
        "the ids of the artefacts are those of the release",
        tests=(f"{MATCHING}::test_matching_files_that_do_not_fit_the_release_are_found",),
    ),
    Rule(
        "request",
        "at most 1 000 URIs and 10 000 characters",
        tests=(f"{MATCHING}::test_the_largest_request_of_the_consumer_is_answered",),
    ),
]
RULES = FILES + DOCUMENTS + TEXTS + EDUCATION + DISTRIBUTIONS + CODES + GROUPS + DELIVERY + IDS + MATCHING_RULES
