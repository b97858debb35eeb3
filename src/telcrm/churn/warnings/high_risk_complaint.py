"""Complaints that are open too long, come again, or are about what drives customers away."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any, Final

import narwhals.stable.v2 as nw
from pydantic import Field

from telcrm.churn.warnings.day_numbers import day_number
from telcrm.churn.warnings.formulas import Case, Facts, counted, most_of, ramp, sentence
from telcrm.churn.warnings.history import CustomerHistory, age_in_days
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import AGE, SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, SeverityRange, Share, SignalPolicy
from telcrm.domain import Complaint, ComplaintCategory, ComplaintStatus, Severity
from telcrm.mart.lines import LATEST
from telcrm.tables.typed_columns import flag

__all__ = ["HIGH_RISK_COMPLAINT", "HighRiskComplaintPolicy"]

_FINAL: Final = (
    ComplaintStatus.REJECTED,
    ComplaintStatus.CANCELLED,
    ComplaintStatus.CLOSED,
    ComplaintStatus.RESOLVED,
)


class HighRiskComplaintPolicy(SignalPolicy):
    """When a complaint warns, from ``complaints``; the strongest reason counts.

    The numbers are conventions of ours, and so is which topics drive customers away: set your own.

    Examples
    --------
    >>> HighRiskComplaintPolicy(agreed_days=3).repeats
    2
    """

    agreed_days: Days = 5
    """Days in which an answer is promised; an open complaint warns from the day after."""
    worst_days: Days = 30
    """Days open from which the severity is ``open_severity.most``."""
    open_severity: SeverityRange = SeverityRange(least=0.3, most=0.6)
    repeats: Annotated[int, Field(strict=True, ge=2)] = 2
    """Complaints of one category in the window from which they count as repeated."""
    repeated_severity: Share = 0.5
    risky_categories: tuple[ComplaintCategory, ...] = (
        ComplaintCategory.BILLING,
        ComplaintCategory.NETWORK,
    )
    risky_severities: tuple[Severity, ...] = (Severity.HIGH, Severity.CRITICAL)
    risky_severity: Share = 0.3
    """Of a complaint of a risky category or severity, answered or not."""
    window_days: Days = 30
    """Days in which repeated and risky complaints count."""

    @property
    def oldest_days(self) -> int:
        """Days that evidence may lie back."""
        return self.window_days


def _in_tables(tables: SeenTables, policy: HighRiskComplaintPolicy) -> nw.LazyFrame[Any]:
    answered = day_number("resolved_at", missing=LATEST) < tables.today
    undated = nw.col("resolved_at").is_null() & nw.col("status").is_in([s.value for s in _FINAL])
    risky = nw.col("category").is_in([each.value for each in policy.risky_categories])
    severe = nw.col("severity").is_in([each.value for each in policy.risky_severities])
    rows = tables.rows("complaints").select(
        "customer_id",
        "category",
        AGE,
        subscription_id=tables.no_text("complaints"),
        evidence_id=nw.col("complaint_id"),
        closed=flag(answered | undated),
        risky=most_of(flag(risky), flag(severe)),
        recent=flag(nw.col(AGE) <= policy.window_days),
    )
    alike = nw.col("recent").sum().over("customer_id", "category")
    return rows.with_columns(alike=alike.cast(nw.Int64))


def _of_customer(
    history: CustomerHistory, as_of: date, policy: HighRiskComplaintPolicy
) -> list[dict[str, Any]]:
    seen = [
        (one, age)
        for one in history.complaints or ()
        if (age := age_in_days(one.received_at, as_of)) >= 1
    ]
    alike = Counter(one.category for one, age in seen if age <= policy.window_days)
    return [
        {
            "subscription_id": None,
            "evidence_id": one.complaint_id,
            "category": one.category.value,
            AGE: age,
            "closed": int(_closed(one, as_of)),
            "risky": int(
                one.category in policy.risky_categories or one.severity in policy.risky_severities
            ),
            "alike": alike[one.category],
        }
        for one, age in seen
    ]


def _closed(one: Complaint, as_of: date) -> bool:
    if one.resolved_at is None:
        return one.status in _FINAL
    return age_in_days(one.resolved_at, as_of) >= 1


def _cases(facts: Facts, policy: HighRiskComplaintPolicy) -> list[Case]:
    age, about = facts[AGE], facts["category"]
    recent = age <= policy.window_days
    return [
        Case(
            holds=(facts["closed"] == 0) & (age > policy.agreed_days),
            severity=ramp(age, policy.agreed_days, policy.worst_days, policy.open_severity),
            age_days=0,
            words=sentence(
                "A complaint (",
                about,
                ") has been open for ",
                counted(age, "day"),
                f"; an answer is promised in {counted(policy.agreed_days, 'day')}.",
            ),
        ),
        Case(
            holds=recent & (facts["alike"] >= policy.repeats),
            severity=policy.repeated_severity,
            age_days=age,
            words=sentence(
                counted(facts["alike"], "complaint"),
                " (",
                about,
                f") in the last {policy.window_days} days, the latest ",
                counted(age, "day"),
                " ago.",
            ),
        ),
        Case(
            holds=recent & (facts["risky"] == 1),
            severity=policy.risky_severity,
            age_days=age,
            words=sentence("A complaint (", about, ") ", counted(age, "day"), " ago."),
        ),
    ]


HIGH_RISK_COMPLAINT: Final = SignalRule(
    signal=WarningSignal.HIGH_RISK_COMPLAINT,
    needs=(("complaints",),),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
