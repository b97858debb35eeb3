"""Prices of scarce budget and capacity: the dual problem, which also bounds what can be earned."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.offer_choice import OfferChoice, Prices

__all__ = ["price_limits"]

Floats = NDArray[np.float64]

_STEPS: Final = 400
_PRECISION: Final = 1e-9
_SAMPLE: Final = 20_000


def price_limits(task: OfferChoice) -> tuple[Prices, float]:
    """Find the prices at which the limits are worth least, and with them the bound on the profit.

    Parameters
    ----------
    task : OfferChoice
        With limits above 0.

    Returns
    -------
    (Prices, float)
        The prices, and the most that any choice within the limits can bring.

    Notes
    -----
    For any worths ``w >= 0`` of the limits, no choice brings more than

        ``sum(w) + sum over customers of max(0, highest reduced profit)``

    (Lagrangian relaxation), which at its least is the value of the linear relaxation. It is convex
    and piecewise linear in ``w``, and minimised by cutting planes within a box that moves with the
    best point (Marsten, Hogan & Blankenship 1975, "The Boxstep Method for Large-Scale
    Optimization", Operations Research 23(3), 389-405). A large problem starts from the prices of
    an evenly spaced sample.
    """
    count = task.limits.size
    if not count:
        return task.prices(np.zeros(0)), float(task.best(task.prices(np.zeros(0)))[1].sum())
    worth, bound = _minimise(task, *_start(task))
    return task.prices(worth), bound


def _start(task: OfferChoice) -> tuple[Floats, float]:
    """Return worths to begin with, and how far from them to look first."""
    most = float(task.best(task.prices(np.zeros(task.limits.size)))[1].sum())
    step = task.customers // _SAMPLE
    if step < 2:
        return np.zeros(task.limits.size), most / 4.0
    sample = task.sample(np.arange(0, task.customers, step))
    share = sample.customers / task.customers
    worth, bound = _minimise(sample, np.zeros(task.limits.size), most * share / 4.0)
    return worth / share, bound / share / 100.0


def _minimise(task: OfferChoice, worth: Floats, reach: float) -> tuple[Floats, float]:
    from scipy.optimize import linprog

    size = worth.size
    lowest, slope = _value(task, worth)
    # The solver's tolerances are absolute.
    unit = lowest / 1000.0
    slopes, offsets = [slope], [(lowest - slope @ worth) / unit]
    box = np.full(size, reach)
    objective = np.append(np.zeros(size), 1.0)
    for _ in range(_STEPS):
        planes = np.column_stack([np.array(slopes), np.full(len(slopes), -1.0)])
        low, high = np.maximum(worth - box, 0.0) / unit, (worth + box) / unit
        sides = [*zip(low, high, strict=True), (None, None)]
        found = linprog(objective, A_ub=planes, b_ub=-np.array(offsets), bounds=sides)
        # Where the solver gives up, the best point so far still has a valid bound.
        if found.x is None or found.fun is None:
            break
        hoped = lowest - found.fun * unit
        if hoped <= _PRECISION * lowest:
            break
        point = np.maximum(found.x[:size] * unit, 0.0)
        value, slope = _value(task, point)
        slopes.append(slope)
        offsets.append((value - slope @ point) / unit)
        if lowest - value < 0.1 * hoped:
            box = box / 2.0
        elif lowest - value > 0.5 * hoped:
            box = np.where(np.abs(point - worth) > 0.99 * box, box * 2.0, box)
        if value < lowest:
            worth, lowest = point, value
    return worth, lowest


def _value(task: OfferChoice, worth: Floats) -> tuple[float, Floats]:
    choice, highest = task.best(task.prices(worth))
    return float(highest.sum() + worth.sum()), 1.0 - task.usage(choice) / task.limits
