"""Loads the JOD import documents of a release into a real PostgreSQL, under our rendering of the consumer's import.

`consumer/` states the consumer's tables, constraints and procedures. The first half of these tests delivers the files
of a release and looks for everything in the tables again. The second half damages the files one fault at a time: the load
must fail, or lose something, as is known of the consumer, and `problems_of` must have said so beforehand.
"""

from __future__ import annotations

import copy
import csv
import io
import itertools
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from consumer_rules import RULES
from jod_pipelines.publication.import_rules import GROUP_URI, problems_of
from jod_pipelines.publication.jod_documents import (
    EDUCATION_FILE,
    EDUCATION_PATHS,
    GROUP_FILE,
    JOB_FILE,
    JOB_PATHS,
    as_lines,
    education_documents,
    job_documents,
)
from jod_pipelines.reference import reference_table
from postgres import PostgresUnavailable, postgres_server
from tests_support import ROOT

pytestmark = pytest.mark.postgres

Connection = psycopg.Connection[tuple[Any, ...]]
LANGUAGES = ("FI", "SV", "EN")
TITLE = "perustiedot.tyomahdollisuudenOtsikko"
SUMMARY = "perustiedot.tyomahdollisuudenTiivistelma"
DESCRIPTION = "perustiedot.tyomahdollisuudenKuvaus"
TASKS = "perustiedot.tyomahdollisuudenTehtavat"
REQUIREMENTS = "perustiedot.tyomahdollisuudenYleisetVaatimukset"
SKILLS = "osaamisvaatimukset.osaamiset"
SKILL_URI = "http://data.europa.eu/esco/skill"
KINDS = {"tyo": "tyomahdollisuus", "koulutus": "koulutusmahdollisuus"}


@dataclass(frozen=True)
class Delivery:
    """The bodies of the three files, and the skills that exist."""

    jobs: bytes = field(repr=False)
    education: bytes = field(repr=False)
    groups: bytes = field(repr=False)
    skills: frozenset[str] = field(repr=False)

    def problems(self) -> list[str]:
        return problems_of(self.jobs, self.education, self.groups, self.skills)


# Loading, as the consumer does it


def deliver(connection: Connection, delivery: Delivery) -> None:
    """TRUNCATE, COPY without any escaping, clear and import, all or nothing."""
    with connection.transaction():
        connection.execute("truncate tyomahdollisuus_data.import, koulutusmahdollisuus_data.import, ammattiryhma_data.import")
        _copy(connection, "copy ammattiryhma_data.import (esco_uri, data) from stdin (format csv, header)", delivery.groups)
        _copy(connection, "copy tyomahdollisuus_data.import (data) from stdin (format text)", delivery.jobs)
        _copy(connection, "copy koulutusmahdollisuus_data.import (data) from stdin (format text)", delivery.education)
        connection.execute("call ammattiryhma_data.import()")
        for kind in KINDS.values():
            connection.execute(f"call {kind}_data.clear()")
            connection.execute(f"call {kind}_data.import()")


def _copy(connection: Connection, command: str, body: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(command) as stream:
        stream.write(body)


def refusal(error: psycopg.Error) -> str:
    """Where the database refused, and which rule: the constraint, the column that must not be null, or the error's name."""
    stage = "copy" if "COPY import" in (error.diag.context or "") else "import"
    if isinstance(error, psycopg.errors.NotNullViolation):
        return f"{stage} {error.diag.table_name}.{error.diag.column_name}"
    return f"{stage} {error.diag.constraint_name or type(error).__name__}"


# What the files say and what the tables hold, in the same words


def said(delivery: Delivery) -> dict[str, Counter[Any]]:
    """Everything in the files that the service is meant to have afterwards."""
    found: dict[str, Counter[Any]] = {aspect: Counter() for aspect in ASPECTS}
    for kind, body in (("tyo", delivery.jobs), ("koulutus", delivery.education)):
        for line in body.splitlines():
            document = orjson.loads(line)
            key = document["id"].lower()
            _say_main(found, kind, key, document)
            for path, part in _distributions(document):
                found["distributions"][kind, key, path, part.get("kokonaismaara"), part.get("tyhjienMaara")] += 1
                for item in part.get("arvot", []):
                    found["values"][kind, key, path, item.get("arvo"), item.get("prosenttiosuus")] += 1
    rows = list(csv.reader(io.StringIO(delivery.groups.decode())))
    for uri, data in rows[1:] if rows[0] == ["esco_uri", "data"] else rows:
        found["groups"][uri, _canonical(orjson.loads(data))] += 1
    return found


ASPECTS = ("opportunities", "texts", "tasks", "distributions", "values", "programmes", "names", "groups")


def _say_main(found: dict[str, Counter[Any]], kind: str, key: str, document: dict[str, Any]) -> None:
    basic = document.get("perustiedot")
    basic = basic if isinstance(basic, dict) else {}
    if kind == "tyo":
        found["opportunities"][kind, key, document.get("aineisto"), document.get("ammattiryhma")] += 1
        texts = {name: basic.get(f"tyomahdollisuuden{name.capitalize()}") for name in ("otsikko", "tiivistelma", "kuvaus")}
    else:
        durations = [document.get(name) for name in ("kestoMinimi", "kestoMediaani", "kestoMaksimi")]
        found["opportunities"][kind, key, document.get("tyyppi"), *durations] += 1
        texts = {name: document.get(name) for name in ("otsikko", "tiivistelma", "kuvaus")}
    for name, by_language in texts.items():
        for language, text in (by_language or {}).items():
            if text is not None:
                found["texts"][kind, key, name, _language(language), text.encode()] += 1
    for language, items in basic.get("tyomahdollisuudenTehtavat", {}).items():
        if items:
            found["tasks"][key, _language(language), "\n".join(items).encode()] += 1
    for item in document.get("koulutukset", []):
        found["programmes"][key, item.get("oid")] += 1
        for language, name in item.get("nimi", {}).items():
            found["names"][key, item.get("oid"), _language(language), name.encode()] += 1


def _distributions(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every distribution in a document, wherever it stands."""
    if isinstance(value, dict):
        if "kokonaismaara" in value or "arvot" in value:
            yield ".".join(path), value
        else:
            for name, part in value.items():
                yield from _distributions(part, (*path, name))


def _language(key: str) -> str:
    return "SV" if key == "se" else key.upper()


def _canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


TEXTS = """
    select '{kind}', m.id::text, f.name, k.kaannos_key, convert_to(f.value, 'UTF8')
    from yksilo.{table} m join yksilo.{table}_kaannos k on k.{table}_id = m.id
    cross join lateral (values ('otsikko', k.otsikko), ('tiivistelma', k.tiivistelma), ('kuvaus', k.kuvaus)) f (name, value)
    where m.aktiivinen and f.value is not null"""
DISTRIBUTIONS = """
    select '{kind}', m.id::text, array_to_string(p.polku, '.'), j.maara, j.tyhjia
    from yksilo.{table} m join yksilo.{table}_jakauma j on j.{table}_id = m.id
    join yksilo.jakauma_polku p on p.laji = '{kind}' and p.tyyppi = j.tyyppi
    where m.aktiivinen"""
VALUES = """
    select '{kind}', m.id::text, array_to_string(p.polku, '.'), a.arvo, a.osuus
    from yksilo.{table} m join yksilo.{table}_jakauma j on j.{table}_id = m.id
    join yksilo.jakauma_polku p on p.laji = '{kind}' and p.tyyppi = j.tyyppi
    join yksilo.{table}_jakauma_arvot a on a.jakauma_id = j.id
    where m.aktiivinen"""
QUERIES = [
    ("opportunities", "select 'tyo', id::text, aineisto, ammattiryhma from yksilo.tyomahdollisuus where aktiivinen"),
    (
        "opportunities",
        """select 'koulutus', id::text, tyyppi, kesto_minimi, kesto_mediaani, kesto_maksimi
        from yksilo.koulutusmahdollisuus where aktiivinen""",
    ),
    *(
        (aspect, query.format(kind=kind, table=table))
        for aspect, query in (("texts", TEXTS), ("distributions", DISTRIBUTIONS), ("values", VALUES))
        for kind, table in KINDS.items()
    ),
    (
        "tasks",
        """select m.id::text, k.kaannos_key, convert_to(k.tehtavat, 'UTF8')
        from yksilo.tyomahdollisuus m join yksilo.tyomahdollisuus_kaannos k on k.tyomahdollisuus_id = m.id
        where m.aktiivinen and k.tehtavat is not null""",
    ),
    (
        "programmes",
        """select m.id::text, v.oid
        from yksilo.koulutusmahdollisuus m join yksilo.koulutus_viite v on v.koulutusmahdollisuus_id = m.id
        where m.aktiivinen""",
    ),
    (
        "names",
        """select m.id::text, v.oid, k.kaannos_key, convert_to(k.nimi, 'UTF8')
        from yksilo.koulutusmahdollisuus m join yksilo.koulutus_viite v on v.koulutusmahdollisuus_id = m.id
        join yksilo.koulutus_viite_kaannos k on k.koulutus_viite_id = v.id
        where m.aktiivinen""",
    ),
]


def held(connection: Connection) -> dict[str, Counter[Any]]:
    """The same of the tables: of active opportunities and of all groups."""
    found: dict[str, Counter[Any]] = {aspect: Counter() for aspect in ASPECTS}
    for aspect, query in QUERIES:
        found[aspect].update(connection.execute(query, binary=True).fetchall())
    groups = connection.execute("select esco_uri, data from yksilo.ammattiryhma").fetchall()
    found["groups"].update((uri, _canonical(data)) for uri, data in groups)
    return found


def losses(connection: Connection, delivery: Delivery) -> list[str]:
    """What a load without an error lost, changed or left useless."""
    meant, there = said(delivery), held(connection)
    problems = [f"not there: {aspect} {item}" for aspect in ASPECTS for item in meant[aspect] - there[aspect]]
    problems += [f"never said: {aspect} {item}" for aspect in ASPECTS for item in there[aspect] - meant[aspect]]
    return problems + [" ".join(row) for row in connection.execute("select laji, id, vika from yksilo.hiljainen_vika")]


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row
    return int(row[0])


def active(connection: Connection, kind: str) -> set[str]:
    return {key for (key,) in connection.execute(f"select id::text from yksilo.{kind} where aktiivinen")}


# Servers, databases, files


@pytest.fixture(scope="module")
def home(request: pytest.FixtureRequest) -> Path:
    """The small home, or one of any size that `JOD_DELIVERED_HOME` names."""
    named = os.environ.get("JOD_DELIVERED_HOME")
    return Path(named) if named else request.getfixturevalue("small_home")


@pytest.fixture(scope="module")
def release(home: Path) -> Delivery:
    folder = home / "releases" / "latest"
    skills = pl.read_parquet(folder / "parquet" / "opportunity_skill" / "*.parquet")["skill_uri"]
    return Delivery(*((folder / "jod" / name).read_bytes() for name in (JOB_FILE, EDUCATION_FILE, GROUP_FILE)), frozenset(skills))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    try:
        with postgres_server() as dsn:
            yield dsn
    except PostgresUnavailable as reason:
        pytest.skip(f"no PostgreSQL: {reason}")


@pytest.fixture(scope="module")
def new_database(server: str, release: Delivery) -> Callable[[], str]:
    """Makes databases with the consumer's tables and the skills the release knows."""
    numbers = itertools.count(1)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create database consumer")
    with psycopg.connect(make_conninfo(server, dbname="consumer", client_encoding="utf8")) as connection:
        for part in sorted((Path(__file__).parent / "consumer").glob("*.sql")):
            connection.execute(part.read_text("utf-8"))
        connection.execute("insert into yksilo.osaaminen select unnest(%s::text[])", [sorted(release.skills)])
        groups = [f"{GROUP_URI}{code}" for code in reference_table("isco_groups")["occupation_code"]]
        connection.execute("insert into yksilo.ammatti select unnest(%s::text[])", [groups])

    def make() -> str:
        name = f"consumer_{next(numbers)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"create database {name} template consumer")
        return make_conninfo(server, dbname=name, client_encoding="utf8")

    return make


@pytest.fixture
def database(new_database: Callable[[], str]) -> Iterator[Connection]:
    """A consumer that has received nothing yet."""
    with psycopg.connect(new_database(), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def loaded(new_database: Callable[[], str], release: Delivery) -> Iterator[Connection]:
    """A consumer that has received the release; only to be read."""
    with psycopg.connect(new_database(), autocommit=True) as connection:
        deliver(connection, release)
        connection.execute("set default_transaction_read_only = on")
        yield connection


@pytest.fixture(scope="module")
def scratch(new_database: Callable[[], str]) -> Iterator[Connection]:
    """A consumer whose every load is undone."""
    with psycopg.connect(new_database(), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def meant(release: Delivery) -> dict[str, Counter[Any]]:
    return said(release)


@pytest.fixture(scope="module")
def there(loaded: Connection) -> dict[str, Counter[Any]]:
    return held(loaded)


# The release arrives whole


def test_the_release_has_no_problems(release: Delivery) -> None:
    assert release.problems() == []


@pytest.mark.parametrize(("name", "kind"), [("jobs", "tyomahdollisuus"), ("education", "koulutusmahdollisuus")])
def test_every_line_is_an_active_opportunity(loaded: Connection, release: Delivery, name: str, kind: str) -> None:
    lines = getattr(release, name).count(b"\n")
    assert lines > 0
    assert count(loaded, f"select count(*) from {kind}_data.import") == lines
    assert count(loaded, f"select count(*) from yksilo.{kind} where aktiivinen") == lines
    assert count(loaded, f"select count(*) from yksilo.{kind}") == lines


@pytest.mark.parametrize("aspect", ASPECTS)
def test_everything_said_is_there(meant: dict[str, Counter[Any]], there: dict[str, Counter[Any]], aspect: str) -> None:
    assert meant[aspect]
    assert there[aspect].total() == meant[aspect].total()
    assert list((meant[aspect] - there[aspect]).elements())[:5] == []
    assert there[aspect] == meant[aspect]


@pytest.mark.parametrize(("name", "paths"), [("jobs", JOB_PATHS), ("education", EDUCATION_PATHS)])
def test_every_type_of_distribution_is_delivered_every_time(
    base: Delivery, meant: dict[str, Counter[Any]], name: str, paths: dict[str, tuple[str, ...]]
) -> None:
    kind = "tyo" if name == "jobs" else "koulutus"
    counted = Counter(row[2] for row in meant["distributions"] if row[0] == kind)
    assert set(counted) == {".".join(path) for path in paths.values()}
    assert set(counted.values()) == {len([row for row in meant["opportunities"] if row[0] == kind])}
    for path in paths.values():
        without = changed(getattr(base, name), put(".".join(path), DROP))
        assert replace(base, **{name: without}).problems(), path


@pytest.mark.parametrize("kind", KINDS)
def test_three_texts_in_three_languages(loaded: Connection, there: dict[str, Counter[Any]], kind: str) -> None:
    texts = {(key, name, language) for of, key, name, language, text in there["texts"] if of == kind and text.strip()}
    wanted = itertools.product(active(loaded, KINDS[kind]), ("otsikko", "tiivistelma", "kuvaus"), LANGUAGES)
    assert texts == set(wanted)


def test_letters_beyond_ascii_survive(meant: dict[str, Counter[Any]], there: dict[str, Counter[Any]]) -> None:
    letters = [{letter for row in of["texts"] for letter in row[-1].decode() if not letter.isascii()} for of in (meant, there)]
    assert letters[1] == letters[0]
    assert letters[1] >= set("åäö")


def test_a_sample_of_shares(loaded: Connection, release: Delivery) -> None:
    """Read straight from the file and one table, past the comparison the other tests use."""
    document = orjson.loads(release.jobs.split(b"\n")[0])
    rows = loaded.execute(
        """select a.arvo, a.osuus from yksilo.tyomahdollisuus_jakauma j
        join yksilo.tyomahdollisuus_jakauma_arvot a on a.jakauma_id = j.id
        where j.tyomahdollisuus_id = %s and j.tyyppi = 'OSAAMINEN'""",
        [document["id"]],
    ).fetchall()
    items = document["osaamisvaatimukset"]["osaamiset"]["arvot"]
    assert items
    assert dict(rows) == {item["arvo"]: item["prosenttiosuus"] for item in items}
    assert len(rows) == len(items)


def test_every_job_finds_its_occupation_group(loaded: Connection, release: Delivery) -> None:
    joined = count(
        loaded, "select count(*) from yksilo.tyomahdollisuus m join yksilo.ammattiryhma g on m.ammattiryhma = g.esco_uri"
    )
    assert joined == sum("ammattiryhma" in orjson.loads(line) for line in release.jobs.splitlines()) > 0


def test_every_education_can_be_planned(new_database: Callable[[], str], release: Delivery) -> None:
    """A plan copies the title of an education into a column of 255 characters."""
    with psycopg.connect(new_database(), autocommit=True) as connection:
        deliver(connection, release)
        done = connection.execute(
            """insert into yksilo.polun_suunnitelma_kaannos
            select koulutusmahdollisuus_id, kaannos_key, otsikko from yksilo.koulutusmahdollisuus_kaannos"""
        )
        assert done.rowcount == 3 * release.education.count(b"\n")


def test_nothing_arrives_useless(loaded: Connection, release: Delivery) -> None:
    assert losses(loaded, release) == []


# A national release

NATIONAL = 5_000
"""Opportunities of each kind: nine times the 560 that 1 000 000 postings gave (decision 0011)."""


@pytest.fixture(scope="module")
def national(home: Path, release: Delivery) -> Delivery:
    """Documents our code makes of the small release's opportunities, copied under new ids until there are enough.

    Not a national run, which takes longer than a test may: a tenth of the values is left out at random (seed 7), and copies have
    1 to 40 times the members.
    """

    def rows(name: str) -> pl.DataFrame:
        return pl.read_parquet(home / "releases" / "latest" / "parquet" / name / "*.parquet")

    def copied(name: str, kind: str) -> pl.DataFrame:
        own = rows(name).join(wanted[kind], on="opportunity_id")
        return own.with_columns(opportunity_id="new_id").drop("new_id", "copy")

    wanted = {}
    for kind in ("job", "education"):
        ids = rows(f"{kind}_opportunity").filter("active").select("opportunity_id").sort("opportunity_id")
        copies = ids.join(pl.DataFrame({"copy": range(-(-NATIONAL // len(ids)))}), how="cross").head(NATIONAL)
        name = pl.concat_str("opportunity_id", pl.col("copy").cast(pl.String), separator=" ")
        new_id = name.map_elements(lambda text: str(uuid.uuid5(uuid.NAMESPACE_OID, text)), return_dtype=pl.String)
        wanted[kind] = copies.with_columns(new_id=new_id)
    jobs, schools = (
        copied(f"{kind}_opportunity", kind).with_columns(members=pl.col("members") * (1 + pl.int_range(pl.len()) % 40))
        for kind in wanted
    )
    job_values, school_values = (
        copied(f"{kind}_opportunity_distribution", kind).sample(fraction=0.9, seed=7, shuffle=True) for kind in wanted
    )
    programmes = copied("education_opportunity_programme", "education")
    return replace(
        release,
        jobs=as_lines(job_documents(jobs, job_values, "synthetic")),
        education=as_lines(education_documents(schools, programmes, school_values, "synthetic")),
    )


@pytest.mark.long
def test_a_national_release_arrives_whole(database: Connection, national: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    """Counted twice: document by document in the files against the tables, and row by row what was said against what is held."""
    times = [time.perf_counter()]
    problems = national.problems()
    times.append(time.perf_counter())
    deliver(database, national)
    times.append(time.perf_counter())

    assert problems == []
    lines = {"tyomahdollisuus": national.jobs.count(b"\n"), "koulutusmahdollisuus": national.education.count(b"\n")}
    for kind, number in lines.items():
        assert number == NATIONAL
        assert count(database, f"select count(*) from {kind}_data.import") == number
        assert count(database, f"select count(*) from yksilo.{kind} where aktiivinen") == number
    meant, there = said(national), held(database)
    for aspect in ASPECTS:
        assert there[aspect] == meant[aspect] != Counter(), aspect
    assert count(database, "select count(*) from yksilo.hiljainen_vika") == 0
    with capsys.disabled():
        megabytes = (len(national.jobs) + len(national.education)) / 1e6
        print(
            f"\n{sum(lines.values())} documents, {megabytes:.0f} MB: checked in {times[1] - times[0]:.0f} s, "
            f"loaded in {times[2] - times[1]:.0f} s; rows said and held: "
            + ", ".join(f"{aspect} {meant[aspect].total()} {there[aspect].total()}" for aspect in ASPECTS)
        )


@pytest.mark.long
def test_one_lost_document_of_a_national_release_is_seen(database: Connection, national: Delivery) -> None:
    lines = national.education.splitlines(keepends=True)
    deliver(database, replace(national, education=b"".join(lines[:2_500] + lines[2_501:])))
    lost = orjson.loads(lines[2_500])["id"]
    problems = losses(database, national)
    assert problems
    assert all(lost in problem for problem in problems)


# Deliveries after the first


def test_the_same_delivery_again_changes_nothing(database: Connection, release: Delivery) -> None:
    deliver(database, release)
    before = held(database)
    deliver(database, release)
    assert held(database) == before
    assert losses(database, release) == []
    for kind in KINDS.values():  # nothing stays behind what was rewritten
        assert count(database, f"select count(*) from yksilo.{kind}") == len(active(database, kind))
        values = count(database, f"select count(*) from yksilo.{kind}_jakauma_arvot")
        assert values == sum(n for row, n in before["values"].items() if KINDS[row[0]] == kind)


@pytest.mark.parametrize(("name", "kind"), [("jobs", "tyomahdollisuus"), ("education", "koulutusmahdollisuus")])
def test_an_opportunity_left_out_turns_inactive(database: Connection, release: Delivery, name: str, kind: str) -> None:
    deliver(database, release)
    first, *rest = getattr(release, name).splitlines(keepends=True)
    gone = orjson.loads(first)["id"]
    database.execute(f"insert into yksilo.yksilon_suosikki ({kind}_id) values (%s)", [gone])
    before = active(database, kind)

    shorter = replace(release, **{name: b"".join(rest)})
    deliver(database, shorter)
    assert active(database, kind) == before - {gone}
    assert count(database, f"select count(*) from yksilo.{kind}") == len(before)
    assert count(database, f"select count(*) from yksilo.{kind}_kaannos where {kind}_id = '{gone}'") == 3
    assert count(database, f"select count(*) from yksilo.yksilon_suosikki where {kind}_id = '{gone}'") == 1
    assert losses(database, shorter) == []

    deliver(database, release)
    assert active(database, kind) == before


def test_one_bad_document_blocks_the_whole_delivery(database: Connection, release: Delivery) -> None:
    deliver(database, release)
    before = held(database)
    lines = release.jobs.splitlines(keepends=True)
    bad = orjson.loads(lines[-1]) | {"aineisto": "MUU"}
    with pytest.raises(psycopg.errors.CheckViolation):
        deliver(database, replace(release, jobs=b"".join(lines[1:-1]) + orjson.dumps(bad) + b"\n"))
    assert held(database) == before


def test_an_empty_file_retires_everything(database: Connection, release: Delivery) -> None:
    """Why a release says of an empty file that it is not to be delivered."""
    deliver(database, release)
    deliver(database, replace(release, jobs=b""))
    assert not active(database, "tyomahdollisuus")
    assert len(active(database, "koulutusmahdollisuus")) == release.education.count(b"\n")


def test_a_language_left_out_is_stale_in_education_and_gone_in_jobs(database: Connection, base: Delivery) -> None:
    deliver(database, base)
    jobs = [put(f"{path}.sv", DROP) for path in (TITLE, SUMMARY, DESCRIPTION, TASKS)]
    education = [put(f"{path}.sv", DROP) for path in ("otsikko", "tiivistelma", "kuvaus")]
    deliver(database, replace(base, jobs=changed(base.jobs, *jobs), education=changed(base.education, *education)))
    for kind, rows in (("tyomahdollisuus", 2), ("koulutusmahdollisuus", 3)):
        document = orjson.loads((base.jobs if kind == "tyomahdollisuus" else base.education).splitlines()[0])
        assert count(database, f"select count(*) from yksilo.{kind}_kaannos where {kind}_id = '{document['id']}'") == rows


def test_a_group_left_out_keeps_its_numbers(database: Connection, release: Delivery) -> None:
    deliver(database, release)
    before = held(database)["groups"]
    used = {orjson.loads(line).get("ammattiryhma") for line in release.jobs.splitlines()}
    rows = [row for row in csv.reader(io.StringIO(release.groups.decode())) if row[0] in used]
    deliver(database, replace(release, groups=group_file(rows)))
    assert held(database)["groups"] == before


def test_what_others_made_of_ammattitieto_turns_inactive(database: Connection, release: Delivery) -> None:
    """The consumer clears a kind whole: who delivers occupations of Ammattitieto has to put them into our file."""
    first, *rest = release.jobs.splitlines(keepends=True)
    theirs = orjson.loads(first) | {"aineisto": "AMMATTITIETO"}
    deliver(database, replace(release, jobs=orjson.dumps(theirs) + b"\n"))
    assert active(database, "tyomahdollisuus") == {theirs["id"]}
    deliver(database, replace(release, jobs=b"".join(rest)))
    assert theirs["id"] not in active(database, "tyomahdollisuus")


def test_who_delivers_may_not_import(database: Connection, base: Delivery) -> None:
    with database.transaction(force_rollback=True):
        database.execute("set local role dataloader")
        _copy(database, "copy tyomahdollisuus_data.import (data) from stdin (format text)", base.jobs)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("call tyomahdollisuus_data.import()")
    deliver(database, base)


def test_postings_and_times_of_an_opportunity_are_passed_over(scratch: Connection, base: Delivery) -> None:
    """The consumer keeps them in its staging and reads nothing of them; they would hold business ids."""
    postings = [{"ilmoituksenID": 1, "ilmoittajanYTunnus": "1234567-1", "julkaisupvm": "2026-03-02"}]
    for name, value in (("tyopaikkailmoitukset", postings), ("luomisaika", "2026-03-02T06:00:00Z")):
        more = replace(base, jobs=changed(base.jobs, put(name, value)))
        assert [problem for problem in more.problems() if name in problem]
        with scratch.transaction(force_rollback=True):
            deliver(scratch, base)
            before = held(scratch)
            deliver(scratch, more)
            assert held(scratch) == before


# Damaged files

DROP = object()
Change = Callable[[Any], Any]
"""Of the documents of a file (the first is the one to damage), of the rows [uri, data] of the groups, or of a whole body."""


def put(path: str, value: Any) -> Change:
    """Set a value in the first document by its dotted path, or DROP it; a function gets the old value."""

    def change(documents: list[Any]) -> None:
        place, last = _place(documents[0], path)
        if value is DROP:
            del place[last]
        else:
            place[last] = value(place[last]) if callable(value) else copy.deepcopy(value)

    return change


def move(path: str, old: str, new: str) -> Change:
    """Rename a key of the object at a path of the first document."""

    def change(documents: list[Any]) -> None:
        place, last = _place(documents[0], f"{path}.{old}")
        place[new] = place.pop(last)

    return change


def _place(document: Any, path: str) -> tuple[Any, Any]:
    *parents, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    for name in parents:
        document = document[name]
    return document, last


def all_of(*changes: Change) -> Change:
    def change(documents: list[Any]) -> None:
        for one in changes:
            one(documents)

    return change


def changed(body: bytes, *changes: Change) -> bytes:
    documents = [orjson.loads(line) for line in body.splitlines()]
    for change in changes:
        change(documents)
    return b"".join(orjson.dumps(document) + b"\n" for document in documents)


def group_file(rows: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["esco_uri", "data"])
    writer.writerows([uri, data if isinstance(data, str) else orjson.dumps(data).decode(), *more] for uri, data, *more in rows)
    return text.getvalue().encode()


def in_title(raw: bytes) -> Change:
    """Write raw bytes at the beginning of the first Finnish title of a body."""

    def change(body: bytes) -> bytes:
        marker = b'tsikko":{"fi":"'
        assert marker in body
        return body.replace(marker, marker + raw, 1)

    return change


@dataclass(frozen=True)
class Case:
    """One fault.

    Attributes:
        raw: the change is of the whole body.
        refused: the answer of the database, see `refusal`, one of them.
        lost: or, when the fault comes in silently, what is then lost, see `losses`.
    """

    name: str
    file: str
    change: Change
    refused: tuple[str, ...] = ()
    raw: bool = False
    lost: str = ""

    def of(self, base: Delivery) -> Delivery:
        body = getattr(base, self.file)
        if self.raw:
            body = self.change(body)
        elif self.file == "groups":
            rows: list[list[Any]] = [[uri, orjson.loads(data)] for uri, data in list(csv.reader(io.StringIO(body.decode())))[1:]]
            self.change(rows)
            body = group_file(rows)
        else:
            body = changed(body, self.change)
        return replace(base, **{self.file: body})


def job(name: str, change: Change, *refused: str, **more: Any) -> Case:
    return Case(f"job {name}", "jobs", change, refused, **more)


def education(name: str, change: Change, *refused: str, **more: Any) -> Case:
    return Case(f"education {name}", "education", change, refused, **more)


def group(name: str, change: Change, *refused: str, **more: Any) -> Case:
    return Case(f"group {name}", "groups", change, refused, **more)


NO_JSON = "copy InvalidTextRepresentation"
NO_OBJECT = "import InvalidParameterValue"
NO_NUMBER = "import InvalidTextRepresentation"
TOO_LONG = "import StringDataRightTruncation"
JOB_COUNTS = ("import tyomahdollisuus_jakauma.maara", "import tyomahdollisuus_jakauma.tyhjia")
EDUCATION_COUNTS = ("import koulutusmahdollisuus_jakauma.maara", "import koulutusmahdollisuus_jakauma.tyhjia")
DISTRIBUTION = {"kokonaismaara": 3, "tyhjienMaara": 0, "arvot": [{"arvo": "091", "prosenttiosuus": 100.0}]}

STAGING_CASES = [
    job("without id", put("id", DROP), "copy import.id"),
    job("with null as id", put("id", None), "copy import.id"),
    job("with an id that is no UUID", put("id", "tyo-1"), NO_JSON),
    job("with a list as id", put("id", []), NO_JSON),
    job(
        "with the URN form of a UUID as id",
        put("id", lambda old: f"urn:uuid:{old}"),
        NO_JSON,
    ),
    job("with the id of another", lambda d: d[1].update(id=d[0]["id"]), "copy import_pkey"),
    job(
        "with the id of another in capitals",
        lambda d: d[1].update(id=d[0]["id"].upper()),
        "copy import_pkey",
    ),
    job("that is a list", lambda d: d.append([]), "copy import.id"),
    job("line that is blank", lambda body: b"\n" + body, NO_JSON, raw=True),
    job("file with a byte order mark", lambda body: b"\xef\xbb\xbf" + body, NO_JSON, raw=True),
    job("with NaN", lambda body: body.replace(b'"kokonaismaara":', b'"kokonaismaara":NaN,"x":', 1), NO_JSON, raw=True),
    job("with an escaped NUL", in_title(rb"\\u0000"), "copy UntranslatableCharacter", raw=True),
    job("with a bare control character", in_title(b"\x01"), NO_JSON, raw=True),
    job("with a bare tab", in_title(b"\t"), "copy BadCopyFileFormat", raw=True),
    job("with an escaped quote", in_title(rb"\""), NO_JSON, raw=True),
    job("with an escaped newline", in_title(rb"\n"), NO_JSON, raw=True),
    job("with an escaped tab", in_title(rb"\t"), NO_JSON, raw=True),
    job("that is not UTF-8", in_title("ä".encode("latin-1")), "copy CharacterNotInRepertoire", raw=True),
    job("that is cut off", lambda body: body[: len(body) - 20] + b"\n", NO_JSON, raw=True),
    education("without id", put("id", DROP), "copy import.id"),
    education("with an id that is no UUID", put("id", "1.2.246.562.13.1"), NO_JSON),
    education("with the id of another", lambda d: d[1].update(id=d[0]["id"]), "copy import_pkey"),
    education("line that is blank", lambda body: body + b"\n", NO_JSON, raw=True),
    education("with an escaped quote", in_title(rb"\""), NO_JSON, raw=True),
]
JOB_CASES = [
    job("of another aineisto", put("aineisto", "MUU"), "import tyomahdollisuus_aineisto_check"),
    job("of an aineisto in small letters", put("aineisto", "tmt"), "import tyomahdollisuus_aineisto_check"),
    job("with a long ammattiryhma", put("ammattiryhma", "http://data.europa.eu/esco/isco/C" + "1" * 255), TOO_LONG),
    job("with null as title", put(TITLE, None), NO_OBJECT),
    job("with a text as title", put(TITLE, "Lähihoitaja"), NO_OBJECT),
    job("with null as summary", put(SUMMARY, None), NO_OBJECT),
    job("with a text as summary", put(SUMMARY, "Työ"), NO_OBJECT),
    job("with null as description", put(DESCRIPTION, None), NO_OBJECT),
    job("with a text as description", put(DESCRIPTION, "Työ"), NO_OBJECT),
    job("with a title in Russian", put(f"{TITLE}.ru", "Повар"), "import tyomahdollisuus_kaannos_kaannos_key_check"),
    job("with a title in both se and sv", put(f"{TITLE}.se", "Kock"), "import tyomahdollisuus_kaannos_pkey"),
    job("with a text as tasks of a language", put(f"{TASKS}.fi", "keittää"), NO_OBJECT),
    job("with an object as tasks of a language", put(f"{TASKS}.fi", {"1": "keittää"}), NO_OBJECT),
    job("with null as distribution", put(SKILLS, None), *JOB_COUNTS),
    job("with an empty distribution", put(SKILLS, {}), *JOB_COUNTS),
    job("without kokonaismaara", put(f"{SKILLS}.kokonaismaara", DROP), JOB_COUNTS[0]),
    job("without tyhjienMaara", put("tyokieletJakauma.tyhjienMaara", DROP), JOB_COUNTS[1]),
    job("with a text as count", put(f"{SKILLS}.kokonaismaara", "21"), NO_OBJECT),
    job("with null as count", put("sijainti.maaJakauma.tyhjienMaara", None), NO_OBJECT, JOB_COUNTS[1]),
    job("with true as count", put("sijainti.maaJakauma.kokonaismaara", True), NO_OBJECT),
    job(
        "with a count beyond integers",
        put(f"{SKILLS}.kokonaismaara", 2**31),
        "import NumericValueOutOfRange",
    ),
    job("with null as values", put(f"{SKILLS}.arvot", None), NO_OBJECT),
    job("with an object as values", put(f"{SKILLS}.arvot", {"arvo": "x"}), NO_OBJECT),
    job("with a list of texts as values", put("sijainti.kuntaJakauma.arvot", ["091"]), NO_OBJECT),
    job(
        "with a value twice",
        put("sijainti.maakuntaJakauma.arvot", lambda old: [*old, old[0]]),
        "import tyomahdollisuus_jakauma_id_arvo",
    ),
    job(
        "with a value as number and as text",
        put("perustiedot.toimialaJakauma.arvot", [{"arvo": arvo, "prosenttiosuus": 50} for arvo in (62010, "62010")]),
        "import tyomahdollisuus_jakauma_id_arvo",
    ),
    job("with a long value", put("sijainti.maaJakauma.arvot", [{"arvo": "F" * 256, "prosenttiosuus": 1}]), TOO_LONG),
    job("with a long skill", put(f"{SKILLS}.arvot.0.arvo", lambda old: old + "a" * 255), TOO_LONG),
    job("with a decimal comma in a share", put(f"{SKILLS}.arvot.0.prosenttiosuus", "5,5"), NO_NUMBER),
    job("with true as share", put(f"{SKILLS}.arvot.0.prosenttiosuus", True), NO_NUMBER),
    job("with an empty text as share", put(f"{SKILLS}.arvot.0.prosenttiosuus", ""), NO_NUMBER),
]
EDUCATION_CASES = [
    education("without tyyppi", put("tyyppi", DROP), "import koulutusmahdollisuus.tyyppi"),
    education("with null as tyyppi", put("tyyppi", None), "import koulutusmahdollisuus.tyyppi"),
    education("of another tyyppi", put("tyyppi", "KURSSI"), "import koulutusmahdollisuus_tyyppi_check"),
    education("with an empty text as duration", put("kestoMinimi", ""), NO_NUMBER),
    education("with a text as duration", put("kestoMediaani", "3 v"), NO_NUMBER),
    education("with true as duration", put("kestoMaksimi", True), NO_NUMBER),
    education("with a title in se", put("otsikko.se", "Kock"), "import koulutusmahdollisuus_kaannos_kaannos_key_check"),
    education(
        "with se instead of sv",
        all_of(*(move(name, "sv", "se") for name in ("otsikko", "tiivistelma", "kuvaus"))),
        "import koulutusmahdollisuus_kaannos_kaannos_key_check",
    ),
    education("with null as title", put("otsikko", None), NO_OBJECT),
    education("with a text as summary", put("tiivistelma", "Koulutus"), NO_OBJECT),
    education("with null as description", put("kuvaus", None), NO_OBJECT),
    education("with null as koulutukset", put("koulutukset", None), NO_OBJECT),
    education("with a list of texts as koulutukset", put("koulutukset", ["1.2.246.562.13.1"]), NO_OBJECT),
    education(
        "with an object as koulutukset",
        put("koulutukset", {"oid": "1.2.246.562.13.1"}),
        NO_OBJECT,
    ),
    education("without oid", put("koulutukset.0.oid", DROP), "import koulutus_viite.oid"),
    education(
        "with an oid under two names",
        put("koulutukset", lambda old: [*old, old[0] | {"nimi": {"fi": "Toinen"}}]),
        "import koulutus_viite_oid_key",
    ),
    education(
        "with a long oid",
        put("koulutukset.0.oid", "1.2.246.562.13." + "1" * 255),
        TOO_LONG,
    ),
    education("with null as name", put("koulutukset.0.nimi.fi", None), "import koulutus_viite_kaannos.nimi"),
    education("with a name in Russian", put("koulutukset.0.nimi.ru", "Повар"), "import koulutus_viite_kaannos_kaannos_key_check"),
    education("with null as distribution", put("koulutusalaJakauma", None), *EDUCATION_COUNTS),
    education("without counts", put("osaamiset", {"arvot": []}), *EDUCATION_COUNTS),
    education("with a text as count", put("osaamiset.tyhjienMaara", "0"), NO_OBJECT),
    education("with null as values", put("sijainti.kuntaJakauma.arvot", None), NO_OBJECT),
    education(
        "with a value twice", put("osaamiset.arvot", lambda old: [*old, old[0]]), "import koulutusmahdollisuus_jakauma_id_arvo"
    ),
    education("with a share that is no number", put("osaamiset.arvot.0.prosenttiosuus", "kaikki"), NO_NUMBER),
]
GROUP_CASES = [
    group("with a long uri", lambda rows: rows[0].__setitem__(0, rows[0][0] + "1" * 255), "copy StringDataRightTruncation"),
    group("with no uri", lambda rows: rows[0].__setitem__(0, ""), "import ammattiryhma.esco_uri"),
    group("with no data", lambda rows: rows[0].__setitem__(1, ""), "import ammattiryhma.data"),
    group("with data that is no JSON", lambda rows: rows[0].__setitem__(1, "{'uri': 1}"), NO_JSON),
    group("with a third column", lambda rows: rows[0].append("x"), "copy BadCopyFileFormat"),
    group("twice", lambda rows: rows.append(rows[0]), "import CardinalityViolation"),
    group(
        "file that is not UTF-8",
        lambda body: body + b"\xe4,{}\n",
        "copy CharacterNotInRepertoire",
        raw=True,
    ),
]
SILENT_CASES = [
    job("in ASCII escapes", in_title(rb"\u00e4"), raw=True, lost="not there: texts"),
    job("without aineisto", put("aineisto", DROP), lost="no aineisto"),
    job("without perustiedot", put("perustiedot", DROP), lost="no row in FI"),
    job("with a text as perustiedot", put("perustiedot", "kokki"), lost="no row in FI"),
    job("without title", put(TITLE, DROP), lost="no row in FI"),
    job("without Finnish title", put(f"{TITLE}.fi", None), lost="an empty text in FI"),
    job("without summary", put(SUMMARY, DROP), lost="an empty text in SV"),
    job("with an empty description", put(f"{DESCRIPTION}.en", ""), lost="an empty text in EN"),
    job("with Swedish in all texts but the title", put(f"{TITLE}.sv", DROP), lost="not there: texts"),
    job("with its title alone in se", move(TITLE, "sv", "se"), lost="an empty text in SV"),
    job(
        "with its tasks alone in se",
        move(TASKS, "sv", "se"),
        lost="not there: tasks",
    ),
    job(
        "with lists as general requirements",
        put(REQUIREMENTS, {"fi": ["hygieniapassi"]}),
        lost="raw JSON",
    ),
    job("without share", put(f"{SKILLS}.arvot.0.prosenttiosuus", DROP), lost="share that is none"),
    job("with a share in camel case", move(f"{SKILLS}.arvot.0", "prosenttiosuus", "prosenttiOsuus"), lost="share that is none"),
    job("with a share over 100", put(f"{SKILLS}.arvot.0.prosenttiosuus", 250), lost="share that is none"),
    job("with a share under 0", put(f"{SKILLS}.arvot.0.prosenttiosuus", -1), lost="share that is none"),
    job("without value", put(f"{SKILLS}.arvot.0.arvo", DROP), lost="without code"),
    job("with null as value", put(f"{SKILLS}.arvot.0.arvo", None), lost="without code"),
    job(
        "with a distribution nobody knows",
        put("perustiedot.tyonKestoJakauma", DISTRIBUTION),
        lost="not there: distributions",
    ),
    job(
        "with municipalities at the root",
        put("kuntaJakauma", DISTRIBUTION),
        lost="not there: distributions",
    ),
    job(
        "with regions under perustiedot",
        lambda d: d[0]["perustiedot"].update(maakuntaJakauma=d[0]["sijainti"].pop("maakuntaJakauma")),
        lost="not there: distributions",
    ),
    job(
        "with a skill nobody knows",
        put(f"{SKILLS}.arvot.0.arvo", "http://data.europa.eu/esco/skill/0"),
        lost="unknown skill",
    ),
    job(
        "with a region code of another list",
        put("sijainti.maakuntaJakauma.arvot.0.arvo", "maakunta_01"),
        lost="MAAKUNTA: no such code",
    ),
    job(
        "with a municipality without zero",
        put("sijainti.kuntaJakauma.arvot", [{"arvo": "91", "prosenttiosuus": 1}]),
        lost="KUNTA: no such code",
    ),
    job("with the letter of an industry", put("perustiedot.toimialaJakauma.arvot.0.arvo", "J"), lost="TOIMIALA: no such code"),
    job("of an unknown ammattiryhma", put("ammattiryhma", "http://data.europa.eu/esco/isco/C9999"), lost="no such ammattiryhma"),
    job("of an empty ammattiryhma", put("ammattiryhma", ""), lost="no such ammattiryhma"),
    job(
        "with the CSV header as ammattiryhma",
        put("ammattiryhma", "esco_uri"),
        lost="no such ammattiryhma",
    ),
    education("without title", put("otsikko", DROP), lost="no row in FI"),
    education("without Swedish description", put("kuvaus.sv", DROP), lost="an empty text in SV"),
    education("with a title too long for a plan", put("otsikko.fi", "Kokki " * 50), lost="too long for a plan"),
    education("with a part of the durations", put("kestoMediaani", DROP), lost="a part of the durations"),
    education(
        "with municipalities at the root",
        put("kuntaJakauma", DISTRIBUTION),
        lost="not there: distributions",
    ),
    education(
        "with a field of education without version",
        put("koulutusalaJakauma.arvot.0.arvo", lambda old: old[: old.index("#")]),
        lost="KOULUTUSALA: no such code",
    ),
    education("with a programme twice", put("koulutukset", lambda old: [*old, old[0]]), lost="not there: programmes"),
    education("with the oid of an organisation", put("koulutukset.0.oid", "1.2.246.562.10.1"), lost="not the oid of a koulutus"),
    group("file without header", lambda body: body.split(b"\n", 1)[1], raw=True, lost="not there: groups"),
    group("with data of another", lambda rows: rows[0][1].update(uri=rows[1][0]), lost="uri and data disagree"),
    group(
        "with kohtaanto in small letters",
        lambda rows: rows[0][1].update(kohtaanto={"tyyppi": "tasapaino"}),
        lost="unknown kohtaanto",
    ),
    group(
        "with null as kohtaanto",
        lambda rows: rows[0][1].update(kohtaanto=None),
        lost="unknown kohtaanto",
    ),
    group("with null as wage", lambda rows: rows[0][1].update(palkkaus={"mediaani": None}), lost="null reads as 0"),
    group(
        "with a text as wage",
        lambda rows: rows[0][1].update(palkkaus={"mediaani": "3 200 €"}),
        lost="a number that is none",
    ),
    group(
        "with a text as share",
        lambda rows: rows[0][1].update(tyollisetMaakunnittain=[{"maakunta": "01", "osuus": "25,3"}]),
        lost="a share that is no number",
    ),
    group(
        "with a number as region",
        lambda rows: rows[0][1].update(tyollisetMaakunnittain=[{"maakunta": 1, "osuus": 25.3}]),
        lost="no two-digit text",
    ),
]


def coded(kind: Callable[..., Case], distribution: str, path: str, code: str) -> Case:
    """A value that is not of the code system of its distribution."""
    return kind(
        f"with {code} in {distribution}",
        put(path, {"kokonaismaara": 3, "tyhjienMaara": 0, "arvot": [{"arvo": code, "prosenttiosuus": 100.0}]}),
        lost=f"{distribution}: no such code",
    )


CODE_CASES = [
    coded(job, "AMMATTI", "osaamisvaatimukset.ammatit", "http://data.europa.eu/esco/isco/C2512"),
    coded(job, "AJOKORTTI", "osaamisvaatimukset.ajokorttiJakauma", "B-kortti"),
    coded(job, "RIKOSREKISTERIOTE", "osaamisvaatimukset.rikosrekisterioteJakauma", "kyllä"),
    coded(job, "MATKUSTUSVAATIMUS", "perustiedot.matkustamisvaatimusJakauma", "2"),
    coded(job, "PALKAN_PERUSTE", "perustiedot.palkanPerusteJakauma", "01"),
    coded(job, "PALVELUSSUHDE", "perustiedot.palvelussuhdeJakauma", "01"),
    coded(job, "TYOAIKA", "perustiedot.tyoaikaJakauma", "FULL_TIME"),
    coded(job, "TYON_JATKUVUUS", "perustiedot.tyonJatkuvuusJakauma", "0201"),
    coded(job, "MAA", "sijainti.maaJakauma", "FIN"),
    coded(job, "MAAKUNTA", "sijainti.maakuntaJakauma", "20"),
    coded(job, "SIJAINTI_JOUSTAVA", "sijainti.sijaintiJoustavaJakauma", "ei"),
    coded(job, "TYOKIELI", "tyokieletJakauma", "FI"),
    coded(education, "MAKSULLISUUS", "maksullisuusJakauma", "ilmainen"),
    coded(education, "OPETUSTAPA", "opetustapaJakauma", "opetuspaikkakk_1"),
    coded(education, "AIKA", "aikaJakauma", "opetuspaikkakk_1#1"),
    coded(education, "KUNTA", "sijainti.kuntaJakauma", "kunta_091"),
    coded(education, "MAAKUNTA", "sijainti.maakuntaJakauma", "MK01"),
]
MORE_CASES = [
    job("with its empty members as a percentage", move(SKILLS, "tyhjienMaara", "tyhjienProsenttiosuus"), JOB_COUNTS[1]),
    job("with a newline in a task", put(f"{TASKS}.fi.0", "keittää\nja paistaa"), NO_JSON),
    education("with a duration in parts of months", put("kestoMediaani", 30.5), lost="no whole months"),
    job("with a share of 0", put(f"{SKILLS}.arvot.0.prosenttiosuus", 0), lost="share that is none"),
    education("with an unknown skill", put("osaamiset.arvot.0.arvo", "http://data.europa.eu/esco/skill/0"), lost="unknown skill"),
    group(
        "with a share of many decimals",
        lambda rows: rows[0][1].update(tyollisetMaakunnittain=[{"maakunta": "01", "osuus": 55.123456}]),
        lost="a share shown unrounded",
    ),
    group(
        "that ESCO does not have",
        lambda rows: rows.append([f"{GROUP_URI}9999", {"uri": f"{GROUP_URI}9999"}]),
        lost="no such group in ESCO",
    ),
    group(
        "with a text as share of a field of education",
        lambda rows: rows[0][1].update(tyollisetKoulutusAloittain=[{"koulutusala": "06", "osuus": "25,3"}]),
        lost="a share that is no number",
    ),
    group(
        "with a share under the name of a distribution's",
        lambda rows: rows[0][1].update(tyollisetMaakunnittain=[{"maakunta": "01", "prosenttiosuus": 55.1}]),
        lost="a share that is no number",
    ),
]
CASES = STAGING_CASES + JOB_CASES + EDUCATION_CASES + GROUP_CASES + SILENT_CASES + CODE_CASES + MORE_CASES


def test_every_rule_of_the_consumer_is_broken_or_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    named = [fault for rule in RULES for fault in rule.faults]
    assert set(named) == {case.name for case in CASES}
    assert len(named) == len(set(named)) == len(CASES)
    for rule in RULES:
        assert bool(rule.faults or rule.tests) != bool(rule.not_here), rule.says
        for file, name in (test.split("::") for test in rule.tests):
            assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text("utf-8"), name
    planted = sum(bool(rule.faults) for rule in RULES)
    with_reason = sum(bool(rule.not_here) for rule in RULES)
    with capsys.disabled():
        print(
            f"\n{len(RULES)} rules of the consumer: {planted} broken by {len(CASES)} planted faults, "
            f"{len(RULES) - planted - with_reason} by other tests, {with_reason} that cannot be broken here"
        )


@pytest.fixture(scope="module")
def base(release: Delivery) -> Delivery:
    """Two opportunities of each kind, the first of which says everything that the faults damage; all groups."""

    def rich_first(body: bytes, *paths: str) -> bytes:
        def says(document: dict[str, Any], path: str) -> bool:
            value: Any = document
            for name in path.split("."):
                value = value.get(name) if isinstance(value, dict) else None
            return bool(value)

        documents = [orjson.loads(line) for line in body.splitlines()]
        rich = next(document for document in documents if all(says(document, path) for path in paths))
        other = next(document for document in documents if document is not rich)
        return b"".join(orjson.dumps(document) + b"\n" for document in (rich, other))

    return Delivery(
        rich_first(
            release.jobs, f"{TASKS}.sv", f"{SKILLS}.arvot", "sijainti.maakuntaJakauma.arvot", "perustiedot.toimialaJakauma.arvot"
        ),
        rich_first(release.education, "kestoMinimi", "koulutukset", "osaamiset.arvot", "koulutusalaJakauma.arvot"),
        release.groups,
        release.skills,
    )


def test_the_undamaged_files_load_whole(scratch: Connection, base: Delivery) -> None:
    assert base.problems() == []
    with scratch.transaction(force_rollback=True):
        deliver(scratch, base)
        assert losses(scratch, base) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_is_refused_or_loses_something(scratch: Connection, base: Delivery, case: Case) -> None:
    damaged = case.of(base)
    assert damaged != base
    with scratch.transaction(force_rollback=True):
        if case.refused:
            with pytest.raises(psycopg.Error) as caught:
                deliver(scratch, damaged)
            assert refusal(caught.value) in case.refused, caught.value
        else:
            deliver(scratch, damaged)
            assert case.lost
            assert [loss for loss in losses(scratch, damaged) if case.lost in loss]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_is_reported_beforehand(base: Delivery, case: Case) -> None:
    assert case.of(base).problems()


@pytest.mark.parametrize(
    ("path", "code"),
    [("kielitaito", f"{SKILL_URI}/6d3edede-8951-4621-a835-e04323300fa0"), ("kortitJaLuvat", "1"), ("koulutusaste", "3")],
)
def test_codes_the_consumer_has_no_list_of_are_held_to_our_own(scratch: Connection, base: Delivery, path: str, code: str) -> None:
    values = [{"arvo": code, "prosenttiosuus": 100.0}]
    wrong = replace(base, jobs=changed(base.jobs, put(f"osaamisvaatimukset.{path}Jakauma.arvot", values)))
    assert [problem for problem in wrong.problems() if path in problem]
    with scratch.transaction(force_rollback=True):
        deliver(scratch, wrong)
        assert losses(scratch, wrong) == []


HARMLESS = {
    "job id in capitals": job("", put("id", str.upper)),
    "job of Ammattitieto": job("", put("aineisto", "AMMATTITIETO")),
    "job in se throughout": job("", all_of(*(move(path, "sv", "se") for path in (TITLE, SUMMARY, DESCRIPTION, TASKS)))),
    "job with null as tasks": job("", put(TASKS, None)),
    "job with null as tasks of a language": job("", put(f"{TASKS}.fi", None)),
    "job with no tasks in a language": job("", put(f"{TASKS}.fi", [])),
    "job with null as general requirements": job("", put(REQUIREMENTS, None)),
    "job without distributions": job("", all_of(put("osaamisvaatimukset", DROP), put("sijainti", DROP))),
    "job without values": job("", put(f"{SKILLS}.arvot", DROP)),
    "job with unknown keys": job("", put("perustiedot.uusi", {"a": [None]})),
    "education with durations as text": education("", all_of(put("kestoMinimi", "30"), put("kestoMaksimi", "42"))),
    "education without koulutukset": education("", put("koulutukset", DROP)),
    "education without name": education("", put("koulutukset.0.nimi", DROP)),
    "education with null as name": education("", put("koulutukset.0.nimi", None)),
    "files of which the last line has no end": Case("", "jobs", lambda body: body[:-1], raw=True),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_the_rendering_is_no_stricter_than_the_consumer(scratch: Connection, base: Delivery, name: str) -> None:
    with scratch.transaction(force_rollback=True):
        deliver(scratch, HARMLESS[name].of(base))
        assert count(scratch, "select count(*) from yksilo.hiljainen_vika") == 0


@pytest.mark.parametrize(
    ("path", "value", "column", "stored"),
    [
        ("sijainti.maaJakauma.kokonaismaara", 40.6, "maara", 41),
        ("sijainti.maaJakauma.arvot", [{"arvo": 109, "prosenttiosuus": 5}], "arvo", "109"),
        ("sijainti.maaJakauma.arvot", [{"arvo": True, "prosenttiosuus": 5}], "arvo", "true"),
        ("sijainti.maaJakauma.arvot", [{"arvo": "FI", "prosenttiosuus": "5.5"}], "osuus", 5.5),
    ],
)
def test_how_the_consumer_reads_odd_values(
    scratch: Connection, base: Delivery, path: str, value: Any, column: str, stored: Any
) -> None:
    with scratch.transaction(force_rollback=True):
        deliver(scratch, replace(base, jobs=changed(base.jobs, put(path, value))))
        found = scratch.execute(
            f"""select {column} from yksilo.tyomahdollisuus_jakauma j
            left join yksilo.tyomahdollisuus_jakauma_arvot a on a.jakauma_id = j.id
            where j.tyyppi = 'MAA' and j.tyomahdollisuus_id = %s""",
            [orjson.loads(base.jobs.splitlines()[0])["id"]],
        ).fetchall()
        assert {row[0] for row in found} == {stored}
