"""Whether of a hundred customers scored 0.3, thirty leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import ScoreLevels, order_scores
from telcrm.churn.evaluation.scores import Floats, Ints, read_pair
from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.kpi import wilson_interval
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn
from telcrm.value.likelihood.maximize import Curvature, maximize

__all__ = [
    "CalibrationLine",
    "Reliability",
    "ReliabilityBin",
    "brier",
    "brier_of",
    "calibration_line",
    "calibration_line_of",
    "expected_calibration_error",
    "expected_calibration_error_of",
    "log_loss",
    "log_loss_of",
    "read_bins",
    "reliability",
    "reliability_of",
]

_LEAST: Final = float(np.finfo(np.float64).eps)
_MOST_BINS: Final = 10_000


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
    return brier_of(_levels(y_true, y_prob))


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
    return log_loss_of(_levels(y_true, y_prob))


def expected_calibration_error(y_true: ArrayLike, y_prob: ArrayLike, *, bins: int = 10) -> float:
    """Mean distance between what was predicted and what came, over bins of equal count.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_prob : array-like of shape (n_customers,), in [0, 1]
    bins : int
        From 1 to 10,000; about as many customers in each.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    SingleClassError, ScoreError, ParameterError
        As :func:`brier` does; ``bins`` is no such number.

    See Also
    --------
    reliability : The bins themselves.

    Notes
    -----
    ``sum(n_b / n * |mean(p in b) - mean(y in b)|)``. Customers of one probability are never parted:
    all go where the middle one of them belongs, so that bins are of equal count where
    probabilities differ, and fewer where many are tied. Bins of equal width (Naeini et al. 2015,
    AAAI) would hold nearly all customers in the first two where few leave; for equal
    counts see Nixon et al. (2019), CVPR workshops. It is above 0 by chance alone: about
    ``sqrt(2 / pi * bins * rate * (1 - rate) / n)`` for a perfect model.

    Examples
    --------
    >>> round(expected_calibration_error([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2), 6)
    0.25
    """
    return expected_calibration_error_of(_levels(y_true, y_prob), read_bins(bins))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Customers of about one probability, and what became of them.

    Attributes
    ----------
    low, high : float
        Least and greatest probability in the bin.
    customers, churners : int
    predicted, observed : float
        Mean probability, and share that left.
    lower, upper : float
        Wilson interval of the share that left.
    """

    low: float
    high: float
    customers: int
    churners: int
    predicted: float
    observed: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, repr=False)
class Reliability:
    """Predicted against observed churn, bin by bin: the numbers of a reliability diagram.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        The lowest probabilities first.
    confidence : float
        Of the intervals.
    """

    bins: tuple[ReliabilityBin, ...]
    confidence: float

    @property
    def error(self) -> float:
        """The expected calibration error over these bins."""
        apart = sum(each.customers * abs(each.predicted - each.observed) for each in self.bins)
        return apart / sum(each.customers for each in self.bins)

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per bin.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`ReliabilityBin`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        return {
            name: ResultColumn(
                int if name in {"customers", "churners"} else float,
                [getattr(each, name) for each in self.bins],
            )
            for name in ReliabilityBin.__slots__
        }

    def __repr__(self) -> str:
        outside = sum(not each.lower <= each.predicted <= each.upper for each in self.bins)
        return (
            f"Reliability({len(self.bins)} bins, {self.error:.4f} apart on average; in {outside} "
            f"the prediction lies outside the {self.confidence:.0%} interval)"
        )

    def _repr_html_(self) -> str:
        return html_table(self._columns(), repr(self))


def reliability(
    y_true: ArrayLike, y_prob: ArrayLike, *, bins: int = 10, confidence: float = 0.95
) -> Reliability:
    """Compare predicted with observed churn over bins of equal count.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_prob : array-like of shape (n_customers,), in [0, 1]
    bins : int
        As :func:`expected_calibration_error` takes it; bins that tied probabilities leave empty are
        left out.
    confidence : float in (0, 1)
        Of Wilson's intervals of the observed share.

    Returns
    -------
    Reliability

    Raises
    ------
    SingleClassError, ScoreError, ParameterError
        As :func:`expected_calibration_error` does; ``confidence`` is no share.

    Examples
    --------
    >>> found = reliability([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2)
    >>> [(each.customers, round(each.predicted, 6), each.observed) for each in found.bins]
    [(2, 0.2, 0.0), (2, 0.7, 1.0)]
    """
    require_proper_share(confidence=confidence)
    return reliability_of(_levels(y_true, y_prob), read_bins(bins), confidence)


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
    return calibration_line_of(_levels(y_true, y_prob))


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


def expected_calibration_error_of(levels: ScoreLevels, bins: int) -> float:
    """Return the expected calibration error of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
        Of probabilities.
    bins : int

    Returns
    -------
    float
    """
    place = _bins(levels, bins)
    counts = np.diff(levels.contacted)
    apart = counts * levels.scores - np.diff(levels.churners)
    return float(np.abs(np.bincount(place, weights=apart)).sum()) / levels.customers


def reliability_of(levels: ScoreLevels, bins: int, confidence: float) -> Reliability:
    """Return the reliability table of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
        Of probabilities.
    bins : int
    confidence : float in (0, 1)

    Returns
    -------
    Reliability
    """
    place = _bins(levels, bins)
    rows = []
    for at in np.unique(place):
        own = place == at
        scores = levels.scores[own]
        customers = np.diff(levels.contacted)[own]
        number, left = int(customers.sum()), int(np.diff(levels.churners)[own].sum())
        ends = wilson_interval(left, number, confidence=confidence)
        assert ends is not None  # noqa: S101 (a bin holds somebody)
        rows.append(
            ReliabilityBin(
                low=float(scores.min()),
                high=float(scores.max()),
                customers=number,
                churners=left,
                predicted=float(customers @ scores) / number,
                observed=left / number,
                lower=ends[0],
                upper=ends[1],
            )
        )
    return Reliability(tuple(rows), float(confidence))


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


def _bins(levels: ScoreLevels, bins: int) -> Ints:
    """Return the bin of each level, 0 for the lowest, by where its middle customer stands."""
    customers = levels.customers
    twice_middle = 2 * customers - levels.contacted[1:] - levels.contacted[:-1]
    place: Ints = np.minimum(bins * twice_middle // (2 * customers), bins - 1)
    return place


def read_bins(bins: object) -> int:
    """Return a number of bins, or refuse it.

    Parameters
    ----------
    bins : object

    Returns
    -------
    int

    Raises
    ------
    ParameterError
    """
    return whole_between("bins", bins, 1, _MOST_BINS)


def _levels(y_true: ArrayLike, y_prob: ArrayLike) -> ScoreLevels:
    return order_scores(*read_pair(y_true, y_prob, probabilities=True)).levels()
