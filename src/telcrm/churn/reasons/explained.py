"""What a model says of rows of a frame, and of rows made up of the columns of two customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.models.additive import AdditiveFormula
from telcrm.churn.models.calibrated import CalibratedModel
from telcrm.churn.models.calibration import to_log_odds
from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.errors import ParameterError, SchemaDriftError, UnsupportedFrameError
from telcrm.tables.door import OpenFrame, open_frame

__all__ = [
    "IDENTIFIERS",
    "Explained",
    "additive_contributions",
    "explain",
    "leaving_log_odds",
    "leaving_probability",
    "mixed_rows",
]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

IDENTIFIERS: Final = ("subscription_id", "customer_id", "snapshot")
"""Columns that tell whom a row is of, and that no model looks at unless it says so."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A frame in memory, and the columns of it that a model looks at.

    Attributes
    ----------
    opened : OpenFrame
    held : narwhals.stable.v2.DataFrame
        All columns.
    rows : narwhals.stable.v2.DataFrame
        The columns that the model looks at, in its order.
    """

    opened: OpenFrame
    held: nw.DataFrame[Any]
    rows: nw.DataFrame[Any]

    @property
    def names(self) -> list[str]:
        """Columns that the model looks at."""
        return list(self.rows.columns)


def explain(model: ChurnModel, frame: Any, *, keep: Sequence[str], table: str) -> Explained:
    """Open a frame of customers whose scores are to be explained.

    Parameters
    ----------
    model : ChurnModel
    frame : dataframe
    keep : sequence of str
        Columns that a model which does not name its own is not given.
    table : str
        Of the frame, for messages.

    Returns
    -------
    Explained

    Raises
    ------
    UnsupportedFrameError
        The frame is lazy, or none.
    SchemaDriftError
        It lacks a column of the model.
    ParameterError
        It has no rows.
    """
    opened = open_frame(frame, table=table)
    if isinstance(nw.from_native(frame, pass_through=True), nw.LazyFrame):
        raise UnsupportedFrameError(
            f"{table} is lazy, and reasons need rows in memory. Collect the customers to be "
            "explained, a few thousand say; telcrm.churn.score_churn scores all of them where "
            "they are.",
            table=table,
        )
    held = opened.rows.collect()
    named = _looked_at(model)
    names = [name for name in held.columns if name not in keep] if named is None else named
    missing = [name for name in names if name not in held.columns]
    if missing:
        raise SchemaDriftError(
            f"{table} lacks {', '.join(map(repr, missing))}, which the model looks at (found: "
            f"{', '.join(held.columns)}). Build the table as the one that it learnt from.",
            missing=missing,
        )
    if not len(held):
        raise ParameterError(f"{table} has no rows.", table=table)
    return Explained(opened, held, held.select(*names))


def _looked_at(model: Any) -> list[str] | None:
    """Return the columns that a model names, or None."""
    if isinstance(model, CalibratedModel):
        return _looked_at(model.model_)
    if isinstance(model, SoftVoteModel):
        parts = [_looked_at(member) or [] for member in model.models_.values()]
        # A model that wants its whole table wants it in its order.
        longest_first = sorted(parts, key=len, reverse=True)
        union = dict.fromkeys(name for part in longest_first for name in part)
        return list(union) if all(parts) else None
    if hasattr(model, "feature_names_in_"):
        return [str(name) for name in model.feature_names_in_]
    if isinstance(model, ChurnClassifier) and model.is_fitted and not model.from_array_:
        return [column.name for column in model.columns_]
    return None


def leaving_probability(model: ChurnModel, rows: Any) -> Floats:
    """Return the chance to leave of each row, for whatever cause.

    Parameters
    ----------
    model : ChurnModel
    rows : dataframe

    Returns
    -------
    array of shape (n,)
    """
    if isinstance(model, HazardModel):
        return 1.0 - model.predict_proba(rows)[:, _stayed(model)]
    return churn_probability(model, rows)


def leaving_log_odds(model: ChurnModel, rows: Any) -> Floats:
    """Return the log odds of each row to leave, for whatever cause.

    Parameters
    ----------
    model : ChurnModel
    rows : dataframe

    Returns
    -------
    array of shape (n,)
        Of models that give probabilities only, from -13.8 to 13.8.
    """
    if isinstance(model, HazardModel):
        chances, stayed = model.predict_proba(rows), _stayed(model)
        odds: Floats = np.delete(chances, stayed, axis=1).sum(axis=1) / chances[:, stayed]
        return np.log(odds)
    if isinstance(model, ChurnClassifier):
        return model.decision_function(rows)
    return to_log_odds(churn_probability(model, rows))


def _stayed(model: HazardModel) -> int:
    [place] = [at for at, each in enumerate(model.classes_) if each not in model.causes_]
    return place


def additive_contributions(model: Any, rows: Any) -> dict[str, Floats] | None:
    """Return what each column adds to the log odds, of a model that has a formula.

    Parameters
    ----------
    model : ChurnModel
    rows : dataframe

    Returns
    -------
    dict of str to array of shape (n,), or None
        Of a model without one.
    """
    formula = getattr(model, "formula_", None)
    inner = model.model_ if isinstance(model, CalibratedModel) else model
    if not isinstance(formula, AdditiveFormula) or not isinstance(inner, ChurnClassifier):
        return None
    return formula.contributions(inner._read(rows, reset=False))  # noqa: SLF001 (own family)


def mixed_rows(rows: nw.DataFrame[Any], places: Mapping[str, Places]) -> Any:
    """Make rows each of whose values comes from a row of its own.

    Parameters
    ----------
    rows : narwhals.stable.v2.DataFrame
    places : mapping of str to array of int, shape (k,)
        For each column, the rows whose values are taken.

    Returns
    -------
    dataframe
        Of k rows, the same columns, types and library.
    """
    taken = {name: nw.maybe_reset_index(rows[name][own]) for name, own in places.items()}
    return nw.from_dict(taken).to_native()
