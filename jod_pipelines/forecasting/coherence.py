"""Vacancy forecasts that add up: the country's stands, everything below is scaled to it (top-down by forecast proportions).

The country's forecast is the most accurate and stays as it is. What a total has beyond its forecast parts (confidential,
short or unpublished series) keeps its share of the newest year and is never published, so nothing is summed around it.
Method: Athanasopoulos, Ahmed & Hyndman (2009), with both margins of the cells kept by iterative proportional fitting.
"""

from __future__ import annotations

import numpy as np

from jod_pipelines.forecasting.reconciliation import CLOSE, scale_to_totals
from jod_pipelines.forecasting.smoothing import Numbers

TOTAL = "SSS"
YEAR = 12
HIDDEN = 1e-6
"""Least share of a total beyond its parts that counts as hidden."""
LEAST_CELL = 1e-6
"""A cell forecast as zero starts from this, so that a total above zero has somewhere to go."""


def coherent_points(names: list[str], y: Numbers, points: Numbers, *, with_cells: bool = True, close: float = CLOSE) -> Numbers:
    """Point forecasts of which the parts of each total add up to it, or to less where parts are hidden.

    Args:
        names: `region/occupation` of each series, SSS for all.
        y: series x periods known at the origin, NaN where not known.
        points: series x steps, base forecasts.
        with_cells: fit the cells of regions and occupations too; without, they stay as they were.
        close: largest gap between a total and its cells that counts as none.

    Returns:
        series x steps. Without a country series nothing is changed.

    Raises:
        ForecastError: the cells cannot be made to add up.
    """
    at = {tuple(name.split("/")): place for place, name in enumerate(names)}
    country = at.get((TOTAL, TOTAL))
    if country is None:
        return points
    fitted = points.copy()
    regions = [place for (region, occupation), place in at.items() if occupation == TOTAL and region != TOTAL]
    occupations = [place for (region, occupation), place in at.items() if region == TOTAL and occupation != TOTAL]
    recent = y[:, -YEAR:]
    for parts in (regions, occupations):
        if parts:
            fitted[parts] = _share_out(points[country], points[parts], hidden_share(recent[country], recent[parts]))
    cells = [place for (region, occupation), place in at.items() if TOTAL not in (region, occupation)]
    if cells and with_cells:
        fitted[cells] = _cells(at, cells, recent, points, fitted, close)
    return fitted


def hidden_share(total: Numbers, parts: Numbers) -> float:
    """What share of a total its parts leave, over the periods where the total is known; an unknown part is hidden."""
    known = np.isfinite(total)
    whole = float(total[known].sum())
    share = 1 - float(np.nansum(parts[:, known])) / whole if whole > 0 else 0.0
    return share if share > HIDDEN else 0.0


def _share_out(total: Numbers, parts: Numbers, hidden: float) -> Numbers:
    sums = parts.sum(axis=0)
    even = np.full_like(parts, 1 / len(parts))
    shares = np.divide(parts, sums, out=even, where=sums > 0)
    return np.asarray(shares * total * (1 - hidden))


def _cells(
    at: dict[tuple[str, ...], int], cells: list[int], recent: Numbers, points: Numbers, fitted: Numbers, close: float
) -> Numbers:
    """Cells scaled to region and occupation totals; cells without a forecast take up what the totals leave."""
    keys = {place: key for key, place in at.items()}
    regions = sorted({keys[cell][0] for cell in cells})
    occupations = sorted({keys[cell][1] for cell in cells})
    # One row and one column more: regions and occupations of which no cell is forecast.
    row = np.array([regions.index(keys[cell][0]) for cell in cells])
    column = np.array([occupations.index(keys[cell][1]) for cell in cells])

    def left(totals: list[int | None], belongs: Numbers) -> Numbers:
        own = [np.array(cells)[belongs == place] for place in range(len(totals))]
        return np.array([0.0 if t is None else hidden_share(recent[t], recent[o]) for t, o in zip(totals, own, strict=True)])

    def known(totals: list[int | None]) -> Numbers:
        """Steps x totals, one more without a total; NaN where there is none."""
        nothing = np.full(points.shape[1], np.nan)
        return np.stack([nothing if t is None else fitted[t] for t in [*totals, None]], axis=1)

    row_of = [at.get((region, TOTAL)) for region in regions]
    column_of = [at.get((TOTAL, occupation)) for occupation in occupations]
    rows, columns = known(row_of), known(column_of)
    hidden_rows = left(row_of, row) * np.nan_to_num(rows[:, :-1])
    hidden_columns = left(column_of, column) * np.nan_to_num(columns[:, :-1])
    whole = np.maximum(np.maximum(hidden_rows.sum(axis=1), hidden_columns.sum(axis=1)), 1.0)
    seeds = np.zeros((len(rows), rows.shape[1], columns.shape[1]))
    seeds[:, :-1, :-1] = hidden_rows[:, :, None] * hidden_columns[:, None, :] / whole[:, None, None]
    seeds[:, :-1, -1], seeds[:, -1, :-1] = hidden_rows, hidden_columns
    seeds[:, row, column] = np.maximum(points[cells], LEAST_CELL).T
    return scale_to_totals(seeds, rows, columns, close)[:, row, column].T
