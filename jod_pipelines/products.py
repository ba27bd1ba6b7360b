"""What a run makes of the warehouse: recognised skills, opportunities, a release.

The rooms hold pure functions; this module reads their material from the warehouse and hands their results on.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines.contracts.model import load_contracts, published_table
from jod_pipelines.errors import PublicationError
from jod_pipelines.fingerprint import code_fingerprint, combined
from jod_pipelines.matches import matching_of
from jod_pipelines.model_versions import own_scenarios
from jod_pipelines.opportunities.build import (
    Material,
    Opportunities,
    build_opportunities,
    clean_names,
    language_labels,
    retired_rows,
)
from jod_pipelines.opportunities.evaluation import ClusterQuality, evaluate
from jod_pipelines.opportunities.identity import Registry, refuse_upheaval
from jod_pipelines.opportunities.profile import posting_values, programme_values
from jod_pipelines.opportunities.text_generators import generate_texts, generator_of
from jod_pipelines.opportunities.words import LANGUAGES, Labels
from jod_pipelines.platform import Platform
from jod_pipelines.publication.datapackage import ReleaseNote, SourceNote
from jod_pipelines.publication.gate import warnings_of
from jod_pipelines.publication.matching_files import release_files
from jod_pipelines.publication.release import ReleaseContent, publish, read_package
from jod_pipelines.skills import SkillRecogniser
from jod_pipelines.skills.remembered import REMEMBERED, recognise_new, recogniser_version
from jod_pipelines.sources import all_resources
from jod_pipelines.warehouse.build import Warehouse

KINDS = ("job", "education")
DECLARED, RECOGNISED = 1.0, 0.6
"""Weights of a skill the employer chose and of one found in a text."""
RELEASED_ROWS = "released_rows"
QUALIFICATIONS = """
with listed as (
    select unnest(education_codes) as education_code, peruste_id, valid_from
    from staging.stg_eperusteet__listed_qualification
),

newest as (
    select education_code, max_by(peruste_id, coalesce(valid_from, date '1900-01-01')) as peruste_id
    from listed
    group by education_code
)

select programme.programme_oid, coalesce(programme.eperuste_id, newest.peruste_id)::varchar as eperuste_id
from education.fct_programme as programme
left join newest on programme.education_code = newest.education_code and starts_with(programme.programme_type, 'amm')
"""
"""The qualification each programme leads to."""
REST_CLASS = re.compile(r"tai tuntematon", re.IGNORECASE)
SETTINGS_THAT_MATTER = {
    "clusters",
    "matching",
    "identity",
    "map",
    "forecasts",
    "skill_trends",
    "long_term",
    "publication",
    "texts",
    "sources",
    "scale",
    "seed",
}


@dataclass(frozen=True)
class Plan:
    """What a run is going to release, and whether that is news."""

    fingerprint: str
    release_id: str
    parent: str | None
    as_of: date
    is_news: bool


def make_plan(platform: Platform) -> Plan:
    """Compare what the landing, the code and the settings are now with what the latest release was made of."""
    contents = []
    for resource in (r for r in all_resources(platform.settings) if not r.working):
        snapshot = platform.archive.resource(resource.source, resource.name).current()
        contents.append((resource.label, snapshot.content_id if snapshot else None))
    settings = platform.settings.model_dump(mode="json", include=SETTINGS_THAT_MATTER)
    settings["long_term"] |= own_scenarios(platform.settings)
    fingerprint = combined([contents, settings, code_fingerprint()])
    latest = latest_package(platform)
    if latest and latest["fingerprint"] == fingerprint:
        as_of = date.fromisoformat(latest["as_of"])
        is_served = Warehouse(platform).served.exists()
        return Plan(fingerprint, latest["id"], latest["parent_release"], as_of, is_news=not is_served)
    parent, as_of = latest["id"] if latest else None, _newest_day(platform)
    return Plan(fingerprint, f"{as_of}-{combined([fingerprint, parent])[:10]}", parent, as_of, is_news=True)


def latest_package(platform: Platform) -> dict[str, Any] | None:
    """The data package `latest` points at, or None."""
    path = platform.releases_folder / "latest" / "datapackage.json"
    return read_package(path) if path.exists() else None


def recognise_skills(platform: Platform, item_kind: str) -> pl.DataFrame:
    """Skills found in texts, kept as `recognised_<item_kind>`.

    Args:
        item_kind: programme, qualification or posting.

    Returns:
        item_id, skill_uri, score, method, text_kind: the best evidence of each item and skill.
    """
    warehouse = Warehouse(platform)
    keyed = (
        f"select *, md5(language || ' ' || text) as text_key from intermediate.int_skill_texts where item_kind = '{item_kind}'"
    )
    texts = warehouse.query(f"select distinct text_key, language, text from ({keyed}) order by text_key")
    labels = warehouse.query(
        "select concept_uri as skill_uri, language, label, kind from staging.stg_esco__label "
        "where concept_uri in (select skill_uri from core.dim_skill where is_current) order by all"
    )
    broader = warehouse.query(
        "select concept_uri as skill_uri, broader_uri from core.bridge_skill_broader where distance = 1 order by all"
    )
    remembered = f"recognised_texts_{item_kind}"
    before = _derived(warehouse, remembered) if warehouse.has_derived(remembered) else pl.DataFrame(schema=REMEMBERED)
    found = recognise_new(texts, SkillRecogniser(labels, broader), recogniser_version(labels, broader), before)
    warehouse.write_derived(remembered, found)
    # Numbers instead of texts or keys from here on: a million postings say a gigabyte.
    numbers = texts.select("text_key").with_row_index("text_id").cast({"text_id": pl.Int64})
    evidence = warehouse.query(f"select item_id, text_kind, dense_rank() over (order by text_key) - 1 as text_id from ({keyed})")
    items = (
        evidence.join(found.drop_nulls("skill_uri").join(numbers, on="text_key").drop("text_key"), on="text_id")
        .sort("item_id", "skill_uri", "score", "text_kind", "method", descending=[False, False, True, False, False])
        .unique(["item_id", "skill_uri"], keep="first", maintain_order=True)
        .select("item_id", "skill_uri", "score", "method", "text_kind")
    )
    warehouse.write_derived(f"recognised_{item_kind}", items)
    return items


def programme_skills(platform: Platform) -> pl.DataFrame:
    """Skills of each programme from its own texts and its qualification's requirements; kept as fct_programme_skill.

    A vocational programme that names no qualification has that of its education code, the one that came into force last.
    """
    warehouse = Warehouse(platform)
    own = _derived(warehouse, "recognised_programme").rename({"item_id": "programme_oid", "text_kind": "evidence"})
    required = _derived(warehouse, "recognised_qualification").rename({"item_id": "eperuste_id"})
    programmes = warehouse.query(QUALIFICATIONS)
    through = programmes.join(required, on="eperuste_id").select(
        "programme_oid", "skill_uri", "score", "method", evidence=pl.lit("requirement")
    )
    skills = (
        pl.concat([own.select(through.columns), through])
        .sort("programme_oid", "skill_uri", "score", "evidence", descending=[False, False, True, False])
        .unique(["programme_oid", "skill_uri"], keep="first", maintain_order=True)
    )
    warehouse.write_derived("fct_programme_skill", skills)
    return skills


def make_opportunities(platform: Platform, kind: str, plan: Plan) -> tuple[Opportunities, ClusterQuality]:
    """Build one kind of opportunity and keep its datasets for dbt to take over.

    Raises:
        HeldError: too many ids that people may have saved would go; nothing is kept of the run.
    """
    warehouse = Warehouse(platform)
    material = opportunity_material(warehouse, kind)
    settings = platform.settings
    registry = Registry.from_json(kind, platform.state.read(f"identity.{kind}"))
    texts_folder = platform.models_folder / "texts"
    result = build_opportunities(
        material,
        registry,
        plan.as_of,
        plan.release_id,
        settings.clusters,
        settings.identity,
        settings.publication,
        lambda requests: generate_texts(requests, generator_of(settings.texts), texts_folder / "cache", plan.as_of),
    )
    previous = previous_rows(platform, f"{kind}_opportunity")
    titles = dict(previous.select("opportunity_id", "title_fi").iter_rows())
    refuse_upheaval(result.identities, kind, settings.max_lost_ids_pct, titles)
    if kind == "job":
        _keep_job(warehouse, result, previous)
    else:
        _keep_education(warehouse, result, previous)
    warehouse.write_derived(f"members_{kind}", result.members)
    warehouse.write_derived(f"skills_{kind}", result.skills)
    warehouse.write_derived(f"lineage_{kind}", result.lineage)
    texts_folder.mkdir(parents=True, exist_ok=True)
    result.text_sources.write_parquet(texts_folder / f"{kind}.parquet")
    platform.state.write(
        f"next/identity.{kind}", {"release_id": plan.release_id, "registry": result.identities.registry.as_json()}
    )
    return result, evaluate(result.clusters, planted_truth(platform, kind))


def combine_opportunities(platform: Platform) -> None:
    """Put the skills and the lineage of both kinds together, as they are published."""
    warehouse = Warehouse(platform)
    for name, parts in (("opportunity_skill", "skills"), ("opportunity_lineage", "lineage")):
        both = [_derived(warehouse, f"{parts}_{kind}") for kind in KINDS]
        warehouse.write_derived(name, pl.concat(both).sort(list(published_table(name).primary_key)))


def forecast_history(platform: Platform) -> pl.DataFrame:
    """The country's series: month, value."""
    return Warehouse(platform).query(
        "select month, value from labour_market.fct_vacancies_monthly "
        "where measure = 'open_vacancies' and region_code = 'SSS' and occupation_code = 'SSS' order by month"
    )


def release_content(platform: Platform, plan: Plan) -> ReleaseContent:
    """What the release will hold, read from the warehouse that was just built."""
    warehouse = Warehouse(platform)
    datasets = {}
    for table in load_contracts()["published"].values():
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        datasets[table.name] = warehouse.query(f"select {columns} from {table.physical_name} order by all").cast(
            table.polars_schema
        )
    with warehouse.reader() as connection:
        warnings = warnings_of(platform.quality.results(unfinished=True), connection)
    note = ReleaseNote(
        release_id=plan.release_id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data_origin=platform.settings.data_origin,
        as_of=plan.as_of.isoformat(),
        fingerprint=plan.fingerprint,
        parent=plan.parent,
        sources=tuple(_source_notes(platform)),
        warnings=tuple(warnings),
    )
    about = {name: getattr(note, name) for name in ("release_id", "data_origin", "as_of", "fingerprint")}
    files = release_files(*matching_of(warehouse), about | {"code": code_fingerprint()})
    return ReleaseContent(note, datasets, platform.settings.publication.min_cell, forecast_history(platform), files)


def publish_release(platform: Platform, plan: Plan) -> Path:
    """Put the release out; when it verifies, swap the warehouse in, remember the ids it gave, move the pointer.

    The registry is remembered only now: a run that fails earlier leaves no trace in the ids.

    Raises:
        PublicationError: the warehouse or the ids were made for something else than this plan, or see `publish`.
    """
    warehouse = Warehouse(platform)
    if not plan.is_news:
        return platform.releases_folder / plan.release_id
    if warehouse.built_from() != plan.fingerprint:
        raise PublicationError(
            "the warehouse was built from other inputs, code or settings than today's; run the whole job, without --select"
        )
    registries = {kind: _next_registry(platform, kind, plan) for kind in KINDS}

    def take_over() -> None:
        if warehouse.building.exists():
            platform.state.write(RELEASED_ROWS, warehouse.mart_rows())
            warehouse.swap()
        for kind, registry in registries.items():
            platform.state.write(f"identity.{kind}", registry)
            if platform.state.read(f"backup/{plan.release_id}/identity.{kind}") is None:
                platform.state.write(f"backup/{plan.release_id}/identity.{kind}", registry)

    target = publish(release_content(platform, plan), platform.releases_folder, before_pointing=take_over)
    platform.state.record("release", "product", "changed", plan.release_id)
    return target


def rows_when_released(platform: Platform) -> dict[str, int]:
    """Rows of marts and published datasets in the newest release, by physical name, but for those that may shrink this once."""
    accepted = platform.settings.accept_shrink
    counts: dict[str, int] = platform.state.read(RELEASED_ROWS) or {}
    return {name: rows for name, rows in counts.items() if name.split(".")[-1] not in accepted}


def _next_registry(platform: Platform, kind: str, plan: Plan) -> Any:
    kept = platform.state.read(f"next/identity.{kind}")
    if kept is None or kept["release_id"] != plan.release_id or kept["registry"] is None:
        raise PublicationError(
            f"the ids of {kind} opportunities for release {plan.release_id} are not there; run the whole job, without --select"
        )
    return kept["registry"]


def layer_rows(platform: Platform) -> dict[str, int]:
    """Rows by layer, for the summary: typed tables of the landing, then tables of the warehouse by schema."""
    landing = 0
    for label in platform.archive.labels():
        landed = platform.archive.resource(*label.split("/"))
        for files in filter(None, map(landed.typed_files, landed.tables())):
            landing += int(pl.scan_parquet(files).select(pl.len()).collect().item())
    tables = Warehouse(platform).query(
        "select schema_name, sum(estimated_size)::bigint as rows from duckdb_tables() "
        "where schema_name not in ('reference', 'main', 'platform', 'quality') group by 1 order by 1"
    )
    return {"landing": landing} | {schema: rows for schema, rows in tables.iter_rows() if schema != "landing"}


def opportunity_material(warehouse: Warehouse, kind: str) -> Material:
    """What opportunities of a kind are made of, read from the warehouse."""
    return _job_material(warehouse) if kind == "job" else _education_material(warehouse)


def _job_material(warehouse: Warehouse) -> Material:
    postings = warehouse.query(
        "select * exclude (posting_id), posting_id as item_id from labour_market.fct_job_posting order by posting_id"
    )
    declared = warehouse.query("select posting_id as item_id, skill_uri from labour_market.fct_job_posting_skill")
    recognised = _derived(warehouse, "recognised_posting").select("item_id", "skill_uri")
    group = pl.col("occupation_code").str.slice(0, 4)
    context = postings.select("item_id", context=pl.concat_list(pl.concat_str(pl.lit("isco:"), group)).list.drop_nulls())
    names = postings.select("item_id", code="main_occupation_uri").drop_nulls()
    return Material(
        kind="job",
        items=_items(context, [(declared, DECLARED), (recognised, RECOGNISED)]),
        values=posting_values(postings),
        names=names,
        name_labels=_labels(warehouse, "core.dim_occupation", "occupation_uri"),
        skill_labels=_labels(warehouse, "core.dim_skill", "skill_uri"),
        region_labels=_labels(warehouse, "core.dim_area where area_level = 'region'", "area_code"),
        knowledge=_knowledge(warehouse),
    )


def _education_material(warehouse: Warehouse) -> Material:
    programmes = warehouse.query(
        "select * exclude (programme_oid), programme_oid as item_id from education.fct_programme order by programme_oid"
    )
    implementations = warehouse.query(
        "select * exclude (programme_oid), programme_oid as item_id from education.fct_implementation order by all"
    )
    skills = _derived(warehouse, "fct_programme_skill").select("skill_uri", item_id="programme_oid")
    fields = warehouse.query("select field_code, field_uri from core.dim_education_field")
    code, field = pl.col("education_code"), pl.col("field_2_code")
    context = programmes.select(
        "item_id",
        context=pl.concat_list(
            pl.concat_str(pl.lit("education:"), code),
            pl.concat_str(pl.lit("group:"), code.str.slice(0, 3)),
            pl.concat_str(pl.lit("field:"), field),
        ).list.drop_nulls(),
    )
    educations = _labels(warehouse, "core.dim_education", "education_code")
    names, labels = _education_names(programmes, educations)
    return Material(
        kind="education",
        items=_items(context, [(skills, DECLARED)]),
        values=programme_values(programmes, implementations, fields),
        names=names,
        name_labels=labels,
        skill_labels=_labels(warehouse, "core.dim_skill", "skill_uri"),
        region_labels=_labels(warehouse, "core.dim_area where area_level = 'region'", "area_code"),
        knowledge=_knowledge(warehouse),
        qualifications=_qualifications(programmes, educations),
    )


def _qualifications(programmes: pl.DataFrame, educations: Labels) -> pl.DataFrame:
    """item_id, qualification: the education code of what leads to a degree, unless that is a rest class."""
    degrees = programmes.filter("leads_to_degree").select("item_id", qualification="education_code")
    return degrees.filter(pl.col("qualification").is_in(_telling(educations)))


def _telling(educations: Labels) -> list[str]:
    return [code for code, names in educations.items() if not REST_CLASS.search(names["fi"] or "")]


def _education_names(programmes: pl.DataFrame, educations: Labels) -> tuple[pl.DataFrame, Labels]:
    """What each programme may be called, with labels.

    Its education's name, unless that is a rest class ("other or unknown"); then its degree title, else its own name.
    """
    code = pl.col("education_code")
    named = programmes.filter(code.is_in(_telling(educations))).select("item_id", code=code)
    rest = programmes.join(named, on="item_id", how="anti")
    titled = rest.drop_nulls("degree_title_fi").select(
        "item_id",
        code=pl.concat_str(pl.lit("title:"), pl.col("degree_title_fi")),
        **{f"name_{language}": pl.col(f"degree_title_{language}") for language in LANGUAGES},
    )
    own = rest.join(titled, on="item_id", how="anti").select("item_id", "name_fi", "name_sv", "name_en", code="item_id")
    labels = dict(educations) | language_labels(titled.unique("code", keep="first", maintain_order=True), "code")
    return pl.concat([named, titled.select("item_id", "code"), own.select("item_id", "code")]), labels | language_labels(
        own, "code"
    )


def _knowledge(warehouse: Warehouse) -> frozenset[str]:
    return frozenset(warehouse.query("select skill_uri from core.dim_skill where skill_type = 'knowledge'")["skill_uri"])


def _items(context: pl.DataFrame, evidence: list[tuple[pl.DataFrame, float]]) -> pl.DataFrame:
    """Items with the skills found for them, the strongest evidence of each counting."""
    parts = [skills.select("item_id", "skill_uri", weight=pl.lit(weight)) for skills, weight in evidence]
    best = pl.concat(parts).group_by("item_id", "skill_uri").agg(pl.col("weight").max()).sort("item_id", "skill_uri")
    listed = best.group_by("item_id", maintain_order=True).agg(skill_uris="skill_uri", weights="weight")
    return context.join(listed, on="item_id", how="left").with_columns(
        pl.col("skill_uris").fill_null([]), pl.col("weights").fill_null([])
    )


def _keep_job(warehouse: Warehouse, result: Opportunities, previous: pl.DataFrame) -> None:
    codes = dict(warehouse.query("select occupation_uri, occupation_code from core.dim_occupation").iter_rows())
    typical = result.typical_name
    rows = [
        (key, uri, f"http://data.europa.eu/esco/isco/C{codes[uri][:4]}" if codes.get(uri) and len(codes[uri]) >= 4 else None)
        for key, uri in sorted(typical.items())
    ]
    occupations = pl.DataFrame(
        rows,
        schema={"opportunity_id": pl.String(), "occupation_uri": pl.String(), "occupation_group_uri": pl.String()},
        orient="row",
    )
    _keep(warehouse, "job_opportunity", result.opportunities.join(occupations, on="opportunity_id", how="left"), previous, result)
    _keep(warehouse, "job_opportunity_distribution", result.distribution)


def _keep_education(warehouse: Warehouse, result: Opportunities, previous: pl.DataFrame) -> None:
    programmes = warehouse.query(
        "select programme_oid as item_id, programme_oid, leads_to_degree, implementations, name_fi, name_sv, name_en "
        "from education.fct_programme"
    )
    months = warehouse.query(
        "select programme_oid as item_id, duration_months from education.fct_implementation where duration_months is not null"
    )
    joined = result.members.join(programmes, on="item_id")
    kinds = joined.group_by("opportunity_id").agg(
        opportunity_type=pl.when(pl.col("leads_to_degree").mean() >= 0.5).then(pl.lit("degree")).otherwise(pl.lit("non_degree")),
        implementations=pl.col("implementations").sum().cast(pl.Int64),
    )
    durations = (
        result.members.join(months, on="item_id")
        .group_by("opportunity_id")
        .agg(
            duration_min_months=pl.col("duration_months").min().cast(pl.Int32),
            duration_median_months=pl.col("duration_months").median().round().cast(pl.Int32),
            duration_max_months=pl.col("duration_months").max().cast(pl.Int32),
        )
    )
    frame = result.opportunities.join(kinds, on="opportunity_id", how="left").join(durations, on="opportunity_id", how="left")
    _keep(warehouse, "education_opportunity", frame, previous, result)
    _keep(warehouse, "education_opportunity_distribution", result.distribution)
    _keep(warehouse, "education_opportunity_programme", clean_names(joined))


def _keep(
    warehouse: Warehouse,
    name: str,
    frame: pl.DataFrame,
    previous: pl.DataFrame | None = None,
    result: Opportunities | None = None,
) -> None:
    table = published_table(name)
    shaped = frame.select(list(table.polars_schema)).cast(table.polars_schema)
    if previous is not None and result is not None and not previous.is_empty():
        shaped = pl.concat([shaped, retired_rows(previous, result.lineage, shaped)])
    warehouse.write_derived(name, shaped.sort(list(table.primary_key)))


def previous_rows(platform: Platform, name: str) -> pl.DataFrame:
    """The dataset as last published, in today's columns: a column that was added since is empty."""
    path = platform.releases_folder / "latest" / "parquet" / name / f"{name}.parquet"
    table = published_table(name)
    if not path.exists():
        return table.empty()
    published = pl.read_parquet(path)
    return published.select(
        pl.col(column.name).cast(column.polars_type)
        if column.name in published.columns
        else pl.lit(None, dtype=column.polars_type).alias(column.name)
        for column in table.columns
    )


def _derived(warehouse: Warehouse, name: str) -> pl.DataFrame:
    return pl.read_parquet(warehouse.derived / f"{name}.parquet")


def _labels(warehouse: Warehouse, table: str, code: str) -> dict[str, dict[str, str | None]]:
    return language_labels(warehouse.query(f"select {code}, name_fi, name_sv, name_en from {table}"), code)


def planted_truth(platform: Platform, kind: str) -> pl.DataFrame | None:
    """item_id, kind of the sandbox; None for real sources."""
    name = "posting_kind" if kind == "job" else "programme_kind"
    path = platform.truth_folder / f"{name}.parquet"
    return pl.read_parquet(path) if platform.settings.sources == "sandbox" and path.exists() else None


def _newest_day(platform: Platform) -> date:
    """The newest day the data speak of, of postings and of statistics, but no later than they were fetched.

    A load after half past one in the night may be dated tomorrow, and a source's clock may run ahead. The sandbox's world
    has a clock of its own.
    """
    days: list[date] = []
    for resource in all_resources(platform.settings):
        for table_name in resource.tables:
            files = platform.archive.resource(resource.source, resource.name).typed_files(table_name)
            for column in ("published_at", "updated_at") if files else ():
                frame = pl.scan_parquet(files)
                if column in frame.collect_schema():
                    newest = frame.select(pl.col(column).max().cast(pl.Date)).collect().item()
                    days += [newest] if newest else []
    if days and platform.settings.sources == "sandbox":
        return max(days)
    snapshots = [platform.archive.resource(r.source, r.name).current() for r in all_resources(platform.settings)]
    fetched = max(date.fromisoformat(snapshot.fetched_at[:10]) for snapshot in snapshots if snapshot and snapshot.entries)
    return min(max(days, default=fetched), fetched)


def _source_notes(platform: Platform) -> list[SourceNote]:
    health = {item.subject: item for item in platform.state.all_health() if item.kind == "source"}
    notes = []
    for resource in all_resources(platform.settings):
        snapshot = platform.archive.resource(resource.source, resource.name).current()
        known = health.get(resource.label)
        outcome = known.outcome if known else "unknown"
        broken = outcome in ("failed", "held", "stale", "skipped")
        status = "skipped" if snapshot is None else "stale" if broken else "ok"
        notes.append(
            SourceNote(
                resource=resource.label,
                title=resource.title,
                attribution=resource.attribution,
                link=resource.link,
                status=status,
                snapshot=snapshot.id if snapshot else None,
                fetched_at=snapshot.fetched_at if snapshot else None,
                message=known.message if known and status != "ok" else "",
            )
        )
    return notes


def quality_record(quality: ClusterQuality) -> dict[str, Any]:
    """Figures of a clustering as a plain value."""
    return asdict(quality)
