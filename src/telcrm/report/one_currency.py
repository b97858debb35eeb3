"""The one currency of a report, and the tables in which it is only assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from telcrm.domain import Currency
from telcrm.errors import CurrencyMismatchError
from telcrm.tables import TABLES, ColumnType

if TYPE_CHECKING:
    import polars as pl

__all__ = ["one_currency"]


def one_currency(
    frames: Mapping[str, pl.DataFrame], fallback: str | None
) -> tuple[Currency | None, tuple[str, ...]]:
    """Tell in which currency the tables are.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
    fallback : str, optional
        Of the tables that have no column ``currency``.

    Returns
    -------
    currency : Currency or None
    assumed : tuple of str
        Tables with amounts and no column ``currency``, where nobody stated one: they are taken to
        be in the currency of the others.

    Raises
    ------
    CurrencyMismatchError
        There is more than one.
    UnknownCurrencyError
        ``fallback`` is no ISO 4217 code.
    """
    found: dict[str, list[str]] = {}
    silent = []
    for table, frame in frames.items():
        if "currency" in frame.columns:
            for code in frame["currency"].drop_nulls().unique().sort().to_list():
                found.setdefault(code, []).append(table)
        elif _amounts(table) & set(frame.columns):
            silent.append(table)
    if fallback:
        for table in silent:
            found.setdefault(fallback, []).append(table)
    if len(found) > 1:
        where = "; ".join(f"{code}: {', '.join(tables)}" for code, tables in sorted(found.items()))
        raise CurrencyMismatchError(
            f"the tables are in {len(found)} currencies ({where}), and a report adds up in one. "
            "Convert them, or keep each currency in a folder of its own.",
            currencies=found,
        )
    code = next(iter(found), fallback)
    assumed = tuple(silent) if found and not fallback else ()
    return (Currency(code) if code else None), assumed


def _amounts(table: str) -> set[str]:
    contract = TABLES[table]
    if "currency" not in contract.column_names:
        return set()
    return {column.name for column in contract.columns if column.type is ColumnType.NUMBER}
