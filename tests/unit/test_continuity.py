"""Ids over months of planted births, deaths, sleeps, splits and mergers."""

import polars as pl
import pytest

from jod_pipelines.opportunities.boundaries import steady_clusters
from jod_pipelines.opportunities.continuity import follow, judge
from jod_pipelines.sandbox.timeline import Timeline, TimelineSizes, plant
from jod_pipelines.settings import ClusterSettings, IdentitySettings, PublicationSettings

SMALL = TimelineSizes(months=10, window_months=4, postings_month=300, kinds=14, births=2, deaths=2, sleeps=1, splits=2, mergers=1)


def clusters_of(items: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    return steady_clusters(items, previous, ClusterSettings(), IdentitySettings())


def followed(timeline: Timeline) -> tuple[pl.DataFrame, pl.DataFrame]:
    sizes = timeline.sizes
    return follow(timeline.postings, clusters_of, IdentitySettings(), PublicationSettings(), sizes.window_months)


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return plant(2, SMALL)


@pytest.fixture(scope="module")
def small_world(timeline):
    return followed(timeline)


def test_ids_last_and_planted_events_are_reported_as_what_they_were(timeline, small_world):
    found = judge(*small_world, timeline.truth, timeline.events)
    assert found.lowest_kept_pct >= 98
    assert found.turned.is_empty()
    assert found.events_found == len(timeline.events)
