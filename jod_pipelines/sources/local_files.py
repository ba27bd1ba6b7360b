"""The drop folder: education offers that regions, municipalities and schools send as CSV, Excel or Parquet.

    <drop_folder>/<sender>/<file>               what the sender puts there
    <drop_folder>/<sender>/<file>.report.html   our answer, and the same as <file>.report.csv

A sender's newest usable file is all of the sender's offers: it replaces the earlier ones. A file refused as a whole leaves
them as they are and does not land, since it may hold what must not be kept; it stays where the sender put it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from jod_pipelines.errors import SourceSkipped
from jod_pipelines.landing.archive import Document, Failed, Fetched, Unchanged, write_atomically
from jod_pipelines.settings import Settings
from jod_pipelines.sources.offer_file import FileRefused, Verdict, judge
from jod_pipelines.sources.offer_report import page, table
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource

SENDER = re.compile(r"[a-z0-9åäö][a-z0-9åäö_-]{0,59}")
REPORT = re.compile(r".*\.report\.(html|csv)")
NOT_SENT = re.compile(r"[.~].*|.*\.(tmp|part|crdownload)", re.IGNORECASE)
"""Files that programs leave while somebody still works on the real one."""
NAME_BYTES = 200
"""Of a longer file name this much is in the report's name; file systems stop at 255 bytes."""


def fetch(context: FetchContext) -> Landing:
    """Each sender's newest file that can be used; every file that is read is answered beside it."""
    folder, max_bytes = context.settings.drop_folder, context.settings.drop_file_max_bytes
    if folder is None:
        raise SourceSkipped("no drop folder is set; set JOD_DROP_FOLDER to a folder with one folder per sender")
    for path in sorted(folder.iterdir()):
        try:
            if path.is_symlink() or path.is_file():
                if _is_sent(path):
                    answer(path, FileRefused("link" if path.is_symlink() else "no_sender"))
            elif path.is_dir():
                yield from _sender(context, path, max_bytes)
        except OSError as error:
            yield Failed(path.name, f"the folder of {path.name} cannot be read or answered: {error.strerror}")


def _sender(context: FetchContext, folder: Path, max_bytes: int) -> Landing:
    files = [path for path in folder.iterdir() if _is_sent(path)]
    # lstat: what a link points at is none of ours
    for path in sorted(files, key=lambda path: (path.lstat().st_mtime_ns, path.name), reverse=True):
        status = path.lstat()
        mark = f"{path.name} {status.st_size} {status.st_mtime_ns}"
        if context.unchanged(folder.name, mark):
            yield Unchanged(folder.name)
            return
        try:
            body = _body(path, max_bytes)
            verdict = judge(body, folder.name, max_bytes)
            if verdict.accepted.is_empty():
                answer(path, verdict)
                continue
        except FileRefused as refusal:
            answer(path, refusal)
            continue
        answer(path, verdict)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        yield Fetched(folder.name, body, f"file {folder.name}/{path.name}", 200, now, mark)
        return


def _body(path: Path, max_bytes: int) -> bytes:
    if not SENDER.fullmatch(path.parent.name):
        raise FileRefused("sender_name")
    if path.is_symlink() or not path.is_file():
        raise FileRefused("link")
    if path.stat().st_size > max_bytes:
        raise FileRefused("too_large", f"{path.stat().st_size / 1e6:.0f} MB")
    return path.read_bytes()


def _is_sent(path: Path) -> bool:
    hidden = NOT_SENT.fullmatch(path.name) or REPORT.fullmatch(path.name)
    return not hidden and (path.is_symlink() or not path.is_dir())


def answer(path: Path, result: Verdict | FileRefused) -> None:
    """Write the two reports beside a file, unless they are there already."""
    stem = path.name.encode()[:NAME_BYTES].decode(errors="ignore")
    for ending, body in (("html", page(path.name, result)), ("csv", table(result))):
        report = path.with_name(f"{stem}.report.{ending}")
        if report.is_symlink() or not report.is_file() or report.read_bytes() != body:
            write_atomically(report, body)


def parse(max_bytes: int) -> Callable[[Iterable[Document]], Parsed]:
    """A parse to table `education_offer`: each sender's accepted rows; refused cells go to quarantine by sender, row, column."""

    def read(documents: Iterable[Document]) -> Parsed:
        frames: list[pl.DataFrame] = []
        unreadable: dict[str, str] = {}
        for document in documents:
            try:
                # a file that once landed kept the limit of its day
                verdict = judge(document.body, document.key, max(max_bytes, len(document.body)))
            except FileRefused as refusal:
                unreadable[document.key] = str(refusal)
                continue
            frames.append(verdict.accepted.with_columns(source_document=pl.lit(document.key)))
            unreadable |= dict(_told(document.key, verdict))
        return Parsed({"education_offer": pl.concat(frames) if frames else pl.DataFrame()}, unreadable)

    return read


def _told(sender: str, verdict: Verdict) -> Iterator[tuple[str, str]]:
    for row, column, rule, value in verdict.refused.iter_rows():
        yield f"{sender} row {row} {column}", f"{rule} (value {value!r})"


def resources(settings: Settings) -> list[Resource]:
    """The offers of all senders."""
    return [
        Resource(
            source="local",
            name="education_offers",
            system="files",
            tables=("education_offer",),
            fetch=fetch,
            parse=parse(settings.drop_file_max_bytes),
            title="Education offers sent as files",
            attribution="the sender of each file",
        )
    ]
