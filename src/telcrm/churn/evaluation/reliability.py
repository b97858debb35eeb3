"""Whether of a hundred customers scored 0.3, thirty leave: bin by bin, and on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import ScoreLevels, read_levels
from telcrm.churn.evaluation.scores import Ints
from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.kpi import wilson_interval
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = [
    "Reliability",
    "ReliabilityBin",
    "expected_calibration_error",
    "expected_calibration_error_of",
    "read_bins",
    "reliability",
    "reliability_of",
]

_MOST_BINS: Final = 10_000


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
    levels = read_levels(y_true, y_prob, probabilities=True)
    return expected_calibration_error_of(levels, read_bins(bins))


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
    levels = read_levels(y_true, y_prob, probabilities=True)
    return reliability_of(levels, read_bins(bins), confidence)


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
