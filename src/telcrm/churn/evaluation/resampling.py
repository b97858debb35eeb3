"""Resamples of customers, and what metrics are on each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from telcrm.churn.evaluation.levels import ScoreOrder
from telcrm.churn.evaluation.metric import MEASURES, ChurnMetric, MetricSettings
from telcrm.churn.evaluation.scores import Bools, Floats, Ints
from telcrm.domain.arguments import whole_between

__all__ = ["measure_resamples", "percentiles", "read_draws", "resamples"]

_AT_ONCE: Final = 2_000_000
_LEAST_DRAWS: Final = 20


def resamples(churned: Bools, draws: int, seed: int) -> Iterator[Ints]:
    """Draw customers with replacement, leavers and stayers apart.

    Parameters
    ----------
    churned : array of bool, shape (n,)
    draws, seed : int

    Yields
    ------
    array of int, shape (n,)
        How often each customer was drawn.
    """
    chance = np.random.default_rng(seed)
    sides = [np.flatnonzero(churned), np.flatnonzero(~churned)]
    step = max(1, _AT_ONCE // churned.size)
    for first in range(0, draws, step):
        block = min(step, draws - first)
        weights = np.zeros((block, churned.size), dtype=np.int64)
        rows = np.arange(block)[:, None]
        for places in sides:
            drawn = chance.integers(places.size, size=(block, places.size)) + rows * places.size
            counts = np.bincount(drawn.ravel(), minlength=block * places.size)
            weights[:, places] = counts.reshape(block, places.size)
        yield from weights


def measure_resamples(
    rankings: Sequence[ScoreOrder],
    metrics: Sequence[ChurnMetric],
    settings: MetricSettings,
    draws: Iterable[Ints],
) -> Floats:
    """Return every metric of every ranking on the same resamples.

    Parameters
    ----------
    rankings : sequence of ScoreOrder
        Of the same customers.
    metrics : sequence of ChurnMetric
    settings : MetricSettings
    draws : iterable of array of int, shape (n,)
        As :func:`resamples` yields them.

    Returns
    -------
    array of shape (metrics, rankings, draws)
    """
    found = []
    for weights in draws:
        drawn = [ranked.levels(weights) for ranked in rankings]
        found.append([[MEASURES[metric](each, settings) for each in drawn] for metric in metrics])
    return np.moveaxis(np.array(found, dtype=np.float64), 0, -1)


def percentiles(drawn: Floats, confidence: float) -> tuple[float, float]:
    """Return the ends of the middle share of some values.

    Parameters
    ----------
    drawn : array of shape (draws,)
    confidence : float in (0, 1)

    Returns
    -------
    (float, float)
    """
    lower, upper = np.quantile(drawn, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return float(lower), float(upper)


def read_draws(draws: object, random_state: object) -> tuple[int, int]:
    """Return how many resamples to draw, and the seed, or refuse them.

    Parameters
    ----------
    draws, random_state : object

    Returns
    -------
    (int, int)

    Raises
    ------
    ParameterError
    """
    number = whole_between("draws", draws, _LEAST_DRAWS)
    return number, whole_between("random_state", random_state, 0)
