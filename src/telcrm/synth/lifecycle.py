"""When each line is active, on which plan, and why it left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from telcrm.domain import TerminationReason
from telcrm.synth.columns import NOT_A_DAY, Flags, Floats, Ints
from telcrm.synth.ranges import require_between
from telcrm.synth.recharges import Recharges
from telcrm.synth.timeline import Timeline

__all__ = ["NEVER", "REASONS", "Lifecycle", "PlanChanges", "WinBack", "live_through"]

NEVER = -1
"""Stands for 'not in the window' in arrays of months."""

REASONS = (
    TerminationReason.VOLUNTARY,
    TerminationReason.INVOLUNTARY,
    TerminationReason.PORT_OUT,
)


@dataclass(frozen=True, kw_only=True)
class WinBack:
    """Leavers who come back.

    Parameters
    ----------
    share : float in [0, 1]
        Share of lines that left by choice and will return, once, under the same subscription_id.
    mean_gap_months : float >= 1
        Mean number of whole months without a row (geometric, at least one).

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> WinBack(share=0.0).share
    0.0
    """

    share: float = 0.15
    mean_gap_months: float = 2.0

    def __post_init__(self) -> None:
        require_between(self, 0.0, 1.0, "share")
        require_between(self, 1.0, 1e3, "mean_gap_months")


@dataclass(frozen=True, kw_only=True)
class PlanChanges:
    """Monthly probability that a postpaid line moves to the next plan up or down.

    Parameters
    ----------
    upgrade, downgrade : float in [0, 0.5]

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> PlanChanges().upgrade
    0.012
    """

    upgrade: float = 0.012
    downgrade: float = 0.008

    def __post_init__(self) -> None:
        require_between(self, 0.0, 0.5, "upgrade", "downgrade")


@dataclass(frozen=True)
class Lifecycle:
    """Spells of each line; matrices have the shape (months, lines).

    A line has one spell, or two if it was won back. ``leave_*`` speak of the end of the first,
    ``second_leave_*`` of the second. Months are counted from the first period, `NEVER` is -1;
    days are counted from 1970-01-01. A line is active on its last day.
    """

    active: Flags
    offer: Ints
    hazard: Floats
    hazard_involuntary: Floats
    leave_month: Ints
    leave_day: Ints
    reason: Ints
    return_month: Ints
    return_day: Ints
    second_leave_month: Ints
    second_leave_day: Ints
    second_reason: Ints
    commitment_end: Ints
    start_day: Ints
    start_month: Ints
    recharges: Recharges
    lost_day: Floats

    @cached_property
    def live_at_end(self) -> Flags:
        """Whether the line is active when the window closes."""
        left = self.leave_month != NEVER
        back = (self.return_month != NEVER) & (self.second_leave_month == NEVER)
        live: Flags = ~left | back
        return live

    def days_in_month(self, line: Ints, month: Ints, timeline: Timeline) -> tuple[Ints, Ints]:
        """First active day, and the day after the last, of lines in months they are active in."""
        second = (self.return_month[line] != NEVER) & (month >= self.return_month[line])
        begin = np.where(second, self.return_day[line], self.start_day[line])
        end = np.where(second, self.second_leave_day[line], self.leave_day[line])
        low = np.maximum(begin, timeline.month_starts[month])
        open_end = timeline.month_starts[month.astype(np.int64) + 1]
        high = np.where(end == NOT_A_DAY, open_end, np.minimum(end + 1, open_end))
        return low, high

    def tenure(self, line: Ints, month: Ints) -> Ints:
        """Whole months since the spell began."""
        second = (self.return_month[line] != NEVER) & (month >= self.return_month[line])
        begin = np.where(second, self.return_month[line], self.start_month[line])
        return (month - begin).astype(np.int32)


def live_through(lifecycle: Lifecycle, first_day: int, end_day: int) -> tuple[Ints, Ints]:
    """Days of ``[first_day, end_day)`` in which each line is active throughout.

    Returns
    -------
    low, high : arrays of int
        Half-open; empty where ``low >= high``. Of two spells the later one counts.
    """
    back = lifecycle.return_month != NEVER
    begin = np.where(back, lifecycle.return_day, lifecycle.start_day)
    end = np.where(back, lifecycle.second_leave_day, lifecycle.leave_day)
    low = np.maximum(begin + 1, first_day)
    high = np.where(end == NOT_A_DAY, end_day, np.minimum(end, end_day))
    return low.astype(np.int32), high.astype(np.int32)
