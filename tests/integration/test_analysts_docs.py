"""Every query of docs/analysts.md runs on the small country, gives rows, and has the columns the page promises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from jod_pipelines.warehouse.questions import ask, open_to_read
from tests_support import ROOT, jod

PAGE = ROOT / "docs" / "analysts.md"
BLOCK = re.compile(r"^```sql\n(?P<sql>.*?)^```\n(?P<after>.*?\n)\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A query of the page and the columns that stand under it."""

    question: str
    sql: str
    columns: list[str]


def examples() -> list[Example]:
    text = PAGE.read_text("utf-8") + "\n"
    return [
        Example(
            text[: found.start()].rpartition("### ")[2].partition("\n")[0],
            found["sql"],
            re.findall(r"`(\w+)`", found["after"].removeprefix("Columns: ")) if found["after"].startswith("Columns: ") else [],
        )
        for found in BLOCK.finditer(text)
    ]


EXAMPLES = examples()


def test_every_block_is_found_and_says_its_columns():
    assert len(EXAMPLES) == PAGE.read_text("utf-8").count("```sql") >= 12
    assert all(example.columns for example in EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: re.sub(r"\W+", "-", example.question.lower()).strip("-"))
def test_an_example_gives_rows_with_the_columns_under_it(example: Example, small_home: Path):
    of_release = example.sql.startswith("-- release\n")
    place = "releases/latest/jod_marts.duckdb" if of_release else "warehouse/jod.duckdb"
    with open_to_read(small_home / place) as connection:
        answer = ask(connection, example.sql)
        assert answer.columns == example.columns
        assert answer.fetchall()


@pytest.mark.slow
def test_the_command_answers_examples_from_a_file(small_home: Path, tmp_path: Path):
    of_release = next(example for example in EXAMPLES if example.sql.startswith("-- release"))
    for example, options in ((EXAMPLES[0], ()), (of_release, ("--release", "latest"))):
        (tmp_path / "example.sql").write_text(example.sql, "utf-8")
        done = jod("query", str(tmp_path / "example.sql"), "--format", "csv", *options, home=small_home)
        assert done.code == 0, done.err
        assert done.out.splitlines()[0].split(",") == example.columns
        assert " rows in " in done.err
