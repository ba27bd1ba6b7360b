"""What a stand-in for the sources has to offer: documents in the sources' own shapes.

Two things implement it: the synthetic world and a folder of recordings. The servers wrap either in the sources'
envelopes, pages, limits and errors, so both are read by the very same client code as the real systems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class NothingHere(Exception):
    """The stand-in has nothing for this request, and says so instead of inventing it."""


@dataclass(frozen=True)
class Chain:
    """OIDs of documents that belong together; what a programme does not have is None."""

    koulutus: str
    toteutus: str | None = None
    hakukohde: str | None = None
    haku: str | None = None


@dataclass(frozen=True)
class PxVariable:
    """One dimension of a PxWeb table."""

    code: str
    text: str
    values: tuple[str, ...]
    value_texts: tuple[str, ...]
    time: bool = False
    units: tuple[str, ...] = ()
    elimination: bool = False

    @property
    def is_contents(self) -> bool:
        """Whether this is the dimension of measures."""
        return bool(self.units)


@dataclass(frozen=True)
class PxTable:
    """A PxWeb table: `numbers` has one axis per variable, `symbols` the same shape (0 = a number, n = n dots, 9 = '-')."""

    folder: str
    name: str
    title: str
    source: str
    updated: str
    variables: tuple[PxVariable, ...]
    numbers: np.ndarray
    symbols: np.ndarray


class Catalogue(Protocol):
    """Documents by source system; methods raise NothingHere for what this stand-in lacks."""

    def search_hits(self) -> Sequence[dict[str, Any]]:
        """Search hits in name order; a hit without implementations is counted by the search but left out."""

    def koulutus(self, oid: str) -> dict[str, Any] | None:
        """A programme's document."""

    def toteutus(self, oid: str) -> dict[str, Any] | None:
        """An implementation's document."""

    def hakukohde(self, oid: str) -> dict[str, Any] | None:
        """An application option's document."""

    def haku(self, oid: str) -> dict[str, Any] | None:
        """An application round's document."""

    def published(self, kind: str) -> Mapping[str, Sequence[str]]:
        """Languages by OID of everything published of a kind: koulutus, toteutus or hakukohde."""

    def chains(self) -> Sequence[Chain]:
        """Every programme with its implementations, their options and the rounds of those."""

    def perusteet(self) -> Sequence[dict[str, Any]]:
        """Items of the list of qualification requirements."""

    def peruste(self, peruste_id: int) -> dict[str, Any] | bytes | None:
        """One qualification requirement."""

    def osaamismerkit(self) -> list[dict[str, Any]] | bytes:
        """Competence badges."""

    def codes(self, code_list: str) -> list[dict[str, Any]] | None:
        """A code list."""

    def code_relations(self, code_list: str) -> list[dict[str, Any]] | None:
        """A code list with its relations."""

    def organisations(self) -> dict[str, Any] | bytes:
        """The organisation tree in its envelope."""

    def organisations_changed(self, since: str) -> list[str]:
        """OIDs of organisations edited since a moment, `yyyy-MM-dd` with or without ` HH:mm`."""

    def vipunen_names(self) -> list[str]:
        """Vipunen's resources."""

    def vipunen_columns(self, resource: str) -> list[dict[str, Any]] | bytes | None:
        """A resource's column descriptions; None when Vipunen has no such resource."""

    def vipunen_rows(self, resource: str) -> list[dict[str, Any]]:
        """A resource's rows, in load order."""

    def px_tables(self, folder: str) -> list[PxTable]:
        """Tables of a PxWeb folder."""

    def px_answer(self, table: PxTable) -> bytes | None:
        """A recorded answer to any query of a table, or None when answers are computed."""

    def classification_ids(self, kind: str) -> list[str]:
        """Ids of `classifications` or `correspondenceTables`."""

    def classification(self, name: str, language: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """A classification's head and items; None when there is none of that id."""

    def correspondence(self, name: str, language: str) -> list[dict[str, Any]] | None:
        """A correspondence table's pairs; None when there is none of that id."""

    def postings(self, status: str, modified_from: str = "", archived_from: str = "") -> Iterator[bytes]:
        """Job postings as JSON lines in order of last change; status is PUBLISHED or ARCHIVED."""

    def change_posting(self, posting_id: str, change: dict[str, Any]) -> None:
        """Let time pass at the source; see `sandbox.postings.PostingChange`."""

    def esco_pack(self) -> bytes:
        """The classification as a ZIP of its official files."""

    def open_data_packages(self, root: str) -> list[dict[str, Any]]:
        """Data sets found by a search for Kela; their files' addresses start with `root`."""

    def open_data_file(self, dataset: str, name: str) -> bytes | None:
        """A file of a data set."""

    def ptv_items(self, kind: str) -> dict[str, dict[str, Any]]:
        """Service or ServiceChannel documents by id, archived ones included."""
