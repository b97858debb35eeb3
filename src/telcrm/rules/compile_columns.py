"""Conditions and rules as columns of the caller's dataframe.

narwhals is loaded with the first call, so that those who judge single records do without it.
"""

from __future__ import annotations

from functools import reduce
from operator import add, or_
from typing import TYPE_CHECKING

from telcrm.errors import RuleError
from telcrm.rules.condition import Condition
from telcrm.rules.rule_set import Matching, RuleSet

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

    from telcrm.rules.column_expressions import Schema

__all__ = ["condition_column", "flag_columns", "label_column", "rule_column", "score_column"]


def condition_column(condition: Condition, schema: Schema) -> nw.Expr:
    """Return the column that is true where a condition holds.

    Parameters
    ----------
    condition : Condition
    schema : mapping of str to narwhals dtype
        Of the frame that the column is added to: ``frame.collect_schema()``.

    Returns
    -------
    narwhals.stable.v2.Expr
        Boolean, and never null.

    Raises
    ------
    RuleMismatchError
        A column is not there, or holds what the condition cannot be put to; the message lists all
        such columns.
    FieldTypeError
        A column is of a type that no test can read, such as a pandas object.

    Notes
    -----
    A value is missing where it is null or NaN; a test on it does not hold. Whole numbers are
    compared exactly, others as float64. Text is compared by its code points; categories count as
    their text. A naive timestamp is in UTC. A day covers all instants of it in UTC, so a pandas
    timestamp can stand for a day.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw
    >>> import polars as pl
    >>> from telcrm.rules import field
    >>> frame = nw.from_native(pl.DataFrame({"revenue": [10.0, 20.0, None, float("nan")]}))
    >>> low = condition_column(field("revenue") < 15, frame.collect_schema())
    >>> frame.with_columns(low=low)["low"].to_list()
    [True, False, False, False]
    """
    from telcrm.rules.column_expressions import condition_expression, require_fit

    return condition_expression(condition, require_fit(condition, schema))


def label_column(rule_set: RuleSet, schema: Schema) -> nw.Expr:
    """Return the column that holds the label of each row.

    Parameters
    ----------
    rule_set : RuleSet
        Its rules have labels (``then``).
    schema : mapping of str to narwhals dtype
        Of the frame that the column is added to: ``frame.collect_schema()``.

    Returns
    -------
    narwhals.stable.v2.Expr
        String: the label of the first rule that holds, or ``otherwise``; null where neither is.

    Raises
    ------
    RuleError
        The rules have no labels.
    RuleMismatchError, FieldTypeError
        As for :func:`condition_column`.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw
    >>> import polars as pl
    >>> from telcrm.rules import Rule, field
    >>> rule = Rule(name="high", when=field("revenue") >= 50, then="premium")
    >>> segments = RuleSet(name="segments", version=1, rules=(rule,), otherwise="mass")
    >>> frame = nw.from_native(pl.DataFrame({"revenue": [50.0, 20.0]}))
    >>> frame.with_columns(segment=label_column(segments, frame.collect_schema())).rows()
    [(50.0, 'premium'), (20.0, 'mass')]
    """
    if not rule_set.has_labels:
        raise RuleError(
            f"the rules of {rule_set.name!r} have no labels. Give each one a label with then=.",
            rule_set=rule_set.name,
        )
    import narwhals.stable.v2 as nw

    from telcrm.rules.column_expressions import first_of

    labels = [rule.then for rule in rule_set.rules]
    rows = list(zip(_conditions(rule_set, schema), labels, strict=True))
    return first_of(rows, rule_set.otherwise, nw.String())


def rule_column(rule_set: RuleSet, schema: Schema) -> nw.Expr:
    """Return the column that names the first rule that holds in each row.

    Parameters
    ----------
    rule_set : RuleSet
    schema : mapping of str to narwhals dtype
        Of the frame that the column is added to: ``frame.collect_schema()``.

    Returns
    -------
    narwhals.stable.v2.Expr
        String; null where no rule holds.

    Raises
    ------
    RuleMismatchError, FieldTypeError
        As for :func:`condition_column`.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw
    >>> import polars as pl
    >>> from telcrm.rules import Rule, field
    >>> high = Rule(name="high", when=field("revenue") >= 50)
    >>> frame = nw.from_native(pl.DataFrame({"revenue": [50.0, 20.0]}))
    >>> segments = RuleSet(name="segments", version=1, rules=(high,))
    >>> frame.with_columns(why=rule_column(segments, frame.collect_schema())).rows()
    [(50.0, 'high'), (20.0, None)]
    """
    import narwhals.stable.v2 as nw

    from telcrm.rules.column_expressions import first_of

    names = [rule.name for rule in rule_set.rules]
    rows = list(zip(_conditions(rule_set, schema), names, strict=True))
    return first_of(rows, None, nw.String())


def score_column(rule_set: RuleSet, schema: Schema) -> nw.Expr:
    """Return the column that adds up the scores of the rules that fire in each row.

    Parameters
    ----------
    rule_set : RuleSet
        At least one rule has a score.
    schema : mapping of str to narwhals dtype
        Of the frame that the column is added to: ``frame.collect_schema()``.

    Returns
    -------
    narwhals.stable.v2.Expr
        Float64; 0 where no rule fires. Where only the first rule fires, its score.

    Raises
    ------
    RuleError
        No rule has a score.
    RuleMismatchError, FieldTypeError
        As for :func:`condition_column`.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw
    >>> import polars as pl
    >>> from telcrm.rules import Rule, field
    >>> rules = (
    ...     Rule(name="low", when=field("revenue") < 15, score=1),
    ...     Rule(name="new", when=field("tenure_months") < 6, score=2.5),
    ... )
    >>> warnings = RuleSet(name="warnings", version=1, rules=rules, matching="all")
    >>> frame = nw.from_native(pl.DataFrame({"revenue": [10.0, 20.0], "tenure_months": [3, 3]}))
    >>> frame.with_columns(score=score_column(warnings, frame.collect_schema()))["score"].to_list()
    [3.5, 2.5]
    """
    if not rule_set.has_scores:
        raise RuleError(
            f"no rule of {rule_set.name!r} has a score. Give one with score=.",
            rule_set=rule_set.name,
        )
    import narwhals.stable.v2 as nw

    from telcrm.rules.column_expressions import first_of

    scores = [rule.score or 0.0 for rule in rule_set.rules]
    rows = list(zip(_conditions(rule_set, schema), scores, strict=True))
    if rule_set.matching is Matching.FIRST:
        return first_of(rows, 0.0, nw.Float64())
    zero = nw.lit(0.0)
    return reduce(
        add, (nw.when(holds).then(nw.lit(score)).otherwise(zero) for holds, score in rows)
    )


def flag_columns(rule_set: RuleSet, schema: Schema) -> dict[str, nw.Expr]:
    """Return, for each rule, the column that is true where it fires.

    Parameters
    ----------
    rule_set : RuleSet
        Where only the first rule that holds fires, at most one flag is true in a row.
    schema : mapping of str to narwhals dtype
        Of the frame that the columns are added to: ``frame.collect_schema()``.

    Returns
    -------
    dict of str to narwhals.stable.v2.Expr
        By the rule's name, in the order of the set; Boolean, and never null.

    Raises
    ------
    RuleMismatchError, FieldTypeError
        As for :func:`condition_column`.

    Notes
    -----
    Where only the first rule fires, each flag repeats the conditions of all rules before it. For
    more than some dozen rules, :func:`rule_column` is the shorter query.

    Examples
    --------
    >>> import narwhals.stable.v2 as nw
    >>> import polars as pl
    >>> from telcrm.rules import Rule, field
    >>> high = Rule(name="high", when=field("revenue") >= 50)
    >>> frame = nw.from_native(pl.DataFrame({"revenue": [50.0, 20.0]}))
    >>> flags = flag_columns(RuleSet(name="s", version=1, rules=(high,)), frame.collect_schema())
    >>> frame.with_columns(**flags)["high"].to_list()
    [True, False]
    """
    from telcrm.rules.column_expressions import joined

    holding = _conditions(rule_set, schema)
    names = [rule.name for rule in rule_set.rules]
    if rule_set.matching is Matching.ALL:
        return dict(zip(names, holding, strict=True))
    fires = [
        holds & ~joined(holding[:at], or_) if at else holds for at, holds in enumerate(holding)
    ]
    return dict(zip(names, fires, strict=True))


def _conditions(rule_set: RuleSet, schema: Schema) -> list[nw.Expr]:
    from telcrm.rules.column_expressions import condition_expression, require_fit

    columns = require_fit(rule_set, schema)
    return [condition_expression(rule.when, columns) for rule in rule_set.rules]
