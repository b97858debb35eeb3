"""A rule: when a condition holds, this is what follows, and why."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from telcrm.domain import Record
from telcrm.rules.condition import Condition

__all__ = ["Rule"]

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Rule(Record):
    """What follows when a condition holds.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> rule = Rule(
    ...     name="falling",
    ...     when=field("revenue") < 0.5 * field("revenue_before"),
    ...     score=2,
    ...     reason="Pays less than half of what it paid.",
    ... )
    >>> Rule.from_json(rule.to_json()) == rule
    True
    """

    name: ShortText
    """Names the rule in decisions and flags."""
    when: Condition
    then: ShortText | None = None
    """The outcome, or label: ``"premium"``, ``"block"``."""
    score: Annotated[float, Field(strict=True, ge=-1e9, le=1e9, allow_inf_nan=False)] | None = None
    """Points that the rule adds when it holds."""
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Why the rule exists, for those who read its decisions."""
