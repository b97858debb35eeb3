"""What the reader has to know to read the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from telcrm.errors import TelcrmError
from telcrm.report.formats import Kind, show
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["notes_on", "warnings_on"]


def warnings_on(sources: Sources, *, stated: bool) -> tuple[str, ...]:
    """Say what is probably wrong with the tables.

    Parameters
    ----------
    sources : Sources
    stated : bool
        Whether somebody named the as-of date.

    Returns
    -------
    tuple of str
    """
    far = sources.reach
    if far is None or not far.far_days or far.next_day is None:
        return ()
    mend = (
        "The rows after the as-of date were left out."
        if stated
        else "The report looks back from there, and sections on the last months may be empty. If "
        f"it is a mistyped date, mend it, or name the day: --as-of {far.next_day}, or "
        f"as_of = {far.next_day} in telcrm.toml."
    )
    told = (
        f"{far.column} reaches {show(far.day, Kind.DAY)}, {counted(far.far_days, 'day')} beyond "
        f"all other tables; the next, {far.next_column}, ends {show(far.next_day, Kind.DAY)}. "
        f"{mend}"
    )
    return (told,)


def notes_on(
    sources: Sources,
    *,
    stated: bool,
    refused: Mapping[str, TelcrmError],
    ignored: Mapping[Path, str],
) -> tuple[str, ...]:
    """Say what the reader has to know to read the numbers.

    Parameters
    ----------
    sources : Sources
    stated : bool
        Whether somebody named the as-of date.
    refused : mapping of str to TelcrmError
        Tables that are not reported on, and ``"ledger"`` if that is not.
    ignored : mapping of Path to str
        What was not read, and why.

    Returns
    -------
    tuple of str
    """
    notes = [*_as_of(sources, stated=stated), *_left_out(sources), *_currency(sources)]
    tables = [name for name in refused if name != "ledger"]
    if tables:
        verb, thing = ("was", "no such table") if len(tables) == 1 else ("were", "no such tables")
        left = f"{', '.join(tables)} {verb} left out; other sections read as if there were {thing}."
        notes.append(left)
    if "ledger" in refused:
        why = refused["ledger"].message
        notes.append(f"The ledger was left out, and arrears are those of the tables: {why}")
    notes += [f"{path.name} was not read: {reason}." for path, reason in ignored.items()]
    notes.append(
        "Instants are brought to UTC; days and months stand as the tables state them. Each section "
        "counts the rows of its own tables; tables are not checked against each other."
    )
    return tuple(notes)


def _as_of(sources: Sources, *, stated: bool) -> list[str]:
    if sources.as_of is None or sources.reach is None:
        return []
    start = f"The report looks back from {show(sources.as_of, Kind.DAY)}"
    if stated:
        return [f"{start}, as asked for."]
    far = sources.reach
    month = ", whose months count to their end" if far.column.endswith(".period") else ""
    others = (
        ""
        if far.next_day is None
        else f"; the next latest, {far.next_column}, ends {show(far.next_day, Kind.DAY)}"
    )
    told = (
        f"{start}, the last day on which something happened in these tables: set by "
        f"{far.column}{month}{others}."
    )
    return [told]


def _left_out(sources: Sources) -> list[str]:
    notes = [
        f"{table}: {counted(rows, 'later row')} {'was' if rows == 1 else 'were'} left out."
        for table, rows in sources.after.items()
    ]
    if sources.looks_back:
        notes.append(
            "The tables go on after the as-of date. What has no date in them, such as a status or "
            "a segment, is of the day of the extract; each section says where that is so."
        )
    if sources.splits_a_month:
        notes.append(
            f"{show(sources.as_of, Kind.MONTH)} is not over on the as-of date: its row of "
            "subscriber_months counts whole, as the table states it."
        )
    return notes


def _currency(sources: Sources) -> list[str]:
    if not sources.assumed:
        return []
    told = (
        f"{', '.join(sources.assumed)}: without a column currency; the amounts are taken to be in "
        f"{sources.unit}, as those of the other tables are."
    )
    return [told]
