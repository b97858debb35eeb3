"""How likely one customer was still there, from purchase to purchase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_day, require_not_negative
from telcrm.errors import ParameterError
from telcrm.plots.canvas import canvas, say_nothing, title
from telcrm.plots.customer_cells import customer_cells, require_purchase_model
from telcrm.plots.style import INK, MUTED, PRIMARY, tidy
from telcrm.plots.words import percent
from telcrm.value import PurchaseModel, TimeUnit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["alive_history"]

Floats = NDArray[np.float64]

_POINTS: Final = 300
_MOST_DOTS: Final = 40


def alive_history(
    model: PurchaseModel,
    transactions: Sequence[date] | Sequence[float],
    *,
    until: date | float,
    covariates: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability that one customer is alive, from the first purchase to a day.

    Parameters
    ----------
    model : PurchaseModel
        Fitted: :class:`telcrm.value.BetaGeoModel` and its like.
    transactions : sequence of date, or sequence of float
        Days of the purchases, the first included, in any order; or times since the first, 0
        included, in ``time_unit`` of the model. Those of one day are one purchase; those after
        ``until`` are left out.
    until : date or float
        The end, in the same terms.
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
        Purchases are neither days nor times, the first is after ``until``, days are given to a
        model of whole periods, a covariate is missing, or ``ax`` is none.

    Notes
    -----
    Each purchase is a stroke at the foot. At each time the model is told what was known then:
    purchases so far, the last of them, and the time gone by. The longer a silence lasts against the
    customer's own pace, the lower it falls. BG/NBD takes it for certain that a customer is there
    who has not bought a second time, because there one can leave at a purchase after the first
    only.

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
    >>> days = [date(2024, 1, 1), date(2024, 1, 20), date(2024, 2, 3)]
    >>> ax = alive_history(model, days, until=date(2024, 5, 31))
    >>> ax.get_title(loc="left")
    'Probability alive, 3 purchases'
    """
    require_purchase_model(model)
    given = list(transactions)
    if isinstance(until, date):
        history = _by_days(model, given, until)
    else:
        history = _by_times(model, given, until)
    with canvas(ax, width_in=6.6, height_in=3.0) as axes:
        if not history.times:
            return say_nothing(axes, "no purchases")
        _draw(axes, history, *_curve(model, history, covariates))
        count = len(history.times)
        title(axes, f"Probability alive, {count} purchase{'' if count == 1 else 's'}")
        return axes


@dataclass(frozen=True, slots=True)
class _History:
    """Times since the first purchase, in units of the model, and the day that is 0."""

    times: tuple[float, ...]
    end: float
    first: date | None
    unit: TimeUnit

    def places(self, times: Floats | Sequence[float]) -> Any:
        """Return where times stand on the axis."""
        if self.first is None:
            return np.asarray(times)
        start = np.datetime64(self.first, "s")
        seconds = np.round(np.asarray(times) * self.unit.days * 86_400.0)
        return start + seconds.astype("timedelta64[s]")


def _by_days(model: PurchaseModel, given: Sequence[Any], until: date) -> _History:
    require_day("alive_history", until)
    if wrong := [each for each in given if type(each) is not date]:
        raise ParameterError(
            f"transactions hold {wrong[0]!r:.60}, and have to be dates, as until is. Pass their "
            "days, for example at.date().",
            transaction=wrong[0],
        )
    unit = model.unit
    if model.process.whole_periods and unit.days != 1.0:
        raise ParameterError(
            f"{type(model).__name__} counts whole periods of a {unit}, and days are none. Pass the "
            "numbers of the periods with a purchase, 0 for the first.",
            parameter="transactions",
        )
    known = sorted(day for day in set(given) if day <= until)
    if given and not known:
        raise ParameterError(
            f"until is {until}, and the first transaction is after it. Pass a later day.",
            until=until,
        )
    first = known[0] if known else until
    *times, end = ((day - first) / timedelta(days=unit.days) for day in (*known, until))
    return _History(tuple(times), end, first, unit)


def _by_times(model: PurchaseModel, given: Sequence[Any], until: float) -> _History:
    require_not_negative(until=until)
    for time in given:
        require_not_negative(transaction=time)
    if model.process.whole_periods and any(time != int(time) for time in (*given, until)):
        raise ParameterError(
            f"{type(model).__name__} counts whole periods: transactions and until have to be "
            "whole numbers.",
            parameter="transactions",
        )
    if given and 0 not in given:
        raise ParameterError(
            f"transactions begin at {min(given)}, and have to be times since the first of them, "
            "which is 0. Subtract it.",
            parameter="transactions",
        )
    times = sorted({float(time) for time in given if time <= until})
    return _History(tuple(times), float(until), None, model.unit)


def _curve(
    model: PurchaseModel, history: _History, covariates: Mapping[str, float] | None
) -> tuple[Floats, Floats]:
    """Return times, each purchase twice where it makes the curve jump, and probabilities."""
    often, last, age = [], [], []
    for number, (here, there) in enumerate(pairwise((*history.times, history.end))):
        if model.process.whole_periods:
            passed = np.arange(here, there)
        else:
            share = (there - here) / history.end if history.end else 1.0
            passed = np.linspace(here, there, max(2, round(_POINTS * share)))
        often.append(np.full(passed.size, float(number)))
        last.append(np.full(passed.size, here))
        age.append(passed)
    if model.process.whole_periods:
        often.append(np.array([len(history.times) - 1.0]))
        last.append(np.array([history.times[-1]]))
        age.append(np.array([history.end]))
    ages = np.concatenate(age)
    cells = customer_cells(model, np.concatenate(often), np.concatenate(last), ages, covariates)
    return ages, model.process.alive(model.parameters_of(cells), cells)


def _draw(axes: Axes, history: _History, age: Floats, alive: Floats) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import PercentFormatter

    tidy(axes)
    axes.vlines(history.places(history.times), 0, 0.05, color=MUTED, linewidth=1.0)
    axes.plot(history.places(age), alive, color=PRIMARY)
    if len(history.times) <= _MOST_DOTS:
        # Of a time that stands twice, the later state is what the purchase left behind.
        after = [alive[np.flatnonzero(age == time)[-1]] for time in history.times]
        axes.plot(history.places(history.times), after, "o", color=PRIMARY, markersize=4)
    axes.annotate(
        percent(float(alive[-1])),
        (history.places([history.end])[0], float(alive[-1])),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=INK,
        weight="bold",
        annotation_clip=False,
    )
    room = 0.02 * (history.end or 1.0)
    axes.set_xlim(*history.places([-room, (history.end or 1.0) + room]))
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    if history.first is None:
        axes.set_xlabel(f"{history.unit}s since the first purchase")
        return
    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
