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
    measures = ["revenue", *(name for name in _USED if view.sources.has("subscriber_months", name))]
    found, *before = [
        view.months(back).select(
            "subscription_id", **{f"_{name}_{back}": nw.col(name) for name in measures}
        )
        for back in range(_BEFORE + 1)
    ]
    for month in before:
        found = found.join(month, how="left", on="subscription_id")
    told: dict[str, nw.Expr] = {}
    for name in measures:
        last, *others = (nw.col(f"_{name}_{back}") for back in range(_BEFORE + 1))
        mean = sum(others[1:], others[0]) / float(_BEFORE)
        if name == "revenue":
            told |= {"revenue_last_month": last, "revenue_change": last - mean}
            continue
        scale = _SCALE[name]
        told[_USED[name]] = last / scale
        told[f"{_USED[name]}_trend"] = (last / scale + 1.0).log() - (mean / scale + 1.0).log()
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
