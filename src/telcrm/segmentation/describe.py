"""What marks each segment, in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any, Final

from telcrm.domain.arguments import require_not_negative, whole_between
from telcrm.segmentation.assignment import SEGMENT
from telcrm.tables.door import open_frame, parse_objects, require_columns

__all__ = ["describe_segments"]

_NEEDED: Final = (
    SEGMENT,
    "customers",
    "share",
    "feature",
    "level",
    "mean",
    "rest_mean",
    "ratio",
    "level_share",
    "base_share",
    "lift",
    "difference",
    "supported",
)


def describe_segments(
    profiled: Any,
    *,
    findings: int = 3,
    least_difference: float = 0.2,
    words: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Say of each segment how great it is, and what marks it most.

    Parameters
    ----------
    profiled : dataframe
        As :func:`profile` returns it, or some of its rows.
    findings : int >= 0
        Most things to say of a segment.
    least_difference : float >= 0
        Standardised difference, up or down, below which nothing is said: 0.2 is Cohen's *small*.
    words : mapping of str to str, optional
        What to call a feature, for example ``{"n_lines": "number of lines"}``.
    units : mapping of str to str, optional
        What to write before the numbers of a feature, for example ``{"revenue": "EUR"}``.

    Returns
    -------
    dict of str to str
        A sentence for each segment, the largest segment first.

    Raises
    ------
    MissingColumnsError
        It is no profile.
    ParameterError
        ``findings`` or ``least_difference`` is out of range.

    Notes
    -----
    Only numbers that are supported (see ``min_support`` of :func:`profile`) are told, the greatest
    standardised difference first, and one level of a feature at most. Means are compared with the
    mean of all other customers, the share of a level with its share among all.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import profile
    >>> customers = pl.DataFrame(
    ...     {
    ...         "customer_id": list("abcdefgh"),
    ...         "segment": ["high"] * 2 + ["low"] * 6,
    ...         "revenue": [60.0, 68.0, 18.0, 20.0, 22.0, 24.0, 20.0, 22.0],
    ...         "technology": ["fibre"] * 3 + ["dsl"] * 5,
    ...     }
    ... )
    >>> found = profile(customers, features=["revenue"], levels=["technology"], min_support=1)
    >>> for sentence in describe_segments(found, findings=2, units={"revenue": "EUR"}).values():
    ...     print(sentence)
    Segment low: 75 % of customers (6); revenue is 0.33 times that of the rest (EUR 21 against 64);
    technology = dsl is 1.3 times as common as overall (83 % against 62 %).
    Segment high: 25 % of customers (2); revenue is 3.0 times that of the rest (EUR 64 against 21);
    technology = fibre is 2.7 times as common as overall (100 % against 38 %).
    """
    most = whole_between("findings", findings, 0)
    require_not_negative(least_difference=least_difference)
    least = float(least_difference)
    opened = open_frame(profiled, table="profile")
    require_columns(opened, {name: name for name in _NEEDED})
    opened = parse_objects(opened, _NEEDED)
    by_segment: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in opened.rows.select(*_NEEDED).collect().rows(named=True):
        by_segment[str(row[SEGMENT])].append({name: _known(row[name]) for name in _NEEDED})
    largest = sorted(by_segment, key=lambda name: (-by_segment[name][0]["customers"], name))
    named, prefixed = dict(words or {}), dict(units or {})
    return {
        name: _sentence(
            name,
            by_segment[name],
            most=most,
            least=least,
            words=named,
            units=prefixed,
        )
        for name in largest
    }


def _known(value: Any) -> Any:
    """Return None for what pandas calls NaN or NA."""
    if type(value).__name__ == "NAType" or (isinstance(value, float) and isnan(value)):
        return None
    return value


def _sentence(
    segment: str,
    rows: list[dict[str, Any]],
    *,
    most: int,
    least: float,
    words: Mapping[str, str],
    units: Mapping[str, str],
) -> str:
    head = f"Segment {segment}: {_share(rows[0]['share'])} of customers ({rows[0]['customers']:,})"
    supported = [row for row in rows if row["supported"]]
    if not most:
        return f"{head}."
    if not supported:
        return f"{head}; too few customers to say more."
    marked = [
        row
        for row in supported
        if row["difference"] is not None and abs(row["difference"]) >= least
    ]
    if not marked:
        return f"{head}; much like the rest."
    marked.sort(
        key=lambda row: (
            -abs(row["difference"]),
            -row["difference"],
            row["feature"],
            row["level"] or "",
        )
    )
    # One level of a feature says most of the others: those who have fibre have no DSL.
    first: dict[str, dict[str, Any]] = {}
    for row in marked:
        first.setdefault(row["feature"], row)
    told = [
        _number_finding(row, words, units) if row["level"] is None else _level_finding(row, words)
        for row in [*first.values()][:most]
    ]
    return "; ".join([head, *told]) + "."


def _number_finding(
    row: Mapping[str, Any], words: Mapping[str, str], units: Mapping[str, str]
) -> str:
    feature = row["feature"]
    unit = f"{units[feature]} " if feature in units else ""
    own, rest = _number(row["mean"]), _number(row["rest_mean"])
    against = f"({unit}{own} against {rest})"
    ratio = row["ratio"]
    if ratio is None or 1 / 1.05 < ratio < 1.05:
        way = "above" if row["difference"] > 0 else "below"
        return f"{words.get(feature, feature)} is {way} that of the rest {against}"
    return f"{words.get(feature, feature)} is {_times(ratio)} times that of the rest {against}"


def _level_finding(row: Mapping[str, Any], words: Mapping[str, str]) -> str:
    what = f"{words.get(row['feature'], row['feature'])} = {row['level']}"
    own, base = _share(row["level_share"]), _share(row["base_share"])
    if not row["level_share"]:
        return f"{what} is never found, against {base} overall"
    lift = row["lift"]
    if 1 / 1.05 < lift < 1.05:
        way = "more" if row["difference"] > 0 else "less"
        return f"{what} is {way} common than overall ({own} against {base})"
    return f"{what} is {_times(lift)} times as common as overall ({own} against {base})"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"


def _number(value: float) -> str:
    if not isfinite(value) or value == 0:
        return f"{value:g}"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if size < 1 else f"{value:.1f}".removesuffix(".0")


def _share(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 1:
        return f"{percent:.1f} %" if percent >= 0.1 else "under 0.1 %"
    return "over 99 %" if 99 < percent < 100 else f"{percent:.0f} %"
