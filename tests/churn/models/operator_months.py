"""Months at risk of the synthetic operator's postpaid lines, and the true hazards of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telcrm.churn import ChurnWindow, HazardModel, build_panel, customer_folds
from telcrm.synth import Operator

Floats = NDArray[np.float64]

FIRST = date(2025, 1, 1)
SEEN, AHEAD = 8, 12
"""Months told of before the first snapshot, and months that are looked ahead.

Debts of the opening base begin with the first month: it takes a while until those who never pay
have been cut off.
"""

# No commitment: the operator's table tells the last one of each line, and who renews later stayed.
FEATURES = (
    "tenure_months",
    "segment",
    "revenue_last_month",
    "complaint_count",
    "overdue_days",
)
_TABLES = (
    "subscriptions",
    "customers",
    "subscriber_months",
    "invoices",
    "payments",
    "complaints",
)


def month_start(at: int) -> date:
    return date(FIRST.year + at // 12, at % 12 + 1, 1)


@dataclass(frozen=True)
class OperatorMonths:
    """Rows of postpaid lines at the starts of months, and the true hazards of those months.

    Attributes
    ----------
    rows : polars.DataFrame
        A panel with an outcome of a calendar month, without a gap, and ``fold`` of the customer, 0
        to 4.
    hazards : polars.DataFrame
        ``subscription_id``, ``period``, ``hazard`` and ``hazard_involuntary`` of months at risk.
    """

    rows: pl.DataFrame
    hazards: pl.DataFrame

    def fitted(self) -> HazardModel:
        """Fit a model to the months of four folds of the customers."""
        learnt = self.rows.filter(pl.col("fold") > 0)
        model = HazardModel(
            features=FEATURES,
            advancing={"tenure_months": 1.0},
            steps={"complaint_count": (0.0, 1.0, 2.0)},
        )
        return model.fit(learnt, learnt["churn_kind"].to_numpy())

    def judged(self) -> pl.DataFrame:
        """Return the lines of the last fold as they stood at the first snapshot."""
        first = pl.col("snapshot") == month_start(SEEN)
        return self.rows.filter((pl.col("fold") == 0) & first)

    def compensated(self, lines: pl.DataFrame, column: str = "hazard") -> Floats:
        """Add up the true hazards of each line while it was there.

        The sum has the mean of the chance to have left, and a fraction of the noise of having left
        (the difference is a martingale: Andersen et al. 1993, Statistical Models Based on Counting
        Processes, II.4).

        Returns
        -------
        array of shape (n, AHEAD)
        """
        found = np.zeros((lines.height, AHEAD))
        for ahead in range(AHEAD):
            month = self.hazards.filter(pl.col("period") == month_start(SEEN + ahead))
            own = lines.select("subscription_id").join(
                month, on="subscription_id", how="left", maintain_order="left"
            )
            found[:, ahead] = own[column].fill_null(0.0).to_numpy()
        summed: Floats = found.cumsum(axis=1)
        return summed

    def gone(self, lines: pl.DataFrame) -> Floats:
        """Tell which lines had left by the end of each month ahead.

        Returns
        -------
        array of shape (n, AHEAD), 0 or 1
        """
        left = self.rows.filter(pl.col("churn_kind") != "stayed")
        first = left.group_by("subscription_id").agg(pl.col("snapshot").min())
        own = lines.select("subscription_id").join(
            first, on="subscription_id", how="left", maintain_order="left"
        )["snapshot"]
        months = [
            (own <= month_start(SEEN + ahead)).fill_null(value=False) for ahead in range(AHEAD)
        ]
        found: Floats = np.column_stack([month.to_numpy() for month in months]).astype(np.float64)
        return found


def operator_months(subscribers: int, seed: int) -> OperatorMonths:
    """Draw an operator, and build its months."""
    operator = Operator(subscribers=subscribers, months=SEEN + AHEAD, first_period=FIRST, seed=seed)
    tables = operator.tables(_TABLES)
    postpaid = tables["subscriptions"].filter(pl.col("payment_mode") == "postpaid")
    tables["subscriptions"] = postpaid
    starts = [month_start(SEEN + ahead) for ahead in range(AHEAD)]
    rows = pl.concat([_panel(tables, length, starts) for length in (28, 30, 31)])
    hazards: pl.DataFrame = operator.truth.to_frames()["hazards"]
    return OperatorMonths(customer_folds(rows, n_splits=5), hazards)


def _panel(tables: dict[str, Any], length: int, starts: Sequence[date]) -> pl.DataFrame:
    """Build the rows of months of one length: an outcome is as long as its month."""
    days = [day for day in starts if _length(day) == length]
    frame: pl.DataFrame = build_panel(
        tables,
        window=ChurnWindow(gap_days=0, outcome_days=length, min_tenure_days=0, prepaid=None),
        snapshots=days,
        data_end=month_start(SEEN + AHEAD),
        features=FEATURES,
    ).labelled()
    return frame


def _length(day: date) -> int:
    return ((day + timedelta(days=31)).replace(day=1) - day).days
