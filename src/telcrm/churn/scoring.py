"""The chance to leave of all customers of a table, on the engine that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.protocol import ChurnModel
from telcrm.churn.scorer import Scorer, features_of, has_learnt_from_array, require_scores
from telcrm.churn.storage.model_schema import FeatureSchema, ModelSchema, ValueKind
from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import (
    MissingExtraError,
    ParameterError,
    SchemaDriftError,
    UnsupportedFrameError,
)
from telcrm.tables.door import OpenFrame, open_frame, require_columns
from telcrm.tables.plain_frame import FrameLibrary
from telcrm.tables.refusals import refuse_twice

__all__ = ["score_churn"]

FrameT = TypeVar("FrameT")

_KEYS: Final = ("subscription_id", "customer_id", "account_id", "snapshot")


def score_churn(
    model: ChurnModel,
    frame: FrameT,
    *,
    into: str = "churn_probability",
    keep: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    handed_as: FrameLibrary | str | None = None,
    periods: int | None = None,
    batch_rows: int = 100_000,
) -> FrameT:
    """Add the chance to leave of each row of a table, whatever holds it.

    Parameters
    ----------
    model : ChurnModel
        Fitted: of telcrm, or any classifier of two classes.
    frame : dataframe
        A row for each customer, as the model has learnt from: pandas, Polars (eager or lazy), a
        DuckDB relation, PySpark, or PyArrow.
    into : str
        Column of the chance.
    keep : str or sequence of str, optional
        Columns that stand beside it; ``"all"`` for all of them. By default those of
        ``subscription_id``, ``customer_id``, ``account_id`` and ``snapshot`` that are there.
    features : sequence of str, optional
        What a model is handed that does not say itself: one that has learnt from an array, say. By
        default all columns but the kept ones, as they stand.
    handed_as : "pandas", "polars" or "pyarrow", optional
        Library of the frames that a model is handed. By default that of the rows; those of PyArrow,
        DuckDB and PySpark are handed as pandas, or as Polars if that is not installed. Models of
        telcrm read all of them alike. Another one may not: scikit-learn's encoders tell a null of
        pandas from one of Polars. Name the library of the frame that it has learnt from.
    periods : int, optional
        Of a :class:`~telcrm.churn.HazardModel`: the chance to leave, for any cause, within as many
        periods; 1 by default.
    batch_rows : int
        Rows that the model is asked about at once, at most. It bounds the memory, and changes no
        chance.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``: the kept columns, and ``into``, a float from 0 to 1. Rows of
        a frame in memory keep their order.

    Raises
    ------
    SchemaDriftError
        A column that the model looks at is not there, or holds other values than it did.
    ModelContractError
        The model has no ``predict_proba``, or its answers are no probabilities of two classes. Of a
        lazy frame the answers are seen, and refused, when it is computed.
    NotFittedError
        The model has not learnt yet; of an estimator of scikit-learn its own.
    MissingColumnsError, ParameterError
        ``keep`` names a column that is not there; ``into`` would stand twice; it is not known whose
        the chances are, or what the model looks at.
    UnsupportedFrameError
        A DuckDB connection may not read from Python.
    MissingExtraError
        PySpark needs pandas to hand rows over.

    Notes
    -----
    Only the columns are read that are kept or looked at. A Polars LazyFrame and a PySpark frame
    stay lazy: Polars hands over batches when it collects, also where it streams from disk; Spark
    asks its workers (``mapInArrow``), which need telcrm and pandas. A model of telcrm is sent there
    as JSON, another one as Spark sends functions, pickled. A DuckDB relation is read once, batch by
    batch, and what is kept is held beside the chances in memory.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.churn.models.spline_logistic import SplineLogisticModel
    >>> lines = pl.DataFrame(
    ...     {"subscription_id": [f"s{n}" for n in range(80)], "tenure": [1, 2, 30, 40] * 20}
    ... )
    >>> model = SplineLogisticModel(features=["tenure"]).fit(lines, [1, 1, 0, 0] * 20)
    >>> scored = score_churn(model, lines.lazy()).collect()
    >>> scored.columns, bool(scored["churn_probability"][0] > 0.9)
    (['subscription_id', 'churn_probability'], True)
    """
    require_scores(model, periods)
    batch_rows = whole_between("batch_rows", batch_rows, 1)
    opened = open_frame(frame, table="customers")
    kept = _kept(opened, keep)
    refuse_twice("score_churn", kept, [into])
    scorer = Scorer(
        model=model,
        features=_handed(opened, model, features, kept, asked_all=keep == "all"),
        from_array=has_learnt_from_array(model),
        handed_as=None if handed_as is None else choose(FrameLibrary, handed_as, "handed_as"),
        kept=kept,
        into=into,
        periods=periods,
        batch_rows=batch_rows,
    )
    _require_schema(opened, scorer)
    result: FrameT = opened.close(_scored(opened, scorer))
    return result


def _kept(opened: OpenFrame, keep: str | Sequence[str] | None) -> tuple[str, ...]:
    found = opened.rows.collect_schema().names()
    if keep is None:
        kept = tuple(name for name in _KEYS if name in found)
        if not kept:
            raise ParameterError(
                f"customers has none of {', '.join(_KEYS)} (found: {', '.join(found)}), so it is "
                'not known whose a chance is. Name its key with keep, or pass keep="all".',
                found=found,
            )
        return kept
    if keep == "all":
        return tuple(found)
    named = (keep,) if isinstance(keep, str) else tuple(keep)
    require_columns(opened, {"keep": named})
    return named


def _handed(
    opened: OpenFrame,
    model: Any,
    features: Sequence[str] | None,
    kept: Sequence[str],
    *,
    asked_all: bool,
) -> tuple[str, ...]:
    """Return the columns that the model is handed, in its order."""
    told = features_of(model)
    if told is not None:
        if features is not None:
            raise ParameterError(
                f"features is for a model that does not say what it looks at, and this "
                f"{type(model).__name__} does: {', '.join(told)}. Leave it out.",
                features=list(features),
            )
        return told
    if features is None and asked_all:
        raise ParameterError(
            f"this {type(model).__name__} does not say which columns it looks at, and all are "
            "kept. Name them with features.",
            model=type(model).__name__,
        )
    others = [name for name in opened.rows.collect_schema().names() if name not in kept]
    handed = tuple(others if features is None else features)
    width = getattr(model, "n_features_in_", len(handed))
    if width != len(handed) or not handed:
        raise SchemaDriftError(
            f"this {type(model).__name__} has learnt from {width} columns, and is handed "
            f"{len(handed)} ({', '.join(handed)}). Name them with features.",
            features=list(handed),
        )
    return handed


def _require_schema(opened: OpenFrame, scorer: Scorer) -> None:
    """Refuse missing columns and other types before anything is computed."""
    kind = ValueKind.NUMBER if scorer.from_array else None
    wanted: tuple[FeatureSchema, ...] = tuple(
        FeatureSchema(name=name, kind=kind) for name in scorer.features
    )
    # Of a frame in memory, whose columns of nulls have any type, the model looks for itself.
    if isinstance(scorer.model, ChurnClassifier) and not _is_in_memory(opened):
        untyped = {
            name
            for name, dtype in opened.rows.collect_schema().items()
            if isinstance(dtype, nw.Unknown)
        }
        told = ModelSchema.of(scorer.model).features or wanted
        wanted = tuple(
            FeatureSchema(name=each.name) if each.name in untyped else each for each in told
        )
    ModelSchema(features=wanted, width=len(wanted), classes=()).require(opened.rows)


def _is_in_memory(opened: OpenFrame) -> bool:
    return isinstance(nw.from_native(opened.given, pass_through=True), nw.DataFrame)


def _scored(opened: OpenFrame, scorer: Scorer) -> nw.LazyFrame[Any]:
    if _is_in_memory(opened):
        given: Any = nw.from_native(opened.given, pass_through=True)
        chances = nw.new_series(
            scorer.into, scorer.chances(given), nw.Float64(), backend=given.implementation
        )
        beside = given.select(*scorer.kept).with_columns(chances) if scorer.kept else None
        held: nw.LazyFrame[Any] = (chances.to_frame() if beside is None else beside).lazy()
        return held
    rows: Any = opened.rows.select(*scorer.columns).to_native()
    match opened.implementation:
        case nw.Implementation.POLARS:
            made = _on_polars(scorer, rows)
        case nw.Implementation.DUCKDB:
            made = _on_duckdb(scorer, rows)
        case _:
            made = _on_spark(scorer, rows)
    lazy: nw.LazyFrame[Any] = nw.from_native(made).lazy()
    return lazy


def _on_polars(scorer: Scorer, rows: Any) -> Any:
    import polars as pl

    types = rows.collect_schema()
    schema = {name: types[name] for name in scorer.kept} | {scorer.into: pl.Float64()}
    return rows.map_batches(scorer.of_polars, schema=schema, streamable=True)


def _on_duckdb(scorer: Scorer, rows: Any) -> Any:
    import pyarrow as pa  # type: ignore[import-untyped]
    from duckdb import CatalogException

    reader = rows.to_arrow_reader(scorer.batch_rows)
    batches = reader
    if not find_spec("polars") and not find_spec("pandas"):
        # Then the model reads its batches by DuckDB, which ends a query that is still read from.
        batches = list(reader)
    kept = [reader.schema.field(name) for name in scorer.kept]
    schema = pa.schema([*kept, pa.field(scorer.into, pa.float64())])
    telcrm_scored_rows = pa.Table.from_batches(scorer.of_arrow(batches), schema=schema)
    try:
        # DuckDB finds the variable by its name.
        return rows.query("telcrm_scored", "SELECT * FROM telcrm_scored_rows")
    except CatalogException as error:
        raise UnsupportedFrameError(
            "customers: its DuckDB connection may not read from Python. Allow it with SET "
            "python_enable_replacements = true, or pass relation.to_arrow_table().",
            table="customers",
        ) from error
    finally:
        del telcrm_scored_rows


def _on_spark(scorer: Scorer, rows: Any) -> Any:
    if find_spec("pandas") is None:
        raise MissingExtraError.needing("mapInArrow of PySpark", "pandas", extra="pandas")
    from pyspark.sql.types import DoubleType, StructField, StructType

    kept = [rows.schema[name] for name in scorer.kept]
    schema = StructType([*kept, StructField(scorer.into, DoubleType())])
    return rows.mapInArrow(scorer.packed().of_arrow, schema)
