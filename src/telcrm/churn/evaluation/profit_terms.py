"""What a retention contact earns and costs, read or refused, and added up down a ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.levels import ScoreLevels, read_levels
from telcrm.churn.evaluation.scores import Floats
from telcrm.errors import ParameterError
from telcrm.value.equity.arguments import is_number

__all__ = ["ProfitLines", "ProfitTerms", "Terms", "read_campaign", "read_terms"]

Terms: TypeAlias = float | ArrayLike
"""One number for all customers, or one of each."""


@dataclass(frozen=True, slots=True, eq=False)
class ProfitLines:
    """Profit of contacting all down to a level, as a line over the share that accepts.

    Attributes
    ----------
    saved, spent : array of shape (m + 1,)
        The profit of each level, of all customers together, is ``acceptance * saved - spent``.
    """

    saved: Floats
    spent: Floats

    def at(self, acceptance: float) -> Floats:
        """Return the profit of each level.

        Parameters
        ----------
        acceptance : float in [0, 1]

        Returns
        -------
        array of shape (m + 1,)
        """
        found: Floats = acceptance * self.saved - self.spent
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ProfitTerms:
    """Value and costs, each without dimension or of shape (n,).

    Attributes
    ----------
    clv, incentive, contact : array of float
    """

    clv: Floats
    incentive: Floats
    contact: Floats

    @property
    def individual(self) -> bool:
        """Whether any differs between customers."""
        return any(each.ndim for each in (self.clv, self.incentive, self.contact))

    def of_churners(self, acceptance: float) -> Floats:
        """Return the profit of contacting one who would leave."""
        found: Floats = acceptance * (self.clv - self.incentive) - self.contact
        return found

    def of_stayers(self) -> Floats:
        """Return the profit of contacting one who would stay: what is spent in vain."""
        found: Floats = -(self.incentive + self.contact)
        return found

    def lines(self, levels: ScoreLevels) -> ProfitLines:
        """Add up what contacting customers saves and spends, down to each level.

        Parameters
        ----------
        levels : ScoreLevels

        Returns
        -------
        ProfitLines
        """
        if not self.individual:
            saved: Floats = (self.clv - self.incentive) * levels.churners
            spent: Floats = self.contact * levels.contacted + self.incentive * levels.stayers
            return ProfitLines(saved, spent)
        churned = levels.ranked.churned
        saves = np.where(churned, self.clv - self.incentive, 0.0)
        costs = np.where(churned, 0.0, self.incentive) + self.contact
        return ProfitLines(levels.cumulate(saves), levels.cumulate(costs))


def read_terms(
    *, clv: Terms, incentive: Terms, contact: Terms, customers: int | None = None
) -> ProfitTerms:
    """Read value and costs, or refuse them.

    Parameters
    ----------
    clv : float or array-like of shape (n,)
    incentive, contact : float or array-like of shape (n,), 0 or more
    customers : int, optional
        How many values an array has to hold.

    Returns
    -------
    ProfitTerms

    Raises
    ------
    ParameterError
        One is no finite number, a cost is below 0, an array is of another length, or a ``clv`` for
        all is not above an ``incentive`` for all.

    Examples
    --------
    >>> read_terms(clv=200, incentive=[10, 20], contact=1).individual
    True
    """
    terms = ProfitTerms(
        _read("clv", clv, customers),
        _read("incentive", incentive, customers, least=0.0),
        _read("contact", contact, customers, least=0.0),
    )
    if not terms.clv.ndim and not terms.incentive.ndim and terms.clv <= terms.incentive:
        raise ParameterError(
            f"clv is {float(terms.clv):g} and incentive {float(terms.incentive):g}: a saved "
            "customer has to be worth more than the incentive costs. Raise clv, or lower "
            "incentive.",
            clv=float(terms.clv),
            incentive=float(terms.incentive),
        )
    lengths = {each.size for each in (terms.clv, terms.incentive, terms.contact) if each.ndim}
    if len(lengths) > 1:
        raise ParameterError(
            f"clv, incentive and contact are arrays of {sorted(lengths)} values. Give one of each "
            "for every customer.",
            lengths=sorted(lengths),
        )
    return terms


def read_campaign(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: Terms,
    incentive: Terms,
    contact: Terms,
    probabilities: bool = False,
) -> tuple[ScoreLevels, ProfitTerms]:
    """Read outcomes and scores of customers, and what a contact of each earns and costs.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n,)
    clv, incentive, contact
        As :func:`read_terms` takes them.
    probabilities : bool
        Refuse scores outside 0 and 1.

    Returns
    -------
    (ScoreLevels, ProfitTerms)

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`~telcrm.churn.evaluation.levels.read_levels` does.
    ParameterError
        As :func:`read_terms` does.

    Examples
    --------
    >>> levels, terms = read_campaign([0, 1], [0.2, 0.9], clv=9, incentive=1, contact=0)
    >>> levels.customers, float(terms.of_churners(0.5))
    (2, 4.0)
    """
    levels = read_levels(y_true, y_score, probabilities=probabilities)
    terms = read_terms(clv=clv, incentive=incentive, contact=contact, customers=levels.customers)
    return levels, terms


def _read(name: str, given: Terms, customers: int | None, least: float | None = None) -> Floats:
    wanted = "a number" if least is None else "a number of 0 or more"
    if is_number(given):
        values: Floats = np.asarray(float(given))  # type: ignore[arg-type]
    else:
        try:
            values = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim != 1 or not values.size or isinstance(given, str):
            raise ParameterError(
                f"{name} is {given!r:.60}, and has to be {wanted}, or an array of one for each "
                "customer.",
                parameter=name,
            )
        if customers is not None and values.size != customers:
            raise ParameterError(
                f"{name} holds {values.size:,} values for {customers:,} customers. Give one of "
                "each, in the same order, or one number for all.",
                parameter=name,
                found=values.size,
                wanted=customers,
            )
    fits = np.isfinite(values) if least is None else np.isfinite(values) & (values >= least)
    if not fits.all():
        first = values[~fits].flat[0] if values.ndim else float(values)
        raise ParameterError(
            f"{name} is {first:g} for some customer, and has to be {wanted}."
            if values.ndim
            else f"{name} is {first:g}, and has to be {wanted}.",
            parameter=name,
            value=float(first),
        )
    return values
