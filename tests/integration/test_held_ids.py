"""A run after which people's saved opportunities would lead nowhere is held, and goes through when someone says so."""

import json
import shutil
from pathlib import Path

import pytest

from tests_support import jod

pytestmark = pytest.mark.long
BUILD = ("run", "--select", "group:opportunities_build")


def test_a_run_that_would_change_what_ids_mean_is_held_until_let_through(small_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(small_home, home, symlinks=True)
    kept = home / "state" / "identity.job.json"
    registry = json.loads(kept.read_text("utf-8"))
    active = sum(item["active"] for item in registry["opportunities"])
    for item in registry["opportunities"]:
        item["profile"] = {"http://data.sandbox.example/esco/skill/of-another-world": 1.0}
    kept.write_text(json.dumps(registry), "utf-8")
    before = {path: path.read_bytes() for path in (kept, home / "state" / "next" / "identity.job.json")}
    latest = (home / "releases" / "latest").resolve().name

    held = jod(*BUILD, home=home)
    assert held.code != 0
    said = " ".join((held.out + held.err).split())
    assert (
        f"this run would retire {active} of {active} ids, {active} of them because their members now ask for other skills" in said
    )
    assert "--max-lost-ids-pct 100" in said
    assert (home / "releases" / "latest").resolve().name == latest
    assert {path: path.read_bytes() for path in before} == before

    through = jod(*BUILD, "--max-lost-ids-pct", "100", home=home)
    assert through.code == 0, through.out + through.err
    after = json.loads((home / "state" / "next" / "identity.job.json").read_text("utf-8"))["registry"]["opportunities"]
    assert sum(not item["active"] for item in after) == active
    assert before[kept] == kept.read_bytes()
