import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jod_pipelines.forecasting.reconciliation import reconcile, rest_of, round_to_sum, shrunk_covariance

SUMS = np.vstack([np.ones((1, 4)), [[1, 1, 0, 0]], [[0, 0, 1, 1]], np.eye(4)])


def test_forecasts_add_up_and_coherent_ones_stay_as_they_are():
    dice = np.random.default_rng(1)
    base, errors = dice.uniform(5, 50, (7, 12)), dice.normal(0, 1, (7, 60))
    found = reconcile(base, SUMS, errors)
    assert found == pytest.approx(SUMS @ found[3:])
    coherent = SUMS @ base[3:]
    assert reconcile(coherent, SUMS, errors) == pytest.approx(coherent)


def test_the_surer_node_moves_less():
    base = np.array([[100.0], [50.0], [50.0], [30.0], [30.0], [30.0], [30.0]])
    errors = np.random.default_rng(2).normal(0, 1, (7, 200))
    errors[0] *= 0.01
    assert reconcile(base, SUMS, errors)[0, 0] == pytest.approx(100, abs=0.1)


def test_reconciling_true_sums_plus_noise_helps():
    dice = np.random.default_rng(3)
    truth = SUMS @ dice.uniform(20, 60, (4, 400))
    noise = dice.normal(0, 3, (7, 600))
    base = truth + noise[:, :400]
    after, before = (np.abs(x - truth).mean(axis=1) for x in (reconcile(base, SUMS, noise[:, 400:]), base))
    assert (after < before).all()


def test_covariance_is_positive_definite_with_fewer_cases_than_nodes_and_without_errors():
    errors = np.random.default_rng(4).normal(0, 1, (30, 5))
    errors[3] = 0
    errors[4] = np.nan
    assert np.linalg.eigvalsh(shrunk_covariance(errors)).min() > 0


def test_a_hidden_part_is_in_the_rest():
    total, parts = np.array([10.0, 12.0, np.nan]), np.array([[4.0, np.nan, 1.0], [3.0, 5.0, 1.0]])
    assert rest_of(total, parts).tolist()[:2] == [3.0, 7.0]
    assert np.isnan(rest_of(total, parts)[2])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_rounded_parts_add_up_and_move_less_than_one(values):
    parts = np.array(values)[:, None]
    total = np.rint(parts.sum(axis=0)).astype(int)
    found = round_to_sum(parts, total)
    assert found.sum() == total[0]
    assert (np.abs(found - parts) <= 1).all()
