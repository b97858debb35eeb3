"""What marks each segment: numbers against the rest, levels against the whole base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final, TypeAlias, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.exact import whole_number
from telcrm.errors import ParameterError
from telcrm.segmentation.assignment import SEGMENT
from telcrm.segmentation.clusters.features import infinite, missing_as_null
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_repeated, refuse_twice
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import check_rows, not_null

__all__ = ["profile"]

FrameT = TypeVar("FrameT")

_Name: TypeAlias = str | int | bool

_MAX_LEVELS: Final = 200
_RESULT: Final[dict[str, type]] = {
    SEGMENT: str,
    "customers": int,
    "share": float,
    "feature": str,
    "level": str,
    "present": int,
    "missing_share": float,
    "mean": float,
    "rest_mean": float,
    "ratio": float,
    "median": float,
    "rest_median": float,
    "level_share": float,
    "rest_share": float,
    "base_share": float,
    "lift": float,
    "difference": float,
    "supported": bool,
}


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Of one numeric feature in one segment: how many, mean, sum of squares about it, median."""

    count: int
    mean: float
    squares: float
    median: float | None = None


def profile(
    frame: FrameT,
    *,
    segment: str = "segment",
    features: Sequence[str] = (),
    levels: Sequence[str] = (),
    customer: str = "customer_id",
    min_support: int = 30,
) -> FrameT:
    """Describe each segment in numbers: how it differs from the customers outside it.

    Parameters
    ----------
    frame : dataframe
        One row per customer, with its segment. pandas, Polars (eager or lazy), a DuckDB relation,
        PySpark, or PyArrow.
    segment : str
        Column of the segment: text, whole numbers or flags.
    features : sequence of str
        Numeric columns, described by mean and median.
    levels : sequence of str
        Columns of text, whole numbers or flags, described by how common each level is.
    customer : str
        Column that names the customer.
    min_support : int >= 1
        Customers below which a number is not to be relied on.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, a row for each segment and feature, and for each segment and
        level of a column of ``levels``; sorted by segment, then in the order that you gave, then
        by level. Null where a measure is not defined, or belongs to the other kind of column:

        ``segment``
            Text.
        ``customers``, ``share``
            Int64 and Float64: its size, and in shares of all customers.
        ``feature``, ``level``
            Text; ``level`` is null for numeric features.
        ``present``, ``missing_share``
            Int64 and Float64: its customers whose value is there, and the share of the others.
        ``mean``, ``rest_mean``, ``ratio``
            Float64: mean in the segment, mean of all other customers, and the one over the other
            where both are above 0.
        ``median``, ``rest_median``
            Float64: the medians of the same.
        ``level_share``, ``rest_share``, ``base_share``
            Float64: share of the level among the segment, among all others, and among all, of those
            whose value is there.
        ``lift``
            Float64: ``level_share / base_share``.
        ``difference``
            Float64: the standardised difference to the others, see below.
        ``supported``
            Boolean: for a numeric feature, at least ``min_support`` values in the segment and
            outside it. For a level, the same, and at least ``min_support`` customers have it.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A feature holds no numbers, or a key, a segment or a level is a float or an object.
    InvalidTableError
        A customer or a segment is null, a customer stands in two rows, or a number is infinite.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        Nothing is to be described, a column is named twice, ``min_support`` is no whole number from
        1, or a column of ``levels`` has more than 200 levels, as a key has.

    See Also
    --------
    describe_segments : The same in sentences.

    Notes
    -----
    With means ``m``, variances ``v`` (over ``n - 1``) and shares ``p`` of the segment (1) and of
    the others (0), the standardised difference is::

        numbers: (m1 - m0) / sqrt((v1 + v0) / 2)
        levels:  (p1 - p0) / sqrt((p1 (1 - p1) + p0 (1 - p0)) / 2)

    It has no unit and does not grow with the number of customers, as a test of significance does:
    0.2 is small, 0.5 medium, 0.8 large (Cohen), below 0.1 negligible (Austin). It is null where the
    denominator is 0, or where a side has fewer than two numbers.

    NaN is missing. Missing values take no part but in ``missing_share``. Means and what follows
    from them are rounded to 12 significant digits, because engines add in different orders.

    A few queries run at once, whatever comes in; only sums per segment are brought to Python.

    References
    ----------
    J. Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, 2nd ed., chapter 2.
    P. C. Austin (2009), "Balance diagnostics for comparing the distribution of baseline covariates
    between treatment groups in propensity-score matched samples", Statistics in Medicine 28(25),
    3083-3107.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "customer_id": ["a", "b", "c", "d"],
    ...         "segment": ["high", "high", "low", "low"],
    ...         "revenue": [60.0, 80.0, 10.0, 30.0],
    ...         "technology": ["fibre", "fibre", "fibre", "dsl"],
    ...     }
    ... )
    >>> found = profile(customers, features=["revenue"], levels=["technology"], min_support=1)
    >>> found.filter(segment="high").select("feature", "level", "mean", "rest_mean", "lift").rows()
    [('revenue', None, 70.0, 20.0, None),
     ('technology', 'dsl', None, None, 0.0),
     ('technology', 'fibre', None, None, 1.33333333333)]
    """
    least = _checked_parameters(segment, features, levels, customer, min_support)
    opened = _open(frame, customer, segment, features, levels)
    sizes = _sizes(opened)
    medians = _rest_medians(opened, list(sizes), len(features))
    described = [
        _numeric_rows(_numbers(opened, f"_number_{at}"), sizes, name, medians[at], least)
        for at, name in enumerate(features)
    ]
    described += [_level_rows(opened, sizes, name, at, least) for at, name in enumerate(levels)]
    total = sum(sizes.values())
    rows = []
    for name in sizes:
        head = {
            SEGMENT: _as_text(name),
            "customers": sizes[name],
            "share": _tidy(sizes[name] / total),
        }
        rows += [head | row for feature in described for row in feature[name]]
    columns = {
        name: ResultColumn(kind, [row.get(name) for row in rows]) for name, kind in _RESULT.items()
    }
    return opened.close(result_table(opened, columns))  # type: ignore[no-any-return]


def _checked_parameters(
    segment: str,
    features: Sequence[str],
    levels: Sequence[str],
    customer: str,
    min_support: int,
) -> int:
    if isinstance(features, str) or isinstance(levels, str) or not [*features, *levels]:
        raise ParameterError(
            f"profile: features={features!r:.60} and levels={levels!r:.60} name nothing to "
            'describe. Pass lists of columns, for example features=["revenue"].',
            features=features,
            levels=levels,
        )
    refuse_twice("profile", [customer, segment, *features, *levels], [])
    least = whole_number(min_support)
    if least is None or least < 1:
        raise ParameterError(
            f"profile: min_support is {min_support!r:.40}, and has to be a whole number from 1.",
            min_support=min_support,
        )
    return least


def _open(
    frame: Any, customer: str, segment: str, features: Sequence[str], levels: Sequence[str]
) -> OpenFrame:
    opened = open_frame(frame, table="segmented customers")
    named = {"customer": customer, "segment": segment}
    require_columns(opened, {**named, "features": list(features), "levels": list(levels)})
    opened = parse_objects(opened, [customer, segment, *features, *levels])
    kinds = dict.fromkeys([customer, segment, *levels], ColumnKind.KEY)
    require_kinds(opened, kinds | dict.fromkeys(features, ColumnKind.NUMBER))
    rules = [not_null(customer), not_null(segment), *(infinite(opened, name) for name in features)]
    check_rows(opened, rules, keys=[customer])
    refuse_repeated(opened, [customer])
    chosen = {
        "_segment": key_values(opened, segment),
        **{f"_number_{at}": missing_as_null(opened, name) for at, name in enumerate(features)},
        **{f"_level_{at}": key_values(opened, name) for at, name in enumerate(levels)},
    }
    return OpenFrame(rows=opened.rows.select(**chosen), table=opened.table, given=opened.given)


def _sizes(opened: OpenFrame) -> dict[_Name, int]:
    counted = opened.rows.group_by("_segment").agg(_count=nw.len()).collect()
    ordered = sorted(counted.select("_segment", "_count").rows())
    return {name: int(count) for name, count in ordered}


def _rest_medians(opened: OpenFrame, names: list[_Name], count: int) -> list[dict[_Name, Any]]:
    """Return the medians of each number among all but one segment, and another, and so on."""
    columns = [f"_number_{at}" for at in range(count)]
    found: list[dict[_Name, Any]] = [{} for _ in columns]
    if not columns:
        return found
    for name in names:
        others = opened.rows.filter(nw.col("_segment") != name)
        middle = others.select(*[nw.col(column).median() for column in columns]).collect().row(0)
        for own, value in zip(found, middle, strict=True):
            own[name] = value
    return found


def _numeric_rows(
    found: dict[_Name, _Numbers],
    sizes: dict[_Name, int],
    feature: str,
    rest_medians: dict[_Name, Any],
    least: int,
) -> dict[_Name, list[dict[str, Any]]]:
    rows = {}
    for name, size in sizes.items():
        own = found.get(name)
        rest = _pooled([numbers for other, numbers in found.items() if other != name])
        row: dict[str, Any] = {"feature": feature}
        row["present"] = own.count if own else 0
        row["missing_share"] = _tidy(1 - row["present"] / size)
        row["supported"] = min(row["present"], rest.count if rest else 0) >= least
        if own:
            row |= {"mean": _tidy(own.mean), "median": own.median}
        if rest:
            row["rest_mean"] = _tidy(rest.mean)
            row["rest_median"] = _tidy(rest_medians[name])
        if own and rest:
            row["ratio"] = _tidy(own.mean / rest.mean) if min(own.mean, rest.mean) > 0 else None
            row["difference"] = _mean_difference(own, rest)
        rows[name] = [row]
    return rows


def _numbers(opened: OpenFrame, column: str) -> dict[_Name, _Numbers]:
    number = nw.col(column)
    there = opened.rows.filter(~number.is_null()).select("_segment", column)
    summed = there.group_by("_segment").agg(
        _count=nw.len(),
        _mean=number.mean(),
        _variance=number.var(ddof=1),
        _median=number.median(),
        _least=number.min(),
        _most=number.max(),
    )
    found = {}
    for row in summed.collect().rows(named=True):
        count = int(row["_count"])
        # Engines find some variance even among equal numbers, in the last bits.
        even = count < 2 or row["_least"] == row["_most"]
        found[row["_segment"]] = _Numbers(
            count,
            float(row["_least"] if even else row["_mean"]),
            0.0 if even else float(row["_variance"]) * (count - 1),
            _tidy(row["_median"]),
        )
    return dict(sorted(found.items()))


def _pooled(groups: Sequence[_Numbers]) -> _Numbers | None:
    count = sum(group.count for group in groups)
    if not count:
        return None
    mean = sum(group.count * group.mean for group in groups) / count
    if all(group.mean == groups[0].mean for group in groups):
        mean = groups[0].mean
    within = sum(group.squares for group in groups)
    between = sum(group.count * (group.mean - mean) ** 2 for group in groups)
    return _Numbers(count, mean, within + between)


def _mean_difference(own: _Numbers, rest: _Numbers) -> float | None:
    if min(own.count, rest.count) < 2:
        return None
    variances = [group.squares / (group.count - 1) for group in (own, rest)]
    return _over_spread(own.mean - rest.mean, sum(variances) / 2)


def _over_spread(apart: float, variance: float) -> float | None:
    return _tidy(apart / sqrt(variance)) if variance > 0 else None


def _level_rows(
    opened: OpenFrame, sizes: dict[_Name, int], feature: str, at: int, least: int
) -> dict[_Name, list[dict[str, Any]]]:
    column = f"_level_{at}"
    there = opened.rows.filter(~nw.col(column).is_null())
    counted = there.group_by("_segment", column).agg(_count=nw.len())
    held = {
        (name, value): int(count)
        for name, value, count in counted.select("_segment", column, "_count").collect().rows()
    }
    values = sorted({value for _, value in held})
    if len(values) > _MAX_LEVELS:
        raise ParameterError(
            f"profile: {feature!r} has {len(values):,} levels, and {_MAX_LEVELS} at most are "
            "described. Group them, or pass numbers in features.",
            feature=feature,
        )
    present = {name: sum(held.get((name, value), 0) for value in values) for name in sizes}
    everybody = sum(present.values())
    rows: dict[_Name, list[dict[str, Any]]] = {name: [] for name in sizes}
    for value in values:
        with_level = sum(held.get((name, value), 0) for name in sizes)
        for name, size in sizes.items():
            own, outside = held.get((name, value), 0), everybody - present[name]
            row: dict[str, Any] = {"feature": feature, "level": _as_text(value)}
            row["present"] = present[name]
            row["missing_share"] = _tidy(1 - present[name] / size)
            row["base_share"] = _tidy(with_level / everybody)
            row["supported"] = min(present[name], outside, with_level) >= least
            if present[name]:
                row["level_share"] = _tidy(own / present[name])
                row["lift"] = _tidy(own * everybody / (present[name] * with_level))
            if outside:
                row["rest_share"] = _tidy((with_level - own) / outside)
            if present[name] and outside:
                row["difference"] = _share_difference(
                    own / present[name], (with_level - own) / outside
                )
            rows[name].append(row)
    return rows


def _share_difference(own: float, rest: float) -> float | None:
    return _over_spread(own - rest, (own * (1 - own) + rest * (1 - rest)) / 2)


def _as_text(value: Any) -> str:
    return str(value).lower() if type(value).__name__ in {"bool", "bool_"} else str(value)


def _tidy(number: float) -> float:
    return float(f"{number:.12g}")
