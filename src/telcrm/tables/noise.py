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
    Scaled to whole numbers, rounded and divided back. Engines' own rounding to decimals would not
    do: PyArrow leaves a value as it is when scaling it happens to give a whole number, noise and
    all.

    Examples
    --------
    >>> import polars as pl
    >>> frame = nw.from_native(pl.DataFrame({"a": [0.1 + 0.2]}))
    >>> frame.select(denoise(nw.col("a")))["a"].item()
    0.3
    """
    scale = 10.0**decimals
    # Polars divides by a constant as it multiplies by its inexact inverse, but not by a column.
    divisor = amount * 0.0 + scale
    return (amount * scale).round() / divisor
