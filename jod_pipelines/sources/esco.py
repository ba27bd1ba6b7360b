"""ESCO and FINESCO: occupations, skills, their labels and relations, from a folder or a download pack.

Reads the official CSV layouts (1.0.3, 1.1, 1.2) by column name and FINESCO's JSON; names only say what a file holds, in
which language and of which version. What changed between the versions we saw is a resource of its own.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Document, Fetched, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect
from jod_pipelines.sources.text import LANGUAGES, plain_text

ATTRIBUTION = "This service uses the ESCO classification of the European Commission."
PACK = "/dam/jcr:e9f1db95-5aad-4db4-bd7e-2d010479979a/definitions.zip"
"""Where the Finnish job market publishes FINESCO; its id changes with each version."""
FILE_NAME = re.compile(
    r"(?P<kind>occupations|skills|ISCOGroups|skillGroups|occupationSkillRelations|skillSkillRelations"
    r"|broaderRelationsOccPillar|broaderRelationsSkillPillar|occupations_isco|skill_descriptions|occupation_descriptions)"
    r"(?:_(?P<languages>[a-z]{2}(?:_[a-z]{2})*))?(?:_v(?P<version>[\d.]+?))?\.(?P<format>csv|json)(?:\.gz)?"
)
CONCEPT_TYPES = {"occupations": "occupation", "skills": "skill", "ISCOGroups": "isco_group", "skillGroups": "skill_group"}
RELATIONS = {
    "occupation_skill": ("occupation_uri", "skill_uri"),
    "skill_skill": ("skill_uri", "related_uri"),
    "broader": ("concept_uri", "broader_uri"),
}
"""Tables of relations and the two concepts they relate."""
TABLES = ("concept", "label", "description", *RELATIONS, "dangling")
CLASSIFICATION = "esco/classification"
_VERSION = re.compile(r"v(\d+(?:\.\d+)+)")
MAX_MEMBER_BYTES = 1_000_000_000


@dataclass(frozen=True)
class EscoFile:
    """One recognised file: what it holds, of which version, and its text."""

    name: str
    kind: str
    language: str | None
    version: tuple[int, ...]
    format: str
    body: bytes


def fetch(context: FetchContext) -> Landing:
    """The files of the configured folder, or the download pack."""
    folder = context.settings.esco_source
    if folder is None:
        answer = context.client.get_bytes(PACK)
        expect(
            answer.body[:2] == b"PK", "esco: the download pack is not a ZIP file", answer.body[:200].decode("utf-8", "replace")
        )
        yield Fetched("dataset.zip", answer.body, answer.request, answer.status, answer.fetched_at)
        return
    paths = download_files(folder)
    expect(bool(paths), f"esco: {folder} holds no file of an ESCO download (expected such as skills_fi.csv)")
    for path in paths:
        stat = path.stat()
        change_key = f"{stat.st_size} bytes of {datetime.fromtimestamp(stat.st_mtime, tz=UTC).isoformat()}"
        if context.unchanged(path.name, change_key):
            yield Unchanged(path.name)
        else:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            yield Fetched(path.name, path.read_bytes(), f"file {path.name}", 200, now, change_key)


def download_files(source: Path) -> list[Path]:
    """Files of a download in a folder, packs included; a ZIP file stands for itself."""
    if source.is_file():
        return [source]
    return sorted(path for path in source.iterdir() if path.suffix == ".zip" or FILE_NAME.fullmatch(path.name))


def parse(documents: Iterable[Document]) -> Parsed:
    """Concepts, labels, descriptions and relations. Of several versions of one fact the newest stays."""
    unreadable: dict[str, str] = {}
    parts: dict[str, list[pl.DataFrame]] = {table: [] for table in TABLES}
    for file in sorted(_files(documents), key=lambda file: (file.version, file.name), reverse=True):
        try:
            for table, frame in read_file(file):
                parts[table].append(frame.with_columns(pl.lit(file.name).alias("source_document")))
        except (KeyError, ValueError, TypeError, pl.exceptions.PolarsError) as error:
            unreadable[file.name] = f"{type(error).__name__}: {error}"
    frames = {table: pl.concat(found, how="diagonal") if found else pl.DataFrame() for table, found in parts.items()}
    if not frames["concept"].is_empty():
        frames["concept"] = _one_row_per_concept(frames["concept"])
    keys = {"description": ["concept_uri", "language"], **{t: list(k) for t, k in RELATIONS.items()}}
    for table, key in keys.items():
        if not frames[table].is_empty():
            frames[table] = frames[table].unique(key, keep="first", maintain_order=True).sort(key)
    if not frames["label"].is_empty():
        frames["label"] = _one_preferred_label(frames["label"])
    frames |= _set_dangling_apart(frames)
    count = len(frames["dangling"])
    notes = [f"{count} relations name a concept that no file describes; see table dangling"] if count else []
    return Parsed(dict(frames), unreadable, notes)


def _set_dangling_apart(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Relations whose both ends are described, and in table `dangling` those of which one is not."""
    schema = dict.fromkeys(("relation", "from_uri", "to_uri", "missing_uri", "source_document"), pl.String)
    whole, dangling = {}, [pl.DataFrame(schema=schema)]
    nothing = pl.Series("concept_uri", [], dtype=pl.String)
    known = frames["concept"].get_column("concept_uri", default=nothing).implode()
    for relation, (one, other) in RELATIONS.items():
        if frames[relation].is_empty():
            continue
        missing = pl.when(~pl.col(one).is_in(known)).then(one).when(~pl.col(other).is_in(known)).then(other)
        judged = frames[relation].with_columns(missing_uri=missing)
        whole[relation] = judged.filter(pl.col("missing_uri").is_null()).drop("missing_uri")
        lost = judged.drop_nulls("missing_uri").rename({one: "from_uri", other: "to_uri"})
        dangling.append(lost.with_columns(relation=pl.lit(relation)).select(*schema))
    return {**whole, "dangling": pl.concat(dangling)}


def read_file(file: EscoFile) -> Iterator[tuple[str, pl.DataFrame]]:
    """(table, frame) pairs of one file; frames have the table's columns without `source_document`."""
    if file.format == "json":
        yield from _read_json(file)
        return
    rows = pl.read_csv(io.BytesIO(file.body), infer_schema=False)
    if file.kind in CONCEPT_TYPES:
        yield from _read_concepts(rows, file)
    elif file.kind == "occupationSkillRelations":
        yield (
            "occupation_skill",
            rows.select(
                occupation_uri="occupationUri",
                skill_uri="skillUri",
                essential=pl.col("relationType") == "essential",
            ),
        )
    elif file.kind == "skillSkillRelations":
        yield (
            "skill_skill",
            rows.select(
                skill_uri="originalSkillUri",
                related_uri="relatedSkillUri",
                essential=pl.col("relationType") == "essential",
            ),
        )
    else:
        yield "broader", rows.select(concept_uri="conceptUri", broader_uri="broaderUri")


def _read_concepts(rows: pl.DataFrame, file: EscoFile) -> Iterator[tuple[str, pl.DataFrame]]:
    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in rows.columns else pl.lit(None, dtype=pl.String)

    code = column("iscoGroup") if file.kind == "occupations" else column("code")
    yield (
        "concept",
        rows.select(
            concept_uri="conceptUri",
            concept_type=pl.lit(CONCEPT_TYPES[file.kind]),
            code=code,
            skill_type=column("skillType"),
            reuse_level=column("reuseLevel"),
            status=column("status"),
            version=pl.lit(".".join(map(str, file.version)) or None, dtype=pl.String),
        ),
    )
    language = file.language or "en"
    parts = {"preferred": "preferredLabel", "alternative": "altLabels", "hidden": "hiddenLabels"}
    for kind, name in parts.items():
        if name in rows.columns:
            labels = rows.select(concept_uri="conceptUri", label=pl.col(name).str.split("\n")).explode("label")
            yield "label", _labels(labels, language, kind)
    if "description" in rows.columns:
        texts = rows.select(concept_uri="conceptUri", language=pl.lit(language), description=_clean("description"))
        yield "description", texts.drop_nulls("description")


def _read_json(file: EscoFile) -> Iterator[tuple[str, pl.DataFrame]]:
    items: list[dict[str, Any]] = orjson.loads(file.body)
    if file.kind.endswith("_descriptions"):
        rows = [
            {"concept_uri": item["key"], "language": language, "description": plain_text(item["value"].get(language))}
            for item in items
            for language in LANGUAGES
        ]
        yield (
            "description",
            pl.DataFrame(rows, schema=dict.fromkeys(("concept_uri", "language", "description"), pl.String)).drop_nulls(),
        )
        return
    concepts = [
        {
            "concept_uri": item["uri"],
            "concept_type": _type_of(item["uri"], file.kind),
            "code": item.get("notation"),
            "version": ".".join(map(str, file.version)) or None,
        }
        for item in items
    ]
    yield "concept", pl.DataFrame(concepts, schema=dict.fromkeys(("concept_uri", "concept_type", "code", "version"), pl.String))
    labels = [
        {"concept_uri": item["uri"], "language": language, "label": text}
        for item in items
        for language, text in item["prefLabel"].items()
        if language in LANGUAGES
    ]
    frame = pl.DataFrame(labels, schema=dict.fromkeys(("concept_uri", "language", "label"), pl.String))
    for language in LANGUAGES:
        yield "label", _labels(frame.filter(language=language).drop("language"), language, "preferred")
    broader = [{"concept_uri": item["uri"], "broader_uri": uri} for item in items for uri in item.get("broader") or []]
    yield "broader", pl.DataFrame(broader, schema=dict.fromkeys(("concept_uri", "broader_uri"), pl.String))


def _labels(labels: pl.DataFrame, language: str, kind: str) -> pl.DataFrame:
    return (
        labels.select("concept_uri", language=pl.lit(language), kind=pl.lit(kind), label=_clean("label"))
        .drop_nulls("label")
        .unique(maintain_order=True)
    )


def _clean(name: str) -> pl.Expr:
    text = pl.col(name).str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(text == "").then(None).otherwise(text)


def _one_row_per_concept(concepts: pl.DataFrame) -> pl.DataFrame:
    """What the files of a concept's newest version say of it together: one list has its code, another its kind."""
    newest = concepts.filter(pl.col("version").eq_missing(pl.col("version").first().over("concept_uri")))
    return newest.group_by("concept_uri", maintain_order=True).agg(pl.all().drop_nulls().first()).sort("concept_uri")


def _one_preferred_label(labels: pl.DataFrame) -> pl.DataFrame:
    """A concept's newest preferred label in a language; an older one stays as an alternative."""
    first = pl.struct("concept_uri", "language").is_first_distinct()
    preferred = labels.filter(pl.col("kind") == "preferred").with_columns(newest=first)
    demoted = pl.when("newest").then("kind").otherwise(pl.lit("alternative")).alias("kind")
    others = labels.filter(pl.col("kind") != "preferred")
    return (
        pl.concat([preferred.with_columns(demoted).drop("newest"), others])
        .unique(["concept_uri", "language", "label"], keep="first", maintain_order=True)
        .sort("concept_uri", "language", "kind", "label")
    )


def _files(documents: Iterable[Document]) -> Iterator[EscoFile]:
    for document in documents:
        if document.key.endswith(".zip"):
            yield from _zip_files(document)
        elif document.key.endswith(".gz"):
            yield _file(document.key, gzip.decompress(document.body))
        else:
            yield _file(document.key, document.body)


def _zip_files(document: Document) -> Iterator[EscoFile]:
    """The files of a pack; where their names say no version, the pack's or their folder's name may."""
    with zipfile.ZipFile(io.BytesIO(document.body)) as pack:
        for member in sorted(pack.infolist(), key=lambda item: item.filename):
            folder, _, name = member.filename.rpartition("/")
            if FILE_NAME.fullmatch(name):
                expect(member.file_size < MAX_MEMBER_BYTES, f"esco: {name} in the pack unpacks to {member.file_size} bytes")
                body = pack.read(member)
                plain = name.removesuffix(".gz")
                yield _file(plain, body if plain == name else gzip.decompress(body), f"{document.key}/{folder}")


def _file(name: str, body: bytes, place: str = "") -> EscoFile:
    match = FILE_NAME.fullmatch(name)
    if match is None:
        raise SourceError(f"esco: {name} is not a file of an ESCO download")
    languages = (match["languages"] or "").split("_")
    said = match["version"] or next(iter(_VERSION.findall(place)[::-1]), "")
    version = tuple(int(part) for part in said.split(".") if part)
    kind = match["kind"].removesuffix("_isco")
    return EscoFile(name, kind, languages[0] or None, version, match["format"], body)


def _type_of(uri: str, kind: str) -> str:
    """FINESCO's lists mix occupations with ISCO groups, and skills with ISCED-F groups."""
    if "/isco/" in uri:
        return "isco_group"
    if "/isced-f/" in uri:
        return "skill_group"
    return CONCEPT_TYPES[kind]


# what changed between versions


def fetch_version(context: FetchContext) -> Landing:
    """The concepts of the classification that serves, as one more document when they are not those of the last one."""
    concepts = context.table(CLASSIFICATION, "concept").collect()
    expect(not concepts.is_empty(), f"esco/changes: {CLASSIFICATION} has not landed yet")
    preferred = context.table(CLASSIFICATION, "label").filter(kind="preferred").collect()
    labels = [
        preferred.filter(language=language).select("concept_uri", pl.col("label").alias(f"label_{language}"))
        for language in LANGUAGES
    ]
    state = concepts.select("concept_uri", "concept_type", "code", "version")
    for names in labels:
        state = state.join(names, on="concept_uri", how="left")
    body = state.sort("concept_uri").write_ndjson().encode()
    landed = sorted(context.previous.entries) if context.previous else []
    if context.previous and context.previous.entries[landed[-1]].sha256 == hashlib.sha256(body).hexdigest():
        yield Unchanged(landed[-1])
        return
    newest = max(concepts["version"].drop_nulls(), key=_version_of, default="")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    yield Fetched(f"{len(landed) + 1:04d} {newest}".strip(), body, CLASSIFICATION, 200, now)


def parse_versions(documents: Iterable[Document]) -> Parsed:
    """Concepts added, gone and renamed from each version we saw to the next; the last step is told in the run's notes."""
    versions = [
        (document.key, pl.read_ndjson(document.body, schema=_STATE)) for document in sorted(documents, key=lambda d: d.key)
    ]
    steps = [changes_between(before, after, key) for (_, before), (key, after) in itertools.pairwise(versions)]
    if not steps:
        return Parsed({"esco_change": pl.DataFrame()})
    counts = dict(steps[-1].group_by("change").len().iter_rows())
    told = ", ".join(f"{counts.get(change, 0)} {change}" for change in ("added", "gone", "renamed"))
    return Parsed({"esco_change": pl.concat(steps)}, notes=[f"{versions[-1][0]}: {told} concepts; see table esco_change"])


def changes_between(before: pl.DataFrame, after: pl.DataFrame, key: str) -> pl.DataFrame:
    """One row per concept that is new, gone, or has another preferred label in fi, sv or en."""
    names = [f"label_{language}" for language in LANGUAGES]
    both = before.join(after, on="concept_uri", how="full", coalesce=True, suffix="_after")
    renamed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in names)
    change = (
        pl.when(pl.col("concept_type").is_null())
        .then(pl.lit("added"))
        .when(pl.col("concept_type_after").is_null())
        .then(pl.lit("gone"))
        .when(renamed)
        .then(pl.lit("renamed"))
    )
    return (
        both.select(
            "concept_uri",
            pl.coalesce("concept_type_after", "concept_type").alias("concept_type"),
            change.alias("change"),
            pl.col("code").alias("code_before"),
            pl.col("version").alias("version_before"),
            "version_after",
            *(pl.col(name).alias(f"{name}_before") for name in names),
            *(f"{name}_after" for name in names),
            source_document=pl.lit(key),
        )
        .drop_nulls("change")
        .sort("concept_uri")
    )


def _version_of(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


_STATE = dict.fromkeys(
    ("concept_uri", "concept_type", "code", "version", *(f"label_{language}" for language in LANGUAGES)), pl.String
)


def resources(_settings: Settings) -> list[Resource]:
    """The classification as one resource with several tables, and what changed from version to version."""
    return [
        Resource(
            source="esco",
            name="classification",
            system="esco",
            tables=TABLES,
            fetch=fetch,
            parse=parse,
            title="ESCO occupations, skills and their relations",
            attribution=ATTRIBUTION,
            link="https://esco.ec.europa.eu",
        ),
        Resource(
            source="esco",
            name="changes",
            system="esco",
            tables=("esco_change",),
            fetch=fetch_version,
            parse=parse_versions,
            title="Concepts added, gone and renamed between versions of ESCO",
            attribution=ATTRIBUTION,
            link="https://esco.ec.europa.eu",
            after=(CLASSIFICATION,),
            additive=True,
        ),
    ]
