"""What the members of an opportunity say, as distributions in the consumer's terms."""

from __future__ import annotations

import polars as pl

from jod_pipelines.reference import reference_table

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
LICENCE_CLASS, PERMIT_CODE, EDUCATION_CODE = "^[A-Z][A-Z0-9]{0,2}$", "^[0-9]{3}$", "^(31|32|[4-8])$"
"""What the consumer knows as a class of driving licence, a permit and a level of education; other codes are left out."""

UNSAID_OF_POSTINGS = frozenset({"TYOKIELI"})
"""What neither postings interface has a field for (its languages are those the posting is written in): every member is empty
there, and the import documents say so.
Interface V2 has none for seven others, which only V1 says."""


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
        "MAAKUNTA": _regions(postings),
        "KUNTA": _listed(postings, "municipality_codes"),
        "KIELITAITO": _renamed(_listed(postings, "language_skill_uris"), _language_codes()),
        "AJOKORTTI": _matching(_listed(postings, "driving_licence_classes"), LICENCE_CLASS),
        "KORTIT_JA_LUVAT": _matching(_listed(postings, "permit_codes"), PERMIT_CODE),
        "KOULUTUSASTE": _matching(_single(postings, "required_education_code"), EDUCATION_CODE),
        "RIKOSREKISTERIOTE": _flag(postings, "criminal_record_asked"),
        "MATKUSTUSVAATIMUS": _flag(postings, "travel_asked"),
        "SIJAINTI_JOUSTAVA": _flag(postings, "flexible_location"),
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
        "MAAKUNTA": _regions(implementations),
        "KUNTA": _listed(implementations, "municipality_codes"),
    }


def distributions(members: pl.DataFrame, values: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """How the members of each opportunity divide over the values of each property.

    A member with several values counts for each of them. The share is of the members that have any value, with four significant
    figures: with decimals, one of the 30 000 members a national kind of work may have would be a share of 0.

    Args:
        members: item_id, opportunity_id.
        values: frames of item_id, value_code by property.
    """
    sizes = members.group_by("opportunity_id").agg(pl.len().alias("members"))
    places = members.select("item_id", "opportunity_id", item=pl.int_range(pl.len(), dtype=pl.UInt32))
    parts = []
    for name, frame in sorted(values.items()):
        said = frame.join(places, on="item_id")
        # Distinct items, so that a value said twice by one counts once, without comparing millions of long texts.
        counts = said.group_by("opportunity_id", "value_code").agg(pl.col("item").n_unique().alias("count"))
        answered = said.group_by("opportunity_id").agg(pl.col("item").n_unique().alias("answered"))
        parts.append(
            counts.join(answered, on="opportunity_id")
            .join(sizes, on="opportunity_id")
            .select(
                "opportunity_id",
                pl.lit(name).alias("distribution_type"),
                "value_code",
                (100 * pl.col("count") / pl.col("answered")).round_sig_figs(4).alias("share_pct"),
                pl.col("count").cast(pl.Int64),
                (pl.col("members") - pl.col("answered")).cast(pl.Int64).alias("empty_count"),
            )
        )
    order = ["opportunity_id", "distribution_type", "count", "value_code"]
    return pl.concat([pl.DataFrame(schema=DISTRIBUTION), *parts]).sort(order, descending=[False, False, True, False])


EVERYWHERE = 0.5
"""A skill in more than this share of the lists sets nothing apart."""
FEWEST_LISTS = 10
"""Among fewer opportunities a skill may be in most lists by chance."""


def pruned_skills(distribution: pl.DataFrame, *, fewest: int, most: int, min_share_pct: float) -> pl.DataFrame:
    """The skills of each opportunity that matter.

    The consumer counts every listed skill as one whatever its share: a long list makes an education look unlike everything,
    a rare skill is a full requirement of a job, and a skill on every list makes everything alike. So lists are about equally
    long: the most common skills, as many as have `min_share_pct`, but `most` at most; where that leaves fewer than `fewest`, the
    next ones that two members say, and the three most common ones in any case. A skill that would be on most lists is listed
    only where it is as common as among all.

    Args:
        distribution: rows of type OSAAMINEN as `distributions` returns them, of all skills.
    """
    lists = _most_common(distribution, fewest, most, min_share_pct)
    number = lists["opportunity_id"].n_unique()
    if number < FEWEST_LISTS:
        return lists
    everywhere = lists.group_by("value_code").len().filter(pl.col("len") > EVERYWHERE * number)["value_code"]
    # 100 · count / share is how many members of the opportunity say anything, see `distributions`.
    said = distribution.group_by("opportunity_id").agg(answered=(100 * pl.col("count") / pl.col("share_pct")).first())
    generic = pl.col("value_code").is_in(everywhere.to_list())
    overall = 100 * pl.col("count").sum().over("value_code") / said["answered"].sum()
    return _most_common(distribution.filter(~generic | (pl.col("share_pct") >= overall)), fewest, most, min_share_pct)


def _most_common(distribution: pl.DataFrame, fewest: int, most: int, min_share_pct: float) -> pl.DataFrame:
    rank = pl.int_range(pl.len()).over("opportunity_id")
    common = (rank < most) & (pl.col("share_pct") >= min_share_pct)
    filled = (rank < fewest) & (pl.col("count") >= 2)
    return distribution.filter(common | filled | (rank < min(3, most)))


def publishable(clusters: pl.DataFrame, min_members: int, min_cohesion: float) -> pl.DataFrame:
    """Clusters as `cluster` returns them, without those that may not or should not be published: their members are outliers.

    Args:
        min_members: a group with fewer might give someone away.
        min_cohesion: a group whose members are less like each other (mean cosine) than this part of what is usual among the
            groups (their median) is a heap of leftovers, which another run would heap up otherwise.
    """
    # Of n unit vectors whose mean cosine to their centre is s, the mean cosine between two is (n s² - 1) / (n - 1).
    members, strength = pl.len(), pl.col("strength").mean()
    groups = clusters.filter(~pl.col("outlier"), pl.len().over("cluster") >= max(2, min_members)).group_by("cluster")
    cohesion = groups.agg(cohesion=(members * strength**2 - 1) / (members - 1))
    good = cohesion.filter(pl.col("cohesion") >= min_cohesion * pl.col("cohesion").median())["cluster"]
    outlier = pl.col("outlier") | ~pl.col("cluster").is_in(good.to_list())
    return clusters.with_columns(
        outlier=outlier,
        cluster=pl.when(outlier).then(-1).otherwise("cluster"),
        strength=pl.when(outlier).then(0.0).otherwise("strength"),
    )


def skill_distribution(members: pl.DataFrame, skills: pl.DataFrame) -> pl.DataFrame:
    """All skills of each cluster as distribution rows of type OSAAMINEN, with the cluster's number as opportunity_id.

    Args:
        members: item_id, cluster.
        skills: item_id, skill_uri.
    """
    named = members.select("item_id", opportunity_id=pl.col("cluster").cast(pl.String))
    return distributions(named, {"OSAAMINEN": skills.select("item_id", value_code="skill_uri").drop_nulls()})


def skill_weights(distribution: pl.DataFrame) -> pl.DataFrame:
    """`skill_distribution` as `identify` takes it: cluster, skill_uri, weight (share of the members that say anything)."""
    return distribution.select(
        cluster=pl.col("opportunity_id").cast(pl.Int64), skill_uri="value_code", weight=pl.col("share_pct") / 100
    )


def _single(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("item_id", value_code=pl.col(column).cast(pl.String)).drop_nulls()


def _listed(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("item_id", value_code=pl.col(column)).explode("value_code").drop_nulls()


def _flag(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("item_id", value_code=pl.col(column).cast(pl.Int8).cast(pl.String)).drop_nulls()


def _matching(values: pl.DataFrame, pattern: str) -> pl.DataFrame:
    return values.filter(pl.col("value_code").str.contains(pattern))


def _regions(frame: pl.DataFrame) -> pl.DataFrame:
    """Regions of today: the consumer's map has no others, such as 20 or 99 of older lists."""
    return _matching(_listed(frame, "region_codes"), "^(0[1-9]|1[0-9]|21)$")


def _language_codes() -> dict[str, str]:
    """Codes of ISO 639-1 by the URI of the language among ESCO's skills."""
    return dict(reference_table("language_skills").select("skill_uri", "language_code").iter_rows())


def _renamed(values: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    return values.with_columns(pl.col("value_code").replace_strict(names, default=None, return_dtype=pl.String)).drop_nulls()


def _versioned(values: pl.DataFrame) -> pl.DataFrame:
    """The consumer's filters expect the version `#1` on these URIs and merge other versions into it."""
    return values.with_columns(pl.col("value_code").str.split("#").list.first() + "#1")
