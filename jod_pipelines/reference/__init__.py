"""Official code lists small enough to live with the code, each with its source and edition.

* `regions.csv`: 19 regions. Statistics Finland, maakunta_1_20260101.
* `municipalities.csv`: 308 municipalities, their region and population on 31 December 2025. Statistics Finland,
  kunta_1_20260101 and table 121w (CC BY 4.0). Each region's labour force in table 12r5 equals the sum over its
  municipalities here.
* `isco_groups.csv`: ISCO-08 groups of all levels in three languages, as ESCO v1.1.1 names them (European Commission).
* `education_fields.csv`: fields of education, levels 1 and 2, national classification of education 2016.
* `industry_sections.csv`: sections of the Standard Industrial Classification TOL 2008 and the divisions they hold.
* `known_unmapped.csv`: why a code that a source uses is in no dimension, by pattern; the first line that fits counts.
* `measures.csv`: what the facts of the warehouse measure, with unit, names and definitions; our own wording.
* `source_measures.csv`: which measure a content code of a source's table is.
* `municipality_changes.csv`: municipalities abolished, divided or made since 2006, with the first year of the new borders
  and the successor. Days and codes agree with the code list kunta of Koodisto; the successors are collected by hand and
  are to be held against Statistics Finland's correspondence kunta_2#kunta_1, which wins where it says more.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent


@cache
def reference_table(name: str) -> pl.DataFrame:
    """A reference list by name, all columns strings but those that end in `_persons`."""
    frame = pl.read_csv(FOLDER / f"{name}.csv", infer_schema=False)
    return frame.with_columns(pl.col(column).cast(pl.Int64) for column in frame.columns if column.endswith("_persons"))


def region_codes_by_name(language: str) -> dict[str, str]:
    """Region code by official name in a language, for the few files that know regions by name only."""
    regions = reference_table("regions")
    return dict(zip(regions[f"name_{language}"], regions["region_code"], strict=True))


def region_of_municipality() -> dict[str, str]:
    """Region code by municipality code, borders of 2026."""
    frame = reference_table("municipalities")
    return dict(zip(frame["municipality_code"], frame["region_code"], strict=True))
