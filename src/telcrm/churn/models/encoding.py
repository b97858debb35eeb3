"""Categories as numbers: their codes where there are few, what is known of each where many."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.model_selection import KFold

from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable
from telcrm.domain import Record

__all__ = ["CategoryCodes", "encode_categories"]

Floats = NDArray[np.float64]
Finite = Annotated[float, Field(allow_inf_nan=False)]

_MOST_NATIVE: Final = 12
_FOLDS: Final = 5


class CategoryCodes(Record):
    """What stands for the categories of a column.

    Attributes
    ----------
    column : FeatureColumn
    shares : tuple of float, or None
        Of many categories, the smoothed share of leavers of each; None of few, whose codes trees
        can split as they like.
    other, missing : float or None
        For a category that is rare or not known, and for a null.
    """

    column: FeatureColumn
    shares: tuple[Finite, ...] | None
    other: Finite | None
    missing: Finite | None

    @property
    def is_native(self) -> bool:
        """Whether trees are given codes."""
        return self.shares is None

    def of(self, table: FeatureTable) -> Floats:
        """Return a number for each row; NaN for what trees take as a null."""
        codes = table.codes(self.column)
        if self.shares is None:
            return np.where(codes < 0, np.nan, codes.astype(np.float64))
        gone = np.array([each is None for each in table.categories[self.column.name]], dtype=bool)
        known = np.array([*self.shares, np.nan if self.other is None else self.other])
        return np.where(gone, np.nan if self.missing is None else self.missing, known[codes])


def encode_categories(
    table: FeatureTable, left: Floats, *, least_rows: int, random_state: int
) -> tuple[tuple[CategoryCodes, ...], list[Floats]]:
    """Learn what stands for categories, and return it for the rows that it is learnt from.

    Parameters
    ----------
    table : FeatureTable
    left : array of shape (n,)
        0 or 1.
    least_rows : int
        Rows that a category has to have to be one of its own.
    random_state : int

    Returns
    -------
    codes : tuple of CategoryCodes
    columns : list of array of shape (n,)
        Of many categories, shares that were learnt from other rows than each row's own.

    Notes
    -----
    ``(leavers + m p) / (customers + m)`` with p the share of all leavers, and m as large as levels
    are alike: ``p (1 - p)`` over the variance between levels, estimated by moments. Micci-Barreca
    (2001), SIGKDD Explorations 3(1), 27-32; cross-fitted, as Pargent et al. (2022), Computational
    Statistics 37, 2671-2692, recommend.
    """
    made, columns = [], []
    for name in table.categories:
        column = FeatureColumn(name=name, levels=table.levels(name, least_rows))
        levels = column.levels or ()
        if len(levels) <= _MOST_NATIVE:
            native = CategoryCodes(column=column, shares=None, other=None, missing=None)
            made.append(native)
            columns.append(native.of(table))
            continue
        gone = np.array([each is None for each in table.categories[name]], dtype=bool)
        codes = table.codes(column)
        places = np.where(gone, len(levels) + 1, np.where(codes < 0, len(levels), codes))
        *shares, other, missing = _shares(places, left, len(levels) + 2).tolist()
        made.append(
            CategoryCodes(column=column, shares=tuple(shares), other=other, missing=missing)
        )
        crossed = np.empty(left.size)
        folds = KFold(min(_FOLDS, left.size), shuffle=True, random_state=random_state)
        for learn, tell in folds.split(places):
            crossed[tell] = _shares(places[learn], left[learn], len(levels) + 2)[places[tell]]
        columns.append(crossed)
    return tuple(made), columns


def _shares(places: NDArray[np.intp], left: Floats, size: int) -> Floats:
    """Return the smoothed share of leavers at each place."""
    customers = np.bincount(places, minlength=size).astype(np.float64)
    leavers = np.bincount(places, weights=left, minlength=size)
    mean = float(left.mean())
    spread = mean * (1.0 - mean)
    seen = customers > 0
    rates: Floats = np.divide(leavers, customers, out=np.full(size, mean), where=seen)
    if spread == 0.0:
        return rates
    # Of shares that do not differ, the sum of these squares is about their number less one.
    excess = float(customers @ (rates - mean) ** 2) / spread - (seen.sum() - 1.0)
    weight = customers.sum() - float(customers @ customers) / customers.sum()
    if excess <= 0.0 or weight <= 0.0:
        return np.full(size, mean)
    alike = weight / excess
    return np.asarray((leavers + alike * mean) / (customers + alike), dtype=np.float64)
