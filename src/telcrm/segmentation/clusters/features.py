"""Numeric features made comparable: missing values, skew and scale, learnt once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Self, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from telcrm.domain import Record
from telcrm.errors import InvalidTableError, ParameterError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_repeated, refuse_twice
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = [
    "FeaturePreparation",
    "MissingValues",
    "Scaling",
    "collect_features",
    "infinite",
    "missing_as_null",
    "open_features",
]

Matrix: TypeAlias = NDArray[np.float64]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Scaling(StrEnum):
    """How features of different units are made comparable."""

    STANDARD = "standard"
    """Mean 0, standard deviation 1."""
    ROBUST = "robust"
    """Median 0, interquartile range 1: a few giants do not shrink all the others."""
    NONE = "none"
    """As they are: the feature of the greatest spread decides."""


class MissingValues(StrEnum):
    """What becomes of a customer who lacks a feature."""

    REFUSE = "refuse"
    """The table is refused."""
    MEDIAN = "median"
    """The median of the customers who have it, of the table that was learnt from."""


def missing_as_null(opened: OpenFrame, column: str) -> nw.Expr:
    """Express a column of numbers as floats in which what is missing is null, NaN included.

    Parameters
    ----------
    opened : OpenFrame
    column : str

    Returns
    -------
    narwhals.stable.v2.Expr

    Examples
    --------
    >>> import polars as pl
    >>> opened = open_frame(pl.DataFrame({"a": [1.0, float("nan"), None]}), table="t")
    >>> opened.rows.select(missing_as_null(opened, "a")).collect()["a"].to_list()
    [1.0, None, None]
    """
    number = nw.col(column).cast(nw.Float64)
    if isinstance(opened.rows.collect_schema()[column], nw.dtypes.FloatType):
        return nw.when(~number.is_nan()).then(number).alias(column)
    return number


def infinite(opened: OpenFrame, column: str) -> RowCheck:
    """Make the rule that a column of numbers holds no infinity; what is missing passes.

    Parameters
    ----------
    opened : OpenFrame
    column : str

    Returns
    -------
    RowCheck

    Examples
    --------
    >>> import polars as pl
    >>> infinite(open_frame(pl.DataFrame({"a": [1.0]}), table="t"), "a").words
    'is infinite'
    """
    number = missing_as_null(opened, column)
    broken = ~number.is_null() & ~number.is_finite()
    return RowCheck(
        "infinite", column, broken, "is infinite", "Drop those rows, or make them null."
    )


def open_features(
    frame: Any,
    *,
    customer: str,
    features: Sequence[str],
    log1p: Sequence[str],
    missing: MissingValues,
) -> OpenFrame:
    """Open a table of one row per customer, or refuse it.

    Parameters
    ----------
    frame : dataframe
    customer : str
    features : sequence of str
    log1p : sequence of str
        Those of ``features`` that have to be 0 or more.
    missing : MissingValues

    Returns
    -------
    OpenFrame
        Columns ``customer``, and ``_feature_0``, ``_feature_1``, ... as floats with nulls.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
    ParameterError
    """
    _check_names(customer, features, log1p)
    opened = open_frame(frame, table="customers")
    require_columns(opened, {"customer": customer, "features": list(features)})
    opened = parse_objects(opened, [customer, *features])
    kinds = dict.fromkeys(features, ColumnKind.NUMBER)
    require_kinds(opened, {customer: ColumnKind.KEY, **kinds})
    rules = [not_null(customer), *(infinite(opened, name) for name in features)]
    if missing is MissingValues.REFUSE:
        rules += [
            RowCheck(
                "missing",
                name,
                missing_as_null(opened, name).is_null(),
                "is missing",
                'Fill it, drop those rows, or choose missing="median".',
            )
            for name in features
        ]
    rules += [
        RowCheck(
            "not_negative",
            name,
            nw.col(name).cast(nw.Float64) < 0,
            "is negative, and has no logarithm",
            "Leave it out of log1p, or set credits to 0.",
        )
        for name in log1p
    ]
    check_rows(opened, rules, keys=[customer])
    refuse_repeated(opened, [customer])
    chosen = opened.rows.select(
        **{customer: key_values(opened, customer)},
        **{f"_feature_{at}": missing_as_null(opened, name) for at, name in enumerate(features)},
    )
    return OpenFrame(rows=chosen, table=opened.table, given=opened.given)


def _check_names(customer: str, features: Sequence[str], log1p: Sequence[str]) -> None:
    for name, columns in (("features", features), ("log1p", log1p)):
        if isinstance(columns, str) or not all(isinstance(column, str) for column in columns):
            raise ParameterError(
                f"{name}={columns!r:.60} has to be a sequence of column names.", **{name: columns}
            )
    if not features:
        raise ParameterError('features is empty. Name columns, for example ["revenue"].')
    refuse_twice("fit", [customer, *features], [])
    refuse_twice("predict", [customer], ["segment", "distance", "probability"])
    stray = [name for name in log1p if name not in features]
    if stray:
        raise ParameterError(
            f"log1p names {', '.join(map(repr, stray))}, which features does not.", log1p=log1p
        )


def collect_features(opened: OpenFrame, *, customer: str, count: int) -> Matrix:
    """Bring the features to an array, customers in the order of their keys.

    Parameters
    ----------
    opened : OpenFrame
        As :func:`open_features` returns it.
    customer : str
    count : int
        Number of features.

    Returns
    -------
    array of float, one row per customer
        NaN where a value is missing.
    """
    names = [f"_feature_{at}" for at in range(count)]
    rows = opened.rows.sort(customer).select(*names).collect()
    columns = [np.asarray(rows[name].to_numpy(), dtype=np.float64) for name in names]
    return np.column_stack(columns)


class FeaturePreparation(Record):
    """How raw features become the numbers that distances are measured in.

    A missing value is filled, its logarithm taken if so asked, the centre subtracted and the rest
    divided by the scale.
    """

    features: tuple[str, ...]
    log1p: tuple[str, ...]
    """Features of which ``log(1 + x)`` is taken."""
    fills: tuple[_Finite, ...] | None
    """Medians that stand for missing values, in raw units; None where these are refused."""
    centres: tuple[_Finite, ...]
    """In units after the logarithm."""
    scales: tuple[_Positive, ...]

    @classmethod
    def learn(
        cls,
        raw: Matrix,
        *,
        features: Sequence[str],
        log1p: Sequence[str],
        scaling: Scaling,
        missing: MissingValues,
    ) -> Self:
        """Learn medians, centres and scales.

        Parameters
        ----------
        raw : array of float, one row per customer, one column per feature
            NaN where a value is missing.
        features, log1p : sequence of str
        scaling : Scaling
        missing : MissingValues

        Returns
        -------
        FeaturePreparation

        Raises
        ------
        InvalidTableError
            A feature has no value at all, or parts nobody: all customers are equal in it, or with
            robust scaling the middle half of them.
        """
        fills = None
        if missing is MissingValues.MEDIAN:
            empty = [features[at] for at in np.flatnonzero(np.isnan(raw).all(axis=0)).tolist()]
            if empty:
                raise InvalidTableError(
                    f"customers: {', '.join(map(repr, empty))} has no value at all, and so no "
                    "median. Leave it out of features.",
                    columns=empty,
                )
            fills = tuple(np.nanmedian(raw, axis=0).tolist())
        plain = _logged(_filled(raw, fills), features, log1p)
        centres, scales = _centres_and_scales(plain, scaling)
        # Of differences as small as 1e-200 the deviation is 0.
        spread = scales if scaling is not Scaling.NONE else np.ptp(plain, axis=0)
        flat = [features[at] for at in np.flatnonzero(~(spread > 0)).tolist()]
        if flat:
            alike = "the middle half of customers" if scaling is Scaling.ROBUST else "all customers"
            mend = ', or choose scaling="standard"' if scaling is Scaling.ROBUST else ""
            raise InvalidTableError(
                f"customers: {alike} have the same {', '.join(map(repr, flat))}, which parts "
                f"nobody. Leave it out of features{mend}.",
                columns=flat,
            )
        return cls(
            features=tuple(features),
            log1p=tuple(log1p),
            fills=fills,
            centres=tuple(centres.tolist()),
            scales=tuple(scales.tolist()),
        )

    def filled(self, raw: Matrix) -> Matrix:
        """Fill missing values with the medians that were learnt.

        Parameters
        ----------
        raw : array of float, one row per customer

        Returns
        -------
        array
        """
        return _filled(raw, self.fills)

    def prepared(self, raw: Matrix) -> Matrix:
        """Return features as distances are measured in them.

        Parameters
        ----------
        raw : array of float, one row per customer
            NaN where a value is missing.

        Returns
        -------
        array
        """
        plain = _logged(self.filled(raw), self.features, self.log1p)
        scaled: Matrix = (plain - np.array(self.centres)) / np.array(self.scales)
        return scaled

    def columns(self) -> dict[str, nw.Expr]:
        """Express the same on the columns of :func:`open_features`.

        Returns
        -------
        dict of str to narwhals.stable.v2.Expr
            Under ``_x_0``, ``_x_1``, ...
        """
        made = {}
        for at, name in enumerate(self.features):
            number = nw.col(f"_feature_{at}")
            if self.fills is not None:
                number = nw.when(number.is_null()).then(nw.lit(self.fills[at])).otherwise(number)
            if name in self.log1p:
                number = (number + 1.0).log()
            made[f"_x_{at}"] = (number - self.centres[at]) / self.scales[at]
        return made


def _filled(raw: Matrix, fills: tuple[float, ...] | None) -> Matrix:
    return raw if fills is None else np.where(np.isnan(raw), np.array(fills), raw)


def _logged(filled: Matrix, features: Sequence[str], log1p: Sequence[str]) -> Matrix:
    logged = filled.copy()
    chosen = [at for at, name in enumerate(features) if name in log1p]
    logged[:, chosen] = np.log1p(logged[:, chosen])
    return logged


def _centres_and_scales(plain: Matrix, scaling: Scaling) -> tuple[Matrix, Matrix]:
    match scaling:
        case Scaling.STANDARD:
            scales = plain.std(axis=0)
            # The deviation of equal numbers may be some last bit above 0.
            return plain.mean(axis=0), np.where(np.ptp(plain, axis=0) > 0, scales, 0.0)
        case Scaling.ROBUST:
            low, middle, high = np.quantile(plain, [0.25, 0.5, 0.75], axis=0)
            return middle, high - low
        case Scaling.NONE:
            width = plain.shape[1]
            return np.zeros(width), np.ones(width)
