"""What every fitted value model says of its fit: likelihood, errors, draws, and how it ended."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import log, sqrt
from typing import Annotated, Any, ClassVar, Final, Self
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from telcrm.domain import Record
from telcrm.domain.arguments import whole_between
from telcrm.errors import EstimatorFormatError
from telcrm.estimators import EstimatorFamily, StoredEstimator
from telcrm.value.likelihood.convergence import Convergence, ConvergenceWarning
from telcrm.value.likelihood.maximize import Maximum

__all__ = ["FittedState", "ValueModel"]

Floats = NDArray[np.float64]

LEAST_LOG: Final = -14.0
MOST_LOG: Final = 14.0
"""Parameters are sought between e^-14 and e^14 (1.2 million), where formulas keep their digits."""

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class FittedState(Record):
    """What every stored value model holds besides its own parameters."""

    estimates_: tuple[_Finite, ...]
    covariance_: tuple[tuple[_Finite | None, ...], ...]
    log_likelihood_: _Finite
    customers_: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    convergence_: Convergence


class ValueModel(StoredEstimator):
    """A probability model of customers' behaviour, fitted by maximum likelihood.

    Attributes
    ----------
    estimates_ : tuple of float
        Parameters, then coefficients, in the order of ``parameter_names``.
    log_likelihood_ : float
        Of the data as they were given: no constant is dropped, no time is rescaled.
    covariance_ : tuple of tuple of float or None
        Of the estimates: the inverse of the observed information. None in the rows of parameters
        that the data do not tell.
    customers_ : float
    coefficients_ : dict of str to float
        Those of covariates.
    convergence_ : Convergence
    """

    family: ClassVar[EstimatorFamily] = EstimatorFamily("value_model", "value model")

    estimates_: tuple[float, ...]
    covariance_: tuple[tuple[float | None, ...], ...]
    log_likelihood_: float
    customers_: float
    convergence_: Convergence
    coefficients_: dict[str, float]

    @property
    @abstractmethod
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, then of the coefficients."""

    @property
    def positive_parameters(self) -> int:
        """How many parameters, from the first, are positive: they are sought by their logs."""
        return len(self.parameter_names)

    @property
    def parameters_(self) -> dict[str, float]:
        """Estimates by name."""
        self.require_fitted()
        return dict(zip(self.parameter_names, self.estimates_, strict=True))

    @property
    def standard_errors_(self) -> dict[str, float | None]:
        """Standard errors by name; None for one that the data do not tell."""
        self.require_fitted()
        diagonal = [row[at] for at, row in enumerate(self.covariance_)]
        roots = [None if variance is None else sqrt(variance) for variance in diagonal]
        return dict(zip(self.parameter_names, roots, strict=True))

    @property
    def aic_(self) -> float:
        """Akaike's criterion: ``2 k - 2 LL`` (Akaike 1974); the smaller, the better."""
        self.require_fitted()
        return 2.0 * len(self.estimates_) - 2.0 * self.log_likelihood_

    @property
    def bic_(self) -> float:
        """Schwarz's criterion: ``k ln n - 2 LL`` (Schwarz 1978), n customers."""
        self.require_fitted()
        return len(self.estimates_) * log(self.customers_) - 2.0 * self.log_likelihood_

    def parameter_draws(self, draws: int, *, random_state: int) -> Floats:
        """Draw parameters as uncertain as the data leave them.

        Parameters
        ----------
        draws : int
            1 or more.
        random_state : int

        Returns
        -------
        array of shape (draws, k)
            In the order of ``parameter_names``.

        Raises
        ------
        NotFittedError, ParameterError

        Notes
        -----
        Normal draws of the logarithms of positive parameters, and of coefficients, around the
        estimates with ``covariance_``: what maximum likelihood tends to (Cox & Hinkley 1974,
        chapter 9). Parameters that the data do not tell stay where they are.
        """
        self.require_fitted()
        count = whole_between("draws", draws, 1)
        chance = np.random.default_rng(whole_between("random_state", random_state, 0))
        estimates = np.array(self.estimates_)
        positive = np.arange(estimates.size) < self.positive_parameters
        scale = np.where(positive, estimates, 1.0)
        given = np.array(self.covariance_, dtype=np.float64)
        covariance = np.where(np.isnan(given), 0.0, given) / np.outer(scale, scale)
        roots, axes = np.linalg.eigh(covariance)
        spread = axes * np.sqrt(np.maximum(roots, 0.0))
        moved = chance.standard_normal((count, estimates.size)) @ spread.T
        return np.where(
            positive, estimates * np.exp(np.where(positive, moved, 0.0)), estimates + moved
        )

    def _name_estimates(self) -> None:
        """Set ``r_``, ``alpha_`` and so on, and the coefficients."""
        named = list(zip(self.parameter_names, self.estimates_, strict=True))
        for name, estimate in named[: self.positive_parameters]:
            setattr(self, f"{name}_", estimate)
        self.coefficients_ = dict(named[self.positive_parameters :])

    def _refuse_other_estimates(self) -> None:
        """Refuse stored estimates that are not those of the model's parameters."""
        size, positive = len(self.parameter_names), self.positive_parameters
        shapes = {len(self.estimates_), len(self.covariance_), *map(len, self.covariance_)}
        if shapes != {size} or min(self.estimates_[:positive], default=1.0) <= 0.0:
            raise EstimatorFormatError(
                f"the stored value model of kind {self.kind!r} is damaged: estimates_ and "
                f"covariance_ have to be of {', '.join(self.parameter_names)}, the first "
                f"{positive} of them above 0.",
                kind=self.kind,
            )

    @classmethod
    def _from_state(cls, state: Any) -> Self:
        made = super()._from_state(state)
        made._refuse_other_estimates()  # noqa: SLF001 (its own)
        made._name_estimates()  # noqa: SLF001 (its own)
        return made

    def _keep(self, found: Maximum, *, customers: float, ends: Mapping[str, str]) -> Self:
        """Take over what ``maximize`` found for logs of parameters and for coefficients."""
        names = self.parameter_names
        positive = np.arange(found.point.size) < self.positive_parameters
        estimates = np.where(positive, np.exp(np.where(positive, found.point, 0.0)), found.point)
        scale = np.where(positive, estimates, 1.0)
        covariance = found.covariance() * np.outer(scale, scale)
        self.estimates_ = tuple(estimates.tolist())
        self._name_estimates()
        self.covariance_ = tuple(
            tuple(None if np.isnan(one) else float(one) for one in row) for row in covariance
        )
        self.log_likelihood_ = found.curvature.value
        self.customers_ = float(customers)
        unknown = np.isnan(np.diag(covariance))
        undetermined = tuple(n for n, no in zip(names, unknown, strict=True) if no)
        self.convergence_ = Convergence(
            converged=found.converged,
            iterations=found.iterations,
            evaluations=found.evaluations,
            decrement=found.decrement,
            undetermined=undetermined,
            message=_words(found, undetermined, ends),
        )
        if undetermined or not found.converged:
            warn(
                f"{type(self).__name__}: {self.convergence_.message}",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self


def _words(found: Maximum, undetermined: Sequence[str], ends: Mapping[str, str]) -> str:
    steps = f"{found.iterations} steps"
    if not found.converged:
        return (
            f"did not converge in {steps}: the log-likelihood could still rise by "
            f"{found.decrement:.2g}. Look for values far out of range, or for too few customers."
        )
    if not undetermined:
        return f"converged in {steps}."
    reasons = " ".join(dict.fromkeys(words for name, words in ends.items() if name in undetermined))
    return (
        f"ended in {steps} where the data do not tell {', '.join(undetermined)}: other values far "
        f"away are as likely. {reasons}".rstrip()
    )
