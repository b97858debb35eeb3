"""Repeat purchases of all customers together over time, against those that a model expects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_day, require_positive
from telcrm.errors import ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.purchase_periods import (
    Clock,
    Granularity,
    open_transactions,
    purchases_of,
)
from telcrm.value.time import TimeUnit

__all__ = ["CumulativeTransactions", "cumulative_transactions"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False)
class CumulativeTransactions:
    """Purchases after the first of each customer, added up over time.

    Attributes
    ----------
    unit : TimeUnit
        What times are counted in.
    customers : int
        How many are followed.
    time : tuple of float
        Since the first purchase of the first customer, 0 included. Empty without customers.
    actual : tuple of int
        Repeat purchases up to each time.
    expected : tuple of float
        Those that the model expects.
    calibration_end : float or None
        Time at which the calibration ends, if the observation was split.
    """

    unit: TimeUnit
    customers: int
    time: tuple[float, ...]
    actual: tuple[int, ...]
    expected: tuple[float, ...]
    calibration_end: float | None

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per time.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``time`` (Float64), ``actual`` (Int64), ``expected`` (Float64) and ``holdout``
            (Boolean), true after the end of the calibration.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.

        Examples
        --------
        >>> tracked = CumulativeTransactions(TimeUnit.WEEK, 9, (0.0, 1.0), (0, 4), (0.0, 3.5), 0.0)
        >>> tracked.to_frame().rows()
        [(0.0, 0, 0.0, False), (1.0, 4, 3.5, True)]
        """
        return plain_frame(self._columns(), backend)

    def __repr__(self) -> str:
        if not self.time:
            return "CumulativeTransactions(0 customers)"
        return (
            f"CumulativeTransactions({self.customers:,} customers, {self.time[-1]:,.1f} "
            f"{self.unit}s: {self.actual[-1]:,} repeat purchases, {self.expected[-1]:,.1f} "
            "expected)"
        )

    def _repr_html_(self) -> str:
        return html_table(self._columns(), repr(self))

    def _columns(self) -> dict[str, ResultColumn]:
        end = self.calibration_end
        return {
            "time": ResultColumn(float, self.time),
            "actual": ResultColumn(int, self.actual),
            "expected": ResultColumn(float, self.expected),
            "holdout": ResultColumn(bool, [end is not None and at > end for at in self.time]),
        }


def cumulative_transactions(
    frame: Any,
    *,
    model: PurchaseModel,
    until: date,
    calibration_until: date | None = None,
    customer: str = "customer_id",
    at: str = "at",
    granularity: Granularity | str = Granularity.DAY,
    step: float = 1.0,
) -> CumulativeTransactions:
    """Add up the repeat purchases of all customers over time, and those that a model expects.

    Parameters
    ----------
    frame : dataframe
        Transactions, as :func:`~telcrm.value.summarize_transactions` takes them.
    model : PurchaseModel
        Fitted, without covariates. Times are counted in its ``time_unit``.
    until : date
        Last day of observation; later transactions are left out.
    calibration_until : date, optional
        Last day of what the model learned from. Customers who first bought later are left out: it
        has not seen them.
    customer : str
        Column that names the customer.
    at : str
        Column of dates or datetimes; of a datetime, the day by the clock that it is kept in.
    granularity : {"day", "week", "month", "year"}
        As in the summary that the model learned from.
    step : float above 0
        Time from one point to the next, a period at least; the last step, which ends at ``until``,
        may be shorter.

    Returns
    -------
    CumulativeTransactions

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        A column is not there, ``at`` holds no dates, or the key is a float or an object.
    InvalidTableError
        A key or date is null.
    NotFittedError
    ParameterError
        The model has covariates, or counts in other periods than ``granularity``; a day is none;
        ``calibration_until`` is not before ``until``; ``step`` is not above 0.

    Notes
    -----
    A customer first seen at time b is expected to buy ``E[X(t - b)]`` times again up to t
    (:meth:`~telcrm.value.PurchaseModel.expected_new`); the sum over customers is what all of them
    are expected to. No history enters it: the model has to find the level and the bend of the
    curve by its parameters alone. Both numbers count whole periods up to the end of the one that
    the time falls into.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "'Counting Your Customers' the Easy Way",
    Marketing Science 24(2), 275-284, figures 2 and 3. P. S. Fader, B. G. S. Hardie, K. L. Lee
    (2005), "A Note on Implementing the Pareto/NBD Model in MATLAB", brucehardie.com/notes/008.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value import BetaGeoModel
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 5, 14],
    ...         "recency": [0.0, 5.0, 25.0, 20.0, 36.0, 38.0],
    ...         "age": [38.9] * 6,
    ...         "customers": [1400, 300, 130, 100, 40, 8],
    ...     }
    ... )
    >>> model = BetaGeoModel(customers="customers").fit(customers)
    >>> days = [1, 3, 8, 2, 9, 4, 5, 6, 20, 1, 15, 29]
    >>> recharges = pl.DataFrame(
    ...     {"customer_id": list("aaabbcdeefff"), "at": [date(2024, 1, day) for day in days]}
    ... )
    >>> tracked = cumulative_transactions(recharges, model=model, until=date(2024, 1, 31))
    >>> tracked.time
    (0.0, 1.0, 2.0, 3.0, 4.0, 4.28...)
    >>> tracked.actual
    (0, 2, 4, 5, 6, 6)
    """
    model.require_fitted()
    clock = _clock_of(model, granularity)
    require_positive(step=step)
    last = clock.place(require_day("cumulative_transactions", until))
    split = last
    if calibration_until is not None:
        split = clock.place(require_day("cumulative_transactions", calibration_until))
        if not split < last:
            raise ParameterError(
                f"calibration_until is {calibration_until}, and has to be before the period of "
                f"until ({until}).",
                calibration_until=calibration_until,
            )
    opened = open_transactions(frame, customer=customer, at=at, amount=None)
    purchases = purchases_of(opened, clock, customer=customer, at=at, amount=None, until=until)
    places, new, repeats = _by_place(purchases, split)
    if not places.size:
        return CumulativeTransactions(model.unit, 0, (), (), (), None)
    start = int(places[0])
    ends = _points(start, last, step * clock.per_unit)
    time = (ends - start) / clock.per_unit
    expected = _expected(model, clock.per_unit, places - start, new, ends - start)
    actual = np.append(0, repeats.cumsum())[np.searchsorted(places, ends, side="right")]
    return CumulativeTransactions(
        unit=model.unit,
        customers=int(new.sum()),
        time=tuple(time.tolist()),
        actual=tuple(actual.tolist()),
        expected=tuple(expected.tolist()),
        calibration_end=None if calibration_until is None else (split - start) / clock.per_unit,
    )


def _clock_of(model: PurchaseModel, granularity: Granularity | str) -> Clock:
    if model.covariates:
        raise ParameterError(
            f"cumulative_transactions: the model has the covariates {', '.join(model.covariates)}, "
            "and transactions do not hold those of customers. Pass a model without.",
            covariates=list(model.covariates),
        )
    clock = Clock.of(model.unit, granularity)
    if model.process.whole_periods and clock.per_unit != 1.0:
        raise ParameterError(
            f"{type(model).__name__} counts whole periods of a {model.unit}. Pass "
            f'granularity="{model.unit}".',
            granularity=granularity,
        )
    return clock


def _by_place(purchases: nw.LazyFrame[Any], split: int) -> tuple[Counts, Counts, Counts]:
    """Return the periods with a purchase, and the first purchases and the others in each."""
    known = purchases.filter(nw.col("_first") <= split)
    marked = known.select("_place", _new=(nw.col("_place") == nw.col("_first")).cast(nw.Int64))
    found = marked.group_by("_place").agg(nw.col("_new").sum(), _all=nw.len()).collect()
    columns = [found[name].to_numpy().astype(np.int64) for name in ("_place", "_new", "_all")]
    places, new, every = (column[np.argsort(columns[0])] for column in columns)
    return places, new, every - new


def _points(start: int, last: int, step: float) -> Counts:
    whole = np.arange(0.0, last - start, max(step, 1.0))
    # A step may be no whole number of periods: what counts is the period it ends in.
    return np.unique(np.append(np.floor(whole + start), last).astype(np.int64))


def _expected(
    model: PurchaseModel, per_unit: float, births: Counts, new: Counts, ends: Counts
) -> Floats:
    by_age = model.expected_new(np.arange(ends[-1] + 1) / per_unit)
    return np.array([new @ by_age[np.maximum(end - births, 0)] for end in ends])
