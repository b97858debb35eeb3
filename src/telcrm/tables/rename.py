"""Map the caller's column names to the canonical ones."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from telcrm.errors import MappingError, UnknownColumnsError
from telcrm.tables.catalogue import contract
from telcrm.tables.contract import Contract
from telcrm.tables.door import open_frame

__all__ = ["check_mapping", "rename"]


def rename(frame: Any, table: str | Contract, mapping: Mapping[str, str]) -> Any:
    """Give a frame's columns their canonical names.

    Parameters
    ----------
    frame : dataframe of any supported flavour
    table : str or Contract
    mapping : mapping of str to str
        Your column for each canonical name: ``{"customer_id": "CustomerNumber"}``.

    Returns
    -------
    frame
        In the caller's flavour; other columns are left alone.

    Raises
    ------
    MappingError
        A canonical name is not in the table's contract, or two of them name one column, or a
        renamed column would meet another of that name.
    UnknownColumnsError
        The frame lacks a column that the mapping names.

    Examples
    --------
    >>> import polars as pl
    >>> rename(pl.DataFrame({"month": [1]}), "subscriber_months", {"period": "month"}).columns
    ['period']
    """
    agreed = contract(table)
    check_mapping(agreed, mapping)
    opened = open_frame(frame, table=agreed.name)
    found = opened.rows.collect_schema().names()
    absent = sorted(set(mapping.values()) - set(found))
    if absent:
        near = get_close_matches(absent[0], found, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = (
            f"the mapping of {agreed.name} names the columns {', '.join(absent)}, "
            f"found: {', '.join(found)}.{hint}"
        )
        raise UnknownColumnsError(message, table=agreed.name, columns=absent, found=found)
    moved = {yours: canonical for canonical, yours in mapping.items() if yours != canonical}
    taken = sorted(set(moved.values()) & (set(found) - set(moved)))
    if taken:
        message = (
            f"{agreed.name} already has the columns {', '.join(taken)}, which the mapping gives "
            "to others. Drop or rename them first."
        )
        raise MappingError(message, table=agreed.name, columns=taken)
    return opened.close(opened.rows.rename(moved))


def check_mapping(agreed: Contract, mapping: Mapping[str, str]) -> None:
    """Refuse a mapping that does not fit a contract, before any data is read.

    Parameters
    ----------
    agreed : Contract
    mapping : mapping of str to str

    Raises
    ------
    MappingError
    """
    strangers = [name for name in mapping if name not in agreed.column_names]
    if strangers:
        near = get_close_matches(strangers[0], agreed.column_names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(agreed.column_names)}."
        message = f"{agreed.name} has no column {strangers[0]!r}; {hint} Write canonical = yours."
        raise MappingError(message, table=agreed.name, columns=strangers)
    twice = sorted({yours for yours in mapping.values() if [*mapping.values()].count(yours) > 1})
    if twice:
        message = f"the mapping of {agreed.name} uses {', '.join(twice)} for more than one column."
        raise MappingError(message, table=agreed.name, columns=twice)
