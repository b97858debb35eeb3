"""Whether clusters come back when the customers are drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import whole_between
from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation.clusters.features import Matrix
from telcrm.segmentation.clusters.segmenter import (
    MAX_SEED,
    ClusterSegmenter,
    Partition,
    label_names,
    label_order,
)
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = [
    "ClusterReturn",
    "ClusterStability",
    "StabilityVerdict",
    "cluster_stability",
    "drawn_rows",
    "redraw_jaccard",
]

_DISSOLVED: Final = 0.5
_RECOVERED: Final = 0.75


class StabilityVerdict(StrEnum):
    """What a mean Jaccard similarity says of a cluster."""

    HIGHLY_STABLE = "highly stable"
    """0.85 and above."""
    STABLE = "stable"
    """0.75 and above: the cluster is there."""
    PATTERN = "pattern"
    """0.6 and above: there is something, but who belongs to it is doubtful."""
    UNSTABLE = "unstable"
    """Above 0.5: not to be trusted."""
    DISSOLVED = "dissolved"
    """0.5 and below: other draws give other clusters."""

    @classmethod
    def of(cls, jaccard: float) -> StabilityVerdict:
        """Return the verdict on a mean Jaccard similarity.

        Parameters
        ----------
        jaccard : float in [0, 1]

        Returns
        -------
        StabilityVerdict

        Examples
        --------
        >>> StabilityVerdict.of(0.8)
        <StabilityVerdict.STABLE: 'stable'>
        """
        for least, verdict in ((0.85, cls.HIGHLY_STABLE), (0.75, cls.STABLE), (0.6, cls.PATTERN)):
            if jaccard >= least:
                return verdict
        return cls.UNSTABLE if jaccard > _DISSOLVED else cls.DISSOLVED


@dataclass(frozen=True, slots=True)
class ClusterReturn:
    """How well one cluster comes back.

    Attributes
    ----------
    segment : str
    customers : int
    share : float
        Of all customers that were clustered, noise among them.
    jaccard : float in [0, 1]
        Mean similarity to the most similar cluster of each draw.
    recovered : int
        Draws with a similarity of 0.75 or more.
    dissolved : int
        Draws with a similarity of 0.5 or less.
    draws : int
        Draws that had any of its customers in them.
    verdict : StabilityVerdict
    """

    segment: str
    customers: int
    share: float
    jaccard: float
    recovered: int
    dissolved: int
    draws: int
    verdict: StabilityVerdict


@dataclass(frozen=True, slots=True)
class ClusterStability:
    """How well each cluster comes back when customers are drawn anew.

    Attributes
    ----------
    clusters : tuple of ClusterReturn
        In the order of the labels. Empty where all customers are noise.
    customers : int
        Customers that were clustered.
    n_boot : int
    """

    clusters: tuple[ClusterReturn, ...]
    customers: int
    n_boot: int

    @property
    def weakest(self) -> ClusterReturn | None:
        """The cluster of the least similarity; None without clusters."""
        return min(self.clusters, key=lambda each: each.jaccard, default=None)

    @property
    def all_stable(self) -> bool:
        """Whether there are clusters, and each is at least stable (0.75)."""
        return self.weakest is not None and self.weakest.jaccard >= _RECOVERED

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per cluster.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`ClusterReturn`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        kinds = {
            "segment": str,
            "customers": int,
            "share": float,
            "jaccard": float,
            "recovered": int,
            "dissolved": int,
            "draws": int,
            "verdict": str,
        }
        return {
            name: ResultColumn(kind, [kind(getattr(each, name)) for each in self.clusters])
            for name, kind in kinds.items()
        }

    def __repr__(self) -> str:
        told = [f"{each.segment} {each.jaccard:.2f} {each.verdict}" for each in self.clusters]
        return (
            f"ClusterStability({self.n_boot} draws of {self.customers:,} customers: "
            f"{', '.join(told) or 'no cluster'})"
        )

    def _repr_html_(self) -> str:
        caption = f"{self.n_boot} draws of {self.customers:,} customers"
        return html_table(self._columns(), caption)


def cluster_stability(
    frame: Any,
    segmenter: ClusterSegmenter,
    *,
    n_boot: int = 100,
    sample: int | None = None,
    random_state: int = 0,
) -> ClusterStability:
    """Measure for each cluster how well it comes back when the customers are drawn anew.

    Parameters
    ----------
    frame : dataframe
        One row per customer, as ``segmenter.fit`` takes it. The features are brought to one array.
    segmenter : KMeansSegmenter, GaussianMixtureSegmenter or HdbscanSegmenter
        Its parameters are used; whether it is fitted does not matter, and it is not changed.
    n_boot : int >= 2
        Draws. 100 are Hennig's advice; each costs one clustering.
    sample : int >= 10, optional
        Customers to look at, drawn without replacement, if there are more; all by default.
    random_state : int >= 0
        Of the draws.

    Returns
    -------
    ClusterStability
        ``repr`` tells the verdicts, ``to_frame()`` the numbers.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As ``segmenter.fit`` does.
    ParameterError
        ``segmenter`` is no clustering, or a parameter is out of range.

    Notes
    -----
    All customers are clustered once. Then, ``n_boot`` times, as many are drawn with replacement,
    those drawn are clustered by the same method with another seed, and each original cluster ``C``
    is compared with the most similar new one, over the customers ``S`` that were drawn::

        jaccard = max over D of  |C and S and D| / |(C and S) or D|

    A customer who is drawn twice counts once, as in Hennig's R package *fpc*, since copies would
    form small clusters of their own. A draw that cannot be clustered, having too few different
    customers, recovers nothing. Noise is no cluster. How features are scaled is learnt from all
    customers once.

    Stable means: the method finds it again. It does not mean that it is useful, and one cluster of
    all customers is always stable.

    References
    ----------
    C. Hennig (2007), "Cluster-wise assessment of cluster stability", Computational Statistics and
    Data Analysis 52(1), 258-271. The levels are those of ``clusterboot`` in his package *fpc*.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import KMeansSegmenter
    >>> revenue = [*range(10, 30), *range(80, 100)]
    >>> names = [f"C-{at:02}" for at in range(40)]
    >>> customers = pl.DataFrame({"customer_id": names, "revenue": revenue})
    >>> two = KMeansSegmenter(features=["revenue"], n_clusters=2, n_init=1)
    >>> cluster_stability(customers, two, n_boot=10)
    ClusterStability(10 draws of 40 customers: cluster 1 1.00 highly stable, cluster 2 1.00 highly
    stable)
    """
    if not isinstance(segmenter, ClusterSegmenter):
        raise ParameterError(
            f"segmenter is a {type(segmenter).__name__}, and has to be a clustering such as "
            "KMeansSegmenter.",
            segmenter=segmenter,
        )
    whole_between("n_boot", n_boot, 2)
    whole_between("random_state", random_state, 0, MAX_SEED)
    random = np.random.default_rng(random_state)
    raw = drawn_rows(segmenter.raw_features(frame), sample, random)
    preparation = segmenter.prepare(raw)
    matrix = preparation.prepared(raw)
    partition = segmenter.partition(matrix)
    order = label_order(preparation.filled(raw), partition)
    similar = redraw_jaccard(matrix, partition, segmenter.partition, n_boot, random)
    clusters = tuple(
        _summary(name, similar[:, label], int((partition.labels == label).sum()), len(matrix))
        for name, label in zip(label_names(len(order)), order, strict=True)
    )
    return ClusterStability(clusters, len(matrix), n_boot)


def drawn_rows(raw: Matrix, sample: int | None, random: np.random.Generator) -> Matrix:
    """Draw so many rows without replacement, in their order; all if there are no more.

    Parameters
    ----------
    raw : array, one row per customer
    sample : int, optional
    random : numpy.random.Generator

    Returns
    -------
    array

    Raises
    ------
    ParameterError
    """
    if sample is None:
        return raw
    whole_between("sample", sample, 10)
    if len(raw) <= sample:
        return raw
    drawn: Matrix = raw[np.sort(random.choice(len(raw), size=sample, replace=False))]
    return drawn


def redraw_jaccard(
    matrix: Matrix,
    partition: Partition,
    cluster: Callable[..., Partition],
    n_boot: int,
    random: np.random.Generator,
) -> Matrix:
    """Return the similarity of each cluster, a column each, in each draw, a row each.

    Parameters
    ----------
    matrix : array, one row per customer
    partition : Partition
        Of these rows.
    cluster : callable
        Takes rows and ``random_state``.
    n_boot : int
    random : numpy.random.Generator

    Returns
    -------
    array of float
        NaN where a draw has nobody of the cluster.
    """
    similar = np.zeros((n_boot, partition.count))
    for draw in range(n_boot):
        rows = np.unique(random.integers(len(matrix), size=len(matrix)))
        try:
            found = cluster(matrix[rows], random_state=int(random.integers(MAX_SEED)))
        except InvalidTableError:
            found = Partition(np.full(len(rows), -1))
        similar[draw] = _best_jaccard(partition.labels[rows], found.labels, partition.count)
    return similar


def _best_jaccard(old: NDArray[np.int64], new: NDArray[np.int64], count: int) -> Matrix:
    news = int(new.max(initial=-1)) + 1
    # Noise has the number -1, and so the last row and the last column.
    shared = np.zeros((count + 1, news + 1))
    np.add.at(shared, (old, new), 1)
    own, found = shared.sum(axis=1)[:count, None], shared.sum(axis=0)[None, :news]
    both = shared[:count, :news]
    best: Matrix = (both / np.maximum(own + found - both, 1)).max(axis=1, initial=0.0)
    return np.where(own[:, 0] > 0, best, np.nan)


def _summary(name: str, similar: Matrix, customers: int, everybody: int) -> ClusterReturn:
    there = similar[~np.isnan(similar)]
    mean = float(there.mean()) if len(there) else 0.0
    return ClusterReturn(
        segment=name,
        customers=customers,
        share=customers / everybody,
        jaccard=mean,
        recovered=int((there >= _RECOVERED).sum()),
        dissolved=int((there <= _DISSOLVED).sum()),
        draws=len(there),
        verdict=StabilityVerdict.of(mean),
    )
