import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.opportunities import cluster
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.opportunities.profile import DISTRIBUTION, distributions, posting_values, pruned_skills
from jod_pipelines.opportunities.words import Facts, clean, write_texts
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


def test_codes_are_the_consumers():
    postings = pl.DataFrame(
        {
            "item_id": ["a"],
            "occupation_uris": [["http://data.europa.eu/esco/occupation/1", "http://data.europa.eu/esco/isco/C2512"]],
            "industry_code": ["62010"],
            "work_time": ["01"],
            "continuity": [["02"]],
            "employment_relationship": ["02"],
            "wage_principle": ["99"],
            "country_codes": [["FI"]],
            "region_codes": [["01"]],
            "municipality_codes": [["091"]],
        }
    )
    values = {name: frame["value_code"].to_list() for name, frame in posting_values(postings).items()}
    assert values["AMMATTI"] == ["http://data.europa.eu/esco/occupation/1"]
    assert values["TYOAIKA"] == ["FULLTIME"]
    assert values["TYON_JATKUVUUS"] == ["TEMPORARY"]
    assert values["PALVELUSSUHDE"] == ["SERVICE_IN_PUBLIC_ADMINISTRATION"]
    assert values["PALKAN_PERUSTE"] == []
    assert values["KUNTA"] == ["091"]


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
    assert texts["k1"]["fi"]["title"] == "Hitsaaja: hitsata ”TIG”"
    for language in ("fi", "sv", "en"):
        titles = [texts[key][language]["title"].lower() for key in texts]
        assert len(set(titles)) == 4
        for key in texts:
            for part in ("title", "summary", "description"):
                text = texts[key][language][part]
                assert text.strip()
                assert not set(text) & set('\\"\n\t')
            assert texts[key][language]["tasks"]


@given(st.text())
def test_cleaned_text_survives_the_bulk_load(text):
    assert not set(clean(text)) & set('\\"\n\r\t')
