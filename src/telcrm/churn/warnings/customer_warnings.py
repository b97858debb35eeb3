"""Early warnings of one customer, from its records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from telcrm.churn.warnings.formulas import decayed, rank
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.lines import is_gone
from telcrm.churn.warnings.policy import WarningPolicy, active_rules
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.signal import CHURN_KIND, EarlyWarning, WarningSignal
from telcrm.churn.warnings.signal_policy import SignalPolicy
from telcrm.domain.arguments import require_day
from telcrm.errors import ParameterError
from telcrm.mart import Customer360

__all__ = ["customer_warnings"]

_ORDER = list(WarningSignal)


def customer_warnings(
    customer: Customer360 | CustomerHistory,
    *,
    as_of: date | None = None,
    policy: WarningPolicy | None = None,
) -> list[EarlyWarning]:
    """Tell which signs one customer shows that it may leave.

    Parameters
    ----------
    customer : Customer360 or CustomerHistory
        A view, of which the signals of usage and of service requests cannot be told, or records;
        :meth:`CustomerHistory.of_view` adds to a view what it lacks.
    as_of : date, optional
        Only what happened before this day began, in UTC, is seen. Of a view it is the day after
        it, and may be left out.
    policy : WarningPolicy, optional

    Returns
    -------
    list of EarlyWarning
        The weightiest first; one for each line or the customer and each signal that fires.

    Raises
    ------
    ParameterError
        ``as_of`` is no date, is missing beside records, or is not the day after the view; or
        competitors' numbers have no lawful basis.

    See Also
    --------
    early_warnings : The same over tables, with the same signals, severities and weights.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from telcrm.domain import Interaction
    >>> call = Interaction(
    ...     interaction_id="N-1", customer_id="C-1",
    ...     started_at=datetime(2026, 2, 14, 9, tzinfo=UTC), channel="call_centre",
    ...     direction="inbound", reason="cancellation",
    ... )
    >>> history = CustomerHistory(customer_id="C-1", interactions=(call,))
    >>> [warning] = customer_warnings(history, as_of=date(2026, 3, 1))
    >>> warning.evidence, round(warning.weight, 3)
    ('The customer asked about cancellation 15 days ago.', 0.424)
    """
    history, day = _read(customer, as_of)
    best: dict[tuple[str | None, WarningSignal], tuple[Any, EarlyWarning]] = {}
    for rule, own in active_rules(policy or WarningPolicy()):
        if rule.can_tell(history.has):
            for order, warning in _fired(history, day, rule, own):
                key = (warning.subscription_id, warning.signal)
                if key not in best or order < best[key][0]:
                    best[key] = (order, warning)
    found = [one for _, one in best.values() if not is_gone(history, day, one.subscription_id)]
    return sorted(
        found, key=lambda one: (-one.weight, _ORDER.index(one.signal), one.subscription_id or "")
    )


def _read(
    customer: Customer360 | CustomerHistory, as_of: date | None
) -> tuple[CustomerHistory, date]:
    if isinstance(customer, CustomerHistory):
        return customer, require_day("customer_warnings", as_of)
    morning = customer.as_of + timedelta(days=1)
    if as_of is not None and require_day("customer_warnings", as_of) != morning:
        raise ParameterError(
            f"customer_warnings: the view holds what happened up to the end of {customer.as_of}, "
            f"and as_of is {as_of}. Leave as_of out, which is {morning} then, or make the view of "
            f"{as_of - timedelta(days=1)}.",
            as_of=as_of,
            view=customer.as_of,
        )
    return CustomerHistory.of_view(customer), morning


def _fired(
    history: CustomerHistory, as_of: date, rule: SignalRule, policy: SignalPolicy
) -> Iterator[tuple[Any, EarlyWarning]]:
    for facts in rule.of_customer(history, as_of, policy):
        firing = [case for case in rule.cases(facts, policy) if case.holds]
        if not firing:
            continue
        weights = [decayed(one.severity, one.age_days, policy.half_life_days) for one in firing]
        ranks = [rank(weight) for weight in weights]
        first = ranks.index(min(ranks))
        case = firing[first]
        warning = EarlyWarning(
            customer_id=history.customer_id,
            subscription_id=facts["subscription_id"],
            signal=rule.signal,
            churn_kind=CHURN_KIND[rule.signal],
            severity=case.severity,
            evidence=case.words,
            evidence_id=facts["evidence_id"],
            evidence_on=as_of - timedelta(days=case.age_days),
            half_life_days=policy.half_life_days,
            weight=weights[first],
        )
        yield (ranks[first], case.age_days, facts["evidence_id"] or ""), warning
