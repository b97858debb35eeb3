"""Shapley values against numbers computed by hand, and the laws that they keep."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from telcrm.churn.reasons.shapley import ColumnOrders, draw_orders, shapley_values


def frame(rows: Any, names: str) -> nw.DataFrame[Any]:
    return nw.from_native(pl.DataFrame(np.asarray(rows, dtype=float), schema=list(names)))


def toy(rows: pl.DataFrame) -> Any:
    a, b, c = (rows[name].to_numpy() for name in "abc")
    return 2 * a + 3 * a * b + 5 * a * b * c


def test_all_orders_of_three_columns_by_hand() -> None:
    # 2 of a alone; 3 of a and b, a half each; 5 of all three, a third each: Shapley (1953), "A
    # value for n-person games", in Contributions to the Theory of Games II, 307-317.
    orders = np.array(list(permutations(range(3))))
    drawn = ColumnOrders(np.zeros(6, dtype=np.intp), orders)
    found = shapley_values(toy, frame([[1, 1, 1]], "abc"), frame([[0, 0, 0]], "abc"), drawn)
    assert_allclose(found.contributions, [[2 + 3 / 2 + 5 / 3, 3 / 2 + 5 / 3, 5 / 3]], rtol=1e-12)
    assert found.average == 0.0


@given(st.integers(0, 99))
def test_an_order_and_its_reverse_are_exact_for_pairs(seed: int) -> None:
    def pairs(rows: pl.DataFrame) -> Any:
        a, b, c = (rows[name].to_numpy() for name in "abc")
        return a + 3 * a * b - 4 * b * c

    drawn = draw_orders(1, 3, draws=1, random_state=seed)
    found = shapley_values(pairs, frame([[1, 1, 1]], "abc"), frame([[0, 0, 0]], "abc"), drawn)
    assert_allclose(found.contributions, [[2.5, -0.5, -2.0]], atol=1e-12)


def tangled(rows: pl.DataFrame) -> Any:
    a, b, c, d = (rows[name].to_numpy() for name in "abcd")
    return np.sin(a * b) + np.maximum(a, c) + 0.0 * d


@given(st.integers(0, 99), st.integers(1, 7))
def test_contributions_add_up_whatever_is_drawn(seed: int, draws: int) -> None:
    chance = np.random.default_rng(seed)
    rows = frame(chance.normal(size=(5, 4)), "abcd")
    background = frame(chance.normal(size=(4, 4)), "abcd")
    drawn = draw_orders(4, 4, draws=draws, random_state=seed)
    found = shapley_values(tangled, rows, background, drawn)
    whole = tangled(rows.to_native())
    assert_allclose(found.contributions.sum(axis=1), whole - found.average, atol=1e-12)
    of_background = tangled(background.to_native())
    assert found.average == pytest.approx(of_background[drawn.background].mean())
    if draws >= 4:
        assert found.average == pytest.approx(of_background.mean())
    # What the model ignores adds nothing.
    assert_allclose(found.contributions[:, 3], 0.0, atol=1e-12)


@given(st.integers(0, 99))
def test_a_customer_does_not_depend_on_the_others(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(6, 4))
    background = frame(chance.normal(size=(3, 4)), "abcd")
    drawn = draw_orders(3, 4, draws=3, random_state=0)
    whole = shapley_values(tangled, frame(rows, "abcd"), background, drawn).contributions
    order = chance.permutation(6)
    turned = shapley_values(tangled, frame(rows[order], "abcd"), background, drawn).contributions
    assert_allclose(turned, whole[order], atol=1e-12)


def test_large_tables_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0)
    rows, background = frame(chance.normal(size=(9, 4)), "abcd"), frame(np.ones((3, 4)), "abcd")
    drawn = draw_orders(3, 4, draws=5, random_state=0)
    whole = shapley_values(tangled, rows, background, drawn).contributions
    for size in (1, 12, 40):
        monkeypatch.setattr("telcrm.churn.reasons.shapley._ROWS_AT_ONCE", size)
        found = shapley_values(tangled, rows, background, drawn).contributions
        assert_allclose(found, whole, atol=1e-12)


def test_more_draws_come_nearer() -> None:
    chance = np.random.default_rng(0)
    rows, background = frame([[2, 1, -1, 0]], "abcd"), frame(chance.normal(size=(300, 4)), "abcd")

    def drawn(draws: int, seed: int) -> Any:
        orders = draw_orders(300, 4, draws=draws, random_state=seed)
        return shapley_values(tangled, rows, background, orders).contributions[0]

    exact = drawn(20_000, 0)
    apart = [
        np.mean([np.abs(drawn(draws, seed) - exact).mean() for seed in range(8)])
        for draws in (4, 60)
    ]
    assert apart[1] < apart[0] / 2


def test_orders_are_drawn_with_their_reverses() -> None:
    drawn = draw_orders(10, 5, draws=4, random_state=1)
    assert drawn.orders.shape == (8, 5)
    assert (drawn.orders[:4] == drawn.orders[4:, ::-1]).all()
    assert len(set(drawn.background[:4])) == 4
    assert np.bincount(draw_orders(3, 5, draws=4, random_state=1).background).tolist() == [4, 4, 4]


def test_a_single_column_takes_it_all() -> None:
    drawn = draw_orders(2, 1, draws=2, random_state=0)
    found = shapley_values(
        lambda rows: rows["a"].to_numpy() ** 2, frame([[3]], "a"), frame([[1], [2]], "a"), drawn
    )
    assert_allclose(found.contributions, [[9 - 2.5]])
