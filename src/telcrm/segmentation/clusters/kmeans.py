"""Clusters around centres."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import narwhals.stable.v2 as nw
import numpy as np
from pydantic import Field

from telcrm.domain import Record
from telcrm.domain.arguments import whole_between
from telcrm.segmentation.assignment import SEGMENT
from telcrm.segmentation.clusters.features import FeaturePreparation, Matrix, MissingValues, Scaling
from telcrm.segmentation.clusters.segmenter import (
    MAX_SEED,
    ClusterSegmenter,
    Partition,
    nearest,
    refuse_few_points,
    squared_distance,
)
from telcrm.tables.noise import denoise

__all__ = ["KMeansSegmenter"]

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _State(Record):
    features: tuple[str, ...]
    n_clusters: int
    customer: str
    scaling: Scaling
    log1p: tuple[str, ...]
    missing: MissingValues
    n_init: int
    random_state: int
    preparation_: FeaturePreparation
    segments_: tuple[str, ...]
    sizes_: tuple[int, ...]
    centres_: tuple[tuple[_Finite, ...], ...]


class KMeansSegmenter(ClusterSegmenter):
    """Customers around a given number of centres, each with the nearest one (k-means).

    Parameters
    ----------
    features : sequence of str
        Numeric columns. The first one gives the clusters their order.
    n_clusters : int >= 1
    customer : str
        Column that names the customer.
    scaling : Scaling
        How features are made comparable.
    log1p : sequence of str
        Those of ``features`` of which ``log(1 + x)`` is taken first: amounts, of which most are
        small and few are very great. They have to be 0 or more.
    missing : MissingValues
        Whether missing values, NaN among them, are refused or filled.
    n_init : int >= 1
        Starts from different centres, of which the best is kept.
    random_state : int >= 0
        Of the starts. The same table gives the same clusters, whatever the order of its rows.

    Attributes
    ----------
    segments_ : tuple of str
        ``"cluster 1"``, ``"cluster 2"``, ...: the greatest mean of the first feature first.
    sizes_ : tuple of int
        Customers that were fitted, in the order of ``segments_``.
    centres_ : tuple of tuple of float
        In scaled units.
    preparation_ : FeaturePreparation

    Notes
    -----
    ``predict`` adds ``distance``: Euclidean, to the centre, in scaled units. A customer between
    two centres belongs to the one that comes first.

    References
    ----------
    S. P. Lloyd (1982), "Least Squares Quantization in PCM", IEEE Transactions on Information Theory
    28(2), 129-137. D. Arthur, S. Vassilvitskii (2007), "k-means++", SODA, 1027-1035 (the starts).

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {"customer_id": ["a", "b", "c", "d"], "revenue": [9.0, 11.0, 80.0, 90.0]}
    ... )
    >>> segmenter = KMeansSegmenter(features=["revenue"], n_clusters=2).fit(customers)
    >>> segmenter.predict(customers).select("customer_id", "segment").rows()
    [('a', 'cluster 2'), ('b', 'cluster 2'), ('c', 'cluster 1'), ('d', 'cluster 1')]
    """

    kind: ClassVar[str] = "k_means"
    stored_as: ClassVar[type[Record]] = _State

    centres_: tuple[tuple[float, ...], ...]

    def __init__(
        self,
        *,
        features: Sequence[str],
        n_clusters: int,
        customer: str = "customer_id",
        scaling: Scaling | str = Scaling.STANDARD,
        log1p: Sequence[str] = (),
        missing: MissingValues | str = MissingValues.REFUSE,
        n_init: int = 10,
        random_state: int = 0,
    ) -> None:
        self.features = features
        self.n_clusters = n_clusters
        self.customer = customer
        self.scaling = scaling
        self.log1p = log1p
        self.missing = missing
        self.n_init = n_init
        self.random_state = random_state

    def partition(self, matrix: Matrix, *, random_state: int | None = None) -> Partition:
        """Cluster prepared features, as :meth:`ClusterSegmenter.partition` says."""
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

        refuse_few_points(matrix, self.n_clusters)
        model = KMeans(
            n_clusters=self.n_clusters,
            n_init=self.n_init,
            random_state=self.random_state if random_state is None else random_state,
        )
        with warnings.catch_warnings():
            # It says that points coincide, and these were counted above.
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = model.fit_predict(matrix)
        return Partition(labels.astype(np.int64), {"centres": model.cluster_centers_})

    def _check(self) -> None:
        whole_between("n_clusters", self.n_clusters, 1)
        whole_between("n_init", self.n_init, 1)
        whole_between("random_state", self.random_state, 0, MAX_SEED)

    def _least_customers(self) -> int:
        return max(2, self.n_clusters)

    def _keep(self, partition: Partition, order: Sequence[int]) -> None:
        self.centres_ = tuple(tuple(partition.parts["centres"][label].tolist()) for label in order)

    @property
    def _nearness(self) -> str:
        return "distance"

    def _assign(self, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        apart = {f"_apart_{at}": squared_distance(c) for at, c in enumerate(self.centres_)}
        return (
            rows.with_columns(**apart)
            .with_columns(_best=nw.min_horizontal(*apart))
            .with_columns(
                nearest(list(apart), self.segments_).alias(SEGMENT),
                distance=denoise(nw.col("_best").sqrt()),
            )
        )
