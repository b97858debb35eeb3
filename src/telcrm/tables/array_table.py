"""Columns that were computed as arrays, as a table on the caller's engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.tables.door import OpenFrame
from telcrm.tables.result_table import ResultColumn, result_table

__all__ = ["array_table"]


def array_table(opened: OpenFrame, columns: Mapping[str, NDArray[np.float64]]) -> nw.LazyFrame[Any]:
    """Put arrays beside the rows of ``opened``: same engine, connection and session.

    Parameters
    ----------
    opened : OpenFrame
    columns : mapping of str to array of shape (n,)
        One at least.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        Columns of Float64.

    Notes
    -----
    DuckDB reads an Arrow table out of this process. A connection that was told not to look into
    Python's variables gets the values written into the query instead, which suits small tables.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"id": ["a"]}), table="t")
    >>> array_table(opened, {"x": np.array([1.0, 2.0])}).collect().rows()
    [(1.0,), (2.0,)]
    """
    native: Any = opened.rows.to_native()
    match opened.implementation:
        case nw.Implementation.DUCKDB:
            made = _on_duckdb(native, columns)
            if made is None:
                listed = {
                    name: ResultColumn(float, values.tolist()) for name, values in columns.items()
                }
                return result_table(opened, listed)
        case nw.Implementation.PYSPARK:
            made = native.sparkSession.createDataFrame(_arrow(columns))
        case nw.Implementation.POLARS:
            import polars as pl

            made = pl.LazyFrame(dict(columns))
        case _:
            import pandas as pd

            made = pd.DataFrame(dict(columns))
    table: nw.LazyFrame[Any] = nw.from_native(made).lazy()
    return table


def _arrow(columns: Mapping[str, NDArray[np.float64]]) -> Any:
    import pyarrow as pa  # type: ignore[import-untyped]

    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _on_duckdb(relation: Any, columns: Mapping[str, NDArray[np.float64]]) -> Any | None:
    from duckdb import CatalogException

    telcrm_arrays = _arrow(columns)
    try:
        # DuckDB finds the variable by its name.
        return relation.query("telcrm_array_table", "SELECT * FROM telcrm_arrays")
    except CatalogException:
        return None
    finally:
        del telcrm_arrays
