"""Newton's method for a log-likelihood of a few parameters, with bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.errors import UnidentifiedModelError

__all__ = ["Curvature", "Maximum", "Objective", "maximize"]

Floats = NDArray[np.float64]

_STEPS: Final = 200
_LONGEST_STEP: Final = 2.0
_HALVINGS: Final = 30
_ENOUGH: Final = 1e-10
# No test would tell such log-likelihoods apart: it is a twentieth of a standard error.
_NO_MATTER: Final = 1e-3
_FLAT: Final = 1e-8
_KNOWN: Final = 3.0
# A sum of n terms is known to about this share of itself.
_NOISE: Final = 4 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Curvature:
    """A log-likelihood at a point: its value, slope and second derivatives."""

    value: float
    gradient: Floats
    hessian: Floats


Objective = Callable[[Floats], Curvature]


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    point : array of shape (k,)
    curvature : Curvature
        There.
    free : array of bool, shape (k,)
        False for what stopped at a bound.
    converged : bool
    iterations, evaluations : int
    decrement : float
        By how much the value could still rise, judged by slope and curvature.
    """

    point: Floats
    curvature: Curvature
    free: NDArray[np.bool_]
    converged: bool
    iterations: int
    evaluations: int
    decrement: float

    def covariance(self) -> Floats:
        """Return the inverse of the observed information; NaN in the rows that have none.

        Returns
        -------
        array of shape (k, k)
            A parameter has none that stopped at a bound, or whose standard error would be above 3,
            were none held at a bound: as these are logarithms, it is then not known to a factor of
            20, or goes with one that is not.
        """
        size = self.point.size
        found = np.full((size, size), np.nan)
        free = np.flatnonzero(self.free)
        if not free.size:
            return found
        inverse = _inverse(-self.curvature.hessian[np.ix_(free, free)])
        known = np.diag(_inverse(-self.curvature.hessian))[free] <= _KNOWN**2
        found[np.ix_(free[known], free[known])] = inverse[np.ix_(known, known)]
        return found


def _inverse(information: Floats) -> Floats:
    roots, axes = np.linalg.eigh(information)
    inverse: Floats = (axes / np.maximum(roots, _FLAT)) @ axes.T
    return inverse


def maximize(
    objective: Objective, start: Floats, *, lower: Floats, upper: Floats, steps: int = _STEPS
) -> Maximum:
    """Find the greatest value of a smooth function inside a box.

    Parameters
    ----------
    objective : callable
        Value, gradient and Hessian at a point.
    start, lower, upper : array of shape (k,)
        ``start`` is inside the box.
    steps : int
        No more than so many.

    Returns
    -------
    Maximum

    Raises
    ------
    UnidentifiedModelError
        The function is not finite at ``start``.

    Notes
    -----
    Newton's method with exact second derivatives. Where the function bends upwards, the step takes
    the curvature by its size (Nocedal & Wright (2006), *Numerical Optimization*, section 3.4); a
    step is at most 2 long in any parameter, and halved until it pays. A parameter that presses
    against its bound is held there, and let go when the slope turns. It ends with a last step when
    the expected gain ``g' H^-1 g / 2`` is below 1e-10, or below what rounding leaves of the value:
    a step squares what is left, and the curvature before it is that after it to ten digits.

    Of scipy's methods, those with bounds take no second derivatives, but for ``trust-constr``,
    which stays off its bounds, and so cannot tell which of them a parameter ran into.

    Examples
    --------
    >>> def bowl(at):
    ...     return Curvature(-float(at @ at), -2 * at, -2 * np.eye(at.size))
    >>> box = np.full(2, 10.0)
    >>> maximize(bowl, np.array([3.0, -4.0]), lower=-box, upper=box).point.round(6).tolist()
    [0.0, 0.0]
    """
    point = np.asarray(start, dtype=np.float64)
    here = objective(point)
    if not np.isfinite(here.value):
        raise UnidentifiedModelError(
            "the likelihood has no finite value for these data. Look for counts, times or amounts "
            "that are far out of range.",
            start=point.tolist(),
        )
    evaluations = 1
    for iteration in range(steps + 1):
        free, step, decrement = _step(point, here, lower, upper)
        done = decrement <= max(_ENOUGH, _NOISE * abs(here.value))
        if done or iteration == steps:
            # The last step squares what error is left, and is too short to change the curvature.
            last = _inside(point + step, lower, upper) if done else point
            return Maximum(last, here, free, done, iteration, evaluations, decrement)
        taken, there, tried = _search(objective, point, here, step, box=(lower, upper))
        evaluations += tried
        if taken is None:
            # Not even a tiny step pays: what is left of the slope is noise, or the surface is torn.
            done = decrement <= _NO_MATTER
            return Maximum(point, here, free, done, iteration, evaluations, decrement)
        point, here = taken, there
    raise AssertionError("unreachable")


def _step(
    point: Floats, here: Curvature, lower: Floats, upper: Floats
) -> tuple[NDArray[np.bool_], Floats, float]:
    """Return what is not held at a bound, the step inside the box, and the rise it promises."""
    slope = here.gradient
    free = ~(((point <= lower) & (slope <= 0)) | ((point >= upper) & (slope >= 0)))
    moving = free
    while True:
        step, decrement = _newton(here, moving)
        # The slope may point into the box where the step, for the others' sake, points out of it.
        out = moving & (((point <= lower) & (step < 0)) | ((point >= upper) & (step > 0)))
        if not out.any():
            break
        moving = moving & ~out
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (upper - point) / step, (lower - point) / step)
    reach = float(np.min(room, where=step != 0, initial=1.0))
    return free, step * reach, decrement


def _newton(here: Curvature, free: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the step, and the rise that it promises."""
    step = np.zeros_like(here.gradient)
    if not free.any():
        return step, 0.0
    slope = here.gradient[free]
    roots, axes = np.linalg.eigh(-here.hessian[np.ix_(free, free)])
    # By its size where it bends the wrong way, and nowhere flatter than the steepest over 1e12.
    steepest = max(float(np.abs(roots).max()), float(np.abs(slope).max()), 1e-290)
    bend = np.maximum(np.abs(roots), 1e-12 * steepest)
    along = axes.T @ slope
    own = axes @ (along / bend)
    longest = float(np.abs(own).max())
    decrement = 0.5 * float(along @ (along / bend))
    if longest > _LONGEST_STEP:
        own *= _LONGEST_STEP / longest
    step[free] = own
    return step, decrement


def _inside(point: Floats, lower: Floats, upper: Floats) -> Floats:
    """Put a point on the bounds that rounding keeps it from, by a hair, on either side."""
    width = 1e-12 * (upper - lower)
    found = np.where(point <= lower + width, lower, point)
    return np.where(found >= upper - width, upper, found)


def _search(
    objective: Objective,
    point: Floats,
    here: Curvature,
    step: Floats,
    *,
    box: tuple[Floats, Floats],
) -> tuple[Floats | None, Curvature, int]:
    share = 1.0
    for tried in range(1, _HALVINGS + 1):
        trial = _inside(point + share * step, *box)
        there = objective(trial)
        wanted = 1e-4 * float(here.gradient @ (trial - point))
        if np.isfinite(there.value) and there.value >= here.value + wanted:
            return trial, there, tried
        share *= 0.5
    return None, here, _HALVINGS
