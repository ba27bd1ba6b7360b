"""From items with skills to opportunities with ids, profiles and texts: one pure function for both kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from jod_pipelines.opportunities.boundaries import steady_clusters
from jod_pipelines.opportunities.identity import Identities, Registry, identify
from jod_pipelines.opportunities.profile import distributions, pruned_skills, publishable, skill_distribution, skill_weights
from jod_pipelines.opportunities.text_generators import PROVENANCE, Request, Texts, facts_json
from jod_pipelines.opportunities.words import LANGUAGES, Facts, Labels, clean, label, write_texts
from jod_pipelines.settings import ClusterSettings, IdentitySettings, PublicationSettings

ESSENTIAL_PCT = 50.0
DISTINCT_LIFT = 1.5
"""How many times as common as among all members a skill is before it says what an opportunity is."""
TELLING_PCT = 20.0
"""Share of its members below which a skill is not said to be typical of an opportunity."""


@dataclass(frozen=True)
class Material:
    """What one kind of opportunity is made of.

    Attributes:
        kind: `job` or `education`.
        items: item_id, skill_uris, weights, context (see `cluster`).
        values: item_id, value_code by property (see `distributions`).
        names: item_id, code: what an item may be called (occupation, education).
        name_labels, skill_labels, region_labels: labels of names, skills and regions.
        knowledge: skills that say what one knows, not what one does.
        qualifications: item_id, qualification: the code of the qualification an item leads to.
    """

    kind: str
    items: pl.DataFrame
    values: Mapping[str, pl.DataFrame]
    names: pl.DataFrame
    name_labels: Labels
    skill_labels: Labels
    region_labels: Labels
    knowledge: frozenset[str] = frozenset()
    qualifications: pl.DataFrame | None = None


@dataclass
class Opportunities:
    """The result.

    Attributes:
        members: item_id, opportunity_id.
        opportunities: opportunity_id, texts in three languages, tasks, members, first_seen, last_seen, active.
        distribution, skills, lineage: rows of the published datasets.
        clusters: `cluster`'s own result, for evaluation.
        identities: which id each cluster got and why; its registry is what to remember once the release is out.
        text_sources: who wrote the texts of each opportunity (see `generate_texts`).
    """

    members: pl.DataFrame
    opportunities: pl.DataFrame
    distribution: pl.DataFrame
    skills: pl.DataFrame
    lineage: pl.DataFrame
    clusters: pl.DataFrame
    identities: Identities
    typical_name: dict[str, str] = field(default_factory=dict)
    text_sources: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PROVENANCE))


def build_opportunities(
    material: Material,
    registry: Registry,
    day: date,
    release_id: str,
    clustering: ClusterSettings,
    identity: IdentitySettings,
    publication: PublicationSettings,
    write: Callable[[Mapping[str, Request]], tuple[dict[str, Texts], pl.DataFrame]] | None = None,
) -> Opportunities:
    """Cluster, identify, profile and word one kind of opportunity; `write` has the last word, else the templates have.

    Groups with fewer members than may be published are taken apart again before they get an id.
    """
    clusters = steady_clusters(material.items, registry.previous, clustering, identity)
    clusters = publishable(clusters, publication.min_cell, publication.min_cohesion)
    grouped = clusters.filter(~pl.col("outlier")).select("item_id", "cluster")
    skills = material.items.select("item_id", skill_uri="skill_uris").explode("skill_uri").drop_nulls()
    spread = skill_distribution(grouped, skills)
    found = identify(grouped, skill_weights(spread), registry, day, release_id, identity, material.qualifications)
    renamed = {str(number): opportunity_id for number, opportunity_id in found.ids.iter_rows()}
    members = grouped.join(found.ids, on="cluster").select("item_id", "opportunity_id").sort("item_id")
    pruned = pruned_skills(
        spread.with_columns(pl.col("opportunity_id").replace_strict(renamed)) if renamed else spread,
        fewest=publication.min_skills,
        most=publication.max_skills,
        min_share_pct=publication.min_skill_share_pct,
    )
    others = distributions(members, dict(material.values))
    facts, typical = _facts(material, members, pruned, skills, others)
    labels = (material.name_labels, material.skill_labels, material.region_labels)
    texts = write_texts(facts, *labels)
    text_sources = pl.DataFrame(schema=PROVENANCE)
    if write is not None:
        requests = {item.opportunity_id: Request(facts_json(item, *labels), texts[item.opportunity_id]) for item in facts}
        texts, text_sources = write(requests)
    sizes = members.group_by("opportunity_id").agg(members=pl.len().cast(pl.Int64))
    first_seen = dict(found.registry.known.select("opportunity_id", "first_seen").iter_rows())
    rows = [
        {
            "opportunity_id": item.opportunity_id,
            **{f"{part}_{language}": texts[item.opportunity_id][language][part] for part in PARTS for language in LANGUAGES},
            "first_seen": date.fromisoformat(first_seen[item.opportunity_id]),
            "last_seen": day,
            "active": True,
        }
        for item in facts
    ]
    frame = pl.DataFrame(rows, schema=OPPORTUNITY_SCHEMA, orient="row").join(sizes, on="opportunity_id", how="left")
    return Opportunities(
        members=members,
        opportunities=frame.sort("opportunity_id"),
        distribution=pl.concat([pruned, others]).sort("opportunity_id", "distribution_type", "value_code"),
        skills=_skill_rows(material.kind, pruned),
        lineage=found.lineage,
        clusters=clusters,
        identities=found,
        typical_name=typical,
        text_sources=text_sources,
    )


PARTS = ("title", "summary", "description", "tasks")
OPPORTUNITY_SCHEMA: dict[str, pl.DataType] = {
    "opportunity_id": pl.String(),
    **{f"{part}_{language}": pl.String() for part in PARTS[:3] for language in LANGUAGES},
    **{f"tasks_{language}": pl.List(pl.String()) for language in LANGUAGES},
    "first_seen": pl.Date(),
    "last_seen": pl.Date(),
    "active": pl.Boolean(),
}


def retired_rows(previous: pl.DataFrame, lineage: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Opportunities of the release before that are no more: their last texts, marked inactive."""
    gone = previous.filter(~pl.col("opportunity_id").is_in(current["opportunity_id"].to_list()))
    return gone.with_columns(active=pl.lit(False)).select(current.columns)


def language_labels(frame: pl.DataFrame, code: str) -> dict[str, dict[str, str | None]]:
    """Labels by code from a frame with columns `code`, name_fi, name_sv, name_en."""
    columns = [code, *(f"name_{language}" for language in LANGUAGES)]
    return {row[0]: dict(zip(LANGUAGES, row[1:], strict=True)) for row in frame.select(columns).iter_rows()}


def clean_names(frame: pl.DataFrame) -> pl.DataFrame:
    """name_fi, name_sv, name_en as the consumer's bulk load takes them."""
    return frame.with_columns(pl.col(f"name_{language}").map_elements(clean, return_dtype=pl.String) for language in LANGUAGES)


def _facts(
    material: Material, members: pl.DataFrame, pruned: pl.DataFrame, skills: pl.DataFrame, others: pl.DataFrame
) -> tuple[list[Facts], dict[str, str]]:
    names = distributions(members, {"NAME": _one_code_a_name(material).rename({"code": "value_code"})})
    shares = _shares(names)
    skill_shares = _shares(pruned)
    regions = _shares(others.filter(distribution_type="MAAKUNTA"))
    said = skills.join(members, on="item_id")
    speaking = said["item_id"].n_unique()
    overall = dict(said.group_by("skill_uri").agg(pl.len() / speaking).iter_rows())
    facts = []
    for opportunity_id, count in members.group_by("opportunity_id").len().sort("opportunity_id").iter_rows():
        own = skill_shares.get(opportunity_id, [])
        lift = {uri: share / 100 / max(overall.get(uri, 1.0), 1e-9) for uri, share in own}
        ordered = [uri for uri, _ in sorted(own, key=lambda item: (-item[1] * lift[item[0]], item[0]))]
        telling = {uri for uri, share in own if lift[uri] >= DISTINCT_LIFT and share >= TELLING_PCT}
        tasks = [uri for uri in ordered if uri not in material.knowledge]
        facts.append(
            Facts(
                opportunity_id=opportunity_id,
                kind=material.kind,
                members=count,
                names=shares.get(opportunity_id, []),
                skills=own,
                distinct=[uri for uri in ordered if uri in telling] or ordered,
                tasks=[uri for uri in tasks if uri in telling] or tasks,
                regions=regions.get(opportunity_id, []),
            )
        )
    typical = {
        item.opportunity_id: code
        for item in facts
        if (code := next((code for code, _ in item.names if label(material.name_labels, code, "fi")), None))
    }
    return facts, typical


def _one_code_a_name(material: Material) -> pl.DataFrame:
    """Names of items, where codes with the same Finnish label are one: the most common of them."""
    labels = {
        code: text.casefold() if (text := label(material.name_labels, code, "fi")) else code
        for code in material.names["code"].unique()
    }
    named = material.names.with_columns(name=pl.col("code").replace_strict(labels, return_dtype=pl.String))
    common = named.group_by("name", "code").len().sort("len", "code", descending=[True, False]).unique("name", keep="first")
    return named.select("item_id", "name").join(common, on="name").select("item_id", "code").unique().sort("item_id", "code")


def _shares(distribution: pl.DataFrame) -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    ordered = distribution.sort("opportunity_id", "share_pct", "value_code", descending=[False, True, False])
    for opportunity_id, code, share in ordered.select("opportunity_id", "value_code", "share_pct").iter_rows():
        found.setdefault(opportunity_id, []).append((code, share))
    return found


def _skill_rows(kind: str, pruned: pl.DataFrame) -> pl.DataFrame:
    return pruned.select(
        pl.lit(kind).alias("opportunity_kind"),
        "opportunity_id",
        skill_uri="value_code",
        weight=(pl.col("share_pct") / 100).round(4),
        essential=pl.col("share_pct") >= ESSENTIAL_PCT,
    ).sort("opportunity_id", "skill_uri")
