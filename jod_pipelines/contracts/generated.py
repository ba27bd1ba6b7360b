"""The files in the repository that are made from the contracts, and which of them say something else by now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jod_pipelines.contracts import dbt, expectations
from jod_pipelines.contracts.model import load_contracts


@dataclass(frozen=True)
class Change:
    """A generated file that is not as the contracts have it. `text` is None when no contract asks for the file any more."""

    path: Path
    text: str | None

    def apply(self) -> None:
        """Write the file, or remove it."""
        if self.text is None:
            self.path.unlink()
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.text, "utf-8")


def generated_files() -> dict[Path, str]:
    """Every generated file and its text."""
    contracts = load_contracts()
    suites = expectations.generated_files([*contracts["marts"].values(), *contracts["published"].values()])
    return dbt.generated_files() | suites


def changes() -> list[Change]:
    """The files to write or remove so that they say what the contracts say, in path order."""
    wanted = generated_files()
    written = {path: path.read_text("utf-8") for path in _present(wanted)}
    return [Change(path, wanted.get(path)) for path in sorted({*wanted, *written}) if wanted.get(path) != written.get(path)]


def _present(wanted: dict[Path, str]) -> list[Path]:
    """Generated files that are there: the wanted ones, and those of datasets that are gone."""
    ours = {path for path in wanted if path.is_file()} | set(expectations.FOLDER.glob("*.json"))
    headed = [path for path in dbt.MODELS.glob("marts/*/_*.yml") if path.read_text("utf-8").startswith(dbt.HEADER)]
    return sorted(ours.union(headed))
