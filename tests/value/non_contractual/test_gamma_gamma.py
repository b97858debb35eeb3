"""Gamma-Gamma: published numbers, laws, and amounts that are none."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp
from tests.conftest import Backend
from tests.value.likelihood.derivatives import assert_derivatives
from tests.value.non_contractual.customers import (
    cdnow,
    fitted_spend,
    stand_in,
)

from telcrm.errors import (
    ColumnTypeError,
    DivergentValueError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
    UnidentifiedModelError,
)
from telcrm.value import ConvergenceWarning, GammaGammaModel
from telcrm.value.non_contractual import gamma_gamma as module
from telcrm.value.non_contractual.gamma_gamma import spend_given

Floats = NDArray[np.float64]

# Maximum of the likelihood of CDNOW's 946 repeat buyers, by a program of this project's own.
MLE = (6.24880249, 3.74458845, 15.44774801)
ERRORS = (1.1897, 0.2902, 4.1600)


def customers(frequency: Any, monetary_value: Any, **more: Any) -> pl.DataFrame:
    return pl.DataFrame({"frequency": frequency, "monetary_value": monetary_value, **more})


def test_it_finds_the_maximum_on_cdnow() -> None:
    model = fitted_spend()
    # p and v trade against each other; eight decimals were printed.
    assert_allclose(model.estimates_, MLE, rtol=1e-6)
    assert model.log_likelihood_ == pytest.approx(-4055.92324, abs=5.1e-6)
    assert model.customers_ == 946
    # Fader, Hardie & Lee (2005), Journal of Marketing Research 42(4): 6.25, 3.74, 15.44.
    assert_allclose(model.estimates_, [6.25, 3.74, 15.44], atol=0.011)
    # CLVTools 0.12.1, tests, on its own sums of amounts.
    assert model.log_likelihood_ == pytest.approx(-4055.9177, abs=0.006)


def test_standard_errors_on_cdnow() -> None:
    found = [fitted_spend().standard_errors_[name] for name in "pqv"]
    assert found == pytest.approx(ERRORS, abs=5.1e-5)


def test_expected_amounts() -> None:
    own = np.array(MLE)
    found = spend_given(own, np.array([2.0, 1.0]), np.array([22.35, 11.77]))
    # Seven decimals were printed, at parameters of eight.
    assert_allclose(found, [24.6586162, 18.9114798], rtol=1e-8)
    assert_allclose(spend_given(own, np.array([3.0]), np.array([35.0])), 35.0218385, rtol=1e-8)
    model = fitted_spend()
    assert model.mean_spend == pytest.approx(35.1710021, rel=1e-6)
    spend = model.expected_spend(customers([2, 1, 3, 0], [22.35, 11.77, 35.0, None]))
    expected = [24.6586162, 18.9114798, 35.0218385, 35.1710021]
    assert_allclose(spend["expected_spend"], expected, rtol=1e-6)


def log_density_by_hand(parameters: Floats, often: float, mean: float) -> float:
    """Amounts of a customer of known nu are gamma(p, nu); nu is gamma(q, v): a grid over ln nu."""
    p, q, v = parameters
    u = np.arange(-60.0, 12.0, 0.02)
    spread = q * u - np.exp(u)
    log_nu = u - np.log(v)
    # The mean of x amounts is gamma(p x, nu x).
    shape = p * often
    each = shape * (log_nu + np.log(often)) + (shape - 1.0) * np.log(mean)
    each = each - np.exp(log_nu) * often * mean - gammaln(shape)
    return float(logsumexp(spread + each) - logsumexp(spread))


three = st.tuples(st.floats(-1.0, 2.5), st.floats(-0.5, 2.5), st.floats(-2.0, 4.0)).map(
    lambda logs: np.exp(np.array(logs))
)


@given(parameters=three, often=st.integers(1, 15), mean=st.floats(0.05, 300.0))
def test_the_likelihood_is_that_of_customers_averaged_one_by_one(
    parameters: Floats, often: int, mean: float
) -> None:
    own = parameters[:, None]
    count, _, _ = module._count_rows(own, np.array([[often]], dtype=np.float64))
    amount, _, _ = module._amount_rows(own, np.array([[often], [mean]], dtype=np.float64))
    assert count[0] + amount[0] == pytest.approx(
        log_density_by_hand(parameters, often, mean), rel=1e-9, abs=1e-9
    )


@given(
    parameters=three,
    often=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    mean=st.floats(0.01, 1e4),
)
def test_derivatives(parameters: Floats, often: list[int], mean: float) -> None:
    counts = np.array([often], dtype=np.float64)
    own = parameters[:, None]
    assert_derivatives(module._count_rows, own, counts)
    assert_derivatives(module._amount_rows, own, np.stack([counts[0], np.full(len(often), mean)]))


@given(
    parameters=three.filter(lambda each: bool(each[1] > 1.01)),
    often=st.integers(1, 50),
    mean=st.floats(0.1, 1e4),
)
def test_an_expected_amount_lies_between_ones_own_and_that_of_all(
    parameters: Floats, often: int, mean: float
) -> None:
    p, q, v = parameters
    of_all = p * v / (q - 1.0)
    found = [
        float(spend_given(parameters, np.array(n, float), np.array(mean)))
        for n in (often, often + 9)
    ]
    low, high = sorted((of_all, mean))
    assert all(low * (1 - 1e-12) <= each <= high * (1 + 1e-12) for each in found)
    assert abs(found[1] - mean) <= abs(found[0] - mean) * (1 + 1e-9) + 1e-12
    assert float(spend_given(parameters, np.zeros(1), np.zeros(1))[0]) == pytest.approx(of_all)


@pytest.mark.parametrize("by", [100.0, 0.01, 117.3])
def test_another_unit_of_money_changes_the_scale_alone(by: float) -> None:
    frame = cdnow()
    here = fitted_spend()
    there = GammaGammaModel().fit(frame.with_columns(pl.col("monetary_value") * by))
    assert_allclose(there.estimates_, np.array(here.estimates_) * [1.0, 1.0, by], rtol=1e-7)
    # The density of a mean of by-fold amounts is a by-th part.
    moved = here.log_likelihood_ - 946 * np.log(by)
    assert there.log_likelihood_ == pytest.approx(moved, rel=1e-11)
    assert there.mean_spend == pytest.approx(here.mean_spend * by, rel=1e-8)


@cache
def amounts_of(size: int, seed: int) -> pl.DataFrame:
    """Customers drawn with p 4, q 3 and v 20."""
    chance = np.random.default_rng(seed)
    often = chance.integers(0, 9, size)
    nu = chance.gamma(3.0, 1.0 / 20.0, size)
    mean = chance.gamma(4.0 * np.maximum(often, 1)) / nu / np.maximum(often, 1)
    return customers(often, np.where(often > 0, mean, 0.0))


def test_the_truth_is_recovered() -> None:
    model = GammaGammaModel().fit(amounts_of(20_000, 0))
    for name, truth in (("p", 4.0), ("q", 3.0), ("v", 20.0)):
        error = model.standard_errors_[name]
        assert error is not None
        assert abs(model.parameters_[name] - truth) < 3.5 * error
        assert error < 0.1 * truth


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth = np.log([4.0, 3.0, 20.0])
    held = []
    for seed in range(60):
        model = GammaGammaModel().fit(amounts_of(1_500, 100 + seed))
        logs = np.log(model.estimates_)
        errors = np.array([model.standard_errors_[n] for n in "pqv"]) / model.estimates_
        held.append(np.abs(logs - truth) <= 1.6449 * errors)
    # 90 % of 180, which depend on each other by threes.
    assert 0.85 <= np.mean(held) <= 0.95


def test_rows_in_another_order_give_the_same_model() -> None:
    turned = cdnow().sample(fraction=1.0, shuffle=True, seed=1)
    model = GammaGammaModel().fit(turned)
    assert model.estimates_ == fitted_spend().estimates_
    assert model.covariance_ == fitted_spend().covariance_


def test_kinds_of_customers_stand_for_their_number() -> None:
    one_each = customers(
        [1, 1, 1, 2, 2, 3, 0, 4, 4],
        [5.0, 30.0, 90.0, 12.0, 45.0, 20.0, None, 9.0, 60.0],
        n=[9, 20, 6, 10, 12, 15, 99, 5, 8],
    )
    repeated = one_each.select(pl.all().repeat_by("n").explode()).drop("n")
    with_weights = GammaGammaModel(customers="n").fit(one_each)
    without = GammaGammaModel().fit(repeated)
    assert with_weights.estimates_ == without.estimates_
    assert with_weights.customers_ == 85


def test_every_engine_fits_and_predicts_alike(distinct_backend: Backend) -> None:
    few = cdnow().head(300)
    expected = GammaGammaModel().fit(few)
    native = distinct_backend.frame({name: few[name].to_list() for name in few.columns})
    model = GammaGammaModel().fit(native)
    assert model.estimates_ == pytest.approx(expected.estimates_, rel=1e-12)
    rows = distinct_backend.rows(expected.expected_spend(native))
    by_hand = expected.expected_spend(few)
    found = sorted(rows, key=lambda each: each["customer_id"])
    assert [row["customer_id"] for row in found] == few["customer_id"].to_list()
    assert_allclose([row["expected_spend"] for row in found], by_hand["expected_spend"], rtol=1e-14)
    assert distinct_backend.is_own(expected.expected_spend(native))


def test_amounts_that_nobody_repeated_are_not_looked_at() -> None:
    frame = customers([0, 0, 0, 1], [None, -5.0, 0.0, 3.0])
    spend = fitted_spend().expected_spend(frame)["expected_spend"]
    assert spend[:3].to_list() == [fitted_spend().mean_spend] * 3


@pytest.mark.parametrize(
    ("frequency", "amount", "complaint"),
    [
        ([1], [0.0], "'monetary_value' is no amount above 0"),
        ([1], [-2.0], "'monetary_value' is no amount above 0"),
        ([1], [None], "'monetary_value' is no amount above 0"),
        ([1], [float("inf")], "'monetary_value' is no amount above 0"),
        ([1], [float("nan")], "'monetary_value' is no amount above 0"),
        ([-1], [1.0], "'frequency' is negative"),
        ([None, 1], [1.0, 1.0], "'frequency' is null"),
        ([float("inf")], [1.0], "'frequency' is not a finite number"),
    ],
)
def test_bad_rows_are_refused(frequency: Any, amount: Any, complaint: str) -> None:
    frame = pl.DataFrame(
        {"frequency": frequency, "monetary_value": pl.Series(amount, dtype=pl.Float64)}
    )
    for ask in (GammaGammaModel().fit, fitted_spend().expected_spend):
        with pytest.raises(InvalidTableError, match=complaint):
            ask(frame)


def test_a_share_of_a_purchase_is_refused() -> None:
    with pytest.raises(InvalidTableError, match="'frequency' is no whole number"):
        fitted_spend().expected_spend(customers([1.5], [3.0]))


@pytest.mark.parametrize("weight", [0, -3])
def test_rows_that_stand_for_nobody_are_refused(weight: int) -> None:
    frame = customers([1, 2, 3], [10.0, 25.0, 40.0], n=[5, 5, weight])
    with pytest.raises(InvalidTableError, match="'n' is not above 0"):
        GammaGammaModel(customers="n").fit(frame)


def test_bad_columns_are_refused() -> None:
    with pytest.raises(MissingColumnsError, match="'monetary_value'"):
        GammaGammaModel().fit(pl.DataFrame({"frequency": [1]}))
    with pytest.raises(ColumnTypeError, match="'monetary_value'"):
        GammaGammaModel().fit(customers([1], ["much"]))
    with pytest.raises(MissingColumnsError, match="'n'"):
        GammaGammaModel(customers="n").fit(customers([1], [2.0]))
    taken = customers([1], [2.0], expected_spend=[1.0])
    with pytest.raises(ParameterError, match="already has a column 'expected_spend'"):
        fitted_spend().expected_spend(taken)


def test_nobody_to_learn_from() -> None:
    for frame in (customers([0, 0], [0.0, None]), cdnow().head(0)):
        with pytest.raises(UnidentifiedModelError, match="none of them bought again"):
            GammaGammaModel().fit(frame)
    with pytest.raises(NotFittedError):
        GammaGammaModel().expected_spend(cdnow())
    with pytest.raises(NotFittedError):
        _ = GammaGammaModel().mean_spend


def test_an_infinite_mean_is_refused() -> None:
    heavy = stand_in(GammaGammaModel(), (4.0, 0.9, 20.0))
    with pytest.raises(DivergentValueError, match=r"q is 0\.9, not above 1"):
        _ = heavy.mean_spend
    with pytest.raises(DivergentValueError):
        heavy.expected_spend(cdnow())


def test_customers_who_hardly_differ_are_told() -> None:
    chance = np.random.default_rng(4)
    often = chance.integers(1, 9, 800)
    frame = customers(often, chance.gamma(4.0 * often) / often)  # the same nu for all
    with pytest.warns(ConvergenceWarning, match="hardly differ") as caught:
        model = GammaGammaModel().fit(frame)
    assert len(caught) == 1
    assert "q" in model.convergence_.undetermined
    spend = model.expected_spend(frame)["expected_spend"].to_numpy()
    assert_allclose(spend, 4.0, rtol=0.1)


def test_files_of_the_first_format_still_load() -> None:
    stored = GammaGammaModel.read(Path(__file__).parent / "stored" / "gamma_gamma-1.json")
    # The fit of this release has other last digits.
    assert stored.estimates_ == pytest.approx(fitted_spend().estimates_, rel=1e-6)
    some = pl.DataFrame({"frequency": [0, 2], "monetary_value": [None, 30.0]})
    p, q, v = 6.2488024880529025, 3.7445884537502785, 15.44774801604952
    by_hand = [p * v / (q - 1.0), p * (v + 60.0) / (2 * p + q - 1.0)]
    assert stored.expected_spend(some)["expected_spend"].to_list() == pytest.approx(by_hand)
