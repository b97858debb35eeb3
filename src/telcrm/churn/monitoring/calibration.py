"""Whether as many leave as the scores said: calibration in the large, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.scores import read_flags, read_scores
from telcrm.churn.monitoring.outcome_column import outcome_column
from telcrm.churn.monitoring.poisson_binomial import CELLS, Crowd
from telcrm.domain.arguments import require_proper_share
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = ["CalibrationInTheLarge", "calibration_by_segment", "calibration_in_the_large"]

FrameT = TypeVar("FrameT")

_RESULT: Final[dict[str, type]] = {
    "customers": int,
    "observed": int,
    "expected": float,
    "ratio": float,
    "lower": float,
    "upper": float,
    "p_value": float,
}


@dataclass(frozen=True, slots=True)
class CalibrationInTheLarge:
    """Leavers observed against leavers expected.

    Attributes
    ----------
    customers : int
    observed : int
        How many have left.
    expected : float
        How many the scores add up to.
    ratio : float
        ``observed / expected``: above 1 more left than the scores said. NaN where nobody was
        expected to leave and nobody did, infinite where somebody did.
    lower, upper : float
        Interval of the ratio.
    p_value : float
        Two-sided, of the scores being right on the whole.
    confidence : float
    exact : bool
        The interval is exact rather than normal.
    """

    customers: int
    observed: int
    expected: float
    ratio: float
    lower: float
    upper: float
    p_value: float
    confidence: float
    exact: bool

    @property
    def agrees(self) -> bool:
        """Whether the scores may be right on the whole: the interval holds 1."""
        return self.p_value > 1.0 - self.confidence

    def __repr__(self) -> str:
        verdict = "agrees with" if self.agrees else "is not explained by chance from"
        return (
            f"{self.observed:,} of {self.customers:,} left, which {verdict} {self.expected:,.1f} "
            f"expected: ratio {self.ratio:.3f}, {self.confidence:.0%} interval {self.lower:.3f} to "
            f"{self.upper:.3f}"
        )


def calibration_in_the_large(
    y_true: ArrayLike, y_prob: ArrayLike, *, confidence: float = 0.95
) -> CalibrationInTheLarge:
    """Compare how many left with how many the scores said would leave.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
        Known outcomes only. All may have stayed.
    y_prob : array-like of shape (n_customers,), in [0, 1]
    confidence : float in (0, 1)

    Returns
    -------
    CalibrationInTheLarge

    Raises
    ------
    ScoreError
        Outcomes or scores are missing, of two lengths, or no probabilities.
    ParameterError
        ``confidence`` is no share.

    See Also
    --------
    telcrm.churn.evaluation.calibration.calibration_line : Whether high and low scores are right.

    Notes
    -----
    Customers leave independently, each with a probability of their own, so the number of leavers
    follows a Poisson-binomial distribution. The interval holds those expected numbers ``E(d)``,
    over the ``E(0)`` of the scores, which do not make the observed number unusual, where ``d``
    shifts the log-odds of all customers::

        E(d) = sum(expit(logit(p) + d))

    Up to 5,000 customers the tails are exact: for equal scores this is the interval of Clopper &
    Pearson (1934). Above, scores that share a 1/4096 count as their mean, and
    ``(E(d) - observed)^2 = z^2 V(d)`` with the variance ``V(d) = sum(p(d) (1 - p(d)))``: for equal
    scores, the interval of Wilson (1927). Customers of one household, or a price rise that all
    see, make leavers depend on each other, and the interval too short.

    References
    ----------
    C. J. Clopper and E. S. Pearson (1934), Biometrika 26(4), 404-413. E. B. Wilson (1927), Journal
    of the American Statistical Association 22, 209-212. B. Van Calster et al. (2016), Journal of
    Clinical Epidemiology 74, 167-176: calibration in the large.

    Examples
    --------
    >>> found = calibration_in_the_large([1, 1, 0, 0, 0, 0], [0.2] * 6)
    >>> found.observed, round(found.expected, 6), found.agrees
    (2, 1.2, True)
    """
    require_proper_share(confidence=confidence)
    left = read_flags("y_true", y_true)
    scores = read_scores("y_prob", y_prob, left.size, probabilities=True)
    return _measure(Crowd.of(scores), int(left.sum()), float(scores.sum()), confidence)


def calibration_by_segment(
    frame: FrameT,
    *,
    by: str = "segment",
    outcome: str = "churned",
    probability: str = "churn_probability",
    confidence: float = 0.95,
) -> FrameT:
    """Compare, in each segment, how many left with how many the scores said would leave.

    Parameters
    ----------
    frame : dataframe
        A row for each scored customer whose outcome is known. pandas, Polars (eager or lazy), a
        DuckDB relation, PySpark, or PyArrow.
    by : str
        Column that names the segment.
    outcome : str
        Column of 0 and 1, or flags.
    probability : str
        Column of scores from 0 to 1.
    confidence : float in (0, 1)

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by segment: the segment as text, ``customers`` and
        ``observed`` (Int64), and as Float64 ``expected``, ``ratio``, ``lower``, ``upper`` and
        ``p_value``, as :class:`CalibrationInTheLarge` says. ``ratio`` and its ends are null where
        nobody was expected to leave.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        A column is not there, or of a wrong type.
    InvalidTableError
        A segment, outcome or score is null, an outcome is not 0 or 1, or a score not in [0, 1].
    ParameterError
        ``confidence`` is no share, or ``by`` is called like a column of the result.

    Notes
    -----
    As :func:`calibration_in_the_large`. The engine sums up cells of scores of a width of 1/4096, in
    each of which all count as their mean; ``expected`` is not touched by that, and the interval
    moves in its sixth digit at most.

    Examples
    --------
    >>> import polars as pl
    >>> scored = pl.DataFrame(
    ...     {
    ...         "segment": ["mass", "mass", "premium", "premium"],
    ...         "churned": [1, 0, 0, 0],
    ...         "churn_probability": [0.5, 0.3, 0.1, 0.1],
    ...     }
    ... )
    >>> calibration_by_segment(scored).select("segment", "observed", "expected", "ratio").rows()
    [('mass', 1, 0.8, 1.25), ('premium', 0, 0.2, 0.0)]
    """
    require_proper_share(confidence=confidence)
    refuse_twice("calibration_by_segment", [by], list(_RESULT))
    opened = _open_scored(frame, by, outcome, probability)
    crowds: dict[str, list[tuple[int, float, int]]] = {}
    score = nw.col("_score")
    cells = (
        opened.rows.with_columns(_cell=(score * CELLS).floor())
        .group_by("_segment", "_cell")
        .agg(_customers=nw.len(), _expected=score.sum(), _left=nw.col("_left").sum())
        .collect()
    )
    for segment, customers, expected, left in cells.select(
        "_segment", "_customers", "_expected", "_left"
    ).rows():
        cell = (int(customers), float(expected), int(left))
        crowds.setdefault(str(segment), []).append(cell)
    rows: list[tuple[Any, ...]] = []
    for segment, held in sorted(crowds.items()):
        counts, sums, leavers = (np.array(part) for part in zip(*sorted(held), strict=True))
        crowd = Crowd(np.clip(sums / counts, 0.0, 1.0), counts)
        # Engines add in different orders.
        expected = float(f"{sums.sum():.12g}")
        found = _measure(crowd, int(leavers.sum()), expected, confidence)
        ratios = [
            each if found.expected > 0 else None for each in (found.ratio, found.lower, found.upper)
        ]
        rows.append((segment, found.customers, found.observed, expected, *ratios, found.p_value))
    kinds: list[tuple[str, type]] = [(by, str), *_RESULT.items()]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    made = {
        name: ResultColumn(kind, list(values))
        for (name, kind), values in zip(kinds, columns, strict=True)
    }
    answer: FrameT = opened.close(result_table(opened, made))
    return answer


def _open_scored(frame: Any, by: str, outcome: str, probability: str) -> OpenFrame:
    opened = open_frame(frame, table="scored customers")
    require_columns(opened, {"by": by, "outcome": outcome, "probability": probability})
    opened = parse_objects(opened, [by, outcome, probability])
    require_kinds(opened, {by: ColumnKind.KEY, probability: ColumnKind.NUMBER})
    left, rules = outcome_column(opened, outcome)
    score = nw.col(probability)
    improbable = RowCheck(
        "probability",
        probability,
        # NaN compares in its own way on each engine, and as great on some.
        ~((score >= 0) & (score <= 1)),
        "is no probability from 0 to 1",
        "Pass the second column of predict_proba.",
    )
    rules += [
        not_null(by),
        not_null(probability, remedy="Score those rows, or drop them."),
        improbable,
    ]
    check_rows(opened, rules, keys=[by])
    chosen = opened.rows.select(
        _segment=key_values(opened, by).cast(nw.String),
        _left=left.cast(nw.Int64),
        _score=score.cast(nw.Float64),
    )
    return OpenFrame(rows=chosen, table=opened.table, given=opened.given)


def _measure(
    crowd: Crowd, observed: int, expected: float, confidence: float
) -> CalibrationInTheLarge:
    interval = crowd.interval(observed, confidence)
    found = (observed, interval.lower, interval.upper)
    if expected > 0:
        ratio, lower, upper = (each / expected for each in found)
    else:
        ratio, lower, upper = (np.inf if observed else nan for _ in found)
    return CalibrationInTheLarge(
        customers=int(crowd.customers.sum()),
        observed=observed,
        expected=expected,
        ratio=ratio,
        lower=lower,
        upper=upper,
        p_value=interval.p_value,
        confidence=float(confidence),
        exact=interval.exact,
    )
