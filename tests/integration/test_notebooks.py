"""Every notebook runs from top to bottom on a release, and is kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests_support import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_rows(path: Path, small_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOD_HOME", str(small_home))
    notebook = nbformat.read(path, as_version=4)
    said = "synthetic" if path.stem != "first_look" else "marts.sql('from release').df().to_string()"
    notebook.cells.append(nbformat.v4.new_code_cell(said))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [str(output) for output in outputs]
    assert "synthetic" in shown[-1].lower(), "figures do not say that they are of a synthetic country"
    assert any("text/html" in output for output in shown)
    assert not any("Empty DataFrame" in output for output in shown)
    assert not [output for output in outputs if output.output_type == "stream"], "a warning or a print among the figures"
    figures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert len(figures) >= (1 if path.stem == "first_look" else 3)
    assert all(len(figure) > 10_000 for figure in figures), "an empty figure"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs"), "clear the outputs before committing"
        assert cell.get("execution_count") is None
