"""The whale curve: how much profit the best customers make, and how much of it others destroy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_share
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn
from telcrm.tables.row_checks import amount_checks, check_rows, not_null
from telcrm.value.current.amounts import one_zero

__all__ = ["WhaleCurve", "whale_curve"]

_STEPS = 1000


@dataclass(frozen=True, slots=True)
class WhaleCurve:
    """Profit of the best customers, added up from the best to the worst.

    Attributes
    ----------
    customers : int
    profitable, break_even, loss_making : int
        Customers whose margin is above, exactly and below 0.
    total : float
        Margin of all, major units.
    peak : float
        Margin of the profitable customers: the highest point of the curve.
    points : tuple of (float, float)
        Share of customers, the best first, and their margin together, from (0, 0) to (1, total).
        Equal customers lie on one straight piece. Where margins take more than 1,000 values, the
        curve is given at every tenth of a per cent of customers and at both ends of its peak. Empty
        without customers.
    """

    customers: int
    profitable: int
    break_even: int
    loss_making: int
    total: float
    peak: float
    points: tuple[tuple[float, float], ...]

    @property
    def peak_customers(self) -> float | None:
        """Share of customers at which the curve reaches its peak; None without customers."""
        return self.profitable / self.customers if self.customers else None

    @property
    def peak_multiple(self) -> float | None:
        """The peak over the total; None unless the total is above 0."""
        return self.peak / self.total if self.total > 0 else None

    @property
    def loss_making_share(self) -> float | None:
        """Share of customers whose margin is below 0; None without customers."""
        return self.loss_making / self.customers if self.customers else None

    @property
    def destroyed(self) -> float:
        """What the loss-making customers lose, major units, 0 or more."""
        return self.peak - self.total

    @property
    def destroyed_multiple(self) -> float | None:
        """The same over the total; None unless the total is above 0."""
        return self.destroyed / self.total if self.total > 0 else None

    def profit_of_best(self, customers: float = 0.2) -> float:
        """Return the margin of the best customers, major units.

        Parameters
        ----------
        customers : float in [0, 1]
            Share of customers; one at the edge counts in proportion.

        Returns
        -------
        float
            0 without customers.

        Raises
        ------
        ParameterError
        """
        require_share(customers=customers)
        if not self.points:
            return 0.0
        shares, sums = zip(*self.points, strict=True)
        return float(np.interp(customers, shares, sums))

    def multiple_of_best(self, customers: float = 0.2) -> float | None:
        """Return the margin of the best customers over the total; 2.25 for 0.2 is the 20-225 rule.

        Parameters
        ----------
        customers : float in [0, 1]

        Returns
        -------
        float or None
            None unless the total is above 0.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> curve = WhaleCurve(2, 1, 0, 1, 4.0, 9.0, ((0.0, 0.0), (0.5, 9.0), (1.0, 4.0)))
        >>> curve.multiple_of_best(0.5)
        2.25
        """
        profit = self.profit_of_best(customers)
        return profit / self.total if self.total > 0 else None

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per point of the curve.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``customer_share``, ``cumulative_margin`` and ``cumulative_multiple``, which is over the
            total, and null unless that is above 0.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        sums = [held for _, held in self.points]
        multiples = [held / self.total if self.total > 0 else None for held in sums]
        columns = {
            "customer_share": ResultColumn(float, [share for share, _ in self.points]),
            "cumulative_margin": ResultColumn(float, sums),
            "cumulative_multiple": ResultColumn(float, multiples),
        }
        return plain_frame(columns, backend)

    def __repr__(self) -> str:
        if not self.customers:
            return "WhaleCurve(0 customers)"
        if self.peak_multiple is None:
            return (
                f"WhaleCurve({self.customers:,} customers, total {self.total:,.2f}: "
                f"{self.peak_customers:.1%} earn {self.peak:,.2f}, {self.loss_making_share:.1%} "
                f"lose {self.destroyed:,.2f})"
            )
        return (
            f"WhaleCurve({self.customers:,} customers, total {self.total:,.2f}: "
            f"{self.peak_customers:.1%} earn {self.peak_multiple:.0%} of it, "
            f"{self.loss_making_share:.1%} lose {self.destroyed_multiple:.0%})"
        )

    def _repr_html_(self) -> str:
        facts: dict[str, float | None] = {
            "customers": self.customers,
            "total": self.total,
            "peak": self.peak,
            "peak_customers": self.peak_customers,
            "peak_multiple": self.peak_multiple,
            "loss_making_share": self.loss_making_share,
            "destroyed": self.destroyed,
            "destroyed_multiple": self.destroyed_multiple,
        }
        columns = {name: ResultColumn(float, [fact]) for name, fact in facts.items()}
        return html_table(columns, "Whale curve")


def whale_curve(frame: Any, *, customer: str = "customer_id", margin: str = "margin") -> WhaleCurve:
    """Add up the margin of customers from the best to the worst.

    Parameters
    ----------
    frame : dataframe
        Rows with a customer and a margin, as :func:`customer_margin` gives; a customer's rows are
        summed. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    margin : str
        Numeric column, major units, one currency.

    Returns
    -------
    WhaleCurve

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As :func:`customer_margin` does; a margin may not be null.

    Notes
    -----
    Sums are rounded to 6 decimals, so that a margin of 0 is one. One query counts the customers of
    each margin; the rest is arithmetic on those counts.

    Kaplan and Cooper (1998) report a company in which 20 % of customers made 225 % of profit. It is
    an example of how steep the curve may be, no law; :meth:`WhaleCurve.multiple_of_best` says what
    it is here.

    References
    ----------
    R. S. Kaplan, V. G. Narayanan (2001), "Measuring and Managing Customer Profitability", Journal
    of Cost Management 15(5), 5-15. R. S. Kaplan, R. Cooper (1998), *Cost & Effect*, Harvard
    Business School Press.

    Examples
    --------
    >>> import polars as pl
    >>> margins = pl.DataFrame(
    ...     {"customer_id": ["a", "b", "c", "d", "e"], "margin": [90.0, 10.0, 0.0, -20.0, -40.0]}
    ... )
    >>> curve = whale_curve(margins)
    >>> curve
    WhaleCurve(5 customers, total 40.00: 40.0% earn 250% of it, 40.0% lose 150%)
    >>> curve.multiple_of_best(0.2)
    2.25
    """
    opened = open_frame(frame, table="customer margins")
    require_columns(opened, {"customer": customer, "margin": margin})
    opened = parse_objects(opened, [margin])
    require_kinds(opened, {customer: ColumnKind.KEY, margin: ColumnKind.NUMBER})
    rules = [not_null(customer), *amount_checks(opened, margin)]
    check_rows(opened, rules, keys=[customer])
    return _add_up(*_levels(opened, customer, margin))


def _levels(
    opened: OpenFrame, customer: str, margin: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each margin that occurs, the greatest first, and how many customers have it."""
    rows = opened.rows.select(
        _customer=key_values(opened, customer), _margin=nw.col(margin).cast(nw.Float64)
    )
    sums = rows.group_by("_customer").agg(nw.col("_margin").sum())
    clean = sums.with_columns(_margin=one_zero(denoise(nw.col("_margin"))))
    counted = clean.group_by("_margin").agg(_count=nw.len()).collect()
    margins = np.asarray(counted["_margin"].to_numpy(), dtype=np.float64)
    counts = np.asarray(counted["_count"].to_numpy(), dtype=np.float64)
    order = np.argsort(-margins, kind="stable")
    return margins[order], counts[order]


def _add_up(margins: NDArray[np.float64], counts: NDArray[np.float64]) -> WhaleCurve:
    customers = int(counts.sum())
    if not customers:
        return WhaleCurve(0, 0, 0, 0, 0.0, 0.0, ())
    shares = np.concatenate([[0.0], counts.cumsum() / customers])
    sums = np.concatenate([[0.0], (margins * counts).cumsum()])
    shares[-1] = 1.0
    profitable = int(counts[margins > 0].sum())
    loss_making = int(counts[margins < 0].sum())
    peak = sums[int((margins > 0).sum())]
    if len(shares) > _STEPS:
        ends = [profitable / customers, 1.0 - loss_making / customers]
        kept = np.union1d(np.linspace(0.0, 1.0, _STEPS + 1), ends)
        sums = np.interp(kept, shares, sums)
        shares = kept
    # Rounded as the margins are, of whose sum the last digits are noise.
    clean = np.round(sums, 6)
    return WhaleCurve(
        customers=customers,
        profitable=profitable,
        break_even=customers - profitable - loss_making,
        loss_making=loss_making,
        total=float(clean[-1]),
        peak=float(np.round(peak, 6)),
        points=tuple(zip(shares.tolist(), clean.tolist(), strict=True)),
    )
