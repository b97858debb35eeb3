"""How far the standard dunning ladder would have taken each debtor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Final

import polars as pl

from telcrm.ledger import DunnableItem, DunningCase, DunningPolicy, decide

__all__ = ["NO_STEP", "STEPS", "Rung", "named", "standard_ladder", "with_standing"]

NO_STEP: Final = "no step yet"


def named(step: str) -> str:
    """Write a kind of action for people.

    Parameters
    ----------
    step : str

    Returns
    -------
    str

    Examples
    --------
    >>> named("one_way_bar"), named("final_notice")
    ('one-way bar', 'final notice')
    """
    return step.replace("_way_", "-way ").replace("_", " ")


STEPS: Final = tuple(named(level.step.value) for level in DunningPolicy().ladder)
"""Names of the standard steps, the mildest first."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step, and the day past due on which it is taken."""

    day: int
    step: str


@cache
def standard_ladder() -> tuple[Rung, ...]:
    """Run the standard policy daily over an invoice that is never paid, to the end of its ladder.

    Returns
    -------
    tuple of Rung

    Notes
    -----
    The standard policy knows no least amounts, quiet days or classes of customers. So of an account
    whose invoices stay open the oldest alone decides, by its age, and one run tells of all.

    Examples
    --------
    >>> [(rung.day, rung.step) for rung in standard_ladder()[:3]]
    [(7, 'reminder'), (15, 'final notice'), (30, 'one-way bar')]
    """
    policy = DunningPolicy()
    due_on = date(2026, 1, 1)
    item = DunnableItem(item_id="I-1", due_on=due_on, open_minor=1, original_minor=1)
    case = DunningCase(account_id="A-1", currency="EUR", items=(item,))
    rungs: list[Rung] = []
    day = 0
    while case.state.level < len(policy.ladder):
        day += 1
        decision = decide(policy, case, as_of=due_on + timedelta(days=day))
        rungs += [
            Rung(day, named(action.kind.value))
            for action in decision.actions
            if action.level is not None
        ]
        case = replace(case, state=decision.state)
    return tuple(rungs)


def with_standing(debtors: pl.DataFrame) -> pl.DataFrame:
    """Add where each debtor would stand on the standard ladder.

    Parameters
    ----------
    debtors : polars.DataFrame
        With ``since``, the due date of the oldest overdue invoice, and ``days_past_due``.

    Returns
    -------
    polars.DataFrame
        With ``step``, the last one taken, ``next_step`` and ``next_on``; null where there is none.
    """
    days = pl.col("days_past_due")
    step, following = pl.lit(NO_STEP), pl.lit(None, pl.String)
    after = pl.lit(None, pl.Int64)
    for rung in standard_ladder():
        step = pl.when(days >= rung.day).then(pl.lit(rung.step)).otherwise(step)
    for rung in reversed(standard_ladder()):
        is_ahead = days < rung.day
        following = pl.when(is_ahead).then(pl.lit(rung.step)).otherwise(following)
        after = pl.when(is_ahead).then(rung.day).otherwise(after)
    return debtors.with_columns(
        step=step, next_step=following, next_on=pl.col("since") + pl.duration(days=after)
    )
