"""Rules that belong together, in their order, under one name and version."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from telcrm.domain import Record
from telcrm.rules.rule import Rule, ShortText

__all__ = ["MAX_RULES", "Matching", "RuleSet"]

MAX_RULES: Final = 200
"""How many rules one set may hold."""


class Matching(StrEnum):
    """Which of the rules that hold fire."""

    FIRST = "first"
    """Only the first in the order of the set: segments, treatments."""
    ALL = "all"
    """Every one: alerts, scores."""


class RuleSet(Record):
    """Rules in order, of which the first that holds fires, or all that hold.

    The label of a row is the outcome of the first rule that fires, or ``otherwise``; its score is
    the sum of the scores of all rules that fire.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> segments = RuleSet(
    ...     name="value segments",
    ...     version=3,
    ...     rules=(
    ...         Rule(name="high spend", when=field("revenue") >= 50, then="premium"),
    ...         Rule(name="youth plan", when=field("offer_id").starts_with("Y-"), then="youth"),
    ...     ),
    ...     otherwise="mass",
    ... )
    >>> segments.fields_used
    ('revenue', 'offer_id')
    >>> RuleSet.from_json(segments.to_json()) == segments
    True
    """

    name: ShortText
    version: Annotated[int, Field(strict=True, ge=1)]
    """Raise it with every change, so that a stored decision tells what decided."""
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES)]
    matching: Matching = Matching.FIRST
    otherwise: ShortText | None = None
    """The label where no rule fires."""

    @property
    def fields_used(self) -> tuple[str, ...]:
        """The fields that the rules look at, each once, in order."""
        names = (name for rule in self.rules for name in rule.when.fields_used)
        return tuple(dict.fromkeys(names))

    @property
    def has_labels(self) -> bool:
        """Whether the rules give a label."""
        return self.rules[0].then is not None

    @property
    def has_scores(self) -> bool:
        """Whether a rule gives a score."""
        return any(rule.score is not None for rule in self.rules)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        # Rules become columns, and some engines take names apart by letter case, some do not.
        counts = Counter(rule.name.casefold() for rule in self.rules)
        twice = [rule.name for rule in self.rules if counts[rule.name.casefold()] > 1]
        if twice:
            message = (
                f"rule set {self.name!r}: several rules are called {', '.join(map(repr, twice))}. "
                "Letter case does not tell names apart"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _labels_all_or_none(self) -> Self:
        without = [rule.name for rule in self.rules if rule.then is None]
        if without and len(without) < len(self.rules):
            message = (
                f"rule set {self.name!r}: some rules give a label with then=, and "
                f"{', '.join(map(repr, without))} do not. Give each one a label, or none"
            )
            raise ValueError(message)
        if without and self.otherwise is not None:
            message = (
                f"rule set {self.name!r}: otherwise={self.otherwise!r} needs rules with labels "
                "(then=)"
            )
            raise ValueError(message)
        return self
