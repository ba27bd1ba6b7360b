"""Runs the real command and the real sandbox server for tests."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"JOD_HTTP__ATTEMPTS": "2", "JOD_HTTP__BACKOFF_START_S": "0", "JOD_HTTP__BACKOFF_LIMIT_S": "0.1"}


@dataclass(frozen=True)
class Run:
    """A finished `jod` command and the home folder it worked in."""

    home: Path
    code: int
    out: str
    err: str


def jod(*arguments: str, home: Path, timeout: float = 300, **environment: str) -> Run:
    """Run the `jod` command as a person would, with no settings but the given ones."""
    done = subprocess.run(
        [sys.executable, "-m", "jod_pipelines.cli", *arguments],
        cwd=ROOT,
        env={**clean_environment(), "JOD_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(home, done.returncode, done.stdout, done.stderr)


def stored(path: Path) -> bytes:
    """What a file of the landing says, compressed or not (of a Parquet file: all its values)."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return bytes(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd").read())
    return pl.read_parquet(path).write_json().encode() if path.suffix == ".parquet" else path.read_bytes()


@contextmanager
def sandbox_server(log: Path, *arguments: str) -> Iterator[str]:
    """`jod sandbox serve` on a free port; yields its address."""
    command = [sys.executable, "-m", "jod_pipelines.cli", "sandbox", "serve", "--port", "0", *arguments]
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=clean_environment(), stdout=file, stderr=subprocess.STDOUT)
    try:
        yield _address(process, log)
    finally:
        process.kill()  # not terminate: a process begun in the background may be deaf to it
        process.wait(timeout=20)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(300):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found.group()
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError("the sandbox server did not start")


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of the platform."""
    return {name: value for name, value in os.environ.items() if not name.startswith("JOD_")}
