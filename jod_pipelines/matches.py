"""Makes matches of what the warehouse holds: educations for jobs, and what an endpoint needs to score people."""

from __future__ import annotations

import polars as pl

from jod_pipelines.contracts.model import published_table
from jod_pipelines.opportunities.matching import KINDS, Calibrated, Profiles, Scorer, calibrate, opportunity_match
from jod_pipelines.opportunities.matching_files import matrix_file, report_of
from jod_pipelines.platform import Platform
from jod_pipelines.warehouse.build import Warehouse

MATRIX, REPORT = "matching.npz", "matching.json"
"""The scorer and what is known of it, among the derived datasets."""
CONCEPTS = """
with said as (
    select dist.opportunity_id, dist.count, occupation.occupation_uri, occupation.occupation_code
    from jobs as dist
    inner join core.dim_occupation as occupation on dist.value_code = occupation.occupation_uri
    where dist.distribution_type = 'AMMATTI'
),

reached as (
    select opportunity_id, count, unnest(list_distinct([occupation_uri] || [occupation_code[:n] for n in range(1, 5)])) as key
    from said
),

keys as (
    select occupation_uri, depth, case depth when 5 then occupation_uri else occupation_code[:depth] end as key
    from core.dim_occupation
    cross join range(1, 6) as depths (depth)
    where
        occupation_uri like 'http%'
        and case when occupation_level = 'occupation' then true else depth = length(occupation_code) end
),

nearest as (
    select * from keys where key in (select key from reached)
    qualify depth = max(depth) over (partition by occupation_uri)
)

select nearest.occupation_uri as concept_uri, reached.opportunity_id, sum(reached.count)::bigint as members
from nearest
inner join reached on nearest.key = reached.key
group by all

union all

select split_part(value_code, '#', 1) as concept_uri, opportunity_id, count as members
from educations
where distribution_type = 'KOULUTUSALA'
order by all
"""
"""What interests may be besides skills, and the members of opportunities that are of it.

An occupation nobody advertised stands for the nearest group of occupations that somebody did.
"""
LABELS = """
select skill_uri as uri, name_fi, name_sv, name_en from core.dim_skill where is_current
union
select occupation_uri as uri, name_fi, name_sv, name_en from core.dim_occupation
union
select field_uri as uri, name_fi, name_sv, name_en from core.dim_education_field
order by uri
"""
EVIDENCE = """
select posting_id as item_id, skill_uri from labour_market.fct_job_posting_skill
union
select item_id, skill_uri from recognised
union
select programme_oid as item_id, skill_uri from taught
"""


def make_matches(platform: Platform) -> tuple[pl.DataFrame, Calibrated]:
    """Match educations with jobs and learn to score people; the dataset and the files for the release are kept.

    Returns:
        The rows of `opportunity_match`, and how well people who were not learnt from are scored.
    """
    warehouse, settings = Warehouse(platform), platform.settings.matching
    made = {path: pl.read_parquet(warehouse.derived / f"{path}.parquet") for path in READ}
    listed = [
        made[f"{kind}_opportunity"].filter("active").select("opportunity_id", "members", opportunity_kind=pl.lit(kind))
        for kind in KINDS
    ]
    with warehouse.reader() as connection:
        for name, frame in (
            ("jobs", made["job_opportunity_distribution"]),
            ("educations", made["education_opportunity_distribution"]),
            ("recognised", made["recognised_posting"]),
            ("taught", made["fct_programme_skill"]),
        ):
            connection.register(name, frame.to_arrow())
        concepts, labels, evidence = (connection.execute(sql).pl() for sql in (CONCEPTS, LABELS, EVIDENCE))
        broader = connection.execute(
            "select concept_uri as skill_uri, broader_uri from core.bridge_skill_broader where distance = 1"
        ).pl()
        current = connection.execute("select skill_uri, esco_version from core.dim_skill where is_current").pl()
    profiles = Profiles.of(pl.concat(listed), made["opportunity_skill"], current["skill_uri"], broader, settings.related_weight)
    members = pl.concat([made[f"members_{kind}"] for kind in KINDS])
    calibrated = calibrate(profiles, members, evidence, settings)
    scorer = Scorer.of(profiles, calibrated, concepts, settings.smoothing)
    matches = opportunity_match(profiles, settings.educations, settings.min_score)
    warehouse.write_derived("opportunity_match", matches.cast(published_table("opportunity_match").polars_schema))
    versions = current["esco_version"].drop_nulls().unique().sort().to_list()
    report = report_of(scorer, calibrated, settings, versions)
    (warehouse.derived / MATRIX).write_bytes(matrix_file(scorer, labels))
    (warehouse.derived / REPORT).write_bytes(report)
    return matches, calibrated


def matching_of(warehouse: Warehouse) -> tuple[bytes, bytes]:
    """The scorer and the report of the newest matches."""
    return (warehouse.derived / MATRIX).read_bytes(), (warehouse.derived / REPORT).read_bytes()


READ = (
    *(f"{kind}_opportunity" for kind in KINDS),
    *(f"{kind}_opportunity_distribution" for kind in KINDS),
    *(f"members_{kind}" for kind in KINDS),
    "opportunity_skill",
    "recognised_posting",
    "fct_programme_skill",
)
