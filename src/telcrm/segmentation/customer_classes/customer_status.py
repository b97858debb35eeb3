"""Existing, potential, former; and who is a key account, reputable, a debtor, gone elsewhere."""

from __future__ import annotations

from typing import Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ColumnTypeError
from telcrm.rules import flag_columns, label_column
from telcrm.segmentation.assignment import open_customers
from telcrm.segmentation.customer_classes.customer_status_policy import (
    CustomerMark,
    CustomerStatusPolicy,
)
from telcrm.tables.door import ColumnKind, key_values, require_columns, require_kinds
from telcrm.tables.refusals import refuse_twice

__all__ = ["customer_status"]

FrameT = TypeVar("FrameT")

_STATUS: Final = "status"
_FLAG: Final = "ported_out"


def customer_status(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    policy: CustomerStatusPolicy | None = None,
) -> FrameT:
    """Class each customer as existing, potential or former, and mark what else is to be known.

    Parameters
    ----------
    frame : dataframe
        One row per customer with the facts of :func:`~telcrm.segmentation.status_facts`, or your
        own under the same names. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    customer : str
        Column that names the customer.
    policy : CustomerStatusPolicy, optional
        The thresholds.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer:

        the column of ``customer``
            Under the name you gave.
        ``status``
            ``"existing"``, ``"potential"`` or ``"former"``.
        ``key_account``, ``reputable``, ``chronic_debtor``, ``gone_to_competitor``
            Boolean, never null.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A fact is of another type (a column without any value has no type: cast it), or the key is a
        float or an object.
    InvalidTableError
        A customer is null, or stands in two rows.
    ParameterError
        Two columns of the result would share a name.

    See Also
    --------
    telcrm.rules.decide : With ``policy.status_rules()`` or ``policy.mark_rules()``, explains one
        customer.

    Notes
    -----
    The rules are those of the policy; ``telcrm.rules.describe`` says them. A test on a missing
    fact does not hold, so that a mark says what is known: without invoices nobody is reputable, and
    nobody a debtor. Nobody is both. Key accounts are existing customers, those gone to a competitor
    are former ones; debtors and good payers may be either.

    Examples
    --------
    >>> import polars as pl
    >>> facts = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "cid"],
    ...         "active_subscriptions": [3, 0, 0],
    ...         "past_subscriptions": [0, 1, 0],
    ...         "ported_out": [False, True, False],
    ...         "revenue": [900.0, 100.0, 0.0],
    ...         "revenue_share_above": [0.0, 0.9, 1.0],
    ...         "bills_due": [12, 7, 0],
    ...         "paid_on_time_share": [1.0, 0.4, None],
    ...         "overdue_spells": [0, 4, 0],
    ...         "overdue_days": [0, 40, 0],
    ...         "overdue_amount": [0.0, 25.0, 0.0],
    ...     }
    ... )
    >>> for row in customer_status(facts).rows():
    ...     print(row)
    ('ann', 'existing', True, True, False, False)
    ('bob', 'former', False, False, True, True)
    ('cid', 'potential', False, False, False, False)
    """
    agreed = policy or CustomerStatusPolicy()
    statuses, marks = agreed.status_rules(), agreed.mark_rules()
    refuse_twice("customer_status", [customer], [_STATUS, *CustomerMark])
    facts = list(dict.fromkeys([*statuses.fields_used, *marks.fields_used]))
    opened = open_customers(frame, customer, facts)
    require_columns(opened, {name: name for name in facts})
    require_kinds(opened, {name: ColumnKind.NUMBER for name in facts if name != _FLAG})
    schema = opened.rows.collect_schema()
    if not isinstance(schema[_FLAG], nw.Boolean):
        raise ColumnTypeError(
            f"{opened.table}: column {_FLAG!r} holds {schema[_FLAG]}, and has to hold booleans. "
            "Cast it first.",
            table=opened.table,
            column=_FLAG,
            dtype=str(schema[_FLAG]),
        )
    classed = opened.rows.select(
        **{customer: key_values(opened, customer)},
        **{_STATUS: label_column(statuses, schema)},
        **flag_columns(marks, schema),
    )
    return opened.close(classed.sort(customer))  # type: ignore[no-any-return]
