"""Status and marks: the definitions in plain Python, and every engine."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.segmentation import CustomerMark, CustomerStatusPolicy, StatusClass, customer_status
from telcrm.segmentation.customer_classes.status_facts import STATUS_FACTS

TYPES = [pl.Int64, pl.Int64, pl.Boolean, *[pl.Float64] * 2, pl.Int64, pl.Float64]
SCHEMA = dict(
    zip(
        ["customer_id", *STATUS_FACTS],
        [pl.String, *TYPES, pl.Int64, pl.Int64, pl.Float64],
        strict=True,
    )
)
facts = st.tuples(
    st.sampled_from([0, 0, 1, 3]),
    st.sampled_from([0, 1]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, float("nan"), -1.0, 0.0, 500.0]),
    st.sampled_from([None, 0.0, 0.2, 0.9]),
    st.sampled_from([None, 0, 5, 6]),
    st.sampled_from([None, 0.9, 0.95, 1.0]),
    st.sampled_from([None, 0, 3]),
    st.sampled_from([None, 0, 90]),
    st.sampled_from([None, 0.0, 4.0]),
)


def oracle(row: tuple[Any, ...]) -> tuple[Any, ...]:
    # NaN is no number, and every test on it is false.
    active, past, ported, revenue, above, bills, on_time, spells, days, overdue = (
        float("nan") if value is None else value for value in row
    )
    debtor = spells >= 3 or days >= 90
    status = "existing" if active else "former" if past else "potential"
    return (
        status,
        active > 0 and revenue > 0 and above < 0.2,
        bills >= 6 and on_time >= 0.95 and overdue <= 0 and not debtor,
        debtor,
        active == 0 and ported is True,
    )


def frame_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    named = [(f"C-{at:02}", *row) for at, row in enumerate(rows)]
    return pl.DataFrame(named, schema=SCHEMA, orient="row")


@given(st.lists(facts, max_size=12))
@settings(max_examples=6)
def test_status_and_marks_by_hand_agree(rows: list[tuple[Any, ...]]) -> None:
    found = customer_status(frame_of(rows))
    assert found.columns == ["customer_id", "status", *CustomerMark]
    assert [row[1:] for row in found.rows()] == [oracle(row) for row in rows]
    assert set(found["status"]) <= set(StatusClass)
    assert not (found["reputable"] & found["chronic_debtor"]).any()
    assert not (found["key_account"] & (found["status"] != "existing")).any()
    assert not (found["gone_to_competitor"] & (found["status"] == "existing")).any()


ROWS = [
    (3, 0, False, 900.0, 0.0, 12, 1.0, 0, 0, 0.0),
    (0, 1, True, 100.0, 0.9, 7, 0.4, 4, 40, 25.0),
    (0, 0, False, None, None, None, None, None, None, None),
]


def test_every_engine_marks_alike(backend: Any) -> None:
    columns = {name: list(values) for name, values in frame_of(ROWS).to_dict().items()}
    found = customer_status(backend.frame(columns))
    assert backend.is_own(found)
    assert [tuple(row.values()) for row in backend.rows(found)] == [
        ("C-00", "existing", True, True, False, False),
        ("C-01", "former", False, False, True, True),
        ("C-02", "potential", False, False, False, False),
    ]


def test_agreed_thresholds_decide() -> None:
    frame = frame_of(ROWS)
    strict = CustomerStatusPolicy(
        key_account_value_share=None,
        key_account_revenue=1000.0,
        reputable_bills=13,
        debtor_spells=5,
        debtor_days=41,
    )
    found = customer_status(frame.drop("revenue_share_above"), policy=strict)
    assert not any(any(row[2:5]) for row in found.rows())


def test_facts_are_of_one_row_and_of_their_types() -> None:
    frame = frame_of(ROWS)
    with pytest.raises(MissingColumnsError, match="lacks 'ported_out'"):
        customer_status(frame.drop("ported_out"))
    with pytest.raises(ColumnTypeError, match="'ported_out' holds Int64, and has to hold booleans"):
        customer_status(frame.with_columns(ported_out=pl.lit(1, pl.Int64)))
    with pytest.raises(ColumnTypeError, match="'revenue' holds String"):
        customer_status(frame.with_columns(revenue=pl.lit("9")))
    with pytest.raises(InvalidTableError, match="comes more than once"):
        customer_status(pl.concat([frame, frame]))
    with pytest.raises(ParameterError, match="'Status' would stand twice"):
        customer_status(frame.rename({"customer_id": "Status"}), customer="Status")
    assert customer_status(frame.head(0)).is_empty()
