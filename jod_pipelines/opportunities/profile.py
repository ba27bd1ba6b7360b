"""What the members of an opportunity say, as distributions in the consumer's terms."""

from __future__ import annotations

import polars as pl

DISTRIBUTION = {
    "opportunity_id": pl.String(),
    "distribution_type": pl.String(),
    "value_code": pl.String(),
    "share_pct": pl.Float64(),
    "count": pl.Int64(),
    "empty_count": pl.Int64(),
}
WORK_TIME = {"01": "FULLTIME", "02": "PARTTIME"}
CONTINUITY = {"01": "PERMANENT", "02": "TEMPORARY", "0201": "TEMPORARY", "0202": "TEMPORARY"}
EMPLOYMENT = {"01": "EMPLOYMENT", "02": "SERVICE_IN_PUBLIC_ADMINISTRATION", "03": "COMMISSION", "04": "ENTREPRENEURSHIP"}
WAGE = dict(
    zip(
        ("01", "02", "03", "04", "05", "06", "07"),
        ("SALARY", "TIME_RATE", "PIECE_WORK", "PROVISION", "SALARY_PROVISION", "TIME_RATE_PROVISION", "OTHER"),
        strict=True,
    )
)
"""Codes of the postings interface as the consumer names them; codes without a name there are left out."""


def posting_values(postings: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Values of each property of job postings that the source has, as frames of item_id, value_code.

    Args:
        postings: rows of `fct_job_posting` with `item_id` for the posting id.
    """
    return {
        "AMMATTI": _listed(postings, "occupation_uris").filter(pl.col("value_code").str.contains("/occupation/")),
        "TOIMIALA": _single(postings, "industry_code"),
        "TYOAIKA": _renamed(_single(postings, "work_time"), WORK_TIME),
        "TYON_JATKUVUUS": _renamed(_listed(postings, "continuity"), CONTINUITY),
        "PALVELUSSUHDE": _renamed(_single(postings, "employment_relationship"), EMPLOYMENT),
        "PALKAN_PERUSTE": _renamed(_single(postings, "wage_principle"), WAGE),
        "MAA": _listed(postings, "country_codes"),
        "MAAKUNTA": _listed(postings, "region_codes"),
        "KUNTA": _listed(postings, "municipality_codes"),
    }


def programme_values(
    programmes: pl.DataFrame, implementations: pl.DataFrame, field_uris: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Values of each property of programmes, gathered over their implementations, as frames of item_id, value_code.

    Args:
        programmes: rows of `fct_programme` with `item_id` for the programme OID.
        implementations: rows of `fct_implementation` with `item_id` for the programme OID.
        field_uris: field_code, field_uri of `dim_education_field`.
    """
    fields = pl.concat([_single(programmes, "field_1_code"), _single(programmes, "field_2_code")])
    fields = fields.join(field_uris, left_on="value_code", right_on="field_code").select("item_id", value_code="field_uri")
    return {
        "KOULUTUSALA": _versioned(fields),
        "MAKSULLISUUS": _listed(implementations, "fee_types"),
        "OPETUSTAPA": _versioned(_listed(implementations, "teaching_mode_uris")),
        "AIKA": _versioned(_listed(implementations, "teaching_time_uris")),
        "MAAKUNTA": _listed(implementations, "region_codes"),
        "KUNTA": _listed(implementations, "municipality_codes"),
    }


def distributions(members: pl.DataFrame, values: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """How the members of each opportunity divide over the values of each property.

    A member with several values counts for each of them. The share is of the members that have any value.

    Args:
        members: item_id, opportunity_id.
        values: frames of item_id, value_code by property.
    """
    sizes = members.group_by("opportunity_id").agg(pl.len().alias("members"))
    parts = []
    for name, frame in sorted(values.items()):
        said = members.join(frame.unique(), on="item_id")
        counts = said.group_by("opportunity_id", "value_code").agg(pl.len().alias("count"))
        answered = said.group_by("opportunity_id").agg(pl.col("item_id").n_unique().alias("answered"))
        parts.append(
            counts.join(answered, on="opportunity_id")
            .join(sizes, on="opportunity_id")
            .select(
                "opportunity_id",
                pl.lit(name).alias("distribution_type"),
                "value_code",
                (100 * pl.col("count") / pl.col("answered")).round(2).alias("share_pct"),
                pl.col("count").cast(pl.Int64),
                (pl.col("members") - pl.col("answered")).cast(pl.Int64).alias("empty_count"),
            )
        )
    order = ["opportunity_id", "distribution_type", "count", "value_code"]
    return pl.concat([pl.DataFrame(schema=DISTRIBUTION), *parts]).sort(order, descending=[False, False, True, False])


def skill_profile(members: pl.DataFrame, skills: pl.DataFrame, *, limit: int, min_share_pct: float) -> pl.DataFrame:
    """The skills of each opportunity that matter, as distribution rows of type OSAAMINEN.

    The consumer counts every listed skill as one whatever its share, so rare ones are cut; an opportunity none of
    whose skills is common keeps its most common ones.

    Args:
        members: item_id, opportunity_id.
        skills: item_id, skill_uri.
        limit: skills kept at most.
        min_share_pct: share a skill needs.
    """
    rows = distributions(members, {"OSAAMINEN": skills.select("item_id", value_code="skill_uri")})
    ranked = rows.with_columns(rank=pl.int_range(pl.len()).over("opportunity_id"))
    keep = (pl.col("rank") < 3) | (pl.col("share_pct") >= min_share_pct)
    return ranked.filter(keep & (pl.col("rank") < limit)).drop("rank")


def without_small(clusters: pl.DataFrame, min_members: int) -> pl.DataFrame:
    """Clusters as `cluster` returns them, those with fewer members taken apart: they may not be published."""
    small = clusters.group_by("cluster").len().filter(pl.col("len") < min_members)["cluster"]
    outlier = pl.col("outlier") | pl.col("cluster").is_in(small.to_list())
    return clusters.with_columns(
        outlier=outlier,
        cluster=pl.when(outlier).then(-1).otherwise("cluster"),
        strength=pl.when(outlier).then(0.0).otherwise("strength"),
    )


def skill_weights(members: pl.DataFrame, skills: pl.DataFrame) -> pl.DataFrame:
    """What share of the members of each cluster that say anything ask for each skill: cluster, skill_uri, weight (0-1).

    Args:
        members: item_id, cluster.
        skills: item_id, skill_uri.
    """
    said = members.join(skills.drop_nulls().unique(), on="item_id")
    answered = said.group_by("cluster").agg(answered=pl.col("item_id").n_unique())
    counts = said.group_by("cluster", "skill_uri").len().join(answered, on="cluster")
    return counts.select("cluster", "skill_uri", weight=pl.col("len") / pl.col("answered")).sort("cluster", "skill_uri")


def _single(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("item_id", value_code=pl.col(column).cast(pl.String)).drop_nulls()


def _listed(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("item_id", value_code=pl.col(column)).explode("value_code").drop_nulls()


def _renamed(values: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    return values.with_columns(pl.col("value_code").replace_strict(names, default=None, return_dtype=pl.String)).drop_nulls()


def _versioned(values: pl.DataFrame) -> pl.DataFrame:
    """The consumer's filters expect the version `#1` on these URIs and merge other versions into it."""
    return values.with_columns(pl.col("value_code").str.split("#").list.first() + "#1")
