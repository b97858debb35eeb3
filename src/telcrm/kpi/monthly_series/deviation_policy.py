"""What a month of a key figure is expected to be, and how far off is too far."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from telcrm.domain import Record

__all__ = ["DeviationMethod", "DeviationPolicy"]


class DeviationMethod(StrEnum):
    """From what of its past a month is expected, and by what its distance is measured."""

    MOVING_MEDIAN = "moving_median"
    """The median of the past, and their median absolute deviation: for figures without a trend."""
    TREND_LINE = "trend_line"
    """The Theil-Sen line through the past, led on, and the deviations from it: for a growing base.
    """
    SEASONAL_NAIVE = "seasonal_naive"
    """The same month of the year before, plus the median change over a year; for seasons.

    The distance is measured by the deviations of past changes over a year. It needs a year more.
    """
    XMR = "xmr"
    """The mean of the past, and their mean moving range: Shewhart's chart of individual values."""


class DeviationPolicy(Record):
    """How :func:`~telcrm.kpi.deviations` decides that a month deviates.

    Examples
    --------
    >>> DeviationPolicy().limit
    3.5
    >>> DeviationPolicy(method="xmr").limit
    3.0

    References
    ----------
    Iglewicz & Hoaglin (1993), *How to Detect and Handle Outliers*: the modified z-score, 0.6745
    times the distance from the median over the median absolute deviation, and 3.5 as its limit.
    Wheeler & Chambers (1992), *Understanding Statistical Process Control*: limits at 2.66 mean
    moving ranges, which are three standard deviations.
    """

    method: DeviationMethod = DeviationMethod.MOVING_MEDIAN
    window_months: Annotated[int, Field(strict=True, ge=3, le=1200)] | None = 36
    """How many months before each month are looked at; None is all of them."""
    min_history: Annotated[int, Field(strict=True, ge=3, le=1200)] = 12
    """Fewest past values, or past changes over a year, to expect anything from."""
    season_months: Annotated[int, Field(strict=True, ge=1, le=120)] = 12
    """How many months a season takes to come again; only for ``"seasonal_naive"``."""
    threshold: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """The score from which on a month deviates. None is what the method's source has."""

    @property
    def limit(self) -> float:
        """The threshold, or 3.0 for ``"xmr"`` and 3.5 for the others."""
        if self.threshold is not None:
            return self.threshold
        return 3.0 if self.method is DeviationMethod.XMR else 3.5
