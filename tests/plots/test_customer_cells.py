"""Customers made up for a model are those that it would read from a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.value.non_contractual.customers import known, stand_in

from telcrm.errors import NotFittedError, ParameterError
from telcrm.plots.customer_cells import customer_cells, require_purchase_model
from telcrm.value import BetaGeoModel, GammaGammaModel, ParetoNBDModel

NUMBERS = (np.array([0.0, 2.0]), np.array([0.0, 3.0]), np.array([5.0, 5.0]))


def test_columns_and_covariates() -> None:
    model = stand_in(
        ParetoNBDModel(frequency="x", rate_covariates=["dealer"]), (0.9, 8.0, 1.4, 20.0, 0.5)
    )
    cells = customer_cells(model, *NUMBERS, {"dealer": 1})
    assert [cells.frequency.tolist(), cells.recency.tolist()] == [[0, 2], [0, 3]]
    assert cells.age.tolist() == [5, 5]
    assert cells.covariates.tolist() == [[1, 1]]
    assert customer_cells(known("bg_nbd"), *NUMBERS, None).covariates.shape == (0, 2)


@pytest.mark.parametrize("given", [None, {}, {"shop": 1.0}, {"dealer": 1.0, "shop": 0.0}])
def test_covariates_have_to_be_those_of_the_model(given: Any) -> None:
    model = stand_in(ParetoNBDModel(rate_covariates=["dealer"]), (0.9, 8.0, 1.4, 20.0, 0.5))
    with pytest.raises(ParameterError, match="the model has dealer"):
        customer_cells(model, *NUMBERS, given)


def test_what_is_no_fitted_model_of_purchases() -> None:
    assert isinstance(require_purchase_model(known("bg_bb")), type(known("bg_bb")))
    for wrong in (None, GammaGammaModel(), BetaGeoModel):
        with pytest.raises(ParameterError, match="model of purchases"):
            require_purchase_model(wrong)
    with pytest.raises(NotFittedError):
        require_purchase_model(BetaGeoModel())
