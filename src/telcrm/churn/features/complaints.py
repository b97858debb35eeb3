"""What the customer complained about."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.domain import Severity
from telcrm.tables.typed_columns import flag

__all__ = ["COMPLAINTS"]

_SEVERE = [str(Severity.HIGH), str(Severity.CRITICAL)]


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    days = view.window.observation_days
    observed = nw.col("_age") <= days
    counts = {
        "complaint_count": flag(observed),
        "severe_complaint_count": flag(observed & nw.col("severity").is_in(_SEVERE)),
        "open_complaints": flag(nw.col("_resolved_at") >= view.day),
    }
    flagged = view.events("complaints").select("customer_id", "_age", **counts)
    found = flagged.group_by("customer_id").agg(
        *[nw.col(name).sum() for name in counts], days_since_complaint=nw.col("_age").min()
    )
    return view.beside(
        rows,
        found,
        on="customer_id",
        columns=["days_since_complaint"],
        counts=dict.fromkeys(counts, view.covers("complaints", days)),
    )


_OBSERVED = "the observation, 90 days by default"

COMPLAINTS = Family(
    "complaints",
    (
        Feature("complaint_count", "Complaints received", "complaints", _OBSERVED, ("complaints",)),
        Feature(
            "severe_complaint_count",
            "Complaints of high or critical severity",
            "complaints",
            _OBSERVED,
            ("complaints.severity",),
        ),
        Feature(
            "open_complaints",
            "Complaints that were not resolved by then; the status, which is that of today, does "
            "not count",
            "complaints",
            "all days told of",
            ("complaints.resolved_at",),
        ),
        Feature(
            "days_since_complaint",
            "Last complaint",
            "days",
            "all days told of, null if never",
            ("complaints",),
        ),
    ),
    _add,
)
