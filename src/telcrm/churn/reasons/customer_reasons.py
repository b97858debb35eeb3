"""Why each customer is likely to leave, in business words, of any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.models.protocol import ChurnModel
from telcrm.churn.reasons.explained import (
    IDENTIFIERS,
    Explained,
    additive_contributions,
    explain,
    leaving_log_odds,
    leaving_probability,
)
from telcrm.churn.reasons.shapley import draw_orders, shapley_values
from telcrm.churn.reasons.words import column_words, reason_words, value_words
from telcrm.domain.arguments import whole_between
from telcrm.errors import ParameterError, SchemaDriftError
from telcrm.tables.door import require_columns
from telcrm.tables.findings import readable
from telcrm.tables.refusals import refuse_twice
from telcrm.value.scoring import floats

__all__ = ["ReasonDirection", "churn_reasons"]

FrameT = TypeVar("FrameT")
Floats = NDArray[np.float64]

_LEAST_BACKGROUND: Final = 30
_NOTHING: Final = 1e-9
_RESULT: Final = (
    "churn_probability",
    "rank",
    "feature",
    "value",
    "contribution",
    "direction",
    "reason",
)


class ReasonDirection(StrEnum):
    """What a reason does to the odds of leaving."""

    RAISES = "raises"
    LOWERS = "lowers"


@dataclass(frozen=True, slots=True)
class _Reason:
    row: int
    rank: int
    feature: str
    contribution: float

    @property
    def direction(self) -> ReasonDirection:
        return ReasonDirection.RAISES if self.contribution > 0 else ReasonDirection.LOWERS


def churn_reasons(
    model: ChurnModel,
    frame: FrameT,
    *,
    top: int = 3,
    words: Mapping[str, str] | None = None,
    background: Any = None,
    keep: Sequence[str] | None = None,
    only_raising: bool = True,
    draws: int = 50,
    random_state: int = 0,
) -> FrameT:
    """Tell the strongest reasons for which each customer is likely to leave.

    Parameters
    ----------
    model : ChurnModel
        Fitted: any of telcrm, any classifier or pipeline of scikit-learn.
    frame : dataframe
        Customers, one row each, in memory: pandas, Polars or PyArrow.
    top : int, 1 or more
        Reasons of each customer, at most.
    words : mapping of str to str, optional
        What columns are called in reasons; by default as :data:`telcrm.churn.FEATURES` describes
        them, and else by their names.
    background : dataframe, optional
        Customers that those of ``frame`` are compared with, a sample of the base, in the same kind
        of frame. By default, of a model with a formula, the average customer that it has learnt
        from; of any other model, the customers of ``frame`` themselves, 30 at least.
    keep : sequence of str, optional
        Columns that tell whom a row is of; by default ``subscription_id``, ``customer_id`` and
        ``snapshot``, where they are there.
    only_raising : bool
        Only what makes the customer likelier to leave: what a caller has to know. A customer
        without such a reason gets no row then. Else what keeps the customer counts, too.
    draws : int, 1 or more
        Background rows that a customer is compared with, of a model without a formula. Error falls
        with its square root, and time rises with it.
    random_state : int
        For the draw of these rows, and of orders of columns.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, in its order, a row for each customer and reason: the
        columns of ``keep`` (if none is there, ``row``, the place in ``frame`` from 0), and

        ``churn_probability``
            Float64.
        ``rank``
            Int64, from 1, the strongest.
        ``feature``, ``value``
            String: the column, and its value as text.
        ``contribution``
            Float64: what it adds to the log odds, against the average customer.
        ``direction``
            ``"raises"`` or ``"lowers"``.
        ``reason``
            String: the same as a sentence. Where there is a background, ``high`` and ``low`` mark
            the upper and the lower quarter of it.

    Raises
    ------
    UnsupportedFrameError
        The frame is lazy. Score with :func:`telcrm.churn.score_churn`, and explain whom you call.
    SchemaDriftError
        A column that the model looks at is not there, or of another type in ``background``.
    MissingColumnsError
        A column of ``keep`` is not there.
    ParameterError
        A parameter is out of range, or there are too few customers to compare with.
    NotFittedError, ModelContractError
        Of the model.

    Notes
    -----
    Of a model with a formula (scorecard, spline, either of them with Platt's calibration),
    contributions are its terms: exact. Of any other, they are Shapley values of the log odds, by
    sampled orders of columns and their reverses from background rows (Strumbelj & Kononenko 2014,
    Knowledge and Information Systems 41, 647-665; antithetic orders: Mitchell et al. 2022, JMLR
    23(43)). Contributions of a customer add up to the log odds less their average over the drawn
    background rows, whatever is drawn. Probabilities of such models are kept off 0 and 1 by a
    millionth.

    A contribution tells what the model goes by. It is no promise that a change of the value would
    keep the customer.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn.models.spline_logistic import SplineLogisticModel
    >>> base = pl.DataFrame({"customer_id": range(240), "tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30})
    >>> left = [1, 1, 0, 1, 0, 0, 0, 0] * 30
    >>> model = SplineLogisticModel(features=["tenure"]).fit(base, left)
    >>> found = churn_reasons(model, base.head(8), words={"tenure": "months with us"})
    >>> found.select("customer_id", "reason").rows()[3]
    (3, 'months with us: 5; multiplies the odds of leaving by 5.3')
    """
    most = whole_between("top", top, 1)
    draws = whole_between("draws", draws, 1)
    seed = whole_between("random_state", random_state, 0)
    identifiers = IDENTIFIERS if keep is None else tuple(keep)
    own = explain(model, frame, keep=identifiers, table="customers")
    if keep is not None:
        require_columns(own.opened, {"keep": identifiers})
    kept = [name for name in identifiers if name in own.held.columns]
    refuse_twice("churn_reasons", kept, _RESULT)
    other = None
    if background is not None:
        other = explain(model, background, keep=identifiers, table="background")
    added = additive_contributions(model, own.rows.to_native())
    if added is None:
        other = other or _themselves(own)
        names = own.names
        rows, others = _of_like_types(own.rows, other.rows)
        drawn = draw_orders(len(others), len(names), draws=draws, random_state=seed)
        told = shapley_values(
            lambda mixed: leaving_log_odds(model, mixed), rows, others, drawn
        ).contributions
    else:
        average = None
        if other is not None:
            average = additive_contributions(model, other.rows.to_native())
        names = list(added)
        told = np.empty((len(own.rows), len(names)))
        for at, name in enumerate(names):
            told[:, at] = added[name] - (0.0 if average is None else average[name].mean())
    chosen = _strongest(names, told, most, only_raising=only_raising)
    chances = leaving_probability(model, own.rows.to_native())
    return _table(own, kept, chosen, chances, _Words(own, other, words))  # type: ignore[no-any-return]


def _themselves(own: Explained) -> Explained:
    if len(own.rows) < _LEAST_BACKGROUND:
        raise ParameterError(
            f"customers has {len(own.rows)} rows, fewer than the {_LEAST_BACKGROUND} that it takes "
            "to compare them with each other. Pass background=, a sample of all customers.",
            rows=len(own.rows),
        )
    return own


def _of_like_types(
    rows: nw.DataFrame[Any], background: nw.DataFrame[Any]
) -> tuple[nw.DataFrame[Any], nw.DataFrame[Any]]:
    """Return both with floats where their numbers are of two types; refuse other differences."""
    mine, theirs = rows.schema, background.schema
    apart = [name for name in mine if mine[name] != theirs[name]]
    for name in apart:
        if not (mine[name].is_numeric() and theirs[name].is_numeric()):
            raise SchemaDriftError(
                f"background: column {name!r} holds {theirs[name]}, and {mine[name]} in the "
                "customers to be explained. Cast it.",
                column=name,
            )
    floats_of = [nw.col(name).cast(nw.Float64) for name in apart]
    return rows.with_columns(floats_of), background.with_columns(floats_of)


def _strongest(
    names: Sequence[str], told: Floats, most: int, *, only_raising: bool
) -> list[_Reason]:
    strength = told if only_raising else np.abs(told)
    order = np.argsort(-strength, axis=1, kind="stable")[:, :most]
    return [
        _Reason(row, rank, names[at], float(told[row, at]))
        for row, own in enumerate(order)
        for rank, at in enumerate(own.tolist(), start=1)
        if strength[row, at] > _NOTHING
    ]


class _Words:
    """Values of customers in words, and where they stand among others."""

    def __init__(
        self, own: Explained, other: Explained | None, words: Mapping[str, str] | None
    ) -> None:
        self.words = words
        self.values = {name: own.rows[name].to_list() for name in own.names}
        self.quarters: dict[str, tuple[float, float]] = {}
        for name, dtype in ({} if other is None else other.rows.schema).items():
            if other is not None and dtype.is_numeric():
                known = floats(other.rows[name])
                known = known[~np.isnan(known)]
                if known.size:
                    low, high = np.quantile(known, [0.25, 0.75])
                    self.quarters[name] = (float(low), float(high))

    def value(self, reason: _Reason) -> str:
        return value_words(reason.feature, self.values[reason.feature][reason.row])

    def sentence(self, reason: _Reason) -> str:
        value = self.values[reason.feature][reason.row]
        standing = ""
        if reason.feature in self.quarters and readable(value) is not None:
            low, high = self.quarters[reason.feature]
            standing = "high" if value > high else "low" if value < low else ""
        told = column_words(reason.feature, self.words)
        return reason_words(told, self.value(reason), standing, reason.contribution)


def _table(
    own: Explained, kept: Sequence[str], reasons: Sequence[_Reason], chances: Floats, words: _Words
) -> Any:
    rows = np.array([each.row for each in reasons], dtype=np.intp)
    columns: dict[str, tuple[Any, Any]] = {
        "churn_probability": (nw.Float64(), chances[rows].tolist()),
        "rank": (nw.Int64(), [each.rank for each in reasons]),
        "feature": (nw.String(), [each.feature for each in reasons]),
        "value": (nw.String(), [words.value(each) for each in reasons]),
        "contribution": (nw.Float64(), [each.contribution for each in reasons]),
        "direction": (nw.String(), [str(each.direction) for each in reasons]),
        "reason": (nw.String(), [words.sentence(each) for each in reasons]),
    }
    if not kept:
        columns = {"row": (nw.Int64(), rows.tolist()), **columns}
    engine = own.held.implementation
    made = {
        name: nw.new_series(name, values, dtype, backend=engine)
        for name, (dtype, values) in columns.items()
    }
    identified = {name: nw.maybe_reset_index(own.held[name][rows]) for name in kept}
    return own.opened.close(nw.from_dict({**identified, **made}).lazy())
