"""What a campaign that contacts the top of a ranking would have earned, and what it could have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import ScoreLevels, curve_points
from telcrm.churn.evaluation.profit import threshold_of
from telcrm.churn.evaluation.profit_terms import ProfitTerms, Terms, read_campaign
from telcrm.churn.evaluation.ranking import captured_share
from telcrm.churn.evaluation.scores import Bools, Floats
from telcrm.domain.arguments import require_share
from telcrm.errors import ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn
from telcrm.value.equity.arguments import require_numbers

__all__ = [
    "CampaignProfit",
    "ProfitBounds",
    "ProfitCurve",
    "campaign_above",
    "campaign_profit",
    "profit_bounds",
    "profit_curve",
    "profit_curve_of",
]


@dataclass(frozen=True, slots=True)
class ProfitBounds:
    """Profit per customer without a model, and with one that knows all.

    Attributes
    ----------
    target_all : float
        Everybody is contacted; below 0 where that loses money.
    target_none : float
        Nobody is: always 0.
    perfect : float, 0 or more
        Those who would leave are contacted, and of them only whom it pays to keep.
    """

    target_all: float
    target_none: float
    perfect: float

    @property
    def without_model(self) -> float:
        """The better of contacting everybody and nobody."""
        return max(self.target_all, self.target_none)


@dataclass(frozen=True, slots=True)
class CampaignProfit:
    """A campaign over customers whose outcome is known.

    Attributes
    ----------
    customers, churners : int
    share : float in [0, 1]
        Share of customers contacted.
    captured : float in [0, 1]
        Share of the churners who are among them.
    profit : float
        Per customer of the whole base, contacted or not, in the currency of ``clv``.
    bounds : ProfitBounds
    """

    customers: int
    churners: int
    share: float
    captured: float
    profit: float
    bounds: ProfitBounds

    @property
    def total(self) -> float:
        """Profit of all customers together."""
        return self.profit * self.customers

    @property
    def gain(self) -> float:
        """Profit per customer above what is earned without a model; below 0 the model loses."""
        return self.profit - self.bounds.without_model

    @property
    def achieved(self) -> float | None:
        """Share of the possible gain: 1 for a perfect model; None where nothing can be gained."""
        possible = self.bounds.perfect - self.bounds.without_model
        return self.gain / possible if possible > 0 else None

    def __repr__(self) -> str:
        achieved = "" if self.achieved is None else f", {self.achieved:.0%} of the possible gain"
        return (
            f"CampaignProfit({self.profit:,.3f} per customer from contacting {self.share:.1%}; all "
            f"{self.bounds.target_all:,.3f}, none 0, perfect {self.bounds.perfect:,.3f}{achieved})"
        )


def campaign_profit(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    share: float | None = None,
    threshold: float | None = None,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    acceptance: float = 0.3,
) -> CampaignProfit:
    """Return what contacting the top of a ranking earns, beside all, none and a perfect ranking.

    Parameters
    ----------
    y_true, y_score, clv, incentive, contact, acceptance
        As :func:`maximum_profit` takes them; the scores have to be probabilities if neither
        ``share`` nor ``threshold`` is given.
    share : float in [0, 1], optional
        Contact the top share of customers; those tied at the cut count in proportion.
    threshold : float, optional
        Contact who scores so much or more. By default each customer's own
        :func:`profit_threshold`.

    Returns
    -------
    CampaignProfit

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`maximum_profit` does; or the scores are no probabilities, where they have to be.
    ParameterError
        A value or a cost is out of its range, or both ``share`` and ``threshold`` are given.

    Notes
    -----
    With churn rate ``r`` and one value for all, everybody earns ``r * (acceptance * (clv -
    incentive) - contact) - (1 - r) * (incentive + contact)``, and a perfect ranking the first of
    these terms, if it is above 0.

    Examples
    --------
    >>> campaign_profit([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.1])
    CampaignProfit(6.800 per customer from contacting 60.0%; all 15.800, none 0, perfect 22.400,
    -136% of the possible gain)
    """
    require_share(acceptance=acceptance)
    if share is not None and threshold is not None:
        raise ParameterError(
            "campaign_profit takes share or threshold, and both are given. Leave one out.",
            share=share,
            threshold=threshold,
        )
    levels, terms = read_campaign(
        y_true,
        y_score,
        clv=clv,
        incentive=incentive,
        contact=contact,
        probabilities=share is None and threshold is None,
    )
    if share is None:
        if threshold is None:
            return campaign_above(threshold_of(terms, acceptance), levels, terms, acceptance)
        require_numbers(threshold=threshold)
        return campaign_above(threshold, levels, terms, acceptance)
    require_share(share=share)
    return CampaignProfit(
        customers=levels.customers,
        churners=levels.leavers,
        share=float(share),
        captured=captured_share(levels, share),
        profit=float(np.interp(share, levels.shares, terms.lines(levels).at(acceptance)))
        / levels.customers,
        bounds=profit_bounds(levels.ranked.churned, terms, acceptance),
    )


@dataclass(frozen=True, slots=True, repr=False)
class ProfitCurve:
    """Profit per customer by the share that is contacted.

    Attributes
    ----------
    points : tuple of (float, float)
        Share of customers contacted, the greatest score first, and the profit, from (0, 0) to (1,
        profit of contacting everybody). Of more than 1,000 scores, it is given at every tenth of a
        per cent, and at its peak.
    best_share, best_profit : float
        Its peak.
    perfect : float
        Profit of a perfect ranking.
    """

    points: tuple[tuple[float, float], ...]
    best_share: float
    best_profit: float
    perfect: float

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per point.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``contacted_share`` and ``profit``.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        columns = {
            "contacted_share": ResultColumn(float, [share for share, _ in self.points]),
            "profit": ResultColumn(float, [profit for _, profit in self.points]),
        }
        return plain_frame(columns, backend)

    def __repr__(self) -> str:
        return (
            f"ProfitCurve(at best {self.best_profit:,.3f} per customer from contacting "
            f"{self.best_share:.1%}; all {self.points[-1][1]:,.3f}, perfect {self.perfect:,.3f})"
        )

    def _repr_html_(self) -> str:
        facts = {
            "best_profit": self.best_profit,
            "best_share": self.best_share,
            "target_all": self.points[-1][1],
            "perfect": self.perfect,
        }
        columns = {name: ResultColumn(float, [fact]) for name, fact in facts.items()}
        return html_table(columns, "Profit per customer")


def profit_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    acceptance: float = 0.3,
) -> ProfitCurve:
    """Return profit per customer for every share that might be contacted.

    Parameters
    ----------
    y_true, y_score, clv, incentive, contact, acceptance
        As :func:`maximum_profit` takes them.

    Returns
    -------
    ProfitCurve

    Raises
    ------
    SingleClassError, ScoreError, ParameterError
        As :func:`maximum_profit` does.

    Examples
    --------
    >>> profit_curve([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.9])
    ProfitCurve(at best 22.400 per customer from contacting 40.0%; all 15.800, perfect 22.400)
    """
    require_share(acceptance=acceptance)
    levels, terms = read_campaign(y_true, y_score, clv=clv, incentive=incentive, contact=contact)
    return profit_curve_of(levels, terms, acceptance)


def profit_curve_of(levels: ScoreLevels, terms: ProfitTerms, acceptance: float) -> ProfitCurve:
    """Return the profit curve of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
    terms : ProfitTerms
    acceptance : float in [0, 1]

    Returns
    -------
    ProfitCurve
    """
    shares = levels.shares
    profits = terms.lines(levels).at(acceptance) / levels.customers
    best = int(np.argmax(profits))
    return ProfitCurve(
        points=curve_points(shares, profits, kept=(float(shares[best]),)),
        best_share=float(shares[best]),
        best_profit=float(profits[best]),
        perfect=profit_bounds(levels.ranked.churned, terms, acceptance).perfect,
    )


def campaign_above(
    threshold: float | Floats, levels: ScoreLevels, terms: ProfitTerms, acceptance: float
) -> CampaignProfit:
    """Return what contacting all who score a threshold or more earns.

    Parameters
    ----------
    threshold : float or array of shape (n,)
    levels : ScoreLevels
    terms : ProfitTerms
    acceptance : float in [0, 1]

    Returns
    -------
    CampaignProfit
    """
    churned = levels.ranked.churned
    chosen = levels.ranked.spread(levels.scores) >= threshold
    each = np.where(churned, terms.of_churners(acceptance), terms.of_stayers())
    return CampaignProfit(
        customers=churned.size,
        churners=levels.leavers,
        share=int(chosen.sum()) / churned.size,
        captured=int((churned & chosen).sum()) / levels.leavers,
        profit=float(each @ chosen) / churned.size,
        bounds=profit_bounds(churned, terms, acceptance),
    )


def profit_bounds(churned: Bools, terms: ProfitTerms, acceptance: float) -> ProfitBounds:
    """Return profit per customer without a model, and with a perfect one.

    Parameters
    ----------
    churned : array of bool, shape (n,)
    terms : ProfitTerms
    acceptance : float in [0, 1]

    Returns
    -------
    ProfitBounds
    """
    saved, wasted = terms.of_churners(acceptance), terms.of_stayers()
    return ProfitBounds(
        target_all=float(np.where(churned, saved, wasted).mean()),
        target_none=0.0,
        perfect=float(np.where(churned, np.maximum(saved, 0.0), 0.0).mean()),
    )
