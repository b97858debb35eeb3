"""Small results as a frame of the reader's choice, and as a table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from html import escape
from importlib.util import find_spec
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.errors import MissingExtraError
from telcrm.tables.result_table import ResultColumn

__all__ = ["FrameLibrary", "html_table", "plain_frame"]


class FrameLibrary(StrEnum):
    """The dataframe library that a small result is handed out in."""

    POLARS = "polars"
    PANDAS = "pandas"
    PYARROW = "pyarrow"


_TYPES: dict[type, Any] = {
    int: nw.Int64(),
    float: nw.Float64(),
    bool: nw.Boolean(),
    str: nw.String(),
}


def plain_frame(columns: Mapping[str, ResultColumn], backend: FrameLibrary | str) -> Any:
    """Make an eager frame.

    Parameters
    ----------
    columns : mapping of str to ResultColumn
    backend : {"polars", "pandas", "pyarrow"}

    Returns
    -------
    frame

    Raises
    ------
    ParameterError, MissingExtraError
        The backend is not known, or not installed.

    Examples
    --------
    >>> plain_frame({"k": ResultColumn(int, [2, 3])}, "polars").rows()
    [(2,), (3,)]
    """
    library = choose(FrameLibrary, backend, "backend")
    if find_spec(library.value) is None:
        extra = "pandas" if library is FrameLibrary.PANDAS else "polars"
        raise MissingExtraError.needing(
            f"a frame for the backend {library.value}", library.value, extra=extra
        )
    data = {name: list(column.values) for name, column in columns.items()}
    schema = {name: _TYPES[column.kind] for name, column in columns.items()}
    return nw.from_dict(data, schema=schema, backend=library.value).to_native()


def html_table(columns: Mapping[str, ResultColumn], caption: str) -> str:
    """Write a table for a notebook, numbers to three places.

    Parameters
    ----------
    columns : mapping of str to ResultColumn
    caption : str

    Returns
    -------
    str

    Examples
    --------
    >>> html_table({"gap": ResultColumn(float, [0.12345])}, "1 row")
    '<table><caption>1 row</caption><tr><th>gap</th></tr><tr><td>0.123</td></tr></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = zip(*(column.values for column in columns.values()), strict=True)
    body = "".join(
        "<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}" if isinstance(value, float) else escape(str(value))
