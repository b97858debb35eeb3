"""What a model goes by: how much each column matters to it, over all customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.churn.evaluation.calibration import log_loss
from telcrm.churn.evaluation.ranking import roc_auc
from telcrm.churn.models.protocol import ChurnModel
from telcrm.churn.reasons.explained import (
    IDENTIFIERS,
    Explained,
    additive_contributions,
    explain,
    leaving_probability,
    mixed_rows,
)
from telcrm.churn.reasons.risky_values import ends_of_profiles, ends_of_terms
from telcrm.churn.reasons.words import column_words
from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["ChurnDriver", "ChurnDrivers", "DriverMetric", "churn_drivers"]

Floats = NDArray[np.float64]


class DriverMetric(StrEnum):
    """What the weight of a column is measured in."""

    CONTRIBUTION = "contribution"
    LOG_LOSS = "log_loss"
    ROC_AUC = "roc_auc"


@dataclass(frozen=True, slots=True)
class ChurnDriver:
    """The weight of one column.

    Attributes
    ----------
    rank : int
        From 1, the weightiest.
    feature, words : str
        The column, and what it tells.
    weight : float
        Mean absolute contribution to the log odds; or how much worse the metric gets with the
        column shuffled, below 0 by chance only.
    spread : float or None
        Standard deviation of that between shuffles; None of contributions, which are exact.
    share : float
        Of the weights of all columns, those below 0 counted as 0.
    riskiest, safest : str or None
        The value at which customers are likeliest to leave, all else being as it is, and the one at
        which they are least likely to; None where it makes no difference.
    """

    rank: int
    feature: str
    words: str
    weight: float
    spread: float | None
    share: float
    riskiest: str | None
    safest: str | None


_KINDS: Final[Mapping[str, type]] = {
    "rank": int,
    "feature": str,
    "words": str,
    "weight": float,
    "spread": float,
    "share": float,
    "riskiest": str,
    "safest": str,
}


@dataclass(frozen=True, slots=True, repr=False)
class ChurnDrivers:
    """What a model goes by.

    Attributes
    ----------
    metric : DriverMetric
        Of the weights.
    customers : int
        Over whom they were taken.
    rows : tuple of ChurnDriver
        The weightiest first.
    """

    metric: DriverMetric
    customers: int
    rows: tuple[ChurnDriver, ...]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per column of the model.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`ChurnDriver`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        return {
            name: ResultColumn(kind, [getattr(row, name) for row in self.rows])
            for name, kind in _KINDS.items()
        }

    def __repr__(self) -> str:
        told = ", ".join(f"{row.words} {row.share:.0%}" for row in self.rows[:5])
        return f"ChurnDrivers({self.metric}, {self.customers:,} customers: {told})"

    def _repr_html_(self) -> str:
        return html_table(self._columns(), f"{self.metric}, {self.customers:,} customers")


def churn_drivers(
    model: ChurnModel,
    frame: Any,
    y: ArrayLike | None = None,
    *,
    words: Mapping[str, str] | None = None,
    metric: DriverMetric | str | None = None,
    repeats: int = 5,
    random_state: int = 0,
) -> ChurnDrivers:
    """Tell how much each column matters to a model, and which of its values are risky.

    Parameters
    ----------
    model : ChurnModel
        Fitted: any of telcrm, any classifier or pipeline of scikit-learn.
    frame : dataframe
        Customers, one row each, in memory: pandas, Polars or PyArrow. Best such that the model has
        not learnt from.
    y : array of shape (n,), 0 or 1, optional
        Who left. Contributions do not need it, the other metrics do.
    words : mapping of str to str, optional
        What columns are called; by default as :func:`telcrm.churn.churn_reasons` has it.
    metric : {"contribution", "log_loss", "roc_auc"}, optional
        By default ``"contribution"`` of a model with a formula (scorecard, spline, either of them
        with Platt's calibration), and ``"log_loss"`` of any other.
    repeats : int, 1 or more
        Times that each column is shuffled.
    random_state : int
        For shuffling, and for the customers of whom values are tried.

    Returns
    -------
    ChurnDrivers

    Raises
    ------
    ParameterError
        A parameter is out of range; ``y`` is not there, or contributions are asked for, of a model
        without a formula.
    SingleClassError, ScoreError
        All left, or none did; ``y`` is not 0 and 1 for each row.
    UnsupportedFrameError
        The frame is lazy.
    SchemaDriftError
        A column that the model looks at is not there.

    Notes
    -----
    ``contribution``: the mean absolute term of the formula; exact.

    ``log_loss`` and ``roc_auc``: by how much the metric gets worse when the column is shuffled
    (:func:`sklearn.inspection.permutation_importance`; Breiman 2001, Machine Learning 45, 5-32).
    Columns that say the same share the weight, and each may look light.

    ``riskiest`` and ``safest``: of a model with a formula, where its term is greatest and least
    among the customers. Of any other, where the mean log odds are when all have the value: of
    numbers nine quantiles are tried, of text the nine most frequent values, of 200 customers at
    most (partial dependence; Friedman 2001, Annals of Statistics 29(5), 1189-1232).

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn.models.spline_logistic import SplineLogisticModel
    >>> base = pl.DataFrame({"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30, "fee": [9.0, 19.0] * 120})
    >>> left = [1, 1, 0, 1, 0, 0, 0, 0] * 30
    >>> found = churn_drivers(SplineLogisticModel().fit(base, left), base)
    >>> [(row.feature, row.riskiest, row.safest) for row in found.rows]
    [('tenure', '1', '21'), ('fee', '19', '9')]
    """
    repeats = whole_between("repeats", repeats, 1)
    seed = whole_between("random_state", random_state, 0, 2**32 - 1)
    own = explain(model, frame, keep=IDENTIFIERS, table="customers")
    added = additive_contributions(model, own.rows.to_native())
    kind = DriverMetric.LOG_LOSS if added is None else DriverMetric.CONTRIBUTION
    if metric is not None:
        kind = choose(DriverMetric, metric, "metric")
    spreads: list[float | None]
    if kind is DriverMetric.CONTRIBUTION:
        if added is None:
            raise ParameterError(
                f"{type(model).__name__} has no formula whose contributions could be taken. Pass "
                'metric="log_loss" or metric="roc_auc", and y.',
                metric=str(kind),
            )
        terms = {name: added.get(name, np.zeros(len(own.rows))) for name in own.names}
        weights = [float(np.abs(terms[name]).mean()) for name in own.names]
        spreads = [None] * len(weights)
    else:
        weights, spreads = _shuffled(model, own, y, metric=kind, repeats=repeats, seed=seed)
    ends = ends_of_profiles(model, own, seed) if added is None else ends_of_terms(own, added)
    whole = sum(max(weight, 0.0) for weight in weights)
    order = sorted(range(len(weights)), key=lambda at: -weights[at])
    rows = [
        ChurnDriver(
            rank=rank,
            feature=own.names[at],
            words=column_words(own.names[at], words),
            weight=weights[at],
            spread=spreads[at],
            share=max(weights[at], 0.0) / whole if whole else 0.0,
            riskiest=ends[own.names[at]][0],
            safest=ends[own.names[at]][1],
        )
        for rank, at in enumerate(order, start=1)
    ]
    return ChurnDrivers(kind, len(own.rows), tuple(rows))


def _shuffled(
    model: ChurnModel,
    own: Explained,
    y: ArrayLike | None,
    *,
    metric: DriverMetric,
    repeats: int,
    seed: int,
) -> tuple[list[float], list[float | None]]:
    from sklearn.inspection import permutation_importance

    if y is None:
        raise ParameterError(f"the metric {metric} needs y: who of the customers left.")
    names = own.names

    def score(_: Any, places: NDArray[np.intp], left: ArrayLike) -> float:
        rows = mixed_rows(own.rows, dict(zip(names, places.T, strict=True)))
        chances = leaving_probability(model, rows)
        if metric is DriverMetric.LOG_LOSS:
            return -log_loss(left, chances)
        return roc_auc(left, chances)

    # It would make an array of any frame but one of pandas: it shuffles places of rows instead.
    places = np.tile(np.arange(len(own.rows))[:, None], (1, len(names)))
    found = permutation_importance(
        model, places, y, scoring=score, n_repeats=repeats, random_state=seed
    )
    return found.importances_mean.tolist(), found.importances_std.tolist()
