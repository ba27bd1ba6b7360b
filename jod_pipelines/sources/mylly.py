"""Job postings of Työmarkkinatori (V2, NDJSON). Contacts and households are dropped before anything is stored."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from jod_pipelines.errors import SourceSkipped
from jod_pipelines.landing.archive import Document, Fetched
from jod_pipelines.settings import Settings
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource
from jod_pipelines.sources.text import languages_of

PATH = "/kipa/p67/v2/jobpostings"
LINES_PER_DOCUMENT = 5_000
OVERLAP = timedelta(hours=24)
"""How far before the watermark the next query starts: late and simultaneous changes fall into it."""
PERSONAL_FIELDS = ("contacts",)
_ID = re.compile(rb'"externalId":"([^"]+)"')
_EMAIL = r"[\w.+-]+(?:@|\(at\)|\[at\])[\w-]+(?:\.[\w-]+)+"
_PHONE = r"(?:\+358|\b0)[\s()-]?\d(?:[\s()-]?\d){5,10}\b"
CONTACT = re.compile(f"{_EMAIL}|{_PHONE}", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]?\s*|\n")


def fetch(context: FetchContext) -> Landing:
    """Published postings changed since the watermark, in documents of `LINES_PER_DOCUMENT` lines.

    The stream has no end mark, so a document set is only complete when the last line was; the watermark is the newest
    `lastModified` we hold, replayed with an overlap, and lines we already hold are left out.
    """
    if context.settings.sources == "live" and context.settings.postings_key is None:
        raise SourceSkipped("no subscription key; set JOD_POSTINGS_KEY to ingest job postings")
    held = context.table("mylly/job_postings", "job_posting").select("posting_id", "modified_at").collect()
    body: dict[str, Any] = {"onlyStatus": "PUBLISHED"}
    known: set[tuple[str, str]] = set()
    since = "start"
    if not held.is_empty():
        newest = held["modified_at"].max()
        assert isinstance(newest, datetime)
        start = newest - OVERLAP
        since = start.isoformat(timespec="microseconds")
        body["modified"] = {"from": since}
        recent = held.filter(held["modified_at"] >= start)
        known = {(posting_id, modified.isoformat()) for posting_id, modified in recent.iter_rows()}
    lines = (line for line in map(without_personal, context.client.post_lines(PATH, body)) if _mark(line) not in known)
    while batch := list(itertools.islice(lines, LINES_PER_DOCUMENT)):
        content = b"\n".join(batch) + b"\n"
        key = f"{since}/{hashlib.sha256(content).hexdigest()[:12]}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        yield Fetched(key, content, f"POST {PATH} modified from {since}", 200, now, dropped=PERSONAL_FIELDS)


def withdrawn(context: FetchContext) -> set[str]:
    """Ids of postings the source has archived."""
    answer = context.client.post_lines(PATH, {"onlyStatus": "ARCHIVED"})
    return {orjson.loads(line)["metadata"]["externalId"] for line in answer}


def posting_ids(body: bytes) -> set[str]:
    """Ids of the postings in a stored document."""
    return {match.decode() for match in _ID.findall(body)}


def without_postings(body: bytes, ids: set[str]) -> bytes:
    """A stored document without the postings of some ids."""
    kept = [line for line in body.splitlines() if orjson.loads(line)["metadata"]["externalId"] not in ids]
    return b"".join(line + b"\n" for line in kept)


def without_personal(line: bytes) -> bytes:
    """A posting without contacts, household names and the sentences of its texts that name a contact."""
    posting = orjson.loads(line)
    contacts = posting.pop("contacts", None) or []
    names = {name for contact in contacts for name in (contact.get("lastName"), contact.get("firstName")) if name}
    owner = posting.get("owner") or {}
    owner.pop("householdEmployer", None)
    if owner.get("employerType") == "HOUSEHOLD":
        owner.pop("company", None)
    position = posting.get("position") or {}
    for name in ("title", "jobDescription", "marketingDescription", "wagePrincipalInfo"):
        _scrub(position.get(name), names)
    _scrub((posting.get("application") or {}).get("helpText"), names)
    for link in posting.get("externalLinks") or []:
        link["description"] = scrub_text(str(link.get("description") or ""), names)
    return orjson.dumps(posting)


def scrub_text(text: str, names: Iterable[str] = ()) -> str:
    """A text without the sentences that hold an e-mail address, a phone number or one of `names`."""
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)) or r"(?!)")
    if not CONTACT.search(text) and not named.search(text):
        return text
    kept = (part for part in _SENTENCE.findall(text) if not CONTACT.search(part) and not named.search(part))
    return "".join(kept).strip()


def read_posting(posting: dict[str, Any]) -> dict[str, Any]:
    """One posting as a row of table `job_posting`."""
    metadata, position = posting["metadata"], posting.get("position") or {}
    owner, client = posting.get("owner") or {}, posting.get("client") or {}
    location, application = posting.get("location") or {}, posting.get("application") or {}
    main = position.get("mainOccupation")
    return {
        "posting_id": metadata["externalId"],
        "created_at": _instant(metadata["created"]),
        "modified_at": _instant(metadata["lastModified"]),
        "published_at": _instant(application.get("published") or metadata["created"]),
        "expires_at": _instant(application.get("expires")),
        "languages": posting["languages"],
        "employer_type": owner.get("employerType"),
        "employer_id": owner.get("businessId"),
        "industry_code": client.get("industryCode"),
        "main_occupation_uri": main,
        "occupation_uris": sorted({*(position.get("occupations") or []), *([main] if main else [])}),
        "skill_uris": sorted(set(position.get("skills") or [])),
        **languages_of(position.get("title"), "title"),
        **languages_of(position.get("jobDescription"), "description"),
        "employment_relationship": position.get("employmentRelationship"),
        "continuity": _codes(position.get("continuityOfWork")),
        "work_time": position.get("workTime"),
        "wage_principle": position.get("wagePrincipal"),
        "country_codes": _codes(location.get("countries")),
        "region_codes": _codes(location.get("regions")),
        "municipality_codes": _codes(location.get("municipalities")),
        "open_positions": application.get("openPositions"),
    }


def parse(documents: Iterable[Document]) -> Parsed:
    """Stored NDJSON as rows of table `job_posting`; a line that cannot be read is set aside by number."""
    rows, unreadable = [], {}
    for document in documents:
        for number, line in enumerate(document.body.splitlines(), start=1):
            try:
                rows.append({**read_posting(orjson.loads(line)), "source_document": document.key})
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                unreadable[f"{document.key} line {number}"] = f"{type(error).__name__}: {error}"
    return Parsed({"job_posting": rows}, unreadable)


def _scrub(texts: Any, names: set[str]) -> None:
    for language in texts if isinstance(texts, dict) else ():
        if isinstance(texts[language], str):
            texts[language] = scrub_text(texts[language], names)


def _mark(line: bytes) -> tuple[str, str]:
    metadata = orjson.loads(line)["metadata"]
    modified = _instant(metadata["lastModified"])
    return metadata["externalId"], modified.isoformat() if modified else ""


def _instant(value: str | None) -> datetime | None:
    """A naive timestamp with microseconds; the interface means UTC."""
    return datetime.fromisoformat(value) if value else None


def _codes(values: Any) -> list[str]:
    """Codes as a list; the interface sometimes joins several in one string with commas."""
    items = [values] if isinstance(values, str) else values or []
    return sorted({code.strip() for item in items for code in str(item).split(",") if code.strip()})


def resources(_settings: Settings) -> list[Resource]:
    """The job postings."""
    return [
        Resource(
            source="mylly",
            name="job_postings",
            system="tyomarkkinatori",
            tables=("job_posting",),
            fetch=fetch,
            parse=parse,
            title="Job postings",
            attribution="Lähde: Työmarkkinatorin asiakastietojärjestelmä",
            per_document=True,
            additive=True,
            withdrawn=withdrawn,
            ids_in=posting_ids,
            without=without_postings,
        )
    ]
