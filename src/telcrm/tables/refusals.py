"""What is refused alike in every room: names that would stand twice, and keys that do."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals.stable.v2 as nw

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.tables.door import OpenFrame
from telcrm.tables.findings import Finding, counted, written_keys
from telcrm.tables.row_checks import FIRST_KEYS, first_keys

__all__ = ["refuse_repeated", "refuse_twice"]


def refuse_twice(question: str, given: Sequence[str], results: Sequence[str]) -> None:
    """Refuse columns of the caller that would stand twice in a result.

    Parameters
    ----------
    question : str
        Name of the function, for the message.
    given, results : sequence of str
        Names that the caller chose, and those that the result has of its own.

    Raises
    ------
    ParameterError
        Two names are equal, or differ in upper and lower case only, which SQL does not tell apart.

    Examples
    --------
    >>> refuse_twice("customer_margin", ["customer_id", "Margin"], ["margin"])
    Traceback (most recent call last):
        ...
    telcrm.errors.ParameterError: [TC-PARAM-001] customer_margin: 'Margin' would stand ...
    """
    own = {name.casefold() for name in results}
    seen: set[str] = set()
    twice = []
    for name in given:
        folded = name.casefold()
        if folded in own or folded in seen:
            twice.append(name)
        seen.add(folded)
    if twice:
        raise ParameterError(
            f"{question}: {', '.join(map(repr, twice))} would stand twice in the result. "
            "Rename the column.",
            columns=twice,
        )


def refuse_repeated(opened: OpenFrame, keys: Sequence[str]) -> None:
    """Refuse a table that holds a key in more than one row.

    Parameters
    ----------
    opened : OpenFrame
    keys : sequence of str
        Columns that together are the key.

    Raises
    ------
    InvalidTableError
        Names the first such keys.
    """
    counts = opened.rows.group_by(*keys).agg(_rows=nw.len())
    repeated = counts.filter(nw.col("_rows") > 1)
    number = int(repeated.select(nw.len()).collect().item())
    if not number:
        return
    first = first_keys(repeated, keys, FIRST_KEYS)
    message = (
        f"{opened.table}: {', '.join(keys)} comes more than once: "
        f"{counted(number, 'key')} (first keys: {written_keys(first)}). "
        "Keep one row of each, or sum them up first."
    )
    finding = Finding(opened.table, "duplicate_key", ",".join(keys), number, first, message)
    raise InvalidTableError(message, table=opened.table, findings=(finding,))
