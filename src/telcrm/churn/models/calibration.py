"""Maps from the probabilities of a model to those that come true as often as they say."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from scipy.special import expit, logit

from telcrm.churn.evaluation.scores import read_pair, read_scores
from telcrm.domain import Record
from telcrm.domain.choice import choose
from telcrm.errors import ScoreError

__all__ = [
    "Calibration",
    "CalibrationMethod",
    "IsotonicCalibration",
    "PlattCalibration",
    "calibrate",
    "calibrate_log_odds",
    "to_log_odds",
]

Floats = NDArray[np.float64]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]

_LEAST: Final = 1e-6


class CalibrationMethod(StrEnum):
    """How a map is learnt."""

    PLATT = "platt"
    ISOTONIC = "isotonic"


def to_log_odds(chances: Floats) -> Floats:
    """Return the log odds of probabilities, which are kept off 0 and 1 by a millionth.

    Parameters
    ----------
    chances : array of float in [0, 1]

    Returns
    -------
    array of the same shape, from -13.8 to 13.8

    Examples
    --------
    >>> to_log_odds(np.array([0.0, 0.5, 0.8])).round(3).tolist()
    [-13.816, 0.0, 1.386]
    """
    found: Floats = logit(np.clip(chances, _LEAST, 1.0 - _LEAST))
    return found


class PlattCalibration(Record):
    """A straight line for the log odds: ``intercept + slope * log odds of the model``.

    Attributes
    ----------
    intercept, slope : float
        0 and 1 change nothing. A slope below 1 draws extremes towards the middle; below 0, the
        model has ranked the wrong way round.
    """

    method: Literal[CalibrationMethod.PLATT] = CalibrationMethod.PLATT
    intercept: Finite
    slope: Finite

    def apply(self, scores: ArrayLike) -> Floats:
        """Return calibrated probabilities.

        Parameters
        ----------
        scores : array-like of shape (n,), in [0, 1]
            Kept off 0 and 1 by a millionth.

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        ScoreError
            Scores are missing, or no probabilities.
        """
        return self.of_log_odds(to_log_odds(_read(scores)))

    def of_log_odds(self, log_odds: Floats) -> Floats:
        """Return calibrated probabilities for the log odds of a model.

        Parameters
        ----------
        log_odds : array of shape (n,)

        Returns
        -------
        array of shape (n,)
        """
        found: Floats = expit(self.intercept + self.slope * log_odds)
        return found

    def words(self) -> str:
        """Write the map for people."""
        return f"log odds = {self.intercept:.4f} {self.slope:+.4f} x log odds of the model"


class IsotonicCalibration(Record):
    """A rising line through points: flat where probabilities are pooled, straight in between.

    Attributes
    ----------
    scores : tuple of float in [0, 1]
        Rising; below the first and above the last one, the line goes on level.
    values : tuple of float in [0, 1]
        Of the same length, never falling.
    """

    method: Literal[CalibrationMethod.ISOTONIC] = CalibrationMethod.ISOTONIC
    scores: Annotated[tuple[Probability, ...], Field(min_length=1)]
    values: tuple[Probability, ...]

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if len(self.scores) != len(self.values):
            raise ValueError("scores and values have two lengths")
        if (np.diff(self.scores) <= 0).any() or (np.diff(self.values) < 0).any():
            raise ValueError("scores do not rise, or values fall")
        return self

    def apply(self, scores: ArrayLike) -> Floats:
        """Return calibrated probabilities.

        Parameters
        ----------
        scores : array-like of shape (n,), in [0, 1]

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        ScoreError
            Scores are missing, or no probabilities.
        """
        return np.interp(_read(scores), self.scores, self.values)

    def of_log_odds(self, log_odds: Floats) -> Floats:
        """Return calibrated probabilities for the log odds of a model.

        Parameters
        ----------
        log_odds : array of shape (n,)

        Returns
        -------
        array of shape (n,)
        """
        return np.interp(expit(log_odds), self.scores, self.values)

    def words(self) -> str:
        """Write the map for people, point by point."""
        points = zip(self.scores, self.values, strict=True)
        return "rising line through " + ", ".join(f"{s:.4g} -> {v:.4g}" for s, v in points)


Calibration: TypeAlias = Annotated[
    PlattCalibration | IsotonicCalibration, Field(discriminator="method")
]


def calibrate(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    method: CalibrationMethod | str = CalibrationMethod.PLATT,
) -> PlattCalibration | IsotonicCalibration:
    """Learn a map from probabilities of customers, whose outcome is known, to calibrated ones.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,), in [0, 1]
        Of customers that the model has not learnt from: what it says of its own training data is
        too sure. :class:`~telcrm.churn.CalibratedModel` sees to that.
    method : {"platt", "isotonic"}
        Platt's line takes two numbers, and a few dozen leavers; isotonic steps take any rising
        form, and some thousand customers.

    Returns
    -------
    PlattCalibration or IsotonicCalibration
        With ``apply(scores)``.

    Raises
    ------
    SingleClassError
        All left, or none did.
    ScoreError
        Outcomes or scores are missing, of two lengths, or outside their range; or the scores are
        all alike.
    ParameterError
        There is no such method.

    Notes
    -----
    Platt: the logistic regression of the outcome on the log odds, with his smoothed outcomes: of
    ``n1`` leavers ``(n1 + 1) / (n1 + 2)`` instead of 1, of ``n0`` stayers ``1 / (n0 + 2)`` instead
    of 0, so that the line is finite whatever the data. Platt (1999), in Advances in Large Margin
    Classifiers, 61-74.

    Isotonic: least squares under the constraint that the map does not fall, by pooling adjacent
    violators. It may say 0 or 1 at its ends. Zadrozny & Elkan (2002), KDD, 694-699.

    Examples
    --------
    >>> left, too_sure = [0, 0, 0, 1, 0, 0, 1, 1] * 50, ([0.02] * 4 + [0.98] * 4) * 50
    >>> found = calibrate(left, too_sure)
    >>> found.words()
    'log odds = -0.5484 +0.1396 x log odds of the model'
    >>> found.apply([0.02, 0.98]).round(3).tolist()
    [0.251, 0.499]
    """
    kind = choose(CalibrationMethod, method, "method")
    churned, scores = read_pair(y_true, y_score, probabilities=True)
    return calibrate_log_odds(churned, to_log_odds(scores), scores, kind)


def calibrate_log_odds(
    churned: NDArray[np.bool_], log_odds: Floats, scores: Floats, method: CalibrationMethod
) -> PlattCalibration | IsotonicCalibration:
    """Learn a map from log odds, and from the same as probabilities, that were read before.

    Parameters
    ----------
    churned : array of bool, shape (n,)
        Of both kinds.
    log_odds, scores : array of shape (n,)
    method : CalibrationMethod

    Returns
    -------
    PlattCalibration or IsotonicCalibration

    Raises
    ------
    ScoreError
        The scores are all alike.
    """
    if 0.0 in {np.ptp(scores), np.ptp(log_odds)}:
        raise ScoreError(
            f"the scores are {scores[0]:.6g} for all {scores.size:,} customers, so that no map of "
            "them can tell leavers from stayers. Pass scores of a model that has learnt something.",
            score=float(scores[0]),
        )
    if method is CalibrationMethod.PLATT:
        return _platt(churned, log_odds)
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression().fit(scores, churned.astype(np.float64))
    return IsotonicCalibration(
        scores=tuple(fitted.X_thresholds_.tolist()), values=tuple(fitted.y_thresholds_.tolist())
    )


def _platt(churned: NDArray[np.bool_], log_odds: Floats) -> PlattCalibration:
    from sklearn.linear_model import LogisticRegression

    leavers = int(churned.sum())
    outcome = np.where(churned, (leavers + 1) / (leavers + 2), 1 / (churned.size - leavers + 2))
    # A share of a customer left and the rest of it stayed: as two rows that weigh one together.
    twice = np.concatenate([log_odds, log_odds])[:, None]
    labels = np.repeat([1, 0], churned.size)
    weights = np.concatenate([outcome, 1.0 - outcome])
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    line.fit(twice, labels, sample_weight=weights)
    return PlattCalibration(intercept=float(line.intercept_[0]), slope=float(line.coef_[0, 0]))


def _read(scores: ArrayLike) -> Floats:
    return read_scores("scores", scores, np.asarray(scores).size, probabilities=True)
