"""All warnings of a customer as one number, and which speak loudest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.signal import WarningSignal
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = ["warning_scores"]

FrameT = TypeVar("FrameT")

_NAMED: Final = ("first_signal", "second_signal", "third_signal")
_RESULT: Final = ("warnings", "score", *_NAMED)


def warning_scores(
    frame: FrameT,
    *,
    by: str | Sequence[str] = "customer_id",
    signal: str = "signal",
    weight: str = "weight",
) -> FrameT:
    """Combine the warnings of each customer.

    Parameters
    ----------
    frame : dataframe
        Warnings, as :func:`early_warnings` gives them.
    by : str or sequence of str
        Columns of what is scored. ``["customer_id", "churn_kind"]`` keeps debts, which get no
        offer, apart from the rest.
    signal : str
        Column of :class:`WarningSignal`.
    weight : str
        Numeric column, 0 to 1.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by ``by``, a row for each:

        ``warnings``
            Int64: how many.
        ``score``
            Float64, 0 to 1, rounded to 9 decimals.
        ``first_signal``, ``second_signal``, ``third_signal``
            String: the different signals of most weight; null where there are fewer.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        A column is not there, or of another type.
    InvalidTableError
        A key is null, a weight outside 0 to 1, or a signal none.
    ParameterError
        A column of ``by`` would stand twice in the result.

    Notes
    -----
    ``score = 1 - product(1 - weight)``: what is left after each warning takes its part. It is the
    chance that one of several independent signs comes true, if weights were chances; they are
    degrees, and so is it.

    Examples
    --------
    >>> import polars as pl
    >>> found = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob"],
    ...         "signal": ["contract_expiry", "porting_request", "silent_customer"],
    ...         "weight": [0.5, 0.9, 0.3],
    ...     }
    ... )
    >>> warning_scores(found).select("customer_id", "score", "first_signal").rows()
    [('ann', 0.95, 'porting_request'), ('bob', 0.3, 'silent_customer')]
    """
    keys = [by] if isinstance(by, str) else list(by)
    refuse_twice("warning_scores", keys, _RESULT)
    opened = open_frame(frame, table="warnings")
    require_columns(opened, {"by": keys, "signal": signal, "weight": weight})
    opened = parse_objects(opened, [*keys, signal])
    kinds = dict.fromkeys([*keys, signal], ColumnKind.KEY)
    require_kinds(opened, {**kinds, weight: ColumnKind.NUMBER})
    told, value = key_values(opened, signal), nw.col(weight)
    known = [each.value for each in WarningSignal]
    rules = [
        *map(not_null, [*keys, signal, weight]),
        RowCheck("one_of", signal, ~told.is_null() & ~told.is_in(known), "is no WarningSignal"),
        RowCheck(
            "share",
            weight,
            ~value.is_null() & ~((value >= 0) & (value <= 1)),
            "is outside 0 to 1",
            "Mend or drop those rows.",
        ),
    ]
    check_rows(opened, rules, keys=keys)
    inner = [f"_key_{at}" for at in range(len(keys))]
    rows = opened.rows.select(
        **{own: key_values(opened, name) for own, name in zip(inner, keys, strict=True)},
        _code=_code(told),
        _weight=value.cast(nw.Float64),
    )
    scored = _combined(rows, inner)
    names = {name: _name(f"_{name}") for name in _NAMED}
    result = scored.select(
        **{name: nw.col(own) for own, name in zip(inner, keys, strict=True)},
        warnings=nw.col("_warnings").cast(nw.Int64),
        score=denoise(nw.col("_score"), decimals=9),
        **names,
    )
    return opened.close(result.sort(*keys))  # type: ignore[no-any-return]


def _combined(rows: nw.LazyFrame[Any], inner: Sequence[str]) -> nw.LazyFrame[Any]:
    # A product is a sum of logarithms, and a weight of 1 has none: it settles the score.
    rest = nw.when(nw.col("_weight") < 1).then(1.0 - nw.col("_weight")).otherwise(nw.lit(1.0))
    certain = nw.when(nw.col("_weight") < 1).then(nw.lit(0)).otherwise(nw.lit(1))
    logged = rows.with_columns(_log=rest.log(), _certain=certain, _one=nw.lit(1))
    signals = logged.group_by(*inner, "_code").agg(
        nw.col("_weight").max(),
        nw.col("_log").sum(),
        nw.col("_certain").max(),
        nw.col("_one").sum(),
    )
    ranked = signals.with_columns(
        _rank=(nw.col("_weight") * -1e9).round().cast(nw.Int64), _single=nw.lit(1)
    )
    place = nw.col("_single").cum_sum().over(*inner, order_by=["_rank", "_code"])
    placed = ranked.with_columns(_place=place)
    codes = {
        f"_{name}": nw.when(nw.col("_place") == at).then(nw.col("_code")).otherwise(nw.lit(0))
        for at, name in enumerate(_NAMED, start=1)
    }
    summed = (
        placed.with_columns(**codes)
        .group_by(*inner)
        .agg(
            nw.col("_log").sum(),
            nw.col("_certain").max(),
            nw.col("_one").sum().alias("_warnings"),
            *[nw.col(name).max() for name in codes],
        )
    )
    score = nw.when(nw.col("_certain") == 1).then(nw.lit(1.0)).otherwise(1.0 - nw.col("_log").exp())
    return summed.with_columns(_score=score)


def _code(signal: nw.Expr) -> nw.Expr:
    code = nw.lit(0)
    for at, each in enumerate(WarningSignal, start=1):
        code = nw.when(signal == each.value).then(nw.lit(at)).otherwise(code)
    return code


def _name(code: str) -> nw.Expr:
    first, *others = WarningSignal
    name: nw.Expr = nw.when(nw.col(code) == 1).then(nw.lit(first.value))
    for at, each in enumerate(others, start=2):
        name = nw.when(nw.col(code) == at).then(nw.lit(each.value)).otherwise(name)
    return name
