"""Job postings of Työmarkkinatori, from its interface V2 (NDJSON) or V1 (pages), as one record and one table.

Personal data is dropped before anything is stored, and what the source withdraws is handed on for erasure. A posting
changes, so a document of ours holds the versions of postings we did not hold before; staging keeps the newest.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import polars as pl

from jod_pipelines.errors import HeldError, SourceError, SourceSkipped
from jod_pipelines.landing.archive import Document, Failed, Fetched
from jod_pipelines.settings import Settings
from jod_pipelines.sources.personal import without_personal_v1, without_personal_v2
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, Withdrawn, expect
from jod_pipelines.sources.text import LANGUAGES, plain_text

SOURCE_NAME = "Työmarkkinatorin asiakastietojärjestelmä"
SOURCE_URL = "https://tyomarkkinatori.fi"
"""How the terms of use ask the source to be named, and where it is; goes with every posting."""
LABEL = "mylly/job_postings"
PATH_V2 = "/kipa/p67/v2/jobpostings"
PATH_V1 = "/jobpostingprovider/v1/tyopaikat"
PAGE_V1 = 500
LINES_PER_DOCUMENT = 5_000
OVERLAP = timedelta(hours=24)
"""How far before the watermark the next query starts: late and simultaneous changes and small clock skew fall into it."""
WHOLE_EVERY = timedelta(days=7)
"""How often V2 is enumerated whole, for postings that vanished without being archived and changes that hide."""
READINGS = 3
"""How often a list that tells neither its length nor its end is read at most, to see where it ends."""
MAX_MOVED_SHARE = 0.01
"""A last reading may list so many postings for the first time: a living source publishes while it is read."""
MAX_VANISHED_SHARE = 0.3
"""More postings gone from a whole enumeration than this are the source's trouble until a person says otherwise."""
ENUMERATED = "v2/enumerated"
PERSONAL_V2 = ("contacts", "householdEmployer", "names and addresses of households", "sentences that name a contact")
PERSONAL_V1 = (
    "ilmoittajanYhteystiedot",
    "kotitaloudenNimi",
    "names and addresses of households",
    "sentences that name a contact",
)
_ID = re.compile(rb'"(?:externalId|ilmoituksenID)"\s*:\s*"([^"]+)"')
_TEXTS = pl.Struct(dict.fromkeys(LANGUAGES, pl.String))
_TEXTS_V1 = pl.List(pl.Struct({"kieliKoodi": pl.String, "arvo": pl.String}))
_URIS_V1 = pl.List(pl.Struct({"luokiteltuArvo": pl.String}))
_FLAG = pl.Boolean()
_CODES = pl.List(pl.String)
_TEXT: pl.DataType = pl.String()
SCHEMA_V2 = pl.Schema(
    {
        "languages": _CODES,
        "metadata": pl.Struct({"externalId": pl.String, "created": pl.String, "lastModified": pl.String}),
        "owner": pl.Struct({"employerType": pl.String, "businessId": pl.String}),
        "client": pl.Struct({"industryCode": pl.String}),
        "position": pl.Struct(
            {
                "mainOccupation": pl.String,
                "occupations": _CODES,
                "skills": _CODES,
                "title": _TEXTS,
                "jobDescription": _TEXTS,
                "employmentRelationship": pl.String,
                "continuityOfWork": _CODES,
                "workTime": pl.String,
                "wagePrincipal": pl.String,
            }
        ),
        "location": pl.Struct(dict.fromkeys(("countries", "regions", "municipalities"), _CODES)),
        "application": pl.Struct({"published": pl.String, "expires": pl.String, "openPositions": pl.Int64}),
    }
)
SCHEMA_V1 = pl.Schema(
    {
        **dict.fromkeys(("ilmoituksenID", "tyollistaja", "ilmoittajanYTunnus"), _TEXT),
        **dict.fromkeys(("luontipvm", "muokattupvm", "julkaisupvm"), _TEXT),
        "ilmoituksenKielet": _CODES,
        "hakeminen": pl.Struct({"hakuaikaPaattyy": pl.String}),
        "perustiedot": pl.Struct(
            {
                **dict.fromkeys(("tyonOtsikko", "tyonTiivistelma", "tyonKuvaus"), _TEXTS_V1),
                "paikkojenMaara": pl.Int64,
                **dict.fromkeys(("tyoAika", "tyonJatkuvuus", "palkanPeruste"), pl.String),
                "palvelussuhde": pl.Struct({"tyyppi": pl.String}),
                "kuuluuMatkustamista": _FLAG,
            }
        ),
        "osaamisvaatimukset": pl.Struct(
            {
                "ammatit": _URIS_V1,
                "osaamiset": _URIS_V1,
                "kielitaidot": pl.List(pl.Struct({"kielitaito": pl.String})),
                "koulutusaste": pl.String,
                "ajokortti": pl.Struct({"vaaditutAjokorttiluokat": _CODES}),
                "kortitJaLuvat": pl.Struct({"lupaKoodit": _CODES}),
                "rikosrekisteriote": _FLAG,
            }
        ),
        "sijainti": pl.Struct({**dict.fromkeys(("maa", "maakunta", "kunta"), _CODES), "sijaintiJoustava": _FLAG}),
    }
)
ONLY_V1: dict[str, pl.DataType] = {
    **dict.fromkeys(("language_skill_uris", "driving_licence_classes", "permit_codes"), _CODES),
    "required_education_code": _TEXT,
    **dict.fromkeys(("criminal_record_asked", "travel_asked", "flexible_location"), _FLAG),
}
"""Columns of `job_posting` that V2 has no field for."""


@dataclass(frozen=True)
class Posting:
    """One posting on its way to the landing: personal data dropped, `line` ready to be stored."""

    posting_id: str
    modified: datetime | None
    line: bytes


# fetching


def fetch(context: FetchContext) -> Landing:
    """What changed since the watermark in documents of `LINES_PER_DOCUMENT` lines, then what was withdrawn.

    Raises:
        SourceError: the answer is no list of postings, or contradicts itself.
        HeldError: more postings vanished than a working source would drop at once.
    """
    held = context.table(LABEL, "job_posting").select("posting_id", "modified_at").collect()
    if context.settings.postings_interface == "v1":
        yield from _fetch_v1(context, held)
    else:
        yield from _fetch_v2(context, held)


def _fetch_v2(context: FetchContext, held: pl.DataFrame) -> Landing:
    if context.settings.sources == "live" and context.settings.postings_key is None:
        raise SourceSkipped("no subscription key; set JOD_POSTINGS_KEY to ingest job postings")
    now = datetime.now(UTC).replace(tzinfo=None)
    start = _watermark(context, held)
    whole = start is None or _enumeration_is_due(context, now)
    query: dict[str, Any] = {"onlyStatus": "PUBLISHED"}
    if not whole and start is not None:
        query["modified"] = {"from": start.isoformat(timespec="microseconds")}
        held = held.filter(pl.col("modified_at") >= start)
    listed: set[str] = set()
    failed: dict[int, Failed] = {}
    lines = _until_settled(lambda: context.client.post_lines(PATH_V2, query), listed)
    postings = _readable(_distinct(lines), read_line_v2, failed)
    asked = f"POST {PATH_V2} {orjson.dumps(query).decode()}"
    series = f"v2/{'start' if start is None else start.isoformat()}"
    yield from _documents(postings, held, listed, series, asked, PERSONAL_V2)
    yield from failed.values()
    yield from _archived(context, (start or now) - (OVERLAP if start is None else timedelta(0)))
    if whole:
        yield from _vanished(set(held["posting_id"]), listed, failed)
    if whole and not failed:  # what could not be read is asked for again tomorrow, however old it is
        # The day and not the moment: the same answer on the same day is the same snapshot.
        yield Fetched(
            ENUMERATED, b"", asked, 200, f"{now.isoformat(timespec='seconds')}+00:00", change_key=now.date().isoformat()
        )


def _fetch_v1(context: FetchContext, held: pl.DataFrame) -> Landing:
    settings = context.settings
    if settings.sources == "live" and (settings.postings_client_id is None or settings.postings_client_secret is None):
        raise SourceSkipped("no credentials; set JOD_POSTINGS_CLIENT_ID and JOD_POSTINGS_CLIENT_SECRET to ingest job postings")
    ids, listed = set(held["posting_id"]), set[str]()
    failed: dict[int, Failed] = {}

    # The list moves while it is paged, and its end is a page that is not full: what one reading missed, others find.
    lines = _until_settled(lambda: pages_v1(context), listed, whole=lambda: bool(ids) and ids <= listed)
    postings = _readable(lines, read_line_v1, failed)
    newest = held["modified_at"].max()
    series = f"v1/{newest.isoformat() if isinstance(newest, datetime) else 'start'}"
    yield from _documents(postings, held, listed, series, f"GET {PATH_V1} all pages", PERSONAL_V1)
    yield from failed.values()
    yield from _vanished(ids, listed, failed)


def pages_v1(context: FetchContext) -> Iterator[bytes]:
    """Postings of all pages of V1, each as JSON with keys in lower camel case.

    A page says how many postings it holds and how many it may hold, not how many there are: a page that is not full is
    the last one.

    Raises:
        SourceError: a page is no list of postings, or does not hold what it says.
    """
    for page in itertools.count():
        answer = context.client.get_json(PATH_V1, {"sivu": page, "maara": PAGE_V1})
        envelope = _lower_first(answer.json())
        found = envelope.get("ilmoitukset") if isinstance(envelope, dict) else None
        if not isinstance(found, list):
            raise SourceError(f"{LABEL}: {answer.request}: the page has no list 'ilmoitukset'")
        said = envelope.get("ilmoituksienMaara")
        if said is not None and said != len(found):
            raise SourceError(f"{LABEL}: {answer.request}: the page says it holds {said} postings and holds {len(found)}")
        yield from map(orjson.dumps, found)
        size = (envelope.get("sivutus") or {}).get("maara")
        if not found or len(found) < (size if isinstance(size, int) and 0 < size < PAGE_V1 else PAGE_V1):
            return


def _documents(
    postings: Iterable[Posting], held: pl.DataFrame, listed: set[str], series: str, asked: str, dropped: tuple[str, ...]
) -> Iterator[Fetched]:
    """Documents of the postings we do not hold in that version yet; adds every id to `listed`."""
    # Hashes of the marks instead of the marks: a whole enumeration remembers millions.
    known = {hash((posting_id, modified)) for posting_id, modified in held.iter_rows()}

    def new_lines() -> Iterator[bytes]:
        for posting in postings:
            listed.add(posting.posting_id)
            mark = hash((posting.posting_id, posting.modified))
            if mark not in known:
                known.add(mark)
                yield posting.line

    lines = new_lines()
    while batch := list(itertools.islice(lines, LINES_PER_DOCUMENT)):
        content = b"\n".join(batch) + b"\n"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        yield Fetched(f"{series}/{hashlib.sha256(content).hexdigest()[:12]}", content, asked, 200, now, dropped=dropped)


def _until_settled(
    read: Callable[[], Iterable[bytes]], listed: Collection[str], whole: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """Lines of one reading after another, until one lists nothing that was not `listed` (by the reader) before it.

    A list without total and end mark that stops short looks whole; only another reading can tell. A list cut at the same
    place each time cannot be told from a short one: the postings that we hold and a whole enumeration does not list are
    then the only evidence.

    Args:
        whole: whether there is other evidence that what is listed so far is all.

    Raises:
        SourceError: even the last reading lists many postings that the others did not.
    """
    for reading in range(1, READINGS + 1):
        before = len(listed)
        yield from read()
        new = len(listed) - before
        moved = new <= max(1, MAX_MOVED_SHARE * len(listed)) if reading == READINGS else not new
        if whole() or (reading > 1 and moved):
            return
    raise SourceError(f"{LABEL}: the list ends elsewhere on each of {READINGS} readings; nothing of it is kept, run again")


def _distinct(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Each line once: another reading gives the same ones again, and cleaning a line takes longer than reading it."""
    seen: set[int] = set()
    for line in lines:
        mark = hash(line)
        if mark not in seen:
            seen.add(mark)
            yield line


def _readable(lines: Iterable[bytes], read: Callable[[bytes], Posting], failed: dict[int, Failed]) -> Iterator[Posting]:
    """Postings of the lines that are some; the others go to `failed`, by hash, and an answer of nothing else is refused."""
    number = readable = 0
    for number, line in enumerate(lines, start=1):
        try:
            posting = read(line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Personal data cannot be dropped from what cannot be read, so it cannot be stored.
            reason = f"answer line {number}: not a posting ({type(error).__name__}), not stored"
            failed.setdefault(hash(line), Failed(f"answer line {number}", reason))
            expect(readable > 0 or number < 100, f"{LABEL}: the first {number} lines of the answer are no postings")
        else:
            readable += 1
            yield posting
    expect(not failed or readable > 0, f"{LABEL}: none of the {number} lines of the answer is a posting")


def _archived(context: FetchContext, since: datetime) -> Iterator[Withdrawn]:
    query = {"onlyStatus": "ARCHIVED", "archived": {"from": since.isoformat(timespec="microseconds")}}
    found: set[str] = set()
    for line in _until_settled(lambda: context.client.post_lines(PATH_V2, query), found):
        try:
            metadata = orjson.loads(line)["metadata"]
            posting_id, when = metadata["externalId"], metadata.get("archived")
        except (KeyError, TypeError, ValueError, AttributeError):
            raise SourceError(f"{LABEL}: the answer to the query for archived postings holds a line that is no posting") from None
        # A source that ignores the filter would have us erase everything.
        expect(when is not None, f"{LABEL}: asked for archived postings, got {posting_id}, which has no time of archiving")
        if posting_id not in found:
            found.add(posting_id)
            yield Withdrawn(posting_id, f"archived at the source {when}")


def _vanished(held: set[str], listed: set[str], failed: Collection[object]) -> Iterator[Withdrawn]:
    """Postings we hold that a whole enumeration did not list."""
    gone = held - listed
    if len(gone) > MAX_VANISHED_SHARE * len(held):
        raise HeldError(
            f"{LABEL}: {len(gone)} of {len(held)} postings are no longer listed, more than {MAX_VANISHED_SHARE:.0%}; "
            "nothing was erased and the last good data serves until you decide"
        )
    if not failed:
        yield from (Withdrawn(posting_id, "no longer listed at the source") for posting_id in sorted(gone))


def _watermark(context: FetchContext, held: pl.DataFrame) -> datetime | None:
    """Where the next query starts; None for the very beginning.

    The newest change we hold, but never later than our last fetch: a source whose clock runs ahead would hide what it
    changes until that time comes.
    """
    newest = held["modified_at"].max()
    if not isinstance(newest, datetime) or context.previous is None:
        return None
    last_fetch = datetime.fromisoformat(context.previous.fetched_at).astimezone(UTC).replace(tzinfo=None)
    return min(newest, last_fetch) - OVERLAP


def _enumeration_is_due(context: FetchContext, now: datetime) -> bool:
    entry = context.previous.entries.get(ENUMERATED) if context.previous else None
    return entry is None or entry.change_key is None or now - datetime.fromisoformat(entry.change_key) >= WHOLE_EVERY


def read_line_v2(line: bytes) -> Posting:
    """A line of V2; one without personal data keeps its bytes. Raises KeyError, TypeError or ValueError when it is none."""
    posting = orjson.loads(line)
    metadata = posting["metadata"]
    changed = without_personal_v2(posting)
    return Posting(_text(metadata["externalId"]), utc(metadata["lastModified"]), orjson.dumps(posting) if changed else line)


def read_line_v1(line: bytes) -> Posting:
    """A posting of V1, as `read_line_v2`."""
    posting = orjson.loads(line)
    changed = without_personal_v1(posting)
    modified = posting.get("muokattupvm") or posting.get("julkaisupvm") or posting.get("luontipvm")
    return Posting(_text(posting["ilmoituksenID"]), utc(modified), orjson.dumps(posting) if changed else line)


def utc(value: str | None) -> datetime | None:
    """A timestamp as naive UTC; V2 sends it without a zone and means UTC, V1 with `Z`."""
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("an id must be text")
    return value


def _lower_first(value: Any) -> Any:
    """V1 writes some keys with a capital in its description and without one in practice."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_first(item) for key, item in value.items()}
    return [_lower_first(item) for item in value] if isinstance(value, list) else value


# erasing


def posting_ids(body: bytes) -> set[str]:
    """Ids of the postings in a stored document."""
    return {match.decode() for match in _ID.findall(body)}


def without_postings(body: bytes, ids: set[str]) -> bytes:
    """A stored document without the postings of some ids."""
    return b"".join(line + b"\n" for line in body.splitlines() if not posting_ids(line) & ids)


# reading what was stored


def parse(documents: Iterable[Document]) -> Parsed:
    """Stored lines as rows of table `job_posting`; a line that cannot be read is set aside by number, path and value."""
    frames, unreadable = [], dict[str, str]()
    for document in documents:
        schema, read = (SCHEMA_V1, rows_v1) if document.key.startswith("v1/") else (SCHEMA_V2, rows_v2)
        lines, refused = read_document(document.body, schema)
        unreadable |= {f"{document.key} line {number}": reason for number, reason in refused.items()}
        frames.append(read(lines).with_columns(source_document=pl.lit(document.key)))
    return Parsed({"job_posting": pl.concat(frames)}, unreadable)


def read_document(body: bytes, schema: pl.Schema) -> tuple[pl.DataFrame, dict[int, str]]:
    """As `read_lines`; a document whose lines all fit is read at once."""
    try:
        return pl.read_ndjson(body, schema=schema) if body.strip() else pl.DataFrame(schema=schema), {}
    except pl.exceptions.PolarsError:
        return read_lines(body.splitlines(), schema)


def read_lines(lines: list[bytes], schema: pl.Schema, first: int = 1) -> tuple[pl.DataFrame, dict[int, str]]:
    """JSON lines as a frame of `schema`, and why lines do not fit it, by number.

    One wrong line makes the whole read fail, so a failing part is halved until the wrong ones are alone.
    """
    if not lines:
        return pl.DataFrame(schema=schema), {}
    try:
        return pl.read_ndjson(b"\n".join(lines), schema=schema), {}
    except pl.exceptions.PolarsError as error:
        if len(lines) == 1:
            return pl.DataFrame(schema=schema), {first: _misfit(lines[0], schema) or str(error).splitlines()[0]}
    middle = len(lines) // 2
    head, wrong_head = read_lines(lines[:middle], schema, first)
    tail, wrong_tail = read_lines(lines[middle:], schema, first + middle)
    return pl.concat([head, tail]), wrong_head | wrong_tail


def _misfit(line: bytes, schema: pl.Schema) -> str | None:
    """Path and value of the first thing in a line that is not of its type."""
    try:
        return _first_misfit(orjson.loads(line), pl.Struct(schema), "")
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"


def _first_misfit(value: Any, wanted: Any, path: str) -> str | None:
    if value is None:
        return None
    if isinstance(wanted, pl.Struct) and isinstance(value, dict):
        parts = ((value.get(field.name), field.dtype, f"{path}.{field.name}".lstrip(".")) for field in wanted.fields)
        return next((found for part in parts if (found := _first_misfit(*part))), None)
    if isinstance(wanted, pl.List) and isinstance(value, list):
        items = ((item, wanted.inner, f"{path}[{number}]") for number, item in enumerate(value))
        return next((found for item in items if (found := _first_misfit(*item))), None)
    kinds = {pl.Int64: int, pl.Boolean: bool}
    fits = isinstance(value, kinds[wanted]) if wanted in kinds else wanted == pl.String and not isinstance(value, dict | list)
    return None if fits else f"{path}: {str(value)[:100]!r} is not of type {wanted}"


def rows_v2(lines: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `job_posting` from lines of `SCHEMA_V2`."""
    metadata, position, location = _part("metadata"), _part("position"), _part("location")
    created, main = metadata("created"), position("mainOccupation")
    return _finished(
        lines.select(
            posting_id=metadata("externalId"),
            created_at=created,
            modified_at=metadata("lastModified"),
            published_at=pl.coalesce(_part("application")("published"), created),
            expires_at=_part("application")("expires"),
            languages="languages",
            employer_type=_part("owner")("employerType"),
            employer_id=_part("owner")("businessId"),
            industry_code=_part("client")("industryCode"),
            main_occupation_uri=main,
            occupation_uris=pl.concat_list(position("occupations").fill_null([]), main),
            skill_uris=position("skills"),
            **{f"title_{language}": position("title").struct.field(language) for language in LANGUAGES},
            **{f"description_{language}": position("jobDescription").struct.field(language) for language in LANGUAGES},
            employment_relationship=position("employmentRelationship"),
            continuity=position("continuityOfWork"),
            work_time=position("workTime"),
            wage_principle=position("wagePrincipal"),
            country_codes=location("countries"),
            region_codes=location("regions"),
            municipality_codes=location("municipalities"),
            open_positions=_part("application")("openPositions"),
            **{name: pl.lit(None, dtype=kind) for name, kind in ONLY_V1.items()},
        )
    )


def rows_v1(lines: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `job_posting` from lines of `SCHEMA_V1`; V1 names no main occupation, so the first one counts as it."""
    basics, skills, place = _part("perustiedot"), _part("osaamisvaatimukset"), _part("sijainti")
    occupations = skills("ammatit").list.eval(pl.element().struct.field("luokiteltuArvo"))
    kinds = {"01": "COMPANY", "02": "HOUSEHOLD"}
    return _finished(
        lines.select(
            posting_id="ilmoituksenID",
            created_at=pl.coalesce("luontipvm", "julkaisupvm", "muokattupvm"),
            modified_at=pl.coalesce("muokattupvm", "julkaisupvm", "luontipvm"),
            published_at=pl.coalesce("julkaisupvm", "luontipvm", "muokattupvm"),
            expires_at=_part("hakeminen")("hakuaikaPaattyy"),
            languages="ilmoituksenKielet",
            employer_type=pl.col("tyollistaja").replace(kinds),
            employer_id="ilmoittajanYTunnus",
            industry_code=pl.lit(None, dtype=pl.String),
            main_occupation_uri=occupations.list.first(),
            occupation_uris=occupations,
            skill_uris=skills("osaamiset").list.eval(pl.element().struct.field("luokiteltuArvo")),
            **{f"title_{language}": _in_language(basics("tyonOtsikko"), language) for language in LANGUAGES},
            **{
                f"description_{language}": pl.coalesce(
                    _in_language(basics("tyonKuvaus"), language), _in_language(basics("tyonTiivistelma"), language)
                )
                for language in LANGUAGES
            },
            employment_relationship=basics("palvelussuhde").struct.field("tyyppi"),
            continuity=pl.concat_list(basics("tyonJatkuvuus")),
            work_time=basics("tyoAika"),
            wage_principle=basics("palkanPeruste"),
            country_codes=place("maa"),
            region_codes=place("maakunta"),
            municipality_codes=place("kunta"),
            open_positions=basics("paikkojenMaara"),
            language_skill_uris=skills("kielitaidot").list.eval(pl.element().struct.field("kielitaito")),
            driving_licence_classes=skills("ajokortti").struct.field("vaaditutAjokorttiluokat"),
            permit_codes=skills("kortitJaLuvat").struct.field("lupaKoodit"),
            required_education_code=skills("koulutusaste"),
            criminal_record_asked=skills("rikosrekisteriote"),
            travel_asked=basics("kuuluuMatkustamista"),
            flexible_location=place("sijaintiJoustava"),
        )
    )


def _finished(rows: pl.DataFrame) -> pl.DataFrame:
    """What both interfaces need: instants, clean texts, codes without commas, lists sorted and without repeats."""
    instants = ("created_at", "modified_at", "published_at", "expires_at")
    codes = ("continuity", "country_codes", "region_codes", "municipality_codes", "driving_licence_classes", "permit_codes")
    texts = [f"{field}_{language}" for field in ("title", "description") for language in LANGUAGES]
    return rows.with_columns(
        *(_instant(name) for name in instants),
        *(_as_codes(name) for name in codes),
        *(_as_list(pl.col(name)) for name in ("occupation_uris", "skill_uris", "language_skill_uris")),
        *(clean_text(rows[name]) for name in texts),
        languages=pl.col("languages").fill_null([]),
        source_name=pl.lit(SOURCE_NAME),
        source_url=pl.lit(SOURCE_URL),
    )


def _instant(name: str) -> pl.Expr:
    text = pl.col(name)
    zoned = text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$")
    naive = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    aware = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False, time_zone="UTC").dt.replace_time_zone(
        None
    )
    # What is no timestamp stays text, so that the contract refuses the row and shows the value.
    return pl.when(zoned).then(aware).otherwise(naive).alias(name)


def _as_codes(name: str) -> pl.Expr:
    """Codes as a list; the interfaces sometimes join several in one string with commas."""
    return _as_list(pl.col(name).list.join(",", ignore_nulls=True).str.split(",").list.eval(pl.element().str.strip_chars()))


def _as_list(values: pl.Expr) -> pl.Expr:
    kept = values.list.eval(pl.element().filter(pl.element().is_not_null() & (pl.element() != "")))
    return kept.list.unique().list.sort().fill_null([])


def clean_text(texts: pl.Series) -> pl.Series:
    """`plain_text` over a column; the many empty ones are passed over."""
    return texts if texts.null_count() == len(texts) else texts.map_elements(plain_text, return_dtype=pl.String)


def _in_language(texts: pl.Expr, language: str) -> pl.Expr:
    wanted = pl.element().struct.field("kieliKoodi") == language
    return texts.list.eval(pl.element().filter(wanted).struct.field("arvo")).list.first()


def _part(name: str) -> Callable[[str], pl.Expr]:
    return lambda field: pl.col(name).struct.field(field)


def resources(settings: Settings) -> list[Resource]:
    """The job postings, from the interface the settings choose."""
    return [
        Resource(
            source="mylly",
            name="job_postings",
            system="tyomarkkinatori_v1" if settings.postings_interface == "v1" else "tyomarkkinatori",
            tables=("job_posting",),
            fetch=fetch,
            parse=parse,
            title="Job postings",
            attribution=f"Lähde: {SOURCE_NAME}",
            link=SOURCE_URL,
            per_document=True,
            additive=True,
            ids_in=posting_ids,
            without=without_postings,
        )
    ]
