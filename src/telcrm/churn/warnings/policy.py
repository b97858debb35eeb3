"""All that an operator agrees on before it warns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from telcrm.churn.warnings.competitor_calls import COMPETITOR_CALLS, CompetitorCallsPolicy
from telcrm.churn.warnings.consumption_anomaly import (
    CONSUMPTION_ANOMALY,
    ConsumptionAnomalyPolicy,
)
from telcrm.churn.warnings.contract_expiry import CONTRACT_EXPIRY, ContractExpiryPolicy
from telcrm.churn.warnings.high_risk_complaint import HIGH_RISK_COMPLAINT, HighRiskComplaintPolicy
from telcrm.churn.warnings.payment_stress import PAYMENT_STRESS, PaymentStressPolicy
from telcrm.churn.warnings.porting_request import PORTING_REQUEST, PortingRequestPolicy
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.signal_policy import SignalPolicy
from telcrm.churn.warnings.silent_customer import SILENT_CUSTOMER, SilentCustomerPolicy
from telcrm.churn.warnings.termination_enquiry import (
    TERMINATION_ENQUIRY,
    TerminationEnquiryPolicy,
)
from telcrm.domain import Record

__all__ = ["WarningPolicy", "active_rules"]


class WarningPolicy(Record):
    """One policy for each signal; None turns a signal off.

    Examples
    --------
    >>> policy = WarningPolicy(contract_expiry=ContractExpiryPolicy(window_days=90))
    >>> WarningPolicy.from_json(policy.to_json()) == policy
    True
    """

    contract_expiry: ContractExpiryPolicy | None = ContractExpiryPolicy()
    consumption_anomaly: ConsumptionAnomalyPolicy | None = ConsumptionAnomalyPolicy()
    silent_customer: SilentCustomerPolicy | None = SilentCustomerPolicy()
    high_risk_complaint: HighRiskComplaintPolicy | None = HighRiskComplaintPolicy()
    suspension_or_termination_enquiry: TerminationEnquiryPolicy | None = TerminationEnquiryPolicy()
    competitor_calls: CompetitorCallsPolicy | None = CompetitorCallsPolicy()
    """Off as long as it names no numbers."""
    porting_request: PortingRequestPolicy | None = PortingRequestPolicy()
    payment_stress: PaymentStressPolicy | None = PaymentStressPolicy()
    usage_lag_days: Annotated[int, Field(strict=True, ge=0, le=3660)] = 3
    """Whole days just before the day asked about of which the table ``usage`` may not tell yet.

    One that ends earlier is refused: everybody would look silent.
    """


_RULES = (
    PORTING_REQUEST,
    TERMINATION_ENQUIRY,
    HIGH_RISK_COMPLAINT,
    CONTRACT_EXPIRY,
    CONSUMPTION_ANOMALY,
    SILENT_CUSTOMER,
    COMPETITOR_CALLS,
    PAYMENT_STRESS,
)


def active_rules(policy: WarningPolicy) -> Iterator[tuple[SignalRule, SignalPolicy]]:
    """Yield the signals that are on, each with its policy.

    Raises
    ------
    ParameterError
        Competitors' numbers are given without a lawful basis.
    """
    for rule in _RULES:
        own: SignalPolicy | None = getattr(policy, rule.signal.value)
        if isinstance(own, CompetitorCallsPolicy):
            own.require_lawful_basis()
            if not own.numbers:
                continue
        if own is not None:
            yield rule, own
