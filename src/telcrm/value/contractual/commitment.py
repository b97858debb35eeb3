"""Where in its commitment a line stands, as far as leaving depends on it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from telcrm.domain import Record

__all__ = ["CommitmentPolicy", "ContractPhase"]

_Month = Annotated[int, Field(strict=True, ge=-120, le=120)]


class ContractPhase(StrEnum):
    """What a commitment does to the chance to leave."""

    OPEN = "open"
    """None: no commitment, or it is over, or about to be. Other phases are measured against it."""
    COMMITTED = "committed"
    """Leaving costs a fee, and is rare."""
    ENDING = "ending"
    """The commitment ends: leaving is free, and competitors call."""


class CommitmentPolicy(Record):
    """Which months before and after the end of a commitment make which phase.

    Months are counted to the end: 0 is the last month of the commitment, 1 the one before, and -1
    the first month after it.

    Examples
    --------
    >>> policy = CommitmentPolicy()
    >>> [policy.phase(months).value for months in (12, 2, 1, 0, -1, -2)]
    ['committed', 'committed', 'open', 'ending', 'ending', 'open']
    """

    committed_from: _Month = 2
    """Months to go, at least, in which a line is committed."""
    ending_from: _Month = 0
    """Months to go when the end begins ..."""
    ending_to: _Month = -1
    """... and when it is over, the last month of it."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.committed_from > self.ending_from >= self.ending_to:
            message = (
                f"committed_from={self.committed_from}, ending_from={self.ending_from} and "
                f"ending_to={self.ending_to} have to fall: commitment comes before its end"
            )
            raise ValueError(message)
        if self.committed_from < 0:
            message = f"committed_from={self.committed_from} lies after the end of a commitment"
            raise ValueError(message)
        return self

    @property
    def months_after(self) -> int:
        """Months after the end until all is as it was without a commitment, 1 or more."""
        return max(1, 1 - self.ending_to)

    def phase(self, months: int) -> ContractPhase:
        """Return the phase of one line.

        Parameters
        ----------
        months : int
            To the end of the commitment.

        Returns
        -------
        ContractPhase
        """
        return list(ContractPhase)[int(self.codes(np.array([months]))[0])]

    def codes(self, months: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return phases as places in ``ContractPhase``.

        Parameters
        ----------
        months : array of int

        Returns
        -------
        array of int, of that shape
            0 open, 1 committed, 2 ending.
        """
        committed = months >= self.committed_from
        ending = (months <= self.ending_from) & (months >= self.ending_to)
        return committed.astype(np.intp) + 2 * ending.astype(np.intp)
