"""Split a panel so that nothing learnt in training could not have been known at the test."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import narwhals.stable.v2 as nw
import numpy as np

from telcrm.churn.window import ChurnWindow, snapshot_days
from telcrm.domain import PaymentMode
from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import WindowError
from telcrm.tables.array_table import array_table
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import readable
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.row_checks import check_rows, not_null

__all__ = ["TimeSplit", "customer_folds", "time_splits"]

FrameT = TypeVar("FrameT")

_FOLD = "fold"


class TimeSplit(NamedTuple):
    """The snapshots to learn from, and those to be tested on."""

    train: tuple[date, ...]
    test: tuple[date, ...]


def time_splits(
    snapshots: Any,
    *,
    window: ChurnWindow,
    snapshot: str = "snapshot",
    n_splits: int | None = None,
    train_snapshots: int | None = None,
    payment_mode: PaymentMode | str = PaymentMode.POSTPAID,
) -> list[TimeSplit]:
    """Pair each snapshot to test on with those whose outcomes were known on that day.

    Parameters
    ----------
    snapshots : dataframe or iterable of date
        A panel, or its snapshots.
    window : ChurnWindow
        That of the panel.
    snapshot : str
        Column of a panel.
    n_splits : int, optional
        Test on the last so many snapshots; by default on every one that has any to learn from.
    train_snapshots : int, optional
        Learn from the last so many (rolling); by default from all (expanding).
    payment_mode : PaymentMode
        ``prepaid`` waits, besides, until silence is certain.

    Returns
    -------
    list of TimeSplit
        ``(train, test)`` in the order of time; ``test`` has one snapshot.

    Raises
    ------
    WindowError
        No snapshot, or fewer than ``n_splits``, lies late enough after another.
    ParameterError
        ``n_splits`` or ``train_snapshots`` is no whole number of 1 or more.
    MissingColumnsError, ColumnTypeError
        The panel lacks ``snapshot``, or it holds no dates.

    Notes
    -----
    ``T_train + G + H <= T_test``: the embargo keeps outcomes that were still open on the day of
    the test out of the training. Lines stand in both; for a test on other customers see
    :func:`customer_folds`.

    Examples
    --------
    >>> months = [date(2026, month, 1) for month in (1, 2, 3, 4)]
    >>> [len(train) for train, test in time_splits(months, window=ChurnWindow(gap_days=29))]
    [1, 2]
    """
    days = _days_of(snapshots, snapshot)
    mode = choose(PaymentMode, payment_mode, "payment_mode")
    kept = whole_between("train_snapshots", train_snapshots or len(days), 1)
    found = []
    for test in days:
        known = [day for day in days if window.known_from(day, payment_mode=mode) <= test]
        if known:
            found.append(TimeSplit(tuple(known[-kept:]), (test,)))
    wanted = len(found) if n_splits is None else whole_between("n_splits", n_splits, 1)
    if not found or len(found) < wanted:
        raise WindowError(
            f"of {len(days)} snapshots from {days[0]} to {days[-1]}, {len(found)} come "
            f"{window.embargo_days} days or more after another, and {wanted or 'one or more'} are "
            "wanted. Take more snapshots, or a shorter gap and outcome.",
            snapshots=days,
            splits=len(found),
        )
    return found[-wanted:]


def _days_of(snapshots: Any, column: str) -> list[date]:
    if isinstance(snapshots, Iterable) and not hasattr(snapshots, "columns"):
        return snapshot_days(snapshots)
    opened = open_frame(snapshots, table="panel")
    require_columns(opened, {"snapshot": column})
    opened = parse_objects(opened, [column])
    require_kinds(opened, {column: ColumnKind.DATE})
    found = opened.rows.select(column).unique().collect()[column].to_list()
    days = [readable(day) for day in found]
    return snapshot_days([day.date() if isinstance(day, datetime) else day for day in days])


def customer_folds(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    n_splits: int = 5,
    random_state: int = 0,
) -> FrameT:
    """Put every customer into one fold, the same on every engine and whatever the other rows.

    Parameters
    ----------
    frame : dataframe
        pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    n_splits : int, 2 to 1000
    random_state : int
        Another one gives other folds.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, with ``fold``, Int64 from 0 to ``n_splits - 1``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        The column is not there, or holds no keys.
    InvalidTableError
        A customer is null.
    ParameterError
        ``n_splits`` or ``random_state`` is out of range, or ``frame`` has a column ``fold``.

    Notes
    -----
    The fold is the BLAKE2b hash of the seed and the customer's name, modulo ``n_splits``. Only the
    names of the customers, each once, leave the engine.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"customer_id": ["ann", "cid", "ann"]})
    >>> customer_folds(rows, n_splits=3)["fold"].to_list()
    [0, 2, 0]
    """
    folds = whole_between("n_splits", n_splits, 2, 1000)
    seed = whole_between("random_state", random_state, 0)
    opened = open_frame(frame, table="panel")
    require_columns(opened, {"customer": customer})
    refuse_twice("customer_folds", opened.rows.collect_schema().names(), [_FOLD])
    opened = parse_objects(opened, [customer])
    require_kinds(opened, {customer: ColumnKind.KEY})
    check_rows(opened, [not_null(customer)], keys=[customer])
    named = key_values(opened, customer).cast(nw.String)
    names = opened.rows.select(_name=named).unique().with_columns(_one=nw.lit(1))
    place = nw.col("_one").cum_sum().over(order_by="_name").cast(nw.Int64)
    places = opened.computed(names.select("_name", _place=place))
    found = places.collect()
    drawn = {
        "_place": found["_place"].to_numpy().astype(np.float64),
        "_fold": np.array(
            [_fold_of(name, seed, folds) for name in found["_name"].to_list()], float
        ),
    }
    told = array_table(opened, drawn).select(
        _place=nw.col("_place").cast(nw.Int64), **{_FOLD: nw.col("_fold").cast(nw.Int64)}
    )
    folded = places.join(told, how="left", on="_place").select("_name", _FOLD)
    rows = opened.rows.with_columns(_name=named).join(folded, how="left", on="_name").drop("_name")
    return opened.close(rows)  # type: ignore[no-any-return]


def _fold_of(name: str, seed: int, folds: int) -> int:
    digest = blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % folds
