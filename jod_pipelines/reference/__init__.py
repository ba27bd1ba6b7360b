"""Official code lists small enough to live with the code, each with its source and edition.

* `regions.csv`: 19 regions. Statistics Finland, maakunta_1_20260101.
* `municipalities.csv`: 308 municipalities, their region and population on 31 December 2025. Statistics Finland,
  kunta_1_20260101 and table 121w (CC BY 4.0). Each region's labour force in table 12r5 equals the sum over its
  municipalities here.
* `isco_groups.csv`: ISCO-08 groups of all levels in three languages, as ESCO v1.1.1 names them (European Commission).
* `education_fields.csv`: fields of education, levels 1 and 2, national classification of education 2016.
* `industry_sections.csv`: sections of the Standard Industrial Classification TOL 2008 and the divisions they hold.
* `industry_classes.csv`: the total, and sections that the Labour Force Survey's tables give together; the codes are those of its
  table 13aq, the names are ours.
* `known_unmapped.csv`: why a code that a source uses is in no dimension, by pattern; the first line that fits counts.
* `measures.csv`: what the facts of the warehouse measure, with unit, the decimals its source gives, names and definitions; our
  own wording.
* `source_measures.csv`: which measure a content code of a source's table is.
* `municipality_changes.csv`: municipalities abolished, divided or made since 2006, with the first year of the new borders
  and the successor. Held against the code list kunta of Koodisto as recorded (`tests/acceptance/test_dimensions.py`): the last
  day of 132 of 133 abolished codes agrees (the list is older than the 133rd, of 2026), all names, the first day of all 9 new
  codes, and each of the 134 successors was in force that day. Which successor it is was collected by hand; Statistics Finland's
  notes on its classifications confirm eight rows (413, 442, 443 twice, 476, 174, 775, 838). Where the correspondence
  kunta_2#kunta_1 lands, a warning test names every successor it gives otherwise.
* `region_changes.csv`: municipalities that belonged to another region in or after 2006, and the last year of it.
  `told_by` statistics_finland: its notes on maakunta_1 and NUTS 2024 say so; `hand`: collected by hand (the ten of Itä-Uusimaa,
  and two that merged over a border).
* `former_regions.csv`: regions that have joined others since 2006.
* `area_classes.csv`: what Koodisto's list kunta keeps beside municipalities.
* `education_levels.csv`: levels of education, level 1, national classification of education 2016.
* `occupation_classes.csv`: the total, and the classes for people without an occupation in KEHA Centre's tables (`tyonv`), whose
  Finnish names are the tables' own.
* `occupation_exceptions.csv`: groups of the national classification 2010 that hold other work than the ISCO-08 group of the
  same code: those whose Finnish name in ESCO v1.1.1, which is the national one, says something else than the English one. Both
  classifications have 10, 43, 130 and 436 groups on their first four levels, so no code is missing from either.
* `esco_replacements.csv`: concepts of ESCO that another took over, with the version that did it.
* `language_skills.csv`: the living and classical languages among ESCO's skills (v1.1.1) that ISO 639-1 has a code for.
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


def reference_columns() -> dict[str, list[str]]:
    """Column names of every list."""
    return {path.stem: reference_table(path.stem).columns for path in sorted(FOLDER.glob("*.csv"))}


def region_codes_by_name(language: str) -> dict[str, str]:
    """Region code by official name in a language, for the few files that know regions by name only."""
    regions = reference_table("regions")
    return dict(zip(regions[f"name_{language}"], regions["region_code"], strict=True))


def region_of_municipality() -> dict[str, str]:
    """Region code by municipality code, borders of 2026."""
    frame = reference_table("municipalities")
    return dict(zip(frame["municipality_code"], frame["region_code"], strict=True))
