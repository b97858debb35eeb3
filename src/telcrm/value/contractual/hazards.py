"""Coefficients of competing hazards, laid out by what they stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telcrm.value.contractual.covariates import Covariate
from telcrm.value.contractual.person_months import PersonMonths
from telcrm.value.contractual.projection import HazardOdds
from telcrm.value.contractual.tenure_baseline import TenureBaseline

__all__ = ["HazardLayout"]

Floats = NDArray[np.float64]

_PHASES = ("committed", "ending")


@dataclass(frozen=True, slots=True)
class HazardLayout:
    """Which terms a hazard has, in order: constant, tenure, contract phases, covariates.

    Attributes
    ----------
    causes : tuple of str
    baseline : TenureBaseline
    longest_tenure : float
    has_phases : bool
    covariates : tuple of Covariate
    """

    causes: tuple[str, ...]
    baseline: TenureBaseline
    longest_tenure: float
    has_phases: bool
    covariates: tuple[Covariate, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms, without the constant."""
        phases = _PHASES if self.has_phases else ()
        own = [name for each in self.covariates for name in each.names]
        return (*self.baseline.names, *phases, *own)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all coefficients, cause by cause."""
        return tuple(
            f"{cause}:{term}" for cause in self.causes for term in ("constant", *self.terms)
        )

    def design(self, months: PersonMonths) -> Floats:
        """Return the terms of months at risk, shape (n, number of terms)."""
        tenure = self.baseline.terms(months.tenure, longest=self.longest_tenure)
        phases = (months.phase[:, None] == np.array([1, 2])).astype(np.float64)
        own = self._covariate_terms(months.codes)
        return np.column_stack([tenure, phases, own] if self.has_phases else [tenure, own])

    def odds(self, coefficients: Floats, codes: Floats, *, longest: int) -> HazardOdds:
        """Return the odds of leaving of some lines.

        Parameters
        ----------
        coefficients : array
            In the order of ``names``.
        codes : array of shape (n, number of covariates)
        longest : int
            Tenure, in months, that will be asked for at most.

        Returns
        -------
        HazardOdds
        """
        by_cause = coefficients.reshape(len(self.causes), -1)
        early, middle = len(self.baseline.names), 2 * self.has_phases
        constant, rest = by_cause[:, :1], by_cause[:, 1:]
        tenure = self.baseline.terms(
            np.arange(longest + 1, dtype=np.float64), longest=self.longest_tenure
        )
        phase = np.zeros((len(self.causes), 3))
        phase[:, 1 : 1 + middle] = rest[:, early : early + middle]
        own = self._covariate_terms(codes)
        return HazardOdds.of_logits(
            constant + rest[:, early + middle :] @ own.T, rest[:, :early] @ tenure.T, phase
        )

    def _covariate_terms(self, codes: Floats) -> Floats:
        blocks = [each.terms(codes[:, at]) for at, each in enumerate(self.covariates)]
        return np.column_stack([np.empty((len(codes), 0)), *blocks])
