"""The JOD data platform: sources, landing, warehouse, skills, opportunities, forecasts, publication.

Nothing in this package imports Dagster; `assets/` wires these rooms to it.
"""

__version__ = "0.1.0"
