"""What lines used and topped up in a month, and when they last did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain import ActivityKind, PaymentMode, UsageDirection, UsageKind, UsageZone
from telcrm.mart.attribution import attribute, bearers
from telcrm.mart.lines import tier
from telcrm.mart.micros import micros
from telcrm.mart.month import Month
from telcrm.mart.policy import MartPolicy
from telcrm.mart.sources import Sources
from telcrm.tables.typed_columns import flag

__all__ = ["USAGE_COLUMNS", "days_to_read", "recharges_of_lines", "usage_of_lines", "zoned_column"]

_UNIT = {
    UsageKind.VOICE: ("duration_s", "s"),
    UsageKind.SMS: ("_records", "count"),
    UsageKind.DATA: ("volume_bytes", "bytes"),
}


def zoned_column(kind: UsageKind, zone: UsageZone) -> str:
    """Return the name of the column of usage of one kind in one zone.

    Examples
    --------
    >>> zoned_column(UsageKind.VOICE, UsageZone.ROAMING)
    'voice_roaming_s'
    """
    return f"{kind}_{zone}_{_UNIT[kind][1]}"


_ZONED = {
    zoned_column(kind, zone): (kind, zone, measure)
    for kind, (measure, _) in _UNIT.items()
    for zone in UsageZone
}

_TOTALS = (
    "voice_s",
    "data_bytes",
    "sms_count",
    "voice_outgoing_count",
    "voice_incoming_count",
    "voice_incoming_s",
    "sms_incoming_count",
    "data_count",
)

USAGE_COLUMNS = (*_TOTALS, *_ZONED)
"""The columns of usage, all Int64."""


def days_to_read(month: Month, policy: MartPolicy, *, continued: bool) -> tuple[date, date]:
    """Tell which days of usage and recharges a month is built from.

    After the month before only its own days are needed, otherwise those of the activity rule too.
    """
    window = month.last - timedelta(days=policy.prepaid_activity.window_days - 1)
    return (month.first if continued else min(month.first, window)), month.last


def usage_of_lines(sources: Sources, month: Month, policy: MartPolicy) -> nw.LazyFrame[Any]:
    """Sum the usage of each line that has any.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id``, ``_used`` (1 if in the month), ``_last_usage`` (Date, of the kinds
        that count), ``_charge`` (micro-units) and the columns of usage.
    """
    rows = sources.rows("usage")
    counted = _counted(policy)
    days = sources.day("usage", "started_at")
    month_rows = rows.select(
        "subscription_id",
        "kind",
        "direction",
        "zone",
        _day=days,
        duration_s=nw.col("duration_s").cast(nw.Int64),
        volume_bytes=nw.col("volume_bytes").cast(nw.Int64),
        _charge=micros(nw.col("charge").fill_null(0)),
        _in_month=flag(sources.since("usage", "started_at", month.first)),
    )
    # A line has few kinds, directions and zones: wide columns come after the first sum.
    keys = ["subscription_id", "kind", "direction", "zone", "_in_month"]
    measures = ["duration_s", "volume_bytes", "_charge"]
    long = month_rows.group_by(*keys).agg(
        *[nw.col(name).sum() for name in measures],
        nw.len().alias("_records"),
        nw.col("_day").max().alias("_last_usage"),
    )
    kind, outgoing = nw.col("kind"), nw.col("direction") == str(UsageDirection.OUTGOING)
    here = nw.col("_in_month") == 1
    voice, sms, data = (here & (kind == str(k)) for k in UsageKind)

    def part(condition: nw.Expr, measure: str) -> nw.Expr:
        return nw.when(condition).then(nw.col(measure).cast(nw.Int64)).otherwise(nw.lit(0))

    wide = {
        "voice_s": part(voice, "duration_s"),
        "data_bytes": part(data, "volume_bytes"),
        "sms_count": part(sms & outgoing, "_records"),
        "voice_outgoing_count": part(voice & outgoing, "_records"),
        "voice_incoming_count": part(voice & ~outgoing, "_records"),
        "voice_incoming_s": part(voice & ~outgoing, "duration_s"),
        "sms_incoming_count": part(sms & ~outgoing, "_records"),
        "data_count": part(data, "_records"),
    }
    for name, (own, zone, measure) in _ZONED.items():
        where = here & (kind == str(own)) & (nw.col("zone") == str(zone))
        # Bytes flow both ways in one session, whoever began it.
        wide[name] = part(where if own is UsageKind.DATA else where & outgoing, measure)
    flagged = long.select(
        "subscription_id",
        _used=nw.col("_in_month"),
        _last_usage=nw.when(nw.col("direction").is_in(counted)).then(nw.col("_last_usage")),
        _charge=part(here, "_charge"),
        **wide,
    )
    sums = ["_charge", *USAGE_COLUMNS]
    summed = flagged.group_by("subscription_id").agg(
        nw.col("_used", "_last_usage").max(), *[nw.col(name).sum() for name in sums]
    )
    return summed.with_columns(nw.col(*sums).cast(nw.Int64))


def recharges_of_lines(
    sources: Sources, month: Month, policy: MartPolicy, lines: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Sum the recharges of each line that has any.

    One that names no line is split among the customer's lines, the prepaid ones first.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id``, ``_topped_up`` (1 if in the month), ``_last_recharge`` (Date; null
        where recharges do not count), ``recharge_count`` and ``_recharged`` (micro-units).
    """
    named = ~nw.col("subscription_id").is_null()
    rows = _recharge_rows(sources, month, policy)
    summed = _sum_recharges(rows.filter(named), "subscription_id")
    told = sources.has("recharges", "subscription_id")
    if told and "subscription_id" not in sources.nulls["recharges"]:
        return summed
    loose = _sum_recharges(rows.filter(~named), "customer_id")
    amounts = loose.with_columns(_by=nw.lit(1), _payer=nw.col("customer_id"))
    known = lines.filter(nw.col("_known") == 1).with_columns(
        _by=nw.lit(1), _payer=nw.col("customer_id"), _tier=tier(PaymentMode.PREPAID)
    )
    shares = bearers(known, policy.attribution, weight="_charge")
    marks = ["_topped_up", "_last_recharge"]
    parts = attribute(amounts, shares, ["_recharged"], unit=sources.unit, repeated=marks)
    counts = attribute(amounts, shares, ["recharge_count"], unit=1)
    parts = parts.join(counts, how="left", on="subscription_id")
    names = summed.collect_schema().names()
    return _sum_recharges(nw.concat([summed, parts.select(*names)]), "subscription_id")


def _recharge_rows(sources: Sources, month: Month, policy: MartPolicy) -> nw.LazyFrame[Any]:
    rows = sources.rows("recharges").select(
        "subscription_id",
        "customer_id",
        "amount",
        _day=sources.day("recharges", "recharged_at"),
        _topped_up=flag(sources.since("recharges", "recharged_at", month.first)),
        _micros=micros(nw.col("amount")),
    )
    counts = ActivityKind.RECHARGE in policy.prepaid_activity.kinds
    # A top-up that was given is no act of the customer; no amount is below 0.
    acted = (nw.col("amount") > 0) if counts else (nw.col("amount") < 0)
    return rows.select(
        "subscription_id",
        "customer_id",
        "_topped_up",
        recharge_count=nw.col("_topped_up"),
        _last_recharge=nw.when(acted).then(nw.col("_day")),
        _recharged=nw.when(nw.col("_topped_up") == 1).then(nw.col("_micros")).otherwise(nw.lit(0)),
    )


def _sum_recharges(rows: nw.LazyFrame[Any], key: str) -> nw.LazyFrame[Any]:
    summed = rows.group_by(key).agg(
        nw.col("recharge_count", "_recharged").sum(), nw.col("_topped_up", "_last_recharge").max()
    )
    return summed.with_columns(nw.col("recharge_count", "_recharged", "_topped_up").cast(nw.Int64))


def _counted(policy: MartPolicy) -> list[str]:
    own = {
        ActivityKind.OUTGOING: UsageDirection.OUTGOING,
        ActivityKind.INCOMING: UsageDirection.INCOMING,
    }
    return [str(own[kind]) for kind in policy.prepaid_activity.kinds if kind in own]
