"""Several tables at once: names that are known, one engine, one clock, one currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import narwhals.stable.v2 as nw

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.tables.door import OpenFrame

__all__ = ["one_currency", "refuse_two_clocks", "refuse_two_engines", "refuse_unknown_tables"]


def refuse_unknown_tables(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that are no table's.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> refuse_unknown_tables(["invoice"], ["invoices", "usage"])
    Traceback (most recent call last):
        ...
    telcrm.errors.ParameterError: [TC-PARAM-001] tables: there is no canonical table 'invoice'. ...
    """
    there = list(known)
    unknown = [name for name in given if name not in there]
    if unknown:
        near = get_close_matches(str(unknown[0]), there, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ParameterError(
            f"tables: there is no canonical table {unknown[0]!r}. {hint}There are: "
            f"{', '.join(there)}.",
            unknown=unknown,
        )


def refuse_two_engines(opened: Mapping[str, OpenFrame]) -> None:
    """Refuse tables that are not all of one engine.

    Raises
    ------
    UnsupportedFrameError
    """
    engines = {name: str(one.implementation) for name, one in opened.items()}
    if len(set(engines.values())) > 1:
        listed = ", ".join(f"{name} in {engine}" for name, engine in engines.items())
        raise UnsupportedFrameError(
            f"the tables are of different engines: {listed}. Convert them to one.", engines=engines
        )


def refuse_two_clocks(instants: Mapping[str, nw.dtypes.DType]) -> None:
    """Refuse instants that are kept in different time zones.

    Parameters
    ----------
    instants : mapping of str to DType
        Of each column, such as ``"usage.started_at"``; days are passed over.

    Raises
    ------
    ColumnTypeError
    """
    clocks = {
        name: dtype.time_zone or "UTC"
        for name, dtype in instants.items()
        if isinstance(dtype, nw.Datetime)
    }
    if len(set(clocks.values())) > 1:
        listed = ", ".join(f"{name} in {zone}" for name, zone in clocks.items())
        raise ColumnTypeError(
            f"the tables are kept in different time zones: {listed}; a day would begin at "
            "different moments. Convert them to one; without a zone they count as UTC.",
            clocks=clocks,
        )


def one_currency(told: Mapping[str, str | None], *, otherwise: str) -> str | None:
    """Return the currency of all tables, None if none tells it.

    Parameters
    ----------
    told : mapping of str to (str or None)
        What each table says.
    otherwise : str
        How to mend two, for the message: ``"Convert them to one."``

    Raises
    ------
    CurrencyMismatchError

    Examples
    --------
    >>> one_currency({"invoices": "EUR", "usage": None}, otherwise="Convert them.")
    'EUR'
    """
    codes = {name: code for name, code in told.items() if code}
    if len(set(codes.values())) > 1:
        listed = ", ".join(f"{name} in {code}" for name, code in codes.items())
        raise CurrencyMismatchError(
            f"the tables are of different currencies: {listed}. {otherwise}", currencies=codes
        )
    return next(iter(codes.values()), None)
