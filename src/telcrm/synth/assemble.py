"""From plain columns to the caller's dataframe, through Arrow memory and without Python strings."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

from telcrm.domain.choice import choose
from telcrm.errors import MissingExtraError
from telcrm.synth.columns import (
    NOT_A_DAY,
    Coded,
    Column,
    Dates,
    Instants,
    KeyRefs,
    Keys,
    Numbers,
    Table,
    Text,
)

__all__ = ["Backend", "assemble"]


class Backend(StrEnum):
    """The dataframe library that tables are handed out in."""

    POLARS = "polars"
    PANDAS = "pandas"
    PYARROW = "pyarrow"


def assemble(table: Table, backend: Backend | str) -> Any:
    """Return `table` as a native eager frame.

    Columns are converted one after the other, so that the peak of memory stays near the size of
    the frame itself.

    Raises
    ------
    ParameterError
        The backend is not known.
    MissingExtraError
        The library is not installed.
    """
    backend = choose(Backend, backend, "backend")
    try:
        import pyarrow as pa  # type: ignore[import-untyped]

        if backend is Backend.POLARS:
            import polars as pl

            return pl.DataFrame({name: _polars(column) for name, column in table.items()})
        frame = pa.table({name: _arrow(column) for name, column in table.items()})
        if backend is Backend.PYARROW:
            return frame
        import pandas as pd  # noqa: F401 - to_pandas would fail later and less clearly

        return frame.to_pandas(date_as_object=False)
    except ModuleNotFoundError as error:
        extra = "polars" if backend is Backend.POLARS else "pandas"
        raise MissingExtraError.needing(
            f"making tables for the backend {backend.value}", str(error.name), extra=extra
        ) from error


def _polars(column: Column) -> Any:
    import polars as pl

    # Polars gathers strings by view, which is faster and smaller than converting gathered text.
    if isinstance(column, Coded):
        words = pl.Series([*(str(word) for word in column.words), None], dtype=pl.String)
        return words.gather(_or_last(column.codes, len(column.words)))
    if isinstance(column, KeyRefs):
        keys = pl.Series(pl.from_arrow(_text(column.text))).extend(
            pl.Series([None], dtype=pl.String)
        )
        return keys.gather(_or_last(column.codes, column.text.size))
    return pl.Series(pl.from_arrow(_arrow(column)))


def _or_last(codes: Any, last: int) -> Any:
    """Point nulls (-1) at the null that stands behind the pool."""
    wide = codes.astype(np.uint32)
    wide[codes < 0] = last
    return wide


def _arrow(column: Column) -> Any:
    import pyarrow as pa

    if isinstance(column, Numbers):
        return pa.array(column.values)
    if isinstance(column, Dates):
        days = column.days.astype(np.int32, copy=False)
        return pa.array(days, mask=_if_any(days == NOT_A_DAY)).view(pa.date32())
    if isinstance(column, Instants):
        seconds = column.seconds.astype(np.int64, copy=False)
        micros = pa.array(seconds * 1_000_000, mask=_if_any(seconds < 0))
        return micros.view(pa.timestamp("us", tz="UTC"))
    if isinstance(column, Keys):
        return _text(column.text)
    codes = pa.array(column.codes, mask=_if_any(column.codes < 0))
    if isinstance(column, KeyRefs):
        return _text(column.text).take(codes)
    return pa.array([str(word) for word in column.words], type=pa.large_string()).take(codes)


def _if_any(mask: Any) -> Any:
    return mask if mask.any() else None


def _text(text: Text) -> Any:
    """Lay Arrow text over fixed-width ASCII without copying it."""
    import pyarrow as pa

    width = text.dtype.itemsize
    offsets = np.arange(0, (text.size + 1) * width, width, dtype=np.int64)
    return pa.LargeStringArray.from_buffers(
        text.size, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))
    )
