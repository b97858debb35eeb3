"""Draws that NumPy has no fast form of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telcrm.synth.columns import Floats, Ints

__all__ = ["categories", "choose_by_row", "uniform_days"]

_SLOTS = 1 << 16


def categories(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> Ints:
    """Draw category numbers with given weights.

    One lookup per draw in a table of 65,536 slots, so shares are exact to 1/65,536.

    Examples
    --------
    >>> categories(np.random.default_rng(0), [0.0, 1.0], 3).tolist()
    [1, 1, 1]
    """
    shares = np.cumsum(np.asarray(weights, dtype=np.float64))
    slots = np.rint(shares / shares[-1] * _SLOTS).astype(np.int64)
    table = np.repeat(np.arange(slots.size, dtype=np.int8), np.diff(slots, prepend=0))
    return table[rng.integers(0, _SLOTS, size, dtype=np.uint16)]


def choose_by_row(rng: np.random.Generator, weights: Floats) -> Ints:
    """Draw one column per row of a matrix of weights.

    Examples
    --------
    >>> choose_by_row(np.random.default_rng(0), np.array([[1.0, 0.0], [0.0, 2.0]])).tolist()
    [0, 1]
    """
    bounds = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * bounds[:, -1]
    chosen: Ints = (drawn[:, None] >= bounds[:, :-1]).sum(axis=1).astype(np.int8)
    return chosen


def uniform_days(rng: np.random.Generator, low: Ints, high: Ints) -> Ints:
    """Draw whole days in ``[low, high)``; where the interval is empty, `low`."""
    span = np.maximum(high - low, 1)
    days: Ints = (low + np.floor(rng.random(low.size) * span)).astype(np.int32)
    return days
