"""Numbers ported in and out, by competitor, and shares of the market."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.kpi.breakdown import Grain, break_down, refuse_clashes
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null

__all__ = ["market_share", "net_porting"]

FrameT = TypeVar("FrameT")


def net_porting(
    frame: FrameT,
    *,
    own: str,
    at: str = "ported_on",
    donor: str = "donor",
    recipient: str = "recipient",
    period: Grain | str | None = Grain.MONTH,
) -> FrameT:
    """Count the numbers ported in from and out to each competitor, and the balance.

    Parameters
    ----------
    frame : dataframe
        One row per ported number: when, from whom, to whom. Ports between two others are left out.
    own : str
        The operator whose balance it is, as the columns call it.
    at : str
        Column of dates or datetimes.
    donor, recipient : str
        Columns of operators.
    period : "month", "day" or None
        How time is cut; None puts all together.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys, a row for each month (column ``period``)
        or day (column ``day``) and each ``competitor`` seen in any of them:

        ``ported_in``, ``ported_out``, ``net_ported``
            Int64; ``net_ported`` is in less out.
        ``porting_ratio``
            Float64: numbers won for each one lost; null where none was lost.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A day or an operator is null, or donor and recipient are the same.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> ports = pl.DataFrame(
    ...     {
    ...         "ported_on": [date(2024, 1, 3), date(2024, 1, 9), date(2024, 1, 10)],
    ...         "donor": ["Blue", "us", "Blue"],
    ...         "recipient": ["us", "Blue", "us"],
    ...     }
    ... )
    >>> net_porting(ports, own="us", period=None).rows()
    [('Blue', 2, 1, 1, 2.0)]
    """
    counts = ["ported_in", "ported_out"]
    results = [*counts, "net_ported", "porting_ratio"]
    keys = break_down("net_porting", by="competitor", period=period, at=at, result=results)
    opened = open_frame(frame, table="ports")
    require_columns(opened, {"at": at, "donor": donor, "recipient": recipient})
    opened = parse_objects(opened, [at, donor, recipient])
    texts = {donor: ColumnKind.KEY, recipient: ColumnKind.KEY}
    require_kinds(opened, {at: ColumnKind.DATE, **texts})
    left, joined = key_values(opened, donor), key_values(opened, recipient)
    rules = [
        not_null(at),
        not_null(donor),
        not_null(recipient),
        RowCheck(
            "ported_to_itself",
            f"{donor},{recipient}",
            ~left.is_null() & (left == joined),
            "are the same operator",
            "Drop those rows.",
        ),
    ]
    check_rows(opened, rules, keys=[at, donor, recipient])
    ours = opened.rows.select(**{at: nw.col(at)}, _donor=left, _recipient=joined).filter(
        (nw.col("_donor") == own) | (nw.col("_recipient") == own)
    )
    won = nw.col("_recipient") == own
    told = ours.select(
        at,
        competitor=nw.when(won).then(nw.col("_donor")).otherwise(nw.col("_recipient")),
        ported_in=nw.when(won).then(nw.lit(1)).otherwise(nw.lit(0)),
        ported_out=nw.when(won).then(nw.lit(0)).otherwise(nw.lit(1)),
    )
    inner = open_frame(told, table="ports")
    found = check_rows(inner, [], keys=[at], ranges=keys.ranges())
    rows = inner.rows.select(**keys.keys(inner), **{name: nw.col(name) for name in counts})
    summed = keys.summarise(inner, rows, found, counts=counts)
    lost = nw.col("ported_out").cast(nw.Float64)
    result = summed.select(
        *keys.names,
        *counts,
        net_ported=nw.col("ported_in") - nw.col("ported_out"),
        porting_ratio=nw.col("ported_in").cast(nw.Float64) / nw.when(lost > 0).then(lost),
    ).sort(*keys.names)
    return opened.close(result)  # type: ignore[no-any-return]


def market_share(
    frame: FrameT,
    *,
    operator: str = "operator",
    count: str = "subscriptions",
    by: str | Sequence[str] | None = None,
) -> FrameT:
    """Return each operator's share of a market, and how concentrated the market is.

    Parameters
    ----------
    frame : dataframe
        Rows with an operator and a number, as regulators publish them; rows of an operator (and
        group) are added up.
    operator : str
        Column of operators.
    count : str
        Numeric column, 0 or more: subscriptions, revenue, traffic.
    by : str or sequence of str, optional
        Columns that tell markets apart, for example a quarter or a region.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by market and operator: ``total`` (Float64),
        ``share`` (Float64, of its market; null if that is 0) and ``concentration`` (Float64, the
        same for all of a market): the Herfindahl-Hirschman index, from 0 to 1.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, ParameterError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A key or a number is null, or a number is negative or infinite.

    Notes
    -----
    ``concentration`` is the sum of squared shares. In points, as competition authorities write it,
    it is 10,000 times that.

    References
    ----------
    US Department of Justice and FTC, *Merger Guidelines* (2023), guideline 1: markets above 1,800
    points are highly concentrated.

    Examples
    --------
    >>> import polars as pl
    >>> market = pl.DataFrame({"operator": ["us", "Blue"], "subscriptions": [75, 25]})
    >>> market_share(market).rows()
    [('Blue', 25.0, 0.25, 0.625), ('us', 75.0, 0.75, 0.625)]
    """
    groups = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    refuse_clashes("market_share", [*groups, operator], ["total", "share", "concentration"])
    opened = open_frame(frame, table="market")
    require_columns(opened, {"operator": operator, "count": count, "by": groups})
    opened = parse_objects(opened, [operator, *groups])
    kinds = dict.fromkeys([operator, *groups], ColumnKind.KEY)
    require_kinds(opened, {**kinds, count: ColumnKind.NUMBER})
    negative = RowCheck("not_negative", count, nw.col(count) < 0, "is negative", "Mend those rows.")
    keys = [*groups, operator]
    rules = [*[not_null(name) for name in keys], *amount_checks(opened, count), negative]
    check_rows(opened, rules, keys=keys)
    inner = [f"_key_{at}" for at in range(len(keys))]
    rows = opened.rows.select(
        _total=nw.col(count).cast(nw.Float64),
        **{own: key_values(opened, name) for own, name in zip(inner, keys, strict=True)},
    )
    summed = rows.group_by(*inner).agg(nw.col("_total").sum()).with_columns(_all=nw.lit(1))
    market = [*inner[:-1], "_all"]
    shared = summed.with_columns(_whole=nw.col("_total").sum().over(*market)).with_columns(
        _share=nw.col("_total") / nw.when(nw.col("_whole") > 0).then(nw.col("_whole"))
    )
    squared = shared.with_columns(_squared=nw.col("_share") * nw.col("_share"))
    known = nw.when(nw.col("_whole") > 0).then(nw.col("_concentration"))
    result = squared.with_columns(_concentration=nw.col("_squared").sum().over(*market)).select(
        **{name: nw.col(own) for own, name in zip(inner, keys, strict=True)},
        total=nw.col("_total"),
        share=nw.col("_share"),
        concentration=known,
    )
    return opened.close(result.sort(*keys))  # type: ignore[no-any-return]
