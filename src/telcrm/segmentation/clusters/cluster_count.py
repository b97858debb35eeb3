"""How many clusters there are, if any: criteria, stability, and one suggestion with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from telcrm.domain.arguments import require_share, whole_between
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.segmentation.clusters.cluster_stability import drawn_rows, redraw_jaccard
from telcrm.segmentation.clusters.features import Matrix
from telcrm.segmentation.clusters.gaussian_mixture import GaussianMixtureSegmenter
from telcrm.segmentation.clusters.kmeans import KMeansSegmenter
from telcrm.segmentation.clusters.segmenter import MAX_SEED, Partition
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["ClusterCount", "CountCriterion", "CountRow", "suggest_cluster_count"]


class CountCriterion(StrEnum):
    """By what numbers of clusters are compared."""

    SILHOUETTE = "silhouette"
    """How much nearer customers are to their own cluster than to the next; the greatest."""
    CALINSKI_HARABASZ = "calinski_harabasz"
    """Variance between clusters over variance within; the greatest."""
    GAP = "gap"
    """Compared with customers spread evenly; the first within one error of the greatest."""
    BIC = "bic"
    """Likelihood less a penalty for parameters; the least. For mixtures."""


@dataclass(frozen=True, slots=True)
class CountRow:
    """What was measured for one number of clusters.

    Attributes
    ----------
    clusters : int
    silhouette : float in [-1, 1] or None
        None for one cluster, and where each customer is a cluster.
    calinski_harabasz : float or None
        The same.
    gap, gap_error : float or None
        Gap statistic and its error ``s_k``; None for mixtures, and where no variance is left.
    bic : float or None
        None for k-means.
    stability : float in [0, 1] or None
        Mean Jaccard similarity of the weakest cluster; None for one cluster.
    """

    clusters: int
    silhouette: float | None
    calinski_harabasz: float | None
    gap: float | None
    gap_error: float | None
    bic: float | None
    stability: float | None


@dataclass(frozen=True, slots=True)
class ClusterCount:
    """How many clusters there are.

    Attributes
    ----------
    suggested : int or None
        None where no number is to be recommended.
    reason : str
        Why, in a sentence.
    rows : tuple of CountRow
        By rising number of clusters, from 1.
    criterion : CountCriterion
    customers : int
        Customers that were looked at.
    """

    suggested: int | None
    reason: str
    rows: tuple[CountRow, ...]
    criterion: CountCriterion
    customers: int

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per number of clusters.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`CountRow`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        return {
            name: ResultColumn(
                int if name == "clusters" else float, [getattr(row, name) for row in self.rows]
            )
            for name in CountRow.__slots__
        }

    def __repr__(self) -> str:
        return f"ClusterCount({self.suggested}: {self.reason})"

    def _repr_html_(self) -> str:
        return html_table(self._columns(), self.reason)


def suggest_cluster_count(
    frame: Any,
    segmenter: KMeansSegmenter | GaussianMixtureSegmenter,
    *,
    counts: Sequence[int] = (2, 3, 4, 5, 6, 7, 8),
    criterion: CountCriterion | str | None = None,
    n_boot: int = 20,
    n_references: int = 20,
    least_stability: float = 0.75,
    sample: int | None = 2000,
    random_state: int = 0,
) -> ClusterCount:
    """Compare numbers of clusters, and suggest one, or none.

    Parameters
    ----------
    frame : dataframe
        One row per customer, as ``segmenter.fit`` takes it. The features are brought to one array.
    segmenter : KMeansSegmenter or GaussianMixtureSegmenter
        All its parameters but ``n_clusters`` are used; it is not changed. HDBSCAN finds the number
        itself.
    counts : sequence of int >= 2
        Numbers to compare. One cluster is always looked at besides, where the criterion can.
    criterion : CountCriterion, optional
        By which the stable numbers are compared: silhouette for k-means and BIC for mixtures by
        default. Gap is for k-means, BIC for mixtures.
    n_boot : int >= 2
        Draws for the stability of each number.
    n_references : int >= 2
        Evenly spread data sets that k-means is compared with.
    least_stability : float in [0, 1]
        Similarity that the weakest cluster has to reach.
    sample : int >= 10 or None
        Customers to look at, drawn without replacement, if there are more; None for all.
    random_state : int >= 0
        Of all draws.

    Returns
    -------
    ClusterCount
        ``suggested``, ``reason``, and ``to_frame()`` with all numbers.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As ``segmenter.fit`` does with the greatest of ``counts``.
    ParameterError
        A parameter is out of range, or the criterion is not one for this method.

    Notes
    -----
    1. Is there more than one group? For k-means the gap statistic says no if that of one cluster is
       within one error of the greatest; for mixtures BIC says no if it is the least for one. Then
       nothing is suggested.
    2. Of the other numbers, only those whose weakest cluster comes back with ``least_stability``
       or more stay (see :func:`cluster_stability`). If none, nothing is suggested.
    3. Of these, the criterion chooses; the smaller number of equal ones.

    With ``W_k`` the sum of squares within ``k`` clusters, and ``W*`` those of data spread evenly
    over the box along the principal components::

        gap(k) = mean(log W*_k) - log W_k,   s_k = sd(log W*_k) sqrt(1 + 1 / n_references)

    and the rule of one error is: the first ``k`` with ``gap(k) >= gap(m) - s_m``, where ``m`` has
    the greatest gap. Tibshirani et al. compare with the next number instead of the greatest, which
    stops at one where two clusters are no better than one, but three are.

    References
    ----------
    P. J. Rousseeuw (1987), "Silhouettes", Journal of Computational and Applied Mathematics 20,
    53-65. T. Calinski, J. Harabasz (1974), "A dendrite method for cluster analysis", Communications
    in Statistics 3(1), 1-27. R. Tibshirani, G. Walther, T. Hastie (2001), "Estimating the number of
    clusters in a data set via the gap statistic", JRSS B 63(2), 411-423. S. Dudoit, J. Fridlyand
    (2002), "A prediction-based resampling method for estimating the number of clusters in a
    dataset", Genome Biology 3(7) (the rule of one error). C. Hennig (2007), as of
    :func:`cluster_stability`. G. Schwarz (1978), as of :class:`GaussianMixtureSegmenter`.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import KMeansSegmenter
    >>> revenue = [*range(10, 30), *range(80, 100), *range(200, 220)]
    >>> names = [f"C-{at:02}" for at in range(60)]
    >>> customers = pl.DataFrame({"customer_id": names, "revenue": revenue})
    >>> template = KMeansSegmenter(features=["revenue"], n_clusters=2, n_init=1)
    >>> found = suggest_cluster_count(customers, template, counts=[2, 3, 4], n_boot=5)
    >>> found.suggested
    3
    """
    chosen = _criterion(segmenter, criterion)
    tried = _checked(counts, n_boot, n_references, least_stability, random_state)
    random = np.random.default_rng(random_state)
    raw = drawn_rows(_with_count(segmenter, tried[-1]).raw_features(frame), sample, random)
    matrix = segmenter.prepare(raw).prepared(raw)
    references = (
        [_even(matrix, random) for _ in range(n_references)]
        if isinstance(segmenter, KMeansSegmenter)
        else []
    )
    rows = tuple(
        _measure(_with_count(segmenter, count), matrix, references, n_boot, random)
        for count in (1, *tried)
    )
    suggested, reason = _suggest(rows, chosen, least_stability)
    return ClusterCount(suggested, reason, rows, chosen, len(matrix))


def _criterion(segmenter: Any, criterion: CountCriterion | str | None) -> CountCriterion:
    if not isinstance(segmenter, KMeansSegmenter | GaussianMixtureSegmenter):
        raise ParameterError(
            f"segmenter is a {type(segmenter).__name__}, and has to be a KMeansSegmenter or a "
            "GaussianMixtureSegmenter, which are told their number of clusters.",
            segmenter=segmenter,
        )
    mixture = isinstance(segmenter, GaussianMixtureSegmenter)
    if criterion is None:
        return CountCriterion.BIC if mixture else CountCriterion.SILHOUETTE
    chosen = choose(CountCriterion, criterion, "criterion")
    if chosen is (CountCriterion.GAP if mixture else CountCriterion.BIC):
        raise ParameterError(
            f"criterion {chosen.value!r} is not measured for {type(segmenter).__name__}. Use "
            f"{'bic' if mixture else 'gap'}, silhouette or calinski_harabasz.",
            criterion=chosen,
        )
    return chosen


def _checked(
    counts: Sequence[int], n_boot: int, n_references: int, least_stability: Any, random_state: int
) -> list[int]:
    whole_between("n_boot", n_boot, 2)
    whole_between("n_references", n_references, 2)
    whole_between("random_state", random_state, 0, MAX_SEED)
    require_share(least_stability=least_stability)
    tried = sorted({whole_between("counts", count, 2) for count in counts})
    if not tried:
        raise ParameterError("counts is empty. Name numbers of clusters, for example (2, 3, 4).")
    return tried


def _with_count(
    segmenter: KMeansSegmenter | GaussianMixtureSegmenter, count: int
) -> KMeansSegmenter | GaussianMixtureSegmenter:
    return type(segmenter)(**{**segmenter.get_params(), "n_clusters": count})


def _even(matrix: Matrix, random: np.random.Generator) -> Matrix:
    """Spread as many points evenly over the box along the principal components."""
    centre = matrix.mean(axis=0)
    _, _, axes = np.linalg.svd(matrix - centre, full_matrices=False)
    turned = (matrix - centre) @ axes.T
    even = random.uniform(turned.min(axis=0), turned.max(axis=0), size=turned.shape)
    back: Matrix = even @ axes + centre
    return back


def _measure(
    segmenter: KMeansSegmenter | GaussianMixtureSegmenter,
    matrix: Matrix,
    references: Sequence[Matrix],
    n_boot: int,
    random: np.random.Generator,
) -> CountRow:
    from sklearn.metrics import calinski_harabasz_score, silhouette_score

    partition = segmenter.partition(matrix)
    comparable = 2 <= partition.count < len(matrix)
    gap, error = _gap(segmenter, matrix, partition, references) if references else (None, None)
    stability = None
    if partition.count > 1:
        similar = redraw_jaccard(matrix, partition, segmenter.partition, n_boot, random)
        # A cluster that no draw has anybody of has come back in none.
        drawn = ~np.isnan(similar)
        means = np.where(drawn, similar, 0.0).sum(axis=0) / np.maximum(drawn.sum(axis=0), 1)
        stability = float(means.min())
    return CountRow(
        clusters=segmenter.n_clusters,
        silhouette=float(silhouette_score(matrix, partition.labels)) if comparable else None,
        calinski_harabasz=(
            float(calinski_harabasz_score(matrix, partition.labels)) if comparable else None
        ),
        gap=gap,
        gap_error=error,
        bic=partition.parts.get("bic"),
        stability=stability,
    )


def _gap(
    segmenter: KMeansSegmenter | GaussianMixtureSegmenter,
    matrix: Matrix,
    partition: Partition,
    references: Sequence[Matrix],
) -> tuple[float | None, float | None]:
    within = _within(matrix, partition)
    even = [_within(reference, segmenter.partition(reference)) for reference in references]
    if not min(within, *even) > 0:
        return None, None
    logs = np.log(even)
    error = float(logs.std() * np.sqrt(1 + 1 / len(references)))
    return float(logs.mean() - np.log(within)), error


def _within(matrix: Matrix, partition: Partition) -> float:
    total = 0.0
    for label in range(partition.count):
        members = matrix[partition.labels == label]
        total += float(((members - members.mean(axis=0)) ** 2).sum())
    return total


def _suggest(
    rows: Sequence[CountRow], criterion: CountCriterion, least_stability: float
) -> tuple[int | None, str]:
    if _sees_one_group(rows):
        judge = "BIC is least" if rows[0].bic is not None else "the gap statistic is content"
        return None, f"{judge} with one cluster, so there are no groups to find"
    stable = [row for row in rows if row.stability is not None and row.stability >= least_stability]
    if not stable:
        best = max(row.stability or 0.0 for row in rows)
        return None, (
            f"no number of clusters is stable: the weakest cluster comes back with a similarity "
            f"of {best:.2f} at best, and {least_stability:.2f} is asked for"
        )
    chosen, words = _choose(stable, criterion)
    return chosen.clusters, (
        f"{words} among {len(stable)} of {len(rows) - 1} numbers that are stable; its weakest "
        f"cluster comes back with a similarity of {chosen.stability:.2f}"
    )


def _sees_one_group(rows: Sequence[CountRow]) -> bool:
    if rows[0].bic is not None:
        return _best(rows, "bic", sign=-1) is rows[0]
    return rows[0].gap is not None and _first_near_the_greatest_gap(rows) is rows[0]


def _first_near_the_greatest_gap(rows: Sequence[CountRow]) -> CountRow:
    greatest = _best(rows, "gap")
    least = (greatest.gap or 0.0) - (greatest.gap_error or 0.0)
    return next((row for row in rows if row.gap is not None and row.gap >= least), greatest)


def _best(rows: Sequence[CountRow], measure: str, *, sign: int = 1) -> CountRow:
    def rank(row: CountRow) -> float:
        value = getattr(row, measure)
        return -np.inf if value is None else sign * value

    return max(rows, key=rank)


def _choose(stable: Sequence[CountRow], criterion: CountCriterion) -> tuple[CountRow, str]:
    match criterion:
        case CountCriterion.GAP:
            chosen = _first_near_the_greatest_gap(stable)
            return chosen, "the first within one error of the greatest gap statistic"
        case CountCriterion.BIC:
            return _best(stable, "bic", sign=-1), "the least BIC"
        case CountCriterion.SILHOUETTE:
            best = _best(stable, "silhouette")
            return best, f"the greatest silhouette ({best.silhouette:.2f})"
        case CountCriterion.CALINSKI_HARABASZ:
            best = _best(stable, "calinski_harabasz")
            return best, f"the greatest Calinski-Harabasz index ({best.calinski_harabasz:.0f})"
