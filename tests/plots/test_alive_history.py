"""The curve is what the model says at each time, of what was known then."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.plots.look import overlaps, points, texts
from tests.value.non_contractual.customers import known, stand_in

from telcrm.errors import NotFittedError, ParameterError
from telcrm.plots import alive_history
from telcrm.value import BetaGeoBetaBinomialModel, BetaGeoModel, ParetoNBDModel

JAN = date(2024, 1, 1)


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_the_curve_is_that_of_the_model(kind: str) -> None:
    model = known(kind)
    times = [0.0, 2.5, 9.0, 11.0]
    axes = alive_history(model, times, until=40)
    curve = points(axes, 0)
    ages = [age for age, _ in curve]
    assert ages == sorted(ages)
    assert (ages[0], ages[-1]) == (0, 40)
    # At a purchase the curve stands twice: before it, and after.
    begun = [sum(time <= age for time in times) for age in ages]
    again = [ages[:at].count(age) for at, age in enumerate(ages)]
    begun = [
        count - 1 if age in times[1:] and not repeated else count
        for count, age, repeated in zip(begun, ages, again, strict=True)
    ]
    told = pl.DataFrame(
        {
            "frequency": [count - 1 for count in begun],
            "recency": [times[count - 1] for count in begun],
            "age": ages,
        }
    )
    assert_allclose([p for _, p in curve], model.probability_alive(told)["probability_alive"])
    assert [x for x, _ in points(axes, 1)] == times
    assert texts(axes) == [f"{100 * curve[-1][1]:.0f}%"]
    assert overlaps(axes) == []


def test_days_are_times() -> None:
    model = known("pareto_nbd")
    days = [JAN, JAN + timedelta(days=21), JAN + timedelta(days=7)]
    by_days = alive_history(model, days, until=JAN + timedelta(days=70))
    by_times = alive_history(model, [0, 1, 3], until=10)
    assert_allclose([y for _, y in points(by_days, 0)], [y for _, y in points(by_times, 0)])
    weeks = [(x - points(by_days, 0)[0][0]) / 7 for x, _ in points(by_days, 0)]
    assert_allclose(weeks, [x for x, _ in points(by_times, 0)], atol=1e-5)
    assert overlaps(by_days) == []


def test_whole_periods() -> None:
    model = known("bg_bb")
    axes = alive_history(model, [0, 1, 4], until=6)
    told = pl.DataFrame(
        {"frequency": [0, 1, 1, 1, 2, 2, 2], "recency": [0, 1, 1, 1, 4, 4, 4], "age": range(7)}
    )
    alive = model.probability_alive(told)["probability_alive"]
    assert_allclose(points(axes, 0), list(enumerate(alive)))
    days = stand_in(BetaGeoBetaBinomialModel(time_unit="day"), model.estimates_)
    by_day = alive_history(
        days, [JAN, JAN + timedelta(days=1), date(2024, 1, 5)], until=date(2024, 1, 7)
    )
    assert [y for _, y in points(by_day, 0)] == [y for _, y in points(axes, 0)]


def test_purchases_after_the_end_and_twice_a_day() -> None:
    model = known("bg_nbd")
    plain = alive_history(model, [0, 3], until=5)
    more = alive_history(model, [3, 0, 3, 6], until=5)
    assert points(more, 0) == points(plain, 0)
    assert plain.get_title(loc="left") == "Probability alive, 2 purchases"


def test_many_purchases_are_strokes_alone() -> None:
    axes = alive_history(known("pareto_nbd"), [at / 2 for at in range(41)], until=30)
    assert len(axes.get_lines()) == 1
    [strokes] = axes.collections
    assert len(strokes.get_paths()) == 41
    assert overlaps(axes) == []


def test_one_purchase_one_day_and_none() -> None:
    model = known("bg_nbd")
    for axes in (
        alive_history(model, [0], until=0),
        alive_history(model, [JAN], until=JAN),
        alive_history(known("bg_bb"), [0], until=0),
    ):
        assert texts(axes) == ["100%"]
        assert axes.get_title(loc="left") == "Probability alive, 1 purchase"
        assert overlaps(axes) == []
    assert texts(alive_history(model, [], until=3)) == ["no purchases"]
    assert texts(alive_history(model, [], until=JAN)) == ["no purchases"]


def test_covariates() -> None:
    model = stand_in(ParetoNBDModel(dropout_covariates=["dealer"]), (0.9, 8.0, 1.4, 20.0, 0.7))
    sold = alive_history(model, [0, 3], until=9, covariates={"dealer": 1})
    assert (
        points(sold, 0)[-1][1]
        < points(alive_history(known("pareto_nbd"), [0, 3], until=9), 0)[-1][1]
    )
    with pytest.raises(ParameterError, match="covariates given: shop"):
        alive_history(model, [0], until=9, covariates={"shop": 1})


def test_refusals() -> None:
    model = known("bg_nbd")
    with pytest.raises(NotFittedError):
        alive_history(BetaGeoModel(), [0], until=1)
    wrong: list[tuple[str, Any, Any]] = [
        ("dates", [0.0, 1.0], JAN),
        ("dates", [datetime(2024, 1, 1, 12)], JAN),
        ("first transaction is after", [JAN], date(2023, 12, 31)),
        ("datetime", [JAN], datetime(2024, 1, 2)),
        ("transaction is", [JAN], 3.0),
        ("transaction is", [0, -1], 3.0),
        ("until is", [0], -1),
        ("until is", [0], "2024"),
        ("begin at 2", [2, 5], 9),
    ]
    for words, transactions, until in wrong:
        with pytest.raises(ParameterError, match=words):
            alive_history(model, transactions, until=until)
    with pytest.raises(ParameterError, match="whole numbers"):
        alive_history(known("bg_bb"), [0, 1.5], until=3)
    with pytest.raises(ParameterError, match="numbers of the periods"):
        alive_history(known("bg_bb"), [JAN], until=JAN)
