"""Who writes summaries and descriptions: the templates, or a language model behind an OpenAI-compatible interface.

A model gets facts only (labels, shares, counts), and what it writes is published only if it passes `problems`. Titles and
tasks are never a model's: titles must be unique and mean the same in three languages, tasks are labels of skills.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import httpx
import jsonschema
import polars as pl
from simplemma.language_detector import langdetect

from jod_pipelines.errors import JodError
from jod_pipelines.opportunities.words import LANGUAGES, Facts, Labels, label
from jod_pipelines.settings import TextSettings

logger = logging.getLogger(__name__)

PROMPT_VERSION = "1"
PROMPT = (
    "You describe a kind of work or education to people who plan their career. Write a summary (one sentence) and a "
    "description (two to five sentences) in Finnish (fi), Swedish (sv) and English (en), in plain, correct "
    "language. Use only the facts given as JSON. Shares of skills are of those members in which any skill was "
    "recognised. Write numbers as digits, and only numbers that are in the facts. Write names of occupations, "
    "programmes and regions exactly as given, without inflecting them. Name no person, employer, address or "
    "telephone number. Answer with JSON only."
)
LONGEST = {"summary": 400, "description": 1500}
FAILURES_IN_A_ROW = 3
"""After so many requests without an answer the service is not asked again in this run."""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": list(LANGUAGES),
    "properties": {
        language: {
            "type": "object",
            "additionalProperties": False,
            "required": list(LONGEST),
            "properties": {part: {"type": "string", "minLength": 20, "maxLength": most} for part, most in LONGEST.items()},
        }
        for language in LANGUAGES
    },
}
PERSONAL = re.compile(r"@|https?://|www\.|\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]\b|\+?\d(?:[\s-]?\d){6,}", re.IGNORECASE)
PROVENANCE = {
    "opportunity_id": pl.String(),
    "generator": pl.String(),
    "model": pl.String(),
    "prompt_version": pl.String(),
    "facts_hash": pl.String(),
    "generated_on": pl.String(),
    "review_state": pl.String(),
}
Texts = dict[str, dict[str, Any]]
"""language -> title, summary, description (strings), tasks (list of strings)."""


class GeneratorError(JodError):
    """A text service did not answer, or its answer may not be published."""


class NoAnswer(GeneratorError):
    """The service itself failed: unreachable, refused, or not the interface it should be."""


@dataclass(frozen=True)
class Request:
    """What a generator is asked: the facts of one opportunity as JSON, and the templates' texts of it."""

    facts: Mapping[str, Any]
    template: Texts


class TextGenerator(Protocol):
    """Whoever writes texts."""

    name: str
    model: str
    prompt_version: str

    def generate(self, request: Request) -> Texts:
        """Texts of one opportunity; raises GeneratorError."""


class TemplateGenerator:
    """The templates of `words`: no network, never fails."""

    name, model, prompt_version = "template", "", ""

    def generate(self, request: Request) -> Texts:
        """The templates' own texts."""
        return request.template


class OpenAiCompatibleGenerator:
    """Summaries and descriptions by a model behind `POST {base_url}/v1/chat/completions`."""

    name, prompt_version = "openai_compatible", PROMPT_VERSION

    def __init__(self, settings: TextSettings, transport: httpx.BaseTransport | None = None) -> None:
        self.model = settings.model
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        self._client = httpx.Client(
            base_url=settings.base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=settings.timeout_s,
            transport=transport,
        )
        self._failures = 0

    def generate(self, request: Request) -> Texts:
        """Ask, check, and put the answer in place of the templates' summaries and descriptions.

        Raises:
            GeneratorError: the service failed or its answer may not be published; the line says why.
        """
        if self._failures >= FAILURES_IN_A_ROW:
            raise NoAnswer(f"text service not asked: it failed {self._failures} times in a row")
        try:
            answer = self._ask(request.facts)
        except NoAnswer:
            self._failures += 1
            raise
        self._failures = 0
        try:
            written = json.loads(answer)
        except ValueError:
            raise GeneratorError("text service answered with broken JSON") from None
        if found := problems(written, request.facts):
            raise GeneratorError(f"text service wrote what may not be published: {found[0]}", "\n".join(found[1:]))
        return {language: {**request.template[language], **written[language]} for language in LANGUAGES}

    def _ask(self, facts: Mapping[str, Any]) -> str:
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [{"role": "system", "content": PROMPT}, {"role": "user", "content": _canonical(facts)}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "texts", "strict": True, "schema": SCHEMA}},
        }
        try:
            response = self._client.post("/v1/chat/completions", json=body)
            response.raise_for_status()
            return str(response.json()["choices"][0]["message"]["content"])
        except httpx.HTTPStatusError as error:
            raise NoAnswer(f"text service answered {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise NoAnswer(f"text service cannot be reached: {type(error).__name__}") from None
        except (ValueError, LookupError, TypeError):
            raise NoAnswer("text service answered with something else than a chat completion") from None


def generator_of(settings: TextSettings) -> TextGenerator:
    """The generator the settings choose."""
    return OpenAiCompatibleGenerator(settings) if settings.generator == "openai_compatible" else TemplateGenerator()


def facts_json(item: Facts, names: Labels, skills: Labels, regions: Labels) -> dict[str, Any]:
    """All that may leave the platform of an opportunity: labels, whole per cents and the count of members; no id, no text."""

    def labelled(labels: Labels, code: str) -> dict[str, Any]:
        return {language: label(labels, code, language) for language in LANGUAGES}

    share_of = dict(item.skills)
    return {
        "kind": item.kind,
        "members": item.members,
        "names": [labelled(names, code) | {"share_pct": round(share)} for code, share in item.names[:3]],
        "skills": [labelled(skills, uri) | {"share_pct": round(share_of[uri])} for uri in item.distinct[:12]],
        "regions": [labelled(regions, code) for code, _ in item.regions[:3]],
    }


def problems(written: Any, facts: Mapping[str, Any]) -> list[str]:
    """Why texts may not be published, none if they may: form, length, numbers, names, personal data, language."""
    errors = sorted(jsonschema.Draft202012Validator(SCHEMA).iter_errors(written), key=str)
    if errors:
        return [f"{'.'.join(map(str, error.path)) or 'answer'}: breaks the {error.validator} rule" for error in errors]
    given = _canonical(facts)
    numbers, words = _numbers(given), set(re.findall(r"\w+", given.casefold()))
    found = []
    for language in LANGUAGES:
        text = f"{written[language]['summary']} {written[language]['description']}"
        if set(text) & set('\\"\n\r\t'):
            found.append(f"{language}: a character that the import does not take")
        if PERSONAL.search(text):
            found.append(f"{language}: looks like personal data")
        if invented := sorted(_numbers(text) - numbers):
            found.append(f"{language}: number {invented[0]} is not in the facts")
        if strangers := [word for word in _names_within(text) if word.casefold() not in words]:
            found.append(f"{language}: name {strangers[0]} is not in the facts")
        if (spoken := langdetect(text, lang=LANGUAGES)[0][0]) != language:
            found.append(f"{language}: written in {spoken}")
    return found


def generate_texts(
    requests: Mapping[str, Request], generator: TextGenerator, folder: Path, day: date
) -> tuple[dict[str, Texts], pl.DataFrame]:
    """Texts by opportunity id, and who wrote them (columns of PROVENANCE).

    A model's text is kept in `folder` under the hash of the facts, prompt and model, and asked for once; its `review_state`
    there is `unreviewed` until somebody writes `approved` or `rejected`. A rejected or failed text is the template's.
    """
    texts: dict[str, Texts] = {}
    rows = []
    for opportunity_id, request in requests.items():
        kept: dict[str, Any] | None = None
        if generator.name != "template":
            try:
                kept = _kept_or_new(request, generator, folder, day)
            except GeneratorError as error:
                logger.warning("opportunity %s keeps the template's text: %s", opportunity_id, error)
        usable = kept is not None and kept["review_state"] != "rejected"
        texts[opportunity_id] = (
            {language: request.template[language] | kept["texts"][language] for language in LANGUAGES}
            if kept is not None and usable
            else request.template
        )
        rows.append(
            {
                "opportunity_id": opportunity_id,
                "generator": generator.name if usable else TemplateGenerator.name,
                "model": generator.model if usable else "",
                "prompt_version": generator.prompt_version if usable else "",
                "facts_hash": _hash(request.facts),
                "generated_on": kept["generated_on"] if kept is not None and usable else day.isoformat(),
                "review_state": kept["review_state"] if kept is not None else "not_needed",
            }
        )
    return texts, pl.DataFrame(rows, schema=PROVENANCE, orient="row")


def _kept_or_new(request: Request, generator: TextGenerator, folder: Path, day: date) -> dict[str, Any]:
    key = _hash([request.facts, generator.name, generator.model, generator.prompt_version, SCHEMA])
    path = folder / f"{key}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return kept
    texts = generator.generate(request)
    kept = {
        "generator": generator.name,
        "model": generator.model,
        "prompt_version": generator.prompt_version,
        "facts_hash": _hash(request.facts),
        "generated_on": day.isoformat(),
        "review_state": "unreviewed",
        "facts": request.facts,
        "texts": {language: {part: texts[language][part] for part in LONGEST} for language in LANGUAGES},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1), "utf-8")
    return kept


def _names_within(text: str) -> Sequence[str]:
    """Words with a capital that do not begin a sentence or a list after a colon."""
    return re.findall(r"(?<=[^.!?:\s] )[^\W\d_a-zåäö][\w]+", text)


def _numbers(text: str) -> set[str]:
    return {number.replace(",", ".") for number in re.findall(r"\d+(?:[.,]\d+)?", text)}


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _hash(value: object) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()
