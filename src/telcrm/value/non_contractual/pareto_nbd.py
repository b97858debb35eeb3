"""Pareto/NBD: customers buy at random, and leave at a time that nobody sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from telcrm.errors import DivergentValueError
from telcrm.value.likelihood.terms import Term
from telcrm.value.non_contractual import pareto as formulas
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.poisson_model import PoissonPurchaseModel
from telcrm.value.non_contractual.process import MemorylessProcess, PurchaseProcess
from telcrm.value.non_contractual.quadrature import legendre

__all__ = ["ParetoNBDModel"]

Floats = NDArray[np.float64]


class ParetoNBDProcess(MemorylessProcess):
    """Pareto/NBD on arrays."""

    rate_effects: ClassVar[tuple[tuple[int, float], ...]] = ((1, -1.0),)
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    dropout_effects: ClassVar[tuple[tuple[int, float], ...]] = ((3, -1.0),)
    end_words: ClassVar[Mapping[str, str]] = {
        "s": "All customers leave at as good as the same rate, or none leaves at all.",
        "beta": "All customers leave at as good as the same rate, or none leaves at all.",
        "r": "All customers buy at as good as the same rate.",
        "alpha": "All customers buy at as good as the same rate.",
    }

    def terms(self, cells: Cells) -> list[Term]:
        often, last, age = cells.frequency, cells.recency, cells.age
        return [
            cells.term(formulas.count_rows, often),
            cells.term(formulas.spell_rows, often, last, age),
        ]

    def start(self, cells: Cells) -> Floats:
        mean_age = cells.customers @ cells.age / cells.customers.sum()
        start = [1.0, cells.time_per_purchase(), 1.0, float(np.float32(mean_age))]
        return np.array(start)

    def log_odds_of_leaving(
        self, parameters: Floats, often: Floats, last: Floats, age: Floats
    ) -> Floats:
        return formulas.log_odds_of_death(parameters, often, last, age)

    def while_alive(self, parameters: Floats, often: Floats, age: Floats, horizon: float) -> Floats:
        r, alpha, s, beta = parameters
        return formulas.expected_while_alive(r + often, alpha + age, s, beta + age, horizon)

    def discounted_while_alive(
        self, parameters: Floats, often: Floats, age: Floats, rate: float
    ) -> Floats:
        r, alpha, s, beta = parameters
        if rate == 0.0:
            return _undiscounted(r + often, alpha + age, s, beta + age)
        return formulas.discounted_while_alive(r + often, alpha + age, s, beta + age, rate)

    def new(self, parameters: Floats, horizon: Floats) -> Floats:
        r, alpha, s, beta = parameters[:, 0]
        return formulas.expected_while_alive(r, alpha, s, beta, horizon)

    def counts(self, parameters: Floats, horizon: float, most: int) -> Floats:
        r, alpha, s, beta = parameters[:, 0]
        bought = np.arange(most + 1.0)[:, None]
        if horizon == 0.0:
            return np.where(bought[:, 0] == 0, 1.0, 0.0)
        points, weights = legendre(_COUNT_NODES)
        # Time of leaving t, in ln(least + t) as in the likelihood; last, those who stay.
        least = min(alpha, beta)
        width = np.log1p(horizon / least)
        times = least * np.expm1(width * points)
        density = weights * width * (least + times) * s / (beta + times)
        density *= np.exp(-s * np.log1p(times / beta))
        times = np.append(times, horizon)
        density = np.append(density, np.exp(-s * np.log1p(horizon / beta)))
        log_count = gammaln(r + bought) - gammaln(r) - gammaln(bought + 1.0)
        log_count = log_count - r * np.log1p(times / alpha) - bought * np.log1p(alpha / times)
        found: Floats = np.exp(log_count) @ density
        return found

    def draw_future(
        self, parameters: Floats, cells: Cells, horizon: float, chance: np.random.Generator
    ) -> Floats:
        r, alpha, s, beta = parameters
        size = cells.frequency.size
        alive = chance.random(size) < self.alive(parameters, cells)
        rate = chance.gamma(r + cells.frequency, 1.0 / (alpha + cells.age), size)
        spell = _lifetimes(np.broadcast_to(s, size), beta + cells.age, chance)
        bought = chance.poisson(rate * np.minimum(spell, horizon))
        return np.where(alive, bought, 0.0)

    def draw_histories(
        self, parameters: Floats, age: Floats, chance: np.random.Generator
    ) -> tuple[Floats, Floats]:
        r, alpha, s, beta = parameters
        size = age.size
        rate = chance.gamma(r, 1.0 / alpha, size)
        spell = np.minimum(_lifetimes(np.broadcast_to(s, size), beta + 0.0 * age, chance), age)
        made = chance.poisson(rate * spell).astype(np.float64)
        place = chance.beta(np.maximum(made, 1.0), 1.0)
        return made, np.where(made > 0, spell * place, 0.0)


class ParetoNBDModel(PoissonPurchaseModel):
    r"""Pareto/NBD: purchases at a rate of one's own, and a lifetime of one's own.

    Purchases follow a Poisson process with rate :math:`\lambda` up to a time that is exponential
    with rate :math:`\mu`. :math:`\lambda` is gamma(r, alpha), :math:`\mu` is gamma(s, beta),
    independent of each other.

    Parameters
    ----------
    frequency, recency, age, customers, time_unit
        As :class:`~telcrm.value.BetaGeoModel` takes them.
    rate_covariates, dropout_covariates : sequence of str
        Numeric columns that do not change over time. ``alpha`` of a customer is multiplied by
        ``exp(-g z)``, ``beta`` likewise: a positive coefficient raises the rate of buying, or that
        of leaving.

    Attributes
    ----------
    r_, alpha_, s_, beta_ : float
        Shapes of the two rates, and their scales in ``time_unit``.
    coefficients_ : dict of str to float
        By parameter and covariate, such as ``"beta:dealer"``.
    estimates_, standard_errors_, covariance_, log_likelihood_, aic_, bic_, convergence_
        As :class:`~telcrm.value.ValueModel` says.

    Notes
    -----
    The likelihood of a customer is that of buying x times and being there at T, or having left at
    some time since the last purchase. The literature writes its integral with 2F1; here it is
    computed as an integral, which never cancels, and whose derivatives come with it.

    References
    ----------
    D. C. Schmittlein, D. G. Morrison, R. Colombo (1987), "Counting Your Customers: Who Are They
    and What Will They Do Next?", Management Science 33(1), 1-24. P. S. Fader, B. G. S. Hardie,
    K. L. Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of
    Marketing Research 42(4), 415-430.

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
    >>> model = ParetoNBDModel(customers="customers").fit(customers)
    >>> 0 < model.probability_alive(customers)["probability_alive"][0] < 1
    True
    """

    kind: ClassVar[str] = "pareto_nbd"
    process: ClassVar[PurchaseProcess] = ParetoNBDProcess()

    r_: float
    alpha_: float
    s_: float
    beta_: float


_COUNT_NODES = 200


def _lifetimes(s: Floats, beta: Floats, chance: np.random.Generator) -> Floats:
    """Draw lifetimes of which ``(beta / (beta+t))^s`` exceed t: Pareto of the second kind."""
    with np.errstate(over="ignore"):
        found: Floats = beta * np.expm1(chance.exponential(size=s.size) / s)
    return found


def _undiscounted(shape: Floats, rate: Floats, s: Floats, beta: Floats) -> Floats:
    if (s <= 1.0).any():
        raise DivergentValueError(
            f"s is {float(s.min()):.4g}, not above 1: so many customers hardly ever leave that the "
            "expected purchases of all time are infinite. Pass a discount_rate above 0.",
            s=float(s.min()),
        )
    found: Floats = shape / rate * beta / (s - 1.0)
    return found
