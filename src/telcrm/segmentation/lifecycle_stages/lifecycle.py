"""In which stage of its life each customer stands."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import Record
from telcrm.rules import label_column
from telcrm.segmentation.assignment import assign, open_customers
from telcrm.segmentation.lifecycle_stages.lifecycle_policy import LifecyclePolicy
from telcrm.segmentation.segmenter import Segmenter
from telcrm.tables.door import ColumnKind, key_values, open_frame, require_columns, require_kinds
from telcrm.tables.refusals import refuse_twice

__all__ = ["LifecycleSegmenter", "lifecycle"]

FrameT = TypeVar("FrameT")

_STAGE: Final = "stage"


def lifecycle(
    frame: FrameT, *, customer: str = "customer_id", policy: LifecyclePolicy | None = None
) -> FrameT:
    """Tell the stage of each customer: prospect, new, growing, mature, declining, dormant, lost.

    Parameters
    ----------
    frame : dataframe
        One row per customer with the facts of :func:`~telcrm.segmentation.lifecycle_facts`:
        ``tenure_months``, ``months_since_active``, ``months_without_revenue``, ``recent_revenue``
        and ``earlier_revenue``. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    customer : str
        Column that names the customer.
    policy : LifecyclePolicy, optional
        The thresholds. Compare revenue over the same ``trend_months`` as the facts do.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer: the customer, the
        facts that decide, and ``stage``, text.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A fact holds no numbers (a column without any value has no type: cast it), or the key is a
        float or an object.
    InvalidTableError
        A customer is null, or stands in two rows.
    ParameterError
        Two columns of the result would share a name.

    See Also
    --------
    telcrm.rules.decide : With ``policy.rule_set()``, explains the stage of one customer.
    rule_coverage : Counts how many customers each of those rules catches.

    Notes
    -----
    The rules in their order, of which the first that holds decides; ``telcrm.rules.describe`` says
    them with your thresholds:

    1. prospect: ``months_since_active`` is missing.
    2. lost: ``months_since_active >= lost_after_months``.
    3. dormant: ``months_without_revenue >= dormant_after_months``.
    4. new: ``tenure_months < new_months``.
    5. declining: ``earlier_revenue > 0`` and
       ``recent_revenue <= decline_ratio * earlier_revenue``.
    6. growing: ``recent_revenue > 0`` and ``recent_revenue >= growth_ratio * earlier_revenue``.
    7. mature: all others.

    Null and NaN are the same, and no test on them holds: without ``earlier_revenue`` a customer
    neither grows nor declines.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> from telcrm.segmentation import lifecycle_facts
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann"] * 6 + ["bob"],
    ...         "period": [date(2024, month, 1) for month in (1, 2, 3, 4, 5, 6, 3)],
    ...         "revenue": [10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 9.0],
    ...     }
    ... )
    >>> known = pl.DataFrame({"customer_id": ["ann", "bob", "cid"]})
    >>> facts = lifecycle_facts(months, as_of=date(2024, 6, 30), customers=known)
    >>> lifecycle(facts).select("customer_id", "stage").rows()
    [('ann', 'growing'), ('bob', 'lost'), ('cid', 'prospect')]
    """
    rules = (policy or LifecyclePolicy()).rule_set()
    facts = rules.fields_used
    refuse_twice("lifecycle", [customer], [*facts, _STAGE])
    opened = open_customers(frame, customer, facts)
    require_columns(opened, {name: name for name in facts})
    require_kinds(opened, dict.fromkeys(facts, ColumnKind.NUMBER))
    staged = opened.rows.select(
        **{customer: key_values(opened, customer)},
        **{name: nw.col(name) for name in facts},
        **{_STAGE: label_column(rules, opened.rows.collect_schema())},
    )
    return opened.close(staged.sort(customer))  # type: ignore[no-any-return]


class _State(Record):
    policy: LifecyclePolicy | None
    customer: str


class LifecycleSegmenter(Segmenter):
    """Lifecycle stages as segments.

    Parameters
    ----------
    policy : LifecyclePolicy, optional
        The thresholds.
    customer : str
        Column that names the customer.

    Notes
    -----
    There is nothing to learn: ``fit`` only checks that a table has the facts, and ``predict`` and
    ``to_json`` work without it.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import LifecyclePolicy
    >>> facts = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "tenure_months": [12, 40],
    ...         "months_since_active": [0, 4],
    ...         "months_without_revenue": [0, 4],
    ...         "recent_revenue": [20.0, 0.0],
    ...         "earlier_revenue": [20.0, 10.0],
    ...     }
    ... )
    >>> patient = LifecycleSegmenter(policy=LifecyclePolicy(lost_after_months=6))
    >>> LifecycleSegmenter.from_json(patient.to_json()).predict(facts).rows()
    [('ann', 'mature'), ('bob', 'dormant')]
    """

    kind: ClassVar[str] = "lifecycle"
    stored_as: ClassVar[type[Record]] = _State

    def __init__(
        self, *, policy: LifecyclePolicy | None = None, customer: str = "customer_id"
    ) -> None:
        self.policy = policy
        self.customer = customer

    def fit(self, frame: Any) -> Self:
        """Check that a table has the facts.

        Parameters
        ----------
        frame : dataframe
            One row per customer, as :func:`lifecycle` takes it.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
            As :func:`lifecycle` does.
        """
        lifecycle(frame, customer=self.customer, policy=self.policy)
        return self

    def predict(self, frame: FrameT) -> FrameT:
        """Tell the stage of each customer of a table.

        Parameters
        ----------
        frame : dataframe
            One row per customer, as :func:`lifecycle` takes it.

        Returns
        -------
        dataframe
            Of the same kind as ``frame``, sorted by customer: the customer, and ``segment``, the
            stage.

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
            As :func:`lifecycle` does.
        """
        staged = lifecycle(frame, customer=self.customer, policy=self.policy)
        opened = open_frame(staged, table="lifecycle stages")
        found: FrameT = assign(opened, self.customer, nw.col(_STAGE))
        return found
