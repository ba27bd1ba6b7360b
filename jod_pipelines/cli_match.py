"""`jod match`: what fits a person's skills, by the newest release."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jod_pipelines.cli_query import Language
from jod_pipelines.errors import QueryError
from jod_pipelines.opportunities.matching import Profiles, covered
from jod_pipelines.opportunities.matching_files import LANGUAGES, Matcher, read_matcher
from jod_pipelines.publication.matching_files import FOLDER, MATRIX
from jod_pipelines.settings import load_settings

NEAR = 5
SHOWN = 5
LEAST = 0.005
"""Scores that would be shown as 0 % are not shown."""
HEADINGS = {
    "fi": ("mahdollisuus", "laji", "sopivuus", "osaamiset, jotka vaikuttivat", "puuttuvat osaamiset"),
    "sv": ("möjlighet", "slag", "passar", "kompetenser som inverkade", "kompetenser som saknas"),
    "en": ("opportunity", "kind", "fit", "skills that counted", "skills missing"),
}
KIND_NAMES = {
    "fi": {"job": "työ", "education": "koulutus"},
    "sv": {"job": "arbete", "education": "utbildning"},
    "en": {"job": "job", "education": "education"},
}


class Kind(StrEnum):
    """Kind of opportunity."""

    job = "job"
    education = "education"


def match(
    skills: Annotated[str, typer.Option(help="ESCO URIs or labels in any language; commas (or semicolons) between them")] = "",
    interests: Annotated[str, typer.Option(help="skills, occupations, groups of them or fields of education, likewise")] = "",
    interest_weight: Annotated[float, typer.Option(min=0, max=1, help="what interests count beside skills")] = 0.5,
    lang: Annotated[Language, typer.Option(help="language of titles and labels")] = Language.fi,
    kind: Annotated[Kind | None, typer.Option(help="only jobs, or only educations")] = None,
    top: Annotated[int, typer.Option(min=1, help="how many to show")] = 10,
    release: Annotated[str, typer.Option(help="a release by its id")] = "latest",
    home: Annotated[Path | None, typer.Option("--home", help="home folder; default $JOD_HOME or ./.jod")] = None,
) -> None:
    """Which opportunities fit a person's skills and interests, how well and why. A run at work does not matter."""
    from jod_pipelines.platform import Platform
    from jod_pipelines.publication.release import find_release

    folder = find_release(Platform(load_settings(home=home)).releases_folder, release)
    matcher = read_matcher(folder / FOLDER / MATRIX)
    profiles = matcher.scorer.profiles
    has = resolve(split(skills, matcher), matcher, profiles.skill_uris.tolist(), "skill")
    wants = resolve(
        split(interests, matcher), matcher, [*profiles.skill_uris.tolist(), *matcher.scorer.concept_uris.tolist()], "interest"
    )
    if not has and not wants:
        raise QueryError("say what the person can do or wants: --skills 'label, label' or --interests 'label, label'")
    found = best(matcher, has, wants, interest_weight, kind, top).filter(pl.col("score") >= LEAST)
    if found.is_empty():
        raise QueryError("nothing fits: no opportunity of this release has anything to do with what was named")
    heading = HEADINGS[lang]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in zip(heading, ("left", "left", "right", "left", "left"), strict=True):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    titles = _titles(folder, lang)
    for row in found.iter_rows(named=True):
        table.add_row(
            escape(titles.get(row["opportunity_id"], row["opportunity_id"])),
            KIND_NAMES[lang][row["opportunity_kind"]],
            f"{100 * row['score']:.0f} %",
            _listed(row["counted"], matcher, lang),
            _listed(row["missing"], matcher, lang),
        )
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)
    print(f"release {folder.name}", file=sys.stderr)


def best(
    matcher: Matcher, skills: Sequence[str], interests: Sequence[str], interest_weight: float, kind: str | None, top: int
) -> pl.DataFrame:
    """The opportunities that fit best.

    Returns:
        opportunity_id, opportunity_kind, score, counted, missing: the person's skills that raised the score, those that raised
        it most first, and skills of the opportunity that the person has nothing related to, the most common first.
    """
    scorer = matcher.scorer
    profiles = scorer.profiles
    scores = scorer.score(skills, interests, interest_weight)
    wanted = np.flatnonzero((profiles.kinds == kind) if kind else np.ones(len(scores), dtype=bool))
    chosen = wanted[np.argsort(-scores[wanted], kind="stable")][:top]
    effects = (
        scorer.explain(skills).filter(pl.col("effect") > 0) if skills else pl.DataFrame(schema={"opportunity_id": pl.String})
    )
    counted = {}
    if skills:
        counted = dict(effects.group_by("opportunity_id", maintain_order=True).agg("skill_uri").iter_rows())
    ids = profiles.opportunity_ids[chosen].tolist()
    return pl.DataFrame(
        {
            "opportunity_id": ids,
            "opportunity_kind": profiles.kinds[chosen].tolist(),
            "score": scores[chosen].tolist(),
            "counted": [counted.get(one, []) for one in ids],
            "missing": [_missing(profiles, scorer.people([skills]), place) for place in chosen],
        },
        schema={
            "opportunity_id": pl.String(),
            "opportunity_kind": pl.String(),
            "score": pl.Float64(),
            "counted": pl.List(pl.String()),
            "missing": pl.List(pl.String()),
        },
    )


def split(text: str, matcher: Matcher) -> list[str]:
    """The parts of a list; a comma within a label that there is does not part it."""
    if ";" in text:
        return [part.strip() for part in text.split(";") if part.strip()]
    known = _uris_by_label(matcher.labels)
    parts, rest = [], [part.strip() for part in text.split(",") if part.strip()]
    while rest:
        size = next((n for n in range(len(rest), 1, -1) if ", ".join(rest[:n]).casefold() in known), 1)
        parts.append(", ".join(rest[:size]))
        rest = rest[size:]
    return parts


def resolve(names: Iterable[str], matcher: Matcher, allowed: Sequence[str], what: str) -> list[str]:
    """URIs of what was named by URI or by a label in any language.

    Of several concepts with one label, those that opportunities have come first.

    Raises:
        QueryError: a name is not known; the detail lists labels near to it.
    """
    possible = set(allowed)
    known = _uris_by_label({uri: labels for uri, labels in matcher.labels.items() if uri in possible})
    profiles = matcher.scorer.profiles
    used = set(profiles.skill_uris[np.unique(profiles.weights.indices)].tolist())
    found = []
    for name in names:
        if name in possible:
            found.append(name)
            continue
        uris = known.get(name.casefold(), [])
        if not uris:
            near = _near(name, list(known))
            line = f"no {what} is called {name!r}" + (f"; did you mean {', '.join(map(repr, near[:2]))}?" if near else "")
            raise QueryError(line, "\n".join(near))
        found.append(min(uris, key=lambda uri: (uri not in used, uri)))
    return list(dict.fromkeys(found))


def _uris_by_label(labels: Mapping[str, tuple[str, str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for uri, texts in labels.items():
        for text in {text.casefold() for text in texts if text}:
            found.setdefault(text, []).append(uri)
    return found


def _near(name: str, labels: list[str]) -> list[str]:
    """Labels near to a name: those that hold it, then those spelt almost so."""
    asked = name.casefold()
    holding = sorted((label for label in labels if asked in label), key=lambda label: (len(label), label))
    alike = difflib.get_close_matches(asked, labels, n=NEAR, cutoff=0.6)
    return list(dict.fromkeys([*alike[:1], *holding, *alike]))[:NEAR]


def _missing(profiles: Profiles, person: object, place: int) -> list[str]:
    row = profiles.weights[[place]]
    has = covered(person, profiles.related).toarray()[0]  # type: ignore[arg-type]
    lacking = [(weight, uri) for weight, uri in zip(row.data, row.indices, strict=True) if has[uri] == 0]
    return [str(profiles.skill_uris[uri]) for weight, uri in sorted(lacking, key=lambda each: (-each[0], each[1]))]


def _listed(uris: Sequence[str], matcher: Matcher, lang: str) -> str:
    shown = ", ".join(_label(uri, matcher, lang) for uri in uris[:SHOWN])
    return escape(shown) + (f" [dim](+{len(uris) - SHOWN})[/dim]" if len(uris) > SHOWN else "")


def _label(uri: str, matcher: Matcher, lang: str) -> str:
    labels = matcher.labels.get(uri, ("", "", ""))
    return labels[LANGUAGES.index(lang)] or next(filter(None, labels), uri)


def _titles(folder: Path, lang: str) -> dict[str, str]:
    frames = [
        pl.read_parquet(folder / "parquet" / name / f"{name}.parquet", columns=["opportunity_id", f"title_{lang}"])
        for name in ("job_opportunity", "education_opportunity")
    ]
    return dict(pl.concat(frames).iter_rows())
