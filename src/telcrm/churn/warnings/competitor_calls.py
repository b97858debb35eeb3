"""Calls to competitors' numbers: off until the numbers and a lawful basis are given."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import narwhals.stable.v2 as nw
from pydantic import Field

from telcrm.churn.warnings.formulas import Case, Facts, counted, ramp, sentence
from telcrm.churn.warnings.history import CustomerHistory, age_in_days
from telcrm.churn.warnings.lines import lines_at_risk, standing_lines
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import AGE, SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, SeverityRange, SignalPolicy
from telcrm.domain import UsageDirection, UsageKind
from telcrm.errors import ParameterError

__all__ = ["COMPETITOR_CALLS", "CompetitorCallsPolicy"]


class CompetitorCallsPolicy(SignalPolicy):
    """Whose numbers count as a competitor's, and on what ground calls to them may be looked at.

    To look whom customers call is to process traffic data. In the European Union that needs the
    customer's consent or another lawful basis, so nothing is looked at until numbers and a basis
    are stated.

    References
    ----------
    Directive 2002/58/EC (ePrivacy), articles 5 and 6; Regulation (EU) 2016/679 (GDPR), article 6.

    Examples
    --------
    >>> CompetitorCallsPolicy().numbers
    ()
    """

    numbers: tuple[Annotated[str, Field(min_length=1, max_length=32)], ...] = ()
    """As ``usage.other_party`` writes them, every form; none turns the signal off."""
    lawful_basis: str | None = None
    """The legal ground in words, kept with the policy."""
    window_days: Days = 30
    many_days: Days = 3
    """Different days with a call from which the severity is ``severity.most``."""
    severity: SeverityRange = SeverityRange(least=0.3, most=0.6)

    @property
    def oldest_days(self) -> int:
        """Days that evidence may lie back."""
        return self.window_days

    @property
    def usage_days(self) -> int:
        """Days of usage that are read."""
        return self.window_days

    def require_lawful_basis(self) -> None:
        """Refuse numbers without a lawful basis.

        Raises
        ------
        ParameterError
        """
        if self.numbers and not (self.lawful_basis or "").strip():
            raise ParameterError(
                "competitor_calls: numbers are given, but no lawful_basis. State the legal ground "
                "on which calls to them may be looked at, or leave the numbers out.",
                numbers=len(self.numbers),
            )


def _in_tables(tables: SeenTables, policy: CompetitorCallsPolicy) -> nw.LazyFrame[Any]:
    called = (
        nw.col("other_party").is_in(list(policy.numbers))
        & (nw.col("kind") == UsageKind.VOICE.value)
        & (nw.col("direction") == UsageDirection.OUTGOING.value)
        & (nw.col(AGE) <= policy.window_days)
    )
    days = tables.rows("usage").filter(called).select("subscription_id", AGE).unique()
    calls = days.group_by("subscription_id").agg(nw.col(AGE).min(), call_days=nw.len())
    own = calls.select(
        nw.col(AGE), nw.col("call_days").cast(nw.Int64), _line=nw.col("subscription_id")
    )
    lines = lines_at_risk(tables.rows("subscriptions"))
    joined = lines.join(own, how="inner", left_on="subscription_id", right_on="_line")
    return joined.with_columns(evidence_id=tables.no_text("subscriptions"))


def _of_customer(
    history: CustomerHistory, as_of: date, policy: CompetitorCallsPolicy
) -> list[dict[str, Any]]:
    facts = []
    for line in standing_lines(history, as_of):
        days = {
            age
            for one in history.usage or ()
            if one.subscription_id == line.subscription_id
            and one.other_party in policy.numbers
            and one.kind is UsageKind.VOICE
            and one.direction is UsageDirection.OUTGOING
            and 1 <= (age := age_in_days(one.started_at, as_of)) <= policy.window_days
        }
        if days:
            facts.append(
                {
                    "subscription_id": line.subscription_id,
                    "evidence_id": None,
                    AGE: min(days),
                    "call_days": len(days),
                }
            )
    return facts


def _cases(facts: Facts, policy: CompetitorCallsPolicy) -> list[Case]:
    days = facts["call_days"]
    return [
        Case(
            holds=days >= 1,
            severity=ramp(days, 1, policy.many_days, policy.severity),
            age_days=facts[AGE],
            words=sentence(
                "A competitor's number was called on ",
                counted(days, "day"),
                f" of the last {policy.window_days}, last ",
                counted(facts[AGE], "day"),
                " ago.",
            ),
        )
    ]


COMPETITOR_CALLS: Final = SignalRule(
    signal=WarningSignal.COMPETITOR_CALLS,
    needs=(("subscriptions", "usage"),),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
