"""BdW: published forecasts, its place around sBG, and what it says of its fit."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.value.contractual.survivor_tables import HIGH_END, REGULAR, lifetimes

from telcrm.errors import DivergentValueError, EstimatorFormatError, UnidentifiedModelError
from telcrm.value.contractual.bdw import BetaDiscreteWeibullModel
from telcrm.value.contractual.sbg import ShiftedBetaGeoModel


def fitted(survivors: tuple[int, ...], years: int = 7) -> BetaDiscreteWeibullModel:
    model = BetaDiscreteWeibullModel(customers="customers", time_unit="year")
    return model.fit(lifetimes(survivors, years))


@pytest.mark.parametrize(
    ("survivors", "years", "parameters", "log_likelihood"),
    [
        # Maximum likelihood to eight digits. For High End, years 1 to 4, the README of the
        # retenmod package prints .25933745 1.72255566 1.58435482, short of the maximum.
        (HIGH_END, 7, (0.21425335, 1.42657490, 1.72356479), -1605.31421),
        (REGULAR, 7, (0.45561394, 0.77932543, 1.28345138), -1679.60283),
        (HIGH_END, 4, (0.25933577, 1.72255166, 1.58436139), -1222.74932),
        (REGULAR, 4, (0.52302947, 0.89428291, 1.19639851), None),
    ],
)
def test_survivors_of_fader_and_hardie_2007(
    survivors: tuple[int, ...],
    years: int,
    parameters: tuple[float, float, float],
    log_likelihood: float | None,
) -> None:
    model = fitted(survivors, years)
    assert_allclose([model.alpha_, model.beta_, model.c_], parameters, rtol=1e-6)
    if log_likelihood is not None:
        assert_allclose(model.log_likelihood_, log_likelihood, rtol=1e-8)


@pytest.mark.parametrize(
    ("survivors", "forecast"),
    [
        (HIGH_END, (46.78, 44.83, 43.16, 41.69, 40.39)),
        (REGULAR, (22.34, 20.89, 19.68, 18.64, 17.73)),
    ],
)
def test_forecasts_of_years_8_to_12(
    survivors: tuple[int, ...], forecast: tuple[float, ...]
) -> None:
    assert_allclose(100 * fitted(survivors).survival(range(8, 13)), forecast, atol=5e-3)


@given(st.lists(st.integers(20, 200), min_size=6, max_size=9))
@settings(max_examples=4)
@pytest.mark.filterwarnings("ignore::telcrm.value.likelihood.convergence.ConvergenceWarning")
def test_it_is_at_least_as_likely_as_sbg(losses: list[int]) -> None:
    falling = sorted(losses, reverse=True)
    left = tuple(500 + sum(falling[at:]) for at in range(len(losses) + 1))
    frame = lifetimes(left, len(losses))
    inner = ShiftedBetaGeoModel(customers="customers").fit(frame)
    outer = BetaDiscreteWeibullModel(customers="customers").fit(frame)
    assert outer.log_likelihood_ >= inner.log_likelihood_ - 1e-6


def test_with_c_1_it_says_what_sbg_says() -> None:
    inner = ShiftedBetaGeoModel(customers="customers").fit(lifetimes(HIGH_END, 7))
    outer = fitted(HIGH_END)
    outer.estimates_ = (*inner.estimates_, 1.0)
    ages = range(9)
    assert_allclose(outer.survival(ages), inner.survival(ages), rtol=1e-13)
    assert_allclose(
        outer.discounted_expected_residual_lifetime(ages, 0.02),
        inner.discounted_expected_residual_lifetime(ages, 0.02),
        rtol=1e-13,
    )


def test_an_infinite_lifetime_is_refused() -> None:
    model = fitted(HIGH_END)
    # Survival falls like t^(-c alpha): the sum is finite from c alpha > 1 on.
    model.estimates_ = (0.5, 2.0, 2.0)
    with pytest.raises(DivergentValueError, match="infinite"):
        model.expected_lifetime()
    with pytest.raises(DivergentValueError, match="horizon"):
        model.lifetime_value(pl.DataFrame({"age": [1]}), margin=1.0, discount_rate=0.0)
    model.estimates_ = (0.5, 2.0, 2.2)
    assert model.expected_lifetime() > model.survival(range(100)).sum()


def test_three_parameters_need_three_periods() -> None:
    short = lifetimes(REGULAR, 2)
    with pytest.raises(UnidentifiedModelError, match="in 2 periods of their lives"):
        BetaDiscreteWeibullModel(customers="customers").fit(short)
    assert ShiftedBetaGeoModel(customers="customers").fit(short).alpha_ > 0


def test_stored_models_come_back_to_the_bit() -> None:
    model = fitted(REGULAR)
    back = BetaDiscreteWeibullModel.from_json(model.to_json())
    assert back.to_json() == model.to_json()
    assert (back.alpha_, back.beta_, back.c_) == model.estimates_


def test_a_stored_model_that_lost_an_estimate_is_refused() -> None:
    content = json.loads(fitted(REGULAR).to_json())
    content["state"]["estimates_"].pop()
    with pytest.raises(EstimatorFormatError, match="is damaged"):
        BetaDiscreteWeibullModel.from_json(json.dumps(content))
