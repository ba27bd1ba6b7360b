"""Dagster only: wires the rooms of `jod_pipelines` into assets, checks, a job and a schedule."""
