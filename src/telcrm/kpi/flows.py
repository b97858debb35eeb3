"""The flows of a base, month by month: what movement, churn and revenue retention start from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.kpi.movement_policy import ChangeBasis, LossMonth, MovementPolicy, RateBase, SameMonth
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.noise import denoise
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import amount_checks, check_rows, month_start, not_null

__all__ = ["FlowColumns", "flows", "rate_base"]


@dataclass(frozen=True, slots=True)
class FlowColumns:
    """Columns of a table of customer-months, under the names that the caller gave."""

    customer: str
    period: str
    by: tuple[str, ...] = ()
    revenue: str | None = None
    rank: str | None = None

    @property
    def measures(self) -> dict[str, str]:
        """The numeric columns, by keyword."""
        given = {"revenue": self.revenue, "rank": self.rank}
        return {keyword: name for keyword, name in given.items() if name is not None}


def flows(opened: OpenFrame, columns: FlowColumns, policy: MovementPolicy) -> nw.LazyFrame[Any]:
    """Count the flows of each month and group; with ``revenue`` also what they moved.

    Parameters
    ----------
    opened : OpenFrame
    columns : FlowColumns
    policy : MovementPolicy

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        The columns of ``period`` and ``by``, then ``opening``, ``new``, ``reactivated``, ``lost``,
        ``closing``, ``retained``; with ``by`` also ``transferred_in`` and ``transferred_out``; with
        ``revenue`` also ``upgraded``, ``downgraded`` and an amount ``..._revenue`` for each. Not
        sorted; integers of any width; amounts with the noise of adding floats.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As :func:`telcrm.kpi.movement` says.
    """
    named: dict[str, str | tuple[str, ...]] = {
        "customer": columns.customer,
        "period": columns.period,
        **columns.measures,
        "by": columns.by,
    }
    require_columns(opened, named)
    opened = parse_objects(opened, [columns.period])
    kinds = dict.fromkeys([columns.customer, *columns.by], ColumnKind.KEY)
    numbers = dict.fromkeys(columns.measures.values(), ColumnKind.NUMBER)
    require_kinds(opened, {**kinds, columns.period: ColumnKind.DATE, **numbers})
    first, last = _check(opened, columns)
    if policy.loss_month is LossMonth.LAST_ACTIVE:
        last -= 1

    groups = {f"_group_{place}": name for place, name in enumerate(columns.by)}
    pairs = _pairs(opened, columns, groups, policy)
    counts = _by_group(opened, pairs, list(groups)) if groups else pairs
    dates = calendar(opened, first + 1, last, period=columns.period)
    laid = _on_calendar(counts, dates, columns.period, list(groups))
    counted = laid if policy.loss_month is LossMonth.LAST_ACTIVE else _with_lost(laid)
    kept = [name for name in counted.collect_schema().names() if not name.startswith("_")]
    own = {name: nw.col(inner) for inner, name in groups.items()}
    measures = [name for name in kept if name != columns.period]
    return counted.select(columns.period, **own, **{name: nw.col(name) for name in measures})


def _with_lost(laid: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Count as lost who was there and neither stayed nor moved."""
    names = laid.collect_schema().names()
    gone = {"lost": nw.col("opening") - nw.col("retained")}
    if "_kept_revenue" in names:
        gone["lost_revenue"] = nw.col("opening_revenue") - nw.col("_kept_revenue")
    if "transferred_out" in names:
        gone = {
            name: left - nw.col(name.replace("lost", "transferred_out"))
            for name, left in gone.items()
        }
    return laid.with_columns(**gone)


def _check(opened: OpenFrame, columns: FlowColumns) -> tuple[int, int]:
    period = columns.period
    rules = [
        not_null(columns.customer),
        not_null(period),
        month_start(period),
        *[rule for name in columns.measures.values() for rule in amount_checks(opened, name)],
        *[not_null(name, remedy='Fill with a name, for example "unknown".') for name in columns.by],
    ]
    # The engine tells the month: Spark hands instants out in UTC, where a month may start earlier.
    months = {"_month": month_index(period)}
    first, last = check_rows(opened, rules, keys=[columns.customer, period], ranges=months)[
        "_month"
    ]
    # Without rows there are no months: the calendar from 1 to 0 is empty.
    return (0, 0) if first is None else (int(first), int(last))


def _pairs(
    opened: OpenFrame, columns: FlowColumns, groups: dict[str, str], policy: MovementPolicy
) -> nw.LazyFrame[Any]:
    """Sum the flows per month, group, and group that customers came from.

    Most groups are traits of the customer, and nobody stands in several in one month. That is taken
    for granted, and found out in the same query: asking first would cost nearly as much again.
    """
    rows = _rows(opened, columns, groups)
    summed = _sum_pairs(_flag(_whole_months(rows, groups), list(groups), policy), list(groups))
    if not groups:
        return summed
    pairs = opened.computed(summed)
    [parted] = pairs.select(nw.col("_parted").sum()).collect()["_parted"]
    if parted:
        pairs = _sum_pairs(_flag(_leading_groups(rows, groups), list(groups), policy), list(groups))
    return pairs


def _rows(opened: OpenFrame, columns: FlowColumns, groups: dict[str, str]) -> nw.LazyFrame[Any]:
    measures = {f"_{keyword}": name for keyword, name in columns.measures.items()}
    rows: nw.LazyFrame[Any] = opened.rows.select(
        _customer=key_values(opened, columns.customer),
        _month=month_index(columns.period),
        **{inner: nw.col(name).cast(nw.Float64) for inner, name in measures.items()},
        **{inner: key_values(opened, name) for inner, name in groups.items()},
    )
    return rows


def _whole_months(rows: nw.LazyFrame[Any], groups: Iterable[str]) -> nw.LazyFrame[Any]:
    """One row per customer and month: its measures, a group, and whether there are others."""
    whole = rows.group_by("_customer", "_month").agg(
        *_totals(rows).values(),
        *[nw.col(name).min() for name in groups],
        **{f"_greatest{name}": nw.col(name).max() for name in groups},
    )
    if not groups:
        return whole
    differ = reduce(or_, [nw.col(name) != nw.col(f"_greatest{name}") for name in groups])
    parted = nw.when(differ).then(nw.lit(1)).otherwise(nw.lit(0))
    return whole.with_columns(_parted=parted).drop(*[f"_greatest{name}" for name in groups])


def _leading_groups(rows: nw.LazyFrame[Any], groups: Iterable[str]) -> nw.LazyFrame[Any]:
    """One row per customer and month: its measures, and the group that carried most revenue."""
    totals = _totals(rows)
    parts = rows.group_by("_customer", "_month", *groups).agg(*totals.values())
    most = -denoise(nw.col("_revenue")) if "_revenue" in totals else nw.lit(0)
    parts = parts.with_columns(_descending=most)
    if totals:
        over_parts = {name: total.over("_customer", "_month") for name, total in totals.items()}
        parts = parts.with_columns(**over_parts)
    chosen = parts.unique(["_customer", "_month"], keep="first", order_by=["_descending", *groups])
    return chosen.drop("_descending").with_columns(_parted=nw.lit(1))


def _totals(rows: nw.LazyFrame[Any]) -> dict[str, nw.Expr]:
    """Express what a customer has over its rows: the sum of its plans, the highest of its ranks."""
    found = set(rows.collect_schema().names())
    sums = {"_revenue": nw.col("_revenue").sum(), "_rank": nw.col("_rank").max()}
    return {name: total for name, total in sums.items() if name in found}


def _flag(
    months: nw.LazyFrame[Any], groups: list[str], policy: MovementPolicy
) -> nw.LazyFrame[Any]:
    """Mark each customer-month with the flows it belongs to, as 0 or 1, and with what it moved."""
    told = _compare(months, groups, policy)
    leaves_early = policy.loss_month is LossMonth.LAST_ACTIVE
    flags = {
        "new": nw.col("_new"),
        "reactivated": nw.col("_returns"),
        "closing": nw.col("_stays"),
        "retained": nw.col("_keeps"),
    }
    if leaves_early:
        flags["lost"] = 1 - nw.col("_stays")
    if groups:
        flags |= {"transferred_in": nw.col("_comes"), "_parted": nw.col("_parted")}
    if "_change" in told.collect_schema().names():
        flags |= _amounts(policy)
        if groups:
            flags["transferred_in_revenue"] = _amount("_comes", nw.col("_before_revenue"))
    comes = nw.col("_comes") == 1
    origins = {
        f"_from{name}": nw.when(comes).then(nw.col(f"_before{name}")).otherwise(nw.col(name))
        for name in groups
    }
    return told.select("_month", *groups, **origins, **flags)


def _compare(
    months: nw.LazyFrame[Any], groups: list[str], policy: MovementPolicy
) -> nw.LazyFrame[Any]:
    """Set each customer-month against the one before, and if need be the one after."""
    leaves_early = policy.loss_month is LossMonth.LAST_ACTIVE
    measures = [name for name in ("_revenue", "_rank") if name in months.collect_schema().names()]
    if policy.same_month is SameMonth.IGNORE:
        months = _without_single_months(months)
    beside = {f"_before{name}": (name, 1) for name in ["_month", *measures, *groups]}
    if leaves_early:
        beside["_after_month"] = ("_month", -1)
    seen = _with_months_beside(months, beside)

    month, before = nw.col("_month"), nw.col("_before_month")
    was_there = before == month - 1
    returns, is_new = before < month - 1, before.is_null()
    if policy.reactivation_window_months is not None:
        earliest = month - 1 - policy.reactivation_window_months
        returns, is_new = returns & (before >= earliest), is_new | (before < earliest)
    same_groups = [nw.col(f"_before{name}") == nw.col(name) for name in groups]
    # Nulls answer no test, and their opposite neither: flags are whole numbers before they meet.
    told = seen.with_columns(
        _new=_is(is_new),
        _returns=_is(returns),
        _was_there=_is(was_there),
        _stayed=_is(reduce(and_, [was_there, *same_groups])),
        _stays=_is(nw.col("_after_month") == month + 1) if leaves_early else nw.lit(1),
    )
    # Each is used several times, and computed once.
    met = {
        "_comes": nw.col("_was_there") - nw.col("_stayed"),
        "_keeps": nw.col("_stayed") * nw.col("_stays"),
    }
    if "_revenue" in measures:
        met["_change"] = denoise(nw.col("_revenue") - nw.col("_before_revenue"))
    return told.with_columns(**met)


def _amounts(policy: MovementPolicy) -> dict[str, nw.Expr]:
    """Express who paid more or less than before, and what each flow moved."""
    revenue, paid_before, change = map(nw.col, ("_revenue", "_before_revenue", "_change"))
    rose, fell = _changes(policy, change)
    here = nw.col("_was_there") == 1
    flags = {
        "upgraded": nw.col("_keeps") * _is(rose),
        "downgraded": nw.col("_keeps") * _is(fell),
        "new_revenue": _amount("_new", revenue),
        "reactivated_revenue": _amount("_returns", revenue),
        "expansion_revenue": nw.when(here & (change > 0)).then(change).otherwise(nw.lit(0.0)),
        "contraction_revenue": nw.when(here & (change < 0)).then(-change).otherwise(nw.lit(0.0)),
    }
    if policy.loss_month is LossMonth.FIRST_ABSENT:
        kept = _amount("_stayed", paid_before)
        return flags | {"closing_revenue": revenue, "_kept_revenue": kept}
    lost = nw.when(nw.col("_stays") == 0).then(revenue).otherwise(nw.lit(0.0))
    return flags | {"closing_revenue": _amount("_stays", revenue), "lost_revenue": lost}


def _is(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _amount(flag: str, value: nw.Expr) -> nw.Expr:
    return nw.when(nw.col(flag) == 1).then(value).otherwise(nw.lit(0.0))


def _with_months_beside(
    months: nw.LazyFrame[Any], beside: Mapping[str, tuple[str, int]]
) -> nw.LazyFrame[Any]:
    return with_neighbours(months, beside, among=["_customer"], order_by=["_month"])


def _without_single_months(months: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Leave out who came and went within one month, as if they had never been there."""
    month = nw.col("_month")
    beside = _with_months_beside(months, {"_earlier": ("_month", 1), "_later": ("_month", -1)})
    kept = beside.filter((nw.col("_earlier") == month - 1) | (nw.col("_later") == month + 1))
    return kept.drop("_earlier", "_later")


def _changes(policy: MovementPolicy, change: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    """Express who went up and who went down, of those who were there before."""
    if policy.change_basis is ChangeBasis.PLAN_RANK:
        rank, before = nw.col("_rank"), nw.col("_before_rank")
        return rank > before, rank < before
    allowed: nw.Expr | float = policy.tolerance
    if policy.tolerance_share:
        share = denoise(nw.col("_before_revenue").abs() * policy.tolerance_share)
        allowed = nw.when(share > policy.tolerance).then(share).otherwise(nw.lit(policy.tolerance))
    return change > allowed, -change > allowed


def _sum_pairs(flagged: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """Sum flags and amounts per month, group, and group that customers came from."""
    keys = ["_month", *groups, *[f"_from{name}" for name in groups]]
    flows = [name for name in flagged.collect_schema().names() if name not in keys]
    summed = flagged.group_by(*keys).agg(*[nw.col(name).sum() for name in flows])
    # SQL sums whole numbers to wider ones than Arrow has.
    counts = [name for name in flows if not name.endswith("_revenue")]
    return summed.with_columns(*[nw.col(name).cast(nw.Int64) for name in counts])


def _by_group(opened: OpenFrame, pairs: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """Count each pair once for the group that gained, and once for the one that was left.

    A join with two rows reads the pairs once, where a union would make SQL engines compute them
    twice.
    """
    origins = [f"_from{name}" for name in groups]
    other = {"_month", "_parted", *groups, *origins}
    flows = [name for name in pairs.collect_schema().names() if name not in other]
    moves = {name: name.replace("_in", "_out") for name in flows if name.startswith("transferred")}
    sides = {"_gains": ResultColumn(int, [1, 0]), "_leaves": ResultColumn(int, [0, 1])}
    sided = pairs.join(result_table(opened, sides), how="cross").select(
        "_month",
        _where(flows, "_gains"),
        *[_where([name], "_leaves").alias(out) for name, out in moves.items()],
        **{
            name: nw.when(nw.col("_gains") == 1).then(nw.col(name)).otherwise(nw.col(origin))
            for name, origin in zip(groups, origins, strict=True)
        },
    )
    wanted = [*flows, *moves.values()]
    return sided.group_by("_month", *groups).agg(nw.col(*wanted).sum())


def _where(flows: Sequence[str], flag: str) -> nw.Expr:
    """Express the flows of rows with a flag of 1, and 0 for the others."""
    # Of a credit there would be minus nought: 0 is added to it.
    return nw.col(*flows) * nw.col(flag) + 0


_NEXT_MONTH = {
    "closing": "opening",
    "closing_revenue": "opening_revenue",
}
"""What stands at one month and belongs to the next, and what it is called there."""


def _on_calendar(
    counts: nw.LazyFrame[Any], dates: nw.LazyFrame[Any], period: str, groups: list[str]
) -> nw.LazyFrame[Any]:
    """Lay the counts on every month, with each month's closing as the next one's opening.

    The counts are small. Crossing them with the calendar gives every group its row in every month
    and reads the counts once, where a join with themselves would make SQL engines compute them
    twice.
    """
    names = [name for name in counts.collect_schema().names() if name not in {"_month", *groups}]
    openings = {name: own for name, own in _NEXT_MONTH.items() if name in names}
    later = nw.col(CALENDAR_MONTH) - nw.col("_month")
    crossed = (
        counts.join(dates, how="cross")
        .with_columns(_now=(later == 0).cast(nw.Int64), _next=(later == 1).cast(nw.Int64))
        .select(
            period,
            *groups,
            _where(names, "_now"),
            *[_where([name], "_next").alias(own) for name, own in openings.items()],
        )
    )
    return crossed.group_by(period, *groups).agg(nw.col(*names, *openings.values()).sum())


def rate_base(base: RateBase) -> nw.Expr:
    """Express what rates are shares of, from the counts of a month.

    Parameters
    ----------
    base : RateBase

    Returns
    -------
    narwhals.stable.v2.Expr
        Float64.
    """
    opening = nw.col("opening").cast(nw.Float64)
    match base:
        case RateBase.OPENING:
            return opening
        case RateBase.AVERAGE:
            return (opening + nw.col("closing").cast(nw.Float64)) / 2
        case RateBase.OPENING_AND_NEW:
            won = nw.col("new") + nw.col("reactivated")
            return opening + won.cast(nw.Float64)
