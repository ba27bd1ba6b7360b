"""What the consumer gets of an occupation group: its keys, its types, and nothing in place of what is not known."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
import yaml

from jod_pipelines.contracts.model import published_table
from jod_pipelines.publication.jod_documents import as_csv, group_rows

ROOT = Path(__file__).parents[2]
URI = "http://data.europa.eu/esco/isco/C"
WHOLE = {
    "employed_persons": 1234,
    "wage_median_eur_month": 3100,
    "wage_p10_eur_month": 2400,
    "wage_p90_eur_month": 4900,
    "match_state": "shortage",
}
REGIONS = [("2221", "01", 55.25), ("2221", "19", 0.0)]


def rows(states=("shortage",)):
    table = published_table("occupation_group")
    groups = [{"occupation_uri": f"{URI}{2221 + place}", **WHOLE, "match_state": state} for place, state in enumerate(states)]
    groups.append({"occupation_uri": f"{URI}0110"})
    spread = published_table("occupation_group_distribution").polars_schema
    shares = [
        {"occupation_uri": f"{URI}{code}", "distribution_type": "REGION", "value_code": region, "share_pct": share}
        for code, region, share in REGIONS
    ]
    return group_rows(pl.DataFrame(groups, schema=table.polars_schema), pl.DataFrame(shares, schema=spread))


def test_a_group_has_the_consumers_keys_and_types():
    found = dict(rows())
    assert found[f"{URI}2221"] == {
        "uri": f"{URI}2221",
        "palkkaus": {"mediaani": 3100, "ylinDesiili": 4900, "alinDesiili": 2400},
        "tyollisetKokoMaa": 1234,
        "kohtaanto": {"tyyppi": "Alitarjonta"},
        "tyollisetMaakunnittain": [{"maakunta": "01", "osuus": 55.2}, {"maakunta": "19", "osuus": 0.0}],
    }
    wages = found[f"{URI}2221"]["palkkaus"].values()
    assert all(type(value) is int for value in [*wages, found[f"{URI}2221"]["tyollisetKokoMaa"]])


def test_a_group_without_figures_is_sent_with_its_uri_alone():
    """Null would be shown as 0 euros; a group that is not sent would keep its old figures."""
    assert dict(rows())[f"{URI}0110"] == {"uri": f"{URI}0110"}
    assert b"null" not in as_csv(rows())
    assert len(as_csv(rows()).splitlines()) == 1 + 2


def test_every_match_state_has_the_consumers_word():
    states = ("shortage", "balance", "oversupply", None)
    found = [data.get("kohtaanto", {}).get("tyyppi") for _, data in rows(states)[1:]]
    assert found == ["Alitarjonta", "Tasapaino", "Ylitarjonta", None]


@pytest.mark.parametrize("place", ["data_contracts/glossary.yaml", "docs/methods/occupation_groups.md"])
def test_the_published_rule_is_the_rule_that_is_computed(place):
    rule = yaml.safe_load((ROOT / "dbt_project/dbt_project.yml").read_text("utf-8"))["vars"]
    told = (ROOT / place).read_text("utf-8")
    if place.endswith("yaml"):
        texts = [yaml.safe_load(told)["match_state"][language] for language in ("fi", "sv", "en")]
    else:
        texts = [told[told.index("## The match state") :].split("\n## ")[0]]
    figures = {str(rule[name]) for name in ("shortage_below", "oversupply_above", "match_state_least")}
    for text in texts:
        assert figures <= set(re.findall(r"\d+", text)), text
