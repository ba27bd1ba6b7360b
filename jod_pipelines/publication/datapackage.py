"""Frictionless Data Package (version 2) and DCAT-AP descriptions of a release."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines import __version__
from jod_pipelines.contracts.model import Column, Table, load_contracts, published_table
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.publication.matching_files import MANIFEST

LICENCE = {
    "name": "CC-BY-4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
    "title": "Creative Commons Attribution 4.0",
}
FIELD_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "VARCHAR[]": "array",
}


@dataclass(frozen=True)
class SourceNote:
    """One source resource behind a release: what served, how fresh, how to name it."""

    resource: str
    title: str
    attribution: str
    status: str
    snapshot: str | None
    fetched_at: str | None
    message: str = ""
    link: str = ""


@dataclass(frozen=True)
class ReleaseNote:
    """What a release says about itself. `warnings` is what it is published in spite of, in words."""

    release_id: str
    created: str
    data_origin: str
    as_of: str
    fingerprint: str
    parent: str | None
    sources: tuple[SourceNote, ...]
    warnings: tuple[str, ...] = ()


def describe(folder: Path, note: ReleaseNote, datasets: dict[str, pl.DataFrame], notices: dict[str, str]) -> dict[str, Any]:
    """The data package of a release folder whose files are in place.

    Args:
        notices: a sentence for files that a reader must not take for more than they are, by path.
    """
    resources = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name in ("datapackage.json", "dcat.jsonld"):
            continue
        relative = path.relative_to(folder).as_posix()
        resource: dict[str, Any] = {
            "name": relative.lower().replace("/", "-").replace("_", "-").rsplit(".", 1)[0],
            "path": relative,
            **_format(path),
            "bytes": path.stat().st_size,
            "hash": f"sha256:{sha256_of(path)}",
            "data_origin": note.data_origin,
        }
        if path.suffix == ".parquet":
            table, frame = published_table(path.stem), datasets[path.stem]
            resource |= {
                "name": path.stem.replace("_", "-"),
                "title": table.description.get("fi", table.name),
                "description": table.description.get("en", ""),
                "descriptions": table.description,
                "rows": len(frame),
                "logical_hash": logical_hash(frame, table),
                "schema": table_schema(table),
            }
        elif resource["format"] == "ndjson":
            resource["rows"] = path.read_bytes().count(b"\n")
        elif path.suffix == ".csv":
            resource["rows"] = path.read_bytes().count(b"\n") - 1
        if relative in notices:
            resource["notice"] = notices[relative]
        resources.append(resource)
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"jod-{note.release_id}",
        "id": note.release_id,
        "title": "JOD: opportunities and forecasts",
        "description": "Job and education opportunities and forecasts from Finland's public data on work, education and skills.",
        "version": __version__,
        "created": note.created,
        "licenses": [LICENCE],
        "sources": [_named(source) for source in note.sources if source.snapshot],
        "data_origin": note.data_origin,
        "as_of": note.as_of,
        "parent_release": note.parent,
        "fingerprint": note.fingerprint,
        "git_commit": git_commit(),
        "lock_sha256": sha256_of(PROJECT / "requirements.lock"),
        "landing": [asdict(source) for source in note.sources],
        "warnings": list(note.warnings),
        "resources": resources,
    }


def _named(source: SourceNote) -> dict[str, str]:
    return {"title": source.attribution, **({"path": source.link} if source.link else {})}


def table_schema(table: Table) -> dict[str, Any]:
    """Frictionless Table Schema of a contract's published columns.

    The standard has one language: `title` is in Finnish, `description` in English, and `descriptions` holds all three.
    References to datasets that are published too are foreign keys.
    """
    columns = [column for column in table.columns if column.publish]
    schema: dict[str, Any] = {"fields": [_field(column) for column in columns]}
    if table.primary_key:
        schema["primaryKey"] = list(table.primary_key)
    keys = [_foreign_key(column.name, column.references) for column in columns if column.references]
    if known := [key for key in keys if key]:
        schema["foreignKeys"] = known
    return schema


def _foreign_key(name: str, target: str) -> dict[str, Any] | None:
    """A reference to another resource of the package; None when its target is not published."""
    dataset, _, field = target.partition(".")
    if dataset not in load_contracts()["published"]:
        return None
    return {"fields": [name], "reference": {"resource": dataset.replace("_", "-"), "fields": [field]}}


def dcat(package: dict[str, Any]) -> dict[str, Any]:
    """DCAT-AP entry of a release, one distribution per file."""
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "spdx": "http://spdx.org/rdf/terms#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@type": "dcat:Dataset",
        "@id": f"urn:jod:release:{package['id']}",
        "dct:identifier": package["id"],
        "dct:title": [
            {"@language": "fi", "@value": "JOD: mahdollisuudet ja ennusteet"},
            {"@language": "sv", "@value": "JOD: möjligheter och prognoser"},
            {"@language": "en", "@value": package["title"]},
        ],
        "dct:description": {"@language": "en", "@value": f"{package['description']} Data origin: {package['data_origin']}."},
        "dct:issued": {"@type": "xsd:dateTime", "@value": package["created"]},
        "dct:license": {"@id": LICENCE["path"]},
        "dct:spatial": {"@id": "http://publications.europa.eu/resource/authority/country/FIN"},
        "dcat:keyword": ["työmahdollisuudet", "koulutusmahdollisuudet", "ennakointi", "skills", "ESCO", package["data_origin"]],
        "dct:source": [source["title"] for source in package["sources"]],
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": resource.get("title", resource["name"]),
                "dcat:accessURL": {"@id": resource["path"]},
                "dcat:mediaType": resource["mediatype"],
                "dcat:byteSize": resource["bytes"],
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": resource["hash"].removeprefix("sha256:"),
                },
            }
            for resource in package["resources"]
        ],
    }


def logical_hash(frame: pl.DataFrame, table: Table) -> str:
    """Hash of a dataset's content: the same for the same rows whatever their order and the file's encoding."""
    ordered = frame.sort(list(table.primary_key)) if table.primary_key else frame
    return hashlib.sha256(ordered.write_ndjson().encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@cache
def git_commit() -> str:
    """The commit this code is at, or `unknown` outside a repository."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def as_json(value: dict[str, Any]) -> bytes:
    """Readable JSON."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": FIELD_TYPES[column.type],
        "title": column.description.get("fi", column.name),
        "description": column.description.get("en", ""),
        "descriptions": column.description,
    }
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.unique:
        constraints["unique"] = True
    if column.pattern:
        constraints["pattern"] = column.pattern
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.maximum is not None:
        constraints["maximum"] = column.maximum
    if column.allowed:
        constraints["enum"] = [int(value) if field["type"] == "integer" else value for value in column.allowed]
    if column.max_length is not None:
        constraints["maxLength"] = column.max_length
    if constraints:
        field["constraints"] = constraints
    for name, fact in (("unit", column.unit), ("codeList", column.code_list)):
        if fact:
            field[name] = fact
    return field


def _format(path: Path) -> dict[str, str]:
    kinds = {
        ".parquet": ("parquet", "application/vnd.apache.parquet"),
        ".json": ("ndjson", "application/x-ndjson"),
        ".csv": ("csv", "text/csv"),
        ".duckdb": ("duckdb", "application/vnd.duckdb"),
        ".html": ("html", "text/html"),
        ".npz": ("npz", "application/zip"),
        ".svg": ("svg", "image/svg+xml"),
    }
    name, mediatype = ("json", "application/json") if path.name == MANIFEST else kinds[path.suffix]
    return {"format": name, "mediatype": mediatype}
