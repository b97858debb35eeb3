"""How the chance to leave depends on the time a line has been there."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from telcrm.domain import Record

__all__ = ["BaselineForm", "TenureBaseline"]

Floats = NDArray[np.float64]


class BaselineForm(StrEnum):
    """The shape of the log odds of leaving over tenure."""

    LOGARITHM = "logarithm"
    """``ln(1 + tenure / 12)``: fast at first, then ever slower."""
    STEPS = "steps"
    """Constant between cut points."""
    POLYNOMIAL = "polynomial"
    """Powers of ``tenure / 12``; beyond the longest tenure seen it stays as it was there."""
    CONSTANT = "constant"
    """Tenure does not matter."""


class TenureBaseline(Record):
    """The form of the baseline hazard, and what it takes.

    Examples
    --------
    >>> TenureBaseline(form="steps", cut_points=(6, 24)).names
    ('tenure>=6', 'tenure>=24')
    """

    form: BaselineForm = BaselineForm.LOGARITHM
    cut_points: tuple[Annotated[int, Field(strict=True, ge=1)], ...] = ()
    """For steps: months of tenure at which another step begins, rising."""
    degree: Annotated[int, Field(strict=True, ge=1, le=6)] | None = None
    """For a polynomial."""

    @model_validator(mode="after")
    def _fits_form(self) -> Self:
        if (self.form is BaselineForm.STEPS) != bool(self.cut_points):
            message = f"a baseline of form {self.form.value!r} with cut_points {self.cut_points}"
            raise ValueError(f"{message}: steps need them, other forms have none")
        if (self.form is BaselineForm.POLYNOMIAL) != (self.degree is not None):
            message = f"a baseline of form {self.form.value!r} with degree {self.degree}"
            raise ValueError(f"{message}: a polynomial needs it, other forms have none")
        if any(second <= first for first, second in pairwise(self.cut_points)):
            message = f"cut_points {self.cut_points} do not rise"
            raise ValueError(message)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms."""
        match self.form:
            case BaselineForm.LOGARITHM:
                return ("log(1+tenure/12)",)
            case BaselineForm.STEPS:
                return tuple(f"tenure>={cut}" for cut in self.cut_points)
            case BaselineForm.POLYNOMIAL:
                return tuple(f"(tenure/12)^{power}" for power in range(1, (self.degree or 0) + 1))
            case BaselineForm.CONSTANT:
                return ()

    def terms(self, tenure: Floats, *, longest: float) -> Floats:
        """Return the terms of some tenures.

        Parameters
        ----------
        tenure : array of shape (n,)
            Months.
        longest : float
            The longest tenure that was seen.

        Returns
        -------
        array of shape (n, len(names))
            Steps add up: each is 1 from its cut point on.
        """
        match self.form:
            case BaselineForm.LOGARITHM:
                return np.log1p(tenure / 12.0)[:, None]
            case BaselineForm.STEPS:
                found: Floats = (tenure[:, None] >= np.array(self.cut_points)).astype(np.float64)
                return found
            case BaselineForm.POLYNOMIAL:
                years = np.minimum(tenure, longest)[:, None] / 12.0
                powers: Floats = years ** np.arange(1, (self.degree or 0) + 1)
                return powers
            case BaselineForm.CONSTANT:
                return np.empty((tenure.size, 0))
