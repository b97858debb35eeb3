"""How well one column alone tells churners from others, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PureValue",
    "Separation",
    "goes_with",
    "in_order",
    "learnt_order",
    "purest_value",
    "separates",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SURELY = 0.95
_ERRORS = 3.0
_PURE = 0.9
_LEAST_ROWS = 20
_CHANCE = 1e-3
_FAR_FROM_CHANCE = 1e-6
_APART = 0.5


@dataclass(frozen=True, slots=True)
class Separation:
    """Area under the ROC curve, turned to 0.5 or more, and whether it is surely large."""

    area: float
    is_certain: bool


@dataclass(frozen=True, slots=True)
class PureValue:
    """A value that churners have almost alone."""

    value: int
    rows: int
    share: float


def in_order(values: Floats, left: Flags) -> Separation:
    """Measure how far churners stand apart in the order of some values, either way round.

    Examples
    --------
    >>> in_order(np.arange(200.0), np.arange(200) >= 100)
    Separation(area=1.0, is_certain=True)
    >>> in_order(np.arange(6.0), np.arange(6) >= 3).is_certain
    False
    """
    churners = int(left.sum())
    others = left.size - churners
    if not churners or not others:
        return Separation(0.5, is_certain=False)
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    # Tied values share the mean of their ranks.
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    above = ranks[left].sum() - churners * (churners + 1) / 2.0
    area = above / (churners * others)
    area = float(max(area, 1.0 - area))
    rarer = min(churners, others)
    shrunk = (rarer * area + 0.5) / (rarer + 1)
    first = shrunk / (2.0 - shrunk) - shrunk**2
    second = 2.0 * shrunk**2 / (1.0 + shrunk) - shrunk**2
    spread = shrunk * (1.0 - shrunk) + (churners - 1) * first + (others - 1) * second
    error = np.sqrt(spread / (churners * others))
    return Separation(area, is_certain=bool(shrunk - _ERRORS * error > _SURELY))


def separates(values: Floats, left: Flags, auc: float) -> float:
    """Return the area under the ROC curve if it is surely too good to be true, else 0."""
    found = in_order(values, left)
    return found.area if found.area >= auc and found.is_certain else 0.0


def learnt_order(codes: Ints, left: Flags) -> Floats:
    """Give each row the churn rate that the other half of the rows shows for its category.

    Learnt from the same rows, many rare categories would separate anything.
    """
    count = int(codes.max()) + 1
    half = np.random.default_rng(0).permutation(left.size) % 2
    base = float(left.mean())
    rates = np.empty(left.size)
    for own in (0, 1):
        other = half != own
        churners = np.bincount(codes[other], weights=left[other], minlength=count)
        rows = np.bincount(codes[other], minlength=count)
        rates[~other] = ((churners + base) / (rows + 1.0))[codes[~other]]
    return rates


def purest_value(codes: Ints, left: Flags) -> PureValue | None:
    """Find the value of most rows that churners have almost alone, if there is any.

    Parameters
    ----------
    codes : array of int
        Values as numbers; -1 is null.
    left : array of bool
    """
    if left.mean() >= 0.5:
        return None
    from scipy.special import betaincinv

    shifted = codes + 1
    rows = np.bincount(shifted)
    churners = np.bincount(shifted, weights=left)
    # The lower bound of Clopper and Pearson; without a churner it is 0.
    some = churners > 0
    lower = np.zeros(rows.size)
    lower[some] = betaincinv(churners[some], (rows - churners + 1.0)[some], _CHANCE)
    pure = (lower >= _PURE) & (rows >= _LEAST_ROWS)
    if not pure.any():
        return None
    at = int(np.argmax(np.where(pure, rows, 0)))
    return PureValue(at - 1, int(rows[at]), float(churners[at] / rows[at]))


def goes_with(flags: Flags, left: Flags) -> bool:
    """Tell whether a flag is far commoner in one class than in the other, and not by chance."""
    from scipy.stats import fisher_exact

    both = int((flags & left).sum())
    only_flag, only_left = int(flags.sum()) - both, int(left.sum()) - both
    neither = left.size - both - only_flag - only_left
    apart = abs(both / int(left.sum()) - only_flag / int((~left).sum()))
    found = fisher_exact(np.array([[both, only_flag], [only_left, neither]]))
    return bool(apart >= _APART and found.pvalue < _FAR_FROM_CHANCE)
