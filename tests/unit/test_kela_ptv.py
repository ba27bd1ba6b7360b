"""Kela's files and the service register: quirks of both, and what an unchanged night costs."""

import csv
import io
from datetime import date

import httpx
import orjson
import polars as pl
import pytest

from jod_pipelines.errors import SourceError
from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.landing.archive import Document
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox import benefits, build_world
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.settings import HttpSettings, RecheckSettings, load_settings
from jod_pipelines.sources import all_resources, kela

FAST = HttpSettings(attempts=2, backoff_start_s=0, backoff_limit_s=0)


@pytest.fixture(scope="module")
def catalogue():
    return SyntheticCatalogue(build_world(load_settings(scale="300")))


@pytest.fixture
def platform(tmp_path, catalogue):
    transport = httpx.WSGITransport(app=SourcesApp(catalogue))
    return Platform(load_settings(home=tmp_path, http=FAST, scale="300"), transport)


def land(platform, label):
    return ingest(next(r for r in all_resources(platform.settings) if r.label == label), platform)


# Kela

FIELDS = ("aikatyyppi", "kuukausi_nro", "vuosikuukausi", "vuosi", "kunta_nro", "kunta_nimi", "etuus", "luokka_koodi")


def metadata(**changes):
    fields = [{"name": name, "type": "integer" if "vuosi" in name or name.endswith("_koodi") else "string"} for name in FIELDS]
    fields += [{"name": "saaja_lkm", "type": "number"}, {"name": "maksettu_eur", "type": "number"}]
    resource = {"dialect": {"delimiter": ";"}, "encoding": "UTF-8", "schema": {"fields": fields}, **changes}
    return Document("d/metadata.json", orjson.dumps({"resources": [resource]}), "")


HEADER = ";".join([*FIELDS, "saaja_lkm", "maksettu_eur"])


def file(*lines, header=HEADER, encoding="utf-8"):
    return Document("d/data.csv", "\r\n".join([header, *lines]).encode(encoding), "")


def rows(*documents):
    parsed = kela.parse(documents)
    return parsed.tables["observation"], parsed.unreadable


MONTH = "Kuukausi;6;202606;2026;91;Helsinki;Opintoraha;1;1 234;-12,50"


def test_months_years_and_study_years_are_dated_by_their_first_day():
    frame, unreadable = rows(
        metadata(),
        file(MONTH, "Vuosi;12;202512;2025;91;Helsinki;Yhteensä;1;5;", "Lukuvuosi;7;202607;2026;;;Tieto puuttuu;1;;7"),
    )
    assert unreadable == {}
    found = frame.filter(measure="saaja_lkm").select(
        "granularity", "period", "municipality_code", "is_total", "is_unknown", "value"
    )
    assert found.rows() == [
        ("month", date(2026, 6, 1), "091", False, False, "1234"),
        ("year", date(2025, 1, 1), "091", True, False, "5"),
        ("study_year", date(2025, 8, 1), "SSS", False, True, None),
    ]
    assert frame["dimensions"][0] == '{"etuus":"Opintoraha","luokka_koodi":"1"}'
    assert frame.filter(measure="maksettu_eur")["value"].to_list() == ["-12.50", None, "7"]


@pytest.mark.parametrize(
    ("encoding", "declared"), [("utf-8-sig", "UTF-8"), ("iso-8859-1", "iso-8859-1"), ("cp1252", "UTF-8"), ("utf-8", "nosuch")]
)
def test_any_declared_or_undeclared_encoding_is_read(encoding, declared):
    frame, _ = rows(
        metadata(encoding=declared),
        file(MONTH.replace("Helsinki", "Äänekoski").replace("Opintoraha", "Päiväraha"), encoding=encoding),
    )
    assert "Päiväraha" in frame["dimensions"][0]


def test_a_column_the_metadata_does_not_know_parts_rows_and_is_told():
    header = ";".join([*FIELDS, "uusi", "saaja_lkm", "maksettu_eur"])
    frame, unreadable = rows(metadata(), file(MONTH.replace(";1;1 234", ";1;x;1 234"), header=header))
    assert orjson.loads(frame["dimensions"][0])["uusi"] == "x"
    assert list(unreadable) == ["d/data.csv column uusi"]


def test_files_that_cannot_be_typed_are_set_aside():
    assert "no readable JSON metadata" in rows(file(MONTH))[1]["d/data.csv"]
    assert "kunta_nro" in rows(metadata(), file("1", header="etuus"))[1]["d/data.csv"]


def test_an_unchanged_night_of_kela_costs_one_request(platform):
    first = land(platform, "kela/benefits")
    assert (first.status, first.requests) == ("changed", 1 + 5 * 3)
    assert first.rows["observation"] > 10_000
    assert first.quarantined == {}
    again = land(platform, "kela/benefits")
    assert (again.status, again.requests) == ("unchanged", 1)
    frame = read_typed(platform, "kela/benefits", "observation").collect()
    assert set(frame["granularity"]) == {"month", "year", "study_year"}
    assert frame["municipality_code"].str.contains(r"^(\d{3}|SSS)$").all()
    assert frame.filter(pl.col("dimensions").str.contains("Työmarkkinatuki")).height  # the ISO-8859-1 files
    assert frame.filter(municipality_code="199")["value"].is_null().all()


def test_only_the_file_that_moved_is_fetched(platform, catalogue, monkeypatch):
    land(platform, "kela/benefits")
    packages = catalogue.open_data_packages("http://sandbox.localhost")
    packages[0]["resources"][0]["last_modified"] = "2026-12-15T04:00:00"
    monkeypatch.setattr(catalogue, "open_data_packages", lambda root: packages, raising=False)
    assert land(platform, "kela/benefits").requests == 2


def test_an_unknown_data_set_is_named_with_what_there_is(platform):
    wrong = Platform(platform.settings.model_copy(update={"kela_datasets": ("opintotuki",)}), platform.transport)
    with pytest.raises(SourceError, match="no data set opintotuki") as caught:
        land(wrong, "kela/benefits")
    assert "opintotuen-saajat-ja-maksetut-tuet" in caught.value.detail
    assert "kuntien-etuusmenot" not in caught.value.detail


# PTV


def landed(platform, name):
    return platform.archive.resource("ptv", name)


def bodies(platform, name):
    archive = landed(platform, name)
    return {document.key: document.body for document in archive.read(archive.current())}


def recheck_every(platform, nights):
    platform.settings = platform.settings.model_copy(update={"recheck": RecheckSettings(nights=nights)})


def test_live_without_service_classes_is_a_skip_that_says_what_to_set(tmp_path):
    platform = Platform(load_settings(home=tmp_path, sources="live", http=FAST), httpx.MockTransport(lambda _: 1 / 0))
    outcome = land(platform, "ptv/services")
    assert outcome.status == "skipped"
    assert "JOD_PTV_SERVICE_CLASSES" in outcome.message


def test_services_and_channels_of_the_configured_classes_land(platform, catalogue):
    outcome = land(platform, "ptv/services")
    assert outcome.quarantined == {}
    services = read_typed(platform, "ptv/services", "service").collect()
    wanted = {
        key
        for key, item in catalogue.ptv_items("Service").items()
        if item["publishingStatus"] == "Published" and item["serviceClasses"][0]["code"] in ("P6", "P10")
    }
    assert set(services["service_id"]) == wanted
    assert services.filter(pl.col("name_fi") == "Kansalaisopiston kurssit")["channel_ids"].list.len().max() == 0
    assert "Toinen nimi" not in set(services["name_fi"])
    assert services["description_fi"][0].endswith("\n1")
    assert read_typed(platform, "ptv/services", "service_area").collect()["municipality_code"].str.contains(r"^\d{3}$").all()
    channels = land(platform, "ptv/channels")
    assert channels.quarantined == {}
    assert set(read_typed(platform, "ptv/channels", "service_channel").collect()["channel_id"]) == set(
        services["channel_ids"].explode().drop_nulls()
    )


def test_no_contact_that_may_be_a_persons_lands(platform):
    land(platform, "ptv/services")
    land(platform, "ptv/channels")
    for body in bodies(platform, "channels").values():
        item = orjson.loads(body)
        assert not {"emails", "supportPhones"} & item.keys()
        assert b"@" not in body
        assert "Meikäläistä".encode() not in body
        assert ("phoneNumbers" in item) == (item["serviceChannelType"] == "Phone")
    channels = read_typed(platform, "ptv/channels", "service_channel").collect()
    assert channels.filter(channel_type="Phone")["phone_numbers"].list.len().min() == 1
    assert channels.filter(channel_type="ServiceLocation")["opening_hours"][0].to_list() == [
        "Friday 08:00-15:00",
        "Monday 08:00-16:00",
        "Wednesday 10:00-18:00",
    ]


@pytest.mark.parametrize("nights", [1, 7])
def test_an_unchanged_night_lists_and_rechecks_a_share_and_rewrites_nothing(platform, nights):
    land(platform, "ptv/services")
    land(platform, "ptv/channels")
    before = bodies(platform, "channels")
    recheck_every(platform, nights)
    services, channels = land(platform, "ptv/services"), land(platform, "ptv/channels")
    assert (services.status, channels.status) == ("unchanged", "unchanged")
    assert bodies(platform, "channels") == before  # although the hours came in another order
    lists, batches = 4, -(-len(before) // 100)
    assert services.requests == lists + (2 if nights == 1 else 1)
    assert channels.requests == (batches if nights == 1 else 1)


def test_a_service_the_register_says_changed_is_read_the_same_night(platform, catalogue, monkeypatch):
    recheck_every(platform, 0)
    land(platform, "ptv/services")
    items = catalogue.ptv_items("Service")
    moved = min(landed(platform, "services").current().entries)
    changed = {**items[moved], "modified": "2099-01-01T00:00:00", "languages": ["fi", "se"]}
    monkeypatch.setattr(catalogue, "ptv_items", lambda kind: {**items, moved: changed}, raising=False)
    outcome = land(platform, "ptv/services")
    assert (outcome.status, outcome.requests) == ("changed", 2 + 1 + 2)  # lists, and of changes; the other class has none
    services = read_typed(platform, "ptv/services", "service").collect()
    assert services.filter(service_id=moved)["languages"][0].to_list() == ["fi", "se"]


def test_an_archived_service_leaves_when_it_is_rechecked(platform, catalogue, monkeypatch):
    recheck_every(platform, 1)
    land(platform, "ptv/services")
    items = catalogue.ptv_items("Service")
    gone = min(landed(platform, "services").current().entries)
    archived = {**items[gone], "publishingStatus": "Archived"}
    monkeypatch.setattr(catalogue, "ptv_items", lambda kind: {**items, gone: archived}, raising=False)
    assert land(platform, "ptv/services").status == "changed"
    assert gone not in set(read_typed(platform, "ptv/services", "service").collect()["service_id"])


def test_the_register_is_asked_without_credentials_and_refuses_them(platform, catalogue):
    web = httpx.Client(transport=httpx.WSGITransport(app=SourcesApp(catalogue)), base_url="http://sandbox.test")
    path = "/api/v11/Service/serviceClass"
    assert web.get(path, params={"uri": "x"}, headers={"Authorization": "Bearer bad"}).status_code == 500
    empty = web.get(path, params={"uri": "x"}).json()
    assert (empty["pageCount"], empty["itemList"]) == (0, None)
    assert web.get("/api/v11/Service/list", params={"guids": ",".join(["a"] * 101)}).status_code == 400
    archived = next(k for k, i in catalogue.ptv_items("Service").items() if i["publishingStatus"] == "Archived")
    assert web.get(f"/api/v11/Service/{archived}").status_code == 404


def test_details_are_read_one_by_one_where_many_at_once_are_refused(platform, catalogue):
    app = SourcesApp(catalogue)

    def answer(request):
        if request.url.path.endswith("/list"):
            return httpx.Response(404, json={"errorMessage": "no such path"})
        return httpx.WSGITransport(app=app).handle_request(request)

    class Narrow(httpx.BaseTransport):
        def handle_request(self, request):
            return answer(request)

    single = Platform(platform.settings, Narrow())
    outcome = land(single, "ptv/services")
    assert outcome.rows["service"] == 4 * 38 - 1
    assert outcome.requests == 2 + 2 + 4 * 38


def test_the_sandbox_counts_a_merged_municipality_by_the_borders_of_its_time():
    world = build_world(load_settings(scale="300"))
    name = "kelan-etuuksien-saajat-ja-maksetut-etuudet"
    counted = {}
    for year in (2025, 2026):
        lines = csv.DictReader(io.StringIO(benefits.file(world, name, f"data_{year}.csv").decode("utf-8-sig")))
        january = [row for row in lines if row["vuosikuukausi"] == f"{year}01" and row["etuus"] == "Yhteensä"]
        counted[year] = {row["kunta_nro"]: int(row["saaja_lkm"]) for row in january if row["kunta_nro"] in ("507", "588")}
    assert set(counted[2025]) == {"507", "588"}
    assert set(counted[2026]) == {"507"}
    assert counted[2026]["507"] == pytest.approx(sum(counted[2025].values()), rel=0.25)
    assert counted[2025]["588"] < counted[2025]["507"]
