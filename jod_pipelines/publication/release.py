"""Makes a release: written aside, checked, renamed; the pointer `latest` moves last."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from jod_pipelines.contracts.dictionary import Around, write_dictionary
from jod_pipelines.contracts.enforcement import enforce
from jod_pipelines.contracts.expectations import check_sql_rules
from jod_pipelines.contracts.model import load_contracts, published_table
from jod_pipelines.contracts.parquet import write_parquet
from jod_pipelines.errors import PublicationError
from jod_pipelines.publication import jod_documents
from jod_pipelines.publication.analyst_database import write_analyst_database
from jod_pipelines.publication.catalogue import PAGES, origin_notice, write_catalogue
from jod_pipelines.publication.datapackage import ReleaseNote, as_json, dcat, describe, logical_hash, sha256_of
from jod_pipelines.publication.disclosure import contacts_in, permitted, small_groups
from jod_pipelines.publication.import_rules import problems_of
from jod_pipelines.publication.matching_files import matching_problems

OPPORTUNITIES = ("job_opportunity", "education_opportunity")
DO_NOT_DELIVER = "No opportunity of this kind in this release: importing an empty file would retire every one the service has."


@dataclass(frozen=True)
class ReleaseContent:
    """Everything a release is made of.

    `vacancy_history` (month, value) is what the pages draw before the forecast of the whole country; `files` are those that
    were made elsewhere, by their path in the release.
    """

    note: ReleaseNote
    datasets: dict[str, pl.DataFrame]
    minimum_members: int
    vacancy_history: pl.DataFrame
    files: dict[str, bytes] = field(default_factory=dict)


def publish(content: ReleaseContent, releases: Path, before_pointing: Callable[[], None]) -> Path:
    """Write a release and let `latest` point at it; a release that exists already is left as it is.

    Args:
        before_pointing: what else must be in place before anyone is led to the release; done again when a process
            died after the release was written.

    Raises:
        PublicationError: the content breaks a contract, a consumer rule or a disclosure limit. Nothing is published.
    """
    target = releases / content.note.release_id
    if not target.exists():
        aside = releases / f".{content.note.release_id}.tmp"
        shutil.rmtree(aside, ignore_errors=True)
        _write(content, aside)
        problems = verify(aside)
        if problems:
            raise PublicationError(f"release {content.note.release_id} does not verify: {problems[0]}", "\n".join(problems[1:]))
        os.sync()
        aside.rename(target)
    before_pointing()
    _point(releases / "latest", content.note.release_id)
    return target


def disclosure_problems(content: ReleaseContent) -> list[str]:
    """Why the content may not be published; none when it may."""
    problems = []
    for name in OPPORTUNITIES:
        for opportunity_id in small_groups(content.datasets[name], content.minimum_members):
            problems.append(f"{name} {opportunity_id} has fewer than {content.minimum_members} members")
    for name, frame in content.datasets.items():
        problems += [f"{name} holds what looks like a contact: {value}" for value in contacts_in(frame)]
    return problems


def verify(folder: Path) -> list[str]:
    """Everything wrong with a release folder: files, hashes, contracts, consumer rules. None when it is sound."""
    path = folder / "datapackage.json"
    if not path.is_file():
        return [f"{folder.name} has no datapackage.json"]
    package = read_package(path)
    problems = _package_problems(folder, package)
    listed = {resource["path"] for resource in package["resources"]} | {"datapackage.json", "dcat.jsonld"}
    present = {item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file()}
    problems += [f"{name} is listed and missing" for name in sorted(listed - present)]
    problems += [f"{name} is not listed" for name in sorted(present - listed)]
    for resource in package["resources"]:
        file = folder / resource["path"]
        if not file.is_file():
            continue
        if file.stat().st_size != resource["bytes"] or f"sha256:{sha256_of(file)}" != resource["hash"]:
            problems.append(f"{resource['path']} is not what was published")
        elif file.suffix == ".parquet":
            problems += _dataset_problems(file, resource)
    if not problems:
        jobs, education, groups = ((folder / "jod" / name).read_bytes() for name in _DOCUMENTS)
        skills = pl.read_parquet(folder / "parquet" / "opportunity_skill" / "opportunity_skill.parquet")["skill_uri"]
        problems += problems_of(jobs, education, groups, frozenset(skills))
        problems += matching_problems(folder, _active(folder))
        problems += _database_problems(folder, package)
    return problems


def list_releases(releases: Path) -> list[dict[str, Any]]:
    """Releases, newest first: id, created, as_of, data_origin, latest, datasets (rows by name)."""
    latest = str((releases / "latest").readlink()) if (releases / "latest").is_symlink() else None
    found = []
    for path in releases.glob("*/datapackage.json"):
        if path.parent.name.startswith(".") or path.parent.is_symlink():
            continue
        package = read_package(path)
        rows = {Path(r["path"]).stem: r["rows"] for r in package["resources"] if r["format"] == "parquet"}
        found.append(
            {
                "id": package["id"],
                "created": package["created"],
                "as_of": package["as_of"],
                "data_origin": package["data_origin"],
                "latest": package["id"] == latest,
                "datasets": rows,
            }
        )
    return sorted(found, key=lambda item: (item["created"], item["id"]), reverse=True)


def find_release(releases: Path, name: str) -> Path:
    """The folder of a release by id or unique beginning of it, `latest`, or `previous`: the one made before the latest.

    Raises:
        PublicationError: there is none, or several.
    """
    if name == "latest" and (releases / "latest").exists():
        return (releases / "latest").resolve()
    found = list_releases(releases)
    known: list[str] = [item["id"] for item in found]
    if not known:
        raise PublicationError(f"there is no release in {releases.parent}; run `jod run` first, or name another home with --home")
    if name.lower() == "previous":
        older = known[next((place for place, item in enumerate(found) if item["latest"]), 0) + 1 :]
        if not older:
            raise PublicationError(f"there is no release before {known[0]}; the next one comes when something changes")
        return releases / older[0]
    matching = [known_id for known_id in known if known_id == name] or [
        known_id for known_id in known if known_id.startswith(name)
    ]
    if len(matching) != 1:
        raise PublicationError(f"{len(matching)} releases match {name!r}; there are: latest, {', '.join(known)}")
    return releases / matching[0]


def read_package(path: Path) -> dict[str, Any]:
    """A release's data package; PublicationError when it is damaged."""
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise PublicationError(
            f"{path.parent.name}: datapackage.json is damaged; put the release back from a copy, or remove its folder", str(error)
        ) from None


_DOCUMENTS = (jod_documents.JOB_FILE, jod_documents.EDUCATION_FILE, jod_documents.GROUP_FILE)


def _write(content: ReleaseContent, folder: Path) -> None:
    note = content.note
    datasets = {name: permitted(frame, published_table(name)) for name, frame in content.datasets.items()}
    files: dict[str, Path] = {}
    for name, frame in datasets.items():
        files[name] = folder / "parquet" / name / f"{name}.parquet"
        files[name].parent.mkdir(parents=True)
        metadata = {"data_origin": note.data_origin, "release_id": note.release_id, "license": "CC-BY-4.0"}
        write_parquet(frame, files[name], published_table(name), metadata)
    (folder / "jod").mkdir()
    for name, body in zip(_DOCUMENTS, _documents(content, datasets), strict=True):
        (folder / "jod" / name).write_bytes(body)
    for path, body in content.files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(body)
    write_analyst_database(folder / "jod_marts.duckdb", files, note)
    write_catalogue(folder / "catalogue", note, datasets, content.vacancy_history)
    around = Around(note.data_origin, origin_notice(note), {language: f"../{page}" for language, page in PAGES.items()})
    write_dictionary(folder / "catalogue" / "dictionary", [published_table(name) for name in sorted(datasets)], around)
    empty = {
        f"jod/{file}": DO_NOT_DELIVER
        for file, name in zip(_DOCUMENTS, OPPORTUNITIES, strict=False)
        if datasets[name].filter("active").is_empty()
    }
    package = describe(folder, note, datasets, empty)
    (folder / "dcat.jsonld").write_bytes(as_json(dcat(package)))
    (folder / "datapackage.json").write_bytes(as_json(package))


def _active(folder: Path) -> frozenset[str]:
    files = [folder / "parquet" / name / f"{name}.parquet" for name in OPPORTUNITIES]
    return frozenset(one for file in files for one in pl.read_parquet(file).filter("active")["opportunity_id"])


def _documents(content: ReleaseContent, datasets: dict[str, pl.DataFrame]) -> tuple[bytes, bytes, bytes]:
    origin = content.note.data_origin
    jobs = jod_documents.job_documents(datasets["job_opportunity"], datasets["job_opportunity_distribution"], origin)
    education = jod_documents.education_documents(
        datasets["education_opportunity"],
        datasets["education_opportunity_programme"],
        datasets["education_opportunity_distribution"],
        origin,
    )
    groups = jod_documents.group_rows(datasets["occupation_group"], datasets["occupation_group_distribution"])
    return jod_documents.as_lines(jobs), jod_documents.as_lines(education), jod_documents.as_csv(groups)


def _package_problems(folder: Path, package: dict[str, Any]) -> list[str]:
    """Where the data package disagrees with what the files say of themselves."""
    problems = []
    catalogue = folder / "dcat.jsonld"
    if catalogue.is_file() and catalogue.read_bytes() != as_json(dcat(package)):
        problems.append("dcat.jsonld does not say what datapackage.json says")
    said = {"data_origin": package["data_origin"], "release_id": package["id"]}
    for file in sorted(folder.glob("parquet/*/*.parquet")):
        with contextlib.suppress(pl.exceptions.PolarsError):
            metadata = pl.read_parquet_metadata(file)
            problems += [
                f"{file.name} says {name} {metadata.get(name)!r}, datapackage.json {value!r}"
                for name, value in said.items()
                if metadata.get(name) != value
            ]
    return problems


def _dataset_problems(file: Path, resource: dict[str, Any]) -> list[str]:
    if file.stem not in load_contracts()["published"]:
        return [f"{resource['path']} is of no dataset with a contract"]
    table, frame = published_table(file.stem), pl.read_parquet(file)
    wanted = {column.name: column.polars_type for column in table.columns if column.publish}
    if dict(frame.schema) != wanted:
        return [f"{file.stem} has other columns or types than its contract"]
    problems = [] if len(frame) == resource["rows"] else [f"{file.stem} has {len(frame)} rows, {resource['rows']} were published"]
    if logical_hash(frame, table) != resource["logical_hash"]:
        problems.append(f"{file.stem} has other content than was published")
    _, broken = enforce(frame, table)
    if not broken.is_empty():
        first = broken.row(0, named=True)
        problems.append(
            f"{file.stem}: {len(broken)} rows break the contract, first {first['column']} {first['rule']} ({first['value']!r})"
        )
    with duckdb.connect() as connection:
        connection.register("dataset", frame.to_arrow())
        problems += [
            f"{file.stem}: {f.rule}: {f.failed_rows} rows" for f in check_sql_rules(connection, "dataset", table) if not f.passed
        ]
    return problems


def _database_problems(folder: Path, package: dict[str, Any]) -> list[str]:
    problems = []
    with duckdb.connect(str(folder / "jod_marts.duckdb"), read_only=True) as connection:
        for resource in package["resources"]:
            if resource["format"] != "parquet":
                continue
            name = Path(resource["path"]).stem
            rows = connection.execute(f'select count(*) from "{name}"').fetchone()
            if rows is None or rows[0] != resource["rows"]:
                problems.append(f"jod_marts.duckdb: {name} has {rows and rows[0]} rows, {resource['rows']} were published")
    return problems


def _point(pointer: Path, release_id: str) -> None:
    """Move the pointer in one step: readers follow the old release or the new one."""
    if pointer.is_symlink() and str(pointer.readlink()) == release_id:
        return
    aside = pointer.with_name(".latest.tmp")
    aside.unlink(missing_ok=True)
    aside.symlink_to(release_id)
    aside.replace(pointer)
