"""How a model would have done, had it been fitted on the past and judged on what came after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from math import nan
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.evaluation.evaluation import Evaluation, evaluate
from telcrm.churn.evaluation.scores import Bools, Floats
from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.churn.monitoring.outcome_column import outcome_column
from telcrm.domain.arguments import require_day
from telcrm.errors import ModelContractError, ParameterError, SingleClassError
from telcrm.tables.door import ColumnKind, open_frame, parse_objects, require_columns, require_kinds
from telcrm.tables.findings import readable
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn
from telcrm.tables.row_checks import check_rows, not_null
from telcrm.value.scoring import floats

__all__ = ["BackTest", "BackTestRow", "back_test"]

_FIGURES: Final = (
    "roc_auc",
    "pr_auc",
    "lift",
    "brier",
    "expected_calibration_error",
    "calibration_slope",
    "maximum_profit",
    "expected_maximum_profit",
)


@dataclass(frozen=True, slots=True)
class BackTestRow:
    """One snapshot, scored by a model that was fitted before it.

    Attributes
    ----------
    split : int
        From 0, in the order given.
    trained_from, trained_until : date
        First and last snapshot that the model has learnt from.
    training_customers : int
    snapshot : date
        The snapshot that was scored.
    customers, churners : int
        There, with a known outcome.
    evaluation : Evaluation or None
    reason : str or None
        Why there is no evaluation.
    """

    split: int
    trained_from: date
    trained_until: date
    training_customers: int
    snapshot: date
    customers: int
    churners: int
    evaluation: Evaluation | None
    reason: str | None

    def figure(self, name: str) -> float | None:
        """Return a figure of the evaluation, None without one."""
        return None if self.evaluation is None else self.evaluation.figures[name]


@dataclass(frozen=True, slots=True, repr=False)
class BackTest:
    """A model over time.

    Attributes
    ----------
    rows : tuple of BackTestRow
        By split, then by snapshot.
    unknown : int
        Rows of the table that were left out, since their outcome is unknown.
    """

    rows: tuple[BackTestRow, ...]
    unknown: int

    def mean(self, figure: str) -> float | None:
        """Return the mean of a figure over the snapshots that have it.

        Parameters
        ----------
        figure : str
            A figure of :class:`Evaluation`.

        Returns
        -------
        float or None

        Raises
        ------
        ParameterError
            There is no such figure.
        """
        known = [row.evaluation.figures for row in self.rows if row.evaluation is not None]
        if known and figure not in known[0]:
            raise ParameterError(
                f"Evaluation has no figure {figure!r}. Choose from: {', '.join(known[0])}.",
                figure=figure,
            )
        values = [value for each in known if (value := each[figure]) is not None]
        return float(np.mean(values)) if values else None

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per split and snapshot.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`BackTestRow`, days as ISO text, with the main figures of the
            evaluation.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        columns: dict[str, ResultColumn] = {}
        for name in BackTestRow.__slots__:
            if name == "evaluation":
                for figure in _FIGURES:
                    values = [row.figure(figure) for row in self.rows]
                    columns[figure] = ResultColumn(float, values)
                continue
            told = [getattr(row, name) for row in self.rows]
            if name in {"split", "training_customers", "customers", "churners"}:
                columns[name] = ResultColumn(int, told)
            else:
                text = [None if each is None else str(each) for each in told]
                columns[name] = ResultColumn(str, text)
        return columns

    def __repr__(self) -> str:
        judged = sum(row.evaluation is not None for row in self.rows)
        told = ", ".join(
            f"{name} {nan if (mean := self.mean(name)) is None else mean:.4f}"
            for name in ("roc_auc", "lift", "brier", "expected_maximum_profit")
        )
        return f"BackTest({judged} of {len(self.rows)} snapshots judged; on average {told})"

    def _repr_html_(self) -> str:
        return html_table(self._columns(), repr(self))


def back_test(
    model: ChurnModel,
    frame: Any,
    *,
    splits: Iterable[tuple[Sequence[date], Sequence[date]]],
    features: Sequence[str],
    label: str = "churned",
    snapshot: str = "snapshot",
    clv: float | str = 200.0,
    incentive: float = 10.0,
    contact: float = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
    q: float = 0.1,
    bins: int = 10,
) -> BackTest:
    """Fit a fresh copy of a model on each split's past, and judge it on the snapshots after it.

    Parameters
    ----------
    model : ChurnModel
        Any classifier of scikit-learn's ways; it is cloned, and stays as it is.
    frame : dataframe
        One row per customer or line and snapshot: a panel. pandas, Polars (eager or lazy), a DuckDB
        relation, PySpark, or PyArrow. Its features are read into memory, as a model needs them:
        as pandas from pandas, as Polars from Polars and PyArrow, and from other engines as pandas
        if that is installed.
    splits : iterable of (train snapshots, test snapshots)
        Sequences of dates, as ``time_splits`` gives them. Every snapshot to test is later than all
        that are learnt from; that outcomes do not overlap either, the embargo, is up to who
        makes the splits.
    features : sequence of str
        Columns that the model looks at.
    label : str
        Column that says who left: 0 and 1, or booleans; rows where it is null are left out.
    snapshot : str
        Column of dates.
    clv : float or str
        A number, or the numeric column that holds each customer's.
    incentive, contact, alpha, beta, q, bins
        As :func:`evaluate` takes them.

    Returns
    -------
    BackTest

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
        A column is not there, of a wrong type, or a snapshot or an outcome is not as it has to be.
    SingleClassError
        A split's past holds one class only. A test snapshot of one class is told as a reason.
    ParameterError
        There are no splits or features, a split looks into its own future, or a snapshot is not in
        the table.
    ModelContractError
        The model cannot be cloned, has no ``predict_proba``, or answers with something else than
        probabilities.

    Examples
    --------
    >>> import polars as pl
    >>> from sklearn.linear_model import LogisticRegression
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> panel = pl.DataFrame(
    ...     {
    ...         "snapshot": [jan] * 4 + [feb] * 4,
    ...         "calls": [5.0, 4.0, 1.0, 0.0] * 2,
    ...         "churned": [0, 0, 1, 1] * 2,
    ...     }
    ... )
    >>> found = back_test(
    ...     LogisticRegression(), panel, splits=[([jan], [feb])], features=["calls"]
    ... )
    >>> [(row.snapshot, row.evaluation.roc_auc) for row in found.rows]
    [(datetime.date(2024, 2, 1), 1.0)]
    """
    plan = _read_splits(splits)
    panel = _Panel.read(frame, features, label, snapshot, clv if isinstance(clv, str) else None)
    panel.require([day for train, test in plan for day in (*train, *test)], snapshot)
    terms = {
        "incentive": incentive,
        "contact": contact,
        "alpha": alpha,
        "beta": beta,
        "q": q,
        "bins": bins,
    }
    rows = []
    for split, (train, test) in enumerate(plan):
        places = panel.places(train)
        _require_both(panel.churned[places], train)
        fitted = _fresh(model)
        fitted.fit(panel.features_of(places), panel.churned[places].astype(np.int64))
        for day in test:
            own = panel.places([day])
            evaluation, reason = None, None
            try:
                evaluation = evaluate(
                    panel.churned[own],
                    churn_probability(fitted, panel.features_of(own)),
                    clv=clv if panel.clv is None else panel.clv[own],
                    **terms,  # type: ignore[arg-type]
                )
            except SingleClassError as error:
                reason = error.message
            rows.append(
                BackTestRow(
                    split=split,
                    trained_from=min(train),
                    trained_until=max(train),
                    training_customers=places.size,
                    snapshot=day,
                    customers=own.size,
                    churners=int(panel.churned[own].sum()),
                    evaluation=evaluation,
                    reason=reason,
                )
            )
    return BackTest(tuple(rows), panel.unknown)


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """The rows of a known outcome, in memory."""

    held: nw.DataFrame[Any]
    features: list[str]
    churned: Bools
    days: list[date]
    codes: NDArray[np.intp]
    clv: Floats | None
    unknown: int

    @classmethod
    def read(
        cls, frame: Any, features: Sequence[str], label: str, snapshot: str, clv: str | None
    ) -> _Panel:
        names = [features] if isinstance(features, str) else list(features)
        if not names:
            raise ParameterError("back_test: features names no column. Name one at least.")
        opened = open_frame(frame, table="panel")
        own = {} if clv is None else {"clv": clv}
        wanted = {"features": names, "label": label, "snapshot": snapshot, **own}
        require_columns(opened, wanted)
        opened = parse_objects(opened, [label, snapshot, *own.values()])
        numbers = dict.fromkeys(own.values(), ColumnKind.NUMBER)
        require_kinds(opened, {snapshot: ColumnKind.DATE, **numbers})
        left, (_, strange) = outcome_column(opened, label)
        check_rows(opened, [not_null(snapshot), strange], keys=[snapshot])
        extra = {} if clv is None else {"_clv": nw.col(clv).cast(nw.Float64)}
        rows = opened.rows.select(
            *names, _label=left.cast(nw.Float64), _snapshot=nw.col(snapshot), **extra
        )
        everything = _collect(rows)
        known = everything.filter(~nw.col("_label").is_null())
        days = sorted({readable(day) for day in known["_snapshot"].unique().to_list()})
        codes = np.zeros(len(known), dtype=np.intp)
        places = {day: at for at, day in enumerate(days)}
        for day in known["_snapshot"].unique().to_list():
            codes[np.asarray((known["_snapshot"] == day).to_numpy(), dtype=bool)] = places[
                readable(day)
            ]
        return cls(
            held=known.select(*names),
            features=names,
            churned=floats(known["_label"]) == 1.0,
            days=days,
            codes=codes,
            clv=None if clv is None else floats(known["_clv"]),
            unknown=len(everything) - len(known),
        )

    def require(self, days: Iterable[date], snapshot: str) -> None:
        missing = sorted({day for day in days if day not in self.days})
        if missing:
            raise ParameterError(
                f"back_test: column {snapshot!r} holds no row of a known outcome on "
                f"{', '.join(map(str, missing[:5]))} (found: "
                f"{', '.join(map(str, self.days[:12])) or 'none'}). Make the splits of this table.",
                missing=missing,
            )

    def places(self, days: Sequence[date]) -> NDArray[np.intp]:
        wanted = [at for at, day in enumerate(self.days) if day in days]
        return np.flatnonzero(np.isin(self.codes, wanted))

    def features_of(self, places: NDArray[np.intp]) -> Any:
        return self.held[places].to_native()


def _read_splits(
    splits: Iterable[tuple[Sequence[date], Sequence[date]]],
) -> list[tuple[list[date], list[date]]]:
    plan = [(list(train), list(test)) for train, test in splits]
    if not plan or not all(train and test for train, test in plan):
        raise ParameterError(
            "back_test: every split needs snapshots to learn from and to test, and there has to be "
            "one split at least. Take more snapshots, or a shorter embargo.",
            splits=len(plan),
        )
    for at, (train, test) in enumerate(plan):
        for day in (*train, *test):
            require_day("back_test", day)
        if max(train) >= min(test):
            raise ParameterError(
                f"back_test: split {at} learns from {max(train)}, which is not before "
                f"{min(test)}, which it is tested on. Make splits with time_splits.",
                split=at,
            )
    return [(sorted(set(train)), sorted(set(test))) for train, test in plan]


def _fresh(model: ChurnModel) -> ChurnModel:
    from sklearn.base import clone

    try:
        copy: ChurnModel = clone(model)
    except TypeError as error:
        raise ModelContractError(
            f"{type(model).__name__} cannot be fitted anew for every split: it has no get_params, "
            "as scikit-learn's estimators have. Derive it from sklearn.base.BaseEstimator.",
            model=type(model).__name__,
        ) from error
    return copy


def _collect(rows: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    if rows.implementation in {nw.Implementation.PANDAS, nw.Implementation.POLARS}:
        held: nw.DataFrame[Any] = rows.collect()
        return held
    arrow: nw.DataFrame[Any] = rows.collect(backend="pyarrow")
    return nw.from_native(arrow.to_pandas() if find_spec("pandas") else arrow.to_polars())


def _require_both(churned: Bools, train: Sequence[date]) -> None:
    left = int(churned.sum())
    if left in {0, churned.size}:
        raise SingleClassError(
            f"of {churned.size:,} customers at {min(train)} to {max(train)} "
            f"{'all' if left else 'none'} left, so that there is nothing to learn. Take more "
            "snapshots to learn from.",
            customers=churned.size,
        )
