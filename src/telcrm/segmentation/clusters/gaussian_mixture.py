"""Clusters that overlap: a mixture of normal distributions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from enum import StrEnum
from math import log, pi
from typing import Annotated, Any, ClassVar

import narwhals.stable.v2 as nw
import numpy as np
from pydantic import Field

from telcrm.domain import Record
from telcrm.domain.arguments import require_not_negative, whole_between
from telcrm.domain.choice import choose
from telcrm.errors import InvalidTableError
from telcrm.segmentation.assignment import SEGMENT
from telcrm.segmentation.clusters.features import FeaturePreparation, Matrix, MissingValues, Scaling
from telcrm.segmentation.clusters.segmenter import (
    MAX_SEED,
    ClusterSegmenter,
    Partition,
    nearest,
    refuse_few_points,
)
from telcrm.tables.noise import denoise

__all__ = ["CovarianceType", "GaussianMixtureSegmenter"]

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Rows = tuple[tuple[_Finite, ...], ...]


class CovarianceType(StrEnum):
    """What forms the clusters of a mixture may have."""

    FULL = "full"
    """Each its own width in every direction."""
    TIED = "tied"
    """All the same width and slant."""
    DIAG = "diag"
    """Each its own width in each feature, without slant."""
    SPHERICAL = "spherical"
    """Each its own width, the same in all directions."""


class _State(Record):
    features: tuple[str, ...]
    n_clusters: int
    covariance_type: CovarianceType
    customer: str
    scaling: Scaling
    log1p: tuple[str, ...]
    missing: MissingValues
    n_init: int
    max_iter: int
    reg_covar: float
    random_state: int
    preparation_: FeaturePreparation
    segments_: tuple[str, ...]
    sizes_: tuple[int, ...]
    weights_: tuple[_Finite, ...]
    means_: _Rows
    precisions_cholesky_: tuple[_Rows, ...]
    bic_: _Finite
    converged_: bool


class GaussianMixtureSegmenter(ClusterSegmenter):
    """Customers in overlapping groups, each with the group it most probably belongs to.

    Parameters
    ----------
    features : sequence of str
        Numeric columns. The first one gives the clusters their order.
    n_clusters : int >= 1
        Components of the mixture.
    covariance_type : CovarianceType
        What forms they may have.
    customer : str
        Column that names the customer.
    scaling : Scaling
        How features are made comparable.
    log1p : sequence of str
        Those of ``features`` of which ``log(1 + x)`` is taken first. A mixture of normal
        distributions needs many components for one skewed feature, so amounts belong here.
    missing : MissingValues
        Whether missing values, NaN among them, are refused or filled.
    n_init : int >= 1
        Starts from different centres, of which the most likely end is kept.
    max_iter : int >= 1
        Steps of expectation and maximisation in each.
    reg_covar : float >= 0
        Added to all variances, in scaled units, so that no component shrinks to a point.
    random_state : int >= 0
        Of the starts.

    Attributes
    ----------
    segments_ : tuple of str
        ``"cluster 1"``, ``"cluster 2"``, ...: the greatest mean of the first feature first.
    sizes_ : tuple of int
        Customers that were fitted, in the order of ``segments_``.
    weights_, means_ : tuple
        Shares and centres of the components, in scaled units.
    precisions_cholesky_ : tuple
        Of each component the upper triangular ``L`` with ``L L'`` the inverse of its covariance.
    bic_ : float
        Bayesian information criterion of the fit; the lower the better.
    converged_ : bool
        Whether the steps came to rest. If not, ``fit`` also warns.
    preparation_ : FeaturePreparation

    Notes
    -----
    ``predict`` adds ``probability``: of the customer's segment, given the mixture::

        w_k N(x | mu_k, Sigma_k) / sum_j w_j N(x | mu_j, Sigma_j)

    References
    ----------
    A. P. Dempster, N. M. Laird, D. B. Rubin (1977), "Maximum Likelihood from Incomplete Data via
    the EM Algorithm", JRSS B 39(1), 1-38. G. Schwarz (1978), "Estimating the Dimension of a Model",
    Annals of Statistics 6(2), 461-464 (BIC).

    Examples
    --------
    >>> import polars as pl
    >>> revenue = [8.0, 9.0, 10.0, 11.0, 70.0, 80.0, 90.0]
    >>> customers = pl.DataFrame({"customer_id": list("abcdefg"), "revenue": revenue})
    >>> segmenter = GaussianMixtureSegmenter(features=["revenue"], n_clusters=2).fit(customers)
    >>> segmenter.predict(customers.tail(1)).rows()
    [('g', 'cluster 1', 1.0)]
    """

    kind: ClassVar[str] = "gaussian_mixture"
    stored_as: ClassVar[type[Record]] = _State

    weights_: tuple[float, ...]
    means_: tuple[tuple[float, ...], ...]
    precisions_cholesky_: tuple[tuple[tuple[float, ...], ...], ...]
    bic_: float
    converged_: bool

    def __init__(
        self,
        *,
        features: Sequence[str],
        n_clusters: int,
        covariance_type: CovarianceType | str = CovarianceType.FULL,
        customer: str = "customer_id",
        scaling: Scaling | str = Scaling.STANDARD,
        log1p: Sequence[str] = (),
        missing: MissingValues | str = MissingValues.REFUSE,
        n_init: int = 3,
        max_iter: int = 200,
        reg_covar: float = 1e-6,
        random_state: int = 0,
    ) -> None:
        self.features = features
        self.n_clusters = n_clusters
        self.covariance_type = covariance_type
        self.customer = customer
        self.scaling = scaling
        self.log1p = log1p
        self.missing = missing
        self.n_init = n_init
        self.max_iter = max_iter
        self.reg_covar = reg_covar
        self.random_state = random_state

    def partition(self, matrix: Matrix, *, random_state: int | None = None) -> Partition:
        """Cluster prepared features, as :meth:`ClusterSegmenter.partition` says."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        refuse_few_points(matrix, self.n_clusters)
        model = GaussianMixture(
            n_components=self.n_clusters,
            covariance_type=str(choose(CovarianceType, self.covariance_type, "covariance_type")),
            n_init=self.n_init,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            random_state=self.random_state if random_state is None else random_state,
        )
        try:
            with warnings.catch_warnings():
                # Whether it has converged is kept, and fit says so.
                warnings.simplefilter("ignore", ConvergenceWarning)
                labels = model.fit_predict(matrix)
        except ValueError as error:
            raise InvalidTableError(
                "customers: a component of the mixture shrank to a point or a line. Ask for fewer "
                'clusters or covariance_type="diag", or raise reg_covar.',
                n_clusters=self.n_clusters,
            ) from error
        # A component may be nobody's best; what is left is numbered anew.
        used, labels = np.unique(labels, return_inverse=True)
        parts = {
            "weights": model.weights_[used],
            "means": model.means_[used],
            "precisions_cholesky": _each_full(model)[used],
            "bic": float(model.bic(matrix)),
            "converged": bool(model.converged_),
        }
        return Partition(labels.astype(np.int64), parts)

    def _check(self) -> None:
        choose(CovarianceType, self.covariance_type, "covariance_type")
        for name in ("n_clusters", "n_init", "max_iter"):
            whole_between(name, getattr(self, name), 1)
        whole_between("random_state", self.random_state, 0, MAX_SEED)
        require_not_negative(reg_covar=self.reg_covar)

    def _least_customers(self) -> int:
        return max(2, self.n_clusters)

    def _keep(self, partition: Partition, order: Sequence[int]) -> None:
        from sklearn.exceptions import ConvergenceWarning

        parts = partition.parts
        self.weights_ = tuple(parts["weights"][list(order)].tolist())
        self.means_ = tuple(tuple(parts["means"][label].tolist()) for label in order)
        self.precisions_cholesky_ = tuple(
            tuple(tuple(row) for row in parts["precisions_cholesky"][label].tolist())
            for label in order
        )
        self.bic_ = parts["bic"]
        self.converged_ = parts["converged"]
        if not self.converged_:
            warnings.warn(
                f"the mixture of {self.n_clusters} clusters did not converge in {self.max_iter} "
                "steps. Raise max_iter, or ask for fewer clusters.",
                ConvergenceWarning,
                stacklevel=3,
            )

    @property
    def _nearness(self) -> str:
        return "probability"

    def _assign(self, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        likely = {
            f"_log_{at}": _log_density(weight, mean, root)
            for at, (weight, mean, root) in enumerate(
                zip(self.weights_, self.means_, self.precisions_cholesky_, strict=True)
            )
        }
        others = [(nw.col(name) - nw.col("_best")).exp() for name in likely]
        total = others[0]
        for other in others[1:]:
            total = total + other
        return (
            rows.with_columns(**likely)
            .with_columns(_best=nw.max_horizontal(*likely))
            .with_columns(
                nearest(list(likely), self.segments_).alias(SEGMENT),
                probability=denoise(1.0 / total),
            )
        )


def _each_full(model: Any) -> np.ndarray[Any, Any]:
    """Return one triangular matrix per component, whatever form scikit-learn keeps."""
    count, width = model.means_.shape
    found = model.precisions_cholesky_
    match model.covariance_type:
        case "full":
            return np.asarray(found)
        case "tied":
            return np.broadcast_to(found, (count, width, width))
        case "diag":
            return np.stack([np.diag(each) for each in found])
        case _:
            return np.stack([np.eye(width) * each for each in found])


def _log_density(weight: float, mean: Sequence[float], root: Sequence[Sequence[float]]) -> nw.Expr:
    width = len(mean)
    constant = log(weight) - width / 2 * log(2 * pi)
    constant += sum(log(root[at][at]) for at in range(width))
    squares: nw.Expr | None = None
    for column in range(width):
        # The matrix is upper triangular: below its diagonal there is nothing to add.
        turned = (nw.col("_x_0") - mean[0]) * root[0][column]
        for row in range(1, column + 1):
            turned = turned + (nw.col(f"_x_{row}") - mean[row]) * root[row][column]
        squares = turned**2 if squares is None else squares + turned**2
    assert squares is not None  # noqa: S101 (there is at least one feature)
    return squares * -0.5 + constant
