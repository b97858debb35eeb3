"""The facts behind status and marks, worked out in plain Python from five tables."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.segmentation import (
    CustomerStatusPolicy,
    customer_status,
    payment_behaviour,
    status_facts,
)
from telcrm.segmentation.customer_classes.status_facts import STATUS_FACTS

AS_OF = date(2024, 6, 30)
DAYS = [None, date(2023, 1, 1), date(2024, 2, 1), AS_OF, date(2024, 7, 1)]
LINES = {
    "customer_id": pl.String,
    "activated_on": pl.Date,
    "terminated_on": pl.Date,
    "termination_reason": pl.String,
}
MONTHS = {"customer_id": pl.String, "period": pl.Date, "revenue": pl.Float64}
lines = st.lists(
    st.tuples(
        st.sampled_from("abcz"),
        st.sampled_from(DAYS),
        st.sampled_from(DAYS),
        st.sampled_from([None, "port_out", "voluntary"]),
    ).filter(lambda row: row[1] is None or row[2] is None or row[1] <= row[2]),
    max_size=10,
)
revenues = st.lists(
    st.tuples(
        st.sampled_from("abz"),
        st.sampled_from([date(2023, 6, 1), date(2023, 7, 1), date(2024, 6, 1), date(2024, 7, 1)]),
        st.sampled_from([0.0, 0.1, 0.2, 10.0, -4.0]),
    ),
    max_size=10,
)
CUSTOMERS = pl.DataFrame({"customer_id": ["c", "a", "b"]})


def oracle(rows: list[Any], paid: list[Any]) -> list[tuple[Any, ...]]:
    revenue = {
        who: round(
            sum(
                row[2]
                for row in paid
                if row[0] == who and DAYS[1] < row[1] <= AS_OF and row[1] > date(2023, 6, 1)
            ),
            6,
        )
        for who in "abc"
    }
    total = sum(value for value in revenue.values() if value > 0)
    found: list[tuple[Any, ...]] = []
    for who in "abc":
        begun = [row for row in rows if row[0] == who and row[1] and row[1] <= AS_OF]
        past = [row for row in begun if row[2] and row[2] <= AS_OF]
        last = max((row[2] for row in past), default=None)
        above = sum(value for value in revenue.values() if value > max(revenue[who], 0))
        found.append(
            (
                who,
                len(begun) - len(past),
                len(past),
                any(row[2] == last and row[3] == "port_out" for row in past),
                revenue[who],
                round(above / total, 9) if total else None,
            )
        )
    return found


@given(lines, revenues)
@settings(max_examples=5)
def test_facts_by_hand_agree(rows: list[Any], paid: list[Any]) -> None:
    found = status_facts(
        CUSTOMERS,
        pl.DataFrame(rows, schema=LINES, orient="row"),
        as_of=AS_OF,
        months=pl.DataFrame(paid, schema=MONTHS, orient="row"),
    )
    assert found.columns == ["customer_id", *STATUS_FACTS]
    assert [row[:6] for row in found.rows()] == oracle(rows, paid)
    assert all(value is None for row in found.rows() for value in row[6:])


TABLES: dict[str, dict[str, Any]] = {
    "frame": {"customer_id": ["c", "a", "b"]},
    "subscriptions": {
        "customer_id": ["a", "b", "b"],
        "activated_on": [date(2023, 1, 9), date(2023, 5, 2), date(2023, 5, 2)],
        "terminated_on": [date(2024, 8, 1), date(2024, 2, 1), date(2024, 2, 1)],
        "termination_reason": ["voluntary", "port_out", "voluntary"],
    },
    "months": {
        "customer_id": ["a", "a", "b"],
        "period": [date(2024, 5, 1), date(2024, 6, 1), date(2024, 1, 1)],
        "revenue": [0.1, 0.2, 0.1],
    },
    "invoices": {
        "customer_id": ["a", "b"],
        "due_on": [date(2024, 6, 10), date(2024, 3, 1)],
        "total": [20.0, 30.0],
    },
    "payments": {"customer_id": ["a"], "paid_on": [date(2024, 6, 10)], "amount": [20.0]},
}


def test_every_engine_finds_the_same_facts_and_status(backend: Any) -> None:
    tables = dict(zip(TABLES, backend.frames(*TABLES.values()), strict=True))
    found = status_facts(tables.pop("frame"), tables.pop("subscriptions"), as_of=AS_OF, **tables)
    assert backend.is_own(found)
    assert [tuple(row.values()) for row in backend.rows(found)] == [
        ("a", 1, 0, False, 0.3, 0.0, 1, 1.0, 0, 0, 0.0),
        ("b", 0, 2, True, 0.1, 0.75, 1, 0.0, 1, 122, 30.0),
        ("c", 0, 0, False, 0.0, 1.0, 0, None, 0, 0, 0.0),
    ]
    marked = backend.rows(customer_status(found))
    assert [row["status"] for row in marked] == ["existing", "former", "potential"]
    assert [row["gone_to_competitor"] for row in marked] == [False, True, False]


def test_each_engine_does_without_revenue_and_bills(backend: Any) -> None:
    tables = dict(zip(TABLES, backend.frames(*TABLES.values()), strict=True))
    found = status_facts(tables["frame"], tables["subscriptions"], as_of=AS_OF)
    marked = backend.rows(customer_status(found))
    assert [row["status"] for row in marked] == ["existing", "former", "potential"]
    assert not any(row["key_account"] or row["reputable"] for row in marked)


def frames() -> dict[str, Any]:
    return {name: pl.DataFrame(columns) for name, columns in TABLES.items()}


def facts(**changes: Any) -> Any:
    tables = {**frames(), **changes}
    return status_facts(
        tables.pop("frame"), tables.pop("subscriptions"), **{"as_of": AS_OF, **tables}
    )


def test_the_policy_says_how_far_to_look_back() -> None:
    short = facts(policy=CustomerStatusPolicy(revenue_months=1, payment_months=1, grace_days=5))
    assert short["revenue"].to_list() == [0.2, 0.0, 0.0]
    assert short["bills_due"].to_list() == [1, 0, 0]
    given = frames()
    behaviour = payment_behaviour(
        given["invoices"], given["payments"], as_of=AS_OF, months=1, grace_days=5
    )
    assert short.filter(pl.col("customer_id") != "c").select(behaviour.columns).equals(behaviour)


def test_lazy_stays_lazy_and_types_hold() -> None:
    lazy = {name: frame.lazy() for name, frame in frames().items()}
    found = facts(**lazy)
    assert isinstance(found, pl.LazyFrame)
    schema = found.collect_schema()
    assert schema == facts().schema
    assert schema == facts(months=None, invoices=None, payments=None).schema | {
        name: dtype for name, dtype in schema.items() if dtype == pl.Int64
    }


@pytest.mark.parametrize(
    ("table", "changes", "error", "complaint"),
    [
        (
            "frame",
            {"customer_id": pl.lit("a")},
            InvalidTableError,
            "customer_id comes more than once",
        ),
        ("frame", {"customer_id": pl.Series([1, 2, 3])}, ColumnTypeError, "Cast one of them"),
        (
            "subscriptions",
            {"terminated_on": date(2020, 1, 1)},
            InvalidTableError,
            "ends before it begins",
        ),
        ("subscriptions", {"activated_on": pl.lit("x")}, ColumnTypeError, "holds String"),
        ("months", {"revenue": float("nan")}, InvalidTableError, "not a finite number"),
        ("months", {"period": date(2024, 1, 5)}, InvalidTableError, "first day of its month"),
        ("months", {"currency": pl.Series(["EUR", "USD", "EUR"])}, CurrencyMismatchError, "mixes"),
    ],
)
def test_what_gives_wrong_facts_is_refused(
    table: str, changes: Any, error: Any, complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        facts(**{table: frames()[table].with_columns(**changes)})


def test_tables_that_do_not_fit_are_refused() -> None:
    given = frames()
    with pytest.raises(ParameterError, match="Pass both, or none"):
        facts(payments=None)
    with pytest.raises(ParameterError, match="has to be a date"):
        facts(as_of=None)
    with pytest.raises(MissingColumnsError, match="subscriptions lacks 'termination_reason'"):
        facts(subscriptions=given["subscriptions"].drop("termination_reason"))
    for name in ("subscriptions", "months", "invoices", "payments"):
        with pytest.raises(UnsupportedFrameError, match="on one engine"):
            facts(**{name: given[name].to_pandas()})
    with pytest.raises(ParameterError, match="'Revenue' would stand twice"):
        status_facts(
            given["frame"].rename({"customer_id": "Revenue"}),
            given["subscriptions"],
            as_of=AS_OF,
            customer="Revenue",
        )
