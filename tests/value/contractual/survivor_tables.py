"""Survivors per 1,000 customers: Fader & Hardie (2007), J. Interactive Marketing 21(1), table 1."""

from __future__ import annotations

from typing import Any

import polars as pl

from telcrm.value.contractual.cohort_survivors import cohort_survivors

HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394)
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173)


def lifetimes(survivors: tuple[int, ...], years: int) -> Any:
    """The first years of a table, as lifetimes."""
    left = list(survivors[: years + 1])
    return cohort_survivors(pl.DataFrame({"period": range(len(left)), "survivors": left}))
