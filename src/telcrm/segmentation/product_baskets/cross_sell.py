"""Association rules between products, and the offers that follow from them for each customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.exact import whole_number
from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation.product_baskets.baskets import ITEM_SEPARATOR, open_holdings
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

__all__ = ["cross_sell_rules", "recommend_products"]

FrameT = TypeVar("FrameT")

_RECOMMENDED: Final = ("rank", "confidence", "lift", "antecedent")


@dataclass(frozen=True, slots=True)
class _Rule:
    antecedent: tuple[str, ...]
    consequent: str
    both: int
    antecedent_count: int
    consequent_count: int
    base: int

    @property
    def confidence(self) -> float:
        return self.both / self.antecedent_count

    @property
    def lift(self) -> float:
        return self.both * self.base / (self.antecedent_count * self.consequent_count)

    @property
    def leverage(self) -> float:
        return (
            self.both * self.base - self.antecedent_count * self.consequent_count
        ) / self.base**2

    @property
    def conviction(self) -> float | None:
        without = self.antecedent_count - self.both
        if not without:
            return None
        return self.antecedent_count * (self.base - self.consequent_count) / (self.base * without)


def cross_sell_rules(
    item_sets: FrameT, *, min_confidence: float = 0.2, min_lift: float = 1.0
) -> FrameT:
    """Derive what those who hold some products tend to hold besides.

    Parameters
    ----------
    item_sets : dataframe
        As :func:`baskets` returns it, whole: the support of every part of a set is needed.
    min_confidence : float in [0, 1]
        Least share of those who hold the antecedent that also hold the consequent.
    min_lift : float >= 0
        Least lift. Below 1, holding the antecedent makes the consequent rarer.

    Returns
    -------
    dataframe
        Of the same kind as ``item_sets``, one row per rule, the greatest lift first, then by
        confidence and name:

        ``antecedent``
            Text: products joined by ``" + "``.
        ``consequent``
            Text: one product.
        ``customers``
            Int64: customers who hold all of them.
        ``support``, ``antecedent_support``, ``consequent_support``
            Float64: shares of all customers.
        ``confidence``
            Float64: share of those with the antecedent who hold the consequent.
        ``lift``
            Float64: confidence over the support of the consequent; 1 if they are independent.
        ``leverage``
            Float64: support less what independence would give, in shares of all customers.
        ``conviction``
            Float64: how much more often the rule would fail if they were independent; null for a
            rule that never fails.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        It is no table of item sets.
    InvalidTableError
        A value is null or infinite, or a part of some set is missing.
    ParameterError
        A threshold is out of range.

    Notes
    -----
    With ``P`` the share of customers::

        confidence = P(A and C) / P(A)          lift       = confidence / P(C)
        leverage   = P(A and C) - P(A) P(C)     conviction = (1 - P(C)) / (1 - confidence)

    Consequents are single products, because an offer of two is the two offers.

    References
    ----------
    R. Agrawal, T. Imielinski, A. Swami (1993), "Mining Association Rules between Sets of Items in
    Large Databases", SIGMOD, 207-216 (support, confidence). S. Brin, R. Motwani, J. D. Ullman,
    S. Tsur (1997), "Dynamic Itemset Counting and Implication Rules for Market Basket Data",
    SIGMOD, 255-264 (lift, conviction). G. Piatetsky-Shapiro (1991), "Discovery, Analysis, and
    Presentation of Strong Rules", 229-248 (leverage).

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import baskets
    >>> held = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "bob", "cid", "dan"],
    ...         "product_id": ["fibre", "tv", "fibre", "tv", "fibre", "sim"],
    ...     }
    ... )
    >>> rules = cross_sell_rules(baskets(held))
    >>> rules.select("antecedent", "consequent", "lift", "conviction").rows()
    [('tv', 'fibre', 1.3333333333333333, None), ('fibre', 'tv', 1.3333333333333333, 1.5)]
    """
    _check_threshold("min_confidence", min_confidence, 1.0)
    _check_threshold("min_lift", min_lift, float("inf"))
    opened = open_frame(item_sets, table="item sets")
    counts, base = _read_sets(opened)
    rules = [
        rule
        for rule in _derive(counts, base)
        if rule.confidence >= min_confidence and rule.lift >= min_lift
    ]
    rules.sort(key=lambda rule: (-rule.lift, -rule.confidence, rule.antecedent, rule.consequent))
    numbers: dict[str, list[float | None]] = {
        "support": [rule.both / base for rule in rules],
        "antecedent_support": [rule.antecedent_count / base for rule in rules],
        "consequent_support": [rule.consequent_count / base for rule in rules],
        "confidence": [rule.confidence for rule in rules],
        "lift": [rule.lift for rule in rules],
        "leverage": [rule.leverage for rule in rules],
        "conviction": [rule.conviction for rule in rules],
    }
    columns = {
        "antecedent": ResultColumn(str, [ITEM_SEPARATOR.join(rule.antecedent) for rule in rules]),
        "consequent": ResultColumn(str, [rule.consequent for rule in rules]),
        "customers": ResultColumn(int, [rule.both for rule in rules]),
        **{name: ResultColumn(float, values) for name, values in numbers.items()},
    }
    return opened.close(result_table(opened, columns))  # type: ignore[no-any-return]


def _check_threshold(name: str, value: Any, greatest: float) -> None:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= greatest:
        upto = f" to {greatest:g}" if isfinite(greatest) else ""
        raise ParameterError(
            f"cross_sell_rules: {name} is {value!r:.40}, and has to be a number from 0{upto}.",
            **{name: value},
        )


def _read_sets(opened: OpenFrame) -> tuple[dict[tuple[str, ...], int], int]:
    names = ["item_set", "customers", "base"]
    require_columns(opened, {name: name for name in names})
    opened = parse_objects(opened, names)
    numbers = dict.fromkeys(names[1:], ColumnKind.NUMBER)
    require_kinds(opened, {"item_set": ColumnKind.KEY, **numbers})
    rules = [not_null("item_set"), *amount_checks(opened, "customers")]
    check_rows(opened, [*rules, *amount_checks(opened, "base")], keys=["item_set"])
    rows = opened.rows.select(*names).collect().rows()
    counts = {tuple(sorted(str(row[0]).split(ITEM_SEPARATOR))): int(row[1]) for row in rows}
    bases = {int(row[2]) for row in rows}
    if len(bases) > 1:
        raise InvalidTableError(
            f"item sets: the base differs between rows ({', '.join(map(str, sorted(bases)))}). "
            "Pass the sets of one call of baskets.",
            bases=sorted(bases),
        )
    return counts, bases.pop() if bases else 0


def _derive(counts: dict[tuple[str, ...], int], base: int) -> list[_Rule]:
    rules = []
    for items, both in counts.items():
        if len(items) < 2:
            continue
        for at, consequent in enumerate(items):
            antecedent = items[:at] + items[at + 1 :]
            missing = [part for part in (antecedent, (consequent,)) if part not in counts]
            if missing:
                raise InvalidTableError(
                    f"item sets: {ITEM_SEPARATOR.join(items)!r} is there, but its part "
                    f"{ITEM_SEPARATOR.join(missing[0])!r} is not. Pass all that baskets returned.",
                    item_set=ITEM_SEPARATOR.join(items),
                )
            rules.append(
                _Rule(antecedent, consequent, both, counts[antecedent], counts[(consequent,)], base)
            )
    return rules


def recommend_products(
    frame: FrameT,
    rules: Any,
    *,
    customer: str = "customer_id",
    product: str = "product_id",
    top: int = 3,
) -> FrameT:
    """Say what to offer to each customer, by the rules that apply to what it holds.

    Parameters
    ----------
    frame : dataframe
        Holdings: one row per customer and product, as :func:`baskets` takes it.
    rules : dataframe
        As :func:`cross_sell_rules` returns it, or some of its rows; of any engine.
    customer, product : str
        Column names of ``frame``.
    top : int >= 1
        Most products for one customer.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer and offer, sorted by customer and rank;
        who has no rule that applies has no row:

        the columns of ``customer`` and ``product``
            Under the names you gave; ``product`` is text, and not held by the customer yet.
        ``rank``
            Int64 from 1: the greatest confidence first.
        ``confidence``, ``lift``, ``antecedent``
            Of the rule that speaks most for the offer.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
        As :func:`baskets` does; or ``rules`` are no rules.
    ParameterError
        ``top`` is no whole number from 1, or a column would stand twice in the result.

    Notes
    -----
    Rules apply to a customer who holds the whole antecedent. They are ordered by confidence, then
    lift, support and name; the first that offers a product counts. Nothing but the rules is brought
    to Python: customers are matched on their own engine, and lazy stays lazy.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import baskets, cross_sell_rules
    >>> held = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "bob", "cid", "dan"],
    ...         "product_id": ["fibre", "tv", "fibre", "tv", "fibre", "sim"],
    ...     }
    ... )
    >>> offers = recommend_products(held, cross_sell_rules(baskets(held)))
    >>> offers.select("customer_id", "product_id", "rank", "antecedent").rows()
    [('cid', 'tv', 1, 'fibre')]
    """
    limit = whole_number(top)
    if limit is None or limit < 1:
        raise ParameterError(
            f"recommend_products: top is {top!r:.40}, and has to be a whole number from 1.", top=top
        )
    refuse_twice("recommend_products", [customer, product], _RECOMMENDED)
    opened = open_holdings(frame, customer, product)
    given = _read_rules(open_frame(rules, table="rules"))
    parts = [(at, item) for at, rule in enumerate(given) for item in rule[0].split(ITEM_SEPARATOR)]
    needed = result_table(
        opened,
        {
            "_rule": ResultColumn(int, [at for at, _ in parts]),
            "_item": ResultColumn(str, [item for _, item in parts]),
        },
    )
    offers = result_table(
        opened,
        {
            "_rule": ResultColumn(int, list(range(len(given)))),
            "_size": ResultColumn(int, [rule[0].count(ITEM_SEPARATOR) + 1 for rule in given]),
            "_offer": ResultColumn(str, [rule[1] for rule in given]),
            "confidence": ResultColumn(float, [rule[2] for rule in given]),
            "lift": ResultColumn(float, [rule[3] for rule in given]),
            "antecedent": ResultColumn(str, [rule[0] for rule in given]),
        },
    )
    held = opened.rows.join(needed, left_on="_product", right_on="_item")
    met = held.group_by("_customer", "_rule").agg(_held=nw.len())
    applying = met.join(offers, on="_rule").filter(nw.col("_held") == nw.col("_size"))
    new = applying.join(
        opened.rows, left_on=["_customer", "_offer"], right_on=["_customer", "_product"], how="anti"
    )
    # Rules are numbered by their rank, so that the best one is the least.
    best = new.group_by("_customer", "_offer").agg(nw.col("_rule").min())
    ranked = best.with_columns(rank=nw.col("_rule").rank("min").over("_customer").cast(nw.Int64))
    told = offers.select("_rule", "confidence", "lift", "antecedent")
    result = (
        ranked.filter(nw.col("rank") <= limit)
        .join(told, on="_rule")
        .select(nw.col("_customer").alias(customer), nw.col("_offer").alias(product), *_RECOMMENDED)
        .sort(customer, "rank")
    )
    return opened.close(result)  # type: ignore[no-any-return]


def _read_rules(opened: OpenFrame) -> Sequence[tuple[str, str, float, float]]:
    texts, numbers = ["antecedent", "consequent"], ["confidence", "lift", "support"]
    require_columns(opened, {name: name for name in texts + numbers})
    opened = parse_objects(opened, texts + numbers)
    kinds = dict.fromkeys(texts, ColumnKind.KEY) | dict.fromkeys(numbers, ColumnKind.NUMBER)
    require_kinds(opened, kinds)
    checks = [not_null(name) for name in texts]
    for name in numbers:
        checks += amount_checks(opened, name)
    check_rows(opened, checks, keys=texts)
    rows = opened.rows.select(*texts, *numbers).collect().rows()
    ordered = sorted(rows, key=lambda row: (-row[2], -row[3], -row[4], str(row[0]), str(row[1])))
    return [(str(row[0]), str(row[1]), float(row[2]), float(row[3])) for row in ordered]
