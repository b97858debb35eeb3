"""How features were spread when a model learnt: edges, levels and counts, kept as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, nextafter
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from telcrm.churn.monitoring.monitored_table import FeatureKind, MonitoredTable
from telcrm.domain import Record
from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.errors import ParameterError

__all__ = ["CategoricalReference", "NumericReference", "ReferenceProfile"]

_Count = Annotated[int, Field(ge=0)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1)]

_MOST_BINS: Final = 100


class NumericReference(Record):
    """How a numeric feature was spread.

    A value lies in the first bin whose upper edge it does not exceed.
    """

    kind: Literal["numeric"] = "numeric"
    feature: _Name
    edges: tuple[_Finite, ...]
    """Inner edges, rising, in the unit of the feature; the outer bins have no end."""
    counts: tuple[_Count, ...]
    """Rows of each bin: one more than edges."""
    missing: _Count
    """Rows in which the feature was null or NaN."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.counts) != len(self.edges) + 1:
            raise ValueError("counts are one more than edges")
        if any(first >= second for first, second in pairwise(self.edges)):
            raise ValueError("edges rise")
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of each bin, those of the missing last."""
        return (*self.counts, self.missing)

    @property
    def bins(self) -> tuple[str, ...]:
        """Each bin in words, in the order of ``sizes``."""
        if not self.edges:
            return ("any value", "missing")
        first, last = self.edges[0], self.edges[-1]
        inner = [
            f"exactly {high:.6g}" if nextafter(low, inf) == high else f"{low:.6g} to {high:.6g}"
            for low, high in pairwise(self.edges)
        ]
        lowest = f"below {last:.6g}" if inner == [f"exactly {last:.6g}"] else f"up to {first:.6g}"
        return (lowest, *inner, f"above {last:.6g}", "missing")

    def sizes_in(self, table: MonitoredTable) -> tuple[int, ...]:
        """Count the rows of another table by the same bins, in the order of ``sizes``."""
        [counts] = table.bin_counts({self.feature: self.edges}).values()
        return (*counts, table.missing[self.feature])


class CategoricalReference(Record):
    """How a feature of text or flags was spread."""

    kind: Literal["categorical"] = "categorical"
    feature: _Name
    levels: tuple[str, ...]
    """The common levels, the most common first."""
    counts: tuple[_Count, ...]
    """Rows of each level."""
    other: _Count
    """Rows of all levels that were too rare to stand alone; unseen levels count here later."""
    missing: _Count
    """Rows in which the feature was null."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.counts) != len(self.levels):
            raise ValueError("counts are as many as levels")
        if len(set(self.levels)) != len(self.levels):
            raise ValueError("levels differ")
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of each level, then of all others, then of the missing."""
        return (*self.counts, self.other, self.missing)

    @property
    def bins(self) -> tuple[str, ...]:
        """Each bin in words, in the order of ``sizes``."""
        return (*(f"= {level}" for level in self.levels), "any other", "missing")

    def sizes_in(self, table: MonitoredTable) -> tuple[int, ...]:
        """Count the rows of another table by the same levels, in the order of ``sizes``."""
        found = table.level_counts(self.feature, levels=self.levels)
        counts = [found.get(level, 0) for level in self.levels]
        missing = table.missing[self.feature]
        return (*counts, table.rows - missing - sum(counts), missing)


_Reference = Annotated[NumericReference | CategoricalReference, Field(discriminator="kind")]


class ReferenceProfile(Record):
    """What a table looked like when a model learnt from it, to hold later tables against.

    Counts only: it holds no customer's row, and is stored beside the model with ``to_json``.

    Examples
    --------
    >>> import polars as pl
    >>> learnt_from = pl.DataFrame({"tenure": [1, 2, 3, 4], "segment": ["a", "a", "b", None]})
    >>> profile = ReferenceProfile.of(learnt_from, bins=2)
    >>> profile.features[0].edges, profile.features[0].counts
    ((2.5,), (2, 2))
    >>> ReferenceProfile.from_json(profile.to_json()) == profile
    True
    """

    rows: Annotated[int, Field(gt=0)]
    features: Annotated[tuple[_Reference, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [each.feature for each in self.features]
        if len(set(names)) != len(names):
            raise ValueError("each feature comes once")
        for each in self.features:
            if sum(each.sizes) != self.rows:
                raise ValueError(f"the bins of {each.feature!r} hold all rows")
        return self

    @property
    def kinds(self) -> dict[str, FeatureKind]:
        """How each feature is counted."""
        return {each.feature: FeatureKind(each.kind) for each in self.features}

    @classmethod
    def of(
        cls,
        frame: Any,
        features: Sequence[str] | None = None,
        *,
        bins: int = 10,
        least_share: float = 0.01,
    ) -> Self:
        """Describe a table: the one that a model has learnt from, with its scores if you like.

        Parameters
        ----------
        frame : dataframe
            pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
        features : sequence of str, optional
            Numeric columns, text, categories or flags. The score may be one of them. By default
            all such columns but those that name a line, a customer, an account, a snapshot, a fold
            or the outcome.
        bins : int from 2 to 100
            Bins of a numeric feature, of about equal size. Ties make fewer.
        least_share : float in (0, 1)
            A level that fewer of the rows have is pooled with the other rare ones.

        Returns
        -------
        ReferenceProfile

        Raises
        ------
        MissingColumnsError, ColumnTypeError
            A feature is not there, or holds neither numbers nor text nor flags.
        InvalidTableError
            There are no rows, or a number is infinite.
        ParameterError
            ``bins`` or ``least_share`` is out of range, there are no features, one is named twice,
            or all levels of one are too rare, as those of a key are.

        Notes
        -----
        Edges are the quantiles ``1/bins, 2/bins, ...`` of the values that are there, exact on every
        engine, by linear interpolation (type 7 of Hyndman & Fan 1996), rounded to 12 significant
        digits because engines differ in the last bits. Edges that fall together are one. Where
        the greatest value takes a whole bin, its edge is the next smaller value. A constant has
        a bin of its own, between a lower and a higher one.

        NaN counts as missing. A numeric feature takes two queries, another one, and one goes over
        all.

        References
        ----------
        R. J. Hyndman and Y. Fan (1996), "Sample Quantiles in Statistical Packages", The American
        Statistician 50(4), 361-365.
        """
        number = whole_between("bins", bins, 2, _MOST_BINS)
        require_proper_share(least_share=least_share)
        table = MonitoredTable.of(frame, features)
        return cls(
            rows=table.rows,
            features=tuple(
                _numeric(table, name, number)
                if kind is FeatureKind.NUMERIC
                else _categorical(table, name, least_share)
                for name, kind in table.kinds.items()
            ),
        )


def _numeric(table: MonitoredTable, feature: str, bins: int) -> NumericReference:
    edges, counts = table.binned(feature, bins)
    missing = table.missing[feature]
    return NumericReference(feature=feature, edges=edges, counts=counts, missing=missing)


def _categorical(table: MonitoredTable, feature: str, least_share: float) -> CategoricalReference:
    missing = table.missing[feature]
    found = table.level_counts(feature, least=least_share * table.rows)
    if not found and missing < table.rows:
        raise ParameterError(
            f"no value of {feature!r} is found in {least_share:.2%} of the rows, as if it were a "
            "key. Leave it out of features, or lower least_share.",
            feature=feature,
        )
    return CategoricalReference(
        feature=feature,
        levels=tuple(found),
        counts=tuple(found.values()),
        other=table.rows - missing - sum(found.values()),
        missing=missing,
    )
