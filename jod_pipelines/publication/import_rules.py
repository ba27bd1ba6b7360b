"""Checks the import documents as the consumer would, before anyone hands them over.

One bad document there blocks a whole delivery, and some faults come in without an error and show as nothing or as 0. What a
document may look like stands in `data_contracts/import_documents/` (JSON Schema); here is what a schema cannot say.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from jod_pipelines.contracts.model import CONTRACTS
from jod_pipelines.publication.jod_documents import EDUCATION_FILE, GROUP_FILE, GROUP_HEADER, JOB_FILE
from jod_pipelines.reference import reference_table

GROUP_URI = "http://data.europa.eu/esco/isco/C"
_SHOWN = 160


def problems_of(jobs: bytes, education: bytes, groups: bytes, skills: Collection[str] | None = None) -> list[str]:
    """Every way in which the files break the consumer's rules, in words; none means they load whole.

    Args:
        jobs: the body of the NDJSON of job opportunities.
        education: the body of the NDJSON of education opportunities.
        groups: the body of the CSV of occupation groups.
        skills: URIs of the skills that exist, where they are to be compared.
    """
    known_groups, problems = _groups(groups)
    for name, body, schema in ((JOB_FILE, jobs, "tyomahdollisuus"), (EDUCATION_FILE, education, "koulutusmahdollisuus")):
        if body and not body.endswith(b"\n"):
            problems.append(f"{name}: the last line is not terminated")
        seen: set[str] = set()
        for number, line in enumerate(body.removesuffix(b"\n").split(b"\n") if body else (), start=1):
            where = f"{name} line {number}"
            if b"\\" in line or re.search(rb"[\x00-\x1f]", line):
                problems.append(f"{where}: holds a backslash or control character, which the bulk load mangles")
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                problems.append(f"{where}: is not JSON in UTF-8: {error}")
                continue
            found = list(_shape_problems(schema, document)) or [
                *_distribution_problems(document, skills),
                *_reference_problems(document, seen, known_groups),
            ]
            problems += [f"{where}: {problem}" for problem in found]
    return problems


def _groups(body: bytes) -> tuple[set[str], list[str]]:
    """URIs of the occupation groups of the CSV, and what is wrong with it."""
    try:
        header, *rows = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        return set(), [f"{GROUP_FILE}: is not CSV in UTF-8: {error}"]
    problems = [] if header == GROUP_HEADER else [f"{GROUP_FILE}: the header must be {','.join(GROUP_HEADER)}"]
    known: set[str] = set()
    for number, row in enumerate(rows, start=2):
        found = _group_problems(row)
        if row and row[0] in known:
            found.append(f"{row[0]} is repeated")
        known.update(row[:1])
        problems += [f"{GROUP_FILE} line {number}: {problem}" for problem in found]
    return known, problems


def _group_problems(row: list[str]) -> list[str]:
    if len(row) != len(GROUP_HEADER):
        return [f"has {len(row)} columns, not {len(GROUP_HEADER)}"]
    uri, data = row
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return [f"data of {uri} is not JSON: {error}"]
    found = list(_shape_problems("ammattiryhma", document))
    if not found and uri.removeprefix(GROUP_URI) not in _isco_groups():
        found.append(f"{uri} is no group of ISCO-08, so nothing names it")
    if not found and document["uri"] != uri:
        found.append(f"data of {uri} is of {document['uri']}")
    if not found:
        shares = [item["osuus"] for item in document.get("tyollisetMaakunnittain", ())]
        found += [
            f"data of {uri}: a share has more than one decimal, and all are shown: {share}" for share in shares if _long(share)
        ]
    return found


def _long(share: float) -> bool:
    return share != round(share, 1)


@cache
def _isco_groups() -> frozenset[str]:
    return frozenset(reference_table("isco_groups")["occupation_code"])


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((CONTRACTS / "import_documents" / f"{schema}.schema.json").read_text("utf-8")))


def _shape_problems(schema: str, document: Any) -> Iterator[str]:
    for error in _validator(schema).iter_errors(document):
        message = error.message if len(error.message) <= _SHOWN else f"{error.message[:_SHOWN]} …"
        yield f"{error.json_path}: {message}"


def _distribution_problems(document: dict[str, Any], skills: Collection[str] | None) -> Iterator[str]:
    for path, distribution in _distributions(document):
        codes = [item["arvo"] for item in distribution["arvot"]]
        if len(codes) != len(set(codes)):
            yield f"{path}: an arvo is repeated"
        if distribution["tyhjienMaara"] > distribution["kokonaismaara"]:
            yield f"{path}: more empty members than members"
        if skills is not None and path.endswith("osaamiset"):
            yield from (f"{path}: there is no skill {code}" for code in codes if code not in skills)


def _reference_problems(document: dict[str, Any], seen: set[str], known_groups: Collection[str]) -> Iterator[str]:
    if document["id"] in seen:
        yield f"the id {document['id']} is repeated"
    seen.add(document["id"])
    if "ammattiryhma" in document and document["ammattiryhma"] not in known_groups:
        yield f"ammattiryhma {document['ammattiryhma']} is not in {GROUP_FILE}"
    oids = [item["oid"] for item in document.get("koulutukset", ())]
    if len(oids) != len(set(oids)):
        yield "koulutukset repeats an oid"


def _distributions(value: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every distribution of a sound document with its path."""
    if isinstance(value, dict):
        if "arvot" in value:
            yield path, value
        else:
            for name, part in value.items():
                yield from _distributions(part, f"{path}.{name}")
