"""The models without their formulas: single customers, averaged over a fine grid of their kinds.

A model says how one customer of known rate and chance behaves, and how rates and chances are
spread. Here the average is taken by the trapezoidal rule over the two, nothing is integrated by
hand, and no code of ``telcrm`` is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammainc, gammaln, log_expit, logsumexp

Floats = NDArray[np.float64]

# For up to 30 purchases the mean is exact to 12 digits.
_STEP = 0.15


@dataclass(frozen=True)
class Spread:
    """Kinds of customers, and how common the logarithm of each is."""

    values: Floats
    log_values: Floats
    log_rest: Floats
    log_common: Floats


def gamma_spread(shape: float, rate: float) -> Spread:
    """Rates: the rule in their logarithm."""
    low = -45.0 / shape - 5.0
    u = np.arange(low, log(60.0 + 5.0 * shape), _STEP)
    scaled = np.exp(u)
    common = shape * u - scaled
    return Spread(scaled / rate, u - log(rate), scaled, common - logsumexp(common))


def beta_spread(a: float, b: float) -> Spread:
    """Chances: the rule in their log odds."""
    u = np.arange(-45.0 / a - 5.0, 45.0 / b + 5.0, _STEP)
    common = a * log_expit(u) + b * log_expit(-u)
    return Spread(expit(u), log_expit(u), log_expit(-u), common - logsumexp(common))


@dataclass(frozen=True)
class Individuals:
    """What the grid says of one customer.

    Attributes
    ----------
    log_likelihood, alive : float
    chances : array
        Of each kind of customer, given the history and that the customer is still there; they sum
        to ``alive``.
    """

    log_likelihood: float
    alive: float
    chances: Floats


def individuals(
    kind: str, parameters: Sequence[float], often: int, last: float, age: float
) -> Individuals:
    """Average one history over the kinds of customers."""
    buying, leaving = spreads(kind, parameters)
    common = buying.log_common[:, None] + leaving.log_common[None, :]
    here, gone = _HISTORIES[kind](buying, leaving, often, last, age)
    log_here = logsumexp(common + here)
    whole = np.logaddexp(log_here, logsumexp(common + gone))
    return Individuals(float(whole), float(np.exp(log_here - whole)), np.exp(common + here - whole))


def spreads(kind: str, parameters: Sequence[float]) -> tuple[Spread, Spread]:
    first, second, third, fourth = parameters
    if kind == "bg_bb":
        return beta_spread(first, second), beta_spread(third, fourth)
    leaving = gamma_spread if kind == "pareto_nbd" else beta_spread
    return gamma_spread(first, second), leaving(third, fourth)


def _bg(buying: Spread, leaving: Spread, often: int, last: float, age: float) -> tuple[Floats, ...]:
    rate, log_rate = buying.values[:, None], buying.log_values[:, None]
    here = often * log_rate - rate * age + often * leaving.log_rest
    if often == 0:
        return here, np.full_like(here, -np.inf)
    left = often * log_rate - rate * last + leaving.log_values + (often - 1) * leaving.log_rest
    return here, left


def _mbg(
    buying: Spread, leaving: Spread, often: int, last: float, age: float
) -> tuple[Floats, ...]:
    rate, log_rate = buying.values[:, None], buying.log_values[:, None]
    here = often * log_rate - rate * age + (often + 1) * leaving.log_rest
    left = often * log_rate - rate * last + leaving.log_values + often * leaving.log_rest
    return here, left


def _pareto(
    buying: Spread, leaving: Spread, often: int, last: float, age: float
) -> tuple[Floats, ...]:
    rate, log_rate = buying.values[:, None], buying.log_values[:, None]
    total = rate + leaving.values
    here = often * log_rate - total * age
    # Left between the last purchase and now: mu/(lambda+mu) (e^-(lambda+mu)t - e^-(lambda+mu)T).
    with np.errstate(divide="ignore"):
        passed = np.log(-np.expm1(-total * (age - last)))
        left = often * log_rate - total * last + leaving.log_values - np.log(total) + passed
    return here, left


def _bg_bb(
    buying: Spread, leaving: Spread, often: int, last: float, age: float
) -> tuple[Floats, ...]:
    buys, buys_not = buying.log_values[:, None], buying.log_rest[:, None]
    here = often * buys + (age - often) * buys_not + age * leaving.log_rest
    left = np.full_like(here, -np.inf)
    for lived in range(int(last), int(age)):
        one = often * buys + (lived - often) * buys_not + leaving.log_values
        left = np.logaddexp(left, one + lived * leaving.log_rest)
    return here, left


_HISTORIES = {"bg_nbd": _bg, "mbg_nbd": _mbg, "pareto_nbd": _pareto, "bg_bb": _bg_bb}


def purchases_to_come(
    kind: str, parameters: Sequence[float], horizon: float, discount: float
) -> Floats:
    """Purchases of a customer of each kind who is there now, each discounted from its own time.

    ``horizon`` may be infinite. BG/BB discounts once a period.
    """
    buying, leaving = spreads(kind, parameters)
    pace = buying.values[:, None]
    if kind == "bg_bb":
        log_factor = leaving.log_rest - np.log1p(discount)
        lost = (leaving.values + discount) / (1.0 + discount)
        lasting = 1.0 if horizon == np.inf else -np.expm1(horizon * log_factor)
        periods: Floats = pace * (np.exp(log_factor) * lasting / lost)
        return periods
    leaves = leaving.values if kind == "pareto_nbd" else pace * leaving.values
    with np.errstate(invalid="ignore"):
        ends = leaves + discount
        lasting = 1.0 if horizon == np.inf else -np.expm1(-ends * horizon)
        found: Floats = pace * np.where(ends > 0, lasting / ends, horizon)
    return found


def new_customer(kind: str, parameters: Sequence[float], horizon: float) -> float:
    """Expected purchases of a new customer, and up to which horizon."""
    buying, leaving = spreads(kind, parameters)
    chances = np.exp(buying.log_common[:, None] + leaving.log_common[None, :])
    if kind == "mbg_nbd":
        chances = chances * np.exp(leaving.log_rest)
    return float((chances * purchases_to_come(kind, parameters, horizon, 0.0)).sum())


def count_chances(kind: str, parameters: Sequence[float], horizon: float, most: int) -> list[float]:
    """How likely a new customer buys again 0, 1, ..., ``most`` times up to a horizon."""
    buying, leaving = spreads(kind, parameters)
    chances = np.exp(buying.log_common[:, None] + leaving.log_common[None, :])
    return [
        float((chances * _exactly(kind, buying, leaving, often, horizon)).sum())
        for often in range(most + 1)
    ]


def _exactly(kind: str, buying: Spread, leaving: Spread, often: int, horizon: float) -> Floats:
    buys, leaves, stays = buying.values[:, None], leaving.values, np.exp(leaving.log_rest)
    if kind == "bg_bb":
        waits = np.exp(buying.log_rest)[:, None]
        of_lived = [
            comb(lived, often) * buys**often * waits ** max(lived - often, 0) * stays**lived
            for lived in range(int(horizon) + 1)
        ]
        ended: Floats = of_lived[-1] + leaves * np.sum(of_lived[:-1], axis=0)
        return ended
    log_made = often * np.log(buys * horizon) - buys * horizon - gammaln(often + 1.0)
    if kind == "pareto_nbd":
        total = buys + leaves
        alive: Floats = np.exp(log_made - leaves * horizon)
        log_left = often * buying.log_values[:, None] - (often + 1.0) * np.log(total)
        died = leaves * np.exp(log_left) * gammainc(often + 1.0, total * horizon)
        return alive + died
    chances_to_leave = often + (kind == "mbg_nbd")
    stayed: Floats = stays**chances_to_leave * np.exp(log_made)
    if chances_to_leave == 0:
        return stayed
    at_least = gammainc(often, buys * horizon) if often else 1.0
    found: Floats = stayed + leaves * stays ** (chances_to_leave - 1) * at_least
    return found
