"""Read and check the table of customers that a retention plan is made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.contact_policy import ContactPolicy
from telcrm.churn.retention.customer_arrays import CustomerArrays, collect_by_customer
from telcrm.churn.retention.expected_profit import contact_outcome
from telcrm.churn.retention.offer import RetentionOffer
from telcrm.rules import Condition, condition_column
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_repeated
from telcrm.tables.row_checks import RowCheck, check_rows, finite, not_null
from telcrm.value.scoring import refuse_taken

__all__ = ["PlanColumns", "PlanCustomers", "read_customers"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlanColumns:
    """The columns that a plan goes by; ``uplift`` has one for each offer, or is None."""

    customer: str
    probability: str
    value: str
    uplift: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PlanCustomers:
    """What is expected of each offer to each customer, in the order of the customers' keys.

    Attributes
    ----------
    table : CustomerArrays
    opted_out, cooling : array of bool, shape (customers,)
    eligible : array of bool, shape (offers, customers)
    saved, cost, profit : array of float, shape (offers, customers)
    """

    table: CustomerArrays
    opted_out: Flags
    cooling: Flags
    eligible: NDArray[np.bool_]
    saved: Floats
    cost: Floats
    profit: Floats


def read_customers(
    frame: Any,
    columns: PlanColumns,
    offers: Sequence[RetentionOffer],
    *,
    policy: ContactPolicy,
    as_of: date | None,
    results: Sequence[str],
) -> PlanCustomers:
    """Read and check the table, and work out what each offer is expected to do.

    Parameters
    ----------
    frame : dataframe
    columns : PlanColumns
    offers : sequence of RetentionOffer
    policy : ContactPolicy
    as_of : date, optional
        Needed by a policy with a cool-down.
    results : sequence of str
        Columns that will be added.

    Returns
    -------
    PlanCustomers

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
    RuleMismatchError, FieldTypeError, ParameterError
    """
    conditions = _conditions(offers, policy, as_of)
    opened = _open(frame, columns, offers, policy=policy, conditions=conditions, results=results)
    schema = opened.rows.collect_schema()
    flags = {
        name: condition_column(condition, schema).cast(nw.Int64)
        for name, condition in conditions.items()
    }
    numbers = _number_columns(columns, offers)
    names = {name: f"_number_{at}" for at, name in enumerate(numbers)}
    expressions = {names[name]: nw.col(name) for name in numbers}
    table = collect_by_customer(opened, columns.customer, {**expressions, **flags})
    count = table.arrays[names[columns.value]].size

    def number(given: float | str) -> float | Floats:
        return table.arrays[names[given]] if isinstance(given, str) else given

    def flag(name: str, otherwise: bool) -> Flags:
        known = table.arrays.get(name)
        return np.full(count, otherwise) if known is None else known == 1.0

    outcomes = [
        contact_outcome(
            table.arrays[names[columns.probability]],
            table.arrays[names[columns.value]],
            cost=offer.cost,
            contact_cost=offer.contact_cost,
            acceptance=number(offer.acceptance),
            stayer_acceptance=number(offer.stayer_acceptance),
            saved_share=offer.saved_share,
            uplift=None if columns.uplift is None else table.arrays[names[columns.uplift[at]]],
        )
        for at, offer in enumerate(offers)
    ]
    return PlanCustomers(
        table,
        opted_out=flag("_opted_out", False),
        cooling=flag("_cooling", False),
        eligible=np.array([flag(f"_eligible_{at}", True) for at in range(len(offers))]),
        saved=np.array([each.saved for each in outcomes]),
        cost=np.array([each.cost for each in outcomes]),
        profit=np.array([each.profit for each in outcomes]),
    )


def _conditions(
    offers: Sequence[RetentionOffer], policy: ContactPolicy, as_of: date | None
) -> dict[str, Condition]:
    asked = {
        "_opted_out": policy.refuses_contact(),
        "_cooling": None if as_of is None else policy.cools_down(as_of),
        **{f"_eligible_{at}": offer.eligible for at, offer in enumerate(offers)},
    }
    return {name: condition for name, condition in asked.items() if condition is not None}


def _number_columns(columns: PlanColumns, offers: Sequence[RetentionOffer]) -> dict[str, float]:
    """Return the columns of numbers, and the least that each may hold if it holds shares."""
    named = [share for offer in offers for share in (offer.acceptance, offer.stayer_acceptance)]
    return {
        columns.value: -np.inf,
        **dict.fromkeys(columns.uplift or (), -1.0),
        columns.probability: 0.0,
        **{share: 0.0 for share in named if isinstance(share, str)},
    }


def _open(
    frame: Any,
    columns: PlanColumns,
    offers: Sequence[RetentionOffer],
    *,
    policy: ContactPolicy,
    conditions: Mapping[str, Condition],
    results: Sequence[str],
) -> OpenFrame:
    opened = open_frame(frame, table="customers")
    numbers = _number_columns(columns, offers)
    own = {"customer": columns.customer, "probability": columns.probability, "value": columns.value}
    policed = {"opted_out": policy.opted_out, "last_contact": policy.last_contact}
    shares = [name for name in numbers if name not in own.values()]
    require_columns(
        opened,
        {
            **own,
            "uplift": columns.uplift or (),
            "acceptance": [name for name in shares if name not in (columns.uplift or ())],
            **{keyword: name for keyword, name in policed.items() if name is not None},
        },
    )
    refuse_taken(opened, *results)
    looked_at = [name for condition in conditions.values() for name in condition.fields_used]
    opened = parse_objects(opened, [columns.customer, *numbers, *looked_at])
    require_kinds(opened, {columns.customer: ColumnKind.KEY})
    require_kinds(opened, dict.fromkeys(numbers, ColumnKind.NUMBER))
    schema = opened.rows.collect_schema()
    rules = [not_null(columns.customer)]
    for name, least in numbers.items():
        rules.append(not_null(name))
        if isinstance(schema[name], nw.dtypes.FloatType):
            rules.append(finite(name))
        if np.isfinite(least):
            rules.append(_between(name, least))
    if policy.opted_out is not None:
        rules.append(
            not_null(policy.opted_out, remedy="Say of each customer whether they opted out.")
        )
    check_rows(opened, rules, keys=[columns.customer])
    refuse_repeated(opened, [columns.customer])
    return opened


def _between(column: str, least: float) -> RowCheck:
    broken = (nw.col(column) < least) | (nw.col(column) > 1)
    words = f"is not between {least:g} and 1"
    return RowCheck("share", column, broken, words, "Mend or drop those rows.")
