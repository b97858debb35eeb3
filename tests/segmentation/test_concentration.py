"""Lorenz, Gini and the top share: the definition in fractions, and every engine."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import Concentration, concentration

values = st.lists(st.sampled_from([-5.0, 0.0, 0.25, 1.0, 10.0, 80.0]), min_size=1, max_size=30)


def customers_with(values: list[float]) -> dict[str, list[Any]]:
    return {"customer_id": [f"C-{at:02}" for at in range(len(values))], "revenue": values}


def gini_by_hand(values: list[float]) -> float | None:
    """Half the mean absolute difference between all pairs, over the mean."""
    held = [Fraction(max(value, 0)) for value in values]
    if not sum(held):
        return None
    apart = sum(abs(one - other) for one in held for other in held)
    return float(apart / (2 * len(held) * sum(held)))


@given(values)
def test_gini_is_half_the_relative_mean_difference(values: list[float]) -> None:
    found = concentration(pl.DataFrame(customers_with(values)))
    expected = gini_by_hand(values)
    assert found.gini == (expected if expected is None else pytest.approx(expected, abs=1e-12))


@given(values)
def test_the_lorenz_curve_rises_ever_more_steeply(values: list[float]) -> None:
    curve = concentration(pl.DataFrame(customers_with(values))).lorenz
    if not curve:
        assert max(values) <= 0
        return
    assert (curve[0], curve[-1]) == ((0.0, 0.0), (1.0, 1.0))
    slopes = [(up - low) / (right - left) for (left, low), (right, up) in pairwise(curve)]
    assert all(after > before - 1e-12 for before, after in pairwise(slopes))


@given(values, st.floats(0, 1))
def test_top_share_and_customers_holding_are_opposites(values: list[float], part: float) -> None:
    found = concentration(pl.DataFrame(customers_with(values)))
    share = found.top_share(part)
    if share is None:
        assert found.gini is None
        assert found.customers_holding(part) is None
        return
    assert part - 1e-9 <= share <= 1
    again = found.customers_holding(share)
    assert again is not None
    assert found.top_share(min(again, 1.0)) == pytest.approx(share)


def test_the_80_20_rule_in_one_base() -> None:
    found = concentration(pl.DataFrame(customers_with([80.0, 5.0, 5.0, 5.0, 5.0])))
    assert found.top_share() == pytest.approx(0.8)
    assert found.customers_holding() == pytest.approx(0.2)
    assert found.gini == pytest.approx(0.6)


def test_every_engine_measures_alike(backend: Any) -> None:
    columns = customers_with([10.0, 0.1, 0.2, -3.0, 10.0, 55.5])
    columns["customer_id"][1] = columns["customer_id"][2]
    assert concentration(backend.frame(columns)) == concentration(pl.DataFrame(columns))


def test_without_value_there_is_nothing_to_share() -> None:
    found = concentration(pl.DataFrame(customers_with([0.0, -1.0])))
    assert found == Concentration(2, 0.0, None, ())
    assert repr(found) == "Concentration(2 customers, no value)"
    assert concentration(pl.DataFrame(customers_with([1.0])).clear()).customers == 0


def test_what_makes_no_sense_is_refused() -> None:
    found = concentration(pl.DataFrame(customers_with([1.0])))
    assert found.top_share() == pytest.approx(0.2)
    with pytest.raises(ParameterError, match="customers is 20"):
        found.top_share(20)
    with pytest.raises(ParameterError, match="share is True"):
        found.customers_holding(True)
    with pytest.raises(InvalidTableError, match="'revenue' is null in 1 row"):
        concentration(
            pl.DataFrame({"customer_id": ["a"], "revenue": [None]}).cast({"revenue": float})
        )
