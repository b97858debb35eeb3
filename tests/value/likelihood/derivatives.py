"""Slopes and bends that formulas give, against differences of what they are the slopes of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from telcrm.value.likelihood.terms import Bends, RowCurvature

Floats = NDArray[np.float64]

_STEP = 1e-4


def assert_derivatives(
    rows: Callable[[Floats, Floats], RowCurvature], parameters: Floats, columns: Floats
) -> None:
    """Check the derivatives by logarithms of parameters, row by row, with central differences."""
    logs = np.log(parameters)
    value, gradient, second = rows(parameters, columns)
    size = len(parameters)
    hessian = np.zeros((size, size, value.size))
    told = second.dense() if isinstance(second, Bends) else second
    # The last parameters may have no second derivatives.
    hessian[: len(told), : len(told)] = told
    assert value.shape == columns.shape[1:]
    assert gradient.shape == (size, *value.shape)
    for at in range(size):
        moved = np.zeros_like(logs)
        moved[at] = _STEP
        above, below = rows(np.exp(logs + moved), columns), rows(np.exp(logs - moved), columns)
        scale = np.abs(value).max() + 1.0
        assert_allclose(
            (above[0] - below[0]) / (2 * _STEP), gradient[at], rtol=2e-6, atol=1e-7 * scale
        )
        bend = np.abs(gradient).max() + 1.0
        assert_allclose(
            (above[1] - below[1]) / (2 * _STEP), hessian[at], rtol=2e-6, atol=1e-7 * bend
        )
