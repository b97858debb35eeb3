"""Which debts a payment settles: allocation policies and their arithmetic.

>>> policy = AllocationPolicy(order=("fee", "interest", "service"))
>>> policy.order[0]
<ItemKind.FEE: 'fee'>
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, Self

from pydantic import model_validator

from telcrm.domain import NonNegativeMoney, Record
from telcrm.domain.apportion import apportion
from telcrm.ledger.journal import Item, ItemKind

__all__ = ["AllocationMethod", "AllocationPolicy", "Share", "TaxOrder", "allocate", "split_tax"]


class AllocationMethod(StrEnum):
    """How money spreads over debts of the same rank."""

    OLDEST_DUE_FIRST = "oldest_due_first"
    """Each debt in full before the next; the earlier due date first, then the earlier debt."""
    PRO_RATA = "pro_rata"
    """Every debt at once, in proportion to what is open of it."""


class TaxOrder(StrEnum):
    """What a part payment of a taxed debt settles."""

    PRO_RATA = "pro_rata"
    """Tax and net in proportion: what most value added tax laws suppose."""
    FIRST = "first"
    LAST = "last"


class AllocationPolicy(Record):
    """How payments and credits meet debts."""

    method: AllocationMethod = AllocationMethod.OLDEST_DUE_FIRST
    order: tuple[ItemKind, ...] = ()
    """Kinds of debt that rank before others, best first: ``("fee", "interest", "service")`` is the
    order of section 367 of the German civil code. Kinds that are not named rank last, together.
    """
    tax: TaxOrder = TaxOrder.PRO_RATA
    tolerance: tuple[NonNegativeMoney, ...] = ()
    """Per currency, what may be left of a debt after a payment and is then written off as a small
    balance. None by default.
    """
    auto_apply: bool = True
    """Whether unapplied credit meets debts by itself as soon as there are any."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        currencies = [money.currency.code for money in self.tolerance]
        if len(set(currencies)) < len(currencies):
            message = f"tolerance has one amount per currency, found {', '.join(currencies)}"
            raise ValueError(message)
        if len(set(self.order)) < len(self.order) or not all(kind.is_debt for kind in self.order):
            message = f"order names kinds of debt, each once: found {', '.join(self.order)}"
            raise ValueError(message)
        return self

    def tolerance_in(self, currency: str) -> int:
        """Return the tolerance in a currency, in minor units; 0 where none is set.

        Examples
        --------
        >>> from telcrm.domain import Money
        >>> AllocationPolicy(tolerance=(Money("0.05", "EUR"),)).tolerance_in("EUR")
        5
        """
        for money in self.tolerance:
            if money.currency.code == currency:
                return money.minor_units
        return 0


class Share(NamedTuple):
    """What one debt gets, in minor units."""

    item: Item
    net: int
    tax: int

    @property
    def amount(self) -> int:
        """Tax included."""
        return self.net + self.tax


def allocate(pot: int, debts: Iterable[Item], policy: AllocationPolicy) -> list[Share]:
    """Spread an amount over debts; nothing goes to what is contested.

    Parameters
    ----------
    pot : int
        Minor units, 0 or more.
    debts : iterable of Item
        In any order; those with nothing open get nothing.
    policy : AllocationPolicy

    Returns
    -------
    list of Share
        They add up to the pot, or to all that is open if that is less. No share is empty.

    Examples
    --------
    >>> from datetime import date
    >>> day = date(2026, 1, 1)
    >>> older = Item("A-1", 1, "service", None, day, date(2026, 1, 15), 5000, open_net=5000)
    >>> newer = Item("A-1", 2, "service", None, day, date(2026, 2, 15), 5000, open_net=5000)
    >>> shares = allocate(7000, [newer, older], AllocationPolicy())
    >>> [(share.item.seq, share.amount) for share in shares]
    [(1, 5000), (2, 2000)]
    """
    ranks = {kind.value: rank for rank, kind in enumerate(policy.order)}

    def rank(item: Item) -> int:
        return ranks.get(item.kind, len(ranks))

    queue = sorted(
        (item for item in debts if item.open > 0),
        key=lambda item: (rank(item), item.due_on or item.on, item.on, item.seq),
    )
    shares: list[Share] = []
    for _, group in groupby(queue, key=rank):
        if pot <= 0:
            break
        for item, amount in _spread(pot, list(group), policy.method):
            shares.append(split_tax(item, amount, policy.tax))
            pot -= amount
    return shares


def _spread(
    pot: int, items: Sequence[Item], method: AllocationMethod
) -> Iterable[tuple[Item, int]]:
    total = sum(item.open for item in items)
    if method is AllocationMethod.PRO_RATA and pot < total:
        parts = apportion(pot, [item.open for item in items])
        yield from ((item, part) for item, part in zip(items, parts, strict=True) if part)
        return
    for item in items:
        amount = min(pot, item.open)
        if amount:
            yield item, amount
        pot -= amount


def split_tax(item: Item, amount: int, order: TaxOrder) -> Share:
    """Divide what a debt gets into net and tax.

    Parameters
    ----------
    item : Item
    amount : int
        Minor units, at most what is open.
    order : TaxOrder

    Returns
    -------
    Share
        Neither part is more than what is open of it.
    """
    if amount == item.open:
        tax = item.open_tax
    elif order is TaxOrder.FIRST:
        tax = min(amount, item.open_tax)
    elif order is TaxOrder.LAST:
        tax = max(0, amount - item.open_net)
    elif item.open_tax:
        tax = apportion(amount, [item.open_net, item.open_tax])[1]
    else:
        tax = 0
    return Share(item, amount - tax, tax)
