"""What customers are worth by segment, and how sure that is."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.errors import ParameterError
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

__all__ = ["value_by_segment"]

FrameT = TypeVar("FrameT")
Floats = NDArray[np.float64]

_AT_ONCE: Final = 4_000_000
_RESULT: Final[dict[str, type]] = {
    "customers": int,
    "total": float,
    "mean": float,
    "standard_error": float,
    "lower": float,
    "upper": float,
}


def value_by_segment(
    frame: FrameT,
    *,
    by: str = "segment",
    value: str = "lifetime_value",
    confidence: float = 0.9,
    draws: int = 400,
    random_state: int,
) -> FrameT:
    """Return the mean and total value of each segment, with bootstrap intervals of the mean.

    Parameters
    ----------
    frame : dataframe
        One row per customer. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    by : str
        Column that names the segment.
    value : str
        Numeric column, one currency.
    confidence : float in (0, 1)
    draws : int
        Resamples, 20 or more.
    random_state : int

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by segment: the segment as text, ``customers``
        (Int64), and as Float64 ``total``, ``mean``, ``standard_error``, ``lower`` and ``upper``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        A column is not there, or of a wrong type.
    InvalidTableError
        A segment or value is null, or a value infinite.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``confidence`` is no share, ``draws`` or ``random_state`` no whole number, or ``by`` is
        called like a column of the result.

    Notes
    -----
    Percentiles of the bootstrap (Efron & Tibshirani 1993, chapter 13), with Poisson weights: each
    customer stands in a resample as often as a Poisson variable of mean 1 says, so that customers
    of one value are drawn together. The engine counts the customers of each value; the rest is done
    here. It tells how far another sample of such customers would differ, not how wrong the model
    may be: for that see :func:`~telcrm.value.lifetime_value_interval`.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {"segment": ["a", "a", "a", "b"], "lifetime_value": [10.0, 20.0, 30.0, 5.0]}
    ... )
    >>> found = value_by_segment(customers, random_state=1)
    >>> found.select("segment", "customers", "total", "mean").rows()
    [('a', 3, 60.0, 20.0), ('b', 1, 5.0, 5.0)]
    """
    require_proper_share(confidence=confidence)
    if by.casefold() in _RESULT:
        raise ParameterError(
            f"value_by_segment: {by!r} would stand twice in the result. Rename the column.",
            columns=[by],
        )
    resamples = whole_between("draws", draws, 20)
    seed = whole_between("random_state", random_state, 0)
    opened = open_frame(frame, table="customer values")
    require_columns(opened, {"by": by, "value": value})
    opened = parse_objects(opened, [by, value])
    require_kinds(opened, {by: ColumnKind.KEY, value: ColumnKind.NUMBER})
    check_rows(opened, [not_null(by), *amount_checks(opened, value)], keys=[by])
    counted = (
        opened.rows.select(
            _segment=key_values(opened, by).cast(nw.String),
            _value=denoise(nw.col(value).cast(nw.Float64)),
        )
        .group_by("_segment", "_value")
        .agg(_customers=nw.len())
        .collect()
    )
    held: dict[str, list[tuple[float, int]]] = {}
    for segment, amount, customers in counted.select("_segment", "_value", "_customers").rows():
        held.setdefault(str(segment), []).append((float(amount), int(customers)))
    rows = [
        (name, *_measure(sorted(values), confidence, resamples, [seed, at]))
        for at, (name, values) in enumerate(sorted(held.items()))
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    kinds: list[tuple[str, type]] = [(by, str), *_RESULT.items()]
    made = {
        name: ResultColumn(kind, list(values))
        for (name, kind), values in zip(kinds, columns, strict=True)
    }
    found: FrameT = opened.close(result_table(opened, made))
    return found


def _measure(
    held: list[tuple[float, int]], confidence: float, resamples: int, seed: list[int]
) -> tuple[Any, ...]:
    values = np.array([value for value, _ in held])
    counts = np.array([count for _, count in held], dtype=np.float64)
    chance = np.random.default_rng(seed)
    sums = np.zeros((2, resamples))
    step = max(1, _AT_ONCE // resamples)
    for first in range(0, values.size, step):
        weights = chance.poisson(
            counts[first : first + step, None], (min(step, values.size - first), resamples)
        )
        sums += np.stack([values[first : first + step] @ weights, weights.sum(axis=0)])
    total = float(counts @ values)
    mean = total / float(counts.sum())
    # A resample that drew nobody says nothing.
    means = np.divide(sums[0], sums[1], out=np.full(resamples, mean), where=sums[1] > 0)
    lower, upper = np.quantile(means, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    error = float(means.std(ddof=1))
    return int(counts.sum()), total, mean, error, float(lower), float(upper)
