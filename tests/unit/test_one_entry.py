"""What the guide promises: one more entry in the settings, and a table is landed, typed, checked and readable."""

import json

import pytest

from jod_pipelines.ingest import ingest
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources
from jod_pipelines.warehouse.build import Warehouse


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JOD_HOME", str(tmp_path))
    return tmp_path


def landed(label):
    """Land one resource of the settings in the environment, build the warehouse's landing schema, say what came of it."""
    platform = Platform(load_settings())
    resource = next(r for r in all_resources(platform.settings) if r.label == label)
    outcome = ingest(resource, platform)
    warehouse = Warehouse(platform)
    warehouse.begin("one entry")
    return outcome, warehouse


def types(warehouse, view):
    return dict(warehouse.query(f'describe landing."{view}"').select("column_name", "column_type").iter_rows())


def test_a_table_of_statistics_finland_takes_its_path_alone(home, monkeypatch):
    monkeypatch.setenv("JOD_STATFIN_TABLES", json.dumps([{"path": "opiskt/14rw", "select": {"period": ["top:1"]}}]))
    outcome, warehouse = landed("statfin/opiskt_14rw")
    assert outcome.quarantined == {}
    assert types(warehouse, "statfin__opiskt_14rw__cell") == {
        "koullaji_1_code": "VARCHAR",
        "sukupuoli_9_code": "VARCHAR",
        "period": "VARCHAR",
        "measure": "VARCHAR",
        "value": "DOUBLE",
        "status": "VARCHAR",
        "unit": "VARCHAR",
        "updated_at": "TIMESTAMP",
        "source_document": "VARCHAR",
    }
    periods, rows, hidden = warehouse.query(
        "select list(distinct period), count(*), count(*) filter (status = 'confidential' and value is null) "
        "from landing.statfin__opiskt_14rw__cell"
    ).row(0)
    assert (periods, rows) == (["2024"], outcome.rows["cell"])
    assert 0 < hidden < rows
    labels = warehouse.query(
        "select label from landing.statfin__opiskt_14rw__label "
        "where column_name = 'koullaji_1_code' and code = '1' and language = 'fi'"
    ).rows()
    assert labels == [("Lukiokoulutus",)]


@pytest.mark.parametrize("source_answers", [True, False])
def test_a_column_that_the_settings_rename_is_renamed_in_what_landed_and_nothing_is_fetched(home, monkeypatch, source_answers):
    entry = {
        "path": "opiskt/14rw",
        "dimensions": {"kind": "koullaji_1", "sex": "sukupuoli_9"},
        "select": {"kind": ["SSS"], "period": ["top:1"]},
    }
    monkeypatch.setenv("JOD_STATFIN_TABLES", json.dumps([entry]))
    before, _ = landed("statfin/opiskt_14rw")
    entry["dimensions"] = {"school": "koullaji_1", "sex": "sukupuoli_9"}
    entry["select"] = {"school": ["SSS"], "period": ["top:1"]}
    monkeypatch.setenv("JOD_STATFIN_TABLES", json.dumps([entry]))
    if not source_answers:
        plan = home / "faults.yaml"
        plan.write_text("faults: [{name: down, system: statfin, path: .*, kind: status, status: 500}]")
        monkeypatch.setenv("JOD_SANDBOX_FAULTS", str(plan))
        monkeypatch.setenv("JOD_HTTP__ATTEMPTS", "1")
    outcome, warehouse = landed("statfin/opiskt_14rw")
    assert outcome.status == ("unchanged" if source_answers else "stale"), outcome.message
    assert (outcome.snapshot, outcome.rows) == (before.snapshot, before.rows)
    assert outcome.requests <= 2  # the service's limits and its list of tables
    assert "kind_code" not in types(warehouse, "statfin__opiskt_14rw__cell")
    assert warehouse.query("select distinct school_code from landing.statfin__opiskt_14rw__cell").rows() == [("SSS",)]
    labels = warehouse.query("select distinct column_name from landing.statfin__opiskt_14rw__label order by 1")
    assert [name for (name,) in labels.rows()] == ["measure", "period", "school_code", "sex_code"]


def test_a_resource_of_vipunen_takes_its_name_alone(home, monkeypatch):
    monkeypatch.setenv("JOD_VIPUNEN_RESOURCES", json.dumps(["julkaisut"]))
    outcome, warehouse = landed("vipunen/julkaisut")
    assert outcome.rows == {"row": 50}
    assert types(warehouse, "vipunen__julkaisut__row") == {
        "tilastovuosi": "DOUBLE",
        "julkaisun_nimi": "VARCHAR",
        "koodi_julkaisufoorumitaso": "VARCHAR",
        "julkaisufoorumitaso2015": "VARCHAR",
        "koulutusala_taso3": "VARCHAR",
        "avoin_saatavuus": "BOOLEAN",
        "tietojoukko_paivitetty_pvm": "DATE",
        "source_document": "VARCHAR",
    }
    unknown, empty = warehouse.query(
        "select count(*) filter (koulutusala_taso3 = 'Tieto puuttuu'), count(*) filter (avoin_saatavuus is null) "
        "from landing.vipunen__julkaisut__row"
    ).row(0)
    assert (unknown, empty) == (50, 8)


def test_a_contract_file_replaces_what_the_source_says(home, monkeypatch):
    monkeypatch.setenv("JOD_VIPUNEN_RESOURCES", json.dumps(["koulutusluokitus"]))
    _, warehouse = landed("vipunen/koulutusluokitus")
    assert "koulutusluokitus_avain" not in types(warehouse, "vipunen__koulutusluokitus__row")


def test_a_star_stands_for_what_the_service_listed_last_but_for_what_is_left_out(home, monkeypatch):
    monkeypatch.setenv("JOD_VIPUNEN_RESOURCES", json.dumps(["*", "-koulutusluokitus"]))

    def labels():
        return {r.name for r in all_resources(load_settings()) if r.source == "vipunen"} - {"resources"}

    assert len(labels()) == 46
    outcome, _ = landed("vipunen/ytl_arvosanat")
    assert (outcome.status, "no resource ytl_arvosanat" in outcome.message) == ("skipped", True)
    landed("vipunen/resources")
    assert labels() == {
        "korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet",
        "perusopetuksen_jalkeinen_koulutus_hakeneet_ja_paikan_vastaanottaneet",
        "opiskelijat_ja_tutkinnot",
        "amm_opiskelijat_ja_tutkinnot_vuosi_tutkinto",
        "lukio_opiskelijat_vuosi_tutkinto",
        "julkaisut",
    }


def test_a_selection_of_what_is_not_there_or_of_too_much_is_refused_before_a_cell_is_asked_for(home, monkeypatch):
    from jod_pipelines.errors import SourceError

    monkeypatch.setenv("JOD_STATFIN_TABLES", json.dumps([{"path": "vaenn/14wx", "select": {"area": ["SSS"]}}]))
    with pytest.raises(SourceError, match="select names area, which the table does not have"):
        landed("statfin/vaenn_14wx")
    monkeypatch.setenv("JOD_STATFIN_TABLES", json.dumps([{"path": "vaenn/14wx", "max_cells": 1000}]))
    with pytest.raises(SourceError, match="the settings entry allows 1000; select fewer values"):
        landed("statfin/vaenn_14wx")
