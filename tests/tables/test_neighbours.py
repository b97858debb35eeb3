"""Rows beside a row: the same on every engine, and never across keys."""

from __future__ import annotations

import narwhals.stable.v2 as nw
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ENGINES, Backend

from telcrm.tables.neighbours import with_neighbours

visits = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 9)),
    unique=True,
    min_size=1,
    max_size=12,
)
NEIGHBOURS = {"before": ("at", 1), "two_before": ("at", 2), "after": ("at", -1)}


@given(visits)
@settings(max_examples=5)
def test_rows_beside_are_those_of_the_same_key(drawn: list[tuple[str, str, int]]) -> None:
    expected = []
    for who, where, at in drawn:
        same = sorted(day for a, b, day in drawn if (a, b) == (who, where))
        place = same.index(at)
        expected.append(
            {
                "who": who,
                "where": where,
                "at": at,
                "before": same[place - 1] if place > 0 else None,
                "two_before": same[place - 2] if place > 1 else None,
                "after": same[place + 1] if place + 1 < len(same) else None,
            }
        )
    columns = {
        name: list(values)
        for name, values in zip(("who", "where", "at"), zip(*drawn, strict=True), strict=True)
    }
    for name in ENGINES:
        if name in {"pyspark", "pyarrow"}:
            continue
        engine = Backend(name, ENGINES[name])
        rows = nw.from_native(engine.frame(columns)).lazy()
        found = with_neighbours(rows, NEIGHBOURS, among=["who", "where"], order_by=["at"])
        told = engine.rows(found.to_native())
        assert sorted(told, key=str) == sorted(expected, key=str), name
