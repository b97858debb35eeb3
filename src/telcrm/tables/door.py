"""The door through which a caller's dataframe comes in, and the result goes out the same way.

Inside, every room works on one lazy narwhals frame. What goes in comes out: pandas for
pandas, a Polars LazyFrame for a Polars LazyFrame, a DuckDB relation on the same connection, a
PySpark DataFrame of the same session. A PyArrow table has no windowed operations of its own, so it
passes through Polars or DuckDB without a copy of its buffers and comes out as PyArrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import (
    ColumnTypeError,
    MissingColumnsError,
    MissingExtraError,
    UnsupportedFrameError,
)

__all__ = [
    "ColumnKind",
    "OpenFrame",
    "key_values",
    "open_frame",
    "parse_objects",
    "require_columns",
    "require_kinds",
]

_REACHED = {
    nw.Implementation.PANDAS,
    nw.Implementation.POLARS,
    nw.Implementation.DUCKDB,
    nw.Implementation.PYSPARK,
    nw.Implementation.PYARROW,
}


class ColumnKind(StrEnum):
    """What a column has to hold, whatever its engine calls the type."""

    KEY = "key"
    NUMBER = "number"
    DATE = "date"


_KINDS: dict[ColumnKind, tuple[str, tuple[type[nw.dtypes.DType], ...]]] = {
    # Floats are no keys: NaN equals nothing, and two sums that print alike may differ.
    ColumnKind.KEY: (
        "text, whole numbers, booleans or dates",
        (
            nw.String,
            nw.Categorical,
            nw.Enum,
            nw.Boolean,
            nw.Date,
            nw.Datetime,
            nw.dtypes.IntegerType,
        ),
    ),
    ColumnKind.NUMBER: ("numbers", (nw.dtypes.NumericType,)),
    ColumnKind.DATE: ("dates", (nw.Date, nw.Datetime)),
}


@dataclass(frozen=True, slots=True)
class OpenFrame:
    """A caller's frame, opened for work.

    Attributes
    ----------
    rows : narwhals.stable.v2.LazyFrame
        The rows, lazily, whatever came in.
    table : str
        What the table is called in error messages.
    given : object
        The frame as the caller passed it.
    """

    rows: nw.LazyFrame[Any]
    table: str
    given: Any

    @property
    def implementation(self) -> nw.Implementation:
        """The engine that holds the rows."""
        implementation: nw.Implementation = self.rows.implementation
        return implementation

    def computed(self, small: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Compute a frame of few rows now, for queries that build on it.

        Engines that work lazily would compute it once for each of them.

        Parameters
        ----------
        small : narwhals.stable.v2.LazyFrame
            A frame derived from ``rows``; it is held in memory (by Spark, on its workers).

        Returns
        -------
        narwhals.stable.v2.LazyFrame
            With the same rows, on the same engine, connection and session.

        Notes
        -----
        A DuckDB connection reads it out of this process, and cannot if it was told not to look
        into Python's variables (``SET python_enable_replacements = false``): there the frame
        stays a query.
        """
        native: Any = small.to_native()
        match self.implementation:
            case nw.Implementation.POLARS:
                kept = native.collect().lazy()
            case nw.Implementation.DUCKDB:
                # By way of the caller's rows: a query on `native` would hold all of its plan.
                own: Any = self.rows.to_native()
                held = _held_by_duckdb(own, small.collect(backend="pyarrow").to_native())
                kept = native if held is None else held
            case nw.Implementation.PYSPARK:
                kept = native.localCheckpoint()
            case _:
                return small
        computed: nw.LazyFrame[Any] = nw.from_native(kept).lazy()
        return computed

    def close(self, result: nw.LazyFrame[Any]) -> Any:
        """Give ``result`` the flavour that the caller's frame had.

        Parameters
        ----------
        result : narwhals.stable.v2.LazyFrame
            A frame derived from ``rows``.

        Returns
        -------
        object
            The same kind of frame as ``given``: eager for eager, lazy for lazy.
        """
        given, wrapped = _unwrap(self.given)
        came: Any = nw.from_native(given)
        if came.implementation.is_pyarrow():
            native: Any = result.collect(backend="pyarrow").to_native()
        elif came.implementation.is_pandas():
            native = _tidy_pandas(result.to_native(), given)
        elif isinstance(came, nw.DataFrame):
            native = result.collect().to_native()
        else:
            native = result.to_native()
        return nw.from_native(native) if wrapped else native


def _held_by_duckdb(relation: Any, telcrm_computed_rows: Any) -> Any:  # noqa: ARG001 (by its name)
    from duckdb import CatalogException

    try:
        return relation.query("telcrm_computed", "SELECT * FROM telcrm_computed_rows")
    except CatalogException:
        return None


def _tidy_pandas(result: Any, given: Any) -> Any:
    """Renumber the rows from 0; keep to Arrow types if the caller's frame has no others."""
    import pandas as pd

    plain = result.reset_index(drop=True)
    if not all(isinstance(dtype, pd.ArrowDtype) for dtype in given.dtypes):
        return plain
    # convert_dtypes alone would turn floats into integers where all happen to be whole.
    floats = plain.columns[plain.dtypes == "float64"]
    return plain.astype(dict.fromkeys(floats, "double[pyarrow]")).convert_dtypes(
        dtype_backend="pyarrow"
    )


def _unwrap(frame: Any) -> tuple[Any, bool]:
    native = nw.to_native(frame, pass_through=True)
    return native, native is not frame


def open_frame(frame: Any, *, table: str) -> OpenFrame:
    """Open a dataframe of any supported engine as one lazy narwhals frame.

    Parameters
    ----------
    frame : dataframe
        pandas, Polars (eager or lazy), a DuckDB relation, PySpark, PyArrow, or one of these
        wrapped by ``narwhals.stable.v2``.
    table : str
        What to call the table in error messages, for example ``"subscriber_months"``.

    Returns
    -------
    OpenFrame

    Raises
    ------
    UnsupportedFrameError
        The object is no dataframe, or of an engine that telcrm is not tested on.
    MissingExtraError
        A PyArrow table came, and neither Polars nor DuckDB is installed to compute on it.

    Examples
    --------
    >>> import polars as pl
    >>> opened = open_frame(pl.DataFrame({"customer_id": ["a", "b"]}), table="customers")
    >>> opened.close(opened.rows.head(1)).to_dicts()
    [{'customer_id': 'a'}]
    """
    native, _ = _unwrap(frame)
    reached: Any = nw.from_native(native, pass_through=True)
    if not isinstance(reached, nw.DataFrame | nw.LazyFrame):
        raise UnsupportedFrameError(
            f"{table}: {type(native).__module__}.{type(native).__qualname__} is no dataframe. "
            "Pass a pandas, Polars, PySpark or PyArrow frame, or a DuckDB relation.",
            table=table,
        )
    if reached.implementation not in _REACHED:
        raise UnsupportedFrameError(
            f"{table}: {reached.implementation} frames are not supported. "
            "Convert to pandas, Polars, PySpark or PyArrow, or to a DuckDB relation.",
            table=table,
        )
    if reached.implementation.is_pyarrow():
        reached = nw.from_native(_from_arrow(native, table))
    return OpenFrame(rows=reached.lazy(), table=table, given=frame)


def _from_arrow(arrow_table: Any, table: str) -> Any:
    if find_spec("polars"):
        import polars as pl

        return pl.from_arrow(arrow_table)
    if find_spec("duckdb"):
        import duckdb

        return duckdb.from_arrow(arrow_table)
    raise MissingExtraError.needing(
        f"{table}: computing on a PyArrow table without DuckDB", "polars", extra="polars"
    )


def require_columns(opened: OpenFrame, columns: Mapping[str, str | Sequence[str]]) -> None:
    """Refuse a table that lacks a column, and say how to name it.

    Parameters
    ----------
    opened : OpenFrame
    columns : mapping of str to str or sequence of str
        The caller's keyword, and the column or columns it names.

    Raises
    ------
    MissingColumnsError
        Names every column that is missing, those that were found, and the keyword to pass.

    Examples
    --------
    >>> import polars as pl
    >>> opened = open_frame(pl.DataFrame({"customer": ["a"]}), table="customers")
    >>> require_columns(opened, {"customer": "customer_id"})
    Traceback (most recent call last):
        ...
    telcrm.errors.MissingColumnsError: [TC-TABLE-001] customers lacks 'customer_id' ...
    """
    found = opened.rows.collect_schema().names()
    missing = {
        name: keyword
        for keyword, named in columns.items()
        for name in ([named] if isinstance(named, str) else named)
        if name not in found
    }
    if not missing:
        return
    hints = []
    for name, keyword in missing.items():
        near = get_close_matches(name, found, n=1, cutoff=0.5)
        hints.append(f'{keyword}="{near[0]}"' if near else f"{keyword}=<your column>")
    raise MissingColumnsError(
        f"{opened.table} lacks {', '.join(map(repr, missing))} (found: {', '.join(found)}). "
        f"Pass {', '.join(hints)}, or rename the column.",
        table=opened.table,
        missing=list(missing),
        found=found,
    )


def key_values(opened: OpenFrame, column: str) -> nw.Expr:
    """Express a key column, with categories turned to text.

    Engines compare categories by their codes or by their names, and some not at all.

    Parameters
    ----------
    opened : OpenFrame
    column : str

    Returns
    -------
    narwhals.stable.v2.Expr

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"segment": ["mass"]}, schema={"segment": pl.Categorical})
    >>> opened = open_frame(frame, table="customers")
    >>> opened.rows.select(key_values(opened, "segment")).collect_schema()["segment"]
    String
    """
    if isinstance(opened.rows.collect_schema()[column], nw.Categorical | nw.Enum):
        return nw.col(column).cast(nw.String)
    return nw.col(column)


def parse_objects(opened: OpenFrame, columns: Sequence[str]) -> OpenFrame:
    """Read pandas object columns as what their values are: dates, decimals, flags or text.

    Text is an object before pandas 3, and a null in it then answers no test.

    Parameters
    ----------
    opened : OpenFrame
    columns : sequence of str
        Columns to look at; those that are not there are passed over.

    Returns
    -------
    OpenFrame
        The caller's own frame is not changed. Columns of other values stay objects.

    Examples
    --------
    >>> import pandas as pd
    >>> opened = open_frame(pd.DataFrame({"key_account": [True, None]}), table="customers")
    >>> parse_objects(opened, ["key_account"]).rows.collect_schema()
    Schema([('key_account', Boolean)])
    """
    if opened.implementation is not nw.Implementation.PANDAS:
        return opened
    native = opened.rows.to_native()
    objects = [name for name in columns if name in native and native[name].dtype == object]
    if not objects:
        return opened
    import pandas as pd

    parsed = {}
    for name in objects:
        match pd.api.types.infer_dtype(native[name], skipna=True):
            case "date" | "datetime":
                parsed[name] = pd.to_datetime(native[name]).astype("datetime64[us]")
            case "decimal":
                parsed[name] = native[name].astype("float64")
            case "boolean":
                parsed[name] = native[name].astype("boolean")
            case "string":
                parsed[name] = native[name].astype("string")
    return replace(opened, rows=nw.from_native(native.assign(**parsed)).lazy())


def require_kinds(opened: OpenFrame, kinds: Mapping[str, ColumnKind]) -> None:
    """Refuse a column whose type is not of the kind that is needed.

    Parameters
    ----------
    opened : OpenFrame
    kinds : mapping of str to ColumnKind
        Columns that exist, and what they have to hold.

    Raises
    ------
    ColumnTypeError
        Names the first such column, its type and the types that would do.

    Examples
    --------
    >>> import polars as pl
    >>> opened = open_frame(pl.DataFrame({"period": ["2024-01"]}), table="subscriber_months")
    >>> require_kinds(opened, {"period": ColumnKind.DATE})
    Traceback (most recent call last):
        ...
    telcrm.errors.ColumnTypeError: [TC-TABLE-003] subscriber_months: column 'period' ...
    """
    schema = opened.rows.collect_schema()
    for column, kind in kinds.items():
        words, accepted = _KINDS[kind]
        dtype = schema[column]
        if not isinstance(dtype, accepted):
            raise ColumnTypeError(
                f"{opened.table}: column {column!r} holds {dtype}, and has to hold {words}. "
                f"{_cast_hint(opened, column)}",
                table=opened.table,
                column=column,
                dtype=str(dtype),
            )


def _cast_hint(opened: OpenFrame, column: str) -> str:
    own = opened.rows.to_native()
    if opened.implementation is nw.Implementation.PANDAS and "period" in str(own[column].dtype):
        return "Cast it first, with .dt.to_timestamp()."
    return "Cast it first."
