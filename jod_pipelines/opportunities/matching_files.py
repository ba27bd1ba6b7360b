"""The scorer as a file that the consumer's matching endpoint can read, and a reference of how that endpoint answers.

The matrix is a NumPy archive that is read without pickle; the same content always makes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
from scipy import sparse

from jod_pipelines.errors import PublicationError
from jod_pipelines.opportunities.matching import KINDS, KNOWN, Calibrated, Profiles, Scorer
from jod_pipelines.settings import MatchingSettings

LANGUAGES = ("fi", "sv", "en")
MATRICES = {
    "weights": "opportunities x skills: share of the members that have the skill, 0-1 (percentages of OSAAMINEN / 100)",
    "said": "skills x opportunities: evidence of a skill, at least 0",
    "related": "skills x skills: how much having one counts as having the other, 0-1",
    "concepts": "concepts x skills: what an occupation, a group of them or a field of education stands for, 0-1",
}
ARRAYS = {
    "opportunity_ids": "ids, sorted: rows of weights, columns of said",
    "kinds": "job or education, of each opportunity",
    "members": "postings or programmes in each opportunity",
    "skill_uris": "ESCO skills, sorted",
    "concept_uris": "other URIs an interest may be, sorted",
    "calibration": "rows job, education; constant, evidence, coverage, unexplained: log-odds",
    "chances": f"job, education; skills told ({', '.join(map(str, KNOWN))}, between them by the logarithm); constant, log-odds, "
    "lead: log-odds of the score; lead = log-odds less the logarithm of the sum of exp(log-odds) of the others of the kind",
    "label_uris": "URIs that have labels, sorted",
    "labels": "their labels in fi, sv, en; empty where there is none",
}
TYPES = {"job": "TYOMAHDOLLISUUS", "education": "KOULUTUSMAHDOLLISUUS"}


@dataclass(frozen=True)
class Matcher:
    """A scorer as a release holds it, and what its URIs are called: URI -> labels in fi, sv, en."""

    scorer: Scorer
    labels: Mapping[str, tuple[str, str, str]]


def matrix_file(scorer: Scorer, labels: pl.DataFrame) -> bytes:
    """Everything the scorer needs, as one compressed archive.

    Args:
        labels: uri, name_fi, name_sv, name_en; those the scorer does not know are left out.
    """
    profiles = scorer.profiles
    known = pl.Series([*profiles.skill_uris, *scorer.concept_uris])
    named = labels.filter(pl.col("uri").is_in(known.implode())).unique("uri", keep="first", maintain_order=True).sort("uri")
    arrays: dict[str, Any] = {
        "opportunity_ids": profiles.opportunity_ids,
        "kinds": profiles.kinds,
        "members": profiles.members,
        "skill_uris": profiles.skill_uris,
        "concept_uris": scorer.concept_uris,
        "calibration": scorer.calibration,
        "chances": scorer.chances,
        "label_uris": _texts(named["uri"]),
        "labels": np.stack([_texts(named[f"name_{language}"].fill_null("")) for language in LANGUAGES], axis=1),
    }
    for name, matrix in zip(MATRICES, (profiles.weights, scorer.said, profiles.related, scorer.concepts), strict=True):
        matrix.sort_indices()
        arrays |= {
            f"{name}_data": matrix.data.astype(np.float32),
            f"{name}_indices": matrix.indices.astype(np.int32),
            f"{name}_indptr": matrix.indptr.astype(np.int64),
            f"{name}_shape": np.array(matrix.shape, dtype=np.int64),
        }
    body = io.BytesIO()
    np.savez_compressed(body, **arrays)
    return body.getvalue()


def read_matcher(path: Path) -> Matcher:
    """The matcher in an archive, as `matrix_file` writes it.

    Raises:
        PublicationError: there is none, or it is damaged.
    """
    if not path.is_file():
        raise PublicationError(f"there is no {path}; the release is older than matching, make a new one")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        weights, said, related, concepts = (_matrix(arrays, name) for name in MATRICES)
        missing = ARRAYS.keys() - arrays.keys()
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise PublicationError(f"{path} is damaged; put the release back from a copy", str(error)) from None
    if missing:
        raise PublicationError(f"{path} lacks {', '.join(sorted(missing))}; the release is older than this code, make a new one")
    profiles = Profiles(arrays["opportunity_ids"], arrays["kinds"], arrays["members"], arrays["skill_uris"], weights, related)
    labels = dict(zip(arrays["label_uris"].tolist(), map(tuple, arrays["labels"].tolist()), strict=True))
    scorer = Scorer(profiles, said, arrays["calibration"], arrays["chances"], arrays["concept_uris"], concepts)
    return Matcher(scorer, labels)


def report_of(scorer: Scorer, calibrated: Calibrated, settings: MatchingSettings, esco_versions: Sequence[str]) -> bytes:
    """What was learnt and how good it is, before it is known which release it goes out with."""
    profiles = scorer.profiles
    return _json(
        {
            "method": "docs/methods/matching.md",
            "score": "chance that a person who has these skills is one of the opportunity's own members, 0-1",
            "opportunities": {kind: int((profiles.kinds == kind).sum()) for kind in KINDS},
            "ids_sha256": hashlib.sha256("\n".join(profiles.opportunity_ids).encode()).hexdigest(),
            "esco_versions": list(esco_versions),
            "settings": settings.model_dump(mode="json"),
            "calibration": dict(zip(KINDS, calibrated.coefficients.tolist(), strict=True)),
            "chances": {"skills_told": KNOWN, **dict(zip(KINDS, calibrated.chances.tolist(), strict=True))},
            "quality": calibrated.quality.to_dicts(),
            "calibration_curve": calibrated.curve.to_dicts(),
            "reliability": calibrated.reliability.to_dicts(),
            "arrays": ARRAYS,
            "matrices": {
                name: f"{text}; compressed rows in {name}_data, _indices, _indptr, _shape" for name, text in MATRICES.items()
            },
        }
    )


def respond(
    scorer: Scorer, data: Mapping[str, Any], recognise: Callable[[str], Sequence[str]] | None = None
) -> list[dict[str, Any]]:
    """Answer a request of the consumer's matching endpoint.

    Skills and interests each have a list of URIs and a text; a text counts as the skills recognised in it. A score is the mean
    of the scores of the parts that are given, by the consumer's four weights; a part that is not given takes no weight.

    Args:
        data: the request's `data`: osaamiset, osaamisetText, osaamisPainotus, kiinnostukset, kiinnostuksetText,
            kiinnostusPainotus, escoListPainotus, openTextPainotus, kuvaukset; every one may be missing.
        recognise: skills of a text; texts do not count without it.

    Returns:
        id, score and type of every opportunity; unknown URIs do not count.
    """
    texts = [data.get("osaamisetText") or ""] + [
        " ".join(filter(None, (each.get("otsikko"), each.get("kuvaus")))) for each in data.get("kuvaukset") or ()
    ]
    inputs = (
        ("osaamisPainotus", "escoListPainotus", data.get("osaamiset") or []),
        ("osaamisPainotus", "openTextPainotus", _recognised(texts, recognise)),
        ("kiinnostusPainotus", "escoListPainotus", data.get("kiinnostukset") or []),
        ("kiinnostusPainotus", "openTextPainotus", _recognised([data.get("kiinnostuksetText") or ""], recognise)),
    )
    scores = scorer.scores(scorer.people([uris for _, _, uris in inputs]))
    given = scores.any(axis=1)
    weights = np.array([_weight(data, of_what) * _weight(data, said_how) for of_what, said_how, _ in inputs]) * given
    mixed = weights @ scores / weights.sum() if weights.sum() > 0 else np.zeros(scores.shape[1])
    rows = zip(scorer.profiles.opportunity_ids.tolist(), mixed.tolist(), scorer.profiles.kinds.tolist(), strict=True)
    return [{"id": one, "score": round(score, 6), "type": TYPES[kind]} for one, score, kind in rows]


def _weight(data: Mapping[str, Any], name: str) -> float:
    value = data.get(name)
    return 0.5 if value is None else float(value)


def _recognised(texts: Sequence[str], recognise: Callable[[str], Sequence[str]] | None) -> list[str]:
    return [uri for text in texts if text and recognise for uri in recognise(text)]


def _matrix(arrays: Mapping[str, Any], name: str) -> sparse.csr_array:
    parts = (arrays[f"{name}_data"], arrays[f"{name}_indices"], arrays[f"{name}_indptr"])
    return sparse.csr_array(parts, shape=tuple(arrays[f"{name}_shape"].tolist()))


def _texts(values: pl.Series) -> np.ndarray[Any, np.dtype[np.str_]]:
    return np.array(values.to_list(), dtype=np.str_)


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
