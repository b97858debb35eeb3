"""Take the noise of adding floats out of a column, alike on every engine."""

from __future__ import annotations

import narwhals.stable.v2 as nw

__all__ = ["denoise"]


def denoise(amount: nw.Expr, *, decimals: int = 6) -> nw.Expr:
    """Round to so many decimals that only the noise of float arithmetic goes.

    The same amounts added in another order differ in their last bits. Without this, they would
    neither tie nor compare equal, and each engine, adding in its own order, would answer otherwise.

    Parameters
    ----------
    amount : narwhals.stable.v2.Expr
    decimals : int
        The default is finer than the minor unit of any currency.

    Returns
    -------
    narwhals.stable.v2.Expr

    Notes
    -----
    Scaled to whole numbers, rounded and divided back, because engines' own rounding to decimals
    differs in the last bit: PyArrow multiplies by an inexact 1e-6 where others divide.

    Examples
    --------
    >>> import polars as pl
    >>> frame = nw.from_native(pl.DataFrame({"a": [0.1 + 0.2]}))
    >>> frame.select(denoise(nw.col("a")))["a"].item()
    0.3
    """
    scale = 10.0**decimals
    return (amount * scale).round() / scale
