"""Kela's data sets about the synthetic world, as the catalogue and the files of avoindata.suomi.fi say it."""

from __future__ import annotations

from typing import Any

import orjson

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.world import World

OWNER = "6c2af1b3-2309-4fc6-9b47-59b14fe10a9c"
OTHER_OFFICE = "11111111-0000-4000-8000-000000000000"
CHANGED = "2026-11-16T04:00:00.000000"
YEARS = (2025, 2026)
MONTHS = 10
SMALL = 4
"""Kela puts groups of fewer than four people under municipality 199."""
JOINED = {"588": ("Pertunmaa", "507", 2026, 0.22)}
"""A municipality that has joined another: its name, the other, the first year without it, its share of the people of both.

Kela's files keep the code of their own time; nothing of an older month is counted again in newer borders.
"""
DATASETS: dict[str, dict[str, Any]] = {
    "opintotuen-saajat-ja-maksetut-tuet": {
        "share": 0.05,
        "dimensions": {
            "ikaryhma": ("Alle 20", "20-24", "Yhteensä"),
            "etuus": ("Opintoraha", "Opintolainan valtiontakaus"),
            "oppilaitos_peruste": ("Kaikki oppilaitokset", "Viimeisin oppilaitos"),
        },
        "study_years": True,
    },
    "koulumatkatuen-saajat-ja-maksetut-tuet": {
        "share": 0.02,
        "dimensions": {"sukupuoli": ("Mies", "Nainen", "Tuntematon")},
    },
    "kelan-tyottomyysetuuksien-saajat-kuukauden-lopussa": {
        "share": 0.03,
        "dimensions": {"etuuslaji": ("Peruspäiväraha", "Työmarkkinatuki", "Yhteensä")},
        "encoding": "iso-8859-1",
        "delimiter": ";",
    },
    "kelan-tyottomyysetuudet-korvausperusteen-mukaan": {
        "share": 0.03,
        "dimensions": {"korvausperuste": ("Työttömyys", "Palvelu", "Tieto puuttuu")},
    },
    "kelan-etuuksien-saajat-ja-maksetut-etuudet": {"share": 0.2, "dimensions": {"etuus": ("Kuntoutusraha", "Yhteensä")}},
}


def packages(root: str) -> list[dict[str, Any]]:
    """What the catalogue finds: Kela's data sets, and another office's whose text names Kela."""
    found = [_package(name, root, OWNER) for name in DATASETS]
    return [*found, _package("kuntien-etuusmenot", root, OTHER_OFFICE)]


def file(world: World, dataset: str, name: str) -> bytes | None:
    """One file of a data set."""
    kind = DATASETS.get(dataset)
    if kind is None:
        return None
    if name == f"{dataset}.json":
        return orjson.dumps(_metadata(dataset, kind))
    years = [year for year in YEARS if name == f"data_{year}.csv"]
    return _csv(world, dataset, kind, years[0]) if years else None


def _package(name: str, root: str, owner: str) -> dict[str, Any]:
    names = [*(f"data_{year}.csv" for year in YEARS), f"{name}.json"]
    resources = [
        {
            "name": item,
            "format": item.rsplit(".", 1)[1].upper(),
            "url": f"{root}/data/dataset/{name}/download/{item}",
            "last_modified": CHANGED,
        }
        for item in names
    ]
    return {"name": name, "owner_org": owner, "license_id": "cc-by-4.0", "resources": resources}


def _metadata(dataset: str, kind: dict[str, Any]) -> dict[str, Any]:
    texts = ["aikatyyppi", "kunta_nro", "kunta_nimi", *kind["dimensions"]]
    types = {
        **dict.fromkeys(texts, "string"),
        **dict.fromkeys(("kuukausi_nro", "vuosikuukausi", "vuosi"), "integer"),
        **dict.fromkeys(("saaja_lkm", "maksettu_eur"), "number"),
    }
    return {
        "name": dataset,
        "resources": [
            {
                "name": dataset,
                "path": [f"data_{year}.csv" for year in YEARS],
                "format": "csv",
                "dialect": {"delimiter": kind.get("delimiter", ",")},
                "encoding": kind.get("encoding", "UTF-8"),
                "schema": {"fields": [{"name": n, "type": types[n]} for n in _columns(kind)], "missingValues": [""]},
            }
        ],
    }


def _columns(kind: dict[str, Any]) -> list[str]:
    head = ["aikatyyppi", "kuukausi_nro", "vuosikuukausi", "vuosi", "kunta_nro", "kunta_nimi"]
    return [*head, *kind["dimensions"], "saaja_lkm", "maksettu_eur"]


def _csv(world: World, dataset: str, kind: dict[str, Any], year: int) -> bytes:
    """Months and year of each region's two largest municipalities and of those that joined; codes without leading zeros."""
    names = dict(reference_table("municipalities").select("municipality_code", "name_fi").iter_rows())
    places = [code for region in world.regions for code in world.municipalities[region][:2]]
    living = {place: world.population[place] for place in places} | _before_and_after(world, year)
    names |= {code: name for code, (name, *_) in JOINED.items()}
    periods = [("Kuukausi", month, year) for month in range(MONTHS + 1 if year == YEARS[-1] else 13) if month]
    periods.append(("Vuosi", 12, year))
    if kind.get("study_years"):
        periods.append(("Lukuvuosi", 7, year))
    own = world.dice("kela", dataset, year)
    lines = [_columns(kind)]
    for time, month, of_year in periods:
        for place, population in living.items():
            people = max(SMALL, round(population * kind["share"] * own.uniform(0.9, 1.1)))
            for members in _members(kind):
                count = people if "Yhteensä" in members else people // 3
                paid = -12.5 if own.random() < 0.01 else count * 250.25
                hidden = own.random() < 0.005
                place_name = ["199", ""] if hidden else [place.lstrip("0"), names[place]]
                numbers = ["", ""] if hidden else [str(count), f"{paid:.2f}"]
                lines.append([time, str(month), f"{of_year}{month:02d}", str(of_year), *place_name, *members, *numbers])
    return _joined(lines, kind)


def _before_and_after(world: World, year: int) -> dict[str, float]:
    """People by municipality, of those that have joined and of those they joined, in the borders of the year."""
    found: dict[str, float] = {}
    for code, (_, target, first_year, share) in JOINED.items():
        apart = year < first_year
        found[target] = world.population[target] * (1 - share if apart else 1)
        if apart:
            found[code] = world.population[target] * share
    return found


def _joined(lines: list[list[str]], kind: dict[str, Any]) -> bytes:
    sign = kind.get("delimiter", ",")
    seen: set[tuple[str, ...]] = set()
    kept = []
    for line in lines:
        key = tuple(line[:5] + line[6:-2])  # groups put together under 199 are one row
        if key not in seen:
            seen.add(key)
            kept.append(sign.join(line))
    return ("\r\n".join(kept) + "\r\n").encode(kind.get("encoding", "utf-8-sig"))


def _members(kind: dict[str, Any]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for members in kind["dimensions"].values():
        found = [(*chosen, member) for chosen in found for member in members]
    return found
