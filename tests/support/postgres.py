"""A private PostgreSQL server for the tests: made in a temporary folder, reached by a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

SUPERUSER = "jod"
SYSTEM_USER = "postgres"
START_SECONDS = 30
APT_SECONDS = 300


class PostgresUnavailable(Exception):
    """No server can be had here; the message says in a line why."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server; yields the psycopg connection string of its database `postgres`.

    Raises:
        PostgresUnavailable: there is no PostgreSQL and none can be installed, or it does not start.
    """
    programs = _programs()
    account = _account()
    # the path of a socket is limited to about 100 characters, and another user must be able to get there
    folder = Path(tempfile.mkdtemp(prefix="jod-pg-", dir="/tmp"))
    try:
        if account:
            shutil.chown(folder, account["user"], account["group"])
        _initialise(programs, folder / "data", account)
        with _running(programs, folder, account) as dsn:
            yield dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of initdb and postgres, installed when that is possible."""
    found = _find_programs()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        found = _find_programs()
    if found is None:
        raise PostgresUnavailable("no initdb and postgres in PATH or /usr/lib/postgresql, and none can be installed")
    return found


def _find_programs() -> Path | None:
    on_path = shutil.which("initdb")
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    for folder in [*([Path(on_path).resolve().parent] if on_path else []), *installed]:
        if all((folder / name).is_file() for name in ("initdb", "postgres")):
            return folder
    return None


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "postgresql"]):
        try:
            subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, timeout=APT_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PostgresUnavailable(f"apt-get {arguments[0]} failed: {error}") from error


def _account() -> dict[str, Any]:
    """How to start a program as somebody else, which PostgreSQL demands of root; empty for other users."""
    if os.geteuid() != 0:
        return {}
    try:
        known = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        try:
            subprocess.run(["useradd", "--system", "--user-group", SYSTEM_USER], capture_output=True, check=True)
            known = pwd.getpwnam(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError, KeyError) as error:
            raise PostgresUnavailable(f"PostgreSQL does not run as root, and no user for it can be made: {error}") from error
    return {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}


def _environment() -> Mapping[str, str]:
    """No setting of the caller's own PostgreSQL, no home folder of root, messages in English."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**own, "LC_ALL": "C", "HOME": "/tmp"}


def _initialise(programs: Path, data: Path, account: Mapping[str, Any]) -> None:
    arguments = ["--auth=trust", f"--username={SUPERUSER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    try:
        done = subprocess.run(
            [programs / "initdb", "-D", data, *arguments],
            cwd=data.parent,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **account,
        )
    except OSError as error:
        raise PostgresUnavailable(f"initdb cannot be started: {error}") from error
    if done.returncode != 0:
        raise PostgresUnavailable(f"initdb failed: {_last_line(done.stderr)}")


@contextmanager
def _running(programs: Path, folder: Path, account: Mapping[str, Any]) -> Iterator[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "jit": "off",
    }
    command = [programs / "postgres", "-D", folder / "data"]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **account,
        )
    dsn = f"host={folder} user={SUPERUSER} dbname=postgres"
    try:
        _wait_for(server, dsn, log)
        yield dsn
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)  # "fast" shutdown: sessions are cut off
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(timeout=20)


def _wait_for(server: subprocess.Popen[bytes], dsn: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None:
                raise PostgresUnavailable(
                    f"PostgreSQL does not start: {_last_line(log.read_text('utf-8', 'replace'))}"
                ) from error
            if time.monotonic() > until:
                raise PostgresUnavailable(f"PostgreSQL does not answer within {START_SECONDS} s") from error
            time.sleep(0.05)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "without a word"
