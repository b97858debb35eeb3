"""What the line brought and used in the last calendar month that was over."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView

__all__ = ["MONTHS"]

_USED = {"voice_s": "monthly_voice", "data_bytes": "monthly_data", "sms_count": "monthly_sms"}
_SCALE = {"voice_s": 60.0, "data_bytes": 1e6, "sms_count": 1.0}
_BEFORE = 2


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    months = view.events("subscriber_months")
    months = months.filter(nw.col("_month") >= view.month - _BEFORE)
    is_last = nw.col("_month") == view.month
    measures = ["revenue", *(name for name in _USED if view.sources.has("subscriber_months", name))]
    split = {
        f"_{name}_{when}": nw.when(case).then(nw.col(name))
        for name in measures
        for when, case in (("last", is_last), ("before", ~is_last))
    }
    flagged = months.select("subscription_id", **split)
    lasts = [f"_{name}_last" for name in measures]
    befores = [f"_{name}_before" for name in measures]
    found = flagged.group_by("subscription_id").agg(
        nw.col(*lasts).max(),
        nw.col(*befores).mean(),
        *[nw.col(name).count().alias(f"{name}_n") for name in befores],
    )
    told = {}
    for name in measures:
        last, before = nw.col(f"_{name}_last"), nw.col(f"_{name}_before")
        whole = nw.col(f"_{name}_before_n") == _BEFORE
        if name == "revenue":
            told["revenue_last_month"] = last
            told["revenue_change"] = nw.when(whole).then(last - before)
            continue
        scale = _SCALE[name]
        told[_USED[name]] = last / scale
        trend = (last / scale + 1.0).log() - (before / scale + 1.0).log()
        told[f"{_USED[name]}_trend"] = nw.when(whole).then(trend)
    found = found.with_columns(**told)
    return view.beside(rows, found, on="subscription_id", columns=[*told])


def _features() -> tuple[Feature, ...]:
    made = [
        Feature(
            "revenue_last_month",
            "Revenue of the last month that was over, tax excluded",
            "currency",
            "1 calendar month, null without a row",
            ("subscriber_months",),
        ),
        Feature(
            "revenue_change",
            "Revenue of that month less the mean of the two before",
            "currency",
            "3 calendar months, null unless there are rows of all",
            ("subscriber_months",),
        ),
    ]
    words = {"voice_s": ("Calls", "minutes"), "data_bytes": ("Data", "megabytes")}
    words["sms_count"] = ("Messages sent", "messages")
    for name, (said, unit) in words.items():
        table = (f"subscriber_months.{name}",)
        made += [
            Feature(
                _USED[name],
                f"{said} in the last month that was over",
                unit,
                "1 calendar month",
                table,
            ),
            Feature(
                f"{_USED[name]}_trend",
                f"{said}: ln((a + 1) / (b + 1)), a in that month, b the mean of the two before",
                f"log ratio of {unit}",
                "3 calendar months, null unless there are rows of all",
                table,
            ),
        ]
    return tuple(made)


MONTHS = Family("months", _features(), _add)
