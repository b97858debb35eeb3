"""What customers say when asked: would they recommend us, were they satisfied, was it easy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import SurveyKind
from telcrm.domain.choice import choose
from telcrm.domain.exact import whole_number
from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import Breakdown, Grain, break_down, row_names
from telcrm.kpi.confidence import normal_quantile
from telcrm.kpi.customer_care.net_promoter import ADDED_ANSWERS, NpsInterval
from telcrm.kpi.instants import read_objects
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = ["ces", "csat", "nps", "wilson_interval"]

FrameT = TypeVar("FrameT")

_PROMOTER, _DETRACTOR = 9, 6
_INTERVAL = ("low", "high")
_NPS = ("responses", "promoters", "passives", "detractors", "nps", "standard_error", *_INTERVAL)
_CSAT = ("responses", "satisfied", "csat", *_INTERVAL)
_CES = ("responses", "ces", "standard_error")


def nps(
    frame: FrameT,
    *,
    score: str = "score",
    kind: str | None = "kind",
    at: str = "responded_at",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = None,
    confidence: float = 0.95,
    interval: NpsInterval | str = NpsInterval.WALD,
) -> FrameT:
    """Measure the net promoter score: percentage points of promoters less those of detractors.

    Parameters
    ----------
    frame : dataframe
        Survey answers, one row each. pandas, Polars (eager or lazy), a DuckDB relation, PySpark,
        or PyArrow.
    score : str
        Column of whole numbers from 0 to 10.
    kind : str or None
        Column that tells the question; only rows of ``"nps"`` count. None if ``frame`` holds no
        other answers.
    at : str
        Column of dates or datetimes, needed for ``period``. The day of a datetime is that of the
        clock it is kept in.
    by : str or sequence of str, optional
        Columns to break the score down by.
    period : {"month", "day"}, optional
        A score for every month or day from the first answer to the last. None puts all together.
    confidence : float in (0, 1)
        Of the interval.
    interval : NpsInterval
        ``"wald"`` or ``"adjusted_wald"``, see :func:`~telcrm.kpi.nps_of_counts`.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys: ``period`` (the first day of the month)
        or ``day``, then the columns of ``by``. One row in all if nothing is broken down. Every
        month or day and every group has its row, with 0 answers if there were none.

        ``responses``, ``promoters``, ``passives``, ``detractors``
            Int64: all answers, those of 9 and 10, of 7 and 8, of 0 to 6.
        ``nps``
            Float64, points from -100 to 100; null without answers.
        ``standard_error``
            Float64, points; null if it cannot be told, see below.
        ``low``, ``high``
            Float64, points: ends of the interval, cut at -100 and 100.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``score`` holds no numbers, ``at`` no dates, or a key is a float or an object.
    InvalidTableError
        A score is null or no whole number from 0 to 10, or a key is null. Rows of other questions
        are not looked at.
    ParameterError
        ``confidence``, ``interval`` or ``period`` is out of range, or a column of ``by`` would
        stand twice in the result.

    Notes
    -----
    With ``p`` and ``d`` the shares of promoters and detractors among ``n`` answers, the standard
    error is ``100 sqrt((p + d - (p - d)^2) / n)``, and the interval takes the score for normal. It
    is too narrow below a few dozen answers. If all answers are alike, as one always is, the sample
    does not tell how far answers spread: error and interval are null, unless ``interval`` is
    ``"adjusted_wald"``. Every answer counts as if given by another person, and nothing is weighted
    for those who did not answer.

    In NumPy-backed pandas, whose floats know no other null, null is NaN.

    References
    ----------
    Reichheld (2003), "The One Number You Need to Grow", Harvard Business Review 81(12).

    Examples
    --------
    >>> import polars as pl
    >>> surveys = pl.DataFrame({"kind": ["nps"] * 4 + ["csat"], "score": [10, 9, 8, 3, 5]})
    >>> nps(surveys).select("responses", "promoters", "passives", "detractors", "nps").rows()
    [(4, 2, 1, 1, 25.0)]
    """
    z = normal_quantile(confidence)
    method = choose(NpsInterval, interval, "interval")
    keys = break_down("nps", by=by, period=period, at=at, result=_NPS)
    rated = nw.col(_SCORE)
    flags = {
        "promoters": _flag(rated >= _PROMOTER),
        "passives": _flag((rated < _PROMOTER) & (rated > _DETRACTOR)),
        "detractors": _flag(rated <= _DETRACTOR),
    }
    opened, counted = _count(frame, SurveyKind.NPS, keys, score=score, kind=kind, measures=flags)
    added = ADDED_ANSWERS if method is NpsInterval.ADJUSTED_WALD else 0.0
    told = counted.with_columns(
        _n=_float("responses") + added,
        _up=_float("promoters") + added / 4,
        _down=_float("detractors") + added / 4,
    ).with_columns(_spread=_spread())
    n, net = nw.col("_n"), nw.col("_up") - nw.col("_down")
    known = nw.when((nw.col("responses") > 0) & (nw.col("_spread") > 0))
    error = known.then(nw.col("_spread").sqrt() / (n * n.sqrt()) * 100)
    result = told.with_columns(
        nps=_share(_float("promoters") - _float("detractors"), "responses") * 100,
        standard_error=error,
        _error=error,
        _centre=net / nw.when(n > 0).then(n) * 100,
    ).select(*keys.names, *_NPS[:-2], **_ends(z, -100.0, 100.0))
    return keys.close(opened, result)  # type: ignore[no-any-return]


def csat(
    frame: FrameT,
    *,
    score: str = "score",
    kind: str | None = "kind",
    at: str = "responded_at",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = None,
    satisfied_scores: Collection[int] = (4, 5),
    confidence: float = 0.95,
) -> FrameT:
    """Measure customer satisfaction: the share of answers in the top boxes.

    Parameters
    ----------
    frame, at, by, period
        As in :func:`nps`.
    score : str
        Column of whole numbers from 1 to 5.
    kind : str or None
        Column that tells the question; only rows of ``"csat"`` count. None if ``frame`` holds no
        other answers.
    satisfied_scores : collection of int
        The scores that count as satisfied: some of 1 to 5, not all.
    confidence : float in (0, 1)
        Of the interval.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, with the keys and rows of :func:`nps` and:

        ``responses``, ``satisfied``
            Int64: all answers, those of a satisfied score.
        ``csat``
            Float64: the share of them, from 0 to 1; null without answers.
        ``low``, ``high``
            Float64: ends of the Wilson score interval.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
        As in :func:`nps`, with scores from 1 to 5.
    ParameterError
        ``satisfied_scores`` are not some of the scale, or as in :func:`nps`.

    See Also
    --------
    wilson_interval : The interval of one share; it also holds in small samples.

    Examples
    --------
    >>> import polars as pl
    >>> surveys = pl.DataFrame({"kind": ["csat"] * 4, "score": [5, 4, 3, 1]})
    >>> csat(surveys).select("satisfied", "csat").rows()
    [(2, 0.5)]
    >>> csat(surveys, satisfied_scores=[5])["csat"].item()
    0.25
    """
    z = normal_quantile(confidence)
    scores = _top_boxes(satisfied_scores)
    keys = break_down("csat", by=by, period=period, at=at, result=_CSAT)
    flags = {"satisfied": _flag(nw.col(_SCORE).is_in(scores))}
    opened, counted = _count(frame, SurveyKind.CSAT, keys, score=score, kind=kind, measures=flags)
    n, k = _float("responses"), _float("satisfied")
    some = nw.when(n > 0).then(n)
    result = counted.with_columns(
        csat=_share(k, "responses"),
        _centre=(k + z * z / 2) / (some + z * z),
        _error=(k * (n - k) / some + z * z / 4).sqrt() / (some + z * z),
    ).select(*keys.names, *_CSAT[:-2], **_ends(z, 0.0, 1.0))
    return keys.close(opened, result)  # type: ignore[no-any-return]


def ces(
    frame: FrameT,
    *,
    score: str = "score",
    kind: str | None = "kind",
    at: str = "responded_at",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = None,
) -> FrameT:
    """Measure customer effort: the mean answer to how easy it was, from 1 to 7.

    Parameters
    ----------
    frame, at, by, period
        As in :func:`nps`.
    score : str
        Column of whole numbers from 1 to 7; 7 is easiest.
    kind : str or None
        Column that tells the question; only rows of ``"ces"`` count. None if ``frame`` holds no
        other answers.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, with the keys and rows of :func:`nps` and:

        ``responses``
            Int64: all answers.
        ``ces``
            Float64: their mean; null without answers.
        ``standard_error``
            Float64: the standard deviation of the sample over ``sqrt(responses)``; null if all
            answers are alike, as one always is.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
        As in :func:`nps`, with scores from 1 to 7.
    ParameterError
        As in :func:`nps`.

    References
    ----------
    Dixon, Freeman & Toman (2010), "Stop Trying to Delight Your Customers", Harvard Business Review
    88(7/8). The scale of 7 with 7 for easy is that of its second version (CEB, 2013).

    Examples
    --------
    >>> import polars as pl
    >>> ces(pl.DataFrame({"kind": ["ces"] * 3, "score": [7, 5, 6]})).rows()
    [(3, 6.0, 0.5773502691896257)]
    """
    keys = break_down("ces", by=by, period=period, at=at, result=_CES)
    rated = nw.col(_SCORE)
    sums = {"_sum": rated, "_squares": rated * rated}
    opened, counted = _count(frame, SurveyKind.CES, keys, score=score, kind=kind, measures=sums)
    n, total = _float("responses"), _float("_sum")
    result = counted.with_columns(_spread=n * _float("_squares") - total * total).select(
        *keys.names,
        "responses",
        ces=_share(total, "responses"),
        standard_error=nw.when(nw.col("_spread") > 0).then(
            (nw.col("_spread") / nw.when(n > 1).then(n - 1)).sqrt() / n
        ),
    )
    return keys.close(opened, result)  # type: ignore[no-any-return]


def wilson_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Interval of a share that keeps within 0 and 1 and holds in small samples.

    Parameters
    ----------
    successes, trials : int
        Counts: ``0 <= successes <= trials``.
    confidence : float in (0, 1)

    Returns
    -------
    (low, high) or None
        None without trials.

    Raises
    ------
    ParameterError
        The counts are not such counts, or ``confidence`` is no share.

    Notes
    -----
    ``(k + z^2/2 -+ z sqrt(k (n - k) / n + z^2/4)) / (n + z^2)``: Wilson's score interval without
    continuity correction.

    References
    ----------
    Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22,
    209-212. Newcombe (1998), Statistics in Medicine 17, 857-872, method 3.

    Examples
    --------
    >>> [round(end, 4) for end in wilson_interval(81, 263)]
    [0.2553, 0.3662]
    """
    z = normal_quantile(confidence)
    k, n = whole_number(successes), whole_number(trials)
    if k is None or n is None or not 0 <= k <= n:
        raise ParameterError(
            f"a share is of counts: found {successes!r:.30} successes in {trials!r:.30} trials, "
            "and need whole numbers with 0 <= successes <= trials.",
            successes=successes,
            trials=trials,
        )
    if not n:
        return None
    centre = (k + z * z / 2) / (n + z * z)
    reach = z * sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


_SCORE = "_score"


def _count(
    frame: Any,
    question: SurveyKind,
    keys: Breakdown,
    *,
    score: str,
    kind: str | None,
    measures: Mapping[str, nw.Expr],
) -> tuple[OpenFrame, nw.LazyFrame[Any]]:
    """Check the answers to one question, and sum them under the keys as whole numbers."""
    opened = open_frame(frame, table="surveys")
    kinds = {} if kind is None else {"kind": kind}
    require_columns(opened, {"score": score, **kinds, **keys.columns})
    opened = read_objects(opened, [score, *kinds.values(), *keys.kinds])
    texts = dict.fromkeys(kinds.values(), ColumnKind.KEY)
    require_kinds(opened, {score: ColumnKind.NUMBER, **texts, **keys.kinds})

    asked = None if kind is None else key_values(opened, kind) == question.value
    found = check_rows(
        opened,
        [
            *map(not_null, kinds.values()),
            *[_only(rule, asked) for rule in (*_score_rules(score, question), *keys.rules())],
        ],
        keys=row_names(opened, "survey_id", "customer_id", score),
        ranges=keys.ranges(asked),
    )
    answers = opened.rows if asked is None else opened.rows.filter(asked)
    scored = answers.select(nw.col(score).cast(nw.Int64).alias(_SCORE), **keys.keys(opened))
    rows = scored.select(*keys.inner_keys, _one=nw.lit(1), **measures)
    summed = keys.summarise(opened, rows, found, counts=["_one", *measures])
    return opened, summed.rename({"_one": "responses"})


def _score_rules(score: str, question: SurveyKind) -> list[RowCheck]:
    low, high = question.scale
    scale = [float(step) for step in range(low, high + 1)]
    given = ~nw.col(score).is_null()
    off = given & ~nw.col(score).cast(nw.Float64).is_in(scale)
    words = f"is no whole number from {low} to {high}"
    return [
        not_null(score, remedy="Drop who did not answer."),
        RowCheck("off_its_scale", score, off, words, "Mend or drop those rows."),
    ]


def _only(rule: RowCheck, asked: nw.Expr | None) -> RowCheck:
    return rule if asked is None else replace(rule, broken=asked & rule.broken)


def _top_boxes(scores: Collection[int]) -> list[int]:
    low, high = SurveyKind.CSAT.scale
    scale = set(range(low, high + 1))
    boxes = {number for number in map(whole_number, scores) if number is not None}
    if len(boxes) < len(scores) or not boxes < scale or not boxes:
        raise ParameterError(
            f"csat: satisfied_scores are {scores!r:.60}, and have to be some of the scores from "
            f"{low} to {high}, not all, for example (4, 5).",
            satisfied_scores=scores,
        )
    return sorted(boxes)


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _float(column: str) -> nw.Expr:
    return nw.col(column).cast(nw.Float64)


def _share(part: nw.Expr, whole: str) -> nw.Expr:
    return part / nw.when(_float(whole) > 0).then(_float(whole))


def _spread() -> nw.Expr:
    """``n^2`` times the variance of an answer: whole numbers, so 0 is exact."""
    up, down = nw.col("_up"), nw.col("_down")
    return nw.col("_n") * (up + down) - (up - down) * (up - down)


def _ends(z: float, least: float, greatest: float) -> dict[str, nw.Expr]:
    low = nw.col("_centre") - nw.col("_error") * z
    high = nw.col("_centre") + nw.col("_error") * z
    return {
        "low": nw.when(low < least).then(nw.lit(least)).otherwise(low),
        "high": nw.when(high > greatest).then(nw.lit(greatest)).otherwise(high),
    }
