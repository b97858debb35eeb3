"""Segments by written rules: who belongs where, by which rule, and how many each rule catches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import Record
from telcrm.errors import ParameterError
from telcrm.rules import (
    Matching,
    RuleSet,
    condition_column,
    flag_columns,
    label_column,
    rule_column,
)
from telcrm.segmentation.assignment import SEGMENT, assign, open_customers
from telcrm.segmentation.segmenter import Segmenter
from telcrm.tables.door import key_values, open_frame
from telcrm.tables.refusals import refuse_twice

__all__ = ["RuleCount", "RuleCoverage", "RuleSegmenter", "rule_coverage", "segment_by_rules"]

FrameT = TypeVar("FrameT")

_RULE: Final = "rule"


def segment_by_rules(
    frame: FrameT,
    rule_set: RuleSet,
    *,
    customer: str = "customer_id",
    otherwise: str | None = None,
) -> FrameT:
    """Give each customer the segment of the rules that hold for it.

    Parameters
    ----------
    frame : dataframe
        One row per customer, with the columns that the rules look at. pandas, Polars (eager or
        lazy), a DuckDB relation, PySpark, or PyArrow.
    rule_set : RuleSet
        Its rules have labels (``then``), which are the segments.
    customer : str
        Column that names the customer.
    otherwise : str, optional
        Segment of those for whom no rule holds, instead of what ``rule_set`` says.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer:

        the column of ``customer``
            Under the name you gave.
        ``segment``
            Text: the label of the first rule that holds; null where none does and nothing is said
            for that case.
        ``rule``
            Text: the name of that rule; null where none holds.
        a column for each rule
            Only where the set is matched by ``"all"``: Boolean, whether the rule holds, under its
            name. A customer may then belong to several; ``segment`` is still the first.

    Raises
    ------
    MissingColumnsError
        The column of customers is not there.
    ColumnTypeError
        The key is a float or an object.
    InvalidTableError
        A customer is null, or stands in two rows.
    RuleError
        The rules have no labels.
    RuleMismatchError, FieldTypeError
        The rules do not fit the table; the message lists all that is wrong.
    ParameterError
        Two columns of the result would share a name.

    See Also
    --------
    telcrm.rules.decide : The same for one customer, with the values that settled it.
    rule_coverage : How many customers each rule catches.

    Notes
    -----
    A test on a missing value, be it null or NaN, does not hold, nor does one on a column in which
    every value is missing: such a customer falls through to the next rule. Ask for it with
    ``field(...).is_missing()``.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.rules import Rule, RuleSet, field
    >>> segments = RuleSet(
    ...     name="value segments",
    ...     version=1,
    ...     rules=(
    ...         Rule(name="high spend", when=field("revenue") >= 50, then="premium"),
    ...         Rule(name="young", when=field("age") < 26, then="youth"),
    ...     ),
    ... )
    >>> customers = pl.DataFrame(
    ...     {"customer_id": ["ann", "bob", "cid"], "revenue": [60.0, 9.0, 9.0], "age": [20, 20, 70]}
    ... )
    >>> segment_by_rules(customers, segments, otherwise="mass").rows()
    [('ann', 'premium', 'high spend'), ('bob', 'youth', 'young'), ('cid', 'mass', None)]
    """
    agreed = _agreed(rule_set, otherwise)
    every = agreed.matching is Matching.ALL
    flags = [rule.name for rule in agreed.rules] if every else []
    refuse_twice("segment_by_rules", [customer, *flags], [SEGMENT, _RULE])
    opened = open_customers(frame, customer, agreed.fields_used)
    schema = opened.rows.collect_schema()
    found = {SEGMENT: label_column(agreed, schema), _RULE: rule_column(agreed, schema)}
    if every:
        found |= flag_columns(agreed, schema)
    ruled = opened.rows.select(**{customer: key_values(opened, customer)}, **found)
    return opened.close(ruled.sort(customer))  # type: ignore[no-any-return]


def _agreed(rule_set: RuleSet, otherwise: str | None) -> RuleSet:
    if not isinstance(rule_set, RuleSet):
        raise ParameterError(
            f"rule_set is a {type(rule_set).__name__}, and has to be a telcrm.rules.RuleSet.",
            rule_set=rule_set,
        )
    return rule_set if otherwise is None else rule_set.replace(otherwise=otherwise)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many customers one rule catches.

    Attributes
    ----------
    rule : str
    segment : str or None
        Its label.
    holds : int
        Customers for whom its condition holds.
    fires : int
        Those who have their segment from it; with ``matching="all"`` the same as ``holds``.
    """

    rule: str
    segment: str | None
    holds: int
    fires: int

    @property
    def shadowed(self) -> int:
        """Customers for whom it holds, but whom a rule before it has taken."""
        return self.holds - self.fires


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """How many customers each rule of a set catches.

    Attributes
    ----------
    customers : int
    rules : tuple of RuleCount
        In the order of the set.
    unmatched : int
        Customers for whom no rule holds.
    """

    customers: int
    rules: tuple[RuleCount, ...]
    unmatched: int

    @property
    def idle(self) -> tuple[str, ...]:
        """Names of the rules that fire for nobody."""
        return tuple(each.rule for each in self.rules if not each.fires)

    def __repr__(self) -> str:
        fired = ", ".join(f"{each.rule} {each.fires:,}" for each in self.rules)
        return f"RuleCoverage({self.customers:,} customers: {fired}, unmatched {self.unmatched:,})"


def rule_coverage(frame: Any, rule_set: RuleSet, *, customer: str = "customer_id") -> RuleCoverage:
    """Count for how many customers each rule holds, and how many it takes.

    Parameters
    ----------
    frame : dataframe
        One row per customer, as :func:`segment_by_rules` takes it.
    rule_set : RuleSet
    customer : str
        Column that names the customer.

    Returns
    -------
    RuleCoverage
        A rule that holds for many and fires for few stands too late in the order.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
    RuleMismatchError, FieldTypeError, ParameterError
        As :func:`segment_by_rules` does; labels are not needed.

    Notes
    -----
    Where only the first rule fires, ``fires`` of all rules and ``unmatched`` add up to
    ``customers``. Two queries, whatever the number of customers.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.rules import Rule, RuleSet, field
    >>> rules = (
    ...     Rule(name="pays", when=field("revenue") > 0, then="active"),
    ...     Rule(name="pays much", when=field("revenue") > 50, then="premium"),
    ... )
    >>> customers = pl.DataFrame({"customer_id": ["a", "b"], "revenue": [60.0, 0.0]})
    >>> covered = rule_coverage(customers, RuleSet(name="s", version=1, rules=rules))
    >>> covered
    RuleCoverage(2 customers: pays 1, pays much 0, unmatched 1)
    >>> covered.idle, covered.rules[1].shadowed
    (('pays much',), 1)
    """
    agreed = _agreed(rule_set, None)
    opened = open_customers(frame, customer, agreed.fields_used)
    schema = opened.rows.collect_schema()
    holding = {
        f"_holds_{at}": nw.when(condition_column(rule.when, schema))
        .then(nw.lit(1))
        .otherwise(nw.lit(0))
        for at, rule in enumerate(agreed.rules)
    }
    flagged = opened.rows.select(_rule=rule_column(agreed, schema), _rows=nw.lit(1), **holding)
    sums = ["_rows", *holding]
    counted = flagged.group_by("_rule").agg(*[nw.col(name).sum() for name in sums]).collect()
    groups = counted.rows(named=True)
    fired = {row["_rule"]: int(row["_rows"]) for row in groups if isinstance(row["_rule"], str)}
    held = {name: sum(int(row[name]) for row in groups) for name in sums}
    first_only = agreed.matching is Matching.FIRST
    counts = []
    for at, rule in enumerate(agreed.rules):
        holds = held[f"_holds_{at}"]
        fires = fired.get(rule.name, 0) if first_only else holds
        counts.append(RuleCount(rule.name, rule.then, holds, fires))
    customers = held["_rows"]
    return RuleCoverage(customers, tuple(counts), customers - sum(fired.values()))


class _State(Record):
    rule_set: RuleSet
    customer: str


class RuleSegmenter(Segmenter):
    """Segments by written rules.

    Parameters
    ----------
    rule_set : RuleSet
        Its rules have labels.
    customer : str
        Column that names the customer.

    Notes
    -----
    There is nothing to learn: ``fit`` only checks that the rules fit a table, and ``predict`` and
    ``to_json`` work without it.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.rules import Rule, RuleSet, field
    >>> high = Rule(name="high spend", when=field("revenue") >= 50, then="premium")
    >>> segmenter = RuleSegmenter(
    ...     rule_set=RuleSet(name="value", version=1, rules=(high,), otherwise="mass")
    ... )
    >>> customers = pl.DataFrame({"customer_id": ["ann", "bob"], "revenue": [60.0, 9.0]})
    >>> RuleSegmenter.from_json(segmenter.to_json()).predict(customers).rows()
    [('ann', 'premium'), ('bob', 'mass')]
    """

    kind: ClassVar[str] = "rules"
    stored_as: ClassVar[type[Record]] = _State

    def __init__(self, *, rule_set: RuleSet, customer: str = "customer_id") -> None:
        self.rule_set = rule_set
        self.customer = customer

    def fit(self, frame: Any) -> Self:
        """Check that the rules fit a table.

        Parameters
        ----------
        frame : dataframe
            One row per customer.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError
        RuleError, RuleMismatchError, FieldTypeError, ParameterError
            As :func:`segment_by_rules` does.
        """
        segment_by_rules(frame, self.rule_set, customer=self.customer)
        return self

    def predict(self, frame: FrameT) -> FrameT:
        """Give each customer of a table its segment.

        Parameters
        ----------
        frame : dataframe
            One row per customer.

        Returns
        -------
        dataframe
            Of the same kind as ``frame``, sorted by customer: the customer and ``segment``, null
            where no rule holds and the rules say nothing for that case.

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError
        RuleError, RuleMismatchError, FieldTypeError, ParameterError
            As :func:`segment_by_rules` does.
        """
        ruled = segment_by_rules(frame, self.rule_set, customer=self.customer)
        opened = open_frame(ruled, table="rule segments")
        found: FrameT = assign(opened, self.customer, nw.col(SEGMENT))
        return found
