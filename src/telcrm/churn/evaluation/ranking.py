"""How well scores put those who leave before those who stay."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import ScoreLevels, curve_points, read_levels
from telcrm.domain.arguments import require_share
from telcrm.errors import ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = [
    "GainsCurve",
    "area_under_roc",
    "average_precision",
    "captured_share",
    "gains",
    "gains_of",
    "lift",
    "pr_auc",
    "require_top",
    "roc_auc",
]


def roc_auc(y_true: ArrayLike, y_score: ArrayLike) -> float:
    """Area under the ROC curve: how often a leaver scores above one who stays.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Any monotone score; a tie counts as half.

    Returns
    -------
    float in [0, 1]
        0.5 is no better than chance.

    Raises
    ------
    SingleClassError
        All left, or none did.
    ScoreError
        Outcomes or scores are missing, of two lengths, or no numbers.

    Notes
    -----
    The Mann-Whitney statistic over the number of pairs. Hanley & McNeil (1982), Radiology 143(1),
    29-36.

    Examples
    --------
    >>> roc_auc([0, 1, 0, 1, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    0.625
    """
    return area_under_roc(read_levels(y_true, y_score))


def pr_auc(y_true: ArrayLike, y_score: ArrayLike) -> float:
    """Area under the precision-recall curve, as average precision.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Any monotone score; customers that tie are taken together.

    Returns
    -------
    float in (0, 1]
        About the base rate by chance.

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`roc_auc` does.

    Notes
    -----
    ``sum((R_k - R_{k-1}) * P_k)`` over the distinct scores, the greatest first, with recall ``R``
    and precision ``P`` of all at that score or above. It is a step function, not the trapezoids
    between the points, which promise precisions that no threshold has (Davis & Goadrich 2006, ICML,
    233-240); scikit-learn's ``average_precision_score`` is the same.

    Examples
    --------
    >>> round(pr_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    return average_precision(read_levels(y_true, y_score))


def lift(y_true: ArrayLike, y_score: ArrayLike, *, q: float = 0.1) -> float:
    """Churn rate among the top-scored share of customers, relative to the base rate.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Any monotone score; customers tied at the cut count in proportion.
    q : float in (0, 1]
        Share of customers contacted. Where it is no whole number of customers, the last one counts
        in part: nothing is rounded.

    Returns
    -------
    float in [0, 1 / base rate]
        1.0 is no better than chance.

    Raises
    ------
    SingleClassError
        All customers left, or none did: the base rate gives no comparison.
    ScoreError, ParameterError
        As :func:`roc_auc` does; ``q`` is no such share.

    Notes
    -----
    ``mean(y | top q) / mean(y)``. Neslin et al. (2006), Journal of Marketing Research 43(2),
    204-211.

    Examples
    --------
    >>> lift([1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1], q=0.25)
    2.0
    """
    require_top(q)
    return captured_share(read_levels(y_true, y_score), q) / q


def gains(y_true: ArrayLike, y_score: ArrayLike) -> GainsCurve:
    """Return what share of the leavers is reached by contacting the top share of customers.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Any monotone score; customers of one score lie on one straight piece.

    Returns
    -------
    GainsCurve

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`roc_auc` does.

    Examples
    --------
    >>> curve = gains([1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1])
    >>> curve
    GainsCurve(4 customers, 50.0% left: the top 10% hold 20.0% of them, lift 2.00)
    >>> curve.captured(0.75), curve.share_for(0.5)
    (1.0, 0.25)
    """
    return gains_of(read_levels(y_true, y_score))


@dataclass(frozen=True, slots=True, repr=False)
class GainsCurve:
    """Share of leavers among the top share of customers: the cumulative gains chart.

    Attributes
    ----------
    customers, churners : int
    points : tuple of (float, float)
        Share of customers contacted, the greatest score first, and the share of all leavers among
        them, from (0, 0) to (1, 1). Of more than 1,000 scores, it is given at every tenth of a per
        cent.
    """

    customers: int
    churners: int
    points: tuple[tuple[float, float], ...]

    @property
    def base_rate(self) -> float:
        """Share of customers who left."""
        return self.churners / self.customers

    def captured(self, q: float = 0.1) -> float:
        """Return the share of leavers among the top share of customers.

        Parameters
        ----------
        q : float in (0, 1]

        Returns
        -------
        float in [0, 1]

        Raises
        ------
        ParameterError
        """
        require_top(q)
        shares, caught = zip(*self.points, strict=True)
        return float(np.interp(q, shares, caught))

    def lift(self, q: float = 0.1) -> float:
        """Return how many times more leavers the top share holds than a random one.

        Parameters
        ----------
        q : float in (0, 1]

        Returns
        -------
        float

        Raises
        ------
        ParameterError
        """
        return self.captured(q) / q

    def share_for(self, captured: float) -> float:
        """Return how many have to be contacted to reach a share of the leavers.

        Parameters
        ----------
        captured : float in [0, 1]

        Returns
        -------
        float in [0, 1]
            The smallest such share of customers.

        Raises
        ------
        ParameterError
        """
        require_share(captured=captured)
        at = bisect_left([caught for _, caught in self.points], captured)
        right, then = self.points[at]
        left, held = self.points[max(at - 1, 0)]
        part = (captured - held) / (then - held) if then > held else 0.0
        return left + part * (right - left)

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per point.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``contacted_share``, ``captured_share`` and ``lift``, which is null where nobody is
            contacted.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(self.points), backend)

    def __repr__(self) -> str:
        return (
            f"GainsCurve({self.customers:,} customers, {self.base_rate:.1%} left: the top 10% hold "
            f"{self.captured():.1%} of them, lift {self.lift():.2f})"
        )

    def _repr_html_(self) -> str:
        deciles = [(tenth / 10, self.captured(tenth / 10)) for tenth in range(1, 11)]
        return html_table(self._columns(deciles), repr(self))

    @staticmethod
    def _columns(
        points: tuple[tuple[float, float], ...] | list[tuple[float, float]],
    ) -> dict[str, ResultColumn]:
        return {
            "contacted_share": ResultColumn(float, [share for share, _ in points]),
            "captured_share": ResultColumn(float, [caught for _, caught in points]),
            "lift": ResultColumn(
                float, [caught / share if share > 0 else None for share, caught in points]
            ),
        }


def gains_of(levels: ScoreLevels) -> GainsCurve:
    """Return the gains curve of counted levels.

    Parameters
    ----------
    levels : ScoreLevels

    Returns
    -------
    GainsCurve
    """
    points = curve_points(levels.shares, levels.churners / levels.leavers)
    return GainsCurve(levels.customers, levels.leavers, points)


def require_top(q: object) -> None:
    """Refuse what is no share of customers to contact.

    Parameters
    ----------
    q : object

    Raises
    ------
    ParameterError
    """
    require_share(q=q)
    if not q:
        raise ParameterError(
            "q is 0, and has to be a share above 0: nobody would be contacted.", parameter="q"
        )


def area_under_roc(levels: ScoreLevels) -> float:
    """Return the area under the ROC curve of counted levels.

    Parameters
    ----------
    levels : ScoreLevels

    Returns
    -------
    float
    """
    stayers, churners = levels.stayers, levels.churners
    # In whole numbers up to the division, so that the order of rows cannot move the last digit.
    twice = int(np.diff(stayers) @ (churners[1:] + churners[:-1]))
    return twice / (2 * int(stayers[-1]) * levels.leavers)


def average_precision(levels: ScoreLevels) -> float:
    """Return the average precision of counted levels.

    Parameters
    ----------
    levels : ScoreLevels

    Returns
    -------
    float
    """
    # In a resample the first levels may be empty.
    contacted = np.maximum(levels.contacted[1:], 1)
    gained = np.diff(levels.churners)
    return float(gained @ (levels.churners[1:] / contacted)) / levels.leavers


def captured_share(levels: ScoreLevels, q: float) -> float:
    """Return the share of leavers among the top share of customers, of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
    q : float in (0, 1]

    Returns
    -------
    float
    """
    return float(np.interp(q, levels.shares, levels.churners)) / levels.leavers
