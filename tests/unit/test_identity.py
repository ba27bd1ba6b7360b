"""Ids that last: what carries them, what the events are called, what is held back."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jod_pipelines.errors import HeldError
from jod_pipelines.opportunities.identity import Identities, Registry, identify, qualification_id, refuse_upheaval
from jod_pipelines.settings import IdentitySettings

DAY = date(2026, 11, 1)
IDENTITY = IdentitySettings()
SAME_SKILLS = {"s": 1.0}


def members_of(*groups: Iterable[str]) -> pl.DataFrame:
    rows = [(item, number) for number, group in enumerate(groups) for item in group]
    return pl.DataFrame(rows, schema={"item_id": pl.String, "cluster": pl.Int64}, orient="row")


def profiles_of(*profiles: dict[str, float]) -> pl.DataFrame:
    rows = [(number, uri, weight) for number, profile in enumerate(profiles) for uri, weight in profile.items()]
    return pl.DataFrame(rows, schema={"cluster": pl.Int64, "skill_uri": pl.String, "weight": pl.Float64}, orient="row")


def step(registry: Registry, *groups: Iterable[str], profiles=None, **more) -> Identities:
    """One run; without profiles each group asks for the same skill, so that members alone decide what is carried."""
    shown = profiles_of(*(profiles or [SAME_SKILLS] * len(groups)))
    return identify(members_of(*groups), shown, registry, DAY, "r", IDENTITY, **more)


def ids_of(found: Identities) -> list[str]:
    return found.ids.sort("cluster")["opportunity_id"].to_list()


def events_of(found: Identities) -> set[tuple[str, str]]:
    return set(found.lineage.select("opportunity_id", "event").iter_rows())


def row(found: Identities, event: str) -> dict:
    return found.lineage.row(by_predicate=pl.col("event") == event, named=True)


OWN = [{"sew": 1.0}, {"weld": 1.0}, {"bake": 1.0}]


def test_an_opportunity_keeps_its_id_while_its_members_stay():
    first = step(Registry.empty("job"), "abc", "def")
    assert {event for _, event in events_of(first)} == {"minted"}
    again = step(first.registry, "deg", "abch")
    assert ids_of(again) == ids_of(first)[::-1]
    assert {event for _, event in events_of(again)} == {"carried"}
    assert again.lineage["overlap"].to_list() == [1.0, 1.0]
    assert again.moved == (0, 5)


def test_equal_input_gives_equal_ids():
    assert ids_of(step(Registry.empty("job"), "ab")) == ids_of(step(Registry.empty("job"), "ba"))
    assert ids_of(step(Registry.empty("job"), "ab")) != ids_of(step(Registry.empty("education"), "ab"))


def test_a_split_names_its_parent_and_what_share_came_from_it():
    first = step(Registry.empty("job"), "abcdef", "xyz")
    found = step(first.registry, "abcd", "efgh", "xyz")
    assert ids_of(found)[0] == ids_of(first)[0]
    assert row(found, "split")["opportunity_id"] == ids_of(found)[1]
    assert row(found, "split")["from_ids"] == [ids_of(first)[0]]
    assert row(found, "split")["overlap"] == 0.5


def test_a_merger_names_what_was_taken_in_and_retires_it():
    first = step(Registry.empty("job"), "abcd", "ef")
    found = step(first.registry, "abcdeg")
    kept, gone = ids_of(first)
    assert events_of(found) == {(kept, "carried"), (kept, "merged"), (gone, "retired")}
    assert row(found, "merged")["from_ids"] == [gone]
    assert row(found, "merged")["overlap"] == 0.5
    assert found.lost == (gone,)


def test_strays_of_a_dead_opportunity_are_no_merger():
    first = step(Registry.empty("job"), "abcdefghij", "xyz", profiles=OWN[:2])
    found = step(first.registry, "abcdefghijxyz", profiles=OWN[:1])
    kept, gone = ids_of(first)
    assert events_of(found) == {(kept, "carried"), (gone, "retired")}


def test_what_returns_gets_its_old_id():
    first = step(Registry.empty("job"), "abcdef", "xyz", profiles=OWN[:2])
    without = step(first.registry, "abcdef", profiles=OWN[:1])
    assert (ids_of(first)[1], "retired") in events_of(without)
    for returned, profile in (("xyv", {"weld": 1.0}), ("uvw", {"weld": 1.0})):
        back = step(without.registry, "abcdef", returned, profiles=[OWN[0], profile])
        assert ids_of(back) == ids_of(first)
        assert (ids_of(first)[1], "reactivated") in events_of(back)
    other = step(without.registry, "abcdef", "uvw", profiles=[OWN[0], OWN[2]])
    assert ids_of(other)[1] not in ids_of(first)


def test_without_a_common_member_the_profile_decides():
    first = step(Registry.empty("job"), "abc", profiles=[{"s1": 1.0, "s2": 0.5}])
    alike = step(first.registry, "xyz", profiles=[{"s1": 0.9, "s2": 0.6}])
    assert ids_of(alike) == ids_of(first)
    assert row(alike, "carried")["overlap"] is None
    assert ids_of(step(first.registry, "xyz", profiles=[{"s9": 1.0}])) != ids_of(first)


def test_a_profile_never_takes_an_id_from_where_its_members_are():
    first = step(Registry.empty("job"), "abcdef", profiles=[{"s1": 1.0}])
    found = step(first.registry, "abcdef", "xyz", profiles=[{"s1": 1.0, "s2": 0.5}, {"s1": 1.0}])
    assert ids_of(found)[0] == ids_of(first)[0]
    assert (ids_of(found)[1], "minted") in events_of(found)


def test_a_profile_never_takes_an_id_that_still_has_members_elsewhere():
    first = step(Registry.empty("job"), "abcdefgh", profiles=[{"s1": 1.0}])
    found = step(first.registry, "abstuvwxyz", "cdefghijklmnopqr", profiles=[{"s1": 1.0}, {"s2": 1.0}])
    assert ids_of(first)[0] not in ids_of(found)


def test_what_an_id_means_follows_slowly():
    first = step(Registry.empty("job"), "abc", profiles=[{"sew": 1.0}])
    turning, day = first, DAY
    for weight in (0.2, 0.4, 0.6, 0.8, 1.0):
        day += timedelta(days=30)
        profile = profiles_of({"sew": 1.0 - weight / 1.2, "weld": weight})
        turning = identify(members_of("abc"), profile, turning.registry, day, "r", IDENTITY)
    assert ids_of(turning) != ids_of(first)
    kept, day = first, DAY
    for weight in (0.2, 0.4, 0.6, 0.8, 1.0):
        day += timedelta(days=730)
        profile = profiles_of({"sew": 1.0 - weight / 1.2, "weld": weight})
        kept = identify(members_of("abc"), profile, kept.registry, day, "r", IDENTITY)
    assert ids_of(kept) == ids_of(first)
    again = identify(members_of("abc"), profiles_of({"sew": 1.0, "weld": 1.0}), first.registry, DAY, "r", IDENTITY)
    assert again.registry.profiles.equals(first.registry.profiles)


def test_what_stands_in_the_place_of_one_that_is_gone_is_no_merger():
    first = step(Registry.empty("education"), "abcd", "pqr")
    nurse = step(first.registry, "abcd", "pqr", qualifications=leading(nurse="abcd"))
    assert row(nurse, "minted")["from_ids"] == [ids_of(first)[0]]
    assert (ids_of(first)[0], "retired") in events_of(nurse)
    assert "merged" not in nurse.lineage["event"].to_list()


def test_an_id_whose_members_ask_for_other_skills_is_not_given_on():
    first = step(Registry.empty("job"), "abc", profiles=[{"sew": 1.0}])
    found = step(first.registry, "abc", profiles=[{"weld": 1.0}])
    assert ids_of(found) != ids_of(first)
    assert found.lost == found.remeant == tuple(ids_of(first))
    assert found.moved == (3, 3)


def test_a_group_without_any_skill_is_carried_by_its_members():
    first = step(Registry.empty("education"), "abc", profiles=[{}])
    assert ids_of(step(first.registry, "abc", profiles=[{}])) == ids_of(first)


def leading(**codes: str) -> pl.DataFrame:
    rows = [(item, code) for code, items in codes.items() for item in items]
    return pl.DataFrame(rows, schema=["item_id", "qualification"], orient="row")


def test_a_qualification_has_the_id_of_its_code_in_every_home():
    codes = leading(nurse="abcd")
    for members in ("abcd", "abcx", "abcdx"):
        found = step(Registry.empty("education"), members, "pqr", qualifications=codes)
        assert ids_of(found)[0] == qualification_id("education", "nurse")
    assert qualification_id("education", "nurse") not in ids_of(
        step(Registry.empty("education"), "abxyz", "cd", qualifications=codes)
    )


def test_a_qualification_keeps_its_id_through_a_bad_day_but_not_against_its_meaning():
    codes = leading(nurse="abcdef")
    first = step(Registry.empty("education"), "abcdef", "pqrs", qualifications=codes)
    nurse, other = ids_of(first)
    thin = step(first.registry, "abcuvwk", "defpqrst", qualifications=codes)
    assert ids_of(thin) == [nurse, other]
    gone = step(first.registry, "auvwxz", "bcdefpqrstklmnoyåäö", "ghij", qualifications=codes)
    assert nurse not in ids_of(gone)
    back = step(gone.registry, "abcdef", "pqrs", qualifications=codes)
    assert ids_of(back)[0] == nurse
    assert (nurse, "reactivated") in events_of(back)


def test_the_id_of_a_qualification_goes_to_nothing_else():
    first = step(Registry.empty("education"), "abcd", qualifications=leading(nurse="abcd"))
    found = step(first.registry, "abcd", qualifications=leading(nurse="xyz"))
    assert ids_of(found) != ids_of(first)


def upheaval(share: float, ids: int = 10) -> Identities:
    kinds = [{f"s{n}": 1.0} for n in range(ids)]
    groups = [[f"{n}-{m}" for m in range(5)] for n in range(ids)]
    first = step(Registry.empty("job"), *groups, profiles=kinds)
    left = round(ids * (1 - share))
    return step(first.registry, *groups[:left], profiles=kinds[:left])


def test_a_run_that_would_retire_too_many_is_held():
    refuse_upheaval(upheaval(0.3), "job", 30, {})
    found = upheaval(0.4)
    with pytest.raises(HeldError, match=r"retire 4 of 10 ids, 0 of them .* more than 30 % is held") as caught:
        refuse_upheaval(found, "job", 30, {found.lost[0]: "Hitsaaja"})
    assert f"gone: {found.lost[0]} Hitsaaja" in caught.value.detail
    assert "--max-lost-ids-pct" in str(caught.value)
    refuse_upheaval(found, "job", 100, {})
    refuse_upheaval(upheaval(0.5, ids=4), "job", 20, {})


def test_a_run_that_would_change_meanings_is_held():
    kinds, groups = [{f"s{n}": 1.0} for n in range(8)], [[f"{n}-{m}" for m in range(5)] for n in range(8)]
    first = step(Registry.empty("job"), *groups, profiles=kinds)
    turned = step(first.registry, *groups, profiles=[*kinds[:4], *({f"t{n}": 1.0} for n in range(4))])
    with pytest.raises(HeldError, match="4 of them because their members now ask for other skills, and move 20 of 40 members"):
        refuse_upheaval(turned, "job", 20, {})


def test_a_run_that_would_move_most_members_is_held():
    kinds = [{f"s{n}": 1.0} for n in range(20)]
    large = [[f"{n}-{m}" for m in range(100)] for n in range(3)]
    small = [[f"{n}-{m}" for m in range(5)] for n in range(3, 20)]
    first = step(Registry.empty("job"), *large, *small, profiles=kinds)
    turned = step(first.registry, *large, *small, profiles=[{"x": 1.0}, {"y": 1.0}, {"z": 1.0}, *kinds[3:]])
    with pytest.raises(HeldError, match="retire 3 of 20 ids"):
        refuse_upheaval(turned, "job", 20, {})


partitions = st.dictionaries(st.integers(0, 30).map(str), st.integers(0, 4), min_size=1).map(
    lambda owner: [sorted(k for k, v in owner.items() if v == g) for g in sorted(set(owner.values()))]
)
meanings = st.lists(st.dictionaries(st.sampled_from("uvw"), st.floats(0.1, 1.0)), min_size=5, max_size=5)
codes = st.dictionaries(st.integers(0, 30).map(str), st.sampled_from(["nurse", "cook"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(partitions, meanings, codes), min_size=2, max_size=4))
def test_ids_are_unique_lasting_and_accounted_for(runs):
    registry = Registry.empty("education")
    for groups, profiles, owners in runs:
        leads = pl.DataFrame(list(owners.items()), schema={"item_id": pl.String, "qualification": pl.String}, orient="row")
        before = registry
        found = step(before, *groups, profiles=profiles[: len(groups)], qualifications=leads)
        registry = found.registry
        ids, events = ids_of(found), events_of(found)
        assert len(set(ids)) == len(groups)
        assert set(before.known["opportunity_id"]) <= set(registry.known["opportunity_id"])
        assert registry.known["opportunity_id"].is_unique().all()
        assert set(registry.known.filter("active")["opportunity_id"]) == set(ids)
        # Every id has exactly one fate.
        fates = [key for key, event in events if event != "merged"]
        assert sorted(fates) == sorted({*ids, *found.lost})
        active = set(before.known.filter("active")["opportunity_id"])
        asleep = set(before.known["opportunity_id"]) - active
        assert {key for key, event in events if event == "carried"} <= active
        assert {key for key, event in events if event == "reactivated"} <= asleep
        assert not {key for key, event in events if event in ("minted", "split")} & (active | asleep)
        assert set(found.lost) == active - set(ids)
        assert registry.active.select(pl.col("item_id").sort()).equals(members_of(*groups).select(pl.col("item_id").sort()))
    again = step(registry, *groups, profiles=profiles[: len(groups)], qualifications=leads)
    assert ids_of(again) == ids
    assert {event for _, event in events_of(again)} == {"carried"}


@settings(max_examples=40, deadline=None)
@given(partitions, partitions, meanings, codes, st.randoms(use_true_random=False))
def test_numbers_of_clusters_and_order_of_rows_change_nothing(one, two, profiles, owners, dice):
    leads = pl.DataFrame(list(owners.items()), schema={"item_id": pl.String, "qualification": pl.String}, orient="row")
    first = step(Registry.empty("job"), *one, profiles=profiles[: len(one)], qualifications=leads)
    found = step(first.registry, *two, profiles=profiles[: len(two)], qualifications=leads)
    numbers = list(range(100, 100 + len(two)))
    dice.shuffle(numbers)
    renamed = pl.col("cluster").replace_strict(dict(enumerate(numbers)))
    seed = dice.randrange(1000)
    shuffled = identify(
        members_of(*two).with_columns(renamed).sample(fraction=1, shuffle=True, seed=seed),
        profiles_of(*profiles[: len(two)]).with_columns(renamed).sample(fraction=1, shuffle=True, seed=seed),
        Registry(
            "job",
            *(
                frame.sample(fraction=1, shuffle=True, seed=seed)
                for frame in (first.registry.known, first.registry.members, first.registry.profiles)
            ),
        ),
        DAY,
        "r",
        IDENTITY,
        leads.sample(fraction=1, shuffle=True, seed=seed),
    )
    assert shuffled.lineage.equals(found.lineage)
    assert shuffled.registry.as_json() == found.registry.as_json()
    assert shuffled.ids.sort("opportunity_id")["opportunity_id"].equals(found.ids.sort("opportunity_id")["opportunity_id"])


@settings(max_examples=30, deadline=None)
@given(partitions, partitions, meanings)
def test_the_registry_survives_its_own_json(one, two, profiles):
    first = step(Registry.empty("job"), *one, profiles=profiles[: len(one)])
    registry = step(first.registry, *two, profiles=profiles[: len(two)]).registry
    restored = Registry.from_json("job", registry.as_json())
    assert restored.as_json() == registry.as_json()
    assert step(restored, *one).lineage.equals(step(registry, *one).lineage)


def test_ties_fall_the_same_way_whatever_the_numbers():
    first = step(Registry.empty("job"), "abcd")
    for groups in (("ab", "cd"), ("cd", "ab")):
        found = step(first.registry, *groups)
        assert ids_of(found)[groups.index("ab")] == ids_of(first)[0]


def test_a_registry_of_before_there_were_qualifications_is_read():
    value = {
        "kind": "job",
        "opportunities": [
            {
                "opportunity_id": "a",
                "members": ["x"],
                "profile": {"s": 1.0},
                "first_seen": "2026-01-01",
                "last_seen": "2026-01-02",
                "active": True,
            }
        ],
    }
    assert ids_of(step(Registry.from_json("job", value), "x")) == ["a"]
    assert Registry.from_json("job", None).known.is_empty()
