"""Product baskets: which products customers hold together, and what to offer to whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from math import ceil
from numbers import Real
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.exact import whole_number
from telcrm.errors import ParameterError
from telcrm.segmentation.product_baskets.fp_growth import frequent_item_sets
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = ["ITEM_SEPARATOR", "baskets", "open_holdings"]

FrameT = TypeVar("FrameT")

ITEM_SEPARATOR: Final = " + "
"""Stands between the products of a set; no product may contain it."""


def baskets(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    product: str = "product_id",
    min_support: float = 0.01,
    max_size: int = 4,
) -> FrameT:
    """Find the sets of products that many customers hold together.

    Parameters
    ----------
    frame : dataframe
        Holdings: one row per customer and product; a product that a customer holds twice counts
        once. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    customer, product : str
        Column names. Products are turned to text.
    min_support : float in (0, 1]
        Least share of customers that hold all products of a set.
    max_size : int >= 1
        Most products of a set.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per set, by size, then the most frequent first:

        ``item_set``
            Text: the products in alphabetical order, joined by ``" + "``.
        ``size``
            Int64: number of products.
        ``customers``
            Int64: customers who hold them all, whatever else they hold.
        ``base``
            Int64: all customers of ``frame``.
        ``support``
            Float64: ``customers / base``.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A key is a float or an object.
    InvalidTableError
        A customer or a product is null, or a product contains ``" + "``.
    ParameterError
        ``min_support`` or ``max_size`` is out of range, or so low or high that there are more than
        100,000 sets.

    See Also
    --------
    cross_sell_rules : What those who hold some products hold besides.
    recommend_products : What to offer to whom.

    Notes
    -----
    Customers who hold nothing are not in ``frame`` and do not count in ``base``.

    Two queries run on the engine of ``frame``. The holdings of frequent products are then brought
    to Python, where FP-growth runs on the distinct baskets: there are far fewer of these than
    customers.

    References
    ----------
    J. Han, J. Pei, Y. Yin (2000), "Mining Frequent Patterns without Candidate Generation", SIGMOD,
    1-12.

    Examples
    --------
    >>> import polars as pl
    >>> held = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "bob", "cid"],
    ...         "product_id": ["fibre", "tv", "fibre", "tv", "fibre"],
    ...     }
    ... )
    >>> baskets(held, min_support=0.5).select("item_set", "customers", "base").rows()
    [('fibre', 3, 3), ('tv', 2, 3), ('fibre + tv', 2, 3)]
    """
    share, most = _checked_parameters(min_support, max_size)
    opened = open_holdings(frame, customer, product)
    pairs = opened.rows
    each = pairs.group_by("_customer").agg(nw.len())
    base = int(each.select(_base=nw.len()).collect().row(0)[0])
    # Exactly: 0.07 * 100 customers is 7, and not the 8 that floats would ask for.
    least = max(1, ceil(share * base))
    counted = pairs.group_by("_product").agg(_count=nw.len())
    counts = counted.filter(nw.col("_count") >= least).select("_product").collect()
    names = sorted(str(row[0]) for row in counts.iter_rows())
    found = _count_sets(pairs, names, least, most)
    sets = sorted((len(names), -count, names, count) for names, count in found)
    columns = {
        "item_set": ResultColumn(str, [ITEM_SEPARATOR.join(row[2]) for row in sets]),
        "size": ResultColumn(int, [row[0] for row in sets]),
        "customers": ResultColumn(int, [row[3] for row in sets]),
        "base": ResultColumn(int, [base] * len(sets)),
        "support": ResultColumn(float, [row[3] / base for row in sets]),
    }
    return opened.close(result_table(opened, columns))  # type: ignore[no-any-return]


def open_holdings(frame: Any, customer: str, product: str) -> OpenFrame:
    """Open a table of who holds what as distinct pairs of ``_customer`` and ``_product``.

    Parameters
    ----------
    frame : dataframe
    customer, product : str

    Returns
    -------
    OpenFrame
        ``_product`` is text.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
    """
    refuse_twice("baskets", [customer, product], [])
    opened = open_frame(frame, table="holdings")
    require_columns(opened, {"customer": customer, "product": product})
    opened = parse_objects(opened, [customer, product])
    require_kinds(opened, {customer: ColumnKind.KEY, product: ColumnKind.KEY})
    text = nw.col(product).cast(nw.String)
    separated = RowCheck(
        "separator",
        product,
        ~nw.col(product).is_null() & text.str.contains(ITEM_SEPARATOR, literal=True),
        f"contains {ITEM_SEPARATOR!r}",
        "Rename those products: it stands between the products of a set.",
    )
    check_rows(opened, [not_null(customer), not_null(product), separated], keys=[customer, product])
    pairs = opened.rows.select(_customer=key_values(opened, customer), _product=text)
    return OpenFrame(rows=pairs.unique(), table=opened.table, given=opened.given)


def _checked_parameters(min_support: Any, max_size: Any) -> tuple[Fraction, int]:
    if (
        isinstance(min_support, bool)
        or not isinstance(min_support, Real)
        or not 0 < float(min_support) <= 1
    ):
        raise ParameterError(
            f"baskets: min_support is {min_support!r:.40}, and has to be a share of customers "
            "above 0 and up to 1.",
            min_support=min_support,
        )
    most = whole_number(max_size)
    if most is None or most < 1:
        raise ParameterError(
            f"baskets: max_size is {max_size!r:.40}, and has to be a whole number from 1.",
            max_size=max_size,
        )
    return Fraction(repr(float(min_support))), most


def _count_sets(
    pairs: nw.LazyFrame[Any], names: list[str], least: int, most: int
) -> list[tuple[tuple[str, ...], int]]:
    if not names:
        return []
    number = {name: at for at, name in enumerate(names)}
    held = pairs.filter(nw.col("_product").is_in(names)).select("_customer", "_product").collect()
    own: defaultdict[Any, list[int]] = defaultdict(list)
    for who, what in held.iter_rows():
        own[who].append(number[what])
    distinct = Counter(tuple(sorted(items)) for items in own.values())
    found = frequent_item_sets(distinct, least=least, max_size=most)
    return [(tuple(names[item] for item in items), count) for items, count in found.items()]
