"""Port-outs, or the codes for them, that were asked for and are not done."""

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
from telcrm.churn.warnings.signal_policy import Days, HalfLife, Share, SignalPolicy, Words
from telcrm.domain import ServiceRequestKind

__all__ = ["PORTING_REQUEST", "PortingRequestPolicy"]


class PortingRequestPolicy(SignalPolicy):
    """When a request to port the number out warns: near-certain, and soon stale.

    Read from ``service_requests`` (``kind`` port_out, ``requested_at``) and from ``interactions``
    that the customer began (``reason``).

    Notes
    -----
    A port that is done is the outcome to be foreseen, and never a warning: a request with
    ``completed_at`` before the day is not one, a line with ``terminated_on`` before the day has
    none, and ``termination_reason`` and tables of ports are not read at all.

    References
    ----------
    Ofcom, *General Conditions of Entitlement*, C7: a porting authorisation code (PAC) is valid for
    30 days, hence ``window_days``. The severity is a convention of ours.

    Examples
    --------
    >>> PortingRequestPolicy(reasons=["rio"]).window_days
    30
    """

    half_life_days: HalfLife = 14.0
    reasons: Words = ("port_out", "port out", "porting", "pac")
    kinds: tuple[ServiceRequestKind, ...] = (ServiceRequestKind.PORT_OUT,)
    """Of open requests."""
    window_days: Days = 30
    severity: Share = 0.95

    @property
    def oldest_days(self) -> int:
        """Days that evidence may lie back."""
        return self.window_days


def _in_tables(tables: SeenTables, policy: PortingRequestPolicy) -> nw.LazyFrame[Any]:
    return asked_in_tables(tables, policy.kinds, policy.reasons, policy.window_days)


def _of_customer(
    history: CustomerHistory, as_of: date, policy: PortingRequestPolicy
) -> list[dict[str, Any]]:
    return asked_of_customer(history, as_of, policy.kinds, policy.reasons, policy.window_days)


def _cases(facts: Facts, policy: PortingRequestPolicy) -> list[Case]:
    what = either(facts["ordered"] == 1, "A port-out was ordered ", "A port-out was asked for ")
    return [
        Case(
            holds=facts[AGE] <= policy.window_days,
            severity=policy.severity,
            age_days=facts[AGE],
            words=sentence(what, counted(facts[AGE], "day"), " ago."),
        )
    ]


PORTING_REQUEST: Final = SignalRule(
    signal=WarningSignal.PORTING_REQUEST,
    needs=(("interactions",), ("service_requests",)),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
