"""Lines in service that stopped calling, texting and using data."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Self

import narwhals.stable.v2 as nw
from pydantic import model_validator

from telcrm.churn.warnings.formulas import Case, Facts, counted, either, least_of, sentence
from telcrm.churn.warnings.history import CustomerHistory, age_in_days
from telcrm.churn.warnings.lines import in_service_days, lines_at_risk, standing_lines
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import AGE, SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, Share, SignalPolicy
from telcrm.domain import (
    Record,
    SubscriptionStatus,
    UsageDirection,
    UsageKind,
    UsageRecord,
    UsageZone,
)

__all__ = ["SILENT_CUSTOMER", "SilenceStep", "SilentCustomerPolicy"]

_NEVER: Final = 1_000_000
"""Days since something that did not happen."""


class SilenceStep(Record):
    """How severe a silence of so many days is."""

    days: Days
    severity: Share


class SilentCustomerPolicy(SignalPolicy):
    """When silence warns, from ``usage``: no outgoing call, message or data session.

    Lines that are suspended or barred are left out, and those seen abroad, whose usage there may
    come late. Days and severities are conventions of ours: set your own.

    Examples
    --------
    >>> [step.days for step in SilentCustomerPolicy().steps]
    [14, 21, 30]
    """

    steps: tuple[SilenceStep, ...] = (
        SilenceStep(days=14, severity=0.3),
        SilenceStep(days=21, severity=0.45),
        SilenceStep(days=30, severity=0.6),
    )
    """From so many whole days on; days and severities rise."""
    look_back_days: Days = 90
    """A longer silence counts as one of so many days."""
    roaming_days: Days = 30
    """A line with roaming usage of any kind in the last so many days is not called silent."""

    @property
    def usage_days(self) -> int:
        """Days of usage that are read."""
        return self.look_back_days

    @model_validator(mode="after")
    def _rising(self) -> Self:
        days = [step.days for step in self.steps]
        severities = [step.severity for step in self.steps]
        if not days or days != sorted(set(days)) or severities != sorted(severities):
            message = "steps: one or more, of rising days, whose severity does not fall"
            raise ValueError(message)
        if self.look_back_days < days[-1] or self.look_back_days < self.roaming_days:
            message = (
                f"look_back_days {self.look_back_days} is shorter than a step, or roaming_days"
            )
            raise ValueError(message)
        return self


def _in_tables(tables: SeenTables, policy: SilentCustomerPolicy) -> nw.LazyFrame[Any]:
    age = nw.col(AGE)
    near = age <= policy.look_back_days
    used = (nw.col("direction") == UsageDirection.OUTGOING.value) | (
        nw.col("kind") == UsageKind.DATA.value
    )
    abroad = nw.col("zone") == UsageZone.ROAMING.value
    rows = tables.rows("usage").select(
        _line=nw.col("subscription_id"),
        last_use_days=nw.when(near & used).then(age).otherwise(nw.lit(_NEVER)),
        roamed_days=nw.when(near & abroad).then(age).otherwise(nw.lit(_NEVER)),
    )
    names = ("last_use_days", "roamed_days")
    last = rows.group_by("_line").agg(*[nw.col(name).min() for name in names])
    lines = lines_at_risk(tables.rows("subscriptions")).filter(nw.col("suspended") == 0)
    joined = lines.join(last, how="left", left_on="subscription_id", right_on="_line")
    first, _ = tables.spans.get("usage", (0, 0))
    return joined.with_columns(
        evidence_id=tables.no_text("subscriptions"),
        covered_days=nw.lit(min(first, policy.look_back_days)),
        **{name: nw.col(name).fill_null(_NEVER).cast(nw.Int64) for name in names},
    )


def _of_customer(
    history: CustomerHistory, as_of: date, policy: SilentCustomerPolicy
) -> list[dict[str, Any]]:
    usage = [
        (one, age_in_days(one.started_at, as_of))
        for one in history.usage or ()
        if 1 <= age_in_days(one.started_at, as_of) <= policy.look_back_days
    ]
    facts = []
    for line in standing_lines(history, as_of):
        if line.status is SubscriptionStatus.SUSPENDED:
            continue
        own = [(one, age) for one, age in usage if one.subscription_id == line.subscription_id]
        facts.append(
            {
                "subscription_id": line.subscription_id,
                "evidence_id": None,
                "covered_days": policy.look_back_days,
                "in_service_days": in_service_days(line, as_of),
                "last_use_days": min([age for one, age in own if _used(one)], default=_NEVER),
                "roamed_days": min(
                    [age for one, age in own if one.zone is UsageZone.ROAMING], default=_NEVER
                ),
            }
        )
    return facts


def _used(one: UsageRecord) -> bool:
    return one.direction is UsageDirection.OUTGOING or one.kind is UsageKind.DATA


def _cases(facts: Facts, policy: SilentCustomerPolicy) -> list[Case]:
    used, most = facts["last_use_days"], facts["covered_days"]
    # Without use since then the line is quiet from its first day on; the day of a use is not quiet.
    quiet = least_of(either(used < _NEVER, used - 1, facts["in_service_days"]), most)
    severity: Any = policy.steps[0].severity
    for step in policy.steps[1:]:
        severity = either(quiet >= step.days, step.severity, severity)
    return [
        Case(
            holds=(quiet >= policy.steps[0].days) & (facts["roamed_days"] > policy.roaming_days),
            severity=severity,
            age_days=0,
            words=sentence(
                "No outgoing call, message or data for ",
                counted(quiet, "day"),
                either(quiet == most, " or more.", "."),
            ),
        )
    ]


SILENT_CUSTOMER: Final = SignalRule(
    signal=WarningSignal.SILENT_CUSTOMER,
    needs=(("subscriptions", "usage"),),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
