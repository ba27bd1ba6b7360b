import hashlib
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jod_pipelines.bench import clusters as bench
from jod_pipelines.errors import SettingsError
from jod_pipelines.opportunities import cluster, clustering
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.sandbox.overlap import Hardness, overlapping_postings
from jod_pipelines.settings import ClusterSettings

SETTINGS = ClusterSettings()
MILD = Hardness(shared_pct=40, noise_skills_pct=10, blurred_postings_pct=0, size_skew=0.5, kinds=20)


@pytest.fixture(scope="module")
def mild():
    return overlapping_postings(2_000, seed=3, hardness=MILD)


item_sets = st.lists(st.lists(st.integers(0, 25), max_size=8), max_size=60).map(
    lambda rows: pl.DataFrame(
        {"item_id": [f"i{n:02d}" for n in range(len(rows))], "skill_uris": [[f"s{k}" for k in dict.fromkeys(r)] for r in rows]},
        schema={"item_id": pl.String, "skill_uris": pl.List(pl.String)},
    )
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(item_sets, st.randoms())
def test_every_item_comes_out_once_whatever_the_order(items, dice):
    found = cluster(items, SETTINGS)
    assert found["item_id"].to_list() == items["item_id"].to_list()
    assert found.schema == clustering.RESULT
    assert (found["outlier"] == (found["cluster"] < 0)).all()
    assert found["strength"].is_between(0, 1.000001).all()
    numbers = found.filter(~pl.col("outlier")).group_by("cluster").len().sort("cluster")
    assert numbers["cluster"].to_list() == list(range(len(numbers)))
    assert numbers["len"].to_list() == sorted(numbers["len"], reverse=True)
    order = list(range(len(items)))
    dice.shuffle(order)
    assert cluster(items[order], SETTINGS).equals(found)


def test_overlapping_kinds_are_told_apart_nearly_as_well_as_possible(mild):
    groups = cluster(mild.items, SETTINGS)
    sizes = groups.filter(~pl.col("outlier")).group_by("cluster").len().sort("cluster")["len"].to_list()
    assert sizes == sorted(sizes, reverse=True)
    found, possible = evaluate(groups, mild.truth), evaluate(mild.oracle, mild.truth)
    assert possible.ari_all > 0.97
    assert found.ari_all > possible.ari_all - 0.04
    assert found.unclustered_pct < 10


def test_items_outside_the_sample_join_the_groups_found_in_it(mild, monkeypatch):
    monkeypatch.setattr(clustering, "FIT_ITEMS", 700)
    monkeypatch.setattr(clustering, "BLOCK", 300)
    assert evaluate(cluster(mild.items, SETTINGS), mild.truth).ari_all > 0.9
    ids = pl.Series([f"{n}" for n in range(1_000)])
    drawn = set(ids.gather(clustering._sample(ids, 100)))
    assert len(drawn) == 100
    fewer = ids.filter(ids != min(drawn))
    assert len(drawn & set(fewer.gather(clustering._sample(fewer, 100)))) == 99


def test_two_processes_find_the_same():
    code = (
        "import hashlib; from jod_pipelines.opportunities import cluster; from jod_pipelines.settings import ClusterSettings;"
        "from jod_pipelines.sandbox.overlap import overlapping_postings;"
        "found = cluster(overlapping_postings(1500, 7).items, ClusterSettings());"
        "print(hashlib.sha256(found.write_csv().encode()).hexdigest())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    here = cluster(overlapping_postings(1_500, 7).items, SETTINGS)
    assert hashlib.sha256(here.write_csv().encode()).hexdigest() == elsewhere


def test_a_borderline_item_stays_where_it_was_a_clear_one_leaves():
    rows = [(f"{g}{n:02d}", [f"{g}{k}" for k in range(7) if k != n % 7]) for g in "ab" for n in range(30)]
    rows.append(("torn", ["a1", "a2", "a3", "a4", "a5", "b1", "b2"]))
    items = pl.DataFrame(rows, schema=["item_id", "skill_uris"], orient="row")
    fresh = cluster(items, SETTINGS)
    groups = dict(fresh.select("item_id", "cluster").iter_rows())
    assert groups["torn"] == groups["a00"] != groups["b00"]
    names = {groups["a00"]: "old a", groups["b00"]: "old b"}
    before = fresh.select("item_id", pl.col("cluster").replace_strict(names))
    moved = before.with_columns(
        pl.when(pl.col("item_id").is_in(["torn", "a05"])).then(pl.lit("old b")).otherwise("cluster").alias("cluster")
    )
    wide = SETTINGS.model_copy(update={"keep_margin": 0.6})
    after = dict(cluster(items, wide, moved).select("item_id", "cluster").iter_rows())
    assert after["torn"] == after["b00"]
    assert after["a05"] == after["a00"]
    narrow = SETTINGS.model_copy(update={"keep_margin": 0.0})
    assert cluster(items, narrow, moved).equals(fresh)
    unknown = pl.DataFrame({"item_id": ["elsewhere"], "cluster": [3]})
    assert cluster(items, SETTINGS, unknown).equals(fresh)


def test_weights_and_context_count():
    items = pl.DataFrame(
        {"item_id": ["a", "b"], "skill_uris": [["x", "y"], ["x"]], "weights": [[1.0, 0.5], [1.0]], "context": [["k"], ["k"]]}
    )
    assert clustering._cells(items).toarray().tolist() == [[0.5, 1.0], [0.5, 1.0]]  # columns k and x: only one item has y


def test_neighbours_are_found_in_parts_of_space(mild, monkeypatch):
    vectors = clustering._embed(clustering.skill_matrix(mild.items), SETTINGS)
    every, _ = clustering._nearest(vectors, 10)
    monkeypatch.setattr(clustering, "EXACT_UP_TO", 1_000)
    some, likeness = clustering._nearest(vectors, 10)
    assert 0.85 < _common(every, some) < 1
    assert (np.diff(likeness, axis=1) <= 1e-6).all()
    assert np.array_equal(some, clustering._nearest(vectors, 10)[0])
    assert evaluate(cluster(mild.items, SETTINGS), mild.truth).ari_all > 0.9
    monkeypatch.setattr(clustering, "PARTS_SEARCHED", 1)
    assert _common(every, clustering._nearest(vectors, 10)[0]) < _common(every, some) - 0.05
    assert clustering._nearest(vectors, 300)[0].min() >= 0


def _common(every, some):
    return np.mean([len(np.intersect1d(*pair)) for pair in zip(every, some, strict=True)]) / every.shape[1]


def test_the_world_is_as_hard_as_asked():
    def possible(**change):
        world = overlapping_postings(3_000, 5, Hardness(**{"kinds": 30, **change}))
        return evaluate(world.oracle, world.truth).ari_all

    assert possible(shared_pct=0, noise_skills_pct=0, blurred_postings_pct=0) > 0.99
    assert possible(blurred_postings_pct=60) < possible() - 0.1
    assert possible() < possible(noise_skills_pct=0, blurred_postings_pct=0)
    skewed, even = (
        overlapping_postings(3_000, 5, Hardness(kinds=30, size_skew=skew)).truth["kind"].value_counts()["count"].max()
        for skew in (1.0, 0.0)
    )
    assert skewed > 2 * even
    lists = overlapping_postings(3_000, 5, Hardness(kinds=30, noise_skills_pct=50)).items["skill_uris"]
    clean = overlapping_postings(3_000, 5, Hardness(kinds=30, noise_skills_pct=0)).items["skill_uris"]
    assert np.isclose(lists.list.len().mean(), 2 * clean.list.len().mean(), rtol=0.1)


def test_a_benchmark_needs_a_size():
    with pytest.raises(SettingsError, match="small, national or a number"):
        bench.run("huge")


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_twenty_thousand_postings_of_overlapping_kinds(seed):
    world = overlapping_postings(20_000, seed)
    found = evaluate(cluster(world.items, SETTINGS), world.truth)
    assert found.ari_all >= 0.95
    assert found.unclustered_pct <= 10
    if seed == 1:
        assert found.ari_all > evaluate(bench._bertopic_wiring(world.items), world.truth).ari_all


@pytest.mark.long
def test_umap_and_hdbscan_may_find_where_groups_start(mild):
    density = SETTINGS.model_copy(update={"start": "density"})
    found = cluster(mild.items, density)
    assert evaluate(found, mild.truth).ari_all > 0.9
    assert cluster(mild.items.reverse(), density).equals(found)
