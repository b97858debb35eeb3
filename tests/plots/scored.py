"""Customers with scores of known quality."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scored(customers: int = 2000, *, seed: int = 1) -> tuple[NDArray[np.int64], Floats]:
    """Outcomes drawn from calibrated probabilities, and these."""
    rng = np.random.default_rng(seed)
    chance = 1.0 / (1.0 + np.exp(2.5 - 1.2 * rng.normal(size=customers)))
    return (rng.random(customers) < chance).astype(np.int64), chance
