"""Job postings over real sockets: both interfaces, credentials, and content that leaves when its source withdraws it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import httpx
import polars as pl
import pytest

from jod_pipelines.errors import SourceError
from jod_pipelines.ingest import ingest
from jod_pipelines.opportunities.profile import UNSAID_OF_POSTINGS, posting_values
from jod_pipelines.platform import Platform
from jod_pipelines.publication.jod_documents import JOB_PATHS
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources
from tests_support import QUICK, jod, sandbox_server, stored

pytestmark = [pytest.mark.slow, pytest.mark.long]
LABEL = "mylly/job_postings"
SELECT = ("--select", f'key:"landing/{LABEL}"')
MARKER = "Xyzzyplugh-tunniste-8861"
SECRETS = {"JOD_POSTINGS_CLIENT_ID": "client-3f1c9e", "JOD_POSTINGS_CLIENT_SECRET": "hush-77a0b2"}


def land(home: Path, url: str, **changes):
    settings = load_settings(home=home, sandbox_url=url, **changes)
    resource = next(r for r in all_resources(settings) if r.label == LABEL)
    return ingest(resource, Platform(settings))


def typed(home: Path) -> pl.DataFrame:
    return pl.read_parquet(list((home / "landing" / LABEL / "typed" / "job_posting").glob("*.parquet")))


def change(url: str, posting_id: str, **what) -> None:
    httpx.post(f"{url}/sandbox/postings/{posting_id}", json=what, trust_env=False).raise_for_status()


def files_with(folder: Path, text: str) -> list[str]:
    """Files under a folder whose bytes, decompressed where they are, hold a text."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        body = everything_in(path) if path.suffix == ".duckdb" else stored(path)
        if text.encode() in body:
            found.append(path.relative_to(folder).as_posix())
    return found


def everything_in(database: Path) -> bytes:
    """All rows of all tables and views of a DuckDB file as text."""
    parts = []
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        for schema, name in tables:
            parts += connection.execute(f'select to_json(t)::varchar from "{schema}"."{name}" as t').fetchall()
    return "\n".join(row for (row,) in parts).encode()


@pytest.fixture
def served(tmp_path):
    with sandbox_server(tmp_path / "server.log", "--scale", "1200") as url:
        yield url


def test_v1_gives_the_same_postings_as_v2(served, tmp_path):
    newer, older = land(tmp_path / "v2", served), land(tmp_path / "v1", served, postings_interface="v1")
    assert older.rows == newer.rows
    assert older.requests == 2 * 3  # 500 a page, the last one not full; a first reading is checked by a second
    one, two = (typed(tmp_path / name).sort("posting_id").drop("source_document", "industry_code") for name in ("v2", "v1"))
    alike = ["posting_id", "modified_at", "published_at", "expires_at", "skill_uris", "occupation_uris", "municipality_codes"]
    assert one.select(alike).equals(two.select(alike))
    said = {
        name for name, frame in posting_values(two.with_columns(item_id="posting_id", industry_code=None)).items() if len(frame)
    }
    assert said | {"OSAAMINEN", "TOIMIALA"} | UNSAID_OF_POSTINGS == set(JOB_PATHS)
    again = land(tmp_path / "v1", served, postings_interface="v1")
    assert (again.status, again.requests) == ("unchanged", 3)


def test_credentials_stay_out_of_files_and_messages(served, tmp_path):
    run = jod("run", *SELECT, home=tmp_path / "home", JOD_SANDBOX_URL=served, JOD_POSTINGS_INTERFACE="v1", **SECRETS, **QUICK)
    assert run.code == 0, run.out + run.err
    told = run.out + run.err
    plan = tmp_path / "faults.yaml"
    plan.write_text(
        json.dumps({"faults": [{"path": ".*/oauth2/.*", "kind": "replace", "pattern": "access_token", "replacement": "e"}]})
    )
    refused = jod(
        "run", *SELECT, home=tmp_path / "refused", JOD_SANDBOX_FAULTS=str(plan), JOD_SCALE="300",
        JOD_POSTINGS_INTERFACE="v1", **SECRETS, **QUICK,
    )  # fmt: skip
    assert refused.code == 3
    assert "check JOD_POSTINGS_CLIENT_ID and JOD_POSTINGS_CLIENT_SECRET" in refused.out + refused.err
    told += refused.out + refused.err
    for secret in (*SECRETS.values(), "sandbox-token"):
        assert secret not in told
        assert not files_with(tmp_path / "home", secret)
        assert not files_with(tmp_path / "refused", secret)


@pytest.mark.parametrize("interface", ["v2", "v1"])
def test_withdrawn_content_leaves_the_landing_with_a_tombstone(served, tmp_path, interface):
    landed = tmp_path / "landing" / LABEL
    land(tmp_path, served, postings_interface=interface)
    ids = typed(tmp_path)["posting_id"].to_list()
    marked, other = ids[0], ids[1]
    change(served, marked, text=f"{MARKER}.")
    land(tmp_path, served, postings_interface=interface)
    assert files_with(landed, MARKER)
    change(served, marked, archived=True)
    outcome = land(tmp_path, served, postings_interface=interface)
    assert outcome.erased == 1
    assert files_with(landed, MARKER) == []
    assert set(files_with(landed, marked)) == {"tombstones.jsonl"}
    assert other in typed(tmp_path)["posting_id"].to_list()
    (stone,) = [json.loads(line) for line in (landed / "tombstones.jsonl").read_text().splitlines()]
    assert stone["id"] == marked
    assert stone["erased_at"]
    assert stone["reason"].startswith({"v2": "archived at the source 20", "v1": "no longer listed at the source"}[interface])


def test_a_posting_published_again_can_be_withdrawn_again(served, tmp_path):
    land(tmp_path, served)
    posting_id = typed(tmp_path)["posting_id"][0]
    for _ in range(2):
        change(served, posting_id, archived=True)
        assert land(tmp_path, served).erased == 1
        change(served, posting_id, text=f"{MARKER}.")
        assert land(tmp_path, served).erased == 0
        assert files_with(tmp_path, MARKER)


def test_an_archived_answer_that_ignores_the_filter_erases_nothing(served, tmp_path):
    settings = load_settings(home=tmp_path, sandbox_url=served)
    land(tmp_path, served)
    before = typed(tmp_path)

    class Deaf(httpx.HTTPTransport):
        def handle_request(self, request):
            body = request.read().replace(b"ARCHIVED", b"PUBLISHED").replace(b'"archived"', b'"other"')
            return super().handle_request(
                httpx.Request("POST", request.url, content=body, headers={"Content-Type": "application/json"})
            )

    resource = next(r for r in all_resources(settings) if r.label == LABEL)
    outcome = ingest(resource, Platform(settings, Deaf()))
    assert outcome.status == "stale"
    assert "which has no time of archiving" in outcome.message
    assert typed(tmp_path).equals(before)


def test_an_enumeration_that_lost_most_postings_is_held(served, tmp_path):
    land(tmp_path, served, postings_interface="v1")

    class Short(httpx.HTTPTransport):
        def handle_request(self, request):
            answer = super().handle_request(request)
            if "tyopaikat" not in request.url.path:
                return answer
            body = json.loads(answer.read())
            found = body["Ilmoitukset"][:100]
            return httpx.Response(200, json={**body, "Ilmoitukset": found, "ilmoituksienMaara": len(found)})

    settings = load_settings(home=tmp_path, sandbox_url=served, postings_interface="v1")
    resource = next(r for r in all_resources(settings) if r.label == LABEL)
    outcome = ingest(resource, Platform(settings, Short()))
    assert (outcome.status, outcome.erased) == ("stale", 0)
    assert "are no longer listed, more than 30%" in outcome.message


def test_a_page_that_contradicts_itself_is_refused(served, tmp_path):
    class Lying(httpx.HTTPTransport):
        def handle_request(self, request):
            answer = super().handle_request(request)
            body = answer.read().replace(b'"ilmoituksienMaara":500', b'"ilmoituksienMaara":499')
            return httpx.Response(answer.status_code, content=body)

    settings = load_settings(home=tmp_path, sandbox_url=served, postings_interface="v1")
    resource = next(r for r in all_resources(settings) if r.label == LABEL)
    with pytest.raises(SourceError, match="says it holds 499 postings and holds 500"):
        ingest(resource, Platform(settings, Lying()))


def test_withdrawn_content_is_nowhere_after_the_next_run(tmp_path):
    home = tmp_path / "home"
    with sandbox_server(tmp_path / "server.log", "--scale", "300") as url:
        environment = {"JOD_SANDBOX_URL": url, "JOD_SCALE": "300", **QUICK}
        land(home, url, scale="300")
        posting_id = typed(home)["posting_id"][0]
        change(url, posting_id, text=f"{MARKER}.")
        first = jod("run", home=home, **environment)
        assert first.code == 0, first.out + first.err
        assert files_with(home / "landing", MARKER)
        # A text of a posting is read by the skills room and never becomes part of the warehouse.
        assert files_with(home / "warehouse", MARKER) == []
        older = {path.name for path in (home / "releases").iterdir()}
        change(url, posting_id, archived=True)
        second = jod("run", home=home, **environment)
        assert second.code == 0, second.out + second.err
    assert {path.name for path in (home / "releases").iterdir()} > older
    assert files_with(home, MARKER) == []
    # Releases hold nothing of single postings, so those written before the withdrawal need no change.
    assert files_with(home / "releases", posting_id) == []
    assert files_with(home / "landing", posting_id) == [f"{LABEL}/tombstones.jsonl"]
    package = json.loads((home / "releases" / "latest" / "datapackage.json").read_text())
    source = {"title": "Lähde: Työmarkkinatorin asiakastietojärjestelmä", "path": "https://tyomarkkinatori.fi"}
    assert source in package["sources"]


PLANTED = ("Xyzzyplugh@koulu.example", "0457 112 2339", "Plughxyzzy")
SENDER = (
    "Tunnus;Nimi;Tyyppi;Järjestäjä;Kunta;Kuvaus\na1;Hitsaus;kurssi;Opisto;Oulu;Kysy Xyzzyplugh@koulu.example, 0457 112 2339.\n"
)


@pytest.mark.parametrize("interface", ["v2", "v1"])
def test_planted_contacts_are_nowhere_after_a_whole_run(tmp_path, interface):
    """In postings of both interfaces, in programmes' texts and contact persons, and in a sender's file."""
    texts = {"pattern": r'("(?:kuvaus|jobDescription)":\{"fi":")', "replacement": rf"\1Kysy: {PLANTED[0]}, {PLANTED[1]}. "}
    persons = {"pattern": r'("yhteyshenkilot":\[)', "replacement": rf'\1{{"nimi":{{"fi":"{PLANTED[2]}"}}}},'}
    v1 = {"pattern": r'("tyonKuvaus":\[\{"kieliKoodi":"fi","arvo":")', "replacement": rf"\1Kysy: {PLANTED[0]}, {PLANTED[1]}. "}
    faults = [
        {"kind": "replace", "count": 0, "path": ".*/external/(search|koulutus|hakukohde)/.*", **texts},
        {"kind": "replace", "count": 0, "path": ".*/external/(toteutus|haku)/.*", **persons},
        {"kind": "replace", "count": 0, "path": ".*/jobpostings", **texts},
        {"kind": "replace", "count": 0, "path": ".*/tyopaikat", **v1},
    ]
    plan, senders = tmp_path / "faults.yaml", tmp_path / "senders"
    plan.write_text(json.dumps({"faults": faults}))
    (senders / "opisto").mkdir(parents=True)
    (senders / "opisto" / "kurssit.csv").write_text(SENDER)
    home = tmp_path / "home"
    run = jod(
        "run", home=home, JOD_SCALE="300", JOD_SANDBOX_FAULTS=str(plan), JOD_POSTINGS_INTERFACE=interface,
        JOD_DROP_FOLDER=str(senders), **QUICK,
    )  # fmt: skip
    assert run.code == 0, run.out + run.err
    assert pl.read_parquet(list((home / "landing/opintopolku/search/typed/koulutus").glob("*.parquet"))).height > 0
    for planted in PLANTED:
        assert files_with(home, planted) == []
