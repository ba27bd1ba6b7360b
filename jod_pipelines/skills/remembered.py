"""What was recognised in a text stands until the recogniser or its labels change: only texts that are new are read."""

from __future__ import annotations

import hashlib

import polars as pl

from jod_pipelines.fingerprint import code_fingerprint, combined
from jod_pipelines.skills.recogniser import Recogniser

REMEMBERED = {
    "recogniser": pl.String(),
    "text_key": pl.String(),
    "skill_uri": pl.String(),
    "score": pl.Float64(),
    "method": pl.String(),
}
"""A row for each text and skill, and one without a skill for a text in which none was found."""


def recogniser_version(*tables: pl.DataFrame) -> str:
    """Changes with the recogniser's code, its libraries and the tables of labels it is made of."""
    made_of = [hashlib.sha256(table.write_csv().encode()).hexdigest() for table in tables]
    return combined([code_fingerprint("jod_pipelines/skills", "requirements.lock"), *made_of])


def recognise_new(texts: pl.DataFrame, recogniser: Recogniser, version: str, before: pl.DataFrame) -> pl.DataFrame:
    """Skills of texts, those that were read before by the same recogniser from memory.

    Args:
        texts: text_key (the same for the same language and text, and for no other), language, text; each once.
        recogniser: reads the others.
        version: of the recogniser.
        before: what this gave for the texts of the run before, REMEMBERED.

    Returns:
        REMEMBERED of these texts and no others, sorted by text_key and skill_uri.
    """
    known = before.filter(recogniser=version).join(texts, on="text_key", how="semi")
    new = texts.join(known, on="text_key", how="anti").sort("text_key")
    found = recogniser.recognise(new["text"].to_list(), new["language"].to_list())
    numbered = new.select("text_key").with_row_index("text_id").cast({"text_id": found.schema["text_id"]})
    read = numbered.join(found, on="text_id", how="left").with_columns(recogniser=pl.lit(version))
    return pl.concat([known, read.select(list(REMEMBERED))]).sort("text_key", "skill_uri")
