"""A folder of recordings of the real systems, offered in their own shapes.

Recorded documents go out unchanged; only envelopes and pages around extracted lists are put back. What was never
recorded is answered with 501 and a line that says so, so that the client can tell a gap from an absence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson

from jod_pipelines.sandbox.catalogue import Chain, NothingHere, PxTable, PxVariable
from jod_pipelines.sandbox.servers.app import SourcesApp

PX_FILES: dict[str, tuple[str, str, dict[str, str]]] = {
    "12ti": ("tyonv", "software_occupations_register_kunnat_12ti", {}),
    "12r5": ("tyonv", "unemployment_register_kunnat_12r5", {}),
    "135z": ("tyti", "unemployment_survey_national_135z", {}),
    "12bs": ("vkour", "education_register_kunnat_12bs", {"sukupuoli_9_20180101": "Sukupuoli"}),
    "11ra": ("vaerak", "age_register_kunnat_11ra", {}),
    "11re": ("vaerak", "sex_register_kunnat_11re", {"ikaryhma_10_20180101": "Ikä"}),
}
"""Folder and file of each recorded table, and the variables its query left out, whose total (`SSS`) is recorded."""
CODE_FILES = ("rest_json_{}", "codeelement_withrelations_{}", "codeelement_codes_{}_11")
PERUSTE_LIST_FIELDS = ("id", "nimi", "koulutustyyppi", "kielet", "koulutukset", "voimassaoloAlkaa", "voimassaoloLoppuu")


def recorded_transport(folder: Path) -> httpx.WSGITransport:
    """An HTTP transport that answers from recordings."""
    return httpx.WSGITransport(app=SourcesApp(Recordings(folder)))


class Recordings:
    """Catalogue over a folder laid out as `opintopolku/ statfin/ vipunen/ esco/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def search_hits(self) -> Sequence[dict[str, Any]]:
        """The recorded hits in name order."""
        hits = self._lines("opintopolku/search/external_search_hits_amk.ndjson")
        return sorted(hits, key=lambda hit: (hit["nimi"].get("fi") or "", hit["oid"]))

    def koulutus(self, oid: str) -> dict[str, Any]:
        """No programme document of the searched catalogue is recorded.

        The recorded documents come from test environments, whose OIDs mean other programmes than the same OIDs in the
        recorded search: joining them would give a programme another one's text.
        """
        raise NothingHere(f"no recording of koulutus {oid}")

    def toteutus(self, oid: str) -> dict[str, Any]:
        """No implementation document of the searched catalogue is recorded; see `koulutus`."""
        raise NothingHere(f"no recording of toteutus {oid}")

    def hakukohde(self, oid: str) -> dict[str, Any]:
        """No application option is recorded."""
        raise NothingHere(f"no recording of hakukohde {oid}")

    def haku(self, oid: str) -> dict[str, Any]:
        """No application round is recorded."""
        raise NothingHere(f"no recording of haku {oid}")

    def published(self, kind: str) -> Mapping[str, Sequence[str]]:
        """No sitemap is recorded."""
        raise NothingHere(f"no recording of the sitemap of {kind}")

    def chains(self) -> Sequence[Chain]:
        """Without documents nothing belongs together."""
        raise NothingHere("no recording of documents inside documents")

    def perusteet(self) -> Sequence[dict[str, Any]]:
        """List items made of the recorded documents' own fields."""
        items = []
        for body in self._perusteet.values():
            document = orjson.loads(body)
            item = {name: document.get(name) for name in PERUSTE_LIST_FIELDS}
            items.append({**item, "julkaistu": (document.get("globalVersion") or {}).get("aikaleima")})
        return items

    def peruste(self, peruste_id: int) -> bytes:
        """A recorded document, byte for byte."""
        if peruste_id not in self._perusteet:
            raise NothingHere(f"no recording of peruste {peruste_id}")
        return self._perusteet[peruste_id]

    def osaamismerkit(self) -> bytes:
        """The recorded badges."""
        return self._bytes("opintopolku/eperusteet/osaamismerkit_external.json")

    def codes(self, code_list: str) -> list[dict[str, Any]]:
        """A recorded list, from whichever endpoint it was recorded."""
        for pattern in CODE_FILES:
            path = self.folder / "opintopolku/koodisto" / f"{pattern.format(code_list)}.ndjson"
            if path.exists():
                return self._lines(str(path.relative_to(self.folder)))
        raise NothingHere(f"no recording of code list {code_list}")

    def code_relations(self, code_list: str) -> list[dict[str, Any]]:
        """A list recorded with its relations."""
        return self._lines(f"opintopolku/koodisto/codeelement_withrelations_{code_list}.ndjson")

    def organisations(self) -> bytes:
        """The recorded organisation tree."""
        return self._bytes("opintopolku/organisaatio/hierarkia_koski_mock.json")

    def organisations_changed(self, since: str) -> list[str]:
        """No change list of the recorded tree is recorded."""
        raise NothingHere("no recording of changed organisations")

    def vipunen_names(self) -> list[str]:
        """The recorded resource list."""
        return sorted(orjson.loads(self._bytes("vipunen/resources_2019.json")))

    def vipunen_columns(self, resource: str) -> bytes:
        """Recorded column descriptions."""
        path = f"vipunen/resources_{resource}_2019.json"
        if not (self.folder / path).is_file():
            raise NothingHere(f"no recording of vipunen/{resource}")
        return self._bytes(path)

    def vipunen_rows(self, resource: str) -> list[dict[str, Any]]:
        """No rows of Vipunen are recorded."""
        raise NothingHere(f"no recording of rows of vipunen/{resource}")

    def px_tables(self, folder: str) -> list[PxTable]:
        """Recorded tables of a folder, described from their recorded answers."""
        tables = [self._px_table(name) for name, (place, *_) in PX_FILES.items() if place == folder]
        if not tables:
            raise NothingHere(f"no recording of PxWeb folder {folder}")
        return tables

    def px_answer(self, table: PxTable) -> bytes:
        """The recorded answer, byte for byte."""
        return self._bytes(f"statfin/{PX_FILES[table.name][1]}.json")

    def classification_ids(self, kind: str) -> list[str]:
        """No classification of Statistics Finland is recorded."""
        raise NothingHere(f"no recording of {kind}")

    def classification(self, name: str, language: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """See `classification_ids`."""
        raise NothingHere(f"no recording of classification {name}")

    def correspondence(self, name: str, language: str) -> list[dict[str, Any]] | None:
        """See `classification_ids`."""
        raise NothingHere(f"no recording of correspondence {name}")

    def postings(self, status: str, modified_from: str = "", archived_from: str = "") -> Iterator[bytes]:
        """No postings are recorded: they may not be kept."""
        raise NothingHere("no recording of job postings")

    def change_posting(self, posting_id: str, change: dict[str, Any]) -> None:
        """See `postings`."""
        raise NothingHere("no recording of job postings")

    def esco_pack(self) -> bytes:
        """The recorded classification is a folder, not a pack."""
        raise NothingHere("ESCO is read from the recordings' esco folder")

    def open_data_packages(self, root: str) -> list[dict[str, Any]]:
        """Nothing of Kela is recorded."""
        raise NothingHere("no recording of Kela's data sets")

    def open_data_file(self, dataset: str, name: str) -> bytes:
        """Nothing of Kela is recorded."""
        raise NothingHere(f"no recording of {dataset}/{name}")

    def ptv_items(self, kind: str) -> dict[str, dict[str, Any]]:
        """Nothing of the service register is recorded."""
        raise NothingHere("no recording of the service register")

    def _px_table(self, name: str) -> PxTable:
        folder, file, left_out = PX_FILES[name]
        answer = json.loads(self._bytes(f"statfin/{file}.json"))
        keys = [column for column in answer["columns"] if column["type"] != "c"]
        contents = [column for column in answer["columns"] if column["type"] == "c"]
        variables = []
        for position, column in enumerate(keys):
            values = tuple(dict.fromkeys(row["key"][position] for row in answer["data"]))
            variables.append(PxVariable(column["code"], column["text"], values, values, time=column["type"] == "t"))
        variables += [PxVariable(code, text, ("SSS",), ("Yhteensä",), elimination=True) for code, text in left_out.items()]
        codes = tuple(column["code"] for column in contents)
        texts = tuple(column["text"] for column in contents)
        variables.append(PxVariable("contentscode", "Tiedot", codes, texts, units=("",) * len(codes)))
        meta = answer["metadata"][0]
        nothing = np.empty(0)
        return PxTable(folder, name, meta["label"], meta["source"], meta["updated"], tuple(variables), nothing, nothing)

    @cached_property
    def _perusteet(self) -> dict[int, bytes]:
        bodies = [path.read_bytes() for path in sorted((self.folder / "opintopolku/eperusteet").glob("peruste_*.json"))]
        return {orjson.loads(body)["id"]: body for body in bodies}

    def _lines(self, path: str) -> list[dict[str, Any]]:
        if path not in self._cache:
            self._cache[path] = [orjson.loads(line) for line in self._bytes(path).splitlines() if line.strip()]
        return self._cache[path]

    def _bytes(self, path: str) -> bytes:
        full = self.folder / path
        if not full.is_file():
            raise NothingHere(f"no recording {path}")
        return full.read_bytes()

    @cached_property
    def _cache(self) -> dict[str, list[dict[str, Any]]]:
        return {}
