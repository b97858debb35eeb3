"""When customers leave, and why: discrete-time hazards of competing causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from scipy.special import log_softmax, softmax
from sklearn.utils import Tags

from telcrm.churn.models.additive import AdditiveFormula
from telcrm.churn.models.classifier import ChurnClassifier, ClassifierState, Label
from telcrm.churn.models.design import design_of
from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable
from telcrm.domain import Record
from telcrm.domain.arguments import require_positive, whole_between
from telcrm.errors import ParameterError
from telcrm.value.contractual.multinomial import cause_objective
from telcrm.value.likelihood.maximize import maximize

__all__ = ["HazardModel"]

Floats = NDArray[np.float64]

_MOST_PERIODS: Final = 1_200
_BOUND: Final = 50.0


class _State(ClassifierState):
    stayed: Label | None
    advancing: Mapping[str, float] | None
    steps: Mapping[str, Annotated[tuple[float, ...], Field(min_length=1)]] | None
    knots: Annotated[int, Field(ge=0, le=7)]
    ridge: Annotated[float, Field(gt=0)]
    least_rows: Annotated[int, Field(ge=1)]
    formulas_: tuple[AdditiveFormula, ...]


class HazardModel(ChurnClassifier):
    """Chances to leave in each period to come, by cause, learnt from periods at risk.

    A row of the table is a line in a period in which it could leave, as the line stood at the start
    of it; the label says why it left in the period, or that it stayed.

    Parameters
    ----------
    features : sequence of str, optional
        Columns that are looked at, in a frame of any others; by default all columns.
    stayed : label, optional
        That of a line that stayed; by default ``"stayed"`` if there is one, else the least label.
    advancing : mapping of str to float, optional
        Numbers that move on by themselves, and by how much in a period:
        ``{"tenure_months": 1, "months_to_contract_end": -1}``. All others stay as they are now.
    steps : mapping of str to sequence of float, optional
        Numbers that are cut into bins instead of drawn as a curve, and the upper ends of the bins:
        ``{"months_to_contract_end": (-2, 0, 1)}`` for a peak at the end of a contract.
    knots : int
        Of each other number's restricted cubic spline, 3 to 7; 0 for straight lines.
    ridge : float
        Penalty on the squares of coefficients, of columns of variance 1.
    least_rows : int
        Rows that a category has to have to be one of its own.

    Attributes
    ----------
    classes_ : array
        All labels, sorted.
    causes_ : tuple
        All but that of who stayed.
    formulas_ : tuple of AdditiveFormula
        For each cause, the log odds of it against staying.
    columns_, n_features_in_, feature_names_in_
        As scikit-learn has them.

    Notes
    -----
    With ``eta_c`` the formula of cause c, ``h_c = exp(eta_c) / (1 + sum exp(eta))`` are the chances
    of a period, and ``S(k)`` is the product of ``1 - sum h`` (Allison 1982, Sociological
    Methodology 13, 61-98). A line that joins the table late, or whose time is not over, is rightly
    at risk in the periods that were seen: left truncation and censoring need no more.

    A column that changes over time and does not move on by itself is frozen at its last value; to
    look far ahead by such columns, learn from labels that lie as far ahead.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame({"tenure": [0, 1, 2, 3] * 50, "plan": ["solo", "duo"] * 100})
    >>> left = ["moved"] * 12 + [""] * 150 + ["debt"] * 8 + [""] * 30
    >>> model = HazardModel(advancing={"tenure": 1}, knots=0).fit(months, left)
    >>> model.causes_
    ('debt', 'moved')
    >>> ahead = model.survival(months.head(1), periods=12)
    >>> gone = model.cumulative_incidence(months.head(1), periods=12)
    >>> round(float(ahead[0, 11] + gone["debt"][0, 11] + gone["moved"][0, 11]), 12)
    1.0
    """

    kind: ClassVar[str] = "hazard"
    stored_as: ClassVar[type[Record]] = _State

    formulas_: tuple[AdditiveFormula, ...]

    def __init__(
        self,
        *,
        features: Sequence[str] | None = None,
        stayed: Label | None = None,
        advancing: Mapping[str, float] | None = None,
        steps: Mapping[str, Sequence[float]] | None = None,
        knots: int = 5,
        ridge: float = 1.0,
        least_rows: int = 20,
    ) -> None:
        self.features = features
        self.stayed = stayed
        self.advancing = advancing
        self.steps = steps
        self.knots = knots
        self.ridge = ridge
        self.least_rows = least_rows

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803
        """Learn when lines leave, and why.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)
            A row for each line and period at risk, as it stood at the start of the period.
        y : array of shape (n,)
            Why the line left in the period; ``stayed``, or a null or ``""`` beside causes in words,
            if it did not.

        Returns
        -------
        Self

        Raises
        ------
        SingleClassError
            Nobody left, or nobody stayed.
        ParameterError, SchemaDriftError
            A column or a parameter is not as it has to be.
        """
        labels = np.asarray(y)
        if labels.ndim == 1 and labels.dtype == object:
            labels = np.array(["" if each is None else each for each in labels.tolist()])
            return super().fit(X, labels)
        return super().fit(X, y)

    def _refuse_classes(self, classes: Sequence[Label]) -> None:
        if self.stayed is not None and self.stayed not in classes:
            raise ParameterError(
                f"stayed is {self.stayed!r}, and y holds {', '.join(map(repr, classes))}.",
                stayed=self.stayed,
            )

    def _stayed(self) -> int:
        """Return the place of the label of who stayed."""
        told: list[Label] = self.classes_.tolist()
        if self.stayed is not None:
            return told.index(self.stayed)
        return told.index("stayed") if "stayed" in told else 0

    @property
    def causes_(self) -> tuple[Label, ...]:
        """Why lines leave, in the order of ``classes_``."""
        self.require_fitted()
        stayed = self._stayed()
        return tuple(each for at, each in enumerate(self.classes_.tolist()) if at != stayed)

    def _learn(self, table: FeatureTable, left: Floats) -> tuple[FeatureColumn, ...]:
        knots = whole_between("knots", self.knots, 0, 7)
        require_positive(ridge=self.ridge)
        least_rows = whole_between("least_rows", self.least_rows, 1)
        for name, columns in (("advancing", self.advancing), ("steps", self.steps)):
            unknown = [each for each in columns or {} if each not in table.numbers]
            if unknown:
                raise ParameterError(
                    f"{name} names {', '.join(map(repr, unknown))}, which are no columns of "
                    f"numbers. Those are: {', '.join(table.numbers)}.",
                    unknown=unknown,
                )
        design = design_of(table, most_knots=knots, least_rows=least_rows, steps=self.steps)
        counts = np.zeros((table.rows, self.classes_.size))
        counts[np.arange(table.rows), left.astype(np.intp)] = 1.0
        stayed = self._stayed()
        order = [stayed, *(at for at in range(self.classes_.size) if at != stayed)]
        ones = np.ones((table.rows, 1))
        matrix = np.column_stack([ones, design.matrix]) if design.columns else ones
        ridge = np.full(matrix.shape[1], float(self.ridge))
        ridge[0] = 0.0
        shares = counts[:, order].mean(axis=0)
        start = np.zeros((len(order) - 1, matrix.shape[1]))
        start[:, 0] = np.log(shares[1:] / shares[0])
        bound = np.full(start.size, _BOUND)
        found = maximize(
            cause_objective(matrix, counts[:, order], ridge),
            start.ravel(),
            lower=-bound,
            upper=bound,
        )
        point = found.point.reshape(start.shape)
        self.formulas_ = tuple(design.formula(float(own[0]), own[1:]) for own in point)
        return tuple(one.column for one in design.columns)

    def _logits(self, table: FeatureTable) -> Floats:
        """Return the log odds of each class against staying, in the order of ``classes_``."""
        logits = np.zeros((table.rows, self.classes_.size))
        stayed = self._stayed()
        others = [at for at in range(self.classes_.size) if at != stayed]
        for at, formula in zip(others, self.formulas_, strict=True):
            logits[:, at] = formula.log_odds(table)
        return logits

    def _log_odds(self, table: FeatureTable) -> Floats:
        logits = self._logits(table)
        if self.classes_.size == 2:
            return np.asarray(logits[:, 1] - logits[:, 0], dtype=np.float64)
        found: Floats = log_softmax(logits, axis=1)
        return found

    def _chances(self, table: FeatureTable) -> Floats:
        found: Floats = softmax(self._logits(table), axis=1)
        return found

    def cumulative_incidence(self, X: Any, *, periods: int) -> dict[Label, Floats]:  # noqa: N803
        """Return the chances to have left for each cause, by the end of each period to come.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)
            Each line as it stands at the start of the first of the periods.
        periods : int
            1 to 1,200.

        Returns
        -------
        dict of cause to array of shape (n, periods)
            With :meth:`survival` they add up to 1.

        Raises
        ------
        NotFittedError, SchemaDriftError, ParameterError

        Notes
        -----
        ``F_c(k) = sum over j <= k of S(j-1) h_c(j)`` (Kalbfleisch & Prentice 2002, section 8.2).
        What ``advancing`` names moves on from period to period; all else stays as it is now.
        """
        self.require_fitted()
        ahead = whole_between("periods", periods, 1, _MOST_PERIODS)
        table = self._read(X, reset=False)
        stayed = self._stayed()
        found = np.empty((self.classes_.size, table.rows, ahead))
        there = np.ones(table.rows)
        before = np.zeros((self.classes_.size, table.rows))
        for period in range(ahead):
            hazards = self._chances(self._moved_on(table, period)).T
            before = before + there * hazards
            found[:, :, period] = before
            there = there * hazards[stayed]
        return {cause: found[at] for at, cause in enumerate(self.classes_.tolist()) if at != stayed}

    def survival(self, X: Any, *, periods: int) -> Floats:  # noqa: N803
        """Return the chances to be still there at the end of each period to come.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)
        periods : int
            1 to 1,200.

        Returns
        -------
        array of shape (n, periods)

        Raises
        ------
        NotFittedError, SchemaDriftError, ParameterError
        """
        gone = self.cumulative_incidence(X, periods=periods)
        found: Floats = 1.0 - np.sum(list(gone.values()), axis=0)
        return found

    def _moved_on(self, table: FeatureTable, periods: int) -> FeatureTable:
        steps = self.advancing or {}
        moved = {name: table.numbers[name] + periods * step for name, step in steps.items()}
        return replace(table, numbers={**table.numbers, **moved})

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = True
        return tags
