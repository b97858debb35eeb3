"""Months at risk, counted."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.line_columns import LineColumns
from telcrm.value.contractual.person_months import PersonMonths, read_person_months

ROWS: dict[str, list[Any]] = {
    "line": [1, 1, 2, 2, 3, 3],
    "tenure": [0, 1, 0, 1, 0, 1],
    "to_end": [5, 0, 5, 0, None, None],
    "event": [None, "moved", "", None, None, "debt"],
    "plan": ["m", "m", "m", "m", "s", "s"],
}


def read(frame: Any) -> PersonMonths:
    return read_person_months(
        frame,
        LineColumns("tenure", "to_end", ("plan",)),
        subscription="line",
        event="event",
        causes=("moved", "debt"),
        commitment=CommitmentPolicy(),
    )


def test_every_engine_counts_alike(distinct_backend: Any) -> None:
    found = read(distinct_backend.frame(ROWS))
    rows = zip(
        found.tenure.tolist(),
        found.phase.tolist(),
        found.codes[:, 0].tolist(),
        found.counts.tolist(),
        strict=True,
    )
    # By tenure, contract phase and plan: who stayed, moved, was cut off.
    assert sorted(rows) == [
        (0.0, 0, 1.0, [1, 0, 0]),
        (0.0, 1, 0.0, [2, 0, 0]),
        (1.0, 0, 1.0, [0, 0, 1]),
        (1.0, 2, 0.0, [0, 1, 0]),
        (1.0, 2, 0.0, [1, 0, 0]),
    ]
    assert found.lines == 3


@given(st.permutations(range(6)))
@settings(max_examples=5)
def test_the_order_of_rows_does_not_show(order: list[int]) -> None:
    one, other = read(pl.DataFrame(ROWS)), read(pl.DataFrame(ROWS)[order])
    for name in ("tenure", "phase", "codes", "counts"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_a_line_that_came_back_may_be_of_one_tenure_twice() -> None:
    twice = {name: [*values, values[0]] for name, values in ROWS.items()}
    assert read(pl.DataFrame(twice)).counts.sum() == read(pl.DataFrame(ROWS)).counts.sum() + 1
