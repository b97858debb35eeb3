"""How unequally value is spread: Lorenz curve, Gini coefficient, the share of the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_share
from telcrm.segmentation.abc import sum_values
from telcrm.tables.door import open_frame

__all__ = ["Concentration", "concentration"]


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much of the value the best customers hold.

    Attributes
    ----------
    customers : int
        All of them, those without value included.
    total : float
        The positive value that is shared out, major units.
    gini : float in [0, 1) or None
        0 where all hold the same, towards 1 where one holds everything; None without value.
    lorenz : tuple of (float, float)
        Points of the Lorenz curve from (0, 0) to (1, 1): share of customers, the poorest first, and
        the share of value that they hold. Equal customers lie on one straight piece. Empty without
        value.
    """

    customers: int
    total: float
    gini: float | None
    lorenz: tuple[tuple[float, float], ...]

    def top_share(self, customers: float = 0.2) -> float | None:
        """Return the share of value that the best customers hold; 0.8 for 0.2 is the 80/20 rule.

        Parameters
        ----------
        customers : float in [0, 1]
            Share of customers; one at the edge counts in proportion.

        Returns
        -------
        float in [0, 1] or None
            None without value.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> Concentration(4, 10.0, 0.25, ((0.0, 0.0), (0.5, 0.3), (1.0, 1.0))).top_share(0.5)
        0.7
        """
        require_share(customers=customers)
        poorest = 1.0 - customers
        for (left, held), (right, then) in pairwise(self.lorenz):
            if poorest <= right:
                part = (poorest - left) / (right - left)
                return 1.0 - (held + part * (then - held))
        return None

    def customers_holding(self, share: float = 0.8) -> float | None:
        """Return the share of customers, the best first, that hold a share of value.

        Parameters
        ----------
        share : float in [0, 1]

        Returns
        -------
        float in [0, 1] or None
            None without value.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> even = Concentration(4, 10.0, 0.25, ((0.0, 0.0), (0.5, 0.3), (1.0, 1.0)))
        >>> round(even.customers_holding(0.7), 6)
        0.5
        """
        require_share(share=share)
        left_over = 1.0 - share
        for (left, held), (right, then) in pairwise(self.lorenz):
            if left_over <= then and then > held:
                return 1.0 - (left + (left_over - held) / (then - held) * (right - left))
        return None

    def __repr__(self) -> str:
        if self.gini is None:
            return f"Concentration({self.customers:,} customers, no value)"
        return (
            f"Concentration({self.customers:,} customers, gini {self.gini:.3f}, "
            f"the top 20 % hold {self.top_share():.1%})"
        )


def concentration(
    frame: Any, *, customer: str = "customer_id", value: str = "revenue"
) -> Concentration:
    """Measure how unequally customers share the value.

    Parameters
    ----------
    frame : dataframe
        As :func:`abc` takes it: rows with a customer and a value, a customer's rows are summed.
    customer, value : str
        Column names.

    Returns
    -------
    Concentration

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As :func:`abc` does.

    Notes
    -----
    A sum below 0 holds no value and counts as 0, as in :func:`abc`. With customers sorted from the
    poorest, ``n`` of them, values ``x`` and ranks ``i`` from 1::

        gini = 2 * sum(i * x) / (n * sum(x)) - (n + 1) / n

    which is twice the area between the Lorenz curve and the diagonal. One query counts the
    customers of each value; the rest is arithmetic on those counts.

    References
    ----------
    M. O. Lorenz (1905), "Methods of Measuring the Concentration of Wealth", Publications of the
    American Statistical Association 9(70), 209-219. C. Gini (1912), *Variabilita e mutabilita*.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {"customer_id": ["a", "b", "c", "d", "e"], "revenue": [80.0, 5.0, 5.0, 5.0, 5.0]}
    ... )
    >>> concentration(months)
    Concentration(5 customers, gini 0.600, the top 20 % hold 80.0%)
    """
    opened = open_frame(frame, table="customer values")
    sums = sum_values(opened, customer, value)
    held = nw.when(nw.col("_value") > 0).then(nw.col("_value")).otherwise(nw.lit(0.0))
    levels = sums.with_columns(_held=held).group_by("_held").agg(_count=nw.len()).collect()
    counted = sorted(
        (float(row[0]), int(row[1])) for row in levels.select("_held", "_count").rows()
    )
    return _measure(counted)


def _measure(counted: Sequence[tuple[float, int]]) -> Concentration:
    customers = sum(count for _, count in counted)
    total = sum(value * count for value, count in counted)
    if not total > 0:
        return Concentration(customers, 0.0, None, ())
    points = [(0.0, 0.0)]
    below, held, area = 0, 0.0, 0.0
    for value, count in counted:
        before = held / total
        below, held = below + count, held + value * count
        points.append((below / customers, held / total))
        area += count / customers * (before + held / total) / 2
    points[-1] = (1.0, 1.0)
    return Concentration(customers, total, max(0.0, 1.0 - 2.0 * area), tuple(points))
