"""How well a ranking finds whom a campaign persuades: Qini, uplift curve and their areas.

Outcomes here are responses: 1 where the customer did what the campaign was for, so for retention 1
is who stayed. The treatment has to be assigned at random, or these figures say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import order_scores
from telcrm.churn.evaluation.ranking import require_top
from telcrm.churn.evaluation.scores import Bools, Floats, read_flags, read_scores, require_both
from telcrm.domain.choice import choose
from telcrm.errors import ScoreError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = [
    "QiniConvention",
    "UpliftConvention",
    "UpliftCurve",
    "qini_curve",
    "qini_score",
    "uplift_at",
    "uplift_curve",
    "uplift_score",
]

_NOTHING: Final = 1e-12


class QiniConvention(StrEnum):
    """What a Qini coefficient is a share of."""

    NORMALIZED = "normalized"
    """Area between the curve and the line of a random order, over that of the perfect order, whose
    curve rises above its end and falls again: treated responders first, then who neither responded
    treated nor responded untreated, last the untreated responders. scikit-uplift's default."""
    NONNEGATIVE = "nonnegative"
    """The same, over the area of a perfect order that knows of no harm: its curve rises by one for
    each customer up to its end, and stays there. scikit-uplift's ``negative_effect=False``."""
    AREA = "area"
    """The area between the curve and the random line alone, both axes per customer of all."""


class UpliftConvention(StrEnum):
    """What the area under the uplift curve is measured by."""

    NORMALIZED = "normalized"
    """Area between the curve and the line of a random order, over that of the perfect order.
    scikit-uplift's ``uplift_auc_score``."""
    AREA = "area"
    """The area between the curve and the random line alone, both axes per customer of all."""
    RELATIVE = "relative"
    """Area under the curve over its last value, sign and all: 0.5 for a random order. It can
    exceed 1."""


@dataclass(frozen=True, slots=True, repr=False)
class UpliftCurve:
    """Responses that treatment has added among the top customers of a ranking.

    Attributes
    ----------
    name : str
        What the gain is called.
    customers : tuple of int
        How many are targeted, the greatest uplift first, from 0 to all: one point for each distinct
        score.
    gain : tuple of float
        Responses added among them.
    """

    name: str
    customers: tuple[int, ...]
    gain: tuple[float, ...]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per point.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``customers`` (Int64), ``share`` of all customers, the gain under its name, and
            ``random``: what a random order would gain.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(range(len(self.customers))), backend)

    def _columns(self, places: range | list[int]) -> dict[str, ResultColumn]:
        everybody, end = self.customers[-1], self.gain[-1]
        shares = [self.customers[at] / everybody for at in places]
        return {
            "customers": ResultColumn(int, [self.customers[at] for at in places]),
            "share": ResultColumn(float, shares),
            self.name: ResultColumn(float, [self.gain[at] for at in places]),
            "random": ResultColumn(float, [share * end for share in shares]),
        }

    def __repr__(self) -> str:
        best = max(range(len(self.gain)), key=self.gain.__getitem__)
        return (
            f"UpliftCurve({self.name}: {self.gain[-1]:,.2f} of all {self.customers[-1]:,} "
            f"customers, at best {self.gain[best]:,.2f} of {self.customers[best]:,})"
        )

    def _repr_html_(self) -> str:
        places = np.unique(np.linspace(0, len(self.customers) - 1, 11).astype(int)).tolist()
        return html_table(self._columns(places), repr(self))


@dataclass(frozen=True, slots=True, eq=False)
class _Arms:
    """Counts of the arms down to each level, from nobody to all."""

    customers: Floats
    treated: Floats
    treated_responses: Floats
    responses: Floats

    @property
    def control(self) -> Floats:
        return self.customers - self.treated

    @property
    def control_responses(self) -> Floats:
        return self.responses - self.treated_responses

    def qini(self) -> Floats:
        scaled = _ratio(self.treated, self.control)
        found: Floats = self.treated_responses - self.control_responses * scaled
        return found

    def uplift(self) -> Floats:
        rates = (
            _ratio(self.treated_responses, self.treated),
            _ratio(self.control_responses, self.control),
        )
        found: Floats = (rates[0] - rates[1]) * self.customers
        return found


def qini_curve(response: ArrayLike, uplift: ArrayLike, treatment: ArrayLike) -> UpliftCurve:
    """Qini curve: responses that treatment adds among the top customers, by the treated.

    Parameters
    ----------
    response : array-like of shape (n_customers,), 0 or 1
        1 where the customer did what the campaign was for: stayed.
    uplift : array-like of shape (n_customers,)
        Predicted effect of treatment, or any score; customers that tie are taken together.
    treatment : array-like of shape (n_customers,), 0 or 1
        1 where the customer was treated, which was decided at random.

    Returns
    -------
    UpliftCurve

    Raises
    ------
    SingleClassError
        All responded or none did, or all were treated or none was.
    ScoreError
        An array is missing values, of another length, or no numbers.

    Notes
    -----
    ``Q(k) = Y_t(k) - Y_c(k) * N_t(k) / N_c(k)`` with responses ``Y`` and customers ``N``, treated
    and control, among the first ``k``; where there is no control yet, the second term is 0.
    Radcliffe (2007), "Using Control Groups to Target on Predicted Lift", Direct Marketing Analytics
    Journal.

    Examples
    --------
    >>> qini_curve([1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1], [1, 0, 0, 1]).gain
    (0.0, 1.0, 1.0, 0.5, 0.0)
    """
    arms = _count(*_read(response, uplift, treatment))
    return UpliftCurve("qini", *_plain(arms.customers, arms.qini()))


def uplift_curve(response: ArrayLike, uplift: ArrayLike, treatment: ArrayLike) -> UpliftCurve:
    """Uplift curve: difference of the response rates of the top customers, times their number.

    Parameters
    ----------
    response, uplift, treatment
        As :func:`qini_curve` takes them.

    Returns
    -------
    UpliftCurve

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`qini_curve` does.

    Notes
    -----
    ``(Y_t(k) / N_t(k) - Y_c(k) / N_c(k)) * k``; a rate of nobody is 0. Gutierrez & Gerardy (2017),
    PMLR 67, 1-13.

    Examples
    --------
    >>> uplift_curve([1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1], [1, 0, 0, 1]).gain
    (0.0, 1.0, 2.0, 1.5, 0.0)
    """
    arms = _count(*_read(response, uplift, treatment))
    return UpliftCurve("uplift", *_plain(arms.customers, arms.uplift()))


def qini_score(
    response: ArrayLike,
    uplift: ArrayLike,
    treatment: ArrayLike,
    *,
    convention: QiniConvention | str = QiniConvention.NORMALIZED,
) -> float:
    """Qini coefficient: how far the Qini curve lies above that of a random order.

    Parameters
    ----------
    response, uplift, treatment
        As :func:`qini_curve` takes them.
    convention : {"normalized", "nonnegative", "area"}
        What it is a share of: see :class:`QiniConvention`. Libraries differ, and figures of two
        conventions cannot be compared.

    Returns
    -------
    float
        0 for a random order. By ``"normalized"`` 1 for the perfect order, which other orders can
        pass where an arm has few customers: the curve takes its rate for that of all.

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`qini_curve` does; ``"nonnegative"`` needs a campaign that helped on the whole.
    ParameterError
        The convention is not known.

    Examples
    --------
    >>> qini_score([1, 0, 1, 0], [0.9, 0.8, 0.1, 0.3], [1, 0, 0, 1])
    1.0
    """
    kind = choose(QiniConvention, convention, "convention")
    responded, scores, treated = _read(response, uplift, treatment)
    arms = _count(responded, scores, treated)
    above = _above_random(arms.customers, arms.qini())
    if kind is QiniConvention.AREA:
        return above / scores.size**2
    if kind is QiniConvention.NORMALIZED:
        # +1 for treated responders, -1 for untreated ones, 0 for all others.
        perfect = _count(responded, np.where(responded, 2.0 * treated - 1.0, 0.0), treated)
        return above / _above_random(perfect.customers, perfect.qini())
    end = float(arms.qini()[-1])
    if end <= 0:
        raise ScoreError(
            f"treatment has added {end:.6g} responses in all, and the convention 'nonnegative' "
            "takes it to have helped. Choose 'normalized' or 'area'.",
            convention=str(kind),
        )
    return above / (end * (scores.size - end) / 2)


def uplift_score(
    response: ArrayLike,
    uplift: ArrayLike,
    treatment: ArrayLike,
    *,
    convention: UpliftConvention | str = UpliftConvention.NORMALIZED,
) -> float:
    """Area under the uplift curve (AUUC), by a named convention.

    Parameters
    ----------
    response, uplift, treatment
        As :func:`qini_curve` takes them.
    convention : {"normalized", "area", "relative"}
        See :class:`UpliftConvention`.

    Returns
    -------
    float
        0 for a random order; 0.5 by ``"relative"``.

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`qini_curve` does; or what the convention divides by is 0.
    ParameterError
        The convention is not known.

    Examples
    --------
    >>> uplift_score([1, 0, 1, 0], [0.9, 0.8, 0.1, 0.3], [1, 0, 0, 1])
    1.0
    """
    kind = choose(UpliftConvention, convention, "convention")
    responded, scores, treated = _read(response, uplift, treatment)
    arms = _count(responded, scores, treated)
    curve = arms.uplift()
    above = _above_random(arms.customers, curve)
    if kind is UpliftConvention.AREA:
        return above / scores.size**2
    end = float(curve[-1])
    if kind is UpliftConvention.RELATIVE:
        if abs(end) < _NOTHING * scores.size:
            raise ScoreError(
                "treatment has changed nothing in all, and the convention 'relative' divides by "
                "that. Choose 'normalized' or 'area'.",
                convention=str(kind),
            )
        return _area(arms.customers, curve) / (end * scores.size)
    # As scikit-uplift orders a perfect model: those where the response equals the treatment first,
    # and within these and the others by what is rarer to be wrong about.
    sure = 2.0 * (responded == treated)
    control_responders = int((responded & ~treated).sum())
    treated_others = int((~responded & treated).sum())
    second = responded if control_responders > treated_others else treated
    perfect = _count(responded, sure + second, treated)
    possible = _above_random(perfect.customers, perfect.uplift())
    if possible <= _NOTHING * scores.size**2:
        raise ScoreError(
            "the perfect order gains nothing over a random one, and the convention 'normalized' "
            "divides by that. Choose 'area', or take more customers.",
            convention=str(kind),
        )
    return above / possible


def uplift_at(
    response: ArrayLike, uplift: ArrayLike, treatment: ArrayLike, *, q: float = 0.3
) -> float:
    """Difference between the response rates of treated and control among the top share.

    Parameters
    ----------
    response, uplift, treatment
        As :func:`qini_curve` takes them; customers tied at the cut count in proportion.
    q : float in (0, 1]
        Share of all customers, the greatest uplift first.

    Returns
    -------
    float in [-1, 1]

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`qini_curve` does; or the top share holds nobody of an arm.
    ParameterError
        ``q`` is no such share.

    Examples
    --------
    >>> uplift_at([1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1], [1, 0, 0, 1], q=0.5)
    1.0
    """
    require_top(q)
    arms = _count(*_read(response, uplift, treatment))
    shares = arms.customers / arms.customers[-1]
    treated, control, treated_responses, control_responses = (
        float(np.interp(q, shares, counts))
        for counts in (
            arms.treated,
            arms.control,
            arms.treated_responses,
            arms.control_responses,
        )
    )
    if not treated or not control:
        raise ScoreError(
            f"the top {q:.3%} of customers hold nobody who was "
            f"{'treated' if not treated else 'left alone'}. Raise q.",
            q=q,
        )
    return treated_responses / treated - control_responses / control


def _read(
    response: ArrayLike, uplift: ArrayLike, treatment: ArrayLike
) -> tuple[Bools, Floats, Bools]:
    responded = read_flags("response", response)
    scores = read_scores("uplift", uplift, responded.size)
    treated = read_flags("treatment", treatment)
    if treated.size != responded.size:
        raise ScoreError(
            f"treatment holds {treated.size:,} values for {responded.size:,} customers. Give one "
            "each, in the same order.",
            parameter="treatment",
            found=treated.size,
            wanted=responded.size,
        )
    require_both("response", responded)
    require_both("treatment", treated)
    return responded, scores, treated


def _count(responded: Bools, scores: Floats, treated: Bools) -> _Arms:
    levels = order_scores(responded, scores).levels()
    return _Arms(
        levels.contacted.astype(np.float64),
        levels.cumulate(treated.astype(np.float64)),
        levels.cumulate((treated & responded).astype(np.float64)),
        levels.churners.astype(np.float64),
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def _above_random(customers: Floats, gain: Floats) -> float:
    return _area(customers, gain) - float(customers[-1] * gain[-1]) / 2


def _area(x: Floats, y: Floats) -> float:
    return float(np.diff(x) @ (y[1:] + y[:-1])) / 2


def _plain(customers: Floats, gain: Floats) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return tuple(customers.astype(int).tolist()), tuple(gain.tolist())
