"""A fitted churn model with what it is asked about, part by part of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.protocol import churn_probability, require_probabilities
from telcrm.domain.arguments import whole_between
from telcrm.errors import ModelContractError, ParameterError
from telcrm.estimators import StoredEstimator
from telcrm.tables.plain_frame import FrameLibrary
from telcrm.value.scoring import floats

__all__ = ["Scorer", "features_of", "has_learnt_from_array", "require_scores"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scorer:
    """A model, and how it is asked.

    Attributes
    ----------
    model : ChurnModel
        Fitted.
    features : tuple of str
        Columns that it is handed.
    from_array : bool
        Whether it is handed an array of them.
    handed_as : FrameLibrary or None
        What it is handed else; None for what holds the rows.
    kept : tuple of str
        Columns that stand beside the answer.
    into : str
        Column of the answer.
    periods : int or None
        Of a hazard model.
    batch_rows : int
        Rows that the model is asked about at once, at most.
    """

    model: Any
    features: tuple[str, ...]
    from_array: bool
    handed_as: FrameLibrary | None
    kept: tuple[str, ...]
    into: str
    periods: int | None
    batch_rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of a table."""
        return tuple(dict.fromkeys([*self.kept, *self.features]))

    def chances(self, frame: nw.DataFrame[Any]) -> Floats:
        """Return the chance to leave of each row, asking batch by batch.

        Parameters
        ----------
        frame : narwhals.stable.v2.DataFrame

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        ModelContractError
            An answer is no probability, or there are not as many as rows.
        """
        found = np.empty(len(frame))
        for first in range(0, len(frame), self.batch_rows):
            part = frame[first : first + self.batch_rows]
            found[first : first + self.batch_rows] = self._asked(part)
        return found

    def _asked(self, part: nw.DataFrame[Any]) -> Floats:
        # A model that was stored in between may name its columns in another order.
        order = getattr(self.model, "feature_names_in_", self.features)
        table = self._handed(part.select(*map(str, order)))
        if isinstance(self.model, HazardModel):
            survival = self.model.survival(table, periods=self.periods or 1)
            chance: Floats = np.minimum(1.0 - survival[:, -1], 1.0)
        else:
            chance = churn_probability(self.model, table)
        if chance.size != len(part):
            raise ModelContractError(
                f"{type(self.model).__name__}.predict_proba returned {chance.size:,} rows of "
                f"{len(part):,}. It has to return one for each.",
                model=type(self.model).__name__,
            )
        return chance

    def _handed(self, wanted: nw.DataFrame[Any]) -> Any:
        """Return rows as the model reads them."""
        if self.from_array:
            return np.column_stack([floats(wanted[name]) for name in wanted.columns])
        library = self.handed_as
        if library is None and wanted.implementation.is_pyarrow():
            library = self._reads_arrow_as()
        match library:
            case FrameLibrary.PANDAS:
                return wanted.to_pandas()
            case FrameLibrary.POLARS:
                return wanted.to_polars()
            case FrameLibrary.PYARROW:
                return wanted.to_arrow()
            case None:
                return wanted.to_native()

    def _reads_arrow_as(self) -> FrameLibrary | None:
        own = isinstance(self.model, ChurnClassifier)
        # Pandas is what every release of scikit-learn knows; models of telcrm read Polars faster.
        preferred = [FrameLibrary.PANDAS, FrameLibrary.POLARS]
        for library in reversed(preferred) if own else preferred:
            if find_spec(library.value):
                return library
        return None

    def of_polars(self, part: Any) -> Any:
        """Answer for a part of a Polars frame.

        Parameters
        ----------
        part : polars.DataFrame

        Returns
        -------
        polars.DataFrame
        """
        import polars as pl

        chances = pl.Series(self.into, self.chances(nw.from_native(part)), dtype=pl.Float64)
        return pl.DataFrame([*part.select(self.kept).get_columns(), chances])

    def of_arrow(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Answer for record batches of Arrow, one after the other.

        Parameters
        ----------
        batches : iterable of pyarrow.RecordBatch

        Yields
        ------
        pyarrow.RecordBatch
        """
        import pyarrow as pa  # type: ignore[import-untyped]

        for part in self._gathered(batches):
            chances = pa.array(self.chances(nw.from_native(part)))
            yield from pa.Table.from_arrays(
                [*(part[name] for name in self.kept), chances], names=[*self.kept, self.into]
            ).to_batches()

    def _gathered(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Put batches together until they are as large as wanted: engines make them small."""
        import pyarrow as pa

        held: list[Any] = []
        rows = 0
        for batch in batches:
            held.append(batch)
            rows += batch.num_rows
            if rows >= self.batch_rows:
                yield pa.Table.from_batches(held)
                held, rows = [], 0
        if held:
            yield pa.Table.from_batches(held)

    def packed(self) -> PackedScorer:
        """Make it ready to be sent to another process: a model of telcrm as JSON.

        Returns
        -------
        PackedScorer
        """
        if isinstance(self.model, StoredEstimator):
            return PackedScorer(replace(self, model=None), type(self.model), self.model.to_json())
        return PackedScorer(self, None, None)


@dataclass(frozen=True)
class PackedScorer:
    """A scorer on its way to another process.

    Attributes
    ----------
    scorer : Scorer
        Without a model, where that is in ``text``.
    kind : type of StoredEstimator, or None
    text : str or None
    """

    scorer: Scorer
    kind: type[StoredEstimator] | None
    text: str | None

    def of_arrow(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Answer for record batches of Arrow, as :meth:`Scorer.of_arrow` does.

        Parameters
        ----------
        batches : iterable of pyarrow.RecordBatch

        Yields
        ------
        pyarrow.RecordBatch
        """
        scorer = self.scorer
        if self.kind is not None and self.text is not None:
            scorer = replace(scorer, model=self.kind.from_json(self.text))
        yield from scorer.of_arrow(batches)


def require_scores(model: Any, periods: int | None) -> None:
    """Refuse a model that cannot tell the chance to leave.

    Parameters
    ----------
    model : object
    periods : int or None
        Given for hazard models only.

    Raises
    ------
    ModelContractError
        It has no ``predict_proba``, or has learnt other than two classes.
    NotFittedError
        It has not learnt yet; of an estimator of scikit-learn its own.
    ParameterError
        ``periods`` does not go with the model.
    """
    require_probabilities(model)
    name = type(model).__name__
    if isinstance(model, StoredEstimator):
        model.require_fitted()
    elif isinstance(model, BaseEstimator):
        check_is_fitted(model)
    if isinstance(model, HazardModel):
        if periods is not None:
            whole_between("periods", periods, 1)
        return
    if periods is not None:
        raise ParameterError(
            f"periods={periods!r} is for a HazardModel: {name} tells the chance of the one window "
            "that it has learnt. Leave periods out.",
            periods=periods,
        )
    classes = getattr(model, "classes_", None)
    if classes is not None and len(classes) != 2:
        raise ModelContractError(
            f"{name} has learnt {len(classes)} classes. Teach it two: who stayed, and who left.",
            model=name,
            classes=len(classes),
        )


def features_of(model: Any) -> tuple[str, ...] | None:
    """Return the columns that a fitted model looks at, if it says so.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    tuple of str, or None
        In the order in which it wants them.
    """
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return tuple(map(str, names))
    if isinstance(model, ChurnClassifier):
        return None if model.from_array_ else tuple(each.name for each in model.columns_)
    members = _members(model)
    told = [(each, names) for each in members if (names := features_of(each)) is not None]
    if not told:
        return None
    # One that wants these columns and no others had no others to learn from.
    for member, names in told:
        if hasattr(member, "feature_names_in_"):
            return names
    return tuple(dict.fromkeys(name for _, names in told for name in names))


def has_learnt_from_array(model: Any) -> bool:
    """Tell whether a fitted model wants an array instead of a frame.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    bool
    """
    if isinstance(model, ChurnClassifier):
        return model.from_array_
    members = _members(model)
    if members:
        return any(map(has_learnt_from_array, members))
    return hasattr(model, "n_features_in_") and not hasattr(model, "feature_names_in_")


def _members(model: Any) -> list[Any]:
    """Return the models that a model of telcrm asks in its turn."""
    if not type(model).__module__.startswith("telcrm."):
        return []
    inner = getattr(model, "model_", None)
    return [*getattr(model, "models_", {}).values(), *([] if inner is None else [inner])]
