"""Status histories that follow a table of allowed transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Generic, TypeVar

from telcrm.domain.party import Text
from telcrm.domain.record import Record
from telcrm.errors import TransitionError

__all__ = ["StatusChange", "Transitions", "check_history", "check_transition"]

S = TypeVar("S", bound=StrEnum)

Transitions = Mapping[S, frozenset[S]]
"""For each state, the states it may lead to; an empty set marks a final state."""


class StatusChange(Record, Generic[S]):
    """One step of a status history: the status that began on a day."""

    status: S
    since: date
    """First day of the status."""
    reason: Text | None = None


def check_transition(subject: str, current: S, target: S, transitions: Transitions[S]) -> None:
    """Refuse a move that the transition table does not hold.

    Parameters
    ----------
    subject : str
        What moves, for the message: ``"subscription S-1"``.
    current, target : StrEnum
    transitions : mapping of state to set of states

    Raises
    ------
    TransitionError
        Names the states that ``current`` does lead to.
    """
    allowed = transitions[current]
    if target not in allowed:
        ways = ", ".join(sorted(allowed)) or "nothing: it is a final state"
        message = (
            f"{subject} cannot go from {current!s} to {target!s}; {current!s} leads to {ways}."
        )
        raise TransitionError(message, subject=subject, current=current, target=target)


def check_history(
    subject: str,
    status: S,
    history: Sequence[StatusChange[S]],
    transitions: Transitions[S],
) -> None:
    """Refuse a history that is out of order, jumps, or does not end in the present status.

    Parameters
    ----------
    subject : str
    status : StrEnum
        The status that the record states for now.
    history : sequence of StatusChange
        May be empty: then nothing is known of the past.
    transitions : mapping of state to set of states

    Raises
    ------
    TransitionError
    """
    for earlier, later in pairwise(history):
        if later.since < earlier.since:
            message = (
                f"the history of {subject} goes back in time: {later.status!s} on {later.since} "
                f"stands after {earlier.status!s} on {earlier.since}. Sort it by day."
            )
            raise TransitionError(message, subject=subject)
        check_transition(subject, earlier.status, later.status, transitions)
    if history and history[-1].status != status:
        message = (
            f"{subject} says {status!s}, but its history ends in {history[-1].status!s}. "
            "Make status the last entry of the history."
        )
        raise TransitionError(message, subject=subject)
