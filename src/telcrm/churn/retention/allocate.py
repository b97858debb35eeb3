"""Choose offers for customers within limits: by prices, then greedily, then exactly at the edge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.edge_choice import decide_edge
from telcrm.churn.retention.exact_choice import improve_exactly
from telcrm.churn.retention.offer_choice import NOBODY, Choice, OfferChoice, Prices
from telcrm.churn.retention.shadow_prices import price_limits

__all__ = ["Allocation", "allocate"]

Floats = NDArray[np.float64]

_ROUNDS: Final = 200
_CHANGES: Final = 50
_CLOSE_ENOUGH: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets which offer, and how much more another choice could bring at most.

    Attributes
    ----------
    choice : array of int, one per customer
        Position of the offer, or ``NOBODY``.
    bound : float
        No choice within the limits brings more.
    prices : Prices
        What the limits are worth.
    """

    choice: Choice
    bound: float
    prices: Prices


def allocate(task: OfferChoice) -> Allocation:
    """Choose offers so that the profit is as high as the limits allow, or close to it.

    Parameters
    ----------
    task : OfferChoice

    Returns
    -------
    Allocation
        Within all limits. Equal customers are served in their order.

    Notes
    -----
    A multiple-choice knapsack with several limits (Kellerer, Pferschy & Pisinger 2004, "Knapsack
    Problems", chapters 9 and 11). The limits are priced by the dual problem, whose value bounds the
    profit. At these prices nearly all customers have one clear best choice; they take it in the
    order of what it brings, while the limits last. Those for whom the choice is not clear are then
    decided by a linear program, and where the gap to the bound leaves only some dozens of them, by
    trying all combinations: a small table is decided exactly.
    """
    task = _without_hopeless(task)
    choice = np.full(task.customers, NOBODY, dtype=np.int64)
    hopeful = np.flatnonzero((task.profit > 0.0).any(axis=0))
    if not hopeful.size:
        return Allocation(choice, 0.0, task.prices(np.zeros(task.limits.size)))
    small = replace(task, profit=task.profit[:, hopeful], cost=task.cost[:, hopeful])
    prices, bound = price_limits(small)
    found = _fill(small, prices, np.full(hopeful.size, NOBODY, dtype=np.int64))
    if bound - small.gained(found) > _CLOSE_ENOUGH * bound:
        other = _fill(small, prices, decide_edge(small, prices, found))
        found = _better(small, _change(small, found), _change(small, other))
        found, is_best = improve_exactly(small, prices, bound, found)
        if is_best:
            bound = small.gained(found)
        else:
            found = _change(small, found)
    choice[hopeful] = found
    return Allocation(choice, max(bound, small.gained(found)), prices)


def _without_hopeless(task: OfferChoice) -> OfferChoice:
    """Rule out what loses money or alone breaks a limit, and drop limits that nothing else uses."""
    barred = ~(task.profit > 0.0)
    if task.contacts == 0:
        barred[:] = True
    if task.budget is not None:
        barred |= task.cost > task.budget
    for at, capacity in enumerate(task.capacities):
        if capacity == 0:
            barred[at] = True
    return OfferChoice(
        np.where(barred, -np.inf, task.profit),
        task.cost,
        task.budget or None,
        task.contacts or None,
        tuple(each or None for each in task.capacities),
    )


def _fill(task: OfferChoice, prices: Prices, choice: Choice) -> Choice:
    """Give offers to those who have none, best first, while there is room for anybody."""
    choice = choice.copy()
    for _ in range(_ROUNDS):
        free = np.flatnonzero(choice == NOBODY)
        room = task.without(choice, free)
        offered, gain, regret = _open_offers(room, prices)
        keen = np.flatnonzero(offered != NOBODY)
        for at, capacity in enumerate(room.capacities):
            takers = keen[offered[keen] == at]
            if capacity is not None and takers.size > capacity:
                order = np.argsort(-regret[takers], kind="stable")
                offered[takers[order[int(capacity) :]]] = NOBODY
        keen = keen[offered[keen] != NOBODY]
        keen = keen[np.argsort(-gain[keen], kind="stable")]
        taken = _while_room(room, offered, keen)
        if not taken.size:
            break
        choice[free[taken]] = offered[taken]
    return choice


def _open_offers(room: OfferChoice, prices: Prices) -> tuple[Choice, Floats, Floats]:
    """Return the best offer that there is room for, its gain, and what its loss would cost."""
    offered = np.full(room.customers, NOBODY, dtype=np.int64)
    gain = np.full(room.customers, -np.inf)
    second = np.zeros(room.customers)
    if room.contacts is not None and room.contacts < 1:
        return offered, gain, gain
    for at, capacity in enumerate(room.capacities):
        if capacity is not None and capacity < 1:
            continue
        left = room.reduced(prices, at)
        if room.budget is not None:
            left[room.cost[at] > room.budget] = -np.inf
        better = left > gain
        second = np.maximum(second, np.where(better, gain, left))
        np.copyto(gain, left, where=better)
        np.copyto(offered, at, where=better)
    return offered, gain, gain - second


def _while_room(room: OfferChoice, offered: Choice, keen: NDArray[np.int64]) -> NDArray[np.int64]:
    if room.contacts is not None:
        keen = keen[: int(room.contacts)]
    if room.budget is None:
        return keen
    spent = np.cumsum(room.cost[offered[keen], keen])
    return keen[: int(np.searchsorted(spent, room.budget, side="right"))]


def _change(task: OfferChoice, choice: Choice) -> Choice:
    """Change the offer of one customer, while that brings more and there is room for it."""
    choice = choice.copy()
    everybody = np.arange(task.customers)
    for _ in range(_CHANGES):
        has = choice != NOBODY
        room = task.without(choice, everybody[:0])
        now = np.where(has, task.profit[choice, everybody], 0.0)
        freed = np.where(has, task.cost[choice, everybody], 0.0)
        most, who, what = 0.0, NOBODY, NOBODY
        for at, capacity in enumerate(room.capacities):
            gain = task.profit[at] - now
            if capacity is not None and capacity < 1:
                continue
            if room.budget is not None:
                gain[task.cost[at] > room.budget + freed] = -np.inf
            if room.contacts is not None and room.contacts < 1:
                gain[~has] = -np.inf
            best = int(np.argmax(gain))
            if gain[best] > most:
                most, who, what = float(gain[best]), best, at
        if who == NOBODY:
            break
        choice[who] = what
    return choice


def _better(task: OfferChoice, first: Choice, second: Choice) -> Choice:
    return second if task.gained(second) > task.gained(first) else first
