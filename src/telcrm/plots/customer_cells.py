"""Customers whom nobody has to have met, for a model of purchases to judge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from telcrm.errors import ParameterError
from telcrm.value import PurchaseModel
from telcrm.value.non_contractual.cells import Cells

__all__ = ["customer_cells", "require_purchase_model"]

Floats = NDArray[np.float64]


def require_purchase_model(model: object) -> PurchaseModel:
    """Return a fitted model of purchases, or refuse what is none.

    Parameters
    ----------
    model : object

    Returns
    -------
    PurchaseModel

    Raises
    ------
    NotFittedError, ParameterError
    """
    if not isinstance(model, PurchaseModel):
        raise ParameterError(
            f"model is a {type(model).__name__}, and has to be a model of purchases, such as "
            "telcrm.value.BetaGeoModel.",
            model=type(model).__name__,
        )
    model.require_fitted()
    return model


def customer_cells(
    model: PurchaseModel,
    frequency: Floats,
    recency: Floats,
    age: Floats,
    covariates: Mapping[str, float] | None,
) -> Cells:
    """Make customers of given histories.

    Parameters
    ----------
    model : PurchaseModel
    frequency, recency, age : array of shape (n,)
    covariates : mapping of str to float, optional
        The same for all.

    Returns
    -------
    Cells

    Raises
    ------
    ParameterError
        A covariate is missing or unknown.
    """
    given = dict(covariates or {})
    if set(given) != set(model.covariates):
        raise ParameterError(
            f"covariates given: {', '.join(sorted(given)) or 'none'}; the model has "
            f"{', '.join(model.covariates) or 'none'}.",
            covariates=sorted(given),
        )
    known = dict(zip(model.columns.known[:3], (frequency, recency, age), strict=True))
    own = {name: np.full(frequency.size, float(value)) for name, value in given.items()}
    return model.columns.of(known | own)
