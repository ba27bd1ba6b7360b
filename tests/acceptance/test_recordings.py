"""Recorded real documents, old shapes and drift included, are read by the same parsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jod_pipelines.contracts.enforcement import enforce, frame_of
from jod_pipelines.contracts.model import landing_table
from jod_pipelines.landing.archive import Document
from jod_pipelines.sources import eperusteet, opintopolku
from jod_pipelines.sources.resource import parse_json

pytestmark = pytest.mark.recorded


def lines(path: Path) -> Iterator[Document]:
    for number, line in enumerate(path.read_bytes().splitlines()):
        yield Document(f"{path.name}:{number}", line, "")


@pytest.mark.parametrize(
    ("path", "table", "read", "count"),
    [
        ("opintopolku/external_shape/external_koulutus.ndjson", "opintopolku/koulutus/koulutus", opintopolku.read_koulutus, 17),
        ("opintopolku/external_shape/external_toteutus.ndjson", "opintopolku/toteutus/toteutus", opintopolku.read_toteutus, 12),
        ("opintopolku/search/external_search_hits_amk.ndjson", "opintopolku/search/koulutus", opintopolku.read_hit, 461),
    ],
)
def test_recorded_documents_of_opintopolku_are_typed_without_a_loss_but_for_what_was_captured_twice(
    recorded, path, table, read, count
):
    source, resource, name = table.split("/")
    parsed = parse_json(lines(recorded / path), ("koulutus", "toteutus"), read)
    assert not parsed.unreadable
    contract = landing_table(source, resource, name)
    frame, refused = frame_of(parsed.tables[name], contract)
    kept, broken = enforce(frame, contract)
    assert refused.is_empty()
    assert len(kept) + len(broken) == count
    assert set(broken["rule"]) <= {"unique key"}
    assert len(broken) <= 1


def test_the_structured_requirements_of_a_real_qualification_are_all_read(recorded):
    path = recorded / "opintopolku/eperusteet/peruste_6942140_puutarha_PT_ammattitaitovaatimukset2019.json"
    rows = parse_json(
        [Document("6942140", path.read_bytes(), "")], ("peruste", "unit", "requirement"), eperusteet.read_document
    ).tables
    statements = [row for row in rows["requirement"] if row["kind"] == "structured"]
    units = recorded / "opintopolku/eperusteet/derived_ammattitaitovaatimukset_6942140.ndjson"
    expected = len(units.read_text("utf-8").splitlines())
    own = [row for row in statements if row["unit_code"]]
    assert expected == 449
    assert len(own) >= expected
    assert all(row["statement_fi"] and row["statement_sv"] for row in own[:400])
