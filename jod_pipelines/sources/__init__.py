"""The source systems: what to ask, how to page or slice, how to read what they answer."""

from __future__ import annotations

from graphlib import TopologicalSorter

from jod_pipelines.settings import Settings
from jod_pipelines.sources import (
    classifications,
    eperusteet,
    esco,
    kela,
    koodisto,
    local_files,
    mylly,
    opintopolku,
    organisaatio,
    ptv,
    recheck,
    statfin,
    vipunen,
)
from jod_pipelines.sources.resource import Resource

MODULES = (
    koodisto,
    organisaatio,
    esco,
    opintopolku,
    recheck,
    eperusteet,
    vipunen,
    statfin,
    classifications,
    mylly,
    kela,
    ptv,
    local_files,
)


def all_resources(settings: Settings) -> list[Resource]:
    """Every configured resource; one that reads another's tables comes after it."""
    found = {resource.label: resource for module in MODULES for resource in module.resources(settings)}
    order = TopologicalSorter({label: resource.after for label, resource in found.items()}).static_order()
    return [found[label] for label in order]
