"""How often the customer got in touch, why, and how long it waited."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.domain import InteractionDirection
from telcrm.tables.typed_columns import flag

__all__ = ["CONTACTS"]

_MONTH_DAYS = 30
_LEAVING = "cancel|terminat|port.?out|leave|leaving"


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    days = view.window.observation_days
    inbound = nw.col("direction") == str(InteractionDirection.INBOUND)
    recent = nw.col("_age") <= _MONTH_DAYS
    observed = nw.col("_age") <= days
    asked = nw.col("reason").str.to_lowercase().str.contains(_LEAVING)
    of_month = {
        "contacts_30d": flag(inbound & recent),
        "termination_contacts_30d": flag(inbound & recent & asked),
    }
    of_all = {"contact_count": flag(inbound & observed)}
    rows_seen = view.events("interactions", max(days, _MONTH_DAYS))
    flagged = rows_seen.select(
        "customer_id",
        mean_wait_s=nw.when(inbound & observed).then(nw.col("wait_s")),
        **of_month,
        **of_all,
    )
    found = flagged.group_by("customer_id").agg(
        nw.col(*of_month, *of_all).sum(), nw.col("mean_wait_s").mean()
    )
    counts = dict.fromkeys(of_month, view.covers("interactions", _MONTH_DAYS))
    counts |= dict.fromkeys(of_all, view.covers("interactions", days))
    return view.beside(rows, found, on="customer_id", columns=["mean_wait_s"], counts=counts)


_OBSERVED = "the observation, 90 days by default"

CONTACTS = Family(
    "contacts",
    (
        Feature(
            "contacts_30d",
            "Contacts that the customer began",
            "contacts",
            "30 days",
            ("interactions",),
        ),
        Feature(
            "contact_count",
            "Contacts that the customer began",
            "contacts",
            _OBSERVED,
            ("interactions",),
        ),
        Feature(
            "termination_contacts_30d",
            "Those whose reason speaks of cancelling, terminating, porting out or leaving",
            "contacts",
            "30 days",
            ("interactions.reason",),
        ),
        Feature(
            "mean_wait_s",
            "Mean wait in contacts that the customer began; null without any",
            "seconds",
            _OBSERVED,
            ("interactions.wait_s",),
        ),
    ),
    _add,
)
