"""Build a report from tables: check them, write the sections they allow, name the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError, TelcrmError
from telcrm.report.extra import require
from telcrm.report.folder import Folder, read_folder
from telcrm.report.parts import Section, Skipped
from telcrm.report.report import Report
from telcrm.report.settings import LedgerSettings, Settings
from telcrm.report.sources import Sources, prepare
from telcrm.tables import ValidationReport, validate

if TYPE_CHECKING:
    import polars as pl

    from telcrm.report.books import Books
    from telcrm.report.sections import Chapter

__all__ = ["build"]

_TITLE = "Customer base"
_LEDGER = "ledger"


def build(
    source: Folder | str | Path | Mapping[str, Any],
    *,
    as_of: date | None = None,
    title: str | None = None,
    currency: str | None = None,
    keep_going: bool = False,
    on_section: Callable[[str, int], None] | None = None,
) -> Report:
    """Report on whatever canonical tables there are.

    Parameters
    ----------
    source : Folder, path of a folder, or mapping of str to dataframe
        A mapping holds canonical tables by name: pandas, Polars, DuckDB, PySpark or PyArrow. They
        are checked, and brought into Polars.
    as_of : datetime.date, optional
        The day to look back from; rows of later events are left out. Default: ``as_of`` of the
        folder's ``telcrm.toml``, else the last day on which something happened in the tables, where
        a month of ``subscriber_months`` counts to its end.
    title : str, optional
    currency : str, optional
        ISO 4217 code of the tables that have no column ``currency``.
    keep_going : bool, default False
        Leave out tables that break their contract and a ledger that cannot be read, and skip the
        sections that stand on them, instead of refusing all.
    on_section : callable, optional
        Called with a section's title and the number of sections, before it is written.

    Returns
    -------
    Report

    Raises
    ------
    InvalidTableError, MissingColumnsError, ColumnTypeError, UnreadableFileError
        A table is broken, and ``keep_going`` is off.
    LedgerError, LedgerStoreError
        The ledger that ``telcrm.toml`` names cannot be read, and ``keep_going`` is off.
    CurrencyMismatchError
        The tables are in more than one currency.
    UnknownCurrencyError
        ``currency`` is no ISO 4217 code.
    ParameterError
        A name in the mapping is no canonical table, or ``as_of`` is a datetime.
    NoTablesError
        The folder holds no canonical table.
    MissingExtraError
        An optional dependency is not installed.

    Examples
    --------
    >>> import polars as pl
    >>> recharges = pl.DataFrame(
    ...     {
    ...         "recharge_id": ["R-1", "R-2"],
    ...         "customer_id": ["ann", "bob"],
    ...         "recharged_at": [datetime(2026, 1, 5), datetime(2026, 2, 1)],
    ...         "amount": [10.0, 20.0],
    ...     }
    ... )
    >>> found = build({"recharges": recharges}, currency="EUR")
    >>> [section.name for section in found.sections], found.as_of
    (['overview', 'value', 'recharges'], datetime.date(2026, 2, 1))
    >>> found.skipped[0].reason
    'there is no table subscriber_months'
    """
    require("polars")
    from telcrm.report.notes import notes_on, warnings_on
    from telcrm.report.overview import overview

    if isinstance(as_of, datetime):
        raise ParameterError(
            f"as_of is the datetime {as_of}, and has to be a date: which day it falls on depends "
            "on the zone.",
            as_of=as_of,
        )
    if isinstance(source, str | Path):
        source = read_folder(source)
    frames, checked, refused = _opened(source)
    if not keep_going:
        for error in refused.values():
            raise error
    said = source.settings if isinstance(source, Folder) else Settings()
    ignored = source.ignored if isinstance(source, Folder) else {}
    stated = as_of or said.as_of
    sound = {table: frame for table, frame in frames.items() if table not in refused}
    sources = prepare(sound, as_of=stated, currency=currency or said.currency)
    sources = replace(sources, churn=said.churn)
    if said.ledger is not None:
        try:
            sources = replace(sources, books=_books(said.ledger, sources))
        except TelcrmError as error:
            if not keep_going:
                raise
            refused = {**refused, _LEDGER: error}
    sections, skipped = _write(sources, refused, set(frames) | set(refused), on_section)
    return Report(
        title=title or said.title or _TITLE,
        as_of=sources.as_of,
        currency=sources.currency,
        notes=notes_on(sources, stated=stated is not None, refused=refused, ignored=ignored),
        warnings=warnings_on(sources, stated=stated is not None),
        sections=(overview(frames, checked, refused), *sections),
        skipped=tuple(skipped),
    )


def _opened(
    source: Folder | Mapping[str, Any],
) -> tuple[dict[str, pl.DataFrame], dict[str, ValidationReport], Mapping[str, TelcrmError]]:
    """Frames in Polars, what validation said, and the tables that cannot be reported on."""
    if isinstance(source, Folder):
        frames = {table: loaded.frame for table, loaded in source.loaded.items()}
        return frames, {t: loaded.report for t, loaded in source.loaded.items()}, source.refused
    checked = {table: validate(frame, table) for table, frame in source.items()}
    refused: dict[str, TelcrmError] = {}
    for table, found in checked.items():
        try:
            found.raise_if_invalid()
        except TelcrmError as error:
            refused[table] = error
    return {table: _in_polars(frame) for table, frame in source.items()}, checked, refused


def _in_polars(frame: Any) -> pl.DataFrame:
    opened: Any = nw.from_native(frame)
    rows = opened.collect(backend="polars") if isinstance(opened, nw.LazyFrame) else opened
    native: pl.DataFrame = rows.to_polars()
    return native


def _books(ledger: LedgerSettings, sources: Sources) -> Books:
    from telcrm.report.books import read_books

    if sources.as_of is None:
        raise ParameterError(
            "a ledger is looked at as of a day, and no table has a date: name the day, as_of = "
            "2025-12-31 in telcrm.toml.",
            parameter="as_of",
        )
    return read_books(ledger, as_of=sources.as_of, currency=sources.currency)


def _write(
    sources: Sources,
    refused: Mapping[str, TelcrmError],
    given: set[str],
    on_section: Callable[[str, int], None] | None,
) -> tuple[list[Section], list[Skipped]]:
    from telcrm.report.sections import CHAPTERS

    sections: list[Section] = []
    skipped: list[Skipped] = []
    for chapter in CHAPTERS:
        if on_section is not None:
            on_section(chapter.title, len(CHAPTERS))
        if any(table in sources for table in chapter.tables) or (chapter.books and sources.books):
            written = _attempt(chapter, sources)
        else:
            written = _skipped(chapter, _why_not(chapter, refused, given, sources))
        if isinstance(written, Section):
            sections.append(written)
        else:
            skipped.append(written)
    return sections, skipped


def _attempt(chapter: Chapter, sources: Sources) -> Section | Skipped:
    """Write a section; figures that cannot be had from sound tables cost that section alone."""
    from polars.exceptions import PolarsError

    from telcrm.report.sections import NothingToReport

    try:
        return chapter.write(sources)
    except NothingToReport as nothing:
        return _skipped(chapter, str(nothing))
    except TelcrmError as error:
        return _skipped(chapter, _in_one_line(error))
    except (PolarsError, ArithmeticError) as error:
        what = f"{type(error).__name__}: {error}".partition("\n")[0]
        return _skipped(chapter, f"its numbers cannot be reckoned ({what})")


def _skipped(chapter: Chapter, reason: str) -> Skipped:
    return Skipped(chapter.name, chapter.title, chapter.tables, reason)


def _why_not(
    chapter: Chapter, refused: Mapping[str, TelcrmError], given: set[str], sources: Sources
) -> str:
    wanted = (*chapter.tables, _LEDGER) if chapter.books else chapter.tables
    broken = [name for name in wanted if name in refused]
    empty = [table for table in chapter.tables if table in given]
    if broken:
        verb = "is" if len(broken) == 1 else "are"
        return f"{' and '.join(broken)} {verb} broken, see the findings above"
    if empty:
        verb = "holds" if len(empty) == 1 else "hold"
        until = f" up to {sources.as_of}" if sources.as_of else ""
        return f"{' and '.join(empty)} {verb} no rows{until}"
    return f"there is no table {' or '.join(chapter.tables)}"


def _in_one_line(error: TelcrmError) -> str:
    return " ".join(line.removeprefix("- ") for line in error.message.splitlines())
