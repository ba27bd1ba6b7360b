"""`jod landing`, drift, the size guard and replays, on a source whose answers the test changes."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from assets.run import run_main_job
from jod_pipelines import deriving
from jod_pipelines.bench.ingest import land_postings, land_statistics, peak_memory_mb
from jod_pipelines.cli_landing import landing_app
from jod_pipelines.contracts import model
from jod_pipelines.contracts.model import Drift
from jod_pipelines.errors import HeldError, JodError, SourceError
from jod_pipelines.ingest import accept, erase, ingest, read_typed
from jod_pipelines.landing.integrity import problems_of
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources
from jod_pipelines.summary import health_rows
from tests_support import stored

from .test_ingest import FAST, LABEL, Source, hit, posting

SEARCH = "opintopolku/search"


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def platform(tmp_path, source):
    return Platform(load_settings(home=tmp_path, http=FAST), httpx.MockTransport(source))


def resource(platform, label):
    return next(r for r in all_resources(platform.settings) if r.label == label)


def land(platform, label=SEARCH):
    return ingest(resource(platform, label), platform)


def jod(*arguments, home):
    result = CliRunner().invoke(landing_app, [*arguments, "--home", str(home)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def landed(platform, label=SEARCH):
    return platform.archive.resource(*label.split("/"))


def contract(monkeypatch, label, **changes):
    """The contracts of a resource's tables, changed for a test."""
    real = model.landing_table

    def changed(source, name, table):
        found = real(source, name, table)
        return dataclasses.replace(found, **changes) if f"{source}/{name}" == label else found

    monkeypatch.setattr(deriving, "landing_table", changed)


def test_a_source_that_grows_beyond_its_contract_is_held_until_a_person_accepts(platform, source):
    source.hits = [hit(n) for n in range(60)]
    land(platform)
    source.hits = [hit(n) for n in range(300)]
    outcome = land(platform)
    assert outcome.status == "stale"
    assert "grew by 400 % (60 to 300 rows), its contract allows 200 %" in outcome.message
    assert "jod landing accept opintopolku/search" in outcome.message
    assert read_typed(platform, SEARCH, "koulutus").collect().height == 60
    health = {h.subject: h for h in platform.state.all_health()}[SEARCH]
    assert health.outcome == "held"
    requests = platform.client("opintopolku").requests_made
    assert "serves; rows {'koulutus': 300" in jod("accept", SEARCH, "--reason", "new provinces", home=platform.home)
    assert platform.client("opintopolku").requests_made == requests
    assert read_typed(platform, SEARCH, "koulutus").collect().height == 300
    assert landed(platform).history()[-1]["accepted_because"] == "new provinces"
    assert {h.subject: h for h in platform.state.all_health()}[SEARCH].outcome == "changed"
    assert land(platform).status == "unchanged"
    with pytest.raises(HeldError, match="nothing is held"):
        accept(resource(platform, SEARCH), platform)


def codes(code_list, count):
    return [
        {"koodiUri": f"{code_list}_{number}", "koodiArvo": str(number), "versio": 1, "metadata": [], "koodisto": {}}
        for number in range(count)
    ]


def test_a_list_that_settings_add_is_no_growth_and_one_that_grows_is(tmp_path):
    lists = {"kunta": codes("kunta", 10), "maakunta": codes("maakunta", 5)}
    source = httpx.MockTransport(lambda request: httpx.Response(200, json=lists[request.url.path.split("/")[-2]]))

    def outcome(*names):
        settings = load_settings(home=tmp_path, http=FAST, koodisto_lists=names)
        return land(Platform(settings, source), "koodisto/codes")

    assert outcome("maakunta").rows == {"code": 5}
    lists["kunta"] = codes("kunta", 5_000)
    assert outcome("maakunta", "kunta").rows == {"code": 5_005}
    lists["maakunta"] = codes("maakunta", 200)
    held = outcome("maakunta", "kunta")
    assert held.status == "stale"
    assert "document maakunta of table code grew by 3900 % (5 to 200 rows), its contract allows 200 %" in held.message
    assert held.rows == {"code": 5_005}


def test_a_first_snapshot_that_is_held_can_be_accepted(platform, source):
    source.hits = []
    with pytest.raises(HeldError, match="at least 1"):
        land(platform)
    assert accept(resource(platform, SEARCH), platform).rows == {"koulutus": 0, "toteutus": 0}


def test_what_is_held_waits_no_more_when_the_source_recovers(platform, source):
    source.hits = [hit(n) for n in range(10)]
    land(platform)
    source.hits = source.hits[:2]
    land(platform)
    assert landed(platform).held()
    source.hits = [hit(n) for n in range(10)]
    assert land(platform).status == "unchanged"
    assert landed(platform).held() is None


def test_new_code_that_loses_rows_leaves_the_good_tables_alone(platform, source, monkeypatch):
    source.hits = [hit(n) for n in range(10)]
    land(platform)
    monkeypatch.setattr(deriving, "derived_by", lambda resource: "worse code")
    worse = dataclasses.replace(resource(platform, SEARCH), parse=lambda documents: resource(platform, SEARCH).parse([]))
    assert ingest(worse, platform).status == "stale"
    assert read_typed(platform, SEARCH, "koulutus").collect().height == 10


def test_rows_that_are_mended_leave_the_quarantine(platform, source, monkeypatch):
    source.hits.append(hit("not-an-oid"))
    outcome = land(platform)
    assert outcome.message.startswith("2 in quarantine, such as page-0001 programme_oid: pattern")
    assert "not-an-oid" in jod("show", SEARCH, "--quarantine", home=platform.home)
    source.hits.pop()
    land(platform)
    assert jod("show", SEARCH, "--quarantine", home=platform.home) == ""


DEPARTURES = [
    ("unknown field", {"uusi": 5}, "hits[].uusi = 5"),
    ("missing field", {"kuvaus": ...}, "hits[].kuvaus"),
    ("changed type", {"oid": 12}, "hits[].oid = 12"),
]
VERBS = {"unknown field": "unknown_field", "missing field": "missing_field", "changed type": "changed_type"}


def departing(change):
    return {key: value for key, value in {**hit(77), **change}.items() if value is not ...}


@pytest.mark.parametrize(("kind", "change", "words"), DEPARTURES)
@pytest.mark.parametrize("verb", ["accept", "quarantine", "hold"])
def test_each_kind_of_drift_follows_its_verb(platform, source, monkeypatch, kind, change, words, verb):
    contract(monkeypatch, SEARCH, drift=Drift(**{VERBS[kind]: verb, "items": "hits"}))
    source.hits = [hit(n) for n in range(30)]
    assert land(platform).message == ""
    source.hits = [*source.hits, departing(change)]
    outcome = land(platform)
    said = " ".join([outcome.message, *outcome.drift])
    assert f"{kind} {words}" in said
    assert "page-0001 item 31" in said
    rows = read_typed(platform, SEARCH, "toteutus").collect()
    kept = "1.2.246.562.17.77" in rows["implementation_oid"].to_list()
    if verb == "hold":
        assert outcome.status == "stale"
        assert rows.height == 30
        accept(resource(platform, SEARCH), platform)
        assert land(platform).status == "unchanged"
    elif verb == "quarantine":
        assert not kept
        refused = jod("show", SEARCH, "--quarantine", home=platform.home)
        assert '"rule": "drift"' in refused
        assert "page-0001 item 31" in refused
    else:
        assert outcome.status == "changed"
        assert kept or kind == "changed type"
    if verb != "quarantine":
        source.hits = [*source.hits, {**departing(change), "nimi": {"fi": "again"}}]
        assert land(platform).drift == [], "what was accepted is told once"


def test_status_shows_recent_drift_after_the_night_that_told_it(platform, source, monkeypatch):
    contract(monkeypatch, SEARCH, drift=Drift(items="hits"))
    land(platform)
    source.hits.append(hit(3, uusi="x"))
    land(platform)
    assert land(platform).message == ""
    now = datetime.now(UTC)
    message = next(row["message"] for row in health_rows(platform, now) if row["subject"] == SEARCH)
    assert 'unknown field hits[].uusi = "x" (page-0001 item 3)' in message
    later = next(row["message"] for row in health_rows(platform, now + timedelta(days=8)) if row["subject"] == SEARCH)
    assert later == ""


@pytest.mark.slow
@pytest.mark.parametrize(("land", "rows"), [(land_postings, 10_000), (land_statistics, 50_000)])
def test_memory_stays_flat_while_data_grows_tenfold(land, rows):
    assert peak_memory_mb(land, 10 * rows) < 1.25 * peak_memory_mb(land, rows)


@pytest.mark.parametrize("verb", ["accept", "quarantine", "hold"])
def test_a_new_code_follows_its_verb(platform, source, monkeypatch, verb):
    table = model.landing_table("opintopolku", "search", "koulutus")
    columns = tuple(dataclasses.replace(c, allowed=("amm", "amk")) if c.name == "programme_type" else c for c in table.columns)
    real = model.landing_table

    def changed(source, name, wanted):
        found = real(source, name, wanted)
        return dataclasses.replace(found, columns=columns, drift=Drift(new_code=verb)) if wanted == "koulutus" else found

    monkeypatch.setattr(deriving, "landing_table", changed)
    land(platform)
    source.hits.append(hit(3, koulutustyyppi="telma"))
    outcome = land(platform)
    height = read_typed(platform, SEARCH, "koulutus").collect().height
    assert height == {"accept": 3, "quarantine": 2, "hold": 2}[verb]
    assert "telma" in outcome.message
    assert "page-0001" in outcome.message
    if verb == "hold":
        accept(resource(platform, SEARCH), platform)
    if verb != "quarantine":
        source.hits.append(hit(4, koulutustyyppi="telma"))
        again = land(platform)
        assert (again.status, again.drift) == ("changed", [])


def test_a_contract_names_a_wrong_drift_verb():
    from pathlib import Path

    with pytest.raises(model.ContractError, match="drift newCode is 'shout'; use accept, quarantine or hold"):
        model._drift(Path("a.yaml"), "t", {"newCode": "shout"})
    with pytest.raises(model.ContractError, match="drift has no 'newField'"):
        model._drift(Path("a.yaml"), "t", {"newField": "accept"})


ID = "00000000-0000-4000-8000-{:012d}".format


def archived(item):
    return {**item, "metadata": {**item["metadata"], "archived": "2026-10-05T08:00:00.000000"}}


def anywhere(platform, secret):
    return [path for path in platform.home.rglob("*") if path.is_file() and secret in stored(path)]


def test_an_item_erased_by_a_person_is_nowhere_and_never_lands_again(platform, source):
    source.published = [posting(1), posting(2)]
    land(platform, LABEL)
    assert anywhere(platform, b"SALAISUUS-1")
    assert "erased from 1 stored bodies" in jod("erase", LABEL, ID(1), "--reason", "asked by the person", home=platform.home)
    assert anywhere(platform, b"SALAISUUS-1") == []
    assert read_typed(platform, LABEL, "job_posting").collect()["posting_id"].to_list() == [ID(2)]
    stone = landed(platform, LABEL).tombstones()[0]
    assert (stone["id"], stone["reason"], stone["standing"]) == (ID(1), "asked by the person", True)
    assert stone["by"] and stone["erased_at"]
    source.published = [posting(1), posting(2), posting(3, day=2)]
    assert land(platform, LABEL).rows == {"job_posting": 2}
    assert anywhere(platform, b"SALAISUUS-1") == []
    assert [p for p in problems_of(landed(platform, LABEL)) if p.damage] == []


def test_a_posting_that_is_published_and_withdrawn_again_is_erased_again(platform, source):
    source.published = [posting(1), posting(2)]
    land(platform, LABEL)
    source.published, source.archived = [posting(2)], [archived(posting(1))]
    assert land(platform, LABEL).erased == 1
    source.published, source.archived = [posting(1, day=3), posting(2)], []
    assert land(platform, LABEL).rows == {"job_posting": 2}
    assert landed(platform, LABEL).erased_ids() == set()
    source.published, source.archived = [posting(2)], [archived(posting(1, day=3))]
    assert land(platform, LABEL).erased == 1
    assert anywhere(platform, b"SALAISUUS-1") == []


def test_a_withdrawal_is_not_delayed_by_a_snapshot_that_is_held(platform, source, monkeypatch):
    source.published = [posting(n) for n in range(1, 5)]
    land(platform, LABEL)
    contract(monkeypatch, LABEL, min_rows=1000)
    source.published, source.archived = [posting(n, day=2) for n in range(2, 5)], [archived(posting(1))]
    assert land(platform, LABEL).status == "stale"
    assert landed(platform, LABEL).held()
    assert anywhere(platform, b"SALAISUUS-1") == []
    assert read_typed(platform, LABEL, "job_posting").collect().height == 3


def test_a_whole_document_is_erased_where_items_have_no_ids(platform, source):
    land(platform)
    assert erase(resource(platform, SEARCH), platform, "page-0001", "test") == 1
    assert read_typed(platform, SEARCH, "koulutus").collect().is_empty()
    assert land(platform).rows == {"koulutus": 0, "toteutus": 0}


def test_listing_and_showing(platform, source):
    land(platform)
    source.hits.append(hit(3))
    land(platform)
    rows = json.loads(jod("ls", "--json", home=platform.home))
    assert [(row["resource"], row["snapshots"], row["documents"]) for row in rows] == [(SEARCH, 2, 1)]
    states = json.loads(jod("ls", SEARCH, "--json", home=platform.home))
    assert [row["state"] for row in states] == ["served", "serves"]
    assert SEARCH in jod("ls", home=platform.home)
    shown = jod("show", SEARCH, "page-0001", home=platform.home)
    assert "status        200" in shown
    assert '"total": 3' in shown
    old = jod("show", SEARCH, "page-0001", "--snapshot", states[0]["snapshot"], "--raw", home=platform.home)
    assert json.loads(old)["total"] == 2
    assert jod("show", SEARCH, home=platform.home) == "page-0001\n"
    with pytest.raises(JodError, match="no document 'x'"):
        jod("show", SEARCH, "x", home=platform.home)
    with pytest.raises(JodError, match="nothing has landed of 'no/such'"):
        jod("verify", "no/such", home=platform.home)


def test_verify_fails_when_something_is_damaged(platform):
    land(platform)
    assert "whole, 1 snapshots" in jod("verify", home=platform.home)
    next(landed(platform).root.glob("objects/*/*.zst")).unlink()
    with pytest.raises(JodError, match="first opintopolku/search: missing object"):
        jod("verify", home=platform.home)
    assert land(platform).status == "unchanged"
    assert "whole" in jod("verify", home=platform.home)


def test_a_replay_reads_what_landed_then_and_touches_nothing(platform, source):
    source.hits = [hit(n) for n in range(5)]
    land(platform)
    then = read_typed(platform, SEARCH, "koulutus").collect()
    first = landed(platform).history()[0]
    source.hits = [hit(n, nimi={"fi": "later"}) for n in range(6)]
    land(platform)
    before = {p: p.stat().st_mtime_ns for p in (platform.home / "landing").rglob("*") if p.is_file()}
    for when in (first["served_at"], first["snapshot"]):
        settings = load_settings(home=platform.home, http=FAST, replay=when)
        replayed = Platform(settings, httpx.MockTransport(lambda request: httpx.Response(500)))
        assert land(replayed).status == "changed"
        assert read_typed(replayed, SEARCH, "koulutus").collect().equals(then)
        assert land(replayed).status == "unchanged"
    today = Platform(load_settings(home=platform.home, http=FAST, replay=first["served_at"][:10]))
    assert land(today).rows["koulutus"] == 6
    early = Platform(load_settings(home=platform.home, http=FAST, replay="2001-01-01"))
    assert land(early).status == "skipped"
    assert platform.archive.has_served(first["snapshot"]) and platform.archive.has_served(first["served_at"])
    with pytest.raises(SourceError, match=r"nothing had landed in .* by 2001-01-01"):
        run_main_job(load_settings(home=platform.home, replay="2001-01-01"), None, Console())
    assert not (platform.home / "replays" / "2001-01-01" / "dagster").exists()
    assert {p: p.stat().st_mtime_ns for p in (platform.home / "landing").rglob("*") if p.is_file()} == before


def test_a_replay_leaves_out_what_was_erased_since_and_is_itself_erased(platform, source):
    source.published = [posting(1), posting(2)]
    land(platform, LABEL)
    when = landed(platform, LABEL).history()[0]["served_at"]
    settings = load_settings(home=platform.home, http=FAST, replay=when)
    assert land(Platform(settings), LABEL).rows == {"job_posting": 2}
    source.published, source.archived = [posting(2)], [archived(posting(1))]
    land(platform, LABEL)
    assert anywhere(platform, b"SALAISUUS-1") == []
    assert land(Platform(settings), LABEL).rows == {"job_posting": 1}
