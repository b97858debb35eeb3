"""BG/BB: customers who may buy once a period, and silently stop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, hyp2f1

from telcrm.domain import Record
from telcrm.errors import DivergentValueError
from telcrm.value.likelihood.distinct import by_distinct
from telcrm.value.likelihood.terms import Term
from telcrm.value.non_contractual import beta_binomial as formulas
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.process import MemorylessProcess, PurchaseProcess
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.time import TimeUnit
from telcrm.value.value_model import FittedState

__all__ = ["BetaGeoBetaBinomialModel"]

Floats = NDArray[np.float64]


class _State(FittedState):
    frequency: str
    recency: str
    age: str
    customers: str | None
    time_unit: TimeUnit


class BetaGeoBetaBinomialProcess(MemorylessProcess):
    """BG/BB on arrays."""

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    whole_periods: ClassVar[bool] = True
    end_words: ClassVar[Mapping[str, str]] = {
        "alpha": "All customers buy with as good as the same chance.",
        "beta": "All customers buy with as good as the same chance.",
        "gamma": "All customers leave with as good as the same chance, or none leaves at all.",
        "delta": "All customers leave with as good as the same chance, or none leaves at all.",
    }

    def terms(self, cells: Cells) -> list[Term]:
        return [cells.term(formulas.period_rows, cells.frequency, cells.recency, cells.age)]

    def start(self, cells: Cells) -> Floats:
        share = 1.0 / cells.time_per_purchase()
        return np.array([max(share, 0.05), max(1.0 - share, 0.05), 0.5, 2.0])

    def log_odds_of_leaving(
        self, parameters: Floats, often: Floats, last: Floats, age: Floats
    ) -> Floats:
        return by_distinct(partial(formulas.log_odds_of_death, parameters), often, last, age)

    def while_alive(self, parameters: Floats, often: Floats, age: Floats, horizon: float) -> Floats:
        alpha, beta, gamma, delta = (float(each) for each in parameters[:, 0])
        chance = (alpha + often) / (alpha + beta + age)
        return formulas.expected_while_alive(chance, gamma, delta + age, int(horizon))

    def discounted_while_alive(
        self, parameters: Floats, often: Floats, age: Floats, rate: float
    ) -> Floats:
        alpha, beta, gamma, delta = (float(each) for each in parameters[:, 0])
        stayed = delta + age
        factor = 1.0 / (1.0 + rate)
        if rate > 0.0:
            next_one = stayed / (gamma + stayed)
            lived = next_one * factor * hyp2f1(1.0, stayed + 1.0, gamma + stayed + 1.0, factor)
        elif gamma > 1.0:
            lived = stayed / (gamma - 1.0)
        else:
            raise DivergentValueError(
                f"gamma is {gamma:.4g}, not above 1: so many customers hardly ever leave that the "
                "expected purchases of all time are infinite. Pass a discount_rate above 0.",
                gamma=gamma,
            )
        found: Floats = (alpha + often) / (alpha + beta + age) * lived
        return found

    def new(self, parameters: Floats, horizon: Floats) -> Floats:
        alpha, beta, gamma, delta = (float(each) for each in parameters[:, 0])
        periods = np.floor(horizon).astype(np.int64)
        most = int(periods.max()) if periods.size else 0
        lived = np.concatenate(([0.0], np.cumsum(formulas.survival(gamma, delta, most))))
        found: Floats = alpha / (alpha + beta) * lived[periods]
        return found

    def counts(self, parameters: Floats, horizon: float, most: int) -> Floats:
        alpha, beta, gamma, delta = (float(each) for each in parameters[:, 0])
        bought = np.arange(most + 1.0)[:, None]
        lived = np.arange(horizon + 1.0)
        left = lived < horizon
        with np.errstate(divide="ignore", invalid="ignore"):
            ways = gammaln(lived + 1.0) - gammaln(bought + 1.0) - gammaln(lived - bought + 1.0)
        log_chance = betaln(gamma + left, delta + lived) - betaln(gamma, delta)
        missed = np.maximum(lived - bought, 0.0)
        log_chance = log_chance + ways + betaln(alpha + bought, beta + missed) - betaln(alpha, beta)
        found: Floats = np.where(bought <= lived, np.exp(log_chance), 0.0).sum(axis=1)
        return found

    def draw_future(
        self, parameters: Floats, cells: Cells, horizon: float, chance: np.random.Generator
    ) -> Floats:
        alpha, beta, gamma, delta = (float(each) for each in parameters[:, 0])
        size = cells.frequency.size
        alive = chance.random(size) < self.alive(parameters, cells)
        buys = chance.beta(alpha + cells.frequency, beta + cells.age - cells.frequency)
        lived = _periods_lived(chance.beta(gamma, delta + cells.age), chance)
        bought = chance.binomial(np.minimum(lived, horizon).astype(np.int64), buys)
        return np.where(alive, bought, 0.0)

    def draw_histories(
        self, parameters: Floats, age: Floats, chance: np.random.Generator
    ) -> tuple[Floats, Floats]:
        alpha, beta, gamma, delta = (float(each) for each in parameters[:, 0])
        buys = chance.beta(alpha, beta, age.size)
        lived = np.minimum(_periods_lived(chance.beta(gamma, delta, age.size), chance), age)
        often = np.zeros_like(age)
        last = np.zeros_like(age)
        for period in range(1, int(age.max(initial=0.0)) + 1):
            here = (chance.random(age.size) < buys) & (period <= lived)
            often += here
            last = np.where(here, period, last)
        return often, last


class BetaGeoBetaBinomialModel(PurchaseModel):
    r"""BG/BB: a chance of one's own to buy in each period, and one to be gone at its start.

    In each period a customer who is still there buys with probability p; before each, the customer
    leaves for good with probability :math:`\theta`. p is beta(alpha, beta), :math:`\theta` is
    beta(gamma, delta), independent of each other.

    Parameters
    ----------
    frequency : str
        Column of the periods with a purchase, after the first one.
    recency : str
        Column of the last such period, counted from the first purchase; 0 without any.
    age : str
        Column of the periods after that of the first purchase.
    customers : str, optional
        Column of how many customers a row stands for; one each by default. ``fit`` alone looks at
        it.
    time_unit : {"month", "day", "week", "year"}
        Length of a period.

    Attributes
    ----------
    alpha_, beta_, gamma_, delta_ : float
    estimates_, standard_errors_, covariance_, log_likelihood_, aic_, bic_, convergence_
        As :class:`~telcrm.value.ValueModel` says.

    Notes
    -----
    ``probability_alive`` is that of having been there in the last period observed.
    ``discounted_expected_residual_transactions`` discounts the next period already.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, J. Shang (2010), "Customer-Base Analysis in a Discrete-Time
    Noncontractual Setting", Marketing Science 29(6), 1086-1108.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 2, 6, 1, 3],
    ...         "recency": [0, 1, 3, 6, 6, 6],
    ...         "age": [6, 6, 6, 6, 6, 6],
    ...         "customers": [340, 110, 80, 120, 25, 45],
    ...     }
    ... )
    >>> model = BetaGeoBetaBinomialModel(customers="customers").fit(customers)
    >>> alive = model.probability_alive(customers)["probability_alive"]
    >>> alive[3] > alive[2] > alive[1]
    True
    """

    kind: ClassVar[str] = "bg_bb"
    process: ClassVar[PurchaseProcess] = BetaGeoBetaBinomialProcess()
    stored_as: ClassVar[type[Record]] = _State

    alpha_: float
    beta_: float
    gamma_: float
    delta_: float

    def __init__(
        self,
        *,
        frequency: str = "frequency",
        recency: str = "recency",
        age: str = "age",
        customers: str | None = None,
        time_unit: TimeUnit | str = TimeUnit.MONTH,
    ) -> None:
        self.frequency = frequency
        self.recency = recency
        self.age = age
        self.customers = customers
        self.time_unit = time_unit


def _periods_lived(leaves: Floats, chance: np.random.Generator) -> Floats:
    """Draw for how many periods customers stay; the chance may be too small for a float."""
    with np.errstate(divide="ignore"):
        found: Floats = np.floor(np.log(chance.random(leaves.size)) / np.log1p(-leaves))
    return np.minimum(found, 2.0**53)
