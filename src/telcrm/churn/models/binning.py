"""Columns cut into few bins, and what being in each says of leaving."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from telcrm.churn.models.feature_table import MISSING, FeatureColumn, FeatureTable
from telcrm.domain import Record

__all__ = ["BinnedColumn", "ColumnBins", "Direction", "bin_column"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_SMOOTHING: Final = 0.5


class Direction(StrEnum):
    """How the chance to leave may change with a number."""

    RISING = "rising"
    FALLING = "falling"
    EITHER = "either"
    """Rising or falling, whichever tells more."""


class ColumnBins(Record):
    """The bins of a column: of its values, then one of what is not known.

    Attributes
    ----------
    column : FeatureColumn
    cuts : tuple of float
        Of a number: the upper ends of its bins but the last.
    groups : tuple of tuple of str
        Of a category: the levels of each bin; those of no bin are in a last one of the rest.
    customers, leavers : tuple of int
        In each bin.
    """

    column: FeatureColumn
    cuts: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    customers: tuple[int, ...]
    leavers: tuple[int, ...]

    @property
    def weight_of_evidence(self) -> Floats:
        """``ln(leavers/all leavers) - ln(stayers/all stayers)`` of each bin, smoothed by 0.5."""
        gone = np.array(self.leavers, dtype=np.float64)
        stayed = np.array(self.customers) - gone
        told = np.log(gone + _SMOOTHING) - np.log(stayed + _SMOOTHING)
        whole = np.log(gone.sum() + _SMOOTHING) - np.log(stayed.sum() + _SMOOTHING)
        # A bin that nobody was in says nothing.
        return np.where(gone + stayed > 0, told - whole, 0.0)

    @property
    def information_value(self) -> float:
        """How much the bins tell: the divergence of the bins of leavers from those of stayers."""
        gone = np.array(self.leavers, dtype=np.float64)
        stayed = np.array(self.customers) - gone
        shares = gone / max(gone.sum(), 1.0) - stayed / max(stayed.sum(), 1.0)
        return float(shares @ self.weight_of_evidence)

    def words(self) -> list[str]:
        """Name each bin."""
        if self.column.levels is not None:
            told = [", ".join(group) for group in self.groups]
            return [*told, "any other", "not known"]
        if not self.cuts:
            return ["any value", "not known"]
        ends = [f"{cut:g}" for cut in self.cuts]
        between = [f"above {low} up to {high}" for low, high in pairwise(ends)]
        return [f"up to {ends[0]}", *between, f"above {ends[-1]}", "not known"]


class BinnedColumn:
    """A column where it was learnt: its bins, and the bin of each row."""

    def __init__(self, bins: ColumnBins, places: Places) -> None:
        self.bins = bins
        self.places = places


def bin_column(
    table: FeatureTable,
    name: str,
    left: Floats,
    *,
    most_bins: int,
    least_rows: int,
    direction: Direction | None,
) -> BinnedColumn:
    """Cut a column where the share of leavers changes most.

    Parameters
    ----------
    table : FeatureTable
    name : str
    left : array of shape (n,)
        0 or 1.
    most_bins : int
        Nulls and rare categories are in bins of their own, beside these.
    least_rows : int
        In each bin.
    direction : Direction or None
        Of a number.

    Returns
    -------
    BinnedColumn

    Notes
    -----
    The cuts are those of a classification tree of this one column.
    """
    if name in table.numbers:
        values = table.numbers[name]
        known = ~np.isnan(values)
        cuts = _cuts(values[known], left[known], most_bins, least_rows, direction)
        places = np.searchsorted(cuts, values, side="left")
        places = np.where(known, places, len(cuts) + 1)
        return _counted(FeatureColumn(name=name), left, places, len(cuts) + 2, cuts=cuts)
    column = FeatureColumn(name=name, levels=table.levels(name, least_rows))
    codes = table.codes(column)
    groups = _groups(codes, left, len(column.levels or ()), most_bins, least_rows)
    group_of = np.full(len(column.levels or ()) + 1, len(groups))
    for at, group in enumerate(groups):
        group_of[list(group)] = at
    gone = np.array([each is None for each in table.categories[name]], dtype=bool)
    places = np.where(gone, len(groups) + 1, group_of[codes])
    named = [tuple((column.levels or ())[code] for code in group) for group in groups]
    return _counted(column, left, places, len(groups) + 2, groups=named)


def _counted(
    column: FeatureColumn,
    left: Floats,
    places: Places,
    size: int,
    *,
    cuts: Floats | None = None,
    groups: Sequence[tuple[str, ...]] = (),
) -> BinnedColumn:
    bins = ColumnBins(
        column=column,
        cuts=() if cuts is None else tuple(cuts.tolist()),
        groups=tuple(groups),
        customers=tuple(np.bincount(places, minlength=size).tolist()),
        leavers=tuple(np.bincount(places, weights=left, minlength=size).astype(int).tolist()),
    )
    return BinnedColumn(bins, places)


def _cuts(
    values: Floats, left: Floats, most_bins: int, least_rows: int, direction: Direction | None
) -> Floats:
    if values.size < 2 * least_rows:
        return np.empty(0)
    signs = {None: [0], Direction.RISING: [1], Direction.FALLING: [-1]}.get(direction, [1, -1])
    best, found = np.inf, np.empty(0)
    for sign in signs:
        tree = DecisionTreeClassifier(
            criterion="log_loss",
            max_leaf_nodes=most_bins,
            min_samples_leaf=least_rows,
            monotonic_cst=[sign],
            random_state=0,
        ).fit(values[:, None], left)
        grown = tree.tree_
        cuts = np.sort(grown.threshold[grown.children_left >= 0])
        leaves = grown.children_left < 0
        loss = float(grown.impurity[leaves] @ grown.n_node_samples[leaves])
        if loss < best:
            best, found = loss, cuts
    return found


def _groups(
    codes: Places, left: Floats, levels: int, most_bins: int, least_rows: int
) -> list[tuple[int, ...]]:
    """Put levels together whose customers leave alike."""
    if not levels:
        return []
    known = codes != MISSING
    counts = np.bincount(codes[known], minlength=levels)
    gone = np.bincount(codes[known], weights=left[known], minlength=levels)
    share = (gone + _SMOOTHING) / (counts + 2 * _SMOOTHING)
    order = np.lexsort((np.arange(levels), share))
    rank = np.empty(levels)
    rank[order] = np.arange(levels, dtype=np.float64)
    cuts = _cuts(rank[codes[known]], left[known], most_bins, least_rows, None)
    place = np.searchsorted(cuts, rank[order], side="left")
    return [tuple(sorted(order[place == at].tolist())) for at in range(len(cuts) + 1)]
