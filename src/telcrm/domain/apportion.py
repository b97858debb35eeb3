"""Whole units split in proportion: none lost, none made.

:meth:`telcrm.domain.Money.allocate` splits an amount with it, and the ledger splits its minor
units.
"""

from __future__ import annotations

from collections.abc import Sequence

from telcrm.errors import ParameterError

__all__ = ["apportion"]


def apportion(units: int, shares: Sequence[int]) -> tuple[int, ...]:
    """Split whole units in proportion to shares; the parts always add up to the units.

    Parameters
    ----------
    units : int
        What is split, of either sign.
    shares : sequence of int
        At least one, none negative, not all zero. A share of zero gets nothing.

    Returns
    -------
    tuple of int, one per share
        None has the other sign of the units.

    Raises
    ------
    ParameterError
        No share, a negative share, or nothing but zeros.

    Notes
    -----
    The method of largest remainders, of Hare and Niemeyer. Part ``i`` is the quota
    ``abs(units) * shares[i] / sum(shares)`` rounded down; the units left over go, one each, to the
    largest remainders, the earlier part first among equals. The parts then take the sign of the
    units. Balinski and Young, Fair Representation (2nd edition, 2001), call it the method of
    Hamilton.

    Examples
    --------
    >>> apportion(5, [3, 7])
    (2, 3)
    >>> apportion(-10, [1, 1, 1])
    (-4, -3, -3)
    """
    total = sum(shares)
    if not total or min(shares) < 0:
        below = [position for position, share in enumerate(shares) if share < 0]
        raise ParameterError(
            "an amount is split in proportion to at least one number, none negative, not all zero: "
            f"found {len(shares)}, below zero at {below}.",
            shares=len(shares),
        )
    sign = -1 if units < 0 else 1
    parts = [divmod(abs(units) * share, total) for share in shares]
    left = abs(units) - sum(whole for whole, _ in parts)
    # sorted() is stable, so equal remainders keep the caller's order.
    lucky = set(sorted(range(len(parts)), key=lambda i: -parts[i][1])[:left])
    return tuple(sign * (whole + (i in lucky)) for i, (whole, _) in enumerate(parts))
