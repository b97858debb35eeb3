"""What became of the lines of a snapshot, as far as the tables tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.snapshots.absences import SPELL
from telcrm.churn.window import ChurnKind, ChurnWindow
from telcrm.domain import PaymentMode
from telcrm.mart.lines import LATEST

__all__ = ["FATES", "NO_ROW", "outcome_columns", "with_fate"]

NO_ROW = ("too_new", "already_gone", "left_in_gap")
"""Fates of lines that have no row in a panel."""

FATES: Sequence[str] = (*NO_ROW, "unknown", *(str(kind) for kind in ChurnKind))
"""What can become of a line that is active at a snapshot; each line has one fate."""

_MONTHS_WAIT_DAYS = 62


def with_fate(
    rows: nw.LazyFrame[Any],
    latest: nw.LazyFrame[Any],
    absent: nw.LazyFrame[Any] | None,
    *,
    window: ChurnWindow,
    snapshot: date,
    complete: Mapping[PaymentMode, bool],
) -> nw.LazyFrame[Any]:
    """Add ``_fate`` to the lines of a snapshot.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
        From :func:`~telcrm.churn.snapshots.lines.lines_at`.
    latest : narwhals.stable.v2.LazyFrame
        What the tables say in the end: ``SPELL``, ``_ended`` and ``termination_reason``.
    absent : narwhals.stable.v2.LazyFrame or None
        All absences that the tables tell of.
    window : ChurnWindow
    snapshot : date
    complete : mapping of PaymentMode to bool
        Whether the outcome is known of lines that pay so.

    Returns
    -------
    narwhals.stable.v2.LazyFrame

    Notes
    -----
    A line leaves on the first churn date that its return does not cancel: the day of termination,
    or the date of an absence that lasts at the snapshot or begins later.
    """
    day = snapshot.toordinal()
    end = latest.select(*SPELL, _end=nw.col("_ended"), _reason=nw.col("termination_reason"))
    rows = rows.join(end, how="left", on=list(SPELL))
    if absent is None:
        rows = rows.with_columns(_away=nw.lit(LATEST))
    else:
        lasting = absent.filter(nw.col("_back") > day)
        away = lasting.group_by(*SPELL).agg(_away=nw.col("_date").min())
        rows = rows.join(away, how="left", on=list(SPELL))
        rows = rows.with_columns(_away=nw.col("_away").fill_null(LATEST).cast(nw.Int64))
    rows = rows.with_columns(_left=nw.min_horizontal("_away", "_end").cast(nw.Int64))
    prepaid = nw.col("payment_mode") == str(PaymentMode.PREPAID)
    wait = window.prepaid.wait_days if window.prepaid else _MONTHS_WAIT_DAYS
    waits = nw.when(prepaid).then(nw.lit(wait)).otherwise(nw.lit(_MONTHS_WAIT_DAYS))
    # A termination booked before an absence is certain says why the line was silent.
    stated = (nw.col("_end") <= nw.col("_left") + waits) & ~nw.col("_reason").is_null()
    unstated = nw.lit(str(window.unstated_reason))
    rows = rows.with_columns(_kind=nw.when(stated).then(nw.col("_reason")).otherwise(unstated))
    told = {mode: nw.lit(int(complete[mode])) for mode in PaymentMode}
    known = nw.when(prepaid).then(told[PaymentMode.PREPAID])
    rows = rows.with_columns(_complete=known.otherwise(told[PaymentMode.POSTPAID]))
    first, last = (each.toordinal() for each in window.outcome(snapshot))
    left = nw.col("_left")
    fate = (
        nw.when(nw.col("_tenure") < window.min_tenure_days)
        .then(nw.lit("too_new"))
        .otherwise(
            nw.when(left < day)
            .then(nw.lit("already_gone"))
            .otherwise(
                nw.when(left < first)
                .then(nw.lit("left_in_gap"))
                .otherwise(
                    nw.when(nw.col("_complete") == 0)
                    .then(nw.lit("unknown"))
                    .otherwise(
                        nw.when(left < last)
                        .then(nw.col("_kind"))
                        .otherwise(nw.lit(str(ChurnKind.STAYED)))
                    )
                )
            )
        )
    )
    return rows.with_columns(_fate=fate)


def outcome_columns(window: ChurnWindow) -> dict[str, nw.Expr]:
    """Express ``churned`` and ``churn_kind`` from ``_fate``; both null where it is unknown."""
    fate = nw.col("_fate")
    churner = fate.is_in([str(reason) for reason in window.churn_reasons])
    told = ~(fate == "unknown")
    one, none = nw.lit(1, nw.Int64), nw.lit(0, nw.Int64)
    return {
        "churned": nw.when(told).then(nw.when(churner).then(one).otherwise(none)),
        "churn_kind": nw.when(told).then(fate),
    }
