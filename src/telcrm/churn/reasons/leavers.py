"""Those who did leave: how, for which stated reason, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.kpi import loss_analysis, net_porting
from telcrm.kpi.breakdown import Grain, break_down
from telcrm.kpi.confidence import normal_quantile
from telcrm.tables.door import open_frame, require_columns

__all__ = ["leaver_destinations", "leaver_reasons"]

FrameT = TypeVar("FrameT")

_SHARES: Final = ("share", "low", "high")


def leaver_reasons(
    frame: FrameT,
    *,
    at: str = "terminated_on",
    kind: str = "termination_reason",
    reason: str | None = None,
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = Grain.MONTH,
    confidence: float = 0.95,
) -> FrameT:
    """Count those who left by kind and stated reason, over time and segment.

    Parameters
    ----------
    frame : dataframe
        Subscriptions, one row each; those without a day of leaving are left out. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    at : str
        Date column: when it was lost.
    kind : str
        Column of :class:`~telcrm.domain.TerminationReason`, or of your own kinds; null is
        ``"unknown"``.
    reason : str, optional
        Column of what the customer gave as the reason, in the operator's own words; null is
        ``"unknown"``.
    by : str or sequence of str, optional
        Columns of segments. Null is ``"unknown"`` in columns of text, and refused in others.
    period : "month", "day" or None
        How time is cut; None puts all together.
    confidence : float in (0, 1)
        Of the interval.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys: ``period`` (the first of the month) or
        ``day``, the columns of ``by``, ``kind`` and ``reason``. A row for each month or day and
        each combination of the others seen in any of them:

        ``lost``
            Int64.
        ``share``
            Float64: part of those lost in that month and segment; null where nobody was.
        ``low``, ``high``
            Float64: the Wilson score interval of the share.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
        As :func:`~telcrm.kpi.loss_analysis` does.
    ParameterError
        A column would stand twice in the result, or ``period`` or ``confidence`` is none.

    See Also
    --------
    telcrm.kpi.churn_by_reason : Each kind as a rate of the base.

    Notes
    -----
    The intervals tell of chance as if leavers were drawn from all who might leave alike. That those
    who give a reason may differ from those who give none, they do not cover.

    References
    ----------
    Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22,
    209-212.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {
    ...         "terminated_on": [date(2026, 1, 9), date(2026, 1, 20), date(2026, 1, 21), None],
    ...         "termination_reason": ["voluntary", "voluntary", "port_out", None],
    ...         "stated": ["price", "coverage", "price", None],
    ...     }
    ... )
    >>> found = leaver_reasons(lines, reason="stated", period=None)
    >>> found.select("termination_reason", "stated", "lost").rows()
    [('port_out', 'price', 1), ('voluntary', 'coverage', 1), ('voluntary', 'price', 1)]
    """
    z = normal_quantile(confidence)
    groups = [by] if isinstance(by, str) else list(by or ())
    told = [kind] if reason is None else [kind, reason]
    keys = break_down(
        "leaver_reasons", by=[*groups, *told], period=period, at=at, result=["lost", *_SHARES]
    )
    stated = {} if reason is None else {"reason": reason}
    require_columns(
        open_frame(frame, table="subscriptions"), {"at": at, "kind": kind, **stated, "by": groups}
    )
    counted = loss_analysis(frame, at=at, by=list(keys.groups), period=period)
    whole = [name for name in keys.names if name not in told]
    return _shared(counted, "lost", among=whole, keys=keys.names, others=(), z=z)


def leaver_destinations(
    frame: FrameT,
    *,
    own: str,
    at: str = "ported_on",
    donor: str = "donor",
    recipient: str = "recipient",
    period: Grain | str | None = Grain.MONTH,
    confidence: float = 0.95,
) -> FrameT:
    """Tell to whom numbers were ported out, and what came back from there.

    Parameters
    ----------
    frame : dataframe
        One row per ported number: when, from whom, to whom, as :func:`~telcrm.kpi.net_porting`
        takes them. Ports between two others are left out.
    own : str
        The operator whose leavers they are, as the columns call it.
    at : str
        Column of dates or datetimes.
    donor, recipient : str
        Columns of operators.
    period : "month", "day" or None
        How time is cut; None puts all together.
    confidence : float in (0, 1)
        Of the interval.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys, a row for each ``period`` or ``day`` and
        each ``competitor`` seen in any of them:

        ``ported_out``
            Int64.
        ``share``
            Float64: part of all that were ported out then; null where none was.
        ``low``, ``high``
            Float64: the Wilson score interval of the share.
        ``ported_in``, ``net_ported``
            Int64: won from the competitor; that less ``ported_out``.
        ``porting_ratio``
            Float64: numbers won for each one lost; null where none was lost.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        As :func:`~telcrm.kpi.net_porting` does; ``confidence`` is no share between 0 and 1.

    References
    ----------
    Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22,
    209-212.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> ports = pl.DataFrame(
    ...     {
    ...         "ported_on": [date(2026, 1, day) for day in (3, 9, 10, 12)],
    ...         "donor": ["us", "us", "us", "Red"],
    ...         "recipient": ["Blue", "Blue", "Red", "us"],
    ...     }
    ... )
    >>> found = leaver_destinations(ports, own="us", period=None)
    >>> found.select("competitor", "ported_out", "net_ported").rows()
    [('Blue', 2, -2), ('Red', 1, 0)]
    """
    z = normal_quantile(confidence)
    keys = break_down("leaver_destinations", by="competitor", period=period, at=at, result=_SHARES)
    net = net_porting(frame, own=own, at=at, donor=donor, recipient=recipient, period=period)
    return _shared(
        net,
        "ported_out",
        among=keys.names[:-1],
        keys=keys.names,
        others=("ported_in", "net_ported", "porting_ratio"),
        z=z,
    )


def _shared(
    frame: FrameT,
    count: str,
    *,
    among: Sequence[str],
    keys: Sequence[str],
    others: Sequence[str],
    z: float,
) -> FrameT:
    """Add to counts their shares among rows that are alike in some columns, with intervals."""
    opened = open_frame(frame, table="leavers")
    whole = nw.col(count).sum().over(*among, "_all")
    rows = opened.rows.with_columns(_all=nw.lit(1)).with_columns(_whole=whole.cast(nw.Float64))
    part, some = nw.col(count).cast(nw.Float64), nw.when(nw.col("_whole") > 0)
    total = some.then(nw.col("_whole"))
    result = rows.with_columns(_part=part, _total=total).select(
        *keys,
        nw.col(count),
        share=nw.col("_part") / nw.col("_total"),
        **_wilson(nw.col("_part"), nw.col("_total"), z),
        **{name: nw.col(name) for name in others},
    )
    return opened.close(result.sort(*keys))  # type: ignore[no-any-return]


def _wilson(part: nw.Expr, total: nw.Expr, z: float) -> dict[str, nw.Expr]:
    centre = (part + z * z / 2) / (total + z * z)
    reach = (part * (total - part) / total + z * z / 4).sqrt() * z / (total + z * z)
    return {"low": (centre - reach).clip(0.0, 1.0), "high": (centre + reach).clip(0.0, 1.0)}
