"""Forecasts with honest uncertainty: models chosen by how they did on the past, intervals from their own errors."""

from jod_pipelines.forecasting.panel import forecast

__all__ = ["forecast"]
