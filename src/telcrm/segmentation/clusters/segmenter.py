"""What all clusterings of customers share: the table, the features, the order of the labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain.choice import choose
from telcrm.errors import InvalidTableError
from telcrm.segmentation.assignment import SEGMENT
from telcrm.segmentation.clusters.features import (
    FeaturePreparation,
    Matrix,
    MissingValues,
    Scaling,
    collect_features,
    open_features,
)
from telcrm.segmentation.segmenter import Segmenter
from telcrm.tables.door import OpenFrame

__all__ = [
    "MAX_SEED",
    "NOISE",
    "ClusterSegmenter",
    "Partition",
    "label_names",
    "label_order",
    "nearest",
    "refuse_few_points",
    "squared_distance",
]

FrameT = TypeVar("FrameT")

MAX_SEED: Final = 2**32 - 1
"""The greatest ``random_state`` that scikit-learn takes."""

NOISE: Final = "noise"
"""Segment of customers who belong to no cluster."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One clustering of some rows.

    Attributes
    ----------
    labels : array of int, one per row
        0, 1, ... in no order; -1 is noise.
    parts : mapping
        What the method has learnt, by its own names; arrays run along the labels.
    """

    labels: NDArray[np.int64]
    parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of clusters, noise not counted."""
        return int(self.labels.max(initial=-1)) + 1


class ClusterSegmenter(Segmenter):
    """Customers grouped by how alike their numbers are; each method is a class of its own.

    ``fit`` brings the features to one array. ``predict`` measures on the engine of the caller,
    with nothing brought to Python, so a lazy frame stays lazy.

    See Also
    --------
    KMeansSegmenter : Compact groups of similar width.
    GaussianMixtureSegmenter : Groups of different width and slant, with probabilities.
    HdbscanSegmenter : Dense groups of any form, their number found, and noise.
    """

    features: Sequence[str]
    customer: str
    scaling: Scaling | str
    log1p: Sequence[str]
    missing: MissingValues | str

    preparation_: FeaturePreparation
    segments_: tuple[str, ...]
    sizes_: tuple[int, ...]

    def fit(self, frame: Any) -> Self:
        """Learn the clusters.

        Parameters
        ----------
        frame : dataframe
            One row per customer, with the features. pandas, Polars (eager or lazy), a DuckDB
            relation, PySpark, or PyArrow. The features are brought to one array.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError
            A column is not there.
        ColumnTypeError
            A feature holds no numbers, or the key is a float or an object.
        InvalidTableError
            A customer is null or stands in two rows, a value is missing (unless
            ``missing="median"``) or infinite, one of ``log1p`` is negative, a feature parts nobody,
            or there are fewer different customers than clusters.
        CurrencyMismatchError
            ``frame`` has a column ``currency`` with more than one currency in it.
        ParameterError
            A parameter is out of range.
        """
        raw = self.raw_features(frame)
        preparation = self.prepare(raw)
        partition = self.partition(preparation.prepared(raw))
        order = label_order(preparation.filled(raw), partition)
        self.preparation_ = preparation
        self.segments_ = label_names(len(order))
        self.sizes_ = tuple(int((partition.labels == label).sum()) for label in order)
        self._keep(partition, order)
        return self

    def predict(self, frame: FrameT) -> FrameT:
        """Assign the customers of a table to the clusters that were learnt.

        Parameters
        ----------
        frame : dataframe
            One row per customer, with the features.

        Returns
        -------
        dataframe
            Of the same kind as ``frame``, one row per customer, sorted by customer: the customer,
            ``segment``, and how near the customer is to it, as the class says.

        Raises
        ------
        NotFittedError
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
            As :meth:`fit` does.
        """
        self.require_fitted()
        opened = self._open(frame)
        rows = opened.rows.with_columns(**self.preparation_.columns())
        found = self._assign(rows).select(self.customer, SEGMENT, self._nearness)
        return opened.close(found.sort(self.customer))  # type: ignore[no-any-return]

    def raw_features(self, frame: Any) -> Matrix:
        """Read what ``fit`` would learn from.

        Parameters
        ----------
        frame : dataframe
            As :meth:`fit` takes it.

        Returns
        -------
        array of float, one row per customer
            Raw features, customers in the order of their keys; NaN where a value is missing.

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        ParameterError
            As :meth:`fit` does.
        """
        self._check()
        raw = collect_features(self._open(frame), customer=self.customer, count=len(self.features))
        if len(raw) < self._least_customers():
            raise InvalidTableError(
                f"customers: there are {len(raw):,} of them, and {self!r:.200} needs "
                f"{self._least_customers():,} at least.",
                customers=len(raw),
            )
        return raw

    def prepare(self, raw: Matrix) -> FeaturePreparation:
        """Learn how the features are made comparable.

        Parameters
        ----------
        raw : array of float, one row per customer
            As :meth:`read` returns it.

        Returns
        -------
        FeaturePreparation

        Raises
        ------
        InvalidTableError
            A feature parts nobody.
        """
        return FeaturePreparation.learn(
            raw,
            features=self.features,
            log1p=self.log1p,
            scaling=choose(Scaling, self.scaling, "scaling"),
            missing=choose(MissingValues, self.missing, "missing"),
        )

    @abstractmethod
    def partition(self, matrix: Matrix, *, random_state: int | None = None) -> Partition:
        """Cluster prepared features; the segmenter itself is not changed.

        Parameters
        ----------
        matrix : array of float, one row per customer
            As ``preparation.prepared(raw)`` returns it.
        random_state : int, optional
            Stands in for the segmenter's own; without effect where nothing is random.

        Returns
        -------
        Partition

        Raises
        ------
        InvalidTableError
            Fewer rows differ than there are to be clusters, or a cluster collapses.
        """

    @abstractmethod
    def _check(self) -> None:
        """Refuse parameters that make no sense."""

    @abstractmethod
    def _least_customers(self) -> int:
        """Return how many customers there have to be."""

    @abstractmethod
    def _keep(self, partition: Partition, order: Sequence[int]) -> None:
        """Keep what was learnt, clusters in their order."""

    @property
    @abstractmethod
    def _nearness(self) -> str:
        """Name of the column that says how near a customer is to its segment."""

    @abstractmethod
    def _assign(self, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Add ``segment`` and the nearness to rows that have ``_x_0``, ``_x_1``, ..."""

    def _open(self, frame: Any) -> OpenFrame:
        return open_features(
            frame,
            customer=self.customer,
            features=self.features,
            log1p=self.log1p,
            missing=choose(MissingValues, self.missing, "missing"),
        )


def label_order(filled: Matrix, partition: Partition) -> list[int]:
    """Order clusters by the mean of their first feature, greatest first, then of the next ones.

    Parameters
    ----------
    filled : array of float, one row per customer
        Raw features without missing values.
    partition : Partition
        Of these rows.

    Returns
    -------
    list of int
        Labels, the first cluster first.
    """
    means = [
        tuple(-filled[partition.labels == label].mean(axis=0)) for label in range(partition.count)
    ]
    return sorted(range(partition.count), key=means.__getitem__)


def label_names(count: int) -> tuple[str, ...]:
    """Name clusters by their place in that order.

    Parameters
    ----------
    count : int

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> label_names(2)
    ('cluster 1', 'cluster 2')
    """
    # Padded with 0, so that they sort as text as they do as numbers.
    width = len(str(count))
    return tuple(f"cluster {at:0{width}}" for at in range(1, count + 1))


def nearest(columns: Sequence[str], labels: Sequence[str | float]) -> nw.Expr:
    """Express the label whose column equals ``_best``; the first of equal ones.

    Parameters
    ----------
    columns, labels : sequence
        Of equal length, one at least.

    Returns
    -------
    narwhals.stable.v2.Expr
    """
    chosen: nw.Expr = nw.lit(labels[-1])
    for column, label in zip(reversed(columns[:-1]), reversed(labels[:-1]), strict=True):
        chosen = nw.when(nw.col(column) == nw.col("_best")).then(nw.lit(label)).otherwise(chosen)
    return chosen


def squared_distance(point: Sequence[float]) -> nw.Expr:
    """Express the squared Euclidean distance of ``_x_0``, ``_x_1``, ... to a point.

    Parameters
    ----------
    point : sequence of float

    Returns
    -------
    narwhals.stable.v2.Expr
    """
    total = (nw.col("_x_0") - point[0]) ** 2
    for at, part in enumerate(point[1:], start=1):
        total = total + (nw.col(f"_x_{at}") - part) ** 2
    return total


def refuse_few_points(matrix: Matrix, n_clusters: int) -> None:
    """Refuse rows of which fewer are different than there are to be clusters.

    Parameters
    ----------
    matrix : array, one row per customer
    n_clusters : int

    Raises
    ------
    InvalidTableError
    """
    different = len(np.unique(matrix, axis=0))
    if different < n_clusters:
        raise InvalidTableError(
            f"customers: only {different:,} of them differ in these features, and n_clusters is "
            f"{n_clusters:,}. Ask for fewer clusters, or add features.",
            different=different,
            n_clusters=n_clusters,
        )
