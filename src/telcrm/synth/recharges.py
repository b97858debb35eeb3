"""Prepaid recharges: BG/NBD in continuous time, Gamma-Gamma amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.synth.columns import Coded, Flags, Floats, Instants, Ints, KeyRefs, Keys, Numbers, Table
from telcrm.synth.draws import categories
from telcrm.synth.identifiers import keys
from telcrm.synth.population import Population
from telcrm.synth.ranges import require_between, require_count, require_positive
from telcrm.synth.timeline import DAY_S, Timeline

__all__ = [
    "RechargeProcess",
    "Recharges",
    "Subscribers",
    "draw_amounts",
    "draw_subscribers",
    "draw_times",
    "monthly_revenue",
    "recharges_table",
]

_CHANNELS = ("shop", "app", "ussd", "partner")


@dataclass(frozen=True, kw_only=True)
class RechargeProcess:
    """BG/NBD and Gamma-Gamma, parameterised as in the papers; the unit of time is the week.

    A subscriber recharges at rate lambda ~ Gamma(r, rate alpha) a week; after each repeat recharge
    the subscriber is lost with probability p ~ Beta(a, b). Amounts are Gamma(shape, rate nu) with
    nu ~ Gamma(q, rate v), independent of lambda and p. The mean amount is ``shape * v / (q - 1)``.

    Parameters
    ----------
    r, alpha, a, b : float > 0
    amount_shape, amount_q, amount_v : float > 0
        The p, q, v of the Gamma-Gamma model; `amount_q` above 1.
    validity_days : int >= 1
        Credit lasts this long: a lost subscriber's line ends that many days after the last
        recharge, and the revenue of a recharge is spread evenly over these days.
    port_out_share : float in [0, 1]
        Share of lost subscribers who took their number along.

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Notes
    -----
    Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284; the same (2005), Journal of
    Marketing Research 42(4), 415-430. The first recharge is time zero and does not count as a
    repeat. A win-back starts a second history with the same lambda and p.

    Examples
    --------
    >>> process = RechargeProcess()
    >>> round(process.amount_shape * process.amount_v / (process.amount_q - 1), 2)
    12.0
    """

    r: float = 2.0
    alpha: float = 4.0
    a: float = 0.9
    b: float = 28.0
    amount_shape: float = 6.0
    amount_q: float = 4.0
    amount_v: float = 6.0
    validity_days: int = 30
    port_out_share: float = 0.3

    def __post_init__(self) -> None:
        require_positive(self, "r", "alpha", "a", "b", "amount_shape", "amount_q", "amount_v")
        require_between(self, 1.0 + 1e-9, 1e6, "amount_q")
        require_count(self, 1, "validity_days")
        require_between(self, 0.0, 1.0, "port_out_share")


@dataclass(frozen=True)
class Subscribers:
    """Lambda a week, p and nu of each prepaid line; NaN for postpaid lines."""

    rate: Floats
    dropout: Floats
    spend: Floats


@dataclass(frozen=True)
class Recharges:
    """Recharges in the order of their line: line, day with fraction, amount."""

    line: Ints
    day: Floats
    amount: Floats


def draw_subscribers(
    rng: np.random.Generator, process: RechargeProcess, prepaid: Flags
) -> Subscribers:
    """Draw what differs between prepaid subscribers."""
    count = int(prepaid.sum())

    def spread(values: Floats) -> Floats:
        full = np.full(prepaid.size, np.nan)
        full[prepaid] = values
        return full

    return Subscribers(
        rate=spread(rng.gamma(process.r, 1.0 / process.alpha, count)),
        dropout=spread(np.clip(rng.beta(process.a, process.b, count), 1e-12, 1.0)),
        spend=spread(rng.gamma(process.amount_q, 1.0 / process.amount_v, count)),
    )


def draw_times(
    rng: np.random.Generator, rate: Floats, dropout: Floats, start: Floats, end: float
) -> tuple[Ints, Floats, Floats]:
    """Draw one BG/NBD history per subscriber, first recharge included.

    Parameters
    ----------
    rate : array of float
        Recharges a day.
    dropout : array of float in (0, 1]
    start : array of float
        Day of the first recharge.
    end : float
        Histories are cut at this day.

    Returns
    -------
    who, day, last
        Position of the subscriber and day of each recharge, in order; and per subscriber the day
        of the recharge after which the customer was lost, NaN if not lost before `end`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> who, day, last = draw_times(rng, np.array([0.1]), np.array([1.0]), np.array([0.0]), 900.0)
    >>> len(day), bool(day[1] == last[0])
    (2, True)
    """
    horizon = np.maximum(end - start, 0.0)
    possible = rng.poisson(rate * horizon)
    lost_after = rng.geometric(dropout)
    kept = np.minimum(possible, lost_after)
    lost = possible >= lost_after

    # Given their number, Poisson arrivals are ordered uniforms, that is partial sums of
    # exponentials over their total. Only the kept ones are drawn; one gamma stands for the rest.
    gaps = rng.standard_exponential(int(kept.sum()))
    ends = np.cumsum(kept)
    sums = np.concatenate([[0.0], np.cumsum(gaps)])
    before = sums[ends - kept]
    total = sums[ends] - before + rng.standard_gamma(possible + 1 - kept)
    scale = horizon / total

    who = np.repeat(np.arange(rate.size), kept + 1)
    firsts = np.cumsum(kept + 1) - (kept + 1)
    offsets = np.insert(sums[1:], ends - kept, before)
    day = start[who] + (offsets - before[who]) * scale[who]
    last = np.where(lost, day[firsts + kept], np.nan)
    return who, day, last


def draw_amounts(
    rng: np.random.Generator, process: RechargeProcess, spend: Floats, line: Ints
) -> Floats:
    """Draw Gamma-Gamma amounts, in whole cents and at least one cent."""
    drawn = rng.standard_gamma(process.amount_shape, line.size) / spend[line]
    return np.maximum(np.rint(drawn * 100.0), 1.0) / 100.0


def monthly_revenue(
    recharges: Recharges, process: RechargeProcess, timeline: Timeline, lines: int
) -> Floats:
    """Spread each amount evenly over its validity; shape (months, lines)."""
    revenue = np.zeros(timeline.months * lines)
    until = recharges.day + process.validity_days
    for month in range(timeline.months):
        low, high = timeline.month_starts[month], timeline.month_starts[month + 1]
        overlap = np.minimum(until, high) - np.maximum(recharges.day, low)
        hit = np.flatnonzero(overlap > 0)
        share = overlap[hit] / process.validity_days
        revenue[month * lines : (month + 1) * lines] = np.bincount(
            recharges.line[hit], recharges.amount[hit] * share, lines
        )
    return revenue.reshape(timeline.months, lines)


def recharges_table(
    rng: np.random.Generator,
    recharges: Recharges,
    process: RechargeProcess,
    population: Population,
    currency: str,
) -> Table:
    """Return the canonical recharges table, in the order of time."""
    order = np.argsort(recharges.day, kind="stable")
    line = recharges.line[order]
    seconds = (recharges.day[order] * DAY_S).astype(np.int64)
    return {
        "recharge_id": Keys(keys("R", line.size)),
        "customer_id": KeyRefs(population.owner[line], population.customer_id),
        "subscription_id": KeyRefs(line, population.subscription_id),
        "recharged_at": Instants(seconds),
        "amount": Numbers(recharges.amount[order]),
        "currency": Coded(np.zeros(line.size, dtype=np.int8), (currency,)),
        "channel": Coded(categories(rng, [0.30, 0.40, 0.20, 0.10], line.size), _CHANNELS),
        "validity_days": Numbers(np.full(line.size, process.validity_days)),
    }
