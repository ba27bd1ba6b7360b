"""Five-year age groups out of the wider ones that a statistic has.

Persons up to an age are interpolated between the ages at which they are known, by a curve that never falls (Fritsch and Carlson's
piecewise cubic, as scipy has it); what a group has is the difference at its ends. Groups that are there already stay as they are.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.interpolate import PchipInterpolator

YOUNGEST, OLDEST, STEP = 15, 65, 5
END = 75
"""Age up to which those in the oldest group are counted."""


def five_year_groups(groups: pl.DataFrame) -> pl.DataFrame:
    """Persons by five-year group.

    Args:
        groups: occupation_code, year, age_from, persons: the groups of each year lie side by side, each to the next one's
            start, the last to END. The first is taken to begin at YOUNGEST. A group without number counts as nobody.

    Returns:
        occupation_code, year, age_from (15, 20 … 65, the last with everyone older), persons; ordered.
    """
    parts = [_split(part) for part in groups.partition_by("year", maintain_order=True)]
    schema = {"occupation_code": pl.String, "year": pl.Int64, "age_from": pl.Int64, "persons": pl.Float64}
    return pl.concat([pl.DataFrame(schema=schema), *(part.cast(schema) for part in parts)]).sort(  # type: ignore[arg-type]
        "occupation_code", "year", "age_from"
    )


def _split(year: pl.DataFrame) -> pl.DataFrame:
    wide = year.pivot("age_from", index="occupation_code", values="persons", aggregate_function="sum").sort("occupation_code")
    starts = sorted(int(name) for name in wide.columns[1:])
    persons = wide.select([str(start) for start in starts]).fill_null(0).to_numpy().astype(float)
    known = np.array([min(starts[0], YOUNGEST), *starts[1:], max(END, starts[-1] + 1)], dtype=float)
    upto = np.concatenate([np.zeros((len(wide), 1)), persons.cumsum(axis=1)], axis=1)
    ends = np.array([*range(YOUNGEST, OLDEST + 1, STEP), known[-1]], dtype=float)
    counted = (
        PchipInterpolator(known, upto, axis=1)(ends)
        if len(known) > 2
        else np.array([np.interp(ends, known, row) for row in upto])
    )
    ages = list(range(YOUNGEST, OLDEST + 1, STEP))
    return pl.DataFrame(
        {
            "occupation_code": np.repeat(wide["occupation_code"].to_numpy(), len(ages)),
            "year": [year["year"][0]] * (len(ages) * len(wide)),
            "age_from": ages * len(wide),
            "persons": np.diff(counted, axis=1).clip(0).ravel(),
        }
    )
