"""Amounts as whole millionths while they are added and split: no noise, on any engine."""

from __future__ import annotations

import narwhals.stable.v2 as nw

__all__ = ["MICROS", "major", "micros"]

MICROS = 1_000_000
"""Micro-units in a major unit: finer than the minor unit of any currency."""


def micros(amount: nw.Expr) -> nw.Expr:
    """Express an amount in major units as whole micro-units, Int64."""
    return (amount.cast(nw.Float64) * float(MICROS)).round().cast(nw.Int64)


def major(amount: nw.Expr) -> nw.Expr:
    """Express micro-units as an amount in major units, Float64."""
    exact = amount.cast(nw.Float64)
    # Polars divides by a constant as it multiplies by its inexact inverse, but not by a column.
    return exact / (exact * 0.0 + float(MICROS))
