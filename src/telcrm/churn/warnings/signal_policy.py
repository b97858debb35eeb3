"""What every signal's policy says: how strong the signal is, and how fast it fades."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain import Record

__all__ = ["Days", "HalfLife", "SeverityRange", "Share", "SignalPolicy", "Words"]

Days = Annotated[int, Field(strict=True, ge=1, le=3660)]
"""Whole days, 1 to 3660."""

HalfLife = Annotated[float, Field(gt=0, le=36_600, allow_inf_nan=False)]
"""Days, above 0."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""0 to 1."""

Words = tuple[Annotated[str, Field(min_length=1)], ...]
"""Texts that a column may hold; upper and lower case count as equal."""


class SeverityRange(Record):
    """The severity of the weakest and of the strongest case of a signal.

    Examples
    --------
    >>> SeverityRange(least=0.3, most=0.8).most
    0.8
    """

    least: Share
    most: Share

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.most < self.least:
            message = f"severity goes from {self.least} up to {self.most}: most is below least"
            raise ValueError(message)
        return self


class SignalPolicy(Record):
    """What the policies of all signals have."""

    half_life_days: HalfLife = 30.0
    """Days in which the weight of an event halves; what still holds on the day has not faded."""

    @property
    def oldest_days(self) -> int:
        """Days that evidence may lie back; 0 where only what holds on the day counts."""
        return 0

    @property
    def usage_days(self) -> int:
        """Days of usage that are read."""
        return 0
