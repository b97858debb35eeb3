"""Customers with published answers, fitted models of them, and models whose truth is known."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telcrm.value import (
    BetaGeoBetaBinomialModel,
    BetaGeoModel,
    Convergence,
    GammaGammaModel,
    ModifiedBetaGeoModel,
    ParetoNBDModel,
    PurchaseModel,
    ValueModel,
)
from telcrm.value.non_contractual.cells import Cells

Floats = NDArray[np.float64]

PURCHASE_MODELS: dict[str, Any] = {
    "bg_nbd": BetaGeoModel,
    "mbg_nbd": ModifiedBetaGeoModel,
    "pareto_nbd": ParetoNBDModel,
    "bg_bb": BetaGeoBetaBinomialModel,
}
POISSON_MODELS: dict[str, Any] = {
    "bg_nbd": BetaGeoModel,
    "mbg_nbd": ModifiedBetaGeoModel,
    "pareto_nbd": ParetoNBDModel,
}
# Parameters with a finite sum over all time, each model's own order.
TRUTHS: dict[str, tuple[float, ...]] = {
    "bg_nbd": (0.8, 6.0, 1.5, 4.0),
    "mbg_nbd": (0.8, 6.0, 1.5, 4.0),
    "pareto_nbd": (0.9, 8.0, 1.4, 20.0),
    "bg_bb": (1.2, 0.9, 1.6, 6.0),
}


def _lifetimes_data(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import datasets

        return getattr(datasets, name)()


@cache
def cdnow() -> pl.DataFrame:
    """The tenth of CDNOW's customers of 1997 that papers and packages are tested on, in weeks."""
    loaded = _lifetimes_data("load_cdnow_summary_data_with_monetary_value").reset_index()
    return pl.DataFrame(
        {
            "customer_id": loaded["customer_id"].to_numpy(),
            "frequency": loaded["frequency"].to_numpy(),
            "recency": loaded["recency"].to_numpy(),
            "age": loaded["T"].to_numpy(),
            "monetary_value": loaded["monetary_value"].to_numpy(),
        }
    )


@cache
def donations() -> pl.DataFrame:
    """The donors of Fader, Hardie & Shang (2010), 22 kinds of them, in years."""
    loaded = _lifetimes_data("load_donations")
    names = {"frequency": "frequency", "recency": "recency", "periods": "age", "weights": "weight"}
    return pl.DataFrame({ours: loaded[theirs].to_numpy() for theirs, ours in names.items()})


@cache
def transactions() -> Any:
    """A pandas frame of days and customers that comes with lifetimes."""
    import pandas as pd

    loaded = _lifetimes_data("load_transaction_data")
    return pd.DataFrame({"id": loaded["id"], "date": pd.to_datetime(loaded["date"])})


@cache
def fitted(kind: str) -> PurchaseModel:
    """A model fitted to the data that its paper looks at."""
    if kind == "bg_bb":
        return BetaGeoBetaBinomialModel(customers="weight", time_unit="year").fit(donations())
    found: PurchaseModel = PURCHASE_MODELS[kind]().fit(cdnow())
    return found


@cache
def fitted_spend() -> GammaGammaModel:
    return GammaGammaModel().fit(cdnow())


def stand_in(model: ValueModel, estimates: Sequence[float]) -> Any:
    """A model that takes estimates for fitted, here of ``model``'s parameters and covariates."""
    size = len(model.parameter_names)
    assert len(estimates) == size
    ended = Convergence(
        converged=True, iterations=0, evaluations=0, decrement=0.0, message="given."
    )
    learnt = {
        "estimates_": tuple(estimates),
        "covariance_": tuple(tuple(0.01 * (i == j) for j in range(size)) for i in range(size)),
        "log_likelihood_": -1.0,
        "customers_": 1.0,
        "convergence_": ended,
    }
    return type(model)._from_state(model.stored_as(**model.get_params(), **learnt))


def known(kind: str) -> PurchaseModel:
    """A model with the parameters of ``TRUTHS``."""
    made: PurchaseModel = stand_in(PURCHASE_MODELS[kind](), TRUTHS[kind])
    return made


def column(values: Sequence[float]) -> Floats:
    """Parameters as the formulas take them."""
    return np.array(values, dtype=np.float64)[:, None]


def cells(
    frequency: Any, recency: Any, age: Any, covariates: Mapping[str, Any] | None = None
) -> Cells:
    """Cells of numbers or sequences, broadcast together."""
    often, last, ages = (
        np.atleast_1d(each).astype(np.float64)
        for each in np.broadcast_arrays(frequency, recency, age)
    )
    moved = [
        np.broadcast_to(np.asarray(v, float), often.shape) for v in (covariates or {}).values()
    ]
    return Cells(
        often, last, ages, np.array(moved).reshape(len(moved), often.size), np.ones_like(often)
    )


def customer_rows(kind: str, size: int = 20, seed: int = 7) -> pl.DataFrame:
    """A few customers drawn from ``known(kind)``, of several ages, with an id and an amount."""
    chance = np.random.default_rng(seed)
    ages = chance.integers(4, 12, size).astype(np.float64)
    drawn = known(kind).simulate(ages if kind == "bg_bb" else ages * 6.5, random_state=seed)
    amounts = np.where(drawn["frequency"] > 0, chance.gamma(4.0, 5.0, size).round(2), 0.0)
    return pl.DataFrame({"id": np.arange(size), **drawn, "amount": amounts}).with_columns(
        pl.col("frequency").cast(pl.Int64)
    )
