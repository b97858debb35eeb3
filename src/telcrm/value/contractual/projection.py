"""Lines carried month by month through hazards, contract phases and renewals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.contract_terms import ContractTerms

__all__ = ["HazardOdds", "LineStates", "ProjectedMonth", "open_after", "project"]

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

_MOST: Final = 200.0


@dataclass(frozen=True, slots=True)
class LineStates:
    """Distinct lines at the start of a month.

    Attributes
    ----------
    tenure : array of int, shape (n,)
    ahead : array of int, shape (n,)
        Months to the end of the commitment; ``-open_after(...)`` for a line that has none.
    """

    tenure: Whole
    ahead: Whole


@dataclass(frozen=True, slots=True)
class HazardOdds:
    """Odds of leaving against staying, as a product of what they depend on.

    Attributes
    ----------
    lines : array of shape (k, n)
        Of each cause, by the covariates of each line.
    tenure : array of shape (k, months)
        By months of tenure from 0 on; the last holds for all later ones.
    phase : array of shape (k, 3)
        By contract phase.
    """

    lines: Floats
    tenure: Floats
    phase: Floats

    @classmethod
    def of_logits(cls, lines: Floats, tenure: Floats, phase: Floats) -> HazardOdds:
        """Make them from logarithms, which are cut where a float would overflow."""
        return cls(*(np.exp(np.clip(each, -_MOST, _MOST)) for each in (lines, tenure, phase)))


@dataclass(frozen=True, slots=True)
class ProjectedMonth:
    """What is expected of each line in one month.

    Attributes
    ----------
    alive : array of shape (n,)
        Probability that it is there at the start.
    leaving : array of shape (k, n)
        Probability that it leaves in the month, for each cause.
    forgone : array of shape (k, n)
        Expected months of commitment that are left to a line that leaves.
    renewed : array of shape (n,)
        Probability that a new commitment begins with the month.
    """

    alive: Floats
    leaving: Floats
    forgone: Floats
    renewed: Floats


def open_after(commitment: CommitmentPolicy, terms: ContractTerms) -> int:
    """Return after how many months a commitment that is not renewed is forgotten, 1 or more.

    Parameters
    ----------
    commitment : CommitmentPolicy
    terms : ContractTerms

    Returns
    -------
    int
    """
    return max(commitment.months_after, 1 - terms.renewal_at)


def project(
    odds: HazardOdds,
    states: LineStates,
    *,
    commitment: CommitmentPolicy,
    terms: ContractTerms,
    months: int,
) -> Iterator[ProjectedMonth]:
    """Carry lines through the months to come, exactly.

    Parameters
    ----------
    odds : HazardOdds
    states : LineStates
    commitment : CommitmentPolicy
    terms : ContractTerms
    months : int

    Yields
    ------
    ProjectedMonth
        The first is the month that ``states`` begin with. One more than ``months``, for who is
        there at the end.

    Notes
    -----
    A commitment ends in a month that is known from the start, and so does each that follows if it
    is renewed. So the probability of a line is in few places: in its chain of commitments, whose
    months to the end are known; in each of the months after a renewal that was not signed; and
    where no commitment matters any more.
    """
    ahead = states.ahead.copy()
    left = np.arange(terms.renewal_at - 1, -open_after(commitment, terms) - 1, -1)
    chained = (ahead > left[0]).astype(np.float64)
    freed = (ahead == left[:, None]).astype(np.float64)
    phase_freed = commitment.codes(left)
    renewed = np.zeros(ahead.size)
    for month in range(months + 1):
        at = np.minimum(states.tenure + month, odds.tenure.shape[1] - 1)
        own = odds.lines * odds.tenure[:, at]
        alive = chained + freed.sum(axis=0)
        leaving, chained = _leave(own * odds.phase[:, commitment.codes(ahead)], chained)
        forgone = leaving * np.maximum(ahead, 0)
        for place, phase in enumerate(phase_freed):
            lost, freed[place] = _leave(own * odds.phase[:, phase, None], freed[place])
            leaving = leaving + lost
            forgone = forgone + lost * max(left[place], 0)
        yield ProjectedMonth(alive, leaving, forgone, renewed)
        due = chained * (ahead == terms.renewal_at)
        renewed = terms.renewal_share * due
        chained = chained - due + renewed
        freed = _month_on(freed, due - renewed)
        ahead = ahead - 1 + np.where(ahead == terms.renewal_at, terms.renewal_months, 0)


def _leave(odds: Floats, there: Floats) -> tuple[Floats, Floats]:
    """Part those who leave, by cause, from those who stay."""
    stays = 1.0 / (1.0 + odds.sum(axis=0))
    return odds * (there * stays), there * stays


def _month_on(freed: Floats, entering: Floats) -> Floats:
    """Move on by a month; at the last place time stands still."""
    moved = np.concatenate([entering[None], freed[:-1]])
    moved[-1] += freed[-1]
    return moved
