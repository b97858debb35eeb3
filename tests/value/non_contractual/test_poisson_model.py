"""Models whose customers may buy at any time: how they take rates of discount, and are made."""

from __future__ import annotations

from math import log1p
from typing import Any

import pytest
from tests.value.non_contractual.customers import POISSON_MODELS

from telcrm.errors import ParameterError
from telcrm.value import BetaGeoBetaBinomialModel, DiscountRate

kinds = pytest.mark.parametrize("kind", POISSON_MODELS)


@kinds
def test_rates_are_compounded_continuously_per_unit_of_time(kind: str) -> None:
    yearly = DiscountRate(annual=0.15)
    for unit, days in (("day", 1.0), ("week", 7.0), ("month", 30.4375), ("year", 365.25)):
        model = POISSON_MODELS[kind](time_unit=unit)
        assert model.rate_of(yearly) == pytest.approx(log1p(0.15) * days / 365.25)
        assert model.rate_of(0.02) == 0.02
    with pytest.raises(ParameterError, match="discount_rate"):
        POISSON_MODELS[kind]().rate_of(-0.1)


def test_models_of_periods_compound_once_a_period() -> None:
    # Beside them, for the difference.
    model = BetaGeoBetaBinomialModel(time_unit="month")
    assert model.rate_of(DiscountRate(annual=0.15)) == pytest.approx(1.15 ** (1 / 12) - 1)
    assert model.rate_of(0.1) == 0.1


@kinds
def test_parameters_are_kept_as_they_come(kind: str) -> None:
    given: dict[str, Any] = {
        "frequency": "x",
        "recency": "t_x",
        "age": "T",
        "customers": "n",
        "time_unit": "day",
        "rate_covariates": ["dealer"],
        "dropout_covariates": ("web",),
    }
    model = POISSON_MODELS[kind](**given)
    assert model.get_params() == given
    assert model.rate_covariates is given["rate_covariates"]
    with pytest.raises(TypeError):
        POISSON_MODELS[kind]("x")
    with pytest.raises(ParameterError, match="time_unit"):
        _ = POISSON_MODELS[kind](time_unit="fortnight").unit
