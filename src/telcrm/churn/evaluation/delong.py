"""DeLong's variance of areas under ROC curves, without looking at pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telcrm.churn.evaluation.levels import ScoreLevels
from telcrm.churn.evaluation.scores import Floats
from telcrm.errors import ScoreError

__all__ = ["delong_covariance", "delong_variance"]


def delong_variance(levels: ScoreLevels) -> float:
    """Return the variance of the area under the ROC curve of counted levels.

    Parameters
    ----------
    levels : ScoreLevels

    Returns
    -------
    float

    Raises
    ------
    ScoreError
        Fewer than two left, or fewer than two stayed.

    Notes
    -----
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3), 837-845: the variance over leavers of
    the share of stayers below each, over their number, and the same over stayers. Levels give these
    shares as the midranks of Sun & Xu (2014), IEEE Signal Processing Letters 21(11), 1389-1393, do.
    """
    _require_two(levels)
    below, above = _placements(levels)
    left, stayed = np.diff(levels.churners), np.diff(levels.stayers)
    return sum(
        float(counts @ (shares - counts @ shares / counts.sum()) ** 2)
        / (int(counts.sum()) - 1)
        / int(counts.sum())
        for counts, shares in ((left, below), (stayed, above))
    )


def delong_covariance(models: Sequence[ScoreLevels]) -> Floats:
    """Return the covariance of areas under ROC curves of several scores of the same customers.

    Parameters
    ----------
    models : sequence of ScoreLevels
        k of them.

    Returns
    -------
    array of shape (k, k)

    Raises
    ------
    ScoreError
        Fewer than two left, or fewer than two stayed.
    """
    first = models[0]
    _require_two(first)
    churned = first.ranked.churned
    placements = [_placements(levels) for levels in models]
    found = np.zeros((len(models), len(models)))
    for side, own in enumerate((churned, ~churned)):
        shares = np.vstack(
            [
                levels.ranked.spread(each[side])[own]
                for levels, each in zip(models, placements, strict=True)
            ]
        )
        found += np.cov(shares).reshape(found.shape) / int(own.sum())
    return found


def _placements(levels: ScoreLevels) -> tuple[Floats, Floats]:
    """Return for each level the share of stayers below it, and of leavers above it, ties half."""
    churners, stayers = levels.churners, levels.stayers
    below = 1.0 - (stayers[1:] + stayers[:-1]) / (2 * int(stayers[-1]))
    above = (churners[1:] + churners[:-1]) / (2 * levels.leavers)
    return below, above


def _require_two(levels: ScoreLevels) -> None:
    if not 2 <= levels.leavers <= levels.customers - 2:
        raise ScoreError(
            f"{levels.leavers:,} of {levels.customers:,} customers left, and an error of the area "
            "needs two at least on either side. Take more customers.",
            churners=levels.leavers,
            customers=levels.customers,
        )
