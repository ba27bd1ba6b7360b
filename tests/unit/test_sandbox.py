"""The synthetic sources speak the real wire formats, quirks included."""

import io
import math
import time
import zipfile

import httpx
import numpy as np
import orjson
import polars as pl
import pytest

from jod_pipelines.errors import SettingsError
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.sandbox import InProcessTransport, build_world
from jod_pipelines.sandbox.faults import Fault, FaultyApp, read_faults
from jod_pipelines.sandbox.finnish import gerund, inflected, third_person
from jod_pipelines.sandbox.registers import ESCO_FOLDER
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.servers.statistics import MAX_CALLS, MAX_CELLS, WINDOW_S
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.sandbox.truth import write_truth
from jod_pipelines.sandbox.vocabulary import own_vocabulary
from jod_pipelines.sandbox.world import World, sizes_of
from jod_pipelines.settings import load_settings

SEARCH = "/konfo-backend/external/search/toteutukset-koulutuksittain"
PX = "/PxWeb/api/v1/fi"


@pytest.fixture(scope="module")
def world():
    return build_world(load_settings(scale="small"))


@pytest.fixture
def web(world):
    return httpx.Client(transport=httpx.WSGITransport(app=SourcesApp(SyntheticCatalogue(world))), base_url="http://sandbox.test")


def test_small_is_made_in_under_fifteen_seconds():
    started = time.perf_counter()
    catalogue = SyntheticCatalogue(build_world(load_settings(scale="small")))
    assert sum(1 for _ in catalogue.postings("PUBLISHED", "")) + sum(1 for _ in catalogue.postings("ARCHIVED", "")) == 3000
    assert len(catalogue.search_hits()) == 300
    assert len(catalogue._implementations) == 600
    catalogue.px_tables("tyonv")
    catalogue.esco_pack()
    assert time.perf_counter() - started < 15


def test_the_vocabulary_is_as_rich_as_asked():
    words = own_vocabulary()
    assert len(words.skills) >= 400
    assert len(words.work) >= 60
    assert len(words.programmes) >= 40
    for skill in words.skills.values():
        assert all(skill.label[language].strip() for language in ("fi", "sv", "en"))
    shared = [len(set(a.core) & set(b.core)) for a in words.work for b in words.work if a.key < b.key]
    assert max(shared) >= 3
    assert len({kind.isco for kind in words.work}) < len(words.work)


def test_a_seed_is_a_world(world):
    again = build_world(load_settings(scale="small"))
    one, two = SyntheticCatalogue(world), SyntheticCatalogue(again)
    assert list(one.postings("PUBLISHED", "")) == list(two.postings("PUBLISHED", ""))
    assert one.search_hits() == two.search_hits()
    assert one.esco_pack() == two.esco_pack()
    assert np.array_equal(one.px_tables("tyonv")[0].numbers, two.px_tables("tyonv")[0].numbers)
    other = SyntheticCatalogue(build_world(load_settings(scale="small", seed=7)))
    assert list(one.postings("PUBLISHED", ""))[:5] != list(other.postings("PUBLISHED", ""))[:5]


def test_the_search_pages_from_one_caps_its_size_and_counts_what_it_drops(web):
    first = web.get(SEARCH, params={"page": 1, "size": 1000}).json()
    assert first["total"] == 300
    pages = [web.get(SEARCH, params={"page": page, "size": 200}).json()["hits"] for page in (1, 2, 3)]
    assert first["hits"] == pages[0]
    found = [hit["oid"] for page in pages for hit in page]
    assert len(found) == len(set(found)) == 288
    assert web.get(SEARCH, params={"page": 0, "size": 5}).json()["hits"] == first["hits"][:5]
    assert web.get(SEARCH, params={"page": "x"}).status_code == 400
    assert web.get(SEARCH, params={"keyword": "ab"}).status_code == 400


def test_details_are_there_or_404(web):
    oid = web.get(SEARCH).json()["hits"][0]["oid"]
    document = web.get(f"/konfo-backend/external/koulutus/{oid}").json()
    assert document["oid"] == oid
    assert document["tila"] == "julkaistu"
    missing = web.get("/konfo-backend/external/koulutus/1.2.246.562.13.999")
    assert (missing.status_code, missing.text) == (404, "Not found")


def test_perusteet_page_from_zero_and_hide_other_languages(web):
    root = "/eperusteet-service/api/external/perusteet"
    fi = web.get(root, params={"sivukoko": 100, "kieli": "fi"}).json()
    sv = web.get(root, params={"sivukoko": 100, "kieli": "sv"}).json()
    assert fi["sivukoko"] == 50
    assert fi["kokonaismäärä"] < sv["kokonaismäärä"] == 22
    parts = [web.get(root, params={"sivu": page, "sivukoko": 10}).json() for page in range(fi["kokonaismäärä"] // 10 + 1)]
    assert parts[0]["sivuja"] == math.ceil(fi["kokonaismäärä"] / 10)
    assert {item["id"] for part in parts for item in part["data"]} == {item["id"] for item in fi["data"]}


def test_code_lists_and_relations_come_whole(web):
    codes = web.get("/koodisto-service/rest/json/kunta/koodi").json()
    assert len(codes) == 310
    assert {code["tila"] for code in codes} == {"LUONNOS"}
    assert sum(code["voimassaLoppuPvm"] is not None for code in codes) == 2
    related = web.get("/koodisto-service/rest/codeelement/codes/withrelations/kunta/2").json()
    assert any(item["passive"] for code in related for item in code["includesCodeElements"])
    assert web.get("/koodisto-service/rest/json/nosuch/koodi").status_code == 404


def test_vipunen_answers_in_plain_text_what_it_does_not_know(web):
    unknown = web.get("/api/resources/nosuch")
    assert (unknown.status_code, unknown.text) == (404, "Resource 'nosuch' not found")
    assert unknown.headers["content-type"].startswith("application/json")
    assert set(web.get("/api/resources").json()) >= {"koulutusluokitus"}
    name = "korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet"
    count = web.get(f"/api/resources/{name}/data/count").json()
    assert isinstance(count, int)
    rows = web.get(f"/api/resources/{name}/data", params={"offset": 10, "limit": 5}).json()
    assert rows == web.get(f"/api/resources/{name}/data", params={"offset": 10}).json()[:5]
    columns = web.get(f"/api/resources/{name.upper()}").json()
    assert [column["name"] for column in columns] == list(rows[0])


def query(values, fmt="json-stat2"):
    return {"query": [{"code": c, "selection": {"filter": f, "values": v}} for c, f, v in values], "response": {"format": fmt}}


def test_pxweb_lists_describes_and_answers(web):
    assert web.get(f"{PX}/", params={"config": ""}).json()["maxCells"] == MAX_CELLS
    assert "updated" in web.get(f"{PX}/StatFin/tyonv").json()[0]
    variables = {v["code"]: v for v in web.get(f"{PX}/StatFin/tyonv/12ti.px").json()["variables"]}
    assert variables["timeperiod_m"]["time"] is True
    asked = query(
        [
            ("Alue", "item", ["SSS", "MK21"]),
            ("Ammattiryhmä", "all", ["25*"]),
            ("timeperiod_m", "top", ["2"]),
            ("contentscode", "item", ["AVPAIKATLOPUSSA"]),
        ]
    )
    answer = web.post(f"{PX}/StatFin/tyonv/12ti.px", json=asked).json()
    assert len(answer["value"]) == math.prod(answer["size"])
    assert answer["id"] == ["Alue", "Ammattiryhmä", "timeperiod_m", "contentscode"]
    assert all(answer["value"][int(place)] is None for place in answer.get("status", {}))
    assert answer["role"] == {"time": ["timeperiod_m"], "metric": ["contentscode"]}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (
            query(
                [
                    ("Alue", "all", ["*"]),
                    ("Ammattiryhmä", "all", ["*"]),
                    ("timeperiod_m", "all", ["*"]),
                    ("contentscode", "all", ["*"]),
                ]
            ),
            403,
        ),
        (query([("Alue", "item", ["KU999"])]), 400),
        (query([("Nosuch", "item", ["1"])]), 400),
        ({}, 400),
    ],
)
def test_pxweb_refuses_as_it_does(web, asked, status):
    assert web.post(f"{PX}/StatFin/tyonv/12ti.px", json=asked).status_code == status


def test_pxweb_limits_calls(web):
    codes = [web.get(f"{PX}/StatFin/tyonv").status_code for _ in range(MAX_CALLS + 1)]
    assert codes == [200] * MAX_CALLS + [429]
    assert web.get(f"{PX}/StatFin/tyonv").headers["Retry-After"] == str(WINDOW_S)
    assert web.get(f"{PX}/StatFin/nosuch").status_code == 429


def test_postings_stream_by_status_and_watermark(web):
    def lines(body):
        return [orjson.loads(line) for line in web.post("/kipa/p67/v2/jobpostings", json=body).content.splitlines()]

    published, archived = lines({"onlyStatus": "PUBLISHED"}), lines({"onlyStatus": "ARCHIVED"})
    assert len(published) + len(archived) == 3000
    assert all("archived" in posting["metadata"] for posting in archived)
    stamps = [posting["metadata"]["lastModified"] for posting in published]
    assert stamps == sorted(stamps)
    since = stamps[-50]
    assert len(lines({"onlyStatus": "PUBLISHED", "modified": {"from": since}})) >= 50
    assert all(posting["contacts"] for posting in published)
    assert web.post("/kipa/p67/v2/jobpostings", content=b"[]").status_code == 400


def test_text_is_not_a_list_of_labels(world):
    catalogue = SyntheticCatalogue(world)
    texts = [
        t
        for line in catalogue.postings("PUBLISHED", "")
        for t in [orjson.loads(line)["position"]["jobDescription"].get("fi")]
        if t
    ]
    labels = [skill.label["fi"] for skill in world.vocabulary.skills.values()]
    literal = sum(any(label in text for label in labels) for text in texts[:300])
    assert literal < 300
    assert any("ei edellytä" in text for text in texts)
    assert any("@" in text for text in texts)
    languages = [tuple(orjson.loads(line)["languages"]) for line in catalogue.postings("PUBLISHED", "")]
    assert {("fi",), ("sv",), ("en",), ("fi", "sv")} <= set(languages)


def test_the_classification_is_a_zip_of_official_files(world):
    with zipfile.ZipFile(io.BytesIO(SyntheticCatalogue(world).esco_pack())) as pack:
        names = {name.removeprefix(f"{ESCO_FOLDER}/") for name in pack.namelist()}
        skills = pack.read(f"{ESCO_FOLDER}/skills_fi.csv").decode()
    assert {"skills_fi.csv", "skills_sv.csv", "occupations_en.csv", "ISCOGroups_fi.csv", "occupationSkillRelations.csv"} <= names
    assert skills.splitlines()[0].startswith("conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels")


def test_truth_is_whole_and_apart(world, tmp_path):
    write_truth(world, tmp_path)
    kinds = pl.read_parquet(tmp_path / "posting_kind.parquet")
    assert len(kinds) == 3000
    assert kinds["kind"].n_unique() >= 60
    assert pl.read_parquet(tmp_path / "demand.parquet")["month"].n_unique() == 144


def test_demand_moves(world):
    first, last = world.demand[:, :12].mean(axis=1), world.demand[:, -12:].mean(axis=1)
    by_trend = {}
    for kind, change in zip(world.vocabulary.work, last / first, strict=True):
        by_trend.setdefault(kind.trend, []).append(change)
    assert np.median(by_trend["growing"]) > 1.1
    assert np.median(by_trend["shrinking"]) < 0.9


@pytest.mark.recorded
@pytest.mark.slow
def test_a_real_esco_can_be_the_worlds_vocabulary(recorded):
    world = build_world(load_settings(scale="300", esco_folder=recorded / "esco"))
    assert all(uri.startswith("http://data.europa.eu/esco/skill/") for uri in world.vocabulary.skills)
    line = next(SyntheticCatalogue(world).postings("PUBLISHED", ""))
    assert set(orjson.loads(line)["position"]["skills"]) <= set(world.vocabulary.skills)
    national = World(world.seed, sizes_of(1_000_000), recorded / "esco").vocabulary.work
    assert len({kind.key for kind in national}) == len({kind.uri for kind in national}) == len(national) == 647
    assert national[: len(world.vocabulary.work)] == world.vocabulary.work


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("hitsata", "hitsaa"),
        ("suunnitella", "suunnittelee"),
        ("laatia", "laatii"),
        ("arvioida", "arvioi"),
        ("tehdä", "tekee"),
        ("mitata", "mittaa"),
    ],
)
def test_finnish_verbs_bend(verb, form):
    assert third_person(verb) == form


@pytest.mark.parametrize(
    ("noun", "case", "form"),
    [
        ("teräsrakenteiden hitsaus", "elative", "teräsrakenteiden hitsauksesta"),
        ("palkanlaskenta", "genitive", "palkanlaskennan"),
        ("kirjallinen viestintä", "elative", "kirjallisesta viestinnästä"),
        ("työturvallisuus", "partitive", "työturvallisuutta"),
        ("xyz", "genitive", None),
    ],
)
def test_finnish_nouns_bend_or_say_they_do_not(noun, case, form):
    assert inflected(noun, case) == form


def test_english_verbs_bend():
    assert [gerund(verb) for verb in ("write code", "plan work", "weld")] == ["writing code", "planning work", "welding"]


def plain(_environ, start_response):
    start_response("200 OK", [("Content-Length", "10"), ("Content-Type", "application/json")])
    return [b"0123456789"]


def faulty(**fault):
    return httpx.Client(
        transport=httpx.WSGITransport(app=FaultyApp(plain, [Fault(path="/x", **fault)])), base_url="http://f.test"
    )


def test_the_plan_in_the_guide_is_one(tmp_path):
    guide = (PROJECT / "docs" / "guide.md").read_text("utf-8").partition("## Making the sources fail")[2]
    plan = tmp_path / "faults.yaml"
    plan.write_text(guide.partition("```yaml\n")[2].partition("```")[0])
    assert [fault.kind for fault in read_faults(plan)] == ["status", "truncate", "edit", "reset"]


def test_faults_come_by_plan_and_no_oftener():
    web = faulty(kind="status", status=503, retry_after=2, after=1, times=2)
    assert [web.get("/x").status_code for _ in range(4)] == [200, 503, 503, 200]
    assert web.get("/y").status_code == 200


def test_each_kind_of_fault_spoils_its_way():
    assert faulty(kind="truncate", bytes=4).get("/x").content == b"0123"
    assert b"<html>" in faulty(kind="html").get("/x").content
    assert faulty(kind="empty").get("/x").content == b""
    assert faulty(kind="replace", pattern="3.5", replacement="!").get("/x").content == b"012!6789"
    with pytest.raises(ConnectionResetError):
        faulty(kind="reset", bytes=2).get("/x")


def test_faults_of_the_body_change_what_they_say():
    assert faulty(kind="bom").get("/x").content == b"\xef\xbb\xbf0123456789"
    assert faulty(kind="truncate", lines=0).get("/x").content == b""
    assert faulty(kind="recode", charset="utf-16").get("/x").content.decode("utf-16") == "0123456789"
    assert faulty(kind="header", headers={"Date": "never"}).get("/x").headers["Date"] == "never"
    assert faulty(kind="redirect", location="/y").get("/x").headers["Location"] == "/y"
    assert faulty(kind="slow", bytes=3, seconds=0).get("/x").content == b"0123456789"
    assert faulty(kind="status", status=429, retry_after="soon", query="page=2").get("/x?page=1").status_code == 200


def edited(document, **fault):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [orjson.dumps(document)]

    web = httpx.Client(transport=httpx.WSGITransport(app=FaultyApp(app, [Fault(**fault)])), base_url="http://f.test")
    return web.get("/x").json()


@pytest.mark.parametrize(
    ("at", "change", "value", "expected"),
    [
        ("a.0.b", "set", 9, {"a": [{"b": 9, "c": 2}]}),
        ("a.*.b", "text", None, {"a": [{"b": "1", "c": 2}]}),
        ("a.0.b", "drop", None, {"a": [{"c": 2}]}),
        ("a.0.b", "rename", "d", {"a": [{"c": 2, "d": 1}]}),
        ("a.0.b", "copy", "d", {"a": [{"b": 1, "c": 2, "d": 1}]}),
        ("a", "repeat", None, {"a": [{"b": 1, "c": 2}, {"b": 1, "c": 2}]}),
        ("a", "first", 0, {"a": []}),
        ("a.0", "shift", None, {"a": [{"b": 2, "c": 1}]}),
        ("a.7.b", "set", 9, {"a": [{"b": 1, "c": 2}]}),
    ],
)
def test_an_edit_changes_one_value(at, change, value, expected):
    assert edited({"a": [{"b": 1, "c": 2}]}, kind="edit", at=at, change=change, value=value) == expected


def test_turned_dimensions_say_the_same():
    turned = edited({"id": ["r", "c"], "size": [2, 3], "value": [1, 2, 3, 4, 5, None], "status": {"5": "..."}}, kind="turn")
    assert turned == {"id": ["c", "r"], "size": [3, 2], "value": [1, 4, 2, 5, 3, None], "status": {"5": "..."}}


def test_a_broken_connection_in_process_looks_like_one_on_the_network():
    for kind in ("reset", "close", "length", "hang", "garbage"):
        app = FaultyApp(plain, [Fault(kind=kind, seconds=0, bytes=3)])
        with pytest.raises(httpx.ReadError):
            httpx.Client(transport=InProcessTransport(app=app), base_url="http://f.test").get("/x")


@pytest.mark.parametrize(
    "text",
    [
        "faults: [{path: '(', kind: status}]",
        "faults: [{path: /x, kind: nosuch}]",
        "faults: [{kind: bom, system: mars}]",
        "[1",
        "faults: 3",
    ],
)
def test_a_wrong_fault_plan_is_one_line(tmp_path, text):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(SettingsError, match="is not a fault plan"):
        read_faults(tmp_path / "plan.yaml")
