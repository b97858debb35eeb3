"""What a report learns churn from: past snapshots, a later one to be tested on, and today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from telcrm.churn import (
    ChurnWindow,
    ReferenceProfile,
    StabilityBand,
    build_panel,
    customer_folds,
    population_stability,
)
from telcrm.domain import PaymentMode
from telcrm.domain.moments import first_of_month, month_number
from telcrm.report.as_of import EVENT_TIME
from telcrm.report.sections.chapter import NothingToReport
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["ChurnRows", "churn_rows", "lines_known_on"]

_TABLES: Final = (
    "customers",
    "subscriber_months",
    "usage",
    "recharges",
    "invoices",
    "payments",
    "complaints",
    "interactions",
)
_ACTIVITY: Final = ("recharges", "usage")
_MOST_LINES: Final = 10_000
_FOLDS: Final = 1000
_LEAST_LINES: Final = 500
_MONTHS: Final = 7
# Far more than a wait for outcomes and the months of learning.
_MOST_MONTHS: Final = 60
_OBSERVATIONS: Final = (90, 30)
# Call records are kept for a month or two; a table of months begins when a month does.
_NOT_A_HISTORY: Final = "usage"
_LEFT_OUT: Final = (
    "Prepaid lines are left out: that one has left is certain only after a long silence, and the "
    "tables do not reach back far enough to learn from it."
)
# The others of present states may have been changed by what came of the line: a new commitment.
_HARMLESS: Final = frozenset({"payment_mode"})
# It counts over other people's lines, most of which a sample lacks.
_OF_ALL_LINES: Final = frozenset({"departed_party_share"})


@dataclass(frozen=True, slots=True)
class ChurnRows:
    """Rows of a churn panel, by what they are for.

    Attributes
    ----------
    learn, test, today : polars.DataFrame
        ``learn`` was known on the day of ``test``.
    features : tuple of str
    window : ChurnWindow
    tested_on, day : datetime.date
        The snapshots of ``test`` and of ``today``.
    lines, sampled : int
        In the table, and those of them that are looked at.
    said : tuple of str
        What the reader has to know.
    """

    learn: pl.DataFrame
    test: pl.DataFrame
    today: pl.DataFrame
    features: tuple[str, ...]
    window: ChurnWindow
    tested_on: date
    day: date
    lines: int
    sampled: int
    said: tuple[str, ...]

    @property
    def scale(self) -> float:
        """Lines in the table for each that is looked at."""
        return self.lines / self.sampled


def churn_rows(sources: Sources) -> ChurnRows:
    """Build the panel of a report.

    Parameters
    ----------
    sources : Sources

    Returns
    -------
    ChurnRows

    Raises
    ------
    NothingToReport
        There are few lines with a day of activation, or the tables do not reach back far enough.
    TelcrmError
        As :func:`telcrm.churn.build_panel` does.
    """
    end = sources.day + timedelta(days=1)
    tables, said = _tables(sources)
    window, months, modes = _calendar(tables, end)
    lines = tables["subscriptions"].filter(pl.col("payment_mode").is_in(modes))
    if lines.height < tables["subscriptions"].height:
        said.append(_LEFT_OUT)
    sampled = _sampled({**tables, "subscriptions": lines})
    looked_at = sampled["subscriptions"].height
    past = _known(months, window, modes, end)[-_MONTHS - 1 :]
    panel = build_panel(sampled, window=window, snapshots=[*past, end], data_end=end)
    rows: pl.DataFrame = panel.frame
    tested_on = past[-1]
    known = pl.DataFrame(
        [
            (day, mode)
            for day in past
            for mode in modes
            if window.known_from(day, payment_mode=mode) <= tested_on
        ],
        schema={"snapshot": pl.Date, "payment_mode": pl.String},
        orient="row",
    )
    labelled = panel.labelled()
    learn = labelled.join(known, on=["snapshot", "payment_mode"], how="semi")
    today = rows.filter(pl.col("snapshot") == end)
    left_out = {*panel.present_state} - _HARMLESS
    if looked_at < lines.height:
        left_out |= _OF_ALL_LINES
    features = [
        name
        for name in panel.features
        if name not in left_out and learn[name].drop_nulls().n_unique() > 1
    ]
    alike = learn.filter(pl.col("snapshot").is_in(_known(past, window, modes, tested_on)))
    moved = _moved(alike, today, features)
    if moved:
        verb = "is" if len(moved) == 1 else "are"
        said.append(
            f"{counted(len(moved), 'column')} of {len(features)} {verb} left out, whose values "
            "today are far from those that could be learnt from."
        )
    return ChurnRows(
        learn=learn,
        test=labelled.filter(pl.col("snapshot") == tested_on),
        today=today,
        features=tuple(name for name in features if name not in moved),
        window=window,
        tested_on=tested_on,
        day=end,
        lines=lines.height,
        sampled=looked_at,
        said=tuple(said),
    )


def lines_known_on(sources: Sources) -> pl.DataFrame:
    """Return the lines as they were on the as-of date: what ended later was in service.

    Parameters
    ----------
    sources : Sources

    Returns
    -------
    polars.DataFrame
    """
    lines = sources["subscriptions"]
    if "terminated_on" not in lines.columns:
        return lines
    later = (pl.col("terminated_on") > sources.day).fill_null(value=False)
    ended = [name for name in ("terminated_on", "termination_reason") if name in lines.columns]
    status = pl.when(later).then(pl.lit("active")).otherwise(pl.col("status")).alias("status")
    return lines.with_columns(*[pl.when(~later).then(pl.col(name)) for name in ended], status)


def _tables(sources: Sources) -> tuple[dict[str, pl.DataFrame], list[str]]:
    lines = lines_known_on(sources)
    if "activated_on" in lines.columns:
        lines = lines.filter(pl.col("activated_on").is_not_null())
    if "activated_on" not in lines.columns or lines.is_empty():
        raise NothingToReport("subscriptions tells of no line when it was activated")
    tables = {name: sources[name] for name in _TABLES if name in sources}
    if lines.height < _LEAST_LINES:
        raise NothingToReport(
            f"subscriptions holds {counted(lines.height, 'line')}, and {_LEAST_LINES} are needed"
        )
    said = []
    if not any(name in tables for name in _ACTIVITY):
        postpaid = lines.filter(pl.col("payment_mode") != PaymentMode.PREPAID)
        if postpaid.height < lines.height:
            said.append("Prepaid lines are left out: no table tells when they fall silent.")
        lines = postpaid
    return {"subscriptions": lines, **tables}, said


def _moved(before: pl.DataFrame, today: pl.DataFrame, features: list[str]) -> set[str]:
    """Return the features whose distribution has moved far: over time, or as tables grew."""
    # A column of nothing but nulls has no type that could be compared.
    gone = {name for name in features if not before[name].count() or not today[name].count()}
    profile = ReferenceProfile.of(before, features=[each for each in features if each not in gone])
    found = population_stability(profile, today)
    return gone | {
        each.feature
        for each in found.features
        if each.band is StabilityBand.MAJOR and each.has_moved
    }


def _calendar(
    tables: dict[str, pl.DataFrame], end: date
) -> tuple[ChurnWindow, list[date], list[PaymentMode]]:
    """Return window, months and modes of payment: of a long history, or if need be a short one."""
    lines = tables["subscriptions"]["payment_mode"].unique().to_list()
    there = [mode for mode in PaymentMode if mode in lines]
    window, months, modes = ChurnWindow(), list[date](), list[PaymentMode]()
    for observation_days in _OBSERVATIONS:
        window = ChurnWindow(observation_days=observation_days)
        months = _months(tables, observation_days, end)
        modes = [mode for mode in there if _can_be_tested(months, window, mode, end)]
        if modes == there:
            break
    if not modes:
        raise NothingToReport(
            "the tables do not reach back far enough to learn who leaves and then to test it: the "
            f"outcome of a month is known {window.embargo_days} days after it began, and two "
            "are needed, the second after the first is known"
        )
    return window, months, modes


def _months(tables: dict[str, pl.DataFrame], history_days: int, end: date) -> list[date]:
    """Return the first days of months that the events of so many days lie before."""
    starts = [
        first
        for name, column in EVENT_TIME.items()
        if name in tables and name != _NOT_A_HISTORY
        for first in [tables[name][column].cast(pl.Date).min()]
        if isinstance(first, date)
    ]
    begin = min(starts, default=end) + timedelta(days=history_days)
    last = month_number(end)
    first = max(month_number(begin) + (begin.day > 1), last - _MOST_MONTHS)
    return [first_of_month(number) for number in range(first, last + 1)]


def _known(
    months: list[date], window: ChurnWindow, modes: list[PaymentMode], day: date
) -> list[date]:
    """Return the snapshots whose outcomes are known on a day, for all modes of payment."""
    return [
        month
        for month in months
        if all(window.known_from(month, payment_mode=mode) <= day for mode in modes)
    ]


def _can_be_tested(months: list[date], window: ChurnWindow, mode: PaymentMode, end: date) -> bool:
    """Tell whether a month can be learnt from, by what is known on another that can be tested."""
    tested = _known(months, window, [mode], end)
    return bool(tested and _known(months, window, [mode], tested[-1]))


def _sampled(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Keep the lines of some customers, the same whenever the report is made."""
    lines = tables["subscriptions"]
    if lines.height <= _MOST_LINES:
        return tables
    most = max(_FOLDS * _MOST_LINES // lines.height, 1)
    named = lines.select("customer_id").unique()
    chosen = customer_folds(named, n_splits=_FOLDS).filter(pl.col("fold") < most)
    kept = lines.join(chosen, on="customer_id", how="semi")
    keys = {"customer_id": chosen, "subscription_id": kept}
    sampled = {}
    for name, frame in tables.items():
        key = "customer_id" if "customer_id" in frame.columns else "subscription_id"
        sampled[name] = frame.join(keys[key], on=key, how="semi")
    return sampled
