"""Lines whose calls or data fell far below what is usual for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Self

import narwhals.stable.v2 as nw
from pydantic import Field, model_validator

from telcrm.churn.warnings.formulas import (
    Case,
    Facts,
    Quantity,
    least_of,
    most_of,
    ramp,
    sentence,
    whole,
)
from telcrm.churn.warnings.history import CustomerHistory, age_in_days
from telcrm.churn.warnings.lines import in_service_days, lines_at_risk, standing_lines
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import AGE, SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, SeverityRange, SignalPolicy
from telcrm.domain import SubscriptionStatus, UsageDirection, UsageKind, UsageRecord

__all__ = ["CONSUMPTION_ANOMALY", "ConsumptionAnomalyPolicy"]

_PERIODS: Final = 4
"""The last one, and three before it that tell what is usual."""

_MAD_TO_SIGMA: Final = 1.4826
"""The standard deviation of a normal variable over its median absolute deviation."""

_MEASURES: Final = ("voice_s", "data_bytes", "sms_count")

_Usual = Annotated[int, Field(strict=True, ge=1)] | None


class ConsumptionAnomalyPolicy(SignalPolicy):
    """When a fall in consumption warns, from ``usage``.

    With ``u`` the consumption of the last period, and median and MAD those of the three periods
    before, it warns if ``u <= lowest_ratio * median`` or if
    ``u - median <= -lowest_z * (1.4826 * MAD + noise_share * median)``: the robust z-score, whose
    scale has a floor, since three periods that happen to be alike would make any change look large.
    The line has to be in service for all four periods, as far as its start is known.

    Notes
    -----
    The severity rises with the fall ``1 - u / median``, from ``severity.least`` at none to
    ``severity.most`` at all. The thresholds are conventions of ours: set your own.

    References
    ----------
    Iglewicz, Hoaglin (1993), *How to Detect and Handle Outliers*: the z-score of median and MAD.

    Examples
    --------
    >>> ConsumptionAnomalyPolicy(least_sms_count=10).usage_days
    112
    """

    period_days: Days = 28
    """Whole weeks, so that each period has the same weekdays."""
    lowest_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.5
    lowest_z: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    noise_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Part of the median that every scale has at least."""
    least_voice_s: _Usual = 1800
    """Seconds of outgoing calls in a usual period below which they are not looked at.

    None looks at none.
    """
    least_data_bytes: _Usual = 100_000_000
    """The same for bytes of data."""
    least_sms_count: _Usual = None
    """The same for messages sent."""
    severity: SeverityRange = SeverityRange(least=0.0, most=0.6)

    @model_validator(mode="after")
    def _some_measure(self) -> Self:
        if not self.measures:
            message = "no measure is looked at: to turn the signal off, leave the policy out"
            raise ValueError(message)
        return self

    @property
    def usage_days(self) -> int:
        """Days of usage that are read."""
        return _PERIODS * self.period_days

    @property
    def measures(self) -> dict[str, int]:
        """The least usual consumption of each measure that is looked at."""
        told = {
            "voice_s": self.least_voice_s,
            "data_bytes": self.least_data_bytes,
            "sms_count": self.least_sms_count,
        }
        return {measure: least for measure, least in told.items() if least is not None}


def _in_tables(tables: SeenTables, policy: ConsumptionAnomalyPolicy) -> nw.LazyFrame[Any]:
    kind, age = nw.col("kind"), nw.col(AGE)
    outgoing = nw.col("direction") == UsageDirection.OUTGOING.value
    amounts = {
        "voice_s": ((kind == UsageKind.VOICE.value) & outgoing, nw.col("duration_s")),
        "data_bytes": (kind == UsageKind.DATA.value, nw.col("volume_bytes")),
        "sms_count": ((kind == UsageKind.SMS.value) & outgoing, nw.lit(1)),
    }
    parts = {}
    for measure in policy.measures:
        counts, amount = amounts[measure]
        for period, name in enumerate(_parts(measure)):
            first = period * policy.period_days
            inside = counts & (age > first) & (age <= first + policy.period_days)
            parts[name] = nw.when(inside).then(amount).otherwise(nw.lit(0))
    usage = tables.rows("usage").select(_line=nw.col("subscription_id"), **parts)
    sums = usage.group_by("_line").agg(*[nw.col(name).sum() for name in parts])
    lines = lines_at_risk(tables.rows("subscriptions")).filter(nw.col("suspended") == 0)
    joined = lines.join(sums, how="inner", left_on="subscription_id", right_on="_line")
    first, _ = tables.spans.get("usage", (0, 0))
    told = joined.with_columns(
        evidence_id=tables.no_text("subscriptions"),
        covered_days=nw.lit(first),
        **{name: nw.col(name).cast(nw.Int64) for name in parts},
    )
    before = {measure: list(map(nw.col, _parts(measure)[1:])) for measure in policy.measures}
    usual = {f"{measure}_usual": _median(three) for measure, three in before.items()}
    spread = {
        f"{measure}_spread": _deviation(three, nw.col(f"{measure}_usual"))
        for measure, three in before.items()
    }
    return told.with_columns(**usual).with_columns(**spread)


def _parts(measure: str) -> list[str]:
    return [f"{measure}_{period}" for period in range(_PERIODS)]


def _median(three: Sequence[Quantity]) -> Quantity:
    return sum(three) - least_of(*three) - most_of(*three)


def _deviation(three: Sequence[Quantity], median: Quantity) -> Quantity:
    # Of three deviations from the median one is nothing, so theirs is the smaller of the others.
    return least_of(median - least_of(*three), most_of(*three) - median)


def _of_customer(
    history: CustomerHistory, as_of: date, policy: ConsumptionAnomalyPolicy
) -> list[dict[str, Any]]:
    facts = []
    for line in standing_lines(history, as_of):
        if line.status is SubscriptionStatus.SUSPENDED:
            continue
        sums = {name: 0 for measure in _MEASURES for name in _parts(measure)}
        for one in history.usage or ():
            period = (age_in_days(one.started_at, as_of) - 1) // policy.period_days
            if one.subscription_id == line.subscription_id and 0 <= period < _PERIODS:
                for measure, amount in _amounts(one).items():
                    sums[f"{measure}_{period}"] += amount
        usual, spread = {}, {}
        for measure in _MEASURES:
            three = [sums[name] for name in _parts(measure)[1:]]
            usual[f"{measure}_usual"] = _median(three)
            spread[f"{measure}_spread"] = _deviation(three, _median(three))
        facts.append(
            {
                "subscription_id": line.subscription_id,
                "evidence_id": None,
                "covered_days": policy.usage_days,
                "in_service_days": in_service_days(line, as_of),
                **sums,
                **usual,
                **spread,
            }
        )
    return facts


def _amounts(one: UsageRecord) -> dict[str, int]:
    if one.kind is UsageKind.DATA:
        return {"data_bytes": one.volume_bytes}
    if one.direction is not UsageDirection.OUTGOING:
        return {}
    return {"voice_s": one.duration_s} if one.kind is UsageKind.VOICE else {"sms_count": 1}


def _cases(facts: Facts, policy: ConsumptionAnomalyPolicy) -> list[Case]:
    return [_case(facts, policy, measure) for measure in policy.measures]


def _case(facts: Facts, policy: ConsumptionAnomalyPolicy, measure: str) -> Case:
    last, median = facts[f"{measure}_0"], facts[f"{measure}_usual"]
    scale = facts[f"{measure}_spread"] * _MAD_TO_SIGMA + median * policy.noise_share
    fell = (last <= median * policy.lowest_ratio) | (last - median <= scale * -policy.lowest_z)
    # On some of the first days of a table nothing may have happened.
    covered = facts["covered_days"] >= policy.usage_days - policy.usage_days // 10
    known = covered & (facts["in_service_days"] >= policy.usage_days)
    some = most_of(median, median * 0 + 1)
    thing, unit, part = _WORDS[measure]
    return Case(
        holds=known & (median >= policy.measures[measure]) & fell,
        severity=ramp((median - last) / some, 0.0, 1.0, policy.severity),
        age_days=0,
        words=sentence(
            f"{thing} fell to ",
            whole(last * part),
            f" {unit} in the last {policy.period_days} days, from a usual ",
            whole(median * part),
            ".",
        ),
    )


_WORDS: Final = {
    "voice_s": ("Outgoing calls", "minutes", 1 / 60),
    "data_bytes": ("Data use", "MB", 1e-6),
    "sms_count": ("Messages sent", "messages", 1.0),
}
"""What a measure is called, its unit in a sentence, and how many of them a measure of 1 makes."""

CONSUMPTION_ANOMALY: Final = SignalRule(
    signal=WarningSignal.CONSUMPTION_ANOMALY,
    needs=(("subscriptions", "usage"),),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
