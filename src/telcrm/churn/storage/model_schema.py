"""What a churn model has learnt from: columns, kinds of values, levels and labels."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, Self

import narwhals.stable.v2 as nw

from telcrm.churn.models.classifier import ChurnClassifier, Label
from telcrm.domain import Record
from telcrm.errors import ParameterError, SchemaDriftError
from telcrm.tables.door import key_values, open_frame, parse_objects

__all__ = ["FeatureSchema", "ModelSchema", "ValueKind"]

_MOST_LEVELS: Final = 200


class ValueKind(StrEnum):
    """What a feature holds, whatever its engine calls the type."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    OTHER = "other"


class FeatureSchema(Record):
    """A column that a model looks at."""

    name: str
    kind: ValueKind | None = None
    """None where it is not known."""
    levels: tuple[str, ...] | None = None
    """Of text, where they are known and not more than 200."""


class ModelSchema(Record):
    """What a model has learnt from."""

    features: tuple[FeatureSchema, ...] | None
    """None where it has learnt from an array, whose columns have no names."""
    width: int
    """Number of features."""
    classes: tuple[Label, ...]
    """Its labels, in the order of the columns of ``predict_proba``."""

    @classmethod
    def of(cls, model: Any, frame: Any = None) -> Self:
        """Ask a fitted model what it has learnt from.

        Parameters
        ----------
        model : ChurnModel
        frame : dataframe, optional
            Rows such as the model has learnt from: these tell kinds and levels of columns where
            the model does not.

        Returns
        -------
        ModelSchema

        Raises
        ------
        SchemaDriftError
            ``frame`` lacks a feature.
        ParameterError
            ``frame`` came with a model that has learnt from an array.
        """
        names = [str(name) for name in getattr(model, "feature_names_in_", ())]
        known = {each.name: each for each in _own_columns(model)}
        features = tuple(known.get(name, FeatureSchema(name=name)) for name in names or known)
        if frame is not None:
            if not features:
                raise ParameterError(
                    f"this {type(model).__name__} has learnt from an array, whose columns have no "
                    "names. Leave frame out, or fit it on a frame.",
                    frame=type(frame).__name__,
                )
            cls(features=features, width=0, classes=()).require(frame)
            features = tuple(_seen(frame, features))
        classes = [label.item() if hasattr(label, "item") else label for label in model.classes_]
        width = int(getattr(model, "n_features_in_", len(features)))
        return cls(features=features or None, width=width, classes=tuple(classes))

    def require(self, frame: Any) -> None:
        """Refuse a table that the model cannot score.

        Parameters
        ----------
        frame : dataframe

        Raises
        ------
        SchemaDriftError
            A feature is not there, or holds another kind of values.
        """
        wanted = self.features or ()
        found = _kinds_of(frame)
        gone = [each.name for each in wanted if each.name not in found]
        other = [
            f"{each.name!r} held {each.kind}s and holds {found[each.name]}s"
            for each in wanted
            if each.kind and each.name in found and not _fits(found[each.name], each.kind)
        ]
        if gone or other:
            told = [f"{', '.join(map(repr, gone))} is not there"] if gone else []
            raise SchemaDriftError(
                f"customers: {'; '.join([*told, *other])}. Build the table as the one that the "
                "model learnt from.",
                missing=gone,
                other=other,
            )


def _own_columns(model: Any) -> Iterator[FeatureSchema]:
    if isinstance(model, ChurnClassifier) and not model.from_array_:
        for column in model.columns_:
            kind = ValueKind.NUMBER if column.levels is None else ValueKind.TEXT
            yield FeatureSchema(name=column.name, kind=kind, levels=column.levels)


def _seen(frame: Any, features: tuple[FeatureSchema, ...]) -> Iterator[FeatureSchema]:
    kinds = _kinds_of(frame)
    opened = parse_objects(open_frame(frame, table="customers"), list(kinds))
    rows = opened.rows
    for each in features:
        kind = kinds[each.name]
        levels = each.levels
        if kind is ValueKind.TEXT and levels is None:
            text = rows.select(_level=key_values(opened, each.name)).unique()
            told = text.head(_MOST_LEVELS + 2).collect().iter_rows()
            found = sorted(level for [level] in told if isinstance(level, str))
            levels = tuple(found) if len(found) <= _MOST_LEVELS else None
        yield FeatureSchema(name=each.name, kind=kind, levels=levels)


def _kinds_of(frame: Any) -> dict[str, ValueKind]:
    opened = open_frame(frame, table="customers")
    names = opened.rows.collect_schema().names()
    schema = parse_objects(opened, names).rows.collect_schema()
    return {name: _kind_of(dtype) for name, dtype in schema.items()}


def _fits(found: ValueKind, wanted: ValueKind) -> bool:
    # Models read flags as the numbers 0 and 1.
    return found is wanted or {found, wanted} == {ValueKind.FLAG, ValueKind.NUMBER}


def _kind_of(dtype: Any) -> ValueKind:
    if isinstance(dtype, nw.Boolean):
        return ValueKind.FLAG
    if isinstance(dtype, nw.dtypes.NumericType):
        return ValueKind.NUMBER
    is_text = isinstance(dtype, nw.String | nw.Categorical | nw.Enum)
    return ValueKind.TEXT if is_text else ValueKind.OTHER
