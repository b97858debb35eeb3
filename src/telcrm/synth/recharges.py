"""Prepaid recharges: BG/NBD in continuous time, Gamma-Gamma amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.errors import ParameterError
from telcrm.synth.columns import Coded, Flags, Floats, Instants, Ints, KeyRefs, Keys, Numbers, Table
from telcrm.synth.denomination import Denomination
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
    "draw_survivors",
    "draw_times",
    "monthly_revenue",
    "recharges_table",
]

_CHANNELS = ("shop", "app", "ussd", "partner")

_PROPOSALS = 1 << 18
_MOST_PROPOSALS = 1 << 23


@dataclass(frozen=True, kw_only=True)
class RechargeProcess:
    r"""BG/NBD and Gamma-Gamma, parameterised as in the papers; the unit of time is the week.

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

    Lines of the opening base began when they were activated, and are still there. Given p and t
    weeks without loss, losses being a Poisson process of rate lambda p,

    .. math::
        P(\text{still there} | p, t) = \left(\frac{\alpha}{\alpha + p t}\right)^r, \quad
        \lambda | p, t, \text{still there} \sim Gamma(r, \alpha + p t)

    so they recharge less often and are more loyal than lines that have just joined.

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
    """What differs between prepaid lines; NaN for postpaid lines.

    The day of the first recharge, the day from which the line is followed, lambda a week, p and nu.
    Until the second of the two days nobody was lost.
    """

    began: Floats
    followed: Floats
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
    rng: np.random.Generator,
    process: RechargeProcess,
    population: Population,
    timeline: Timeline,
) -> Subscribers:
    """Draw what differs between prepaid subscribers.

    Raises
    ------
    ParameterError
        Next to none of the lines of the opening base would still be there.
    """
    prepaid = population.prepaid
    count = int(prepaid.sum())
    began = population.start_day[prepaid] + rng.random(count)
    # A line of the opening base has credit when the window opens or recharges later: if it was
    # lost at all, it was within the validity of its last recharge before the window.
    followed = np.maximum(began, float(timeline.start_day - process.validity_days))
    weeks = (followed - began) / 7.0
    rate, dropout = draw_survivors(rng, process, weeks)

    def spread(values: Floats) -> Floats:
        full = np.full(prepaid.size, np.nan)
        full[prepaid] = values
        return full

    return Subscribers(
        began=spread(began),
        followed=spread(followed),
        rate=spread(rate),
        dropout=spread(dropout),
        spend=spread(rng.gamma(process.amount_q, 1.0 / process.amount_v, count)),
    )


def draw_survivors(
    rng: np.random.Generator, process: RechargeProcess, weeks: Floats
) -> tuple[Floats, Floats]:
    """Draw lambda a week and p of subscribers who are not lost after so many weeks.

    p by rejection, and then lambda, by the two formulas in the notes of `RechargeProcess`.
    """
    dropout = np.empty(weeks.size)
    open_ = np.arange(weeks.size)
    tries, left = 1, _MOST_PROPOSALS + 50 * weeks.size
    while open_.size:
        if left < 0:
            oldest = float(weeks[open_].max())
            raise ParameterError(
                f"RechargeProcess: with r={process.r:g}, alpha={process.alpha:g}, a={process.a:g} "
                f"and b={process.b:g} next to no line is left after {oldest:.0f} weeks, so the "
                "opening base has none so old. Lower mean_tenure_months of CustomerBase, or a.",
                weeks=oldest,
            )
        left -= tries * open_.size
        drawn = np.clip(rng.beta(process.a, process.b, (tries, open_.size)), 1e-12, 1.0)
        stays = (process.alpha / (process.alpha + drawn * weeks[open_])) ** process.r
        good = rng.random(drawn.shape) < stays
        first, found = np.argmax(good, axis=0), good.any(axis=0)
        dropout[open_[found]] = drawn[first, np.arange(open_.size)][found]
        open_ = open_[~found]
        tries = max(min(2 * tries, _PROPOSALS // max(open_.size, 1)), 1)
    rate = rng.standard_gamma(process.r, weeks.size) / (process.alpha + dropout * weeks)
    return rate, dropout


def draw_times(
    rng: np.random.Generator,
    rate: Floats,
    dropout: Floats,
    start: Floats,
    end: float,
    *,
    running: Flags | None = None,
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
    running : array of bool, optional
        Histories that began earlier and have not ended before `start`: none of their recharges is
        the first, and none stands at `start`.

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
    if running is None:
        return who, day, last
    real = np.ones(who.size, dtype=np.bool_)
    real[firsts[running]] = False
    return who[real], day[real], last


def draw_amounts(
    rng: np.random.Generator,
    process: RechargeProcess,
    spend: Floats,
    line: Ints,
    money: Denomination,
) -> Floats:
    """Draw Gamma-Gamma amounts, in whole minor units and at least one."""
    drawn = rng.standard_gamma(process.amount_shape, line.size) / spend[line]
    return money.amounts(np.maximum(money.units(drawn), 1.0))


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
    timeline: Timeline,
    *,
    money: Denomination,
) -> Table:
    """Return the canonical recharges table, in the order of time.

    Recharges before the window brought the revenue of its first days, but are not observed.
    """
    order = np.argsort(recharges.day, kind="stable")
    order = order[np.searchsorted(recharges.day, timeline.start_day, sorter=order) :]
    line = recharges.line[order]
    seconds = (recharges.day[order] * DAY_S).astype(np.int64)
    return {
        "recharge_id": Keys(keys("R", line.size)),
        "customer_id": KeyRefs(population.owner[line], population.customer_id),
        "subscription_id": KeyRefs(line, population.subscription_id),
        "recharged_at": Instants(seconds),
        "amount": Numbers(recharges.amount[order]),
        "currency": money.column(line.size),
        "channel": Coded(categories(rng, [0.30, 0.40, 0.20, 0.10], line.size), _CHANNELS),
        "validity_days": Numbers(np.full(line.size, process.validity_days)),
    }
