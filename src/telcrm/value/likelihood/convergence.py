"""How a fit ended, in words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from telcrm.domain import Record

__all__ = ["Convergence", "ConvergenceWarning"]


class ConvergenceWarning(UserWarning):
    """A model was fitted, but the data do not tell all of it, or the search stopped early.

    It is given once per fit: the model answers, and its ``convergence_`` says how far to trust it.
    """


class Convergence(Record):
    """How the search for the greatest likelihood ended.

    Attributes
    ----------
    converged : bool
        The likelihood rises no further within what floats can tell, in any direction that is open.
    iterations, evaluations : int
        Steps of Newton's method, and how often the likelihood was computed on all data.
    decrement : float
        By how much, judged by slope and curvature, the log-likelihood could still rise.
    undetermined : tuple of str
        Parameters that the data do not tell, which have no standard error: they ran to the end of
        their range, or the likelihood hardly falls when they change twentyfold.
    message : str
        All of this for a person to read.
    """

    converged: bool
    iterations: Annotated[int, Field(ge=0)]
    evaluations: Annotated[int, Field(ge=0)]
    decrement: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    undetermined: tuple[str, ...] = ()
    message: str
