"""When a customer is new, grows, declines, sleeps, and is lost: thresholds, and rules from them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain import Record
from telcrm.rules import Rule, RuleSet, field

__all__ = ["LifecyclePolicy", "LifecycleStage"]

_Months = Annotated[int, Field(strict=True, ge=1, le=120)]


class LifecycleStage(StrEnum):
    """Where a customer stands in its life with the operator, in this order."""

    PROSPECT = "prospect"
    """Never active."""
    NEW = "new"
    """Active, and not long enough to judge."""
    GROWING = "growing"
    """Pays clearly more than before."""
    MATURE = "mature"
    """Pays about what it paid before."""
    DECLINING = "declining"
    """Pays clearly less than before."""
    DORMANT = "dormant"
    """Brought no revenue lately, but is not given up."""
    LOST = "lost"
    """Not active for so long that a return counts as a win-back."""


class LifecyclePolicy(Record):
    """What an operator agrees on before customers are sorted by stage.

    Only ``lost_after_months`` has a source: the ITU counts a prepaid subscription that was used in
    the last three months (*Handbook for the Collection of Administrative Data on
    Telecommunications/ICT*, indicator i271). The other defaults are conventions of ours: agree on
    your own.

    Examples
    --------
    >>> from telcrm.rules import decide
    >>> facts = {
    ...     "tenure_months": 30,
    ...     "months_since_active": 0,
    ...     "months_without_revenue": 0,
    ...     "recent_revenue": 12.0,
    ...     "earlier_revenue": 20.0,
    ... }
    >>> decision = decide(LifecyclePolicy().rule_set(), facts)
    >>> decision.label, decision.fired[0].explanation.words
    ('declining', 'earlier_revenue 20 is above 0; recent_revenue 12 is at most 0.8 times
    earlier_revenue (20)')
    """

    new_months: _Months = 3
    """A customer of a shorter tenure is new."""
    trend_months: _Months = 3
    """Revenue per month of so many months is compared with that of as many before them."""
    growth_ratio: Annotated[float, Field(gt=1, le=100, allow_inf_nan=False)] = 1.2
    """Growing from this multiple of earlier revenue on."""
    decline_ratio: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.8
    """Declining down from this part of earlier revenue."""
    dormant_after_months: _Months = 1
    """Dormant after so many months on end without revenue, the month looked at included."""
    lost_after_months: _Months = 3
    """Lost after so many months on end without activity, the month looked at included."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.dormant_after_months > self.lost_after_months:
            raise ValueError(
                f"dormant after {self.dormant_after_months} months, lost after "
                f"{self.lost_after_months}: who sleeps is not lost yet"
            )
        return self

    def rule_set(self) -> RuleSet:
        """Write the policy as rules, of which the first that holds gives the stage.

        Returns
        -------
        RuleSet
            On the columns that :func:`~telcrm.segmentation.lifecycle_facts` makes.
        """
        away, unpaid = field("months_since_active"), field("months_without_revenue")
        recent, earlier = field("recent_revenue"), field("earlier_revenue")
        rules = (
            Rule(
                name="never active",
                when=away.is_missing(),
                then=LifecycleStage.PROSPECT,
                reason="No month of activity is known.",
            ),
            Rule(
                name="long away",
                when=away >= self.lost_after_months,
                then=LifecycleStage.LOST,
                reason="So long without activity that a return would be a win-back.",
            ),
            Rule(
                name="without revenue",
                when=unpaid >= self.dormant_after_months,
                then=LifecycleStage.DORMANT,
                reason="Brings nothing, but may wake up.",
            ),
            Rule(
                name="short tenure",
                when=field("tenure_months") < self.new_months,
                then=LifecycleStage.NEW,
                reason="Too young to judge.",
            ),
            Rule(
                name="pays less",
                when=(earlier > 0) & (recent <= self.decline_ratio * earlier),
                then=LifecycleStage.DECLINING,
                reason="Revenue per month fell below the agreed part of what it was.",
            ),
            Rule(
                name="pays more",
                when=(recent > 0) & (recent >= self.growth_ratio * earlier),
                then=LifecycleStage.GROWING,
                reason="Revenue per month rose above the agreed multiple of what it was.",
            ),
        )
        return RuleSet(name="lifecycle", version=1, rules=rules, otherwise=LifecycleStage.MATURE)
