"""All that there is to show of a model's scores: numbers only, drawn elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from numpy.typing import ArrayLike

from telcrm.churn.evaluation.campaign import ProfitCurve, profit_curve
from telcrm.churn.evaluation.evaluation import Evaluation, evaluate
from telcrm.churn.evaluation.profit_terms import Terms
from telcrm.churn.evaluation.ranking import GainsCurve, gains
from telcrm.churn.evaluation.reliability import Reliability, reliability
from telcrm.churn.evaluation.slices import Slices, evaluate_slices
from telcrm.value.equity.arguments import require_numbers

__all__ = ["ChurnReport", "churn_report"]


@dataclass(frozen=True, slots=True, repr=False)
class ChurnReport:
    """An evaluation, and the curves and tables behind it.

    Attributes
    ----------
    evaluation : Evaluation
    gains : GainsCurve
    profit : ProfitCurve
    reliability : Reliability or None
        None where scores were said to be no probabilities.
    slices : tuple of Slices
        One for each attribute.
    reasons : mapping of str to float
        What moves the scores, the strongest first; empty unless given.
    """

    evaluation: Evaluation
    gains: GainsCurve
    profit: ProfitCurve
    reliability: Reliability | None
    slices: tuple[Slices, ...]
    reasons: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that can be written as JSON.

        Returns
        -------
        dict
            A key for each attribute; of the evaluation what :meth:`Evaluation.to_dict` gives.
        """
        return {
            "evaluation": self.evaluation.to_dict(),
            "gains": asdict(self.gains),
            "profit": asdict(self.profit),
            "reliability": None if self.reliability is None else asdict(self.reliability),
            "slices": [asdict(each) for each in self.slices],
            "reasons": dict(self.reasons),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the same as JSON.

        Parameters
        ----------
        indent : int, optional
            Spaces per level; one line by default.

        Returns
        -------
        str
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def __repr__(self) -> str:
        attributes = ", ".join(each.attribute for each in self.slices) or "none"
        return f"ChurnReport({self.evaluation!r}; slices: {attributes})"

    def _repr_html_(self) -> str:
        parts = [self.evaluation, self.gains, self.reliability, self.profit, *self.slices]
        shown = [each._repr_html_() for each in parts if each is not None]
        return "\n".join(shown)


def churn_report(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    segments: Mapping[str, ArrayLike] = MappingProxyType({}),
    reasons: Mapping[str, float] = MappingProxyType({}),
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
    q: float = 0.1,
    bins: int = 10,
    probabilities: bool = True,
    confidence: float = 0.95,
    draws: int = 1000,
    random_state: int | None = None,
) -> ChurnReport:
    """Evaluate scores, and gather what is shown of them.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Probabilities of leaving, or any score with ``probabilities=False``.
    segments : mapping of str to array-like of shape (n_customers,)
        Attributes by name, and the segment of each customer, for :func:`evaluate_slices`.
    reasons : mapping of str to float
        What moves the scores, in business words, and how much.
    clv, incentive, contact, alpha, beta, q, bins, probabilities, draws
        As :func:`evaluate` takes them.
    confidence : float in (0, 1)
        Of all intervals.
    random_state : int, optional
        Of the bootstrap; without it, the evaluation has no intervals.

    Returns
    -------
    ChurnReport

    Raises
    ------
    SingleClassError, ScoreError, ParameterError
        As :func:`evaluate` and :func:`evaluate_slices` do.

    Examples
    --------
    >>> y = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
    >>> report = churn_report(y, scores, segments={"plan": list("aabbaabb")})
    >>> sorted(report.to_dict())
    ['evaluation', 'gains', 'profit', 'reasons', 'reliability', 'slices']
    """
    for name, strength in reasons.items():
        require_numbers(**{name: strength})
    evaluation = evaluate(
        y_true,
        y_score,
        clv=clv,
        incentive=incentive,
        contact=contact,
        alpha=alpha,
        beta=beta,
        q=q,
        bins=bins,
        probabilities=probabilities,
        confidence=None if random_state is None else confidence,
        draws=draws,
        random_state=random_state,
    )
    terms: dict[str, Any] = {"clv": clv, "incentive": incentive, "contact": contact}
    sliced = [
        evaluate_slices(
            y_true,
            y_score,
            segment,
            attribute=name,
            q=q,
            probabilities=probabilities,
            confidence=confidence,
        )
        for name, segment in segments.items()
    ]
    ordered = sorted(reasons.items(), key=lambda each: -abs(each[1]))
    return ChurnReport(
        evaluation=evaluation,
        gains=gains(y_true, y_score),
        profit=profit_curve(y_true, y_score, acceptance=alpha / (alpha + beta), **terms),
        reliability=reliability(y_true, y_score, bins=bins, confidence=confidence)
        if probabilities
        else None,
        slices=tuple(sliced),
        reasons={name: float(strength) for name, strength in ordered},
    )
