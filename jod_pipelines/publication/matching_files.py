"""What a release holds for the consumer's matching endpoint: the matrix with its calibration, and a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

FOLDER, MATRIX, MANIFEST = "matching", "matching.npz", "manifest.json"


def release_files(matrix: bytes, report: bytes, about: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a release by path: the matrix, and the manifest that says what it is and of what release.

    Args:
        matrix: the scorer as an archive.
        report: JSON: what was learnt and how good it is.
        about: what to say of the release.
    """
    files = {MATRIX: {"bytes": len(matrix), "sha256": hashlib.sha256(matrix).hexdigest()}}
    manifest = {**about, "files": files, **json.loads(report)}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return {f"{FOLDER}/{MATRIX}": matrix, f"{FOLDER}/{MANIFEST}": text.encode()}


def matching_problems(folder: Path, active: frozenset[str]) -> list[str]:
    """What is wrong with the matching files of a release; its ids must be those of all active opportunities."""
    if not (folder / FOLDER).is_dir():
        return []
    path = folder / FOLDER / MATRIX
    try:
        with np.load(path, allow_pickle=False) as archive:
            ids = frozenset(archive["opportunity_ids"].tolist())
        manifest = json.loads((folder / FOLDER / MANIFEST).read_bytes())
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        return [f"{FOLDER} is damaged: {error}"]
    problems = [f"{FOLDER}/{MATRIX} lacks the active opportunity {one}" for one in sorted(active - ids)]
    problems += [f"{FOLDER}/{MATRIX} has {one}, which is no active opportunity" for one in sorted(ids - active)]
    if manifest["files"][MATRIX]["sha256"] != hashlib.sha256(path.read_bytes()).hexdigest():
        problems.append(f"{FOLDER}/{MANIFEST} names another {MATRIX} than the one beside it")
    return problems
