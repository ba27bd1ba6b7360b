"""From source to typed tables: what breaks is kept and named, what serves stays whole."""

import dataclasses
from datetime import UTC, date, datetime

import httpx
import orjson
import polars as pl
import pytest

from jod_pipelines import deriving
from jod_pipelines.errors import HeldError, SourceError
from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.landing.archive import Fetched, Unchanged
from jod_pipelines.platform import Platform
from jod_pipelines.products import make_plan
from jod_pipelines.settings import HttpSettings, load_settings
from jod_pipelines.sources import all_resources
from tests_support import stored

FAST = HttpSettings(attempts=2, backoff_start_s=0, backoff_limit_s=0)
SEARCH = "/konfo-backend/external/search/toteutukset-koulutuksittain"
POSTINGS = "/kipa/p67/v2/jobpostings"


def hit(number, **changes):
    return {
        "oid": f"1.2.246.562.13.{number}",
        "nimi": {"fi": f"N{number}"},
        "kielivalinta": ["fi"],
        "koulutustyyppi": "amk",
        "koulutukset": [],
        "kuvaus": None,
        "toteutukset": [
            {"toteutusOid": f"1.2.246.562.17.{number}", "oppilaitosOid": "1.2.246.562.10.1", "toteutusNimi": {}, "kunnat": []}
        ],
        **changes,
    }


def archived(posting):
    return {**posting, "metadata": {**posting["metadata"], "archived": "2026-10-05T08:00:00.000000"}}


def posting(number, day=1):
    stamp = f"2026-10-{day:02d}T08:00:00.000000"
    return {
        "languages": ["fi"],
        "metadata": {"externalId": f"00000000-0000-4000-8000-{number:012d}", "created": stamp, "lastModified": stamp},
        "position": {"mainOccupation": None, "title": {"fi": f"Työ {number}"}, "jobDescription": {"fi": f"SALAISUUS-{number}"}},
        "application": {"published": stamp},
        "contacts": [{"firstName": "A", "lastName": "B", "email": "a@b.fi", "telephone": "0401234567"}],
    }


class Source:
    """A source whose answers a test can change between fetches."""

    def __init__(self):
        self.hits = [hit(1), hit(2)]
        self.published, self.archived, self.asked = [], [], []
        self.broken = None

    def __call__(self, request):
        if self.broken is not None:
            return self.broken
        if request.url.path == SEARCH:
            return httpx.Response(200, json={"total": len(self.hits), "hits": self.hits})
        body = orjson.loads(request.content)
        self.asked.append(body)
        since = body.get("modified", {}).get("from", "")
        chosen = self.archived if body["onlyStatus"] == "ARCHIVED" else self.published
        lines = [orjson.dumps(p) + b"\n" for p in chosen if p["metadata"]["lastModified"] >= since]
        return httpx.Response(200, content=b"".join(lines))


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def platform(tmp_path, source):
    return Platform(load_settings(home=tmp_path, http=FAST), httpx.MockTransport(source))


def resource(platform, label):
    return next(r for r in all_resources(platform.settings) if r.label == label)


def land(platform, label="opintopolku/search"):
    return ingest(resource(platform, label), platform)


def snapshot_of(platform):
    return {p: p.stat().st_mtime_ns for p in (platform.home / "landing").rglob("*") if p.is_file()}


def test_the_first_fetch_lands_and_the_same_again_rewrites_nothing(platform):
    first = land(platform)
    assert (first.status, first.rows) == ("changed", {"koulutus": 2, "toteutus": 2})
    before = snapshot_of(platform)
    again = land(platform)
    assert (again.status, again.rows) == ("unchanged", first.rows)
    assert snapshot_of(platform) == before


def test_a_broken_row_goes_to_quarantine_and_the_rest_goes_on(platform, source):
    source.hits.append(hit("not-an-oid"))
    outcome = land(platform)
    assert outcome.rows["koulutus"] == 2
    assert outcome.quarantined == {"koulutus": 1, "toteutus": 1}
    files = list((platform.home / "landing").glob("opintopolku/search/quarantine/koulutus/*.parquet"))
    row = pl.read_parquet(files).row(0, named=True)
    assert row["source_document"] == "page-0001"
    assert row["column"] == "programme_oid"
    assert "not-an-oid" in row["value"]


def test_an_item_that_cannot_be_read_is_kept_and_named(platform, source):
    source.hits[0].pop("nimi")
    outcome = land(platform)
    assert outcome.rows["koulutus"] == 1
    files = list((platform.home / "landing").glob("opintopolku/search/quarantine/koulutus/*.parquet"))
    row = pl.read_parquet(files).row(0, named=True)
    assert (row["source_document"], row["rule"]) == ("page-0001 item 1", "readable document")
    assert "nimi" in row["value"]


def message_of(platform, label="opintopolku/search"):
    return {health.subject: health.message for health in platform.state.all_health()}[label]


def test_status_names_what_is_in_quarantine_as_long_as_it_is(platform, source):
    source.hits.append(hit("not-an-oid"))
    for _ in range(3):
        land(platform)
        assert message_of(platform).startswith("2 in quarantine, such as page-0001 programme_oid: pattern")
    source.hits.pop()
    land(platform)
    assert message_of(platform) == ""


def test_what_is_in_quarantine_is_asked_for_once_more_whatever_its_mark_says(platform, source):
    asked = []

    def fetch(context):
        marked = context.unchanged("page", "m")
        asked.append(marked)
        body = orjson.dumps({"total": len(source.hits), "hits": source.hits})
        yield Unchanged("page") if marked else Fetched("page", body, "GET /x", 200, "2026-01-01", "m")

    page = dataclasses.replace(resource(platform, "opintopolku/search"), fetch=fetch)
    source.hits.append(hit("not-an-oid"))
    for _ in range(4):
        ingest(page, platform)
    assert asked == [False, False, True, True]


def test_when_nothing_of_it_can_be_used_it_is_held(platform, source):
    source.hits = [hit("not-an-oid")]
    with pytest.raises(HeldError, match="nothing of what was sent can be used; 2 in quarantine, such as page-0001"):
        land(platform)


def test_an_answer_of_another_shape_is_one_line(platform, source):
    source.broken = httpx.Response(200, json={"viesti": "huolto"})
    with pytest.raises(SourceError, match=r"opintopolku/search: GET http.* has another shape than agreed \(KeyError: 'total'\)"):
        land(platform)


def test_a_resource_that_comes_back_empty_is_held_and_its_raw_answer_kept(platform, source):
    source.hits = []
    with pytest.raises(HeldError, match="has 0 rows"):
        land(platform)
    assert list((platform.home / "landing").glob("opintopolku/search/objects/*/*.zst"))


def test_an_unreachable_source_fails_when_there_is_nothing_and_is_stale_when_there_is(platform, source):
    source.broken = httpx.Response(503)
    with pytest.raises(SourceError, match="answers 503"):
        land(platform)
    source.broken = None
    land(platform)
    source.broken = httpx.Response(200, content=b'{"total": 2, "hi')
    outcome = land(platform)
    assert outcome.status == "stale"
    assert outcome.rows["koulutus"] == 2
    health = {h.subject: h for h in platform.state.all_health()}["opintopolku/search"]
    assert health.broken_since
    assert "not complete JSON" in health.message


def test_a_source_that_shrinks_beyond_its_contract_is_held(platform, source):
    source.hits = [hit(n) for n in range(10)]
    land(platform)
    source.hits = source.hits[:5]
    outcome = land(platform)
    assert outcome.status == "stale"
    assert "shrank by 50 %" in outcome.message
    assert read_typed(platform, "opintopolku/search", "koulutus").collect().height == 10
    source.hits = [hit(n) for n in range(9)]
    assert land(platform).status == "changed"


def test_new_code_reads_the_old_raw_again(platform, monkeypatch):
    land(platform)
    monkeypatch.setattr(deriving, "derived_by", lambda resource: "other code")
    before = snapshot_of(platform)
    outcome = land(platform)
    assert outcome.status == "unchanged"
    changed = {path.name for path, stamp in snapshot_of(platform).items() if before.get(path) != stamp}
    assert "derived_by" in changed
    assert not any(name.endswith((".gz", ".zst")) for name in changed)


LABEL = "mylly/job_postings"


def test_postings_come_by_watermark_and_only_new_ones_land(platform, source):
    source.published = [posting(1), posting(2)]
    assert land(platform, LABEL).rows == {"job_posting": 2}
    source.published.append(posting(3, day=2))
    outcome = land(platform, LABEL)
    assert outcome.rows == {"job_posting": 3}
    assert [query.get("modified", {}).get("from", "")[:10] for query in source.asked] == [
        *["", "", "", ""],  # all of them and what is archived, each read twice
        *["2026-09-30", "2026-09-30", "", ""],
    ]
    before = snapshot_of(platform)
    assert land(platform, LABEL).status == "unchanged"
    assert snapshot_of(platform) == before


def test_a_posting_changed_in_the_future_hides_none_that_changes_today(platform, source):
    ahead = posting(2)
    ahead["metadata"]["lastModified"] = "2099-01-01T00:00:00"
    source.published = [posting(1), ahead]
    land(platform, LABEL)
    today = posting(3)
    today["metadata"]["lastModified"] = datetime.now(UTC).replace(tzinfo=None).isoformat()
    source.published.append(today)
    assert land(platform, LABEL).rows == {"job_posting": 3}


def test_a_release_is_dated_no_later_than_what_it_is_made_of_was_fetched(tmp_path, source):
    ahead = posting(1)
    ahead["application"] = {**ahead.get("application", {}), "published": "2099-01-01T00:00:00"}
    source.published = [ahead]
    platforms = {}
    for mode in ("sandbox", "live"):
        settings = load_settings(home=tmp_path / mode, http=FAST, sources=mode, postings_key="key")
        platforms[mode] = Platform(settings, httpx.MockTransport(source))
        land(platforms[mode], LABEL)
    assert make_plan(platforms["live"]).as_of == datetime.now(UTC).date()
    assert make_plan(platforms["sandbox"]).as_of == date(2099, 1, 1)  # a world with a clock of its own


def test_contacts_never_reach_the_disk(platform, source):
    source.published = [posting(1)]
    land(platform, LABEL)
    for path in (platform.home / "landing").rglob("*"):
        if path.is_file():
            body = stored(path)
            assert b"a@b.fi" not in body
            assert b"0401234567" not in body


def test_an_archived_posting_is_erased_everywhere_with_a_tombstone(platform, source):
    source.published = [posting(1), posting(2)]
    land(platform, LABEL)
    source.archived, source.published = [archived(posting(1))], [posting(2)]
    outcome = land(platform, LABEL)
    assert outcome.erased == 1
    assert outcome.rows == {"job_posting": 1}
    landed = platform.archive.resource("mylly", "job_postings")
    for path in landed.root.rglob("*"):
        if path.is_file() and path.name != "tombstones.jsonl":
            body = stored(path)
            assert b"SALAISUUS-1" not in body
    assert landed.erased_ids() == {"00000000-0000-4000-8000-000000000001"}
    assert land(platform, LABEL).erased == 0


def test_live_without_a_key_is_a_skip_and_not_a_failure(tmp_path):
    platform = Platform(
        load_settings(home=tmp_path, sources="live", http=FAST), httpx.MockTransport(lambda request: httpx.Response(500))
    )
    outcome = land(platform, LABEL)
    assert outcome.status == "skipped"
    assert "JOD_POSTINGS_KEY" in outcome.message
