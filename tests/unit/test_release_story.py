"""`jod diff` tells which opportunity became what, in words."""

import json
from datetime import date

import polars as pl
import pytest

from jod_pipelines.publication.compare import lineage_between, tell

LINEAGE = {
    "release_id": pl.String,
    "opportunity_kind": pl.String,
    "opportunity_id": pl.String,
    "event": pl.String,
    "from_ids": pl.List(pl.String),
    "overlap": pl.Float64,
}


def release_of(**rows):
    """Opportunities by id: (title, members) or (title, members, active)."""
    listed = [(key, row[0], row[1], row[2] if len(row) > 2 else True, date(2026, 5, 1)) for key, row in rows.items()]
    return pl.DataFrame(listed, schema=["opportunity_id", "title_en", "members", "active", "last_seen"], orient="row")


def lineage_of(*events):
    rows = [("r", "job", key, event, from_ids, overlap) for key, event, from_ids, overlap in events]
    return pl.DataFrame(rows, schema=LINEAGE, orient="row")


def test_every_fate_has_its_sentence_in_order():
    before = release_of(
        w=("Welder", 90), o=("Office worker", 40), t=("Typist", 12), g=("Gone", 6), b=("Baker", 9, False), c=("Cook", 8)
    )
    after = release_of(
        w=("Welder", 60), r=("Robot welder", 31), o=("Office worker", 50), n=("New work", 7), m=("More new work", 20),
        b=("Baker", 11), c=("Chef", 8), t=("Typist", 12, False), g=("Gone", 6, False),
    )  # fmt: skip
    lineage = lineage_of(
        ("w", "carried", ["w"], 0.8),
        ("r", "split", ["w"], 0.742),
        ("o", "merged", ["t"], 0.9),
        ("t", "retired", [], None),
        ("g", "retired", [], None),
        ("b", "reactivated", ["b"], 0.4),
    )
    assert tell(before, after, lineage) == [
        "“Robot welder” (31 members) split from “Welder”: 74 % of its members came from there",
        "“Office worker” (40 → 50 members) took in 90 % of the members of “Typist”",
        "“More new work” (20 members) is new",
        "“New work” (7 members) is new",
        "“Baker” (11 members) is back, last seen 2026-05-01",
        "“Gone” (6 members) is no more",
        "“Cook” is now called “Chef”",
    ]
    assert tell(after, after, lineage) == []


def test_without_lineage_the_ids_alone_tell():
    before, after = release_of(w=("Welder", 90), t=("Typist", 12)), release_of(w=("Welder", 60), r=("Robot welder", 31))
    assert tell(before, after, lineage_of()) == ["“Robot welder” (31 members) is new", "“Typist” (12 members) is no more"]


def test_what_came_and_went_between_the_two_is_not_told():
    before, after = release_of(w=("Welder", 90)), release_of(w=("Welder", 60), r=("Robot welder", 31, False))
    assert tell(before, after, lineage_of(("r", "split", ["w"], 0.7), ("w", "merged", ["r"], 1.0))) == []


@pytest.fixture
def releases(tmp_path):
    """Three releases in a row and one beside them."""
    for name, parent, key in (("r1", None, "a"), ("r2", "r1", "b"), ("r3", "r2", "c"), ("other", None, "d")):
        (tmp_path / name / "parquet" / "opportunity_lineage").mkdir(parents=True)
        (tmp_path / name / "datapackage.json").write_text(json.dumps({"parent_release": parent}))
        path = tmp_path / name / "parquet" / "opportunity_lineage" / "opportunity_lineage.parquet"
        lineage_of((key, "minted", [], None)).write_parquet(path)
    return tmp_path


def test_lineage_is_gathered_over_all_releases_between(releases):
    assert lineage_between(releases / "r1", releases / "r3")["opportunity_id"].to_list() == ["b", "c"]
    assert lineage_between(releases / "r3", releases / "r3").is_empty()


def test_releases_that_do_not_descend_have_no_common_lineage(releases):
    assert lineage_between(releases / "other", releases / "r3").is_empty()
    assert lineage_between(releases / "r3", releases / "r1").is_empty()
    (releases / "r2" / "datapackage.json").unlink()
    assert lineage_between(releases / "r1", releases / "r3").is_empty()
