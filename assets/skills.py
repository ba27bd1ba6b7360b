"""Skills recognised in the texts of programmes, qualification requirements and postings."""

import dagster as dg

from assets.metadata import columns_of, preview
from jod_pipelines.platform import Platform
from jod_pipelines.products import programme_skills, recognise_skills

TEXTS = dg.AssetKey(["intermediate", "int_skill_texts"])
LABELS = [dg.AssetKey(["staging", "stg_esco__label"]), dg.AssetKey(["core", "dim_skill"])]
ITEM_KINDS = {
    "programme": "Skills recognised in the texts of programmes and implementations",
    "qualification": "Skills recognised in the statements of qualification requirements",
    "posting": "Skills recognised in the texts of job postings",
}


def recognised_key(item_kind: str) -> dg.AssetKey:
    """`skills/recognised_<item_kind>`."""
    return dg.AssetKey(["skills", f"recognised_{item_kind}"])


def _recognised(item_kind: str, description: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=recognised_key(item_kind),
        group_name="skills",
        owners=["team:data-science"],
        description=description,
        deps=[TEXTS, *LABELS],
        kinds={"python"},
    )
    def recognised(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
        found = recognise_skills(platform, item_kind)
        items = found["item_id"].n_unique()
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(found),
                "items_with_a_skill": items,
                "skills_per_item": round(len(found) / items, 2) if items else 0.0,
                "preview": preview(found),
                **columns_of(f"recognised_{item_kind}"),
            }
        )

    return recognised


@dg.asset(
    key=["derived", "fct_programme_skill"],
    group_name="skills",
    owners=["team:data-science"],
    description="Skills of each programme, from its own texts and its qualification's requirements",
    deps=[recognised_key("programme"), recognised_key("qualification"), dg.AssetKey(["education", "fct_programme"])],
    kinds={"python", "parquet"},
)
def programme_skill(platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """See `products.programme_skills`."""
    found = programme_skills(platform)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(found),
            "programmes_with_a_skill": found["programme_oid"].n_unique(),
            "preview": preview(found),
            **columns_of("fct_programme_skill"),
        }
    )


def skill_assets() -> list[dg.AssetsDefinition]:
    """All of them."""
    return [*(_recognised(kind, text) for kind, text in ITEM_KINDS.items()), programme_skill]
