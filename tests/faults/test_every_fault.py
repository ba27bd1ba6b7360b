"""Every fault of the table, run to the end against real sockets: nothing lost, doubled or wrong, and all of it named."""

from __future__ import annotations

from collections import Counter

import pytest

from fault_matrix import MATRIX
from fault_suite import Suite, tiny_sources
from fault_table import CASES, unreachable
from tests_support import ROOT

ALL = [*CASES, *unreachable()]


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    with tiny_sources() as sources:
        yield Suite(sources, tmp_path_factory.mktemp("faults"))


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("older", [False, True], ids=["first", "older"])
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_fault_ends_well(suite, case, older, record_property):
    record_property("fault", case.name)
    record_property("outcome", suite.run(case, older=older))


def test_the_table_is_wide_enough():
    names = Counter(case.name for case in ALL)
    assert max(names.values()) == 1, [name for name, count in names.items() if count > 1]
    assert len(names) >= 480


def test_every_case_of_the_matrix_is_met():
    faults = {case.name for case in ALL}
    for source, cases in MATRIX.items():
        for case, met_by in cases.items():
            for name in met_by:
                path, found, test = name.partition("::")
                is_there = f"def {test}(" in (ROOT / path).read_text("utf-8") if found else name in faults
                assert is_there, f"{source}, {case}: {name} is neither a fault nor a test"
    unmet = [f"{source}: {case}" for source, cases in MATRIX.items() for case, met_by in cases.items() if not met_by]
    assert unmet == ["ESCO: page-number offset"]


@pytest.mark.slow
@pytest.mark.long
def test_another_host_never_hears_of_us(suite):
    assert suite.sources.hosts <= {"127.0.0.1"}
