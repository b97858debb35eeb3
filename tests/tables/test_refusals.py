"""Customers in two rows, and names that would stand twice."""

from __future__ import annotations

from typing import Any

import pytest

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.tables.door import open_frame
from telcrm.tables.refusals import refuse_repeated, refuse_twice


def test_a_customer_in_two_rows_is_named(distinct_backend: Any) -> None:
    frame = distinct_backend.frame({"customer_id": ["a", "b", "c", "b", "a", "a"]})
    with pytest.raises(InvalidTableError, match="comes more than once: 2 keys") as caught:
        refuse_repeated(open_frame(frame, table="t"), ["customer_id"])
    [finding] = caught.value.context["findings"]
    assert (finding.rule, finding.count, finding.keys) == (
        "duplicate_key",
        2,
        (("a",), ("b",)),
    )


def test_customers_in_one_row_each_pass(distinct_backend: Any) -> None:
    refuse_repeated(open_frame(distinct_backend.frame({"id": ["a", "b"]}), table="t"), ["id"])


def test_names_are_told_apart_as_sql_does() -> None:
    refuse_twice("q", ["a", "b"], [])
    with pytest.raises(ParameterError, match="q: 'A' would stand twice"):
        refuse_twice("q", ["a", "b", "A"], [])
