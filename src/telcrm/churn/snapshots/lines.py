"""Who was there on a day, as far as was known by then, and since when."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.snapshots.absences import SPELL
from telcrm.churn.snapshots.sources import PanelSources
from telcrm.churn.snapshots.view import SnapshotView
from telcrm.domain import PaymentMode, SubscriptionStatus
from telcrm.errors import InvalidTableError
from telcrm.mart.lines import LATEST
from telcrm.tables.findings import written_keys
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.row_checks import FIRST_KEYS, first_keys
from telcrm.tables.typed_columns import flag

__all__ = ["latest_rows", "lines_at", "refuse_overlaps", "rows_known_at"]

_BEFORE_SERVICE = (
    SubscriptionStatus.CREATED,
    SubscriptionStatus.PENDING_ACTIVE,
    SubscriptionStatus.CANCELLED,
    SubscriptionStatus.ABORTED,
)


def latest_rows(sources: PanelSources, data_end: int) -> nw.LazyFrame[Any]:
    """Return what the table says in the end of each spell, with ``_ended``.

    ``_ended`` is the first day without service, 0 where that is not told of a terminated line, and
    :data:`telcrm.mart.lines.LATEST` where it is not before ``data_end``.
    """
    rows = sources.rows("subscriptions")
    if "subscriptions" in sources.dated:
        rows = rows.with_columns(_last=nw.col("_version").max().over(*SPELL))
        rows = rows.filter(nw.col("_version") == nw.col("_last")).drop("_last")
    return _with_end(rows, nw.col("_terminated_on") < data_end, _is_undated())


def rows_known_at(view: SnapshotView) -> nw.LazyFrame[Any]:
    """Return what was known of each spell at a snapshot, with ``_ended``."""
    is_known = nw.col("_hidden") == 0
    return _with_end(view.known("subscriptions"), is_known, _is_undated() & is_known)


def _is_undated() -> nw.Expr:
    is_terminated = nw.col("status") == str(SubscriptionStatus.TERMINATED)
    return is_terminated & (nw.col("_terminated_on") == LATEST)


def _with_end(rows: nw.LazyFrame[Any], is_told: nw.Expr, undated: nw.Expr) -> nw.LazyFrame[Any]:
    told = nw.when(is_told).then(nw.col("_terminated_on")).otherwise(nw.lit(LATEST))
    return rows.with_columns(_told=told.cast(nw.Int64), _undated=flag(undated)).with_columns(
        _ended=nw.when(nw.col("_undated") == 1).then(nw.lit(0)).otherwise(nw.col("_told"))
    )


def refuse_overlaps(sources: PanelSources, rows: nw.LazyFrame[Any]) -> None:
    """Refuse a line that is in service twice at one time.

    Raises
    ------
    InvalidTableError
    """
    if not sources.several:
        return
    spells = rows.select(*SPELL, "_ended")
    beside = with_neighbours(
        spells,
        {"_next": ("_activated_on", -1)},
        among=["subscription_id"],
        order_by=["_activated_on"],
    )
    wrong = beside.filter(nw.col("_next") < nw.col("_ended"))
    keys = first_keys(wrong, ["subscription_id"], FIRST_KEYS)
    if keys:
        raise InvalidTableError(
            "subscriptions: a line is activated again before it was terminated (first "
            f"subscription_id: {written_keys(keys)}). Keep one row of each spell, and "
            "tell in 'recorded_at' what is an older version of it.",
            table="subscriptions",
            keys=keys,
        )


def lines_at(
    view: SnapshotView,
    rows: nw.LazyFrame[Any],
    absent: nw.LazyFrame[Any] | None,
    *,
    status_is_of_the_day: bool,
) -> nw.LazyFrame[Any]:
    """Keep the lines that were there at a snapshot, as far as was known by then.

    Parameters
    ----------
    view : SnapshotView
    rows : narwhals.stable.v2.LazyFrame
        From :func:`rows_known_at`.
    absent : narwhals.stable.v2.LazyFrame or None
        Absences, of which those that were known by the snapshot count.
    status_is_of_the_day : bool
        The table tells the status of that day, so that barred prepaid lines can be told.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        The rows with ``spell_no``, ``_since`` (first day of the spell, 0 if not known), and
        ``_tenure``, in days, null if not known.
    """
    day = view.day
    waiting = nw.col("status").is_in([str(status) for status in _BEFORE_SERVICE])
    began = nw.col("_activated_on")
    there = rows.filter((began < day) & (nw.col("_ended") >= day) & ~((began == 0) & waiting))
    if status_is_of_the_day:
        prepaid = nw.col("payment_mode") == str(PaymentMode.PREPAID)
        barred = prepaid & (nw.col("status") == str(SubscriptionStatus.SUSPENDED))
        there = there.filter(~(barred & (nw.col("_hidden") == 0)))
    there = there.with_columns(_row=nw.lit(1))
    if view.sources.several:
        begun = rows.filter(began < day).select(*SPELL)
        count = begun.group_by("subscription_id").agg(_row=nw.len())
        there = there.drop("_row").join(count, how="left", on="subscription_id")
    if absent is None:
        told = there.with_columns(_returns=nw.lit(0), _came_back=nw.lit(0))
    else:
        silent = absent.filter((nw.col("_known") <= day) & (nw.col("_back") > day))
        there = there.join(silent.select(*SPELL).unique(), how="anti", on=list(SPELL))
        back = absent.filter(nw.col("_back") <= day).select(*SPELL, "_since").unique()
        told = there.join(
            back.group_by(*SPELL).agg(_returns=nw.len(), _came_back=nw.col("_since").max()),
            how="left",
            on=list(SPELL),
        )
    told = told.with_columns(
        _returns=nw.col("_returns").fill_null(0).cast(nw.Int64),
        _came_back=nw.col("_came_back").fill_null(0).cast(nw.Int64),
    )
    since = nw.max_horizontal("_activated_on", "_came_back").cast(nw.Int64)
    told = told.with_columns(
        spell_no=(nw.col("_row") + nw.col("_returns")).cast(nw.Int64), _since=since
    )
    age = day - nw.col("_since")
    return told.with_columns(_tenure=nw.when(nw.col("_since") > 0).then(age).cast(nw.Float64))
