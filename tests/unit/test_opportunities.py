from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from jod_pipelines.opportunities import cluster
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.opportunities.identity import Cluster, Registry, identify
from jod_pipelines.opportunities.profile import distributions, posting_values, skill_profile
from jod_pipelines.opportunities.words import Facts, clean, write_texts
from jod_pipelines.settings import ClusterSettings, IdentitySettings

DAY = date(2026, 11, 1)
IDENTITY = IdentitySettings()


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


def clusters(*members):
    return [Cluster(n, frozenset(m), {f"skill-{sorted(m)[0]}": 1.0}) for n, m in enumerate(members)]


def step(registry, *members, release="r"):
    ids, events, after = identify(clusters(*members), registry, DAY, release, IDENTITY)
    return ids, dict(events.select("opportunity_id", "event").iter_rows()), after


def test_an_opportunity_keeps_its_id_while_its_members_stay():
    ids, events, registry = step(Registry("job"), {"a", "b", "c"}, {"d", "e", "f"})
    assert set(events.values()) == {"minted"}
    again, events, _ = step(registry, {"d", "e", "g"}, {"a", "b", "c", "h"})
    assert again[0] == ids[1]
    assert again[1] == ids[0]
    assert set(events.values()) == {"carried"}


def test_equal_input_gives_equal_ids():
    assert step(Registry("job"), {"a", "b"})[0] == step(Registry("job"), {"b", "a"})[0]
    assert step(Registry("job"), {"a", "b"})[0] != step(Registry("education"), {"a", "b"})[0]


def test_splits_merges_retirements_and_returns_have_their_names():
    ids, _, registry = step(Registry("job"), {"a", "b", "c", "d", "e", "f"}, {"x", "y", "z"})
    split, events, registry = step(registry, {"a", "b", "c", "d"}, {"e", "f"}, {"x", "y", "z"})
    assert split[0] == ids[0]
    assert events[split[1]] == "split"
    merged, events, registry = step(registry, {"a", "b", "c", "d", "e", "f"}, {"x", "y", "z"})
    assert merged[0] == ids[0]
    assert events[split[1]] == "retired"
    _, events, registry = step(registry, {"a", "b", "c", "d", "e", "f"})
    assert events[ids[1]] == "retired"
    back, events, _ = step(registry, {"a", "b", "c", "d", "e", "f"}, {"x", "y", "zz"})
    assert back[1] == ids[1]
    assert events[ids[1]] == "reactivated"


def test_without_a_common_member_the_profile_decides():
    first = [Cluster(0, frozenset("abc"), {"s1": 1.0, "s2": 0.5})]
    ids, _, registry = identify(first, Registry("job"), DAY, "r1", IDENTITY)
    alike = [Cluster(0, frozenset("xyz"), {"s1": 0.9, "s2": 0.6})]
    assert identify(alike, registry, DAY, "r2", IDENTITY)[0] == ids
    unlike = [Cluster(0, frozenset("xyz"), {"s9": 1.0})]
    assert identify(unlike, registry, DAY, "r2", IDENTITY)[0] != ids


partitions = st.dictionaries(st.integers(0, 30).map(str), st.integers(0, 4), min_size=1).map(
    lambda owner: [frozenset(k for k, v in owner.items() if v == g) for g in sorted(set(owner.values()))]
)


@settings(max_examples=60)
@given(partitions, partitions, partitions)
def test_ids_are_unique_lasting_and_accounted_for(one, two, three):
    registry, ever = Registry("job"), set()
    for number, members in enumerate((one, two, three)):
        ids, events, registry = identify(clusters(*members), registry, DAY, f"r{number}", IDENTITY)
        assert len(set(ids.values())) == len(members)
        assert ever <= set(registry.opportunities)
        ever = set(registry.opportunities)
        active = {key for key, item in registry.opportunities.items() if item.active}
        assert active == set(ids.values())
        assert active <= set(events["opportunity_id"])
    again, events, _ = identify(clusters(*three), registry, DAY, "r9", IDENTITY)
    assert {clusters(*three)[n].members: key for n, key in again.items()} == {
        clusters(*three)[n].members: key for n, key in ids.items()
    }
    assert set(events["event"]) == {"carried"}


def test_the_registry_survives_its_own_json():
    _, _, registry = step(Registry("job"), {"a", "b"})
    assert Registry.from_json("job", registry.as_json()) == registry


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


def test_rare_skills_are_cut_but_some_always_stay():
    skills = pl.DataFrame(
        [("a", f"s{n}") for n in range(9)] + [("b", "s0"), ("c", "s0")], schema=["item_id", "skill_uri"], orient="row"
    )
    kept = skill_profile(MEMBERS, skills, limit=5, min_share_pct=50)
    assert kept["value_code"].to_list() == ["s0", "s1", "s2"]
    assert skill_profile(MEMBERS, skills, limit=2, min_share_pct=0)["value_code"].to_list() == ["s0", "s1"]


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
