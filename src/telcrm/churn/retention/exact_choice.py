"""Close the gap to the bound by trying all choices that could still be better."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.offer_choice import NOBODY, Choice, OfferChoice, Prices

__all__ = ["improve_exactly"]

Floats = NDArray[np.float64]

_NODES: Final = 50_000
_MOST_OPEN: Final = 60
_NOISE: Final = 1e-12


def improve_exactly(
    task: OfferChoice, prices: Prices, bound: float, choice: Choice
) -> tuple[Choice, bool]:
    """Look for a better choice, and say whether the one returned is proven to be best.

    Parameters
    ----------
    task : OfferChoice
    prices : Prices
        At which ``bound`` was found.
    bound : float
    choice : array of int
        Within the limits.

    Returns
    -------
    (array of int, bool)

    Notes
    -----
    At the prices of the bound each option of a customer loses so much against the customer's best,
    and no choice brings more than the bound less its losses. So an option that loses more than the
    gap is in no better choice (Kellerer, Pferschy & Pisinger 2004, "Knapsack Problems", section
    3.2). Customers who are left with one option keep it; for the others all combinations are tried
    whose losses stay below the gap. If there are more than some dozens of them, or it takes too
    many steps, the proof is given up, and the best that was found is returned.
    """
    gap = bound - task.gained(choice)
    if gap <= _NOISE * bound:
        return choice, True
    best, highest = task.best(prices)
    losses = np.vstack(
        [highest, *(highest - task.reduced(prices, at) for at in range(len(task.capacities)))]
    )
    unclear = np.flatnonzero((losses < gap).sum(axis=0) > 1)
    if unclear.size > _MOST_OPEN:
        return choice, False
    # Equal customers side by side, those with most to lose first: that cuts branches early.
    second = np.sort(losses[:, unclear], axis=0)[1]
    unclear = unclear[np.lexsort((*losses[:, unclear], -second))]
    fixed = best.copy()
    fixed[unclear] = NOBODY
    if not task.keeps_limits(fixed):
        return choice, True
    search = _Search(task.without(fixed, unclear), losses[:, unclear], bound, task.gained(fixed))
    found = search.run(task.gained(choice))
    if found is not None:
        choice = fixed
        choice[unclear] = found
    return choice, search.steps < _NODES


class _Search:
    """Depth first, one customer after the other, each customer's least loss first."""

    def __init__(self, room: OfferChoice, losses: Floats, bound: float, fixed: float) -> None:
        self.cost = room.cost
        self.budget = np.inf if room.budget is None else room.budget
        places = [room.contacts, *room.capacities]
        self.places = [np.inf if each is None else float(each) for each in places]
        self.profit = room.profit
        self.losses = losses
        self.bound = bound
        self.fixed = fixed
        self.steps = 0
        count = losses.shape[1]
        self.order = np.argsort(losses, axis=0, kind="stable") - 1
        self.equal = [
            at > 0 and bool((losses[:, at] == losses[:, at - 1]).all()) for at in range(count)
        ]

    def run(self, least: float) -> list[int] | None:
        """Return the best choice that brings more than ``least``, if there is one."""
        count = self.losses.shape[1]
        found: list[int] | None = None
        # A stack: customer, rank of the option of the one before, loss, profit, rest, choice.
        stack: list[tuple[int, int, float, float, float, list[float], list[int]]] = [
            (0, 0, 0.0, self.fixed, self.budget, self.places, [])
        ]
        while stack and self.steps < _NODES:
            at, before, loss, profit, budget, places, chosen = stack.pop()
            self.steps += 1
            if self.bound - loss <= least * (1.0 + _NOISE):
                continue
            if at == count:
                if profit > least * (1.0 + _NOISE):
                    least, found = profit, chosen
                continue
            # The order among equal customers makes no difference: one order is enough.
            first = before if self.equal[at] else 0
            for rank in range(self.order.shape[0] - 1, first - 1, -1):
                offer = int(self.order[rank, at])
                lost = loss + float(self.losses[offer + 1, at])
                if not self.bound - lost > least:
                    continue
                if offer == NOBODY:
                    stack.append((at + 1, rank, lost, profit, budget, places, [*chosen, offer]))
                    continue
                rest = budget - float(self.cost[offer, at])
                left = list(places)
                left[0] -= 1.0
                left[offer + 1] -= 1.0
                if rest >= 0.0 and left[0] >= 0.0 and left[offer + 1] >= 0.0:
                    gained = profit + float(self.profit[offer, at])
                    stack.append((at + 1, rank, lost, gained, rest, left, [*chosen, offer]))
        return found
