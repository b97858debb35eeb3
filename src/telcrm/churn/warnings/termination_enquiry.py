"""Customers who ask how to end or pause the service, or order it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.formulas import Case, Facts, counted, either, sentence
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.requests import asked_in_tables, asked_of_customer
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import AGE, SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, Share, SignalPolicy, Words
from telcrm.domain import ServiceRequestKind

__all__ = ["TERMINATION_ENQUIRY", "TerminationEnquiryPolicy"]


class TerminationEnquiryPolicy(SignalPolicy):
    """When an enquiry warns, from ``interactions.reason`` and ``service_requests.kind``.

    Only contacts that the customer began count. The numbers are conventions of ours; put the words
    that your contact reasons are written in.

    Examples
    --------
    >>> policy = TerminationEnquiryPolicy(reasons=["kuendigung", "sperre"])
    >>> policy.half_life_days
    30.0
    """

    reasons: Words = (
        "cancellation",
        "cancel",
        "termination",
        "terminate",
        "suspension",
        "suspend",
    )
    kinds: tuple[ServiceRequestKind, ...] = (
        ServiceRequestKind.TERMINATION,
        ServiceRequestKind.SUSPENSION,
    )
    """Of open requests."""
    window_days: Days = 30
    enquiry_severity: Share = 0.6
    """Of a contact."""
    order_severity: Share = 0.9
    """Of a request."""

    @property
    def oldest_days(self) -> int:
        """Days that evidence may lie back."""
        return self.window_days


def _in_tables(tables: SeenTables, policy: TerminationEnquiryPolicy) -> nw.LazyFrame[Any]:
    return asked_in_tables(tables, policy.kinds, policy.reasons, policy.window_days)


def _of_customer(
    history: CustomerHistory, as_of: date, policy: TerminationEnquiryPolicy
) -> list[dict[str, Any]]:
    return asked_of_customer(history, as_of, policy.kinds, policy.reasons, policy.window_days)


def _cases(facts: Facts, policy: TerminationEnquiryPolicy) -> list[Case]:
    ordered = facts["ordered"] == 1
    return [
        Case(
            holds=facts[AGE] <= policy.window_days,
            severity=either(ordered, policy.order_severity, policy.enquiry_severity),
            age_days=facts[AGE],
            words=sentence(
                "The customer ",
                either(ordered, "ordered a ", "asked about "),
                facts["about"],
                " ",
                counted(facts[AGE], "day"),
                " ago.",
            ),
        )
    ]


TERMINATION_ENQUIRY: Final = SignalRule(
    signal=WarningSignal.SUSPENSION_OR_TERMINATION_ENQUIRY,
    needs=(("interactions",), ("service_requests",)),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
