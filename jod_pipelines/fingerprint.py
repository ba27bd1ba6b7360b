"""Hashes that tell whether anything a result depends on has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
CODE_SUFFIXES = {".py", ".sql", ".yml", ".yaml", ".csv", ".json", ".j2", ".lock"}


@cache
def code_fingerprint(*folders: str) -> str:
    """Hash of the code and configuration under some folders of the project (all that make results, by default)."""
    digest = hashlib.sha256()
    for folder in folders or ("jod_pipelines", "assets", "dbt_project", "data_contracts", "requirements.lock"):
        root = PROJECT / folder
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.suffix in CODE_SUFFIXES and not {"target", "__pycache__", "logs"} & set(path.relative_to(PROJECT).parts):
                digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def combined(parts: Iterable[Any]) -> str:
    """Hash of anything that JSON can write, the same in every process."""
    text = json.dumps(list(parts), sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
