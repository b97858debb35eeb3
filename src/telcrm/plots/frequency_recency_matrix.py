"""What a model of purchases makes of how often, and how lately, a customer bought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_positive, whole_between
from telcrm.plots.canvas import canvas, title
from telcrm.plots.customer_cells import customer_cells, require_purchase_model
from telcrm.plots.style import MUTED, shades
from telcrm.plots.words import compact, percent
from telcrm.value import PurchaseModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.contour import QuadContourSet

__all__ = ["frequency_recency_matrix"]

Floats = NDArray[np.float64]

_ROWS: Final = 40
_MOST_PURCHASES: Final = 500
_MOST_PERIODS: Final = 1000


def frequency_recency_matrix(
    model: PurchaseModel,
    *,
    age: float,
    horizon: float | timedelta | None = None,
    most: int = 15,
    covariates: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Shade, for each frequency and recency, the probability to be alive or the purchases to come.

    Parameters
    ----------
    model : PurchaseModel
        Fitted: :class:`telcrm.value.BetaGeoModel` and its like.
    age : float above 0
        Time since the first purchase, in ``time_unit`` of the model; it is the same in all cells.
        Where time goes by in periods, a whole number up to 1,000.
    horizon : float or timedelta, optional
        Show the expected purchases of so long a time from now on. By default the probability to be
        alive is shown.
    most : int from 1 to 500
        The greatest frequency.
    covariates : mapping of str to float, optional
        Their values, for a model with covariates.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed: extra ``plot``.
    NotFittedError
    ParameterError
        An argument is outside its range, a covariate is missing, or ``ax`` is none.

    Notes
    -----
    Frequency is the number of purchases after the first, recency the time from the first to the
    last. Who never bought again has recency 0, and is the cell at the bottom left. What cannot be
    stays white, and lines join what is alike, at the levels of the scale. Among customers who last
    bought long ago, those who used to buy often are the likelier to be gone. Fader, Hardie & Lee
    (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of Marketing
    Research 42(4), 415-430.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value import BetaGeoModel
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 5, 14],
    ...         "recency": [0.0, 5.0, 25.0, 20.0, 36.0, 38.0],
    ...         "age": [38.9] * 6,
    ...         "customers": [1400, 300, 130, 100, 40, 8],
    ...     }
    ... )
    >>> model = BetaGeoModel(customers="customers").fit(customers)
    >>> ax = frequency_recency_matrix(model, age=38.9, horizon=13)
    >>> ax.get_title(loc="left")
    'Expected purchases in the next 13 weeks, age 38.9 weeks'
    """
    require_purchase_model(model)
    require_positive(age=age)
    columns = whole_between("most", most, 1, _MOST_PURCHASES)
    length = None if horizon is None else model.length_of(horizon)
    edges, recency = _recencies(model, float(age))
    grid = _grid(model, recency, columns, age=float(age), horizon=length, covariates=covariates)
    with canvas(ax, width_in=6.2, height_in=4.1) as axes:
        from matplotlib.ticker import MaxNLocator

        across = np.arange(-0.5, columns + 1.0)
        top = 1.0 if length is None else float(np.nanmax(grid)) or 1.0
        mesh = axes.pcolormesh(across, edges, grid, cmap=shades(), vmin=0.0, vmax=top)
        ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(0.0, top)
        levels = np.array([tick for tick in ticks if tick <= top])
        lines = None
        if not model.process.whole_periods:
            lines = _join_alike(axes, grid, recency, levels)
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(15, integer=True))
        axes.set_xlabel("frequency: purchases after the first")
        axes.set_ylabel(f"recency: {model.unit}s from the first to the last")
        _explain_shades(axes, mesh, levels, lines, share=length is None)
        what = "Probability alive"
        if length is not None:
            what = f"Expected purchases in the next {_spell(length, model)}"
        title(axes, f"{what}, age {_spell(float(age), model)}")
        return axes


def _recencies(model: PurchaseModel, age: float) -> tuple[Floats, Floats]:
    """Return edges of rows, and the recency that each stands for: 0, and then up to the age."""
    if model.process.whole_periods:
        periods = whole_between("age", int(age) if age == int(age) else age, 1, _MOST_PERIODS)
        return np.arange(-0.5, periods + 1.0), np.arange(periods + 1.0)
    edges = np.linspace(0.0, age, _ROWS + 1)
    recency = edges[1:].copy()
    recency[0] = 0.0
    return edges, recency


def _grid(
    model: PurchaseModel,
    recency: Floats,
    most: int,
    *,
    age: float,
    horizon: float | None,
    covariates: Mapping[str, float] | None,
) -> Floats:
    often, last = np.meshgrid(np.arange(most + 1.0), recency)
    known = (often == 0) == (last == 0)
    if model.process.whole_periods:
        known &= often <= last
    cells = customer_cells(model, often[known], last[known], np.full(known.sum(), age), covariates)
    parameters = model.parameters_of(cells)
    grid = np.full(known.shape, np.nan)
    if horizon is None:
        grid[known] = model.process.alive(parameters, cells)
    else:
        grid[known] = model.process.weighted(parameters, cells, [(horizon, 1.0)])
    return grid


def _join_alike(axes: Axes, grid: Floats, recency: Floats, levels: Floats) -> QuadContourSet | None:
    again = grid[1:, 1:]
    crossed = levels[(levels > again.min()) & (levels < again.max())]
    if again.shape[1] == 1 or not crossed.size:
        return None
    frequency = np.arange(1.0, again.shape[1] + 1.0)
    return axes.contour(frequency, recency[1:], again, crossed, colors="white", linewidths=1.0)


def _spell(length: float, model: PurchaseModel) -> str:
    return f"{length:,.4g} {model.unit}{'' if length == 1 else 's'}"


def _explain_shades(
    axes: Axes, mesh: QuadMesh, levels: Floats, lines: QuadContourSet | None, *, share: bool
) -> None:
    bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)
    if lines is not None:
        bar.add_lines(lines)
    bar.set_ticks(
        levels.tolist(),
        labels=[percent(level) if share else compact(level) for level in levels.tolist()],
    )
    bar.ax.tick_params(length=0, labelcolor=MUTED)
