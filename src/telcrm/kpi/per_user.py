"""Amounts per user and month: the frame behind ARPU and its relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import group_columns
from telcrm.kpi.window import over_months, whole_months
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index, month_span
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import amount_checks, check_rows, month_start, not_null

__all__ = ["PerUser", "UserBase"]


class UserBase(StrEnum):
    """By how many users an amount of one or several months is divided."""

    MONTHLY_AVERAGE = "monthly_average"
    """Of each month the mean of its opening and its closing users."""
    TWO_POINT = "two_point"
    """The mean of the users before the first month and at the end of the last."""
    ACTIVE = "active"
    """The users of each month."""


@dataclass(frozen=True, slots=True)
class PerUser:
    """A question for an amount per user.

    Attributes
    ----------
    name : str
        Of the measure, and of the function that asks.
    amounts : mapping of str to sequence of str
        The caller's keyword, and the columns it names.
    signs : mapping of str to float
        What each keyword's columns are multiplied with before they are added up.
    total : str
        What the sum is called.
    """

    name: str
    amounts: Mapping[str, Sequence[str]]
    signs: Mapping[str, float]
    total: str

    def over(
        self,
        frame: Any,
        *,
        user: str,
        period: str,
        by: str | Sequence[str] | None,
        base: UserBase | str,
        months: int,
    ) -> Any:
        """Answer it: one row per month and group, in the flavour of the frame."""
        way, count = choose(UserBase, base, "base"), whole_months(months)
        results = [self.total, "users", self.name]
        groups = group_columns(by, keys=[period], results=results, what=self.name)
        opened = open_frame(frame, table="subscriber_months")
        columns = [column for many in self.amounts.values() for column in many]
        if not columns or len(set(columns)) < len(columns):
            raise ParameterError(
                f"{self.name}: name each column of amounts once, and one at least.",
                columns=columns,
            )
        require_columns(opened, {"customer": user, "period": period, **self.amounts, "by": groups})
        opened = parse_objects(opened, [period])
        kinds = dict.fromkeys([user, *groups], ColumnKind.KEY)
        numbers = dict.fromkeys(columns, ColumnKind.NUMBER)
        require_kinds(opened, {**kinds, period: ColumnKind.DATE, **numbers})
        rules = [
            not_null(user),
            not_null(period),
            month_start(period),
            *[rule for column in columns for rule in amount_checks(opened, column)],
            *[not_null(name, remedy='Fill with a name, for example "unknown".') for name in groups],
        ]
        span = {"_month": month_index(period)}
        found = check_rows(opened, rules, keys=[user, period], ranges=span)["_month"]
        first, last = month_span(found)
        dates = calendar(opened, first, last, period=period)
        keyed = self._keyed(opened, user, period, groups)
        monthly = _monthly(keyed, dates, first, _Keys(period, groups))
        rated = _rate(monthly, way, count, _Keys(period, groups))
        per_user = nw.col("_total") / nw.when(nw.col("_users") > 0).then(nw.col("_users"))
        result = rated.select(
            period,
            *groups,
            **{self.total: denoise(nw.col("_total")), "users": nw.col("_average")},
            **{self.name: per_user},
        ).sort(period, *groups)
        return opened.close(result)

    def _keyed(
        self, opened: OpenFrame, user: str, period: str, groups: Sequence[str]
    ) -> nw.LazyFrame[Any]:
        """Return user, month, groups and amount of each row."""
        parts = [
            nw.col(column).cast(nw.Float64) * self.signs[keyword]
            for keyword, many in self.amounts.items()
            for column in many
        ]
        return opened.rows.select(
            _user=key_values(opened, user),
            _month=month_index(period),
            _total=reduce(add, parts),
            **{f"_group_{at}": key_values(opened, name) for at, name in enumerate(groups)},
        )


@dataclass(frozen=True, slots=True)
class _Keys:
    period: str
    groups: Sequence[str]


def _monthly(
    keyed: nw.LazyFrame[Any], dates: nw.LazyFrame[Any], first: int, keys: _Keys
) -> nw.LazyFrame[Any]:
    """Lay totals and users on every month: one row per month and group."""
    inner = [f"_group_{at}" for at in range(len(keys.groups))]
    users = keyed.group_by("_user", "_month", *inner).agg(nw.col("_total").sum())
    counts = users.group_by("_month", *inner).agg(nw.col("_total").sum(), _closing=nw.len())
    now = nw.col(CALENDAR_MONTH) == nw.col("_month")
    after = nw.col(CALENDAR_MONTH) == nw.col("_month") + 1
    closing = nw.col("_closing").cast(nw.Float64)
    laid = counts.join(dates, how="cross").select(
        keys.period,
        CALENDAR_MONTH,
        *inner,
        _total=nw.when(now).then(nw.col("_total")).otherwise(nw.lit(0.0)),
        _closing=nw.when(now).then(closing).otherwise(nw.lit(0.0)),
        _opening=nw.when(after).then(closing).otherwise(nw.lit(0.0)),
    )
    names = ["_total", "_closing", "_opening"]
    summed = laid.group_by(keys.period, CALENDAR_MONTH, *inner).agg(
        *[nw.col(name).sum() for name in names]
    )
    # Who was there before the first month is not known.
    opening = nw.when(nw.col(CALENDAR_MONTH) > first).then(nw.col("_opening"))
    own = {name: nw.col(place) for place, name in zip(inner, keys.groups, strict=True)}
    counted = {"_total": nw.col("_total"), "_closing": nw.col("_closing"), "_opening": opening}
    return summed.select(keys.period, **own, **counted)


def _rate(
    monthly: nw.LazyFrame[Any], base: UserBase, months: int, keys: _Keys
) -> nw.LazyFrame[Any]:
    """Add what the total is divided by, and the average number of users."""
    closing, opening = nw.col("_closing"), nw.col("_opening")
    window: dict[str, Any] = {"months": months, "period": keys.period, "by": keys.groups}
    if base is UserBase.TWO_POINT:
        rows = monthly.with_columns(_all=nw.lit(1))
        if months > 1:
            opening = opening.shift(months - 1).over(*keys.groups, "_all", order_by=keys.period)
        ends = rows.with_columns(_average=(opening + closing) / 2)
        summed = over_months(ends, ["_total"], **window)
        return summed.with_columns(_users=nw.col("_average") * float(months))
    users = closing if base is UserBase.ACTIVE else (opening + closing) / 2
    summed = over_months(monthly.with_columns(_users=users), ["_total", "_users"], **window)
    return summed.with_columns(_average=nw.col("_users") / float(months))
