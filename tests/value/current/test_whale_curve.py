"""The whale curve: customers added up one by one, and every engine."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.value.current.whale_curve import WhaleCurve, whale_curve

margins = st.lists(st.sampled_from([-40.0, -0.3, 0.0, 0.1, 0.2, 10.0, 90.0]), max_size=30)


def customers_with(margins: list[float]) -> dict[str, list[Any]]:
    return {"customer_id": [f"C-{at:05}" for at in range(len(margins))], "margin": margins}


def curve_of(margins: list[float]) -> WhaleCurve:
    schema = {"customer_id": pl.String, "margin": pl.Float64}
    return whale_curve(pl.DataFrame(customers_with(margins), schema=schema))


@given(margins)
def test_customers_added_up_one_by_one_agree(margins: list[float]) -> None:
    found = curve_of(margins)
    sums = [0.0, *accumulate(sorted(margins, reverse=True))]
    assert found.customers == len(margins)
    assert found.total == pytest.approx(sum(margins), abs=1e-6)
    assert found.peak == pytest.approx(max(sums), abs=1e-6)
    assert found.profitable == sum(margin > 0 for margin in margins)
    assert found.break_even == margins.count(0.0)
    assert found.loss_making == sum(margin < 0 for margin in margins)
    assert found.destroyed == pytest.approx(-sum(m for m in margins if m < 0), abs=1e-6)
    for count, held in enumerate(sums[: len(margins) + 1]):
        share = count / len(margins) if margins else 0.0
        assert found.profit_of_best(share) == pytest.approx(held if margins else 0.0, abs=1e-6)


@given(margins.filter(bool))
def test_the_curve_rises_to_its_peak_and_falls_after(margins: list[float]) -> None:
    found = curve_of(margins)
    shares, sums = zip(*found.points, strict=True)
    assert (shares[0], sums[0], shares[-1], sums[-1]) == (0.0, 0.0, 1.0, found.total)
    slopes = [(up - low) / (right - left) for (left, low), (right, up) in pairwise(found.points)]
    assert all(after < before for before, after in pairwise(slopes))
    assert max(sums) == found.peak
    assert found.profit_of_best(found.peak_customers or 0.0) == pytest.approx(found.peak)


@given(margins.filter(bool), st.floats(0.5, 20))
def test_money_in_another_unit_changes_no_share(margins: list[float], unit: float) -> None:
    one, other = curve_of(margins), curve_of([margin * unit for margin in margins])
    assert other.total == pytest.approx(one.total * unit, abs=1e-4)
    assert (other.peak_customers, other.loss_making_share) == (
        one.peak_customers,
        one.loss_making_share,
    )
    if one.total > 0.05:
        assert other.peak_multiple == pytest.approx(one.peak_multiple, rel=1e-4)


def test_20_225_in_one_base() -> None:
    found = curve_of([90.0, 10.0, 0.0, -20.0, -40.0])
    assert found.multiple_of_best(0.2) == 2.25
    assert (found.peak_customers, found.peak_multiple) == (0.4, 2.5)
    assert (found.loss_making_share, found.destroyed_multiple) == (0.4, 1.5)
    assert repr(found) == (
        "WhaleCurve(5 customers, total 40.00: 40.0% earn 250% of it, 40.0% lose 150%)"
    )
    assert found._repr_html_().startswith("<table><caption>Whale curve</caption>")
    frame = found.to_frame()
    assert frame["cumulative_margin"].to_list() == [0.0, 90.0, 100.0, 100.0, 80.0, 40.0]
    assert frame["cumulative_multiple"].to_list() == [0.0, 2.25, 2.5, 2.5, 2.0, 1.0]
    assert found.to_frame(backend="pandas").shape == (6, 3)


def test_a_base_that_loses_has_amounts_and_no_multiples() -> None:
    found = curve_of([5.0, 0.0, -25.0, -1.0])
    assert (found.total, found.peak, found.destroyed) == (-21.0, 5.0, 26.0)
    assert (found.peak_multiple, found.destroyed_multiple) == (None, None)
    assert found.multiple_of_best() is None
    assert found.to_frame()["cumulative_multiple"].to_list() == [None] * 5
    assert repr(found) == (
        "WhaleCurve(4 customers, total -21.00: 25.0% earn 5.00, 50.0% lose 26.00)"
    )


def test_without_customers_there_is_no_curve() -> None:
    found = curve_of([])
    assert found == WhaleCurve(0, 0, 0, 0, 0.0, 0.0, ())
    assert (found.peak_customers, found.loss_making_share) == (None, None)
    assert found.to_frame().is_empty()
    assert repr(found) == "WhaleCurve(0 customers)"
    assert "<td>0</td>" in found._repr_html_()


def test_a_long_curve_is_thinned_and_stays_on_itself() -> None:
    drawn = np.random.default_rng(7).normal(3.0, 20.0, 4321).round(6)
    drawn[:300] = 0.0
    found = curve_of(drawn.tolist())
    assert len(found.points) <= 1003
    ordered = np.concatenate([[0.0], np.sort(drawn)[::-1].cumsum()])
    at = np.array([share for share, _ in found.points]) * len(drawn)
    exact = np.interp(at, np.arange(len(drawn) + 1), ordered)
    assert [held for _, held in found.points] == pytest.approx(exact.tolist(), abs=1e-5)
    assert found.peak == pytest.approx(drawn[drawn > 0].sum())
    assert max(held for _, held in found.points) == pytest.approx(found.peak)
    assert found.total == found.points[-1][1] == pytest.approx(drawn.sum())
    # The plateau of those who break even is there from end to end.
    ends = found.profitable / len(drawn), 1 - found.loss_making / len(drawn)
    assert [found.profit_of_best(end) for end in ends] == pytest.approx([found.peak] * 2)


def test_every_engine_draws_alike(distinct_backend: Any) -> None:
    columns = customers_with([10.0, 0.1, 0.2, -0.3, -3.0, 10.0, 55.5])
    columns["customer_id"][1:4] = ["C"] * 3
    found = whale_curve(distinct_backend.frame(columns))
    assert found == whale_curve(pl.DataFrame(columns))
    assert (found.customers, found.break_even) == (5, 1)


def test_what_makes_no_curve_is_refused() -> None:
    with pytest.raises(InvalidTableError, match="'margin' is null in 1 row"):
        curve_of([None])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="customers is 20"):
        curve_of([1.0]).profit_of_best(20)
    with pytest.raises(ParameterError, match="customers is -1"):
        curve_of([1.0]).multiple_of_best(-1)
