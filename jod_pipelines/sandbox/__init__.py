"""A synthetic Finland with planted truth, and servers that speak the sources' real wire formats."""

from __future__ import annotations

from pathlib import Path

import httpx

from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.sandbox.truth import write_truth
from jod_pipelines.sandbox.world import World, sizes_of
from jod_pipelines.settings import Settings


def build_world(settings: Settings) -> World:
    """The world of these settings."""
    return World(settings.seed, sizes_of(settings.postings), settings.esco_folder)


def in_process_transport(settings: Settings, truth_folder: Path) -> httpx.WSGITransport:
    """An HTTP transport that answers from the world without a network; writes the planted truth once."""
    world = build_world(settings)
    stamp = truth_folder / f"seed{settings.seed}-{settings.scale}"
    if not stamp.exists():
        write_truth(world, truth_folder)
        stamp.touch()
    return httpx.WSGITransport(app=SourcesApp(SyntheticCatalogue(world)))
