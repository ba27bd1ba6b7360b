import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.contracts.model import published_table
from jod_pipelines.opportunities import cluster
from jod_pipelines.opportunities.build import Material, _facts
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.opportunities.profile import (
    DISTRIBUTION,
    FEWEST_LISTS,
    UNSAID_OF_POSTINGS,
    distributions,
    posting_values,
    programme_values,
    pruned_skills,
)
from jod_pipelines.opportunities.words import Facts, clean, write_texts
from jod_pipelines.publication.jod_documents import EDUCATION_PATHS, JOB_PATHS
from jod_pipelines.settings import ClusterSettings


def world(groups=6, size=25):
    rows = [
        (f"i{g}-{n:02d}", [f"s{g}-{(n + k) % 8}" for k in range(5)] + ["common", f"noise{n % 3}"], f"g{g}")
        for g in range(groups)
        for n in range(size)
    ]
    return pl.DataFrame(rows, schema=["item_id", "skill_uris", "kind"], orient="row")


def test_planted_groups_are_found_whatever_the_row_order():
    items = world()
    first = cluster(items.drop("kind"), ClusterSettings())
    quality = evaluate(first, items.select("item_id", "kind"))
    assert quality.ari_all > 0.95
    assert quality.true_groups == 6
    shuffled = cluster(items.drop("kind").sample(fraction=1, shuffle=True, seed=5), ClusterSettings())
    assert first.equals(shuffled)


def test_items_without_skills_are_kept_and_counted():
    items = pl.DataFrame(
        {"item_id": ["a", "b"], "skill_uris": [[], []]}, schema={"item_id": pl.String, "skill_uris": pl.List(pl.String)}
    )
    found = cluster(items, ClusterSettings())
    assert found["outlier"].to_list() == [True, True]
    assert cluster(items.clear(), ClusterSettings()).is_empty()


MEMBERS = pl.DataFrame({"item_id": list("abcd"), "opportunity_id": ["o1", "o1", "o1", "o2"]})


def test_shares_are_of_those_who_say_something():
    values = pl.DataFrame({"item_id": ["a", "a", "b", "d", "zz"], "value_code": ["01", "02", "01", "01", "01"]})
    rows = (
        distributions(MEMBERS, {"MAAKUNTA": values})
        .select("opportunity_id", "value_code", "share_pct", "count", "empty_count")
        .rows()
    )
    assert rows == [("o1", "01", 100.0, 2, 1), ("o1", "02", 50.0, 1, 1), ("o2", "01", 100.0, 1, 0)]


def test_one_of_very_many_is_no_share_of_zero():
    ids = pl.int_range(30_000, eager=True).cast(pl.String)
    values = pl.DataFrame({"item_id": ids, "value_code": ["049"] + ["091"] * 29_999})
    found = distributions(pl.DataFrame({"item_id": ids, "opportunity_id": "o"}), {"KUNTA": values})
    assert found.select("value_code", "share_pct").rows() == [("091", 100.0), ("049", 0.003333)]


ISCO = "http://data.europa.eu/esco/isco/C2512"
OCCUPATION = "http://data.europa.eu/esco/occupation/1"
ENGLISH = "http://data.europa.eu/esco/skill/6d3edede-8951-4621-a835-e04323300fa0"
POSTING = {
    "item_id": "a",
    "occupation_uris": [OCCUPATION, ISCO],
    "industry_code": "62010",
    "work_time": "01",
    "continuity": ["0201"],
    "employment_relationship": "02",
    "wage_principle": "05",
    "country_codes": ["FI"],
    "region_codes": ["01", "02"],
    "municipality_codes": ["091"],
    "language_skill_uris": [ENGLISH, "http://x/skill/unknown"],
    "driving_licence_classes": ["B", "CE"],
    "permit_codes": ["001"],
    "required_education_code": "32",
    "criminal_record_asked": True,
    "travel_asked": False,
    "flexible_location": True,
}
SAID_OF_POSTINGS = {
    "AMMATTI": [OCCUPATION],
    "TOIMIALA": ["62010"],
    "TYOAIKA": ["FULLTIME"],
    "TYON_JATKUVUUS": ["TEMPORARY"],
    "PALVELUSSUHDE": ["SERVICE_IN_PUBLIC_ADMINISTRATION"],
    "PALKAN_PERUSTE": ["SALARY_PROVISION"],
    "MAA": ["FI"],
    "MAAKUNTA": ["01", "02"],
    "KUNTA": ["091"],
    "KIELITAITO": ["en"],
    "AJOKORTTI": ["B", "CE"],
    "KORTIT_JA_LUVAT": ["001"],
    "KOULUTUSASTE": ["32"],
    "RIKOSREKISTERIOTE": ["1"],
    "MATKUSTUSVAATIMUS": ["0"],
    "SIJAINTI_JOUSTAVA": ["1"],
}
"""Each property of postings in the consumer's codes."""
FIELD = "kansallinenkoulutusluokitus2016koulutusalataso"
SAID_OF_PROGRAMMES = {
    "KOULUTUSALA": [f"{FIELD}1_06#1", f"{FIELD}2_061#1"],
    "MAKSULLISUUS": ["maksuton"],
    "OPETUSTAPA": ["opetuspaikkakk_1#1"],
    "AIKA": ["opetusaikakk_2#1"],
    "MAAKUNTA": ["01"],
    "KUNTA": ["091"],
}


def types_of(name: str) -> set[str]:
    return set(next(column for column in published_table(name).columns if column.name == "distribution_type").allowed)


@pytest.mark.parametrize("name", SAID_OF_POSTINGS)
def test_a_property_of_postings_is_in_the_consumers_codes(name):
    values = posting_values(pl.DataFrame([POSTING]))[name]
    assert values.sort("value_code").rows() == [("a", code) for code in SAID_OF_POSTINGS[name]]
    silent = {key: None if key != "item_id" else "a" for key in POSTING}
    schema = pl.DataFrame([POSTING]).schema
    assert posting_values(pl.DataFrame([silent], schema=schema))[name].is_empty()


def test_every_type_of_the_consumer_is_given_or_known_to_be_unsaid():
    said = set(posting_values(pl.DataFrame([POSTING])))
    assert said == set(SAID_OF_POSTINGS)
    assert said | {"OSAAMINEN"} | UNSAID_OF_POSTINGS == types_of("job_opportunity_distribution") == set(JOB_PATHS)
    assert not said & UNSAID_OF_POSTINGS
    assert {*SAID_OF_PROGRAMMES, "OSAAMINEN"} == types_of("education_opportunity_distribution") == set(EDUCATION_PATHS)


def test_a_code_the_consumer_has_no_name_for_is_left_out():
    unknown = {"wage_principle": "99", "work_time": "03", "driving_licence_classes": ["B-kortti"], "permit_codes": ["1"]}
    values = posting_values(pl.DataFrame([POSTING | unknown | {"required_education_code": "9"}]))
    for name in ("PALKAN_PERUSTE", "TYOAIKA", "AJOKORTTI", "KORTIT_JA_LUVAT", "KOULUTUSASTE"):
        assert values[name].is_empty(), name


def test_a_region_of_older_lists_is_left_out():
    assert posting_values(pl.DataFrame([POSTING | {"region_codes": ["20", "21", "99"]}]))["MAAKUNTA"]["value_code"].to_list() == [
        "21"
    ]


@pytest.mark.parametrize("name", SAID_OF_PROGRAMMES)
def test_a_property_of_programmes_is_in_the_consumers_codes(name):
    programmes = pl.DataFrame({"item_id": ["p"], "field_1_code": ["06"], "field_2_code": ["061"]})
    implementations = pl.DataFrame(
        {
            "item_id": ["p", "p"],
            "fee_types": [["maksuton"], ["maksuton"]],
            "teaching_mode_uris": [["opetuspaikkakk_1#1"], ["opetuspaikkakk_1#2"]],
            "teaching_time_uris": [["opetusaikakk_2#1"], []],
            "region_codes": [["01"], ["01"]],
            "municipality_codes": [["091"], ["091"]],
        }
    )
    fields = pl.DataFrame({"field_code": ["06", "061"], "field_uri": [f"{FIELD}1_06", f"{FIELD}2_061#1"]})
    members = pl.DataFrame({"item_id": ["p", "silent"], "opportunity_id": ["o", "o"]})
    rows = distributions(members, programme_values(programmes, implementations, fields)).filter(distribution_type=name)
    assert rows.select("value_code", "share_pct", "count", "empty_count").rows() == [
        (code, 100.0, 1, 1) for code in SAID_OF_PROGRAMMES[name]
    ]


said = st.lists(st.tuples(st.sampled_from("abcdz"), st.sampled_from(["01", "02", "03"])))


@given(said)
def test_counts_and_empty_counts_always_add_up(pairs):
    values = pl.DataFrame(pairs, schema={"item_id": pl.String, "value_code": pl.String}, orient="row")
    rows = distributions(MEMBERS, {"KUNTA": values, "TYOAIKA": values.unique("item_id", keep="first", maintain_order=True)})
    sizes = {"o1": 3, "o2": 1}
    for opportunity_id, share, count, empty in rows.select("opportunity_id", "share_pct", "count", "empty_count").iter_rows():
        answered = len({item for item, _ in pairs} & set(MEMBERS.filter(opportunity_id=opportunity_id)["item_id"]))
        assert (empty, round(100 * count / answered, 2)) == (sizes[opportunity_id] - answered, share)
    single = (
        rows.filter(distribution_type="TYOAIKA").group_by("opportunity_id").agg(pl.col("share_pct").sum(), pl.col("count").sum())
    )
    assert all(abs(total - 100) < 0.05 for total in single["share_pct"])


def listed(*counts, members=10):
    """Skill rows of one opportunity whose skills so many members have."""
    rows = [("o1", "OSAAMINEN", f"s{n:02d}", 100.0 * count / members, count, 0) for n, count in enumerate(counts)]
    return pl.DataFrame(rows, schema=DISTRIBUTION, orient="row")


def kept(*counts, fewest=4, most=6, members=10):
    return pruned_skills(listed(*counts, members=members), fewest=fewest, most=most, min_share_pct=20).height


def test_skill_lists_are_about_equally_long():
    assert kept(*[9] * 30) == 6
    assert kept(9, 8, 7, 6, 5, 1, 1, 1) == 5
    assert kept(9, 8, *[2] * 30, members=100) == 4
    assert kept(9, 8, 1, 1, 1, 1, members=100) == 3
    assert kept(9) == 1
    both = pl.concat([listed(*[9] * 30), listed(8, 7).with_columns(opportunity_id=pl.lit("o2"))])
    kept_of_both = pruned_skills(both, fewest=4, most=6, min_share_pct=20)
    assert kept_of_both.group_by("opportunity_id").len().sort("opportunity_id")["len"].to_list() == [6, 2]


def test_a_skill_of_every_list_stays_where_it_is_as_common_as_anywhere():
    """Ten opportunities of ten: all say `generic`, two of them more than the average; each has a skill of its own."""
    rows = [
        (f"o{n}", "OSAAMINEN", skill, 10.0 * count, count, 0)
        for n in range(FEWEST_LISTS)
        for skill, count in ((f"own{n}", 9), ("generic", 8 if n < 2 else 3), (f"next{n}", 2))
    ]
    spread = pl.DataFrame(rows, schema=DISTRIBUTION, orient="row")

    def lists(frame: pl.DataFrame) -> list[list[str]]:
        kept = pruned_skills(frame, fewest=2, most=2, min_share_pct=20)
        return kept.group_by("opportunity_id", maintain_order=True).agg("value_code")["value_code"].to_list()

    assert lists(spread) == [[f"own{n}", "generic" if n < 2 else f"next{n}"] for n in range(FEWEST_LISTS)]
    fewer = spread.filter(pl.col("opportunity_id") != "o9")
    assert lists(fewer) == [[f"own{n}", "generic"] for n in range(FEWEST_LISTS - 1)]


NAMES = {"o": {"fi": "hitsaaja", "sv": "svetsare", "en": "welder"}}
SKILLS = {
    "s1": {"fi": 'hitsata "TIG"', "sv": "svetsa", "en": "weld"},
    "s2": {"fi": "lukea\npiirustuksia", "sv": None, "en": "read C:\\drawings"},
}


def facts(key, members):
    return Facts(key, "job", members, [("o", 90.0)], [("s1", 80.0), ("s2", 20.0)], ["s1", "s2"], ["s1"], [("01", 50.0)])


def test_texts_exist_in_three_languages_with_unique_titles():
    texts = write_texts(
        [facts("k1", 5), facts("k2", 9), facts("k3", 3), facts("k4", 2)], NAMES, SKILLS, {"01": {"fi": "Uusimaa"}}
    )
    assert texts["k2"]["fi"]["title"] == "Hitsaaja"
    assert texts["k1"]["fi"]["title"] == "Hitsaaja – hitsata ”TIG”"
    for language in ("fi", "sv", "en"):
        titles = [texts[key][language]["title"].lower() for key in texts]
        assert len(set(titles)) == 4
        for key in texts:
            for part in ("title", "summary", "description"):
                text = texts[key][language][part]
                assert text.strip()
                assert not set(text) & set('\\"\n\t')
            assert texts[key][language]["tasks"]


def test_every_number_of_a_text_is_a_fact():
    item = facts("k1", 7)
    for text in write_texts([item], NAMES, SKILLS, {"01": {"fi": "Uusimaa"}})["k1"].values():
        numbers = {int(number) for number in re.findall(r"\d+", text["summary"] + text["description"])}
        assert numbers == {item.members, 90, 80, 20}
    silent = Facts("k2", "education", 5, [], [], [], [], [])
    for text in write_texts([silent], {}, {}, {})["k2"].values():
        assert ": ." not in text["summary"] + text["description"]
        assert not text["tasks"]


def test_what_is_common_everywhere_or_rare_sets_nothing_apart():
    others = [f"x{number}" for number in range(18)]
    said = [("a", ["own", "all", "rare"]), ("b", ["own", "all"]), ("e", []), *((item, ["other", "all"]) for item in others)]
    items = pl.DataFrame(said, schema=["item_id", "skill_uris"], orient="row")
    skills = items.select("item_id", skill_uri="skill_uris").explode("skill_uri").drop_nulls()
    members = pl.DataFrame({"item_id": [item for item, _ in said], "opportunity_id": ["o1"] * 3 + ["o2"] * 18})
    own = pl.DataFrame(
        [
            ("o1", "OSAAMINEN", "all", 100.0, 2, 1),
            ("o1", "OSAAMINEN", "own", 100.0, 2, 1),
            ("o1", "OSAAMINEN", "rare", 15.0, 1, 1),
        ],
        schema=DISTRIBUTION,
        orient="row",
    )
    names = pl.DataFrame({"item_id": ["a", "b", "e", "x1"], "code": ["x", "x", "y", "z"]})
    labels = {"x": {"fi": "Hitsaaja"}, "y": {"fi": "hitsaaja"}, "z": {"fi": "kokki"}}
    material = Material("job", items, {}, names, labels, {}, {})
    first = _facts(material, members, own, skills, own.clear())[0][0]
    assert (first.distinct, first.tasks) == (["own"], ["own"])
    assert first.names == [("x", 100.0)]


def test_a_text_begins_with_what_sets_an_opportunity_apart():
    item = Facts("k1", "job", 7, [("o", 90.0)], [("s2", 95.0), ("s1", 80.0)], ["s1"], ["s1"], [])
    text = write_texts([item], NAMES, SKILLS, {})["k1"]["fi"]
    assert "TIG" in text["summary"]
    assert "piirustuksia" not in text["summary"]
    assert "mainitaan myös: lukea piirustuksia." in text["description"]
    assert text["tasks"] == ["Hitsata ”TIG”"]


@given(st.text())
def test_cleaned_text_survives_the_bulk_load(text):
    assert not set(clean(text)) & set('\\"\n\r\t')
