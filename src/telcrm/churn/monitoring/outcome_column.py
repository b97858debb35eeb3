"""A column that says who left: 0 and 1, or flags."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from telcrm.tables.door import ColumnKind, OpenFrame, require_kinds
from telcrm.tables.row_checks import RowCheck, not_null

__all__ = ["outcome_column"]


def outcome_column(opened: OpenFrame, column: str) -> tuple[nw.Expr, list[RowCheck]]:
    """Express who left as 0 and 1, and make the rules that a known outcome keeps to.

    Parameters
    ----------
    opened : OpenFrame
    column : str

    Returns
    -------
    (narwhals.stable.v2.Expr, list of RowCheck)

    Raises
    ------
    ColumnTypeError
        It holds neither numbers nor flags.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"churned": [True]}), table="t")
    >>> left, rules = outcome_column(opened, "churned")
    >>> opened.rows.select(left).collect()["churned"].to_list(), [rule.rule for rule in rules]
    ([1], ['null', 'outcome'])
    """
    if isinstance(opened.rows.collect_schema()[column], nw.Boolean):
        left = nw.col(column).cast(nw.Int64)
    else:
        require_kinds(opened, {column: ColumnKind.NUMBER})
        left = nw.col(column)
    strange = RowCheck(
        "outcome",
        column,
        # NaN, which is null in NumPy-backed pandas, is unequal to everything.
        ~nw.col(column).is_null() & (left != 0) & (left != 1),
        "is neither 0 nor 1",
        "Code who left as 1, who stayed as 0.",
    )
    known = not_null(column, remedy="Keep the rows whose outcome is known.")
    return left, [known, strange]
