"""The signals, and a warning as a record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from telcrm.domain import CustomerId, Record, SubscriptionId, TerminationReason

__all__ = ["CHURN_KIND", "EarlyWarning", "WarningSignal"]


class WarningSignal(StrEnum):
    """What warns of a customer who may leave."""

    PORTING_REQUEST = "porting_request"
    """A port-out, or the code for one, was asked for."""
    SUSPENSION_OR_TERMINATION_ENQUIRY = "suspension_or_termination_enquiry"
    """The customer asked how to end or pause the service, or ordered it."""
    HIGH_RISK_COMPLAINT = "high_risk_complaint"
    """A complaint is open too long, comes again, or is about what drives customers away."""
    CONTRACT_EXPIRY = "contract_expiry"
    """The commitment ends soon, or has ended and nothing binds the customer."""
    CONSUMPTION_ANOMALY = "consumption_anomaly"
    """A line uses far less than it used to."""
    SILENT_CUSTOMER = "silent_customer"
    """A line in service stopped calling, texting and using data."""
    COMPETITOR_CALLS = "competitor_calls"
    """A line called a competitor's sales or service number."""
    PAYMENT_STRESS = "payment_stress"
    """Invoices have been overdue for long: the operator may have to end the service."""


CHURN_KIND: Mapping[WarningSignal, TerminationReason] = MappingProxyType(
    {
        **dict.fromkeys(WarningSignal, TerminationReason.VOLUNTARY),
        WarningSignal.PORTING_REQUEST: TerminationReason.PORT_OUT,
        WarningSignal.PAYMENT_STRESS: TerminationReason.INVOLUNTARY,
    }
)
"""How a customer would leave of whom a signal warns; none that is involuntary gets an offer."""

_Share = Annotated[float, Field(ge=0, le=1)]


class EarlyWarning(Record):
    """One signal that fires for a customer, or for one of its lines.

    Examples
    --------
    >>> warning = EarlyWarning(
    ...     customer_id="C-1", signal="porting_request", churn_kind="port_out", severity=0.9,
    ...     evidence="A port-out was asked for 14 days ago.", evidence_on=date(2026, 2, 1),
    ...     half_life_days=14, weight=0.45,
    ... )
    >>> EarlyWarning.from_json(warning.to_json()) == warning
    True
    """

    customer_id: CustomerId
    subscription_id: SubscriptionId | None = None
    """The line; None where the signal is of the customer."""
    signal: WarningSignal
    churn_kind: TerminationReason
    """How the customer would leave; ``involuntary`` calls for collections, not for an offer."""
    severity: _Share
    """How strongly the signal speaks on the day of its evidence, 0 to 1; no probability."""
    evidence: str
    """A sentence with the numbers."""
    evidence_id: str | None = None
    """The complaint, contact, request or invoice."""
    evidence_on: date
    """The day of the event, or the day asked about for what holds on that day."""
    half_life_days: Annotated[float, Field(gt=0)]
    weight: _Share
    """Severity, halved with every half-life since ``evidence_on``."""
