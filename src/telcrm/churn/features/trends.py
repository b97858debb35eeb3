"""How usage goes: the last month against the two before, and the last four weeks against twelve."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.churn.features.usage_days import usage_days

__all__ = ["TRENDS"]

_MONTH_DAYS = 30
_FOUR_WEEKS = 28
_TO_SIGMA = 1.4826
_SLACK = 0.05

_MEASURES = {"voice": ("_seconds", 60.0), "data": ("_bytes", 1e6), "sms": ("_messages", 1.0)}
_UNITS = {"voice": "minutes", "data": "megabytes", "sms": "messages sent"}


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    return [(at * length + 1, (at + 1) * length) for at in range(count)]


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    months, weeks = _MONTH_DAYS * 3, _FOUR_WEEKS * 4
    day = nw.col("_day")
    known = (nw.col("_from") <= view.place) & (day >= view.day - max(months, weeks))
    sums = {
        f"_{kind}_{length}_{at}": nw.when((day >= view.day - last) & (day <= view.day - first))
        .then(nw.col(measure) / unit)
        .otherwise(nw.lit(0.0))
        for kind, (measure, unit) in _MEASURES.items()
        for length, count in ((_MONTH_DAYS, 3), (_FOUR_WEEKS, 4))
        for at, (first, last) in enumerate(_spans(length, count))
    }
    flagged = usage_days(view).filter(known).select("subscription_id", **sums)
    found = flagged.group_by("subscription_id").agg(*[nw.col(name).sum() for name in sums])
    counts = dict.fromkeys(sums, view.covers("usage", _MONTH_DAYS))
    rows = view.beside(rows, found, on="subscription_id", counts=counts)
    for kind in _MEASURES:
        rows = rows.with_columns(**_measure(kind))
        for name, days in ((f"{kind}_trend", months), (f"{kind}_anomaly", weeks)):
            # A line younger than the spans, or a table, has nothing to compare with.
            young = nw.col("_tenure") < days
            told = nw.col(name) if view.covers("usage", days) else nw.when(young & ~young).then(0.0)
            rows = rows.with_columns(
                **{name: nw.when(young).then(nw.lit(None, nw.Float64)).otherwise(told)}
            )
    return rows


def _measure(kind: str) -> dict[str, nw.Expr]:
    last, before, earlier = (nw.col(f"_{kind}_{_MONTH_DAYS}_{at}") for at in range(3))
    trend = (last + 1.0).log() - ((before + earlier) / 2.0 + 1.0).log()
    now, *past = (nw.col(f"_{kind}_{_FOUR_WEEKS}_{at}") for at in range(4))
    middle = _median(past)
    deviation = _median([(span - middle).abs() for span in past])
    scale = deviation * _TO_SIGMA + middle * _SLACK + 1.0
    return {
        f"{kind}_30d": last,
        f"{kind}_trend": trend,
        f"{kind}_anomaly": (now - middle) / scale,
    }


def _median(three: list[nw.Expr]) -> nw.Expr:
    total = three[0] + three[1] + three[2]
    return total - nw.max_horizontal(*three) - nw.min_horizontal(*three)


def _features() -> tuple[Feature, ...]:
    made = []
    for kind, unit in _UNITS.items():
        said = {"voice": "Calls, both ways", "data": "Data", "sms": "Messages sent"}[kind]
        made += [
            Feature(f"{kind}_30d", said, unit, "30 days", ("usage",)),
            Feature(
                f"{kind}_trend",
                f"{said}: ln((a + 1) / (b + 1)), a in the last 30 days, b the mean of the two "
                "spans of 30 days before",
                f"log ratio of {unit}",
                "90 days, null for a younger spell",
                ("usage",),
            ),
            Feature(
                f"{kind}_anomaly",
                f"{said}: (u - m) / (1.4826 MAD + 0.05 m + 1), u in the last 28 days, m and MAD "
                "median and median absolute deviation of the three spans of 28 days before",
                "robust standard deviations",
                "112 days, null for a younger spell",
                ("usage",),
            ),
        ]
    return tuple(made)


TRENDS = Family("trends", _features(), _add)
