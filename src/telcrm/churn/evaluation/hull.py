"""The upper hull of a curve of many points, which few of them lie on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.evaluation.scores import Floats

__all__ = ["upper_hull"]

_FEW: Final = 500
_WORTH_ANOTHER: Final = 0.9


def upper_hull(x: Floats, y: Floats) -> NDArray[np.intp]:
    """Return the places of the vertices of the upper hull, up to the highest point.

    Parameters
    ----------
    x, y : array of shape (m,)
        ``x`` never falls.

    Returns
    -------
    array of int
        From the first point to the leftmost of the highest; slopes between them fall.

    Notes
    -----
    A point that is no higher than one before it, or that lies below the line through its two
    neighbours, is no vertex. Such tests, over all points at once, leave few of a million; Andrew's
    monotone chain (1979) goes through the rest.

    Examples
    --------
    >>> upper_hull(np.array([0.0, 0, 1, 2, 3]), np.array([0.0, 1, 1, 3, 3])).tolist()
    [0, 1, 3]
    """
    before = np.maximum.accumulate(y)
    rises = np.empty(y.size, dtype=bool)
    rises[0] = True
    np.greater(y[1:], before[:-1], out=rises[1:])
    places = np.flatnonzero(rises)
    while places.size > _FEW:
        kept = _bends(x, y, places)
        worth = kept.size < _WORTH_ANOTHER * places.size
        places = kept
        if not worth:
            break
    return _chain(x, y, places)


def _bends(x: Floats, y: Floats, places: NDArray[np.intp]) -> NDArray[np.intp]:
    across, up = np.diff(x[places]), np.diff(y[places])
    bends = np.ones(places.size, dtype=bool)
    np.greater(up[:-1] * across[1:], up[1:] * across[:-1], out=bends[1:-1])
    return places[bends]


def _chain(x: Floats, y: Floats, places: NDArray[np.intp]) -> NDArray[np.intp]:
    across, up = x[places].tolist(), y[places].tolist()
    stack: list[int] = []
    for at, (right, high) in enumerate(zip(across, up, strict=True)):
        while len(stack) > 1:
            first, middle = stack[-2], stack[-1]
            rise = (up[middle] - up[first]) * (right - across[first])
            if rise > (high - up[first]) * (across[middle] - across[first]):
                break
            stack.pop()
        stack.append(at)
    found: NDArray[np.intp] = places[stack]
    return found
