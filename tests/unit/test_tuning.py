"""Tuning tells good settings from bad ones, by the truth where it is known and without it where it is not."""

import numpy as np
import polars as pl
import pytest

from jod_pipelines.errors import JodError
from jod_pipelines.opportunities.tuning import TRACE, trials, tune, verdict
from jod_pipelines.settings import ClusterSettings, Settings, TuningSettings

KINDS, SMALL, LARGE = 12, 10, 30
TUNING = TuningSettings(values={"min_cluster_floor": (5, 20)}, sample_items=100_000)
CURRENT = ClusterSettings(svd_components=50)


def world():
    """Kinds of work with eight skills of their own, of which each item asks for six, and one of ten that all share.

    An easy world: kinds have no skill in common but the shared ones.
    """
    numbers = np.random.default_rng(5)
    rows = [
        (
            f"{kind:02}-{item:02}",
            [f"skill-{kind}-{n}" for n in numbers.choice(8, 6, replace=False)] + [f"shared-{numbers.integers(10)}"],
        )
        for kind in range(KINDS)
        for item in range(LARGE if kind % 2 else SMALL)
    ]
    return pl.DataFrame(rows, schema={"item_id": pl.String, "skill_uris": pl.List(pl.String)}, orient="row")


TRUTH = world().select("item_id", kind=pl.col("item_id").str.slice(0, 2))


@pytest.mark.parametrize("truth", [TRUTH, None], ids=["truth", "no truth"])
def test_settings_that_run_groups_together_come_last(truth):
    trace = tune(world(), CURRENT, TUNING, truth)
    assert trace["changed"].to_list() == ["", "min_cluster_floor=20"]
    assert trace["score"][0] > trace["score"][1] + 0.2
    assert trace["groups"][0] == KINDS
    assert trace.schema == TRACE
    assert "none of the 2 tried is better" in verdict(trace)


def test_better_settings_are_named():
    trace = tune(world(), CURRENT.model_copy(update={"min_cluster_floor": 20}), TUNING, TRUTH)
    assert trace["changed"][0] == "min_cluster_floor=5"
    assert verdict(trace).startswith("min_cluster_floor=5 is the best of 2 tried")


def test_the_same_trace_whatever_the_order_of_items():
    sampled = TUNING.model_copy(update={"sample_items": 120})
    one, other = (tune(items, CURRENT, sampled).drop("seconds") for items in (world(), world().reverse()))
    assert one.equals(other)
    assert one["items"].unique().to_list() == [120]


def test_nothing_to_group_is_said():
    trace = tune(world().head(0), CURRENT, TUNING)
    assert trace["score"].null_count() == len(trace)
    assert "too little" in verdict(trace)


def test_the_settings_that_are_tried_differ_in_one_thing_and_are_valid():
    current = Settings().clusters
    tried = trials(current, Settings().tuning)
    assert tried.pop("") == current
    for name, settings in tried.items():
        differing = {key for key, value in settings.model_dump().items() if value != getattr(current, key)}
        assert differing == {name.split("=")[0]}


def test_without_a_warehouse_it_says_what_to_do(tmp_path):
    from assets.tuning import run_tuning

    with pytest.raises(JodError, match="run `jod run` first"):
        run_tuning(Settings(home=tmp_path))


def test_tuning_is_no_part_of_the_nightly_job():
    from assets.assembly import build_definitions

    definitions = build_definitions(Settings())
    nightly, tuning = (definitions.resolve_job_def(name) for name in ("main", "tune"))
    names = {node.name for node in tuning.nodes}
    assert names == {"tuning__job_clusters", "tuning__education_clusters"}
    assert not names & {node.name for node in nightly.nodes}
