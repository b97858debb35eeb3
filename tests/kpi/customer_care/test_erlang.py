"""Erlang's formulas B and C: published numbers and what they are derived from."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from telcrm.errors import ParameterError
from telcrm.kpi.customer_care.erlang import erlang_b, erlang_c, lines_for, offered_load

loads = st.floats(0.01, 60.0)


@pytest.mark.parametrize(
    ("lines", "blocking"),
    # The recursion by hand; B(10, 10) stands in every table of Erlang B.
    [(0, 1.0), (1, 10 / 11), (10, 0.21458), (17, 0.01295)],
)
def test_erlang_b_of_ten_erlangs(lines: int, blocking: float) -> None:
    assert erlang_b(10, lines) == pytest.approx(blocking, abs=5e-6)


@given(load=loads, lines=st.integers(0, 80))
def test_erlang_b_is_a_truncated_poisson_distribution(load: float, lines: int) -> None:
    expected = poisson.pmf(lines, load) / poisson.cdf(lines, load)
    assert erlang_b(load, lines) == pytest.approx(expected, rel=1e-9)


@given(load=loads, blocking=st.floats(1e-6, 0.9))
def test_lines_are_the_least_that_lose_so_little(load: float, blocking: float) -> None:
    lines = lines_for(load, blocking=blocking)
    assert erlang_b(load, lines) <= blocking < (erlang_b(load, lines - 1) if lines else inf)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: erlang_b(-1, 3), "load is -1"),
        (lambda: erlang_b(float("nan"), 3), "load is nan"),
        (lambda: erlang_b(1, -1), "lines is -1"),
        (lambda: erlang_b(1, 2.0), "lines is 2.0"),  # type: ignore[arg-type]
        (lambda: erlang_c(1, 0), "agents is 0"),
        (lambda: erlang_c(2e6, 3), "at most 1000000 erlangs"),
        (lambda: lines_for(1, blocking=0), "blocking is 0"),
        (lambda: lines_for(1, blocking=1), "below 1"),
        (lambda: offered_load(1, interval_s=0, handling_time_s=1), "interval_s is 0"),
    ],
)
def test_numbers_out_of_range_are_refused(call: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        call()
