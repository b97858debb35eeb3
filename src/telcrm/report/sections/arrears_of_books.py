"""Arrears by the books of a ledger, and what dunning did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from telcrm.domain.moments import month_start
from telcrm.ledger import ActionKind, ServiceState
from telcrm.report import charts
from telcrm.report.age_chart import by_age
from telcrm.report.books import Books
from telcrm.report.collection import last_whole_months
from telcrm.report.formats import Kind, show
from telcrm.report.parts import Column, Exhibit, Section
from telcrm.report.sections.arrears_exhibits import MOST_DEBTORS, by_step, figures
from telcrm.report.sections.counting import with_names
from telcrm.report.sections.dunning_ladder import named
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["arrears_of_books"]

_MONTHS = 12
_LONG = 10_000
"""From here on a count is too long for a twelfth of half the page."""


def arrears_of_books(sources: Sources, books: Books) -> Section:
    """Write the section from a ledger.

    Parameters
    ----------
    sources : Sources
    books : Books

    Returns
    -------
    Section
    """
    sources = replace(sources, currency=books.currency)
    owing = counted(books.debtors.height, "account")
    return Section(
        name="arrears",
        title="Arrears",
        summary=_summary(sources, books),
        figures=tuple(
            figures(sources, books.ages, owing, books.collection, disputed=books.disputed)
        ),
        exhibits=(_aging(sources, books), *_dunning(sources, books)),
    )


def _summary(sources: Sources, books: Books) -> str:
    said = (
        f"What is owed on {show(sources.day, Kind.DAY)} by the books of {books.place}, tenant "
        f"{books.tenant}: {counted(books.accounts, 'account')} in {books.currency.code}. The steps "
        "of dunning are those that the ledger gave out. Tables of invoices and payments are not "
        "read here."
    )
    if books.others:
        said += f" Accounts in {', '.join(books.others)} are left out."
    return said


def _aging(sources: Sources, books: Books) -> Exhibit:
    rest = pl.DataFrame(
        {
            "age": ["disputed", "unapplied credit"],
            "accounts": [None, None],
            "open": [books.disputed, -books.unapplied],
        },
        schema=books.ages.schema,
    )
    return Exhibit(
        name="aging",
        title=sources.headed("Receivables by days past due"),
        note="Day 1 is the day after the due date; current is what is not yet past it. Shares are "
        "of all that is open. All lines of the table are the balance of the accounts.",
        frame=pl.concat([books.ages, rest]),
        columns={
            "age": Column("Days past due"),
            "accounts": Column("Accounts", Kind.COUNT),
            "open": Column(sources.headed("Open"), Kind.MONEY),
        },
        plot=by_age(
            books.ages["age"].to_list(),
            books.ages["open"].to_list(),
            disputed=books.disputed,
            label="Receivables by days past due",
        ),
        open=True,
    )


def _dunning(sources: Sources, books: Books) -> Iterator[Exhibit]:
    debtors = books.debtors.with_columns(
        pl.col("step", "service").replace(
            {kind.value: named(kind.value) for kind in (*ActionKind, *ServiceState)}
        )
    )
    if debtors.height:
        yield by_step(
            sources,
            debtors,
            title="Debtors by the last dunning step",
            note="Accounts that are overdue, by the last step that the ledger gave out.",
            who="Accounts",
        )
    yield from _actions(sources, books)
    if debtors.height:
        yield _debtors(sources, debtors)


def _actions(sources: Sources, books: Books) -> Iterator[Exhibit]:
    if books.actions.is_empty():
        return
    first = books.actions["period"].to_list()[0]
    last = _months(sources.day)
    months = [month for month in last if month >= first]
    kinds = [kind.value for kind in ActionKind if kind.value in books.actions["kind"]]
    counts = {(month, kind): count for month, kind, count in books.actions.iter_rows()}
    plot = charts.heat_map(
        [[counts.get((month, kind), 0) for month in months] for kind in kinds],
        rows=[named(kind) for kind in kinds],
        columns=[
            f"{month:%b\n%Y}" if month.month == 1 or month == months[0] else f"{month:%b}"
            for month in months
        ],
        label="Dunning actions by month and kind",
        written=True,
    )
    is_crowded = max(counts.values()) >= _LONG and len(months) > _MONTHS // 2
    yield Exhibit(
        name="actions",
        title="Dunning actions by month",
        note="What the ledger gave out to be done or noted."
        + (f" The last {_MONTHS} months; the CSV export holds all." if first < last[0] else ""),
        frame=books.actions,
        plot=replace(plot, width_in=2 * plot.width_in) if is_crowded else plot,
        wide=is_crowded,
    )


def _months(day: date) -> list[date]:
    """Return the last months, that of the day included, in order."""
    return [*reversed(last_whole_months(day - timedelta(days=1), _MONTHS - 1)), month_start(day)]


def _debtors(sources: Sources, debtors: pl.DataFrame) -> Exhibit:
    known = debtors["party_id"].null_count() < debtors.height
    listed = debtors.rename({"party_id": "customer_id"}).select(
        *(["customer_id"] if known else []),
        "account_id",
        "overdue",
        "oldest_due_on",
        "days_past_due",
        "disputed",
        "unapplied",
        "step",
        "step_on",
        "service",
    )
    columns = {
        "customer_id": Column("Customer"),
        "name": Column("Name"),
        "account_id": Column("Account"),
        "overdue": Column(sources.headed("Overdue"), Kind.PRICE),
        "oldest_due_on": Column("Oldest due", Kind.DAY),
        "days_past_due": Column("Days past due", Kind.COUNT),
        "step": Column("Last step"),
        "step_on": Column("on", Kind.DAY),
        "service": Column("Service"),
    }
    if known:
        listed = with_names(listed, sources)
    return Exhibit(
        name="debtors",
        title="Debtors",
        note="The largest overdue amounts first.",
        frame=listed,
        columns={name: column for name, column in columns.items() if name in listed.columns},
        wide=True,
        most=MOST_DEBTORS,
    )
