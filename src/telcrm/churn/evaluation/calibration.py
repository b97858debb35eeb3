"""How far probabilities are off: Brier score, log loss, and the line that recalibrates them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import ScoreLevels, read_levels
from telcrm.churn.evaluation.scores import Floats
from telcrm.value.likelihood.maximize import Curvature, maximize

__all__ = [
    "CalibrationLine",
    "brier",
    "brier_of",
    "calibration_line",
    "calibration_line_of",
    "log_loss",
    "log_loss_of",
]

_LEAST: Final = float(np.finfo(np.float64).eps)


def brier(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Mean squared distance between probabilities and outcomes.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_prob : array-like of shape (n_customers,), in [0, 1]

    Returns
    -------
    float in [0, 1]
        0 is perfect; ``base rate * (1 - base rate)`` is what the base rate alone gets.

    Raises
    ------
    SingleClassError
        All left, or none did.
    ScoreError
        Outcomes or probabilities are missing, of two lengths, or outside their range.

    Notes
    -----
    Brier (1950), Monthly Weather Review 78(1), 1-3, halved as is the custom for two classes.

    Examples
    --------
    >>> round(brier([0, 1, 1], [0.1, 0.9, 0.6]), 6)
    0.06
    """
    return brier_of(read_levels(y_true, y_prob, probabilities=True))


def log_loss(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Mean negative log-likelihood of the outcomes, in natural units.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_prob : array-like of shape (n_customers,), in [0, 1]
        Kept off 0 and 1 by 2.2e-16, as scikit-learn does: one certain error would make the loss
        infinite.

    Returns
    -------
    float, 0 or more

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`brier` does.

    Examples
    --------
    >>> round(log_loss([0, 1], [0.5, 0.5]), 6)
    0.693147
    """
    return log_loss_of(read_levels(y_true, y_prob, probabilities=True))


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """Logistic recalibration of probabilities.

    Attributes
    ----------
    in_the_large : float
        Intercept with the slope held at 1, in log-odds: above 0 more leave than predicted.
    intercept, slope : float or None
        Fitted together; a slope below 1 says that predictions are too extreme. None where the
        scores part leavers from stayers, or are all alike: no line is the most likely then.
    """

    in_the_large: float
    intercept: float | None
    slope: float | None


def calibration_line(y_true: ArrayLike, y_prob: ArrayLike) -> CalibrationLine:
    """Fit the line that would recalibrate the log-odds: 0 and 1 for a calibrated model.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_prob : array-like of shape (n_customers,), in [0, 1]
        Kept off 0 and 1 by 2.2e-16.

    Returns
    -------
    CalibrationLine

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`brier` does.

    Notes
    -----
    Maximum likelihood of ``logit P(y) = a + b logit(p)``, and of ``a`` with ``b = 1``. Cox (1958),
    Biometrika 45, 562-565; Van Calster et al. (2016), Journal of Clinical Epidemiology 74, 167-176.

    Examples
    --------
    >>> found = calibration_line([0, 0, 0, 1, 0, 1, 1, 1], [0.2] * 4 + [0.8] * 4)
    >>> round(abs(found.in_the_large), 6), round(found.slope, 3)
    (0.0, 0.792)
    """
    return calibration_line_of(read_levels(y_true, y_prob, probabilities=True))


def brier_of(levels: ScoreLevels) -> float:
    """Return the Brier score of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
        Of probabilities.

    Returns
    -------
    float
    """
    p = levels.scores
    left, stayed = np.diff(levels.churners), np.diff(levels.stayers)
    return float(left @ (1.0 - p) ** 2 + stayed @ p**2) / levels.customers


def log_loss_of(levels: ScoreLevels) -> float:
    """Return the log loss of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
        Of probabilities.

    Returns
    -------
    float
    """
    p = np.clip(levels.scores, _LEAST, 1.0 - _LEAST)
    left, stayed = np.diff(levels.churners), np.diff(levels.stayers)
    return -float(left @ np.log(p) + stayed @ np.log1p(-p)) / levels.customers


def calibration_line_of(levels: ScoreLevels) -> CalibrationLine:
    """Return the recalibrating line of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
        Of probabilities.

    Returns
    -------
    CalibrationLine
    """
    p = np.clip(levels.scores, _LEAST, 1.0 - _LEAST)
    odds = np.log(p) - np.log1p(-p)
    counts = np.diff(levels.contacted).astype(np.float64)
    left = np.diff(levels.churners).astype(np.float64)
    whole = np.ones((1, odds.size))
    [shift] = _fit(whole, odds, counts, left)
    of_leavers, of_stayers = odds[left > 0], odds[counts > left]
    # Silvapulle (1981), JRSS B 43, 310-313: a maximum exists only where the two overlap.
    if not (of_leavers.min() < of_stayers.max() and of_stayers.min() < of_leavers.max()):
        return CalibrationLine(float(shift), None, None)
    intercept, slope = _fit(np.vstack([whole, odds]), np.zeros_like(odds), counts, left)
    return CalibrationLine(float(shift), float(intercept), float(slope))


def _fit(columns: Floats, offset: Floats, counts: Floats, left: Floats) -> Floats:
    """Fit a logistic regression of grouped outcomes."""
    from scipy.special import expit

    def likelihood(at: Floats) -> Curvature:
        line = offset + at @ columns
        expected = expit(line)
        value = float(left @ line - counts @ np.logaddexp(0.0, line))
        bends = counts * expected * (1.0 - expected)
        return Curvature(
            value, columns @ (left - counts * expected), -(columns * bends) @ columns.T
        )

    size = columns.shape[0]
    reach = np.full(size, 1e3)
    return maximize(likelihood, np.zeros(size), lower=-reach, upper=reach).point
