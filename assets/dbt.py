"""dbt under Dagster: the manifest, names of assets, and a resource that does not ask the network for its version."""

import shutil
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource
from packaging.version import Version

from jod_pipelines.fingerprint import PROJECT, code_fingerprint

DBT_PROJECT = PROJECT / "dbt_project"
OWNERS = dict.fromkeys(("core", "education", "labour_market", "population", "services"), "team:analytics")


class OfflineDbt(DbtCliResource):
    """dagster-dbt asks `dbt --version` in a process of its own at each call, and that asks the network.

    It also makes an adapter to look at tables with. We do not, and it takes two seconds.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def keep_parsed(target: Path) -> None:
    """Let the next call read what this one parsed: dbt parses everything anew when it builds another file than last time.

    Args:
        target: where the call wrote.
    """
    parsed, kept = target / "partial_parse.msgpack", DBT_PROJECT / "target" / "partial_parse.msgpack"
    if parsed.exists():
        aside = kept.with_name(f".{target.name}.msgpack")
        shutil.copyfile(parsed, aside)
        aside.replace(kept)


class Translator(DagsterDbtTranslator):
    """Models are assets `schema/name` in the group of their schema."""

    def get_asset_key(self, dbt_resource_props: dict) -> dg.AssetKey:  # type: ignore[type-arg]
        """`core/dim_area`; sources keep the key their YAML gives."""
        if dbt_resource_props["resource_type"] == "model":
            return dg.AssetKey([dbt_resource_props["config"]["schema"], dbt_resource_props["name"]])
        key: dg.AssetKey = super().get_asset_key(dbt_resource_props)
        return key

    def get_group_name(self, dbt_resource_props: dict) -> str:  # type: ignore[type-arg]
        """The schema."""
        return str(dbt_resource_props["config"].get("schema") or "warehouse")

    def get_owners(self, dbt_resource_props: dict) -> list[str]:  # type: ignore[type-arg]
        """Analysts own the marts, data engineers the rest."""
        return [OWNERS.get(dbt_resource_props["config"].get("schema", ""), "team:data-engineering")]


def translator() -> Translator:
    """The translator, with dbt's tests as checks."""
    return Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_duplicate_source_asset_keys=True))


def manifest() -> Path:
    """The manifest of the project as it is now; parsed anew when a model, test or generated YAML changed."""
    path, stamp = DBT_PROJECT / "target" / "manifest.json", DBT_PROJECT / "target" / "manifest.of"
    current = code_fingerprint("dbt_project")
    if not path.exists() or not stamp.exists() or stamp.read_text() != current:
        from dbt.cli.main import dbtRunner

        arguments = ["--quiet", "parse", "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
        done = dbtRunner().invoke(arguments)
        if not done.success:
            raise RuntimeError(f"dbt cannot parse the project: {done.exception}")
        stamp.write_text(current)
    return path


def dbt_resource() -> OfflineDbt:
    """The dbt command of this environment."""
    import sys

    return OfflineDbt(
        project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=str(Path(sys.executable).with_name("dbt"))
    )
