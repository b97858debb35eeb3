"""Offers for one arm of a campaign, and the reasons of those who get none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.allocate import Allocation, allocate
from telcrm.churn.retention.offer_choice import NOBODY, Choice, OfferChoice
from telcrm.churn.retention.plan import LeftAlone
from telcrm.churn.retention.plan_customers import PlanCustomers

__all__ = ["CODES", "OFFERED", "Assignment", "Limits", "assign"]

Flags = NDArray[np.bool_]

CODES: Final = {reason: code for code, reason in enumerate(LeftAlone)}
"""Numbers that stand for the reasons in arrays."""

OFFERED: Final = -1
"""In place of a reason: the customer gets an offer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What there is to spend: a budget, contacts in all, and contacts by offer."""

    budget: float | None
    contacts: int | None
    capacities: Sequence[int | None]

    def part(self, share: float) -> Limits:
        """Return a share of them; contacts stay whole."""
        return Limits(
            None if self.budget is None else self.budget * share,
            None if self.contacts is None else round(self.contacts * share),
            [None if each is None else round(each * share) for each in self.capacities],
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    """Offers and reasons of some customers.

    Attributes
    ----------
    choice : array of int
        Position of the offer, or ``NOBODY``.
    why : array of int
        Code of the reason, or ``OFFERED``.
    bound : float
        Most that any choice brings.
    """

    choice: Choice
    why: NDArray[np.int64]
    bound: float


def assign(people: PlanCustomers, rows: NDArray[np.int64], limits: Limits) -> Assignment:
    """Choose offers for some customers within limits.

    Parameters
    ----------
    people : PlanCustomers
    rows : array of int
        Those who may be contacted.
    limits : Limits

    Returns
    -------
    Assignment
    """
    works = people.eligible[:, rows] & (people.saved[:, rows] > 0.0)
    task = OfferChoice(
        np.where(works, people.profit[:, rows], -np.inf),
        people.cost[:, rows],
        limits.budget,
        limits.contacts,
        tuple(limits.capacities),
    )
    found = allocate(task)
    pays = (task.profit > 0.0).any(axis=0)
    short_of_money = _short_of_money(task, found)
    why = np.select(
        [
            found.choice != NOBODY,
            ~people.eligible[:, rows].any(axis=0),
            ~works.any(axis=0),
            ~pays,
            short_of_money,
        ],
        [
            OFFERED,
            CODES[LeftAlone.NOT_ELIGIBLE],
            CODES[LeftAlone.NO_EFFECT],
            CODES[LeftAlone.NOT_PROFITABLE],
            CODES[LeftAlone.BUDGET],
        ],
        CODES[LeftAlone.CAPACITY],
    )
    return Assignment(found.choice, why, found.bound)


def _short_of_money(task: OfferChoice, found: Allocation) -> Flags:
    """Tell whose offer fails for want of money: there is a place for it, or it is worth one."""
    if task.budget is None:
        return np.zeros(task.customers, dtype=np.bool_)
    pays = task.profit > 0.0
    counts = np.bincount(found.choice + 1, minlength=len(task.capacities) + 1)[1:]
    full = task.contacts is not None and counts.sum() >= task.contacts
    has_place = np.array(
        [
            not full and (each is None or count < each)
            for each, count in zip(task.capacities, counts, strict=True)
        ]
    )
    possible = np.array([task.contacts != 0 and each != 0 for each in task.capacities])
    affordable = (pays & (task.cost <= task.budget - task.spent(found.choice))).any(axis=0)
    worth = pays & possible[:, None] & (task.profit > found.prices.contact[:, None])
    short: Flags = (pays & has_place[:, None]).any(axis=0) | (~affordable & worth.any(axis=0))
    return short
