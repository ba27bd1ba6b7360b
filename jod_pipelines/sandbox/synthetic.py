"""The synthetic world as a catalogue of documents in the sources' shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from jod_pipelines.sandbox import applications, benefits, classifications, education, postings, registers, services, statistics
from jod_pipelines.sandbox.catalogue import Chain, PxTable
from jod_pipelines.sandbox.world import World


class SyntheticCatalogue:
    """Renders a world on request; small lists are kept, details are made anew each time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._posting_changes: dict[str, postings.PostingChange] = {}

    @cached_property
    def _hits(self) -> list[dict[str, Any]]:
        return education.search_hits(self.world)

    @cached_property
    def _programmes(self) -> dict[str, Any]:
        return {programme.oid: programme for programme in self.world.programmes}

    @cached_property
    def _implementations(self) -> dict[str, Any]:
        return {item.oid: item for items in self.world.implementations.values() for item in items}

    @cached_property
    def _options(self) -> dict[str, applications.Option]:
        return {option.oid: option for option in applications.options(self.world)}

    @cached_property
    def _rounds(self) -> dict[str, Any]:
        return {option.round_oid: option.school for option in self._options.values()}

    @cached_property
    def _chains(self) -> list[Chain]:
        options: dict[str, list[applications.Option]] = {}
        for option in self._options.values():
            options.setdefault(option.implementation.oid, []).append(option)
        found = []
        for programme in self.world.programmes:
            items = self.world.implementations[programme.oid]
            found += [Chain(programme.oid)] if not items else []
            for item in items:
                found += [Chain(programme.oid, item.oid, o.oid, o.round_oid) for o in options.get(item.oid, [])] or [
                    Chain(programme.oid, item.oid)
                ]
        return found

    @cached_property
    def _qualifications(self) -> dict[int, Any]:
        kinds = {kind.key: kind for kind in self.world.vocabulary.programmes}
        return {number: kinds[key] for key, number in self.world.qualifications.items()}

    @cached_property
    def _vipunen(self) -> dict[str, list[dict[str, Any]]]:
        return statistics.vipunen_rows(self.world)

    @cached_property
    def _px(self) -> dict[str, list[PxTable]]:
        return statistics.px_tables(self.world)

    def search_hits(self) -> Sequence[dict[str, Any]]:
        """See `Catalogue`; so for the rest."""
        return self._hits

    def koulutus(self, oid: str) -> dict[str, Any] | None:
        """A programme's document."""
        programme = self._programmes.get(oid)
        return education.koulutus(self.world, programme) if programme else None

    def toteutus(self, oid: str) -> dict[str, Any] | None:
        """An implementation's document."""
        item = self._implementations.get(oid)
        return education.toteutus(self.world, item) if item else None

    def hakukohde(self, oid: str) -> dict[str, Any] | None:
        """An application option's document."""
        option = self._options.get(oid)
        return applications.hakukohde(self.world, option) if option else None

    def haku(self, oid: str) -> dict[str, Any] | None:
        """An application round's document."""
        return applications.haku(self.world, oid, self._rounds[oid]) if oid in self._rounds else None

    def published(self, kind: str) -> Mapping[str, Sequence[str]]:
        """Languages by OID."""
        if kind == "koulutus":
            return {oid: list(education.programme_names(item)) for oid, item in self._programmes.items()}
        if kind == "toteutus":
            return {oid: list(education.implementation_names(item)) for oid, item in self._implementations.items()}
        return {oid: list(education.implementation_names(item.implementation)) for oid, item in self._options.items()}

    def chains(self) -> Sequence[Chain]:
        """What belongs together."""
        return self._chains

    def perusteet(self) -> Sequence[dict[str, Any]]:
        """Qualification list items."""
        return [education.peruste_item(self.world, kind) for kind in self._qualifications.values()]

    def peruste(self, peruste_id: int) -> dict[str, Any] | None:
        """A qualification's requirements."""
        kind = self._qualifications.get(peruste_id)
        return education.peruste(self.world, kind) if kind else None

    def osaamismerkit(self) -> list[dict[str, Any]]:
        """Competence badges."""
        return education.badges(self.world)

    def codes(self, code_list: str) -> list[dict[str, Any]] | None:
        """A code list."""
        return registers.codes(self.world, code_list)

    def code_relations(self, code_list: str) -> list[dict[str, Any]] | None:
        """A code list with relations."""
        return registers.code_relations(self.world, code_list)

    def organisations(self) -> dict[str, Any]:
        """The organisation tree."""
        return registers.organisations(self.world)

    def organisations_changed(self, since: str) -> list[str]:
        """The world's organisations never change."""
        return []

    def vipunen_names(self) -> list[str]:
        """Vipunen's resources."""
        return list(self._vipunen)

    def vipunen_columns(self, resource: str) -> list[dict[str, Any]] | None:
        """A resource's columns."""
        rows = self._vipunen.get(resource)
        return statistics.vipunen_columns(rows) if rows else None

    def vipunen_rows(self, resource: str) -> list[dict[str, Any]]:
        """A resource's rows."""
        return self._vipunen.get(resource, [])

    def px_tables(self, folder: str) -> list[PxTable]:
        """PxWeb tables of a folder."""
        return self._px.get(folder, [])

    def px_answer(self, table: PxTable) -> None:
        """Answers are computed."""
        return None

    @cached_property
    def _codes(self) -> dict[str, Any]:
        return classifications.codes_of(self.world)

    def classification_ids(self, kind: str) -> list[str]:
        """Ids of classifications or of correspondence tables."""
        return list(self._codes if kind == "classifications" else classifications.maps_of(self.world))

    def classification(self, name: str, language: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """A classification's head and items."""
        if name not in self._codes:
            return None
        return classifications.head(name, language), classifications.items(name, self._codes[name], language)

    def correspondence(self, name: str, language: str) -> list[dict[str, Any]] | None:
        """A correspondence table's pairs."""
        pairs = classifications.maps_of(self.world).get(name)
        source, _, target = name.partition("#")
        return classifications.maps(pairs, self._codes[source], self._codes[target], language) if pairs else None

    def postings(self, status: str, modified_from: str = "", archived_from: str = "") -> Iterator[bytes]:
        """Job postings as JSON lines."""
        return postings.posting_lines(self.world, status, modified_from, archived_from, self._posting_changes)

    def change_posting(self, posting_id: str, change: dict[str, Any]) -> None:
        """What happened to a posting since the world began."""
        self._posting_changes[posting_id] = postings.PostingChange(**change)

    def esco_pack(self) -> bytes:
        """The ESCO download."""
        return registers.esco_pack(self.world)

    def open_data_packages(self, root: str) -> list[dict[str, Any]]:
        """Kela's data sets."""
        return benefits.packages(root)

    def open_data_file(self, dataset: str, name: str) -> bytes | None:
        """A file of a data set."""
        return benefits.file(self.world, dataset, name)

    def ptv_items(self, kind: str) -> dict[str, dict[str, Any]]:
        """Public services and their channels."""
        return self._ptv[kind]

    @cached_property
    def _ptv(self) -> dict[str, dict[str, dict[str, Any]]]:
        return services.register(self.world)
