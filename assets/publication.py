"""The release: the last thing a run makes, when every check before it has passed."""

import dagster as dg

from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.errors import PublicationError
from jod_pipelines.platform import Platform
from jod_pipelines.products import make_plan, publish_release, release_content
from jod_pipelines.publication.release import disclosure_problems


def mart_key(physical_name: str) -> dg.AssetKey:
    """Asset of a warehouse table `schema.name`."""
    return dg.AssetKey(physical_name.split("."))


@dg.asset(
    key=["release"],
    group_name="publication",
    owners=["team:data-engineering"],
    description="An immutable release: Parquet, JOD documents, analyst database, catalogue, data package",
    deps=[mart_key(table.physical_name) for table in load_contracts()["published"].values()],
    kinds={"parquet", "duckdb", "json"},
)
def release(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """See `products.publish_release`."""
    plan = make_plan(platform)
    problems = disclosure_problems(release_content(platform, plan))
    if problems:
        raise PublicationError(f"nothing is published: {problems[0]}", "\n".join(problems[1:]))
    folder = publish_release(platform, plan)
    context.log.info(f"released {plan.release_id}")
    return dg.MaterializeResult(
        metadata={
            "release": plan.release_id,
            "folder": dg.MetadataValue.path(str(folder)),
            "data_origin": platform.settings.data_origin,
            "catalogue": dg.MetadataValue.path(str(folder / "catalogue" / "index.html")),
        }
    )
