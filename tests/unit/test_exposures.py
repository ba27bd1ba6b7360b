"""dbt's exposures name what is made of the marts: every product, everything published, nothing that is not there."""

import json
import re

import pytest
import yaml

from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.fingerprint import PROJECT

EXPOSURES = {
    exposure["name"]: exposure
    for exposure in yaml.safe_load((PROJECT / "dbt_project" / "models" / "exposures.yml").read_text("utf-8"))["exposures"]
}
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
MODELS = {path.stem for path in (PROJECT / "dbt_project" / "models" / "marts").rglob("*.sql")}


def used(name: str) -> set[str]:
    return {re.fullmatch(r"ref\('(\w+)'\)", reference)[1] for reference in EXPOSURES[name]["depends_on"]}


def test_every_published_dataset_is_in_the_release_and_in_the_analyst_database():
    published = set(load_contracts()["published"])
    assert used("parquet_release") == published
    assert used("analyst_database") == published


@pytest.mark.parametrize("name", sorted(EXPOSURES))
def test_an_exposure_says_what_it_is_to_whom_it_belongs_and_in_three_languages(name):
    exposure = EXPOSURES[name]
    texts = [exposure["description"], *(exposure["config"]["meta"][f"description_{language}"] for language in ("fi", "sv"))]
    assert all(texts)
    assert len(set(texts)) == 3
    assert exposure["owner"]["name"] in {"team:analytics", "team:data-engineering"}
    assert exposure["maturity"] in {"high", "medium", "low"}
    assert not exposure["url"].startswith(("/", "http"))
    assert used(name) <= MODELS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_an_exposure_of_the_tables_it_reads(path):
    exposure = EXPOSURES[f"notebook_{path.stem}"]
    assert exposure["url"] == f"notebooks/{path.name}"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    read = set(re.findall(r"\b(?:from|join)\s+(?:\w+\.)?(\w+)", code))
    assert used(exposure["name"]) == read & MODELS
