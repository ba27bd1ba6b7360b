"""A contract that has never failed is not a contract: a violation of every rule is planted and must be caught by name.

The score by layer is printed: `pytest tests/unit/test_contract_mutations.py -s`.
"""

from __future__ import annotations

import pytest

from contract_mutations import score, valid_rows
from jod_pipelines.contracts import enforcement, expectations, table_checks
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.contracts.rules import rules_of

LAYERS = ("landing", "marts", "published")


@pytest.mark.parametrize("layer", LAYERS)
def test_every_planted_violation_is_caught_and_named(layer, capsys):
    found = score(layer)
    caught = found.planted - len(found.missed)
    with capsys.disabled():
        print(f"\n  {layer}: {caught} of {found.planted} planted violations caught, {found.pct:.1f} %")
    assert found.missed == []
    assert found.planted == sum(len(rules_of(table)) for table in load_contracts()[layer].values())


def test_the_score_falls_when_landing_forgets_patterns(monkeypatch):
    rules = enforcement._rules
    forgetful = lambda column, **given: [r for r in rules(column, **given) if not r[1].startswith("pattern")]  # noqa: E731
    monkeypatch.setattr(enforcement, "_rules", forgetful)
    missed = score("landing").missed
    assert missed
    assert all(": pattern " in rule for rule in missed)


def test_the_score_falls_when_marts_forget_limits(monkeypatch):
    broken = table_checks.broken_rows
    monkeypatch.setattr(table_checks, "broken_rows", lambda rule: "false" if rule.kind == "minimum" else broken(rule))
    missed = score("marts").missed
    assert missed
    assert all(": at least " in rule for rule in missed)


def test_the_score_falls_when_published_datasets_are_not_asked_for_codes(monkeypatch):
    monkeypatch.setattr(expectations, "EXPECTED", tuple(kind for kind in expectations.EXPECTED if kind != "allowed"))
    missed = score("published", only="education_opportunity").missed
    assert missed
    assert all(": one of " in rule for rule in missed)


def test_rows_made_from_a_contract_differ():
    for layer in LAYERS:
        for table in load_contracts()[layer].values():
            frame = valid_rows(table)
            assert not table.primary_key or frame.select(table.primary_key).is_unique().all(), table.physical_name
