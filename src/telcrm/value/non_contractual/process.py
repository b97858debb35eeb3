"""The formulas of a model of purchases, on arrays: no frame in sight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from telcrm.value.likelihood.distinct import by_distinct
from telcrm.value.likelihood.terms import Term
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.scoring import ROWS_AT_ONCE

__all__ = ["MemorylessProcess", "PurchaseProcess", "by_kind"]

Floats = NDArray[np.float64]


class PurchaseProcess(ABC):
    """How customers buy and stop buying, in formulas.

    Parameters are arrays of shape (k, 1), or (k, m) where covariates make them differ by row.

    Attributes
    ----------
    names : tuple of str
        Of the parameters, all of them positive.
    rate_effects, dropout_effects : tuple of (int, float)
        Parameters that covariates of buying, and of leaving, multiply, and with what sign.
    whole_periods : bool
        Time goes by in whole periods.
    end_words : mapping of str to str
        What it means that the data do not tell a parameter.
    """

    names: ClassVar[tuple[str, ...]]
    rate_effects: ClassVar[tuple[tuple[int, float], ...]] = ()
    dropout_effects: ClassVar[tuple[tuple[int, float], ...]] = ()
    whole_periods: ClassVar[bool] = False
    end_words: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def terms(self, cells: Cells) -> list[Term]:
        """Return the log-likelihood of the cells."""

    @abstractmethod
    def start(self, cells: Cells) -> Floats:
        """Return parameters to begin the search with."""

    @abstractmethod
    def log_odds_of_leaving(
        self, parameters: Floats, often: Floats, last: Floats, age: Floats
    ) -> Floats:
        """Return the log odds that each has left since the last purchase."""

    @abstractmethod
    def weighted(
        self, parameters: Floats, cells: Cells, horizons: Sequence[tuple[float, float]]
    ) -> Floats:
        """Return a weighted sum of the expected purchases over several horizons."""

    @abstractmethod
    def residual(self, parameters: Floats, cells: Cells, rate: float) -> Floats:
        """Return the discounted purchases of each over all time to come."""

    @abstractmethod
    def new(self, parameters: Floats, horizon: Floats) -> Floats:
        """Return the expected purchases of a new customer up to each horizon."""

    @abstractmethod
    def counts(self, parameters: Floats, horizon: float, most: int) -> Floats:
        """Return the probabilities that a new customer makes 0, 1, ..., ``most`` purchases."""

    @abstractmethod
    def draw_future(
        self, parameters: Floats, cells: Cells, horizon: float, chance: np.random.Generator
    ) -> Floats:
        """Draw the purchases of each over the horizon."""

    @abstractmethod
    def draw_histories(
        self, parameters: Floats, age: Floats, chance: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Draw frequency and recency of new customers observed up to their age."""

    def alive(self, parameters: Floats, cells: Cells) -> Floats:
        """Return the probability that each is still a customer."""
        found = np.empty_like(cells.frequency)
        # A block at a time stays in the cache, and bounds the memory.
        for first in range(0, found.size, ROWS_AT_ONCE):
            rows = slice(first, first + ROWS_AT_ONCE)
            own = parameters if parameters.shape[1] == 1 else parameters[:, rows]
            odds = self.log_odds_of_leaving(
                own, cells.frequency[rows], cells.recency[rows], cells.age[rows]
            )
            # scipy's expit takes ten times as long.
            with np.errstate(over="ignore"):
                found[rows] = 1.0 / (1.0 + np.exp(odds))
        return found


class MemorylessProcess(PurchaseProcess):
    """Customers who buy, while they are there, no matter how long ago they last did."""

    @abstractmethod
    def while_alive(self, parameters: Floats, often: Floats, age: Floats, horizon: float) -> Floats:
        """Return the expected purchases over the horizon of each, given they are still there."""

    @abstractmethod
    def discounted_while_alive(
        self, parameters: Floats, often: Floats, age: Floats, rate: float
    ) -> Floats:
        """Return the discounted purchases over all time of each, given they are still there."""

    def weighted(
        self, parameters: Floats, cells: Cells, horizons: Sequence[tuple[float, float]]
    ) -> Floats:
        """Return a weighted sum of the expected purchases over several horizons."""

        def while_alive(often: Floats, age: Floats) -> Floats:
            parts = [
                weight * self.while_alive(parameters, often, age, horizon)
                for horizon, weight in horizons
            ]
            found: Floats = np.sum(parts, axis=0)
            return found

        return self.alive(parameters, cells) * by_kind(while_alive, parameters, cells)

    def residual(self, parameters: Floats, cells: Cells, rate: float) -> Floats:
        """Return the discounted purchases of each over all time to come."""

        def while_alive(often: Floats, age: Floats) -> Floats:
            return self.discounted_while_alive(parameters, often, age, rate)

        return self.alive(parameters, cells) * by_kind(while_alive, parameters, cells)


def by_kind(
    function: Callable[[Floats, Floats], Floats], parameters: Floats, cells: Cells
) -> Floats:
    """Compute what depends on frequency and age alone, once for each pair where it may be."""
    if parameters.shape[1] > 1:
        return function(cells.frequency, cells.age)
    return by_distinct(function, cells.frequency, cells.age)
