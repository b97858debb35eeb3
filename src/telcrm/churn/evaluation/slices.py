"""Whether a model serves every segment alike: its figures side by side, against those of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.churn.evaluation.intervals import delong_interval
from telcrm.churn.evaluation.levels import ScoreLevels, order_scores
from telcrm.churn.evaluation.ranking import area_under_roc, captured_share, require_top
from telcrm.churn.evaluation.scores import Bools, Floats, read_pair, require_both
from telcrm.churn.monitoring.outcome_column import outcome_column
from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.errors import ParameterError, ScoreError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import readable
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import RowCheck, check_rows, finite, not_null
from telcrm.value.scoring import floats

__all__ = ["SegmentSlice", "Slices", "evaluate_by", "evaluate_slices"]

FrameT = TypeVar("FrameT")

_LEAST: Final = 30
_FEW_FOR_INTERVAL: Final = 2
_UNKNOWN: Final = 'Fill with a name, for example "unknown".'


@dataclass(frozen=True, slots=True)
class SegmentSlice:
    """The figures of one segment; differences are its own less those of all customers.

    Attributes
    ----------
    segment : str
    customers, churners : int
    base_rate : float
        Share that left.
    predicted : float or None
        Mean probability; None where scores are none.
    calibration_gap : float or None
        Observed less predicted: above 0 more left than was said.
    roc_auc, roc_auc_lower, roc_auc_upper : float or None
        Within the segment, with DeLong's interval. None where all left or none did, or where too
        few are on either side for an interval.
    roc_auc_difference : float or None
    lift : float or None
        Within the segment.
    contacted_share : float
        Share of the segment that is contacted, if the top share of all customers is.
    contacted_difference : float
    captured : float or None
        Share of the segment's churners who are contacted then: the true positive rate.
    captured_difference : float or None
    wasted : float or None
        Share of its stayers who are contacted then: the false positive rate.
    wasted_difference : float or None
    too_small : bool
        Fewer left, or stayed, than were asked for: do not read much into its figures.
    """

    segment: str
    customers: int
    churners: int
    base_rate: float
    predicted: float | None
    calibration_gap: float | None
    roc_auc: float | None
    roc_auc_lower: float | None
    roc_auc_upper: float | None
    roc_auc_difference: float | None
    lift: float | None
    contacted_share: float
    contacted_difference: float
    captured: float | None
    captured_difference: float | None
    wasted: float | None
    wasted_difference: float | None
    too_small: bool


_KINDS: Final[dict[str, type]] = {
    name: {"segment": str, "customers": int, "churners": int, "too_small": bool}.get(name, float)
    for name in SegmentSlice.__slots__
}


@dataclass(frozen=True, slots=True, repr=False)
class Slices:
    """One attribute's segments, and all customers together.

    Attributes
    ----------
    attribute : str
        What the segments are of.
    overall : SegmentSlice
        All customers, as segment ``"all"``.
    segments : tuple of SegmentSlice
        Sorted by name.
    """

    attribute: str
    overall: SegmentSlice
    segments: tuple[SegmentSlice, ...]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per segment.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``attribute`` and the fields of :class:`SegmentSlice`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(_columns([self]), backend)

    def __repr__(self) -> str:
        sure = [each for each in self.segments if not each.too_small]
        few = len(self.segments) - len(sure)
        told = f"Slices({self.attribute}: {len(self.segments)} segments, {few} too small"
        rated = [each for each in sure if each.roc_auc_difference is not None]
        if rated:
            worst = min(rated, key=lambda each: each.roc_auc_difference or 0.0)
            told += f"; lowest ROC AUC {worst.roc_auc:.4f} in {worst.segment!r}"
        return told + ")"

    def _repr_html_(self) -> str:
        return html_table(_columns([self]), repr(self))


def evaluate_slices(
    y_true: ArrayLike,
    y_score: ArrayLike,
    segment: ArrayLike,
    *,
    attribute: str = "segment",
    q: float = 0.1,
    probabilities: bool = True,
    confidence: float = 0.95,
    least: int = _LEAST,
) -> Slices:
    """Evaluate scores segment by segment.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Probabilities of leaving, or any score with ``probabilities=False``.
    segment : array-like of shape (n_customers,)
        Without nulls; it is written as text.
    attribute : str
        What the segments are of.
    q : float in (0, 1]
        Share of all customers contacted; those tied at the cut count in proportion.
    probabilities : bool
        Whether the scores are.
    confidence : float in (0, 1)
        Of DeLong's interval.
    least : int
        A segment with fewer churners, or fewer stayers, is marked as too small.

    Returns
    -------
    Slices

    Raises
    ------
    SingleClassError
        Of all customers, all left or none did.
    ScoreError
        An array is missing values, or of another length.
    ParameterError
        An argument is out of its range.

    Notes
    -----
    Equal ``contacted_share`` is demographic parity, equal ``captured`` equal opportunity, equal
    ``captured`` and ``wasted`` equalised odds (Hardt, Price & Srebro 2016, NeurIPS 29). Where base
    rates differ, no model is calibrated in every segment and has equal odds, too (Chouldechova
    2017, Big Data 5(2), 153-163): which of them counts is a choice to be made.

    Examples
    --------
    >>> found = evaluate_slices([1, 0, 0, 1], [0.9, 0.2, 0.3, 0.1], ["a", "a", "b", "b"], q=0.25)
    >>> [(each.segment, each.roc_auc, each.contacted_share) for each in found.segments]
    [('a', 1.0, 0.5), ('b', 0.0, 0.0)]
    """
    settings = _read_settings(q, confidence, least, probabilities=probabilities)
    churned, scores = read_pair(y_true, y_score, probabilities=probabilities)
    held = np.asarray(segment)
    if held.shape != churned.shape or any(readable(each) is None for each in held.tolist()):
        raise ScoreError(
            f"segment has the shape {held.shape}, for {churned.size:,} customers, and has to name "
            f"the segment of each. {_UNKNOWN}",
            parameter="segment",
        )
    names, codes = np.unique(held.astype(str), return_inverse=True)
    return Slices(attribute, *_slice(churned, scores, names.tolist(), codes, settings))


def evaluate_by(
    frame: FrameT,
    *,
    by: str | Sequence[str],
    label: str = "churned",
    score: str = "churn_probability",
    q: float = 0.1,
    probabilities: bool = True,
    confidence: float = 0.95,
    least: int = _LEAST,
) -> FrameT:
    """Evaluate a table of scored customers segment by segment, for each of some attributes.

    Parameters
    ----------
    frame : dataframe
        One row per customer whose outcome is known. pandas, Polars (eager or lazy), a DuckDB
        relation, PySpark, or PyArrow.
    by : str or sequence of str
        Columns of segments; each is looked at by itself.
    label : str
        Column that says who left: 0 and 1, or booleans.
    score : str
        Column of probabilities of leaving, or of any score with ``probabilities=False``.
    q, probabilities, confidence, least
        As :func:`evaluate_slices` takes them.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, a row for each attribute in the order given, and segment by
        name: ``attribute``, and the fields of :class:`SegmentSlice`.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        A column is not there, or of a wrong type.
    InvalidTableError
        A segment, outcome or score is null, or out of its range.
    SingleClassError
        All left, or none did.
    ParameterError
        An argument is out of its range, or ``by`` names no column.

    Notes
    -----
    See :func:`evaluate_slices`. Labels, scores and the columns of ``by`` are read into memory;
    nothing else leaves the engine.

    Examples
    --------
    >>> import polars as pl
    >>> scored = pl.DataFrame(
    ...     {
    ...         "churned": [1, 0, 0, 1],
    ...         "churn_probability": [0.9, 0.2, 0.3, 0.1],
    ...         "region": ["a", "a", "b", "b"],
    ...     }
    ... )
    >>> evaluate_by(scored, by="region", q=0.25).select("segment", "roc_auc", "too_small").rows()
    [('a', 1.0, True), ('b', 0.0, True)]
    """
    settings = _read_settings(q, confidence, least, probabilities=probabilities)
    attributes = [by] if isinstance(by, str) else list(by)
    if not attributes:
        raise ParameterError("evaluate_by: by names no column. Name one at least.", by=by)
    opened, churned, scores, segments = _collect(
        frame, attributes, label, score, probabilities=probabilities
    )
    require_both(label, churned)
    found = [
        Slices(name, *_slice(churned, scores, *_codes(column), settings))
        for name, column in zip(attributes, segments, strict=True)
    ]
    result: FrameT = opened.close(result_table(opened, _columns(found)))
    return result


@dataclass(frozen=True, slots=True)
class _Settings:
    q: float
    confidence: float
    least: int
    probabilities: bool


def _read_settings(
    q: object, confidence: object, least: object, *, probabilities: bool
) -> _Settings:
    require_top(q)
    require_proper_share(confidence=confidence)
    fewest = whole_between("least", least, 1)
    return _Settings(float(q), float(confidence), fewest, probabilities)  # type: ignore[arg-type]


def _collect(
    frame: Any, attributes: Sequence[str], label: str, score: str, *, probabilities: bool
) -> tuple[OpenFrame, Bools, Floats, list[nw.Series[Any]]]:
    opened = open_frame(frame, table="scored customers")
    require_columns(opened, {"by": attributes, "label": label, "score": score})
    opened = parse_objects(opened, [*attributes, label, score])
    kinds = dict.fromkeys(attributes, ColumnKind.KEY)
    require_kinds(opened, {**kinds, score: ColumnKind.NUMBER})
    left, rules = outcome_column(opened, label)
    rules += [not_null(score, remedy="Score those customers, or drop them.")]
    if isinstance(opened.rows.collect_schema()[score], nw.dtypes.FloatType):
        rules.append(finite(score))
    if probabilities:
        rules.append(
            RowCheck(
                "probability",
                score,
                (nw.col(score) < 0) | (nw.col(score) > 1),
                "is no probability from 0 to 1",
                "Calibrate it, or pass probabilities=False.",
            )
        )
    rules += [not_null(name, remedy=_UNKNOWN) for name in attributes]
    check_rows(opened, rules, keys=[attributes[0], score])
    own = {f"_by_{at}": key_values(opened, name) for at, name in enumerate(attributes)}
    held: Any = opened.rows.select(
        _label=left.cast(nw.Int64),
        _score=nw.col(score).cast(nw.Float64),
        **{place: value.cast(nw.String) for place, value in own.items()},
    ).collect()
    churned = np.asarray(held["_label"].to_numpy()) == 1
    return opened, churned, floats(held["_score"]), [held[place] for place in own]


def _codes(column: nw.Series[Any]) -> tuple[list[str], NDArray[np.intp]]:
    names = sorted(str(each) for each in column.unique().to_list())
    codes = np.zeros(len(column), dtype=np.intp)
    for at, name in enumerate(names):
        codes[np.asarray((column == name).to_numpy(), dtype=bool)] = at
    return names, codes


def _slice(
    churned: Bools,
    scores: Floats,
    names: Sequence[str],
    codes: NDArray[np.intp],
    settings: _Settings,
) -> tuple[SegmentSlice, tuple[SegmentSlice, ...]]:
    levels = order_scores(churned, scores).levels()
    contacted = levels.ranked.spread(_contacted(levels, settings.q))
    overall = _figures("all", churned, scores, contacted, settings)
    segments = []
    for code, name in enumerate(names):
        own = codes == code
        found = _figures(name, churned[own], scores[own], contacted[own], settings)
        segments.append(_against(found, overall))
    return _against(overall, overall), tuple(segments)


def _contacted(levels: ScoreLevels, q: float) -> Floats:
    """Return the part of each level that is contacted: all, none, or a part at the cut."""
    sizes = np.diff(levels.contacted)
    part: Floats = np.clip((q * levels.customers - levels.contacted[:-1]) / sizes, 0.0, 1.0)
    return part


def _figures(
    name: str, churned: Bools, scores: Floats, contacted: Floats, settings: _Settings
) -> SegmentSlice:
    """Return the figures of a segment, without differences."""
    customers, churners = churned.size, int(churned.sum())
    fewer = min(churners, customers - churners)
    levels = order_scores(churned, scores).levels() if fewer else None
    sure = None
    if levels is not None and fewer >= _FEW_FOR_INTERVAL:
        sure = delong_interval(levels, settings.confidence)
    predicted = float(scores.mean()) if settings.probabilities else None
    return SegmentSlice(
        segment=name,
        customers=customers,
        churners=churners,
        base_rate=churners / customers,
        predicted=predicted,
        calibration_gap=None if predicted is None else churners / customers - predicted,
        roc_auc=None if levels is None else area_under_roc(levels),
        roc_auc_lower=None if sure is None else sure.lower,
        roc_auc_upper=None if sure is None else sure.upper,
        roc_auc_difference=None,
        lift=None if levels is None else captured_share(levels, settings.q) / settings.q,
        contacted_share=float(contacted.mean()),
        contacted_difference=0.0,
        captured=float(contacted[churned].mean()) if churners else None,
        captured_difference=None,
        wasted=float(contacted[~churned].mean()) if churners < customers else None,
        wasted_difference=None,
        too_small=fewer < settings.least,
    )


def _against(own: SegmentSlice, overall: SegmentSlice) -> SegmentSlice:
    return replace(
        own,
        roc_auc_difference=_less(own.roc_auc, overall.roc_auc),
        contacted_difference=own.contacted_share - overall.contacted_share,
        captured_difference=_less(own.captured, overall.captured),
        wasted_difference=_less(own.wasted, overall.wasted),
    )


def _less(own: float | None, other: float | None) -> float | None:
    return None if own is None or other is None else own - other


def _columns(found: Sequence[Slices]) -> dict[str, ResultColumn]:
    rows = [(each.attribute, one) for each in found for one in each.segments]
    columns = {"attribute": ResultColumn(str, [attribute for attribute, _ in rows])}
    for name, kind in _KINDS.items():
        columns[name] = ResultColumn(kind, [getattr(one, name) for _, one in rows])
    return columns
