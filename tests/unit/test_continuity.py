"""Ids over months of planted births, deaths, sleeps, splits and mergers."""

import numpy as np
import polars as pl
import pytest

from jod_pipelines.opportunities.clustering import skill_matrix
from jod_pipelines.opportunities.continuity import follow, judge
from jod_pipelines.sandbox.timeline import Timeline, TimelineSizes, plant
from jod_pipelines.settings import IdentitySettings, PublicationSettings

SMALL = TimelineSizes(months=10, window_months=4, postings_month=300, kinds=14, births=2, deaths=2, sleeps=1, splits=2, mergers=1)


def average_linkage(items: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """A plain clustering that compiles nothing and knows nothing of the month before."""
    from scipy.cluster.hierarchy import fcluster, linkage

    items = items.sort("item_id")
    matrix = skill_matrix(items).toarray()
    says = matrix.any(axis=1)
    groups = np.full(len(items), -1)
    groups[says] = fcluster(linkage(matrix[says], method="average", metric="cosine"), 0.75, criterion="distance")
    return pl.DataFrame({"item_id": items["item_id"], "cluster": groups, "strength": 1.0, "outlier": ~says})


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return plant(4, SMALL)


@pytest.fixture(scope="module")
def followed(timeline):
    return follow(timeline.postings, average_linkage, IdentitySettings(), PublicationSettings(), SMALL.window_months)


def test_ids_last_and_planted_events_are_reported_as_what_they_were(timeline, followed):
    found = judge(*followed, timeline.truth, timeline.events)
    print(found.months, found.events, found.unplanted, timeline.hardness)
    assert found.lowest_kept_pct >= 98
    assert found.turned.is_empty()
    assert found.events_found == len(timeline.events)
