"""How long a line has been there, and how far the end of its contract is."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureKind, FeatureView

__all__ = ["TENURE"]

_MONTH_DAYS = 30.4375
_NEAR_DAYS = 60

_CONTRACT = ("subscriptions.commitment_end",)


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    ends = nw.col("_commitment_end")
    told = (ends > 0) & (nw.col("_hidden") == 0)
    left = nw.when(told).then((ends + 1 - view.day).cast(nw.Float64))
    rows = rows.with_columns(tenure_months=nw.col("_tenure") / _MONTH_DAYS, _left_days=left)
    days = nw.col("_left_days")
    phase = (
        nw.when(days > _NEAR_DAYS)
        .then(nw.lit("bound"))
        .otherwise(
            nw.when(days > 0)
            .then(nw.lit("ending"))
            .otherwise(
                nw.when(days > -_NEAR_DAYS)
                .then(nw.lit("just_ended"))
                .otherwise(nw.when(days.is_null()).then(nw.lit("none")).otherwise(nw.lit("ended")))
            )
        )
    )
    return rows.with_columns(
        months_to_contract_end=days / _MONTH_DAYS,
        commitment_phase=nw.when(nw.col("_hidden") == 0).then(phase),
    )


TENURE = Family(
    "tenure",
    (
        Feature(
            "tenure_months",
            "Age of the spell: since activation, or since the line came back",
            "months of 30.4375 days",
            "since the spell began",
            (),
        ),
        Feature(
            "months_to_contract_end",
            "Time until the customer is bound no more; negative after it, null without commitment",
            "months of 30.4375 days",
            "at the snapshot",
            _CONTRACT,
            present="subscriptions",
        ),
        Feature(
            "commitment_phase",
            "none, bound (more than 60 days), ending (60 days or less), just_ended (less than 60 "
            "days ago), ended",
            "category",
            "at the snapshot",
            _CONTRACT,
            FeatureKind.CATEGORICAL,
            present="subscriptions",
        ),
    ),
    _add,
)
