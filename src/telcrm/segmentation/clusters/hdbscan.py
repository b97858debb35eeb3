"""Dense groups of any form, and the customers between them as noise."""

from __future__ import annotations

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
    NOISE,
    ClusterSegmenter,
    Partition,
    nearest,
    squared_distance,
)
from telcrm.tables.noise import denoise

__all__ = ["HdbscanSegmenter"]

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _State(Record):
    features: tuple[str, ...]
    customer: str
    min_cluster_size: int
    min_samples: int | None
    representatives: int
    scaling: Scaling
    log1p: tuple[str, ...]
    missing: MissingValues
    preparation_: FeaturePreparation
    segments_: tuple[str, ...]
    sizes_: tuple[int, ...]
    noise_size_: int
    representatives_: tuple[tuple[tuple[_Finite, ...], ...], ...]
    radii_: tuple[_Finite, ...]


class HdbscanSegmenter(ClusterSegmenter):
    """Customers in dense groups, as many as there are; those between them are noise (HDBSCAN).

    Parameters
    ----------
    features : sequence of str
        Numeric columns. The first one gives the clusters their order.
    customer : str
        Column that names the customer.
    min_cluster_size : int >= 2
        Fewest customers of a cluster.
    min_samples : int >= 1, optional
        Neighbours that make a place dense; ``min_cluster_size`` by default. The more, the more
        noise.
    representatives : int >= 1
        Most customers that stand for a cluster in ``predict``.
    scaling : Scaling
        How features are made comparable.
    log1p : sequence of str
        Those of ``features`` of which ``log(1 + x)`` is taken first. They have to be 0 or more.
    missing : MissingValues
        Whether missing values, NaN among them, are refused or filled.

    Attributes
    ----------
    segments_ : tuple of str
        ``"cluster 1"``, ``"cluster 2"``, ...: the greatest mean of the first feature first. Empty
        where no place is dense.
    sizes_ : tuple of int
        Customers that were fitted, in the order of ``segments_``.
    noise_size_ : int
        Those who were noise.
    representatives_ : tuple
        For each cluster some of its customers, in scaled units.
    radii_ : tuple of float
        For each cluster the distance within which a customer belongs to it.
    preparation_ : FeaturePreparation

    Notes
    -----
    HDBSCAN itself assigns only the customers it has seen. ``predict`` is defined here: each cluster
    is represented by some of its customers, spread over it so that no member is far from one (the
    first is that nearest to the mean, each next one the member farthest from those before), and its
    radius is the greatest distance of a member to the next representative. A customer belongs to
    the cluster of the nearest representative if that is within the radius, otherwise to
    ``"noise"``. So members keep their cluster, but for a few where two clusters touch, while some
    of the noise that ``fit`` saw is drawn in. More representatives follow a form more closely.
    ``predict`` adds ``distance``: to the nearest representative, in scaled units; null where there
    is no cluster at all.

    References
    ----------
    R. J. G. B. Campello, D. Moulavi, J. Sander (2013), "Density-Based Clustering Based on
    Hierarchical Density Estimates", PAKDD, 160-172. T. F. Gonzalez (1985), "Clustering to Minimize
    the Maximum Intercluster Distance", Theoretical Computer Science 38, 293-306 (representatives).

    Examples
    --------
    >>> import polars as pl
    >>> revenue = [109.0, 109.5, 110, 110.5, 111, 180, 180.5, 181, 181.5, 182, 0, 300.0]
    >>> customers = pl.DataFrame({"customer_id": list("abcdefghijkl"), "revenue": revenue})
    >>> segmenter = HdbscanSegmenter(features=["revenue"], min_cluster_size=3).fit(customers)
    >>> segmenter.sizes_, segmenter.noise_size_
    ((5, 5), 2)
    >>> segmenter.predict(customers.tail(3)).select("customer_id", "segment").rows()
    [('j', 'cluster 1'), ('k', 'noise'), ('l', 'noise')]
    """

    kind: ClassVar[str] = "hdbscan"
    stored_as: ClassVar[type[Record]] = _State

    noise_size_: int
    representatives_: tuple[tuple[tuple[float, ...], ...], ...]
    radii_: tuple[float, ...]

    def __init__(
        self,
        *,
        features: Sequence[str],
        customer: str = "customer_id",
        min_cluster_size: int = 50,
        min_samples: int | None = None,
        representatives: int = 20,
        scaling: Scaling | str = Scaling.STANDARD,
        log1p: Sequence[str] = (),
        missing: MissingValues | str = MissingValues.REFUSE,
    ) -> None:
        self.features = features
        self.customer = customer
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.representatives = representatives
        self.scaling = scaling
        self.log1p = log1p
        self.missing = missing

    def partition(self, matrix: Matrix, *, random_state: int | None = None) -> Partition:  # noqa: ARG002
        """Cluster prepared features, as :meth:`ClusterSegmenter.partition` says."""
        from sklearn.cluster import HDBSCAN

        if len(matrix) < self._least_customers():
            # As few as a redraw may leave make no place dense.
            return Partition(np.full(len(matrix), -1), {"matrix": matrix})
        model = HDBSCAN(
            min_cluster_size=self.min_cluster_size, min_samples=self.min_samples, copy=True
        )
        labels = model.fit_predict(matrix)
        return Partition(labels.astype(np.int64), {"matrix": matrix})

    def _check(self) -> None:
        whole_between("min_cluster_size", self.min_cluster_size, 2)
        whole_between("representatives", self.representatives, 1)
        if self.min_samples is not None:
            whole_between("min_samples", self.min_samples, 1)

    def _least_customers(self) -> int:
        return max(self.min_cluster_size, self.min_samples or 1)

    def _keep(self, partition: Partition, order: Sequence[int]) -> None:
        matrix = partition.parts["matrix"]
        self.noise_size_ = int((partition.labels < 0).sum())
        chosen = [
            _spread(matrix[partition.labels == label], self.representatives) for label in order
        ]
        self.representatives_ = tuple(
            tuple(tuple(point) for point in points.tolist()) for points, _ in chosen
        )
        self.radii_ = tuple(radius for _, radius in chosen)

    @property
    def _nearness(self) -> str:
        return "distance"

    def _assign(self, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        if not self.segments_:
            # Null where x equals itself, which is everywhere, in every engine's own type.
            none = nw.when(nw.col("_x_0") != nw.col("_x_0")).then(nw.col("_x_0"))
            return rows.with_columns(nw.lit(NOISE).alias(SEGMENT), distance=none)
        apart = {
            f"_apart_{at}": _nearest_of(points) for at, points in enumerate(self.representatives_)
        }
        within = {
            # A last bit more, so that the member on the edge is not lost to rounding.
            f"_apart_{at}": radius**2 * (1 + 1e-9) + 1e-18
            for at, radius in enumerate(self.radii_)
        }
        segment = nearest(list(apart), self.segments_)
        reach = nearest(list(apart), list(within.values()))
        return (
            rows.with_columns(**apart)
            .with_columns(_best=nw.min_horizontal(*apart))
            .with_columns(
                nw.when(nw.col("_best") <= reach)
                .then(segment)
                .otherwise(nw.lit(NOISE))
                .alias(SEGMENT),
                distance=denoise(nw.col("_best").sqrt()),
            )
        )


def _nearest_of(points: Sequence[Sequence[float]]) -> nw.Expr:
    return nw.min_horizontal(*[squared_distance(point) for point in points])


def _spread(members: Matrix, most: int) -> tuple[Matrix, float]:
    """Choose members that lie far apart, and return them with the distance that covers the rest."""
    at = int(((members - members.mean(axis=0)) ** 2).sum(axis=1).argmin())
    chosen = [at]
    apart = ((members - members[at]) ** 2).sum(axis=1)
    while len(chosen) < most and apart.max() > 0:
        at = int(apart.argmax())
        chosen.append(at)
        apart = np.minimum(apart, ((members - members[at]) ** 2).sum(axis=1))
    return members[chosen], float(np.sqrt(apart.max()))
