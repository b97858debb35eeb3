"""The problem of who gets which offer: profits, costs and limits, and what prices make of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOBODY", "OfferChoice", "Prices"]

Floats = NDArray[np.float64]
Choice = NDArray[np.int64]

NOBODY = -1
"""In a choice: the customer gets no offer."""

# Sums of the same costs in another order differ by less, and are not over the budget for that.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Prices:
    """What scarce things are worth: profit is reduced by them.

    Attributes
    ----------
    budget : float
        Profit per unit of budget.
    contact : array of float
        Profit per contact, by offer.
    """

    budget: float
    contact: Floats


@dataclass(frozen=True, slots=True)
class OfferChoice:
    """A multiple-choice knapsack: one offer at most for each customer, within limits.

    Attributes
    ----------
    profit : array of float, shape (offers, customers)
        ``-inf`` where the offer must not be made. Only offers of a profit above 0 are ever chosen.
    cost : array of float, 0 or more, of the same shape
    budget : float or None
        Limit to the sum of costs.
    contacts : float or None
        Limit to the number of customers who get an offer.
    capacities : tuple of float or None
        Limit for each offer.
    """

    profit: Floats
    cost: Floats
    budget: float | None
    contacts: float | None
    capacities: tuple[float | None, ...]

    @property
    def customers(self) -> int:
        """Number of customers."""
        return int(self.profit.shape[1])

    @property
    def limits(self) -> Floats:
        """The limits there are: of the budget, of contacts, and of each offer that has one."""
        every = (self.budget, self.contacts, *self.capacities)
        return np.array([float(each) for each in every if each is not None])

    def usage(self, choice: Choice) -> Floats:
        """Return how much of each limit a choice takes up, in the order of :attr:`limits`."""
        counts = np.bincount(choice + 1, minlength=len(self.capacities) + 1)[1:]
        every = (
            (self.budget, self.spent(choice)),
            (self.contacts, counts.sum()),
            *zip(self.capacities, counts, strict=True),
        )
        return np.array([float(used) for limit, used in every if limit is not None])

    def spent(self, choice: Choice) -> float:
        """Return the sum of costs of a choice."""
        return _total(self.cost, choice)

    def gained(self, choice: Choice) -> float:
        """Return the sum of profits of a choice."""
        return _total(self.profit, choice)

    def keeps_limits(self, choice: Choice) -> bool:
        """Whether a choice is within all limits."""
        return bool((self.usage(choice) <= self.limits * (1.0 + _SLACK)).all())

    def prices(self, worth: Floats) -> Prices:
        """Turn what all of each limit is worth, in its order, into prices per unit."""
        unit = iter((worth / self.limits).tolist())
        budget = 0.0 if self.budget is None else next(unit)
        contact = np.full(len(self.capacities), 0.0 if self.contacts is None else next(unit))
        for at, capacity in enumerate(self.capacities):
            if capacity is not None:
                contact[at] += next(unit)
        return Prices(budget, contact)

    def reduced(self, prices: Prices, offer: int) -> Floats:
        """Return the profit of one offer less what the contact takes up, at these prices."""
        left: Floats = self.profit[offer] - prices.contact[offer]
        if prices.budget > 0.0:
            left -= self.cost[offer] * prices.budget
        return left

    def best(self, prices: Prices) -> tuple[Choice, Floats]:
        """Return the choice of highest reduced profit for each customer, and that profit.

        Nobody is chosen, at a profit of 0, where no offer brings more.
        """
        choice = np.full(self.customers, NOBODY, dtype=np.int64)
        highest = np.zeros(self.customers)
        for at in range(len(self.capacities)):
            left = self.reduced(prices, at)
            better = left > highest
            np.copyto(highest, left, where=better)
            np.copyto(choice, at, where=better)
        return choice, highest

    def sample(self, rows: NDArray[np.int64]) -> OfferChoice:
        """Return the same problem for some of the customers, with their part of the limits."""
        share = rows.size / self.customers
        budget, contacts, *capacities = (
            None if each is None else each * share
            for each in (self.budget, self.contacts, *self.capacities)
        )
        return OfferChoice(
            self.profit[:, rows], self.cost[:, rows], budget, contacts, tuple(capacities)
        )

    def without(self, choice: Choice, rows: NDArray[np.int64]) -> OfferChoice:
        """Return the problem of some of the customers, with what a choice for the others leaves."""
        others = choice.copy()
        others[rows] = NOBODY
        counts = np.bincount(others + 1, minlength=len(self.capacities) + 1)[1:]
        budget, contacts, *capacities = (
            None if limit is None else max(limit - float(used), 0.0)
            for limit, used in (
                (self.budget, self.spent(others)),
                (self.contacts, counts.sum()),
                *zip(self.capacities, counts, strict=True),
            )
        )
        return OfferChoice(
            self.profit[:, rows], self.cost[:, rows], budget, contacts, tuple(capacities)
        )


def _total(amounts: Floats, choice: Choice) -> float:
    chosen = np.flatnonzero(choice != NOBODY)
    return float(amounts[choice[chosen], chosen].sum())
