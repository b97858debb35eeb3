"""What the operator loses with a customer: the margins that would have come, less what it saves."""

from __future__ import annotations

from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_share
from telcrm.domain.choice import choose
from telcrm.errors import DivergentValueError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null
from telcrm.value.current.amounts import cost_checks
from telcrm.value.equity.arguments import read_terms
from telcrm.value.equity.margin_multiple import FirstMargin, first_and_gap

__all__ = ["lost_customer_value"]

FrameT = TypeVar("FrameT")

_RESULT = ("expected_margin_lost", "lost_customer_value")
# Nearer to 1 the sum over a horizon is its number of terms, to as many digits as are left.
_LEVEL = 1e-9


def lost_customer_value(
    frame: FrameT,
    *,
    retention: str | float,
    discount_rate: float,
    customer: str = "customer_id",
    margin: str = "margin",
    first_margin: FirstMargin | str = FirstMargin.RENEWAL,
    growth: float = 0.0,
    horizon: int | None = None,
    avoided_cost: str | None = None,
    saved_subsidy: str | None = None,
    termination_fee: str | None = None,
) -> FrameT:
    """Return what is lost with each customer, if it leaves now.

    Parameters
    ----------
    frame : dataframe
        Rows with a customer and a margin per period, such as one for each line; a customer's values
        are summed. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    retention : str or float in [0, 1]
        Column, or number for all: chance per period that the customer would have stayed otherwise.
    discount_rate : float, 0 or more
        Per period.
    customer : str
        Column that names the customer.
    margin : str
        Numeric column: per period, major units, one currency. A mean of several months is a better
        guess at the next than the last one.
    first_margin, growth, horizon
        As of :func:`margin_multiple`. ``"renewal"`` does not count a margin that is sure to come;
        ``"end"`` takes it that the customer would have stayed for this period.
    avoided_cost : str, optional
        Numeric column, once: what need not be spent any more, such as a retention offer, and is not
        in the margin. A null counts as nothing, here and below.
    saved_subsidy : str, optional
        Numeric column, once: the present value of devices that need not be subsidised.
    termination_fee : str, optional
        Numeric column, once: what the customer pays for leaving early, as far as it is collected.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer:

        the columns of ``customer``, ``margin`` and of what is saved
            Under the names you gave; amounts are sums, Float64.
        ``expected_margin_lost``
            Float64: margin times :func:`margin_multiple`.
        ``lost_customer_value``
            Float64: the same less what is saved. Negative where it pays to let the customer go.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A column holds no numbers, or the key is a float or an object.
    InvalidTableError
        A customer, a margin or a retention is null, an amount is infinite, or a retention is not
        from 0 to 1.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    DivergentValueError
        Without a horizon, margins grow as fast as they are discounted, or faster.
    ParameterError
        An argument is outside its range, or columns of the result would share a name.

    Notes
    -----
    The profit of the past that left with customers is :func:`telcrm.kpi.profit_lost`; this is the
    profit to come. What customers say to others, which Hogan, Lemon and Libai add, is not in it.

    References
    ----------
    J. E. Hogan, K. N. Lemon, B. Libai (2003), "What Is the True Value of a Lost Customer?", Journal
    of Service Research 5(3), 196-208. S. Gupta, D. R. Lehmann (2003), as of
    :func:`margin_multiple`.

    Examples
    --------
    >>> import polars as pl
    >>> leaving = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "margin": [100.0, 10.0],
    ...         "retention": [0.8, 0.5],
    ...         "fee": [50.0, None],
    ...     }
    ... )
    >>> lost = lost_customer_value(
    ...     leaving, retention="retention", discount_rate=0.2, termination_fee="fee"
    ... )
    >>> lost.select("customer_id", "expected_margin_lost", "lost_customer_value").rows()
    [('ann', 200.0, 150.0), ('bob', 7.142857, 7.142857)]
    """
    timing = choose(FirstMargin, first_margin, "first_margin")
    count = read_terms(discount_rate, growth, horizon)
    if not isinstance(retention, str):
        require_share(retention=retention)
    named = {
        "customer": customer,
        "margin": margin,
        "avoided_cost": avoided_cost,
        "saved_subsidy": saved_subsidy,
        "termination_fee": termination_fee,
    }
    columns = {word: name for word, name in named.items() if name is not None}
    saved = [name for name in (avoided_cost, saved_subsidy, termination_fee) if name is not None]
    refuse_twice("lost_customer_value", list(columns.values()), _RESULT)
    opened = open_frame(frame, table="customer margins")
    likely = {"retention": retention} if isinstance(retention, str) else {}
    require_columns(opened, {**columns, **likely})
    opened = parse_objects(opened, [margin, *saved, *likely.values()])
    most = _check(opened, customer, margin, saved, retention)
    if count is None and most is not None and most * (1.0 + growth) >= 1.0 + discount_rate:
        raise DivergentValueError(
            f"lost_customer_value: with retention {most!r:.20}, growth {growth!r:.20} and discount "
            f"rate {discount_rate!r:.20} future margins have no finite sum. Give a horizon, or "
            "discount at a rate above the growth.",
            retention=most,
            growth=growth,
            discount_rate=discount_rate,
        )

    kept = nw.col(retention) if isinstance(retention, str) else nw.lit(float(retention))
    first, gap = first_and_gap(kept.cast(nw.Float64), discount_rate, growth, timing)
    parts = [f"_saved_{at}" for at in range(len(saved))]
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _margin=nw.col(margin).cast(nw.Float64),
        _first=first,
        _gap=gap,
        **{
            part: nw.col(name).cast(nw.Float64).fill_null(0.0)
            for part, name in zip(parts, saved, strict=True)
        },
    )
    valued = rows.with_columns(_lost=nw.col("_margin") * nw.col("_first") * _terms(count))
    amounts = ["_margin", *parts, "_lost"]
    summed = valued.group_by("_customer").agg(*[nw.col(name).sum() for name in amounts])
    net = nw.col("_lost")
    for part in parts:
        net = net - nw.col(part)
    result = summed.select(
        nw.col("_customer").alias(customer),
        denoise(nw.col("_margin")).alias(margin),
        *[denoise(nw.col(part)).alias(name) for part, name in zip(parts, saved, strict=True)],
        expected_margin_lost=denoise(nw.col("_lost")),
        lost_customer_value=denoise(net),
    ).sort(customer)
    return opened.close(result)  # type: ignore[no-any-return]


def _check(
    opened: OpenFrame, customer: str, margin: str, saved: list[str], retention: str | float
) -> float | None:
    """Return the greatest retention, or None if there are no rows."""
    numbers = dict.fromkeys([margin, *saved], ColumnKind.NUMBER)
    rules = [not_null(customer), *amount_checks(opened, margin)]
    if not isinstance(retention, str):
        require_kinds(opened, {customer: ColumnKind.KEY, **numbers})
        check_rows(opened, [*rules, *cost_checks(opened, saved)], keys=[customer])
        return float(retention)
    require_kinds(opened, {customer: ColumnKind.KEY, **numbers, retention: ColumnKind.NUMBER})
    outside = RowCheck(
        "share",
        retention,
        (nw.col(retention) < 0) | (nw.col(retention) > 1),
        "is no share from 0 to 1",
        "Mend or drop those rows.",
    )
    rules += [*cost_checks(opened, saved), *amount_checks(opened, retention), outside]
    found: dict[str, tuple[Any, Any]] = check_rows(
        opened, rules, keys=[customer], ranges={"_kept": nw.col(retention)}
    )
    most = found["_kept"][1]
    return None if most is None else float(most)


def _terms(count: int | None) -> nw.Expr:
    """Sum up ``1 + q + q**2 + ...``: without end, or ``count`` terms."""
    gap = nw.col("_gap")
    if count is None:
        return 1.0 / gap
    level = (gap < _LEVEL) & (gap > -_LEVEL)
    some = nw.when(level).then(nw.lit(1.0)).otherwise(gap)
    summed = (1.0 - (1.0 - some) ** count) / some
    return nw.when(level).then(nw.lit(float(count))).otherwise(summed)
