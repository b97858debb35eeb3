"""Contracts that end soon, and those that ended and bind the customer no longer."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.formulas import Case, Facts, counted, either, ramp, sentence
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.lines import lines_at_risk, standing_lines
from telcrm.churn.warnings.requests import requests_in_tables, requests_of_customer
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, HalfLife, SeverityRange, Share, SignalPolicy
from telcrm.domain import ServiceRequestKind

__all__ = ["CONTRACT_EXPIRY", "ContractExpiryPolicy"]


class ContractExpiryPolicy(SignalPolicy):
    """When the end of a commitment warns, from ``subscriptions.commitment_end``.

    The severity rises from ``severity.least`` at the start of the window to ``severity.most`` on
    the last day of the contract, and fades from there, while the line runs from month to month. The
    numbers are conventions of ours: set your own.

    Examples
    --------
    >>> ContractExpiryPolicy(window_days=90).severity.most
    0.6
    """

    half_life_days: HalfLife = 60.0
    window_days: Days = 60
    """Days before the last day of the contract."""
    expired_days: Days = 365
    """Days after it in which a line without a new contract still warns."""
    severity: SeverityRange = SeverityRange(least=0.2, most=0.6)
    renewal_kinds: tuple[ServiceRequestKind, ...] = (ServiceRequestKind.PLAN_CHANGE,)
    """Open requests of these kinds, made for the line in the window, count as a renewal."""
    renewed_share: Share = 0.3
    """Part of the severity that is left once a renewal is ordered."""

    @property
    def oldest_days(self) -> int:
        """Days that evidence may lie back."""
        return self.expired_days


def _in_tables(tables: SeenTables, policy: ContractExpiryPolicy) -> nw.LazyFrame[Any]:
    bound = lines_at_risk(tables.rows("subscriptions")).filter(nw.col("bound_until") > 0)
    lines = bound.select(
        "customer_id",
        "subscription_id",
        evidence_id=tables.no_text("subscriptions"),
        days_left=nw.col("bound_until") - tables.today,
    )
    if not tables.has("service_requests"):
        return lines.with_columns(renewals=nw.lit(0))
    orders = requests_in_tables(tables, policy.renewal_kinds, policy.window_days)
    counts = (
        orders.filter(~nw.col("subscription_id").is_null())
        .group_by("subscription_id")
        .agg(renewals=nw.len())
        .select("renewals", _line=nw.col("subscription_id"))
    )
    joined = lines.join(counts, how="left", left_on="subscription_id", right_on="_line")
    return joined.with_columns(renewals=nw.col("renewals").fill_null(0).cast(nw.Int64))


def _of_customer(
    history: CustomerHistory, as_of: date, policy: ContractExpiryPolicy
) -> list[dict[str, Any]]:
    orders = requests_of_customer(history, as_of, policy.renewal_kinds, policy.window_days)
    renewed = [order["subscription_id"] for order in orders]
    return [
        {
            "subscription_id": line.subscription_id,
            "evidence_id": None,
            "days_left": (line.commitment_end - as_of).days,
            "renewals": renewed.count(line.subscription_id),
        }
        for line in standing_lines(history, as_of)
        if line.commitment_end is not None
    ]


def _cases(facts: Facts, policy: ContractExpiryPolicy) -> list[Case]:
    left, window = facts["days_left"], policy.window_days
    renewed = facts["renewals"] > 0
    share = either(renewed, policy.renewed_share, 1.0)
    note = either(renewed, "; a renewal is ordered.", ".")
    severity = ramp(window - left, 0, window, policy.severity) * share
    ends = either(left == 0, "today", sentence("in ", counted(left, "day")))
    return [
        Case(
            holds=(left >= 0) & (left <= window),
            severity=severity,
            age_days=0,
            words=sentence("The contract ends ", ends, note),
        ),
        Case(
            holds=(left < 0) & (left >= -policy.expired_days),
            severity=severity,
            age_days=0 - left,
            words=sentence(
                "The contract ended ",
                counted(0 - left, "day"),
                " ago, and the line runs from month to month",
                note,
            ),
        ),
    ]


CONTRACT_EXPIRY: Final = SignalRule(
    signal=WarningSignal.CONTRACT_EXPIRY,
    needs=(("subscriptions",),),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
