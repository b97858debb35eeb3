"""Models of customers who may buy at any time, at a rate of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from telcrm.domain import Record
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.time import TimeUnit
from telcrm.value.value_model import FittedState

__all__ = ["PoissonPurchaseModel", "PoissonState"]

Floats = NDArray[np.float64]


class PoissonState(FittedState):
    """What a stored model of this kind holds."""

    frequency: str
    recency: str
    age: str
    customers: str | None
    time_unit: TimeUnit
    rate_covariates: tuple[str, ...]
    dropout_covariates: tuple[str, ...]


class PoissonPurchaseModel(PurchaseModel):
    """A model whose customers, while they are there, buy as a Poisson process.

    Their rates are gamma(r, alpha), ``alpha`` being the second parameter.
    """

    stored_as: ClassVar[type[Record]] = PoissonState

    def __init__(
        self,
        *,
        frequency: str = "frequency",
        recency: str = "recency",
        age: str = "age",
        customers: str | None = None,
        time_unit: TimeUnit | str = TimeUnit.WEEK,
        rate_covariates: Sequence[str] = (),
        dropout_covariates: Sequence[str] = (),
    ) -> None:
        self.frequency = frequency
        self.recency = recency
        self.age = age
        self.customers = customers
        self.time_unit = time_unit
        self.rate_covariates = rate_covariates
        self.dropout_covariates = dropout_covariates
