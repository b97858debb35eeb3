"""The most that a retention campaign can earn with a ranking: MPC, EMPC, and whom to contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.hull import upper_hull
from telcrm.churn.evaluation.levels import ScoreLevels
from telcrm.churn.evaluation.profit_terms import (
    ProfitLines,
    ProfitTerms,
    Terms,
    read_campaign,
    read_terms,
)
from telcrm.churn.evaluation.scores import Floats
from telcrm.domain.arguments import require_positive, require_share

__all__ = [
    "ExpectedProfit",
    "ProfitOptimum",
    "expected_maximum_profit",
    "expected_maximum_profit_of",
    "maximum_profit",
    "maximum_profit_of",
    "profit_threshold",
]

F = TypeVar("F", float, Floats)


@dataclass(frozen=True, slots=True)
class ProfitOptimum:
    """The best that can be done with a ranking, if the share that accepts is known.

    Attributes
    ----------
    profit : float, 0 or more
        Per customer of the whole base, contacted or not, in the currency of ``clv``.
    share : float in [0, 1]
        Share of customers to contact; the smallest that earns so much.
    threshold : float or None
        Contact who scores so much or more; None where nobody is to be contacted.
    """

    profit: float
    share: float
    threshold: float | None


@dataclass(frozen=True, slots=True)
class ExpectedProfit:
    """The best that can be expected of a ranking, if the share that accepts is not known.

    Attributes
    ----------
    profit : float, 0 or more
        Per customer of the whole base, in the currency of ``clv``.
    share : float in [0, 1]
        Share of customers that is contacted, on average over the shares that accept.
    """

    profit: float
    share: float


def maximum_profit(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    acceptance: float = 0.3,
) -> ProfitOptimum:
    """Maximum profit criterion (MPC): profit per customer at the best cut of a ranking.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Any monotone score; customers that tie are contacted together or not at all.
    clv : float or array-like of shape (n_customers,)
        Lifetime value of a customer who stays, in any currency; one number has to be above
        ``incentive``.
    incentive : float or array-like of shape (n_customers,), 0 or more
        Paid to who accepts: the share ``acceptance`` of would-be churners, and all others.
    contact : float or array-like of shape (n_customers,), 0 or more
        Paid for each contact.
    acceptance : float in [0, 1]
        Share of would-be churners who accept the incentive and stay.

    Returns
    -------
    ProfitOptimum

    Raises
    ------
    SingleClassError
        All left, or none did.
    ScoreError
        Outcomes or scores are missing, of two lengths, or no numbers.
    ParameterError
        A value or a cost is out of its range.

    Notes
    -----
    The greatest over all cuts ``t`` of::

        1/n * sum(y * (acceptance * (clv - incentive) - contact) - (1 - y) * (incentive + contact))

    summed over customers who score ``t`` or more; 0 if nobody is contacted. Values of single
    customers stand in the sum where they are given, and the order stays that of the score: a
    customer worth less than the incentive takes away from it. Verbeke et al. (2012), European
    Journal of Operational Research 218(1), 211-229; Oskarsdottir et al. (2018), Big Data 6(1), for
    values of single customers.

    Examples
    --------
    >>> y = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> maximum_profit(y, [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    ProfitOptimum(profit=23.875, share=0.875, threshold=0.2)
    """
    require_share(acceptance=acceptance)
    levels, terms = read_campaign(y_true, y_score, clv=clv, incentive=incentive, contact=contact)
    return maximum_profit_of(levels, terms.lines(levels), acceptance)


def expected_maximum_profit(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
) -> ExpectedProfit:
    """Return the expected maximum profit (EMPC): MPC over a distribution of the share that accepts.

    Parameters
    ----------
    y_true, y_score, clv, incentive, contact
        As :func:`maximum_profit` takes them.
    alpha, beta : float above 0
        Of the beta distribution of the share of would-be churners who accept; its mean is ``alpha /
        (alpha + beta)``, 0.3 by default.

    Returns
    -------
    ExpectedProfit

    Raises
    ------
    SingleClassError, ScoreError, ParameterError
        As :func:`maximum_profit` does.

    Notes
    -----
    The integral over acceptance ``g`` of the greatest profit at that ``g``, weighted by the density
    of the beta distribution. For each cut the profit is a line in ``g``, ``g * saved - spent``; the
    greatest of them follow the upper hull of the points ``(spent, saved)``, which is that of the
    ROC curve where values are one number for all. Between the breakpoints ``(spent_{i+1} - spent_i)
    / (saved_{i+1} - saved_i)`` the integral is a difference of regularised incomplete beta
    functions, so that nothing is approximated. With values of single customers the same lines are
    made of their sums. Verbraken, Verbeke & Baesens (2013), IEEE Transactions on Knowledge and Data
    Engineering 25(5), 961-973, whose defaults these are.

    Examples
    --------
    >>> y = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> found = expected_maximum_profit(y, [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    >>> round(found.profit, 6), round(found.share, 6)
    (23.875593, 0.87437)
    """
    require_positive(alpha=alpha, beta=beta)
    levels, terms = read_campaign(y_true, y_score, clv=clv, incentive=incentive, contact=contact)
    return expected_maximum_profit_of(levels, terms.lines(levels), alpha, beta)


def profit_threshold(
    *, clv: F, incentive: F | float = 10.0, contact: F | float = 1.0, acceptance: float = 0.3
) -> F:
    """Return the probability of leaving from which on a contact is expected to pay.

    Parameters
    ----------
    clv : float or array-like of shape (n_customers,)
        As :func:`maximum_profit` takes it.
    incentive, contact : float or array-like of shape (n_customers,), 0 or more
    acceptance : float in [0, 1]

    Returns
    -------
    float, or array of shape (n_customers,)
        Above 1, or infinite, where no contact pays: for a customer who is worth too little.

    Raises
    ------
    ParameterError
        A value or a cost is out of its range.

    Notes
    -----
    ``(incentive + contact) / (acceptance * (clv - incentive) + incentive)``: where ``p *
    (acceptance * (clv - incentive) - contact) = (1 - p) * (incentive + contact)``. It holds for
    calibrated probabilities only.

    Examples
    --------
    >>> round(profit_threshold(clv=200.0), 7)
    0.1641791
    >>> profit_threshold(clv=[100.0, 400.0]).round(4).tolist()
    [0.2973, 0.0866]
    """
    require_share(acceptance=acceptance)
    terms = read_terms(clv=clv, incentive=incentive, contact=contact)
    found = threshold_of(terms, acceptance)
    return found if found.ndim else float(found)  # type: ignore[return-value]


def threshold_of(terms: ProfitTerms, acceptance: float) -> Floats:
    """Return the threshold of read terms.

    Parameters
    ----------
    terms : ProfitTerms
    acceptance : float in [0, 1]

    Returns
    -------
    array of float
        Without dimension, or of shape (n,).
    """
    saved, spent = terms.of_churners(acceptance), -terms.of_stayers()
    stake = np.asarray(saved + spent)
    pays = stake > 0
    found: Floats = np.where(pays, spent / np.where(pays, stake, 1.0), np.inf)
    return found


def maximum_profit_of(levels: ScoreLevels, lines: ProfitLines, acceptance: float) -> ProfitOptimum:
    """Return the greatest profit of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
    lines : ProfitLines
    acceptance : float in [0, 1]

    Returns
    -------
    ProfitOptimum
    """
    profits = lines.at(acceptance)
    best = int(np.argmax(profits))
    return ProfitOptimum(
        profit=float(profits[best]) / levels.customers,
        share=int(levels.contacted[best]) / levels.customers,
        threshold=float(levels.scores[best - 1]) if best else None,
    )


def expected_maximum_profit_of(
    levels: ScoreLevels, lines: ProfitLines, alpha: float, beta: float
) -> ExpectedProfit:
    """Return the expected greatest profit of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
    lines : ProfitLines
    alpha, beta : float above 0

    Returns
    -------
    ExpectedProfit
    """
    from scipy.special import betainc

    vertices = upper_hull(lines.spent, lines.saved)
    saved, spent = lines.saved[vertices], lines.spent[vertices]
    turns = np.clip(np.diff(spent) / np.diff(saved), 0.0, 1.0)
    edges = np.concatenate([[0.0], turns, [1.0]])
    chance = np.diff(betainc(alpha, beta, edges))
    mean = alpha / (alpha + beta) * np.diff(betainc(alpha + 1.0, beta, edges))
    return ExpectedProfit(
        profit=float(saved @ mean - spent @ chance) / levels.customers,
        share=float(levels.contacted[vertices] @ chance) / levels.customers,
    )
