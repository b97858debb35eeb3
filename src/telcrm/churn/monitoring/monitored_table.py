"""A table whose features are counted by bins and levels, by few queries on its own engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import inf, isinf, nextafter
from typing import Any, Final, Self

import narwhals.stable.v2 as nw

from telcrm.errors import ColumnTypeError, InvalidTableError, ParameterError, SchemaDriftError
from telcrm.segmentation.clusters.features import missing_as_null
from telcrm.tables.door import OpenFrame, key_values, open_frame, parse_objects, require_columns
from telcrm.tables.refusals import refuse_twice

__all__ = ["FeatureKind", "MonitoredTable"]

_TABLE: Final = "monitored customers"
_NO_FEATURES: Final = frozenset(
    {
        "subscription_id",
        "customer_id",
        "account_id",
        "msisdn",
        "snapshot",
        "churned",
        "churn_kind",
        "fold",
    }
)


class FeatureKind(StrEnum):
    """How the values of a feature are counted."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class MonitoredTable:
    """Features as floats or text, missing ones null, and what one query says of them all.

    Attributes
    ----------
    lines : narwhals.stable.v2.LazyFrame
        Columns ``_feature_0``, ``_feature_1``, ...
    columns : dict of str to str
        Of these, by feature.
    kinds : dict of str to FeatureKind
    rows : int
    missing : dict of str to int
    ranges : dict of str to (float, float)
        Least and greatest of the numeric features that have a value.
    """

    lines: nw.LazyFrame[Any]
    columns: dict[str, str]
    kinds: dict[str, FeatureKind]
    rows: int
    missing: dict[str, int]
    ranges: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, frame: Any, features: Sequence[str] | None) -> Self:
        """Open the table that is to be described.

        Parameters
        ----------
        frame : dataframe
        features : sequence of str, optional
            By default all that can be counted, without names and labels.

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        """
        opened = open_frame(frame, table=_TABLE)
        schema = opened.rows.collect_schema()
        named = _named(features) if features is not None else _countable(opened)
        require_columns(opened, {"features": named})
        opened = parse_objects(opened, named)
        kinds = {}
        for name in named:
            kind = _kind(opened, name)
            if kind is None:
                raise ColumnTypeError(
                    f"{_TABLE}: column {name!r} holds {schema[name]}, and has to hold numbers, "
                    "text or flags. Leave it out of features, or make it days before a day.",
                    table=_TABLE,
                    column=name,
                    dtype=str(schema[name]),
                )
            kinds[name] = kind
        return cls._opened(opened, kinds)

    @classmethod
    def like(cls, frame: Any, kinds: Mapping[str, FeatureKind]) -> Self:
        """Open a table that is to have the features of another.

        Parameters
        ----------
        frame : dataframe
        kinds : mapping of str to FeatureKind

        Raises
        ------
        SchemaDriftError
            A feature is gone, or of another kind. A column without any value is of every kind.
        InvalidTableError
        """
        opened = open_frame(frame, table=_TABLE)
        found = opened.rows.collect_schema().names()
        gone = [name for name in kinds if name not in found]
        if gone:
            raise SchemaDriftError(
                f"{_TABLE}: {', '.join(map(repr, gone))} of the profile is not there "
                f"(found: {', '.join(found)}). Add it, or make a new profile without it.",
                missing=gone,
                found=found,
            )
        opened = parse_objects(opened, list(kinds))
        other = [name for name, kind in kinds.items() if _kind(opened, name) is not kind]
        empty = _without_value(opened, other)
        drifted = [name for name in other if name not in empty]
        if drifted:
            schema = opened.rows.collect_schema()
            held = ", ".join(
                f"{name!r} was {kinds[name]}, and is {schema[name]}" for name in drifted
            )
            raise SchemaDriftError(
                f"{_TABLE}: {held}. Cast it as it was, or make a new profile.", columns=drifted
            )
        return cls._opened(opened, kinds, empty)

    @classmethod
    def _opened(
        cls, opened: OpenFrame, kinds: Mapping[str, FeatureKind], empty: Sequence[str] = ()
    ) -> Self:
        columns = {name: f"_feature_{at}" for at, name in enumerate(kinds)}
        lines = opened.rows.select(
            **{
                column: _values(opened, name, kinds[name], is_empty=name in empty)
                for name, column in columns.items()
            }
        )
        numeric = [name for name, kind in kinds.items() if kind is FeatureKind.NUMERIC]
        asked = lines.select(
            _rows=nw.len(),
            **{f"_missing{c}": nw.col(c).is_null().cast(nw.Int64).sum() for c in columns.values()},
            **{f"_least{columns[name]}": nw.col(columns[name]).min() for name in numeric},
            **{f"_most{columns[name]}": nw.col(columns[name]).max() for name in numeric},
        )
        [told] = asked.collect().rows(named=True)
        rows = int(told["_rows"])
        if not rows:
            raise InvalidTableError(f"{_TABLE}: there are no rows. Pass some.", table=_TABLE)
        missing = {name: int(told[f"_missing{column}"]) for name, column in columns.items()}
        ranges = {
            name: (float(told[f"_least{columns[name]}"]), float(told[f"_most{columns[name]}"]))
            for name in numeric
            if missing[name] < rows
        }
        boundless = [name for name, ends in ranges.items() if any(map(isinf, ends))]
        if boundless:
            raise InvalidTableError(
                f"{_TABLE}: {', '.join(map(repr, boundless))} is infinite in some rows. "
                "Drop those rows, or make them null.",
                table=_TABLE,
                columns=boundless,
            )
        return cls(lines, columns, dict(kinds), rows, missing, ranges)

    def binned(self, feature: str, bins: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Return edges of bins of about equal size of a numeric feature, and the rows of each bin.

        Parameters
        ----------
        feature : str
        bins : int

        Returns
        -------
        edges : tuple of float
            Rising; a constant has two, around itself alone, a feature without values none.
        counts : tuple of int
            One more.
        """
        there = self.rows - self.missing[feature]
        if not there:
            return (), (0,)
        least, greatest = self.ranges[feature]
        if least == greatest:
            return (nextafter(least, -inf), least), (0, there, 0)
        number = nw.col(self.columns[feature])
        shares = {f"_at_{at}": at / bins for at in range(1, bins)}
        asked = self.lines.select(
            **{name: number.quantile(q, interpolation="linear") for name, q in shares.items()}
        )
        quantiles = {float(f"{float(found):.12g}") for found in asked.collect().row(0)}
        inner = {found for found in quantiles if found < greatest}
        if len(inner) < len(quantiles):
            below = self.lines.filter(number < greatest).select(number.max()).collect().item()
            inner.add(float(below))
        edges = sorted(inner)
        counts = self.bin_counts({feature: edges})[feature]
        # Rounding may leave a bin empty: it joins the next.
        kept = [pair for pair in zip(edges, counts, strict=False) if pair[1]]
        return tuple(edge for edge, _ in kept), (*(count for _, count in kept), counts[-1])

    def bin_counts(self, edges: Mapping[str, Sequence[float]]) -> dict[str, tuple[int, ...]]:
        """Count, in one query, the values of numeric features by bins.

        Parameters
        ----------
        edges : mapping of str to sequence of float

        Returns
        -------
        dict of str to tuple of int
            One more than edges; missing values are in none.
        """
        asked = {
            f"_{at}{self.columns[name]}": (nw.col(self.columns[name]) <= edge).cast(nw.Int64).sum()
            for name, own in edges.items()
            for at, edge in enumerate(own)
        }
        told = self.lines.select(**asked).collect().rows(named=True)[0] if asked else {}
        counts = {}
        for name, own in edges.items():
            # A sum over nulls alone is null.
            up_to = [int(told[f"_{at}{self.columns[name]}"] or 0) for at in range(len(own))]
            steps = pairwise([0, *up_to, self.rows - self.missing[name]])
            counts[name] = tuple(after - before for before, after in steps)
        return counts

    def level_counts(
        self, feature: str, *, levels: Sequence[str] | None = None, least: float = 0.0
    ) -> dict[str, int]:
        """Count the rows of levels of a categorical feature.

        Parameters
        ----------
        feature : str
        levels : sequence of str, optional
            Count these; by default all that ``least`` rows have.
        least : float

        Returns
        -------
        dict of str to int
            The most common first, equal ones by name.
        """
        if self.missing[feature] == self.rows:
            return {}
        column = self.columns[feature]
        there = self.lines.filter(~nw.col(column).is_null())
        if levels is not None:
            there = there.filter(nw.col(column).is_in(list(levels)))
        counted = there.group_by(column).agg(_count=nw.len()).filter(nw.col("_count") >= least)
        found = counted.select(column, "_count").collect().rows()
        ordered = sorted(((str(level), int(count)) for level, count in found), key=_common_first)
        return dict(ordered)


def _common_first(level: tuple[str, int]) -> tuple[int, str]:
    return -level[1], level[0]


def _named(features: object) -> list[str]:
    if isinstance(features, str) or not isinstance(features, Sequence) or not features:
        raise ParameterError(
            f"features={features!r:.60} names nothing to count. Pass a list of columns, for "
            'example features=["tenure_months"].',
            features=features,
        )
    refuse_twice("ReferenceProfile.of", features, [])
    return list(features)


def _countable(opened: OpenFrame) -> list[str]:
    names = [n for n in opened.rows.collect_schema().names() if n not in _NO_FEATURES]
    parsed = parse_objects(opened, names)
    found = [name for name in names if _kind(parsed, name) is not None]
    if not found:
        raise ParameterError(
            f"{_TABLE}: no column holds numbers, text or flags that could be features."
        )
    return found


def _kind(opened: OpenFrame, name: str) -> FeatureKind | None:
    dtype = opened.rows.collect_schema()[name]
    if isinstance(dtype, nw.dtypes.NumericType):
        return FeatureKind.NUMERIC
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum | nw.Boolean):
        return FeatureKind.CATEGORICAL
    return None


def _values(opened: OpenFrame, name: str, kind: FeatureKind, *, is_empty: bool) -> nw.Expr:
    if is_empty:
        return nw.lit(None, nw.Float64 if kind is FeatureKind.NUMERIC else nw.String)
    if kind is FeatureKind.NUMERIC:
        return missing_as_null(opened, name)
    if isinstance(opened.rows.collect_schema()[name], nw.Boolean):
        # Engines write flags as text each in its own way.
        flag = nw.col(name)
        said = nw.when(flag).then(nw.lit("true")).otherwise(nw.lit("false"))
        return nw.when(~flag.is_null()).then(said)
    return key_values(opened, name)


def _without_value(opened: OpenFrame, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    there = [(~nw.col(name).is_null()).cast(nw.Int64).sum() for name in names]
    found = opened.rows.select(*there).collect().row(0)
    return [name for name, count in zip(names, found, strict=True) if not int(count or 0)]
