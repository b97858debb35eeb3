"""BG/NBD and MBG/NBD: customers buy at random, and may drop out after any purchase."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, gammaln

from telcrm.errors import DivergentValueError
from telcrm.value.likelihood.terms import Term
from telcrm.value.non_contractual import beta_geometric as formulas
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.poisson_model import PoissonPurchaseModel
from telcrm.value.non_contractual.process import MemorylessProcess, PurchaseProcess

__all__ = ["BetaGeoModel", "ModifiedBetaGeoModel", "geometric"]

Floats = NDArray[np.float64]


class BetaGeoParameters:
    """What all models have in common whose customers may drop out after any purchase."""

    rate_effects: ClassVar[tuple[tuple[int, float], ...]] = ((1, -1.0),)
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    dropout_effects: ClassVar[tuple[tuple[int, float], ...]] = ((2, 1.0), (3, 1.0))
    end_words: ClassVar[Mapping[str, str]] = {
        "a": "The chance to drop out is as good as the same for all, or nobody drops out at all.",
        "b": "The chance to drop out is as good as the same for all, or nobody drops out at all.",
        "r": "All customers buy at as good as the same rate.",
        "alpha": "All customers buy at as good as the same rate.",
    }

    def start(self, cells: Cells) -> Floats:
        return np.array([1.0, cells.time_per_purchase(), 1.0, 5.0])


class BetaGeoProcess(BetaGeoParameters, MemorylessProcess):
    """BG/NBD and MBG/NBD on arrays."""

    def __init__(self, *, from_start: bool) -> None:
        self.from_start = from_start

    def terms(self, cells: Cells) -> list[Term]:
        often, age = cells.frequency, cells.age
        may_be_gone = cells if self.from_start else cells.where(often > 0)
        order = partial(formulas.order_rows, from_start=self.from_start)
        dropout = partial(formulas.dropout_rows, from_start=self.from_start)
        gone = [may_be_gone.frequency, may_be_gone.recency, may_be_gone.age]
        return [
            cells.term(order, often),
            cells.term(formulas.time_rows, often, age),
            may_be_gone.term(dropout, *gone),
        ]

    def log_odds_of_leaving(
        self, parameters: Floats, often: Floats, last: Floats, age: Floats
    ) -> Floats:
        return formulas.log_odds_of_dropout(
            parameters, often, last, age, from_start=self.from_start
        )

    def while_alive(self, parameters: Floats, often: Floats, age: Floats, horizon: float) -> Floats:
        r, alpha, a, b = parameters
        survived = b + often + self.from_start
        return formulas.expected_while_alive(r + often, alpha + age, a, survived, horizon)

    def discounted_while_alive(
        self, parameters: Floats, often: Floats, age: Floats, rate: float
    ) -> Floats:
        r, alpha, a, b = parameters
        survived = b + often + self.from_start
        shape, scale, first, second = np.broadcast_arrays(r + often, alpha + age, a, survived)
        if rate == 0.0:
            return _undiscounted(first, second)
        return formulas.discounted_while_alive(shape, scale, first, second, rate)

    def new(self, parameters: Floats, horizon: Floats) -> Floats:
        r, alpha, a, b = parameters[:, 0]
        stays = b / (a + b) if self.from_start else 1.0
        return stays * formulas.expected_while_alive(r, alpha, a, b + self.from_start, horizon)

    def counts(self, parameters: Floats, horizon: float, most: int) -> Floats:
        r, alpha, a, b = parameters[:, 0]
        bought = np.arange(most + 1.0)
        if horizon == 0.0:
            return np.where(bought == 0, 1.0, 0.0)
        share = horizon / (alpha + horizon)
        survived = bought + self.from_start
        log_exactly = gammaln(r + bought) - gammaln(r) - gammaln(bought + 1.0)
        log_exactly += r * np.log1p(-share) + bought * np.log(share)
        stayed = np.exp(betaln(a, b + survived) - betaln(a, b) + log_exactly)
        # Dropped out at the last of them, so many or more would have been made otherwise.
        at_least = np.where(bought > 0, betainc(np.maximum(bought, 1.0), r, share), 1.0)
        may_leave = survived > 0
        left = betaln(a + 1.0, np.where(may_leave, b + survived - 1.0, 1.0)) - betaln(a, b)
        found: Floats = stayed + np.where(may_leave, np.exp(left) * at_least, 0.0)
        return found

    def draw_future(
        self, parameters: Floats, cells: Cells, horizon: float, chance: np.random.Generator
    ) -> Floats:
        r, alpha, a, b = parameters
        size = cells.frequency.size
        alive = chance.random(size) < self.alive(parameters, cells)
        rate = chance.gamma(r + cells.frequency, 1.0 / (alpha + cells.age), size)
        dropout = chance.beta(a, b + cells.frequency + self.from_start, size)
        wanted = chance.poisson(rate * horizon)
        allowed = geometric(dropout, chance)
        return np.where(alive, np.minimum(wanted, allowed), 0.0)

    def draw_histories(
        self, parameters: Floats, age: Floats, chance: np.random.Generator
    ) -> tuple[Floats, Floats]:
        r, alpha, a, b = parameters
        size = age.size
        rate = chance.gamma(r, 1.0 / alpha, size)
        dropout = chance.beta(a, b, size)
        allowed = geometric(dropout, chance)
        if self.from_start:
            allowed = allowed - 1.0
        wanted = chance.poisson(rate * age).astype(np.float64)
        made = np.minimum(wanted, allowed)
        # Given their number, purchases fall evenly: the k-th of n has a beta-distributed place.
        place = chance.beta(np.maximum(made, 1.0), wanted - made + 1.0)
        return made, np.where(made > 0, age * place, 0.0)


class BetaGeoModel(PoissonPurchaseModel):
    r"""BG/NBD: purchases at a rate of one's own, and a chance of one's own to drop out after each.

    Purchases follow a Poisson process with rate :math:`\lambda`; after each but the first a
    customer drops out with probability p. :math:`\lambda` is gamma(r, alpha), p is beta(a, b),
    independent of each other.

    Parameters
    ----------
    frequency, recency, age : str
        Columns of the purchases after the first, and of the times from the first purchase to the
        last and to the end of observation.
    customers : str, optional
        Column of how many customers a row stands for; one each by default. ``fit`` alone looks at
        it.
    time_unit : {"week", "day", "month", "year"}
        What ``recency``, ``age`` and ``horizon`` are counted in.
    rate_covariates, dropout_covariates : sequence of str
        Numeric columns that do not change over time. ``alpha`` of a customer is multiplied by
        ``exp(-g z)``, so that a positive coefficient raises the rate; ``a`` and ``b`` each by
        ``exp(g z)`` with a coefficient of their own.

    Attributes
    ----------
    r_, alpha_, a_, b_ : float
        The shape of the rates, and their scale in ``time_unit``; the shapes of the chances.
    coefficients_ : dict of str to float
        By parameter and covariate, such as ``"alpha:dealer"``.
    estimates_, standard_errors_, covariance_, log_likelihood_, aic_, bic_, convergence_
        As :class:`~telcrm.value.ValueModel` says.

    Notes
    -----
    The likelihood of a customer (Fader, Hardie & Lee 2005, equation 6)::

        B(a, b+x)/B(a, b) G(r+x) alpha^r / G(r) (alpha+T)^-(r+x) (1 + odds)
        odds = [x > 0] a/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x)

    The customer is alive with probability ``1 / (1 + odds)``: certainly, as long as there was no
    second purchase. :class:`ModifiedBetaGeoModel` drops that assumption.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "Counting Your Customers the Easy Way",
    Marketing Science 24(2), 275-284. P. S. Fader, B. G. S. Hardie (2007), "Incorporating
    Time-Invariant Covariates into the Pareto/NBD and BG/NBD Models", brucehardie.com/notes/019.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 2, 3, 5, 9, 14],
    ...         "recency": [0.0, 5.0, 25.0, 20.0, 34.0, 30.0, 36.0, 37.0, 38.0],
    ...         "age": [38.9] * 9,
    ...         "customers": [1400, 300, 130, 100, 60, 50, 40, 20, 8],
    ...     }
    ... )
    >>> model = BetaGeoModel(customers="customers").fit(customers)
    >>> model.convergence_.converged
    True
    >>> model.expected_purchases(customers.head(4), horizon=52)["expected_purchases"].round(2)[3]
    1.96
    """

    kind: ClassVar[str] = "bg_nbd"
    process: ClassVar[PurchaseProcess] = BetaGeoProcess(from_start=False)

    r_: float
    alpha_: float
    a_: float
    b_: float


def geometric(dropout: Floats, chance: np.random.Generator) -> Floats:
    """Draw after which purchase customers drop out; the chance may be too small for a float.

    Parameters
    ----------
    dropout : array of shape (m,)
        Chance to drop out after each.
    chance : numpy.random.Generator

    Returns
    -------
    array of shape (m,)
        1 or more, infinity for who never does.
    """
    with np.errstate(divide="ignore"):
        log_stay = np.log1p(-dropout)
        return np.maximum(np.ceil(np.log(chance.random(dropout.size)) / log_stay), 1.0)


def _undiscounted(a: Floats, b: Floats) -> Floats:
    if (a <= 1.0).any():
        raise DivergentValueError(
            f"a is {float(a.min()):.4g}, not above 1: so many customers hardly ever drop out that "
            "the expected purchases of all time are infinite. Pass a discount_rate above 0.",
            a=float(a.min()),
        )
    return (a + b - 1.0) / (a - 1.0)


class ModifiedBetaGeoModel(BetaGeoModel):
    r"""MBG/NBD: as BG/NBD, but a customer may drop out right after the first purchase, too.

    Parameters
    ----------
    frequency, recency, age, customers, time_unit, rate_covariates, dropout_covariates
        As :class:`BetaGeoModel` takes them.

    Attributes
    ----------
    r_, alpha_, a_, b_ : float
        As there.

    Notes
    -----
    The likelihood of a customer, with x purchases after the first::

        B(a, b+x+1)/B(a, b) G(r+x) alpha^r / G(r) (alpha+T)^-(r+x) (1 + odds)
        odds = a/(b+x) ((alpha+T)/(alpha+t_x))^(r+x)

    A prepaid customer who never recharges again need not be alive: this model says so, BG/NBD
    cannot.

    References
    ----------
    E. P. Batislam, M. Denizel, A. Filiztekin (2007), "Empirical Validation and Comparison of Models
    for Customer Base Analysis", International Journal of Research in Marketing 24(3), 201-209.
    D. Hoppe, U. Wagner (2007), "Customer Base Analysis: The Case for a Central Variant of the
    Betageometric/NBD Model", Marketing - Journal of Research and Management 3(2), 75-90.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 2, 3, 5, 9, 14],
    ...         "recency": [0.0, 5.0, 25.0, 20.0, 34.0, 30.0, 36.0, 37.0, 38.0],
    ...         "age": [38.9] * 9,
    ...         "customers": [1400, 300, 130, 100, 60, 50, 40, 20, 8],
    ...     }
    ... )
    >>> model = ModifiedBetaGeoModel(customers="customers").fit(customers)
    >>> model.probability_alive(customers)["probability_alive"][0] < 1
    True
    """

    kind: ClassVar[str] = "mbg_nbd"
    process: ClassVar[PurchaseProcess] = BetaGeoProcess(from_start=True)
