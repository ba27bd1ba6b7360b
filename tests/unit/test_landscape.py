"""The map of opportunities: likes lie near each other, and it stays as readers know it."""

import numpy as np
import polars as pl
import pytest

from jod_pipelines.opportunities.landscape import POSITIONS, lay_out, moved
from jod_pipelines.settings import MapSettings

NOTHING = pl.DataFrame(schema=POSITIONS)
SETTINGS = MapSettings(rounds=200)


def world(seed: int = 1, per_field: int = 8) -> pl.DataFrame:
    """Three fields of work with ten skills each; every opportunity weighs those of its field and two that all share."""
    numbers = np.random.default_rng(seed)
    rows = [
        (f"{field}-{place:02}", f"{field}-skill-{skill}", float(numbers.uniform(0.3, 1)))
        for field in "abc"
        for place in range(per_field)
        for skill in range(10)
        if numbers.uniform() < 0.7
    ]
    shared = [(f"{field}-{place:02}", f"shared-{n}", 0.5) for field in "abc" for place in range(per_field) for n in range(2)]
    return pl.DataFrame(rows + shared, schema=["opportunity_id", "skill_uri", "weight"], orient="row")


@pytest.fixture(scope="module")
def first() -> pl.DataFrame:
    return lay_out(world(), NOTHING, SETTINGS)


def test_what_asks_for_the_same_skills_lies_near(first):
    places, fields = first.select("x", "y").to_numpy(), first["opportunity_id"].str.slice(0, 1).to_numpy()
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (fields[apart.argmin(axis=1)] == fields).all()


def test_the_same_map_every_time_whatever_the_order_of_rows(first):
    assert lay_out(world().sample(fraction=1, shuffle=True, seed=3), NOTHING, SETTINGS).equals(first)


def test_the_next_map_goes_on_from_the_last(first):
    later = world(seed=2, per_field=9)
    carried, anew = lay_out(later, first, SETTINGS), lay_out(later, NOTHING, SETTINGS)
    assert moved(first, carried) < 10 < moved(first, anew)


def test_where_nothing_changed_the_map_is_the_last_one(first):
    kept = lay_out(world().reverse(), first.reverse(), SETTINGS, world())
    assert kept.equals(first)
    changed = world().with_columns(weight=pl.when(pl.col("opportunity_id") == "a-00").then(0.9).otherwise("weight"))
    assert not lay_out(changed, first, SETTINGS, world()).equals(first)
    fewer = first.filter(pl.col("opportunity_id") != "a-00")
    assert len(lay_out(world(), fewer, SETTINGS, world())) == len(first)


def test_what_is_new_is_drawn_among_its_likes(first):
    later = lay_out(world(), first.filter(pl.col("opportunity_id") != "b-03"), SETTINGS)
    distance = (pl.col("x") - pl.col("x_new")) ** 2 + (pl.col("y") - pl.col("y_new")) ** 2
    new = later.filter(opportunity_id="b-03").select(x_new="x", y_new="y")
    others = later.filter(pl.col("opportunity_id") != "b-03").join(new, how="cross").sort(distance)
    assert others["opportunity_id"].str.starts_with("b").head(3).all()


def test_a_handful_has_no_map():
    four = world().filter(pl.col("opportunity_id").is_in(["a-00", "a-01", "b-00", "c-00"]))
    assert lay_out(four, NOTHING, SETTINGS).is_empty()
    assert moved(NOTHING, NOTHING) is None


def test_opportunities_with_the_same_skills_or_with_one_skill_each_have_places_too():
    same = pl.DataFrame({"opportunity_id": [f"o{n}" for n in range(6)], "skill_uri": ["s"] * 6, "weight": [1.0] * 6})
    apart = same.with_columns(skill_uri=pl.concat_str(pl.lit("s"), "opportunity_id"))
    for skills in (same, apart):
        assert lay_out(skills, NOTHING, SETTINGS).select(pl.all_horizontal(pl.col("x", "y").is_finite()).all()).item()
