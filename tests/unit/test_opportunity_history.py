"""What a release's opportunities are measured by, against figures worked out by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.contracts.model import published_table
from jod_pipelines.opportunities.history import Snapshot, against, evaluation_row


def snapshot(members: dict[str, str], skills: dict[str, dict[str, float]]) -> Snapshot:
    rows = [(key, uri, weight) for key, own in skills.items() for uri, weight in own.items()]
    return Snapshot(
        pl.DataFrame(list(members.items()), schema={"item_id": pl.String, "opportunity_id": pl.String}, orient="row"),
        pl.DataFrame(rows, schema={"opportunity_id": pl.String, "skill_uri": pl.String, "weight": pl.Float64}, orient="row"),
    )


BEFORE = snapshot({"1": "a", "2": "a", "3": "b", "4": "c"}, {"a": {"s": 1.0}, "b": {"s": 0.6, "t": 0.8}, "c": {"u": 1.0}})
NOW = snapshot({"1": "a", "2": "b", "3": "b", "5": "d"}, {"a": {"s": 1.0}, "b": {"s": 1.0}, "d": {"u": 1.0}})


def test_a_release_against_the_one_before():
    found = against(NOW, BEFORE)
    assert found["ids_kept_pct"] == pytest.approx(100 * 2 / 3)  # a and b of a, b, c
    assert found["members_moved_pct"] == pytest.approx(100 / 3)  # 2 of 1, 2, 3
    assert found["size_drift_pct"] == pytest.approx(50)  # shares .5 .25 .25 0 became .25 .5 0 .25
    assert found["skill_drift"] == pytest.approx((1 * 0 + 2 * 0.4) / 3)  # cosines 1 and .6, one and two members


def test_a_new_id_takes_nothing_from_those_kept():
    kept = against(snapshot({"1": "a", "2": "b"}, {}), snapshot({"1": "a"}, {}))
    assert kept["ids_kept_pct"] == 100
    assert kept["skill_drift"] is None


def test_the_first_release_is_compared_with_nothing():
    row = evaluation_row("r", 1, date(2026, 11, 1), "job", NOW, 8, snapshot({}, {}), None)
    assert row["unclustered_pct"] == 50
    assert (row["opportunities"], row["grouped_items"], row["smallest_members"], row["largest_members"]) == (3, 4, 1, 2)
    assert row["ids_kept_pct"] is None
    assert row["skill_drift"] is None


def test_every_row_has_the_columns_of_the_contract():
    wanted = set(published_table("opportunity_evaluation").polars_schema)
    for before in (None, BEFORE):
        assert set(evaluation_row("r", 1, date(2026, 11, 1), "job", NOW, 8, before, None)) == wanted


def test_a_kind_without_opportunities_has_a_row_too():
    row = evaluation_row("r", 1, date(2026, 11, 1), "job", snapshot({}, {}), 0, None, None)
    assert (row["opportunities"], row["unclustered_pct"], row["largest_members"]) == (0, None, None)


MEMBERS = st.dictionaries(st.sampled_from("123456789"), st.sampled_from("abcd"), min_size=1)


@given(MEMBERS, MEMBERS)
def test_figures_are_shares_and_nothing_differs_from_itself(now, before):
    skills = {key: {"s": 0.5, key: 1.0} for key in "abcd"}
    one, other = (snapshot(items, {key: skills[key] for key in set(items.values())}) for items in (now, before))
    for name, value in against(one, other).items():
        assert value is None or 0 <= value <= (1 if name == "skill_drift" else 100) + 1e-9
    same = against(one, one)
    assert (same["ids_kept_pct"], same["members_moved_pct"], same["size_drift_pct"]) == (100, 0, 0)
    assert same["skill_drift"] == pytest.approx(0)
