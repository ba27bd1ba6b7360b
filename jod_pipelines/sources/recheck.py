"""Opintopolku's nightly second look: changes that hide from the enumerations, seen through few large answers.

The search shows neither when a document was edited nor most of what an implementation says. Asking a seventh of all
documents one by one each night would be a seventh of a full crawl. But a round's document can carry its options,
implementations and programmes with it, and a programme's the same from the other side: a few requests cover everything.

Such an answer is evidence only, since documents inside another leave out some of their fields: the rows we read from it
are compared with the rows that have landed, and what differs is asked by its own OID.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import orjson
import polars as pl

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Document, Fetched, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.crawl import FAILURES_IN_A_ROW, fails_for_good, is_due, row_mark
from jod_pipelines.sources.http import Answer, NotFound
from jod_pipelines.sources.opintopolku import ATTRIBUTION, EXTERNAL, READERS
from jod_pipelines.sources.personal import scrub
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, TableReader, parse_json

EMBEDDED = {
    "koulutus": {"toteutukset": "toteutus", "hakukohteet": "hakukohde", "haut": "haku"},
    "haku": {"hakukohteet": "hakukohde", "toteutukset": "toteutus", "koulutukset": "koulutus"},
}
"""What a document can carry inside, by key, and of which kind that is."""
LINK = ("koulutus", "toteutus", "hakukohde", "haku")


def fetch_evidence(context: FetchContext) -> Landing:
    """Tonight's share of the large answers, as evidence: kind, OID and row mark of each document inside.

    One bad document makes the whole of an answer fail: instead of a round its programmes are asked, and what a programme
    cannot show is evidence without a mark, so that it is asked by its own OID.
    A night that has had its look is not looked at again; on the first night there is nothing to compare with.
    """
    landed = context.previous.entries if context.previous else {}
    if landed and all(entry.change_key == context.today.isoformat() for entry in landed.values()):
        yield from map(Unchanged, landed)  # a second run in one night
        return
    known = links(context.table)
    requests = requests_to_cover(known, context.settings.recheck.largest_round)
    nights = nights_of_cycle(len(requests), documents_in(known), context.settings)
    due = [(kind, oid) for kind, oid in requests if is_due(oid, context.today, nights)]
    if not due:
        nothing = Answer("no request", 204, b"", datetime.now(UTC).isoformat(timespec="seconds"))
        yield _evidence("nothing", [], nothing, context.today)
    failures = 0
    while due:
        kind, oid = due.pop()
        try:
            answer = context.client.get_json(f"{EXTERNAL}/{kind}/{oid}", dict.fromkeys(EMBEDDED[kind], "true"))
        except SourceError as error:
            failures += 1
            if failures >= FAILURES_IN_A_ROW or not (isinstance(error, NotFound) or fails_for_good(error)):
                raise
            unseen = known.filter(pl.col(kind) == oid)
            if kind == "haku":
                due += [("koulutus", programme) for programme in unseen["koulutus"].unique().sort()]
                unseen = unseen.select(haku=pl.lit(oid)).unique()
            failure = Answer(str(error).partition(": ")[0], 500, b"", datetime.now(UTC).isoformat(timespec="seconds"))
            items = [(name, item, None) for name in unseen.columns for item in unseen[name].drop_nulls().unique().sort()]
            yield _evidence(f"{kind}/{oid}", items, failure, context.today)
        else:
            failures = 0
            yield _evidence(f"{kind}/{oid}", _seen(kind, answer.json()), answer, context.today)


def links(table: TableReader) -> pl.DataFrame:
    """Which documents have landed and belong together: columns koulutus, toteutus, hakukohde, haku (OIDs or null)."""
    programmes = table("opintopolku/koulutus", "koulutus").select(koulutus="programme_oid")
    implementations = table("opintopolku/toteutus", "toteutus").select(koulutus="programme_oid", toteutus="implementation_oid")
    options = table("opintopolku/hakukohde", "hakukohde").select(
        toteutus="implementation_oid", hakukohde="option_oid", haku="round_oid"
    )
    joined = programmes.join(implementations, on="koulutus", how="left").join(options, on="toteutus", how="left")
    return joined.sort(LINK).collect()


def documents_in(known: pl.DataFrame) -> int:
    """How many documents `links` tells of."""
    return sum(known[kind].drop_nulls().n_unique() for kind in LINK)


def requests_to_cover(known: pl.DataFrame, largest_round: int) -> list[tuple[str, str]]:
    """The large answers that together hold every document: (kind, OID).

    A programme is asked itself when some implementation of it, or some option, is in no round of at most
    `largest_round` options; a round is asked when it holds an option of a programme that is not.
    """
    sizes = known.group_by("haku").agg(pl.col("hakukohde").n_unique().alias("options"))
    sized = known.join(sizes, on="haku", how="left")
    moderate = (pl.col("haku").is_not_null() & (pl.col("options") <= largest_round)).fill_null(False)
    reached = sized.group_by("koulutus", "toteutus", "hakukohde").agg(moderate.any().alias("by_round"))
    own = reached.group_by("koulutus").agg(pl.col("by_round").all()).filter(~pl.col("by_round"))["koulutus"].sort()
    rounds = sized.filter(moderate & ~pl.col("koulutus").is_in(own.implode()))["haku"].unique().sort()
    return [*(("koulutus", oid) for oid in own), *(("haku", oid) for oid in rounds)]


def nights_of_cycle(requests: int, documents: int, settings: Settings) -> int:
    """Nights a cycle takes: as set, or as many as keep one night's requests under the set share; 0 is never."""
    allowed = max(1.0, documents * settings.recheck.max_pct / 100)
    return max(settings.recheck.nights, math.ceil(requests / allowed)) if settings.recheck.nights else 0


def read_evidence(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of table `evidence`."""
    seen_on = date.fromisoformat(document["seen_on"])
    for kind, oid, mark in document["documents"]:
        yield "evidence", {"kind": kind, "oid": oid, "row_mark": mark, "seen_on": seen_on}


def _seen(kind: str, answer: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    scrub(answer)  # as what landed was, which it is compared with
    yield kind, answer["oid"], row_mark(READERS[kind], answer)
    for key, inner in EMBEDDED[kind].items():
        yield from {(inner, item["oid"], row_mark(READERS[inner], item)) for item in answer.get(key) or []}


def _evidence(key: str, seen: Iterable[tuple[str, str, str | None]], answer: Answer, today: date) -> Fetched:
    body = orjson.dumps({"seen_on": today.isoformat(), "documents": sorted(seen, key=lambda item: item[:2])})
    return Fetched(key, body, answer.request, answer.status, answer.fetched_at, today.isoformat())


def parse_evidence(documents: Iterable[Document]) -> Parsed:
    """Table `evidence`, one row per document seen in an answer."""
    return parse_json(documents, ("evidence",), read_evidence)


def resources(_settings: Settings) -> list[Resource]:
    """Tonight's evidence."""
    return [
        Resource(
            source="opintopolku",
            name="recheck",
            system="opintopolku",
            tables=("evidence",),
            fetch=fetch_evidence,
            parse=parse_evidence,
            title="Tonight's second look at a share of the catalogue",
            attribution=ATTRIBUTION,
            after=("opintopolku/search", "opintopolku/sitemap"),
            working=True,
        )
    ]
