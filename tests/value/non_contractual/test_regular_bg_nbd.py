"""MBG/CNBD-k: MBG/NBD where k is 1, and beyond it what histories drawn event by event say."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import clone
from tests.value.likelihood.derivatives import assert_derivatives
from tests.value.non_contractual.customers import cells, column, stand_in

from telcrm.errors import DivergentValueError, InvalidTableError, ParameterError
from telcrm.value import ModifiedBetaGeoModel, RegularBetaGeoModel, ValueModel
from telcrm.value.non_contractual.regular_beta_geometric import RegularBetaGeoProcess

TRUTH = (1.2, 2.0, 1.5, 5.0)


def known(regularity: int) -> RegularBetaGeoModel:
    made: RegularBetaGeoModel = stand_in(RegularBetaGeoModel(regularity=regularity), TRUTH)
    return made


@cache
def histories(regularity: int = 3, size: int = 4000) -> pl.DataFrame:
    drawn = known(regularity).simulate(np.full(size, 52.0), random_state=11)
    return pl.DataFrame(drawn)


@given(
    st.integers(1, 5),
    st.lists(st.floats(0.2, 6.0), min_size=4, max_size=4),
    st.integers(0, 12),
)
@settings(max_examples=15)
def test_derivatives_are_those_of_the_formulas(
    regularity: int, values: list[float], often: int
) -> None:
    process = RegularBetaGeoProcess(regularity)
    [order, spell] = process.terms(cells([often, 2], [often and 9.0, 7.5], [20.0, 7.5]))
    assert_derivatives(order.rows, column(values), order.columns)
    assert_derivatives(spell.rows, column(values), spell.columns)


def test_without_a_rhythm_it_is_mbg_nbd() -> None:
    regular = RegularBetaGeoModel(regularity=1).fit(histories())
    plain = ModifiedBetaGeoModel().fit(histories())
    assert_allclose(regular.estimates_, plain.estimates_, rtol=1e-7)
    assert regular.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-12)
    some = histories().head(40)
    for own, other in (
        (each.expected_purchases(some, horizon=26) for each in (regular, plain)),
        (each.probability_alive(some) for each in (regular, plain)),
        (
            each.discounted_expected_residual_transactions(some, discount_rate=0.003)
            for each in (regular, plain)
        ),
    ):
        assert_allclose(own.to_numpy()[:, -1], other.to_numpy()[:, -1], rtol=1e-6)
    assert_allclose(regular.expected_new([1.0, 30.0]), plain.expected_new([1.0, 30.0]), rtol=1e-6)


def test_the_rhythm_that_was_drawn_is_the_most_likely_one() -> None:
    fits = {k: RegularBetaGeoModel(regularity=k).fit(histories()) for k in (1, 2, 3, 4)}
    assert min(fits, key=lambda k: fits[k].aic_) == 3
    errors = fits[3].standard_errors_
    for (name, found), truth in zip(fits[3].parameters_.items(), TRUTH, strict=True):
        error = errors[name]
        assert error is not None
        assert abs(found - truth) < 3.5 * error, name


def test_histories_are_distributed_as_the_formulas_say() -> None:
    drawn = histories(size=4000)["frequency"].to_numpy()
    model = known(3)
    assert drawn.mean() == pytest.approx(float(model.expected_new(52.0)), rel=0.06)
    chances = model.purchase_distribution(52.0, most=400)
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    assert chances @ np.arange(401) == pytest.approx(float(model.expected_new(52.0)), rel=1e-6)
    counted = np.bincount(drawn.astype(int), minlength=4)[:4] / drawn.size
    assert_allclose(counted, chances[:4], atol=0.03)


def test_what_is_expected_is_the_mean_of_what_is_drawn() -> None:
    model = known(3)
    one = cells([4], [20.0], [26.0])
    parameters = column(TRUTH)
    chance = np.random.default_rng(3)
    many = cells(np.full(60_000, 4), 20.0, 26.0)
    drawn = model.process.draw_future(parameters, many, 26.0, chance).mean()
    [expected] = model.process.weighted(parameters, one, [(26.0, 1.0)])
    assert drawn == pytest.approx(expected, rel=0.03)


def test_the_discounted_sum_is_an_integral_over_horizons() -> None:
    process = RegularBetaGeoProcess(2)
    one, parameters, rate = cells([3], [10.0], [14.0]), column(TRUTH), 0.05
    points, weights = np.polynomial.legendre.leggauss(10)
    edges = np.array([0.0, *(600.0 / 2.0**piece for piece in range(7, -1, -1))])
    summed = 0.0
    for first, last in pairwise(edges):
        times = first + (last - first) * (points + 1.0) / 2.0
        bought = [process.weighted(parameters, one, [(float(t), 1.0)])[0] for t in times]
        summed += (last - first) / 2.0 * (weights * rate * np.exp(-rate * times)) @ bought
    assert process.residual(parameters, one, rate)[0] == pytest.approx(summed, rel=1e-7)
    endless = process.residual(parameters, one, 0.0)[0]
    assert endless == pytest.approx(process.residual(parameters, one, 1e-10)[0], rel=1e-3)
    with pytest.raises(DivergentValueError, match=r"a is 0\.9"):
        process.residual(column((1.2, 2.0, 0.9, 5.0)), one, 0.0)


def test_who_is_overdue_is_sooner_given_up_the_more_regular_customers_are() -> None:
    overdue = pl.DataFrame({"frequency": [10], "recency": [30.0], "age": [42.0]})
    alive = []
    for regularity in (1, 2, 4):
        # The same mean time between purchases.
        model = stand_in(RegularBetaGeoModel(regularity=regularity), (4.0, 12.0 / regularity, 1, 9))
        alive.append(model.probability_alive(overdue)["probability_alive"].item())
    assert alive == sorted(alive, reverse=True)


def test_it_is_stored_with_its_rhythm() -> None:
    model = RegularBetaGeoModel(regularity=2).fit(histories())
    again = ValueModel.from_json(model.to_json())
    assert isinstance(again, RegularBetaGeoModel)
    assert again.regularity == 2
    assert clone(model).get_params() == model.get_params()
    some = histories().head(20)
    assert again.expected_purchases(some, horizon=9).equals(
        model.expected_purchases(some, horizon=9)
    )


def test_files_of_the_first_format_still_load() -> None:
    stored = ValueModel.read(Path(__file__).parent / "stored" / "mbg_cnbd_k-1.json")
    assert isinstance(stored, RegularBetaGeoModel)
    assert stored.regularity == 2
    some = histories().head(3)
    alive = stored.probability_alive(some)["probability_alive"]
    assert alive.to_list() == pytest.approx([0.652523, 0.909027, 0.394549], abs=1e-6)
    expected = stored.expected_purchases(some, horizon=9)["expected_purchases"]
    assert expected.to_list() == pytest.approx([0.21595, 3.02366, 0.416871], abs=1e-5)


@pytest.mark.parametrize("regularity", [0, 51, 1.5, "often", True])
def test_a_rhythm_is_a_whole_number(regularity: Any) -> None:
    with pytest.raises(ParameterError, match="regularity"):
        RegularBetaGeoModel(regularity=regularity).fit(histories())


def test_times_between_purchases_have_to_be_there() -> None:
    holes = histories().with_columns(log_interval_sum=None).cast({"log_interval_sum": pl.Float64})
    with pytest.raises(InvalidTableError, match="'log_interval_sum' is null"):
        RegularBetaGeoModel().fit(holes)
