"""The months an operator is observed in, as days since 1970-01-01."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from telcrm.synth.columns import Ints

__all__ = ["DAY_S", "Timeline"]

DAY_S = 86_400


@dataclass(frozen=True)
class Timeline:
    """`months` calendar months from `first_period` on.

    Examples
    --------
    >>> line = Timeline(date(2025, 1, 1), 2)
    >>> line.end_day - line.start_day
    59
    """

    first_period: date
    months: int

    @cached_property
    def month_starts(self) -> Ints:
        """First day of each month and, last, the day after the window."""
        return self.first_day_of(np.arange(self.months + 1))

    @cached_property
    def start_day(self) -> int:
        """First day of the window."""
        return int(self.month_starts[0])

    @cached_property
    def end_day(self) -> int:
        """Day after the last day of the window."""
        return int(self.month_starts[-1])

    def first_day_of(self, months: Ints) -> Ints:
        """First day of months counted from the first period; negative ones lie before it."""
        counted = np.datetime64(self.first_period, "M") + np.asarray(months, dtype=np.int64)
        return counted.astype("datetime64[D]").astype(np.int32)

    def month_of(self, days: Ints) -> Ints:
        """Month of days inside the window, counted from the first period."""
        return (np.searchsorted(self.month_starts, days, side="right") - 1).astype(np.int16)
