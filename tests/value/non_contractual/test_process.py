"""Purchase processes against customers averaged one by one, and the laws that all of them keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.value.non_contractual import individuals
from tests.value.non_contractual.customers import (
    PURCHASE_MODELS,
    TRUTHS,
    Floats,
    cells,
    column,
    known,
)

from telcrm.errors import DivergentValueError
from telcrm.value.likelihood.terms import Design, objective_of
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.process import PurchaseProcess

kinds = pytest.mark.parametrize("kind", PURCHASE_MODELS)


# Bounds of each parameter where customers can be told apart, in every model's own order.
_RANGES: dict[str, list[tuple[float, float]]] = {
    "bg_nbd": [(0.3, 4.0), (1.0, 40.0), (0.4, 4.0), (0.4, 8.0)],
    "mbg_nbd": [(0.3, 4.0), (1.0, 40.0), (0.4, 4.0), (0.4, 8.0)],
    "pareto_nbd": [(0.3, 4.0), (1.0, 40.0), (0.4, 4.0), (1.0, 60.0)],
    "bg_bb": [(0.4, 4.0), (0.4, 4.0), (0.4, 4.0), (0.4, 12.0)],
}


def process_of(kind: str) -> PurchaseProcess:
    found: PurchaseProcess = PURCHASE_MODELS[kind].process
    return found


@st.composite
def parameters_for(draw: st.DrawFn, kind: str) -> tuple[float, ...]:
    return tuple(draw(st.floats(low, high)) for low, high in _RANGES[kind])


@st.composite
def histories(draw: st.DrawFn, kind: str) -> tuple[int, float, float]:
    """Frequency, recency and age of one customer."""
    often = draw(st.integers(0, 12))
    if kind == "bg_bb":
        periods = draw(st.integers(max(often, 1), 20))
        latest = draw(st.integers(often, periods)) if often else 0
        return often, float(latest), float(periods)
    age = draw(st.floats(1.0, 120.0))
    last = draw(st.floats(0.05, 1.0)) * age if often else 0.0
    return often, last, age


def horizons(kind: str) -> st.SearchStrategy[float]:
    if kind == "bg_bb":
        return st.integers(0, 60).map(float)
    return st.just(0.0) | st.floats(1e-6, 300.0)


def expected(kind: str, parameters: Sequence[float], who: Cells, horizon: float) -> Any:
    return process_of(kind).weighted(column(parameters), who, [(horizon, 1.0)])


@kinds
@given(data=st.data())
@settings(max_examples=6)
def test_customers_averaged_one_by_one_agree(kind: str, data: st.DataObject) -> None:
    parameters = data.draw(parameters_for(kind))
    history = data.draw(histories(kind))
    horizon = data.draw(horizons(kind))
    rate = data.draw(st.floats(0.001, 0.2))
    process, own, who = process_of(kind), column(parameters), cells(*history)
    one = individuals.individuals(kind, parameters, *history)
    likelihood = sum(t.weights @ t.rows(own, t.columns)[0] for t in process.terms(who))
    assert likelihood == pytest.approx(one.log_likelihood, rel=1e-10, abs=1e-10)
    assert_allclose(process.alive(own, who), one.alive, rtol=1e-9)

    def averaged(until: float, discount: float) -> float:
        each = individuals.purchases_to_come(kind, parameters, until, discount)
        return float((one.chances * each).sum())

    assert_allclose(expected(kind, parameters, who, horizon), averaged(horizon, 0.0), rtol=1e-8)
    assert_allclose(process.residual(own, who, rate), averaged(np.inf, rate), rtol=1e-8)


@kinds
@given(data=st.data())
@settings(max_examples=6)
def test_new_customers_averaged_one_by_one_agree(kind: str, data: st.DataObject) -> None:
    parameters = data.draw(parameters_for(kind))
    horizon = data.draw(st.integers(1, 12).map(float) if kind == "bg_bb" else st.floats(0.5, 200.0))
    process, own = process_of(kind), column(parameters)
    found = process.new(own, np.array([horizon, 0.0]))
    assert_allclose(
        found, [individuals.new_customer(kind, parameters, horizon), 0.0], rtol=1e-8, atol=0
    )
    counts = process.counts(own, horizon, 4)
    assert_allclose(counts, individuals.count_chances(kind, parameters, horizon, 4), rtol=1e-8)


@kinds
@given(data=st.data())
@settings(max_examples=10)
def test_chances_of_counts_add_up(kind: str, data: st.DataObject) -> None:
    parameters = data.draw(parameters_for(kind))
    if kind == "bg_bb":
        horizon, most = float(data.draw(st.integers(0, 40))), 40
    else:
        # So short that 600 purchases are as good as never made.
        horizon = data.draw(st.just(0.0) | st.floats(1e-6, 5.0)) * parameters[1]
        most = 600
    process, own = process_of(kind), column(parameters)
    counts = process.counts(own, horizon, most)
    assert counts.shape == (most + 1,)
    assert (counts >= 0).all()
    assert counts.sum() == pytest.approx(1.0, abs=1e-9)
    mean = float(process.new(own, np.array(horizon)))
    assert counts @ np.arange(most + 1.0) == pytest.approx(mean, rel=1e-8, abs=1e-12)


@kinds
@given(data=st.data())
@settings(max_examples=10)
def test_silence_lowers_the_chance_to_be_there(kind: str, data: st.DataObject) -> None:
    parameters = column(data.draw(parameters_for(kind)))
    often, last, _ = data.draw(histories(kind))
    silences = np.arange(0.0, 30.0) if kind == "bg_bb" else np.linspace(0.0, 500.0, 30)
    alive = process_of(kind).alive(parameters, cells(often, last, last + silences))
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (np.diff(alive) <= 1e-15).all()
    if kind == "bg_nbd" and often == 0:
        assert (alive == 1.0).all()
    elif kind in {"pareto_nbd", "bg_bb"}:
        assert alive[0] == 1.0
        assert alive[-1] < 1.0


@kinds
@given(data=st.data())
@settings(max_examples=10)
def test_expected_purchases_grow_with_the_horizon(kind: str, data: st.DataObject) -> None:
    parameters = data.draw(parameters_for(kind))
    who = cells(*data.draw(histories(kind)))
    lengths = sorted(data.draw(st.lists(horizons(kind), min_size=2, max_size=6)))
    found = np.array([expected(kind, parameters, who, length)[0] for length in lengths])
    assert (np.diff(found) >= -1e-12 * found[1:]).all()
    assert expected(kind, parameters, who, 0.0)[0] == 0.0
    news = process_of(kind).new(column(parameters), np.array(lengths))
    assert (np.diff(news) >= -1e-12 * news[1:]).all()


@kinds
@given(data=st.data())
@settings(max_examples=10)
def test_horizons_are_weighted_and_added(kind: str, data: st.DataObject) -> None:
    parameters = data.draw(parameters_for(kind))
    who = cells(*data.draw(histories(kind)))
    plan = data.draw(st.lists(st.tuples(horizons(kind), st.floats(-2.0, 2.0)), min_size=1))
    apart = [weight * expected(kind, parameters, who, length)[0] for length, weight in plan]
    found = process_of(kind).weighted(column(parameters), who, plan)
    scale = sum(map(abs, apart))
    assert_allclose(found, sum(apart), rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
@given(data=st.data())
@settings(max_examples=10)
def test_discounting_is_an_integral_over_time(kind: str, data: st.DataObject) -> None:
    # By parts: DERT = d * integral of exp(-d t) E[Y(t)] dt.
    parameters = data.draw(parameters_for(kind))
    who = cells(*data.draw(histories(kind)))
    rate = data.draw(st.floats(0.002, 0.3))
    # By the trapezoidal rule in ln t, over all times that count; its error is below 1e-10.
    t = np.exp(np.arange(np.log(1e-14 / rate), np.log(50.0 / rate), 0.4))
    plan = list(zip(t.tolist(), (rate * t * np.exp(-rate * t) * 0.4).tolist(), strict=True))
    by_hand = process_of(kind).weighted(column(parameters), who, plan)
    assert_allclose(process_of(kind).residual(column(parameters), who, rate), by_hand, rtol=1e-8)


@given(data=st.data())
@settings(max_examples=10)
def test_discounting_of_periods_is_a_sum(data: st.DataObject) -> None:
    parameters = data.draw(parameters_for("bg_bb"))
    who = cells(*data.draw(histories("bg_bb")))
    rate = data.draw(st.floats(0.05, 0.5))
    ends = np.arange(1.0, 900.0)
    # A purchase of period k is one of E[Y(k)] - E[Y(k-1)].
    kept = (1.0 + rate) ** -ends
    weights = kept - np.append(kept[1:], 0.0)
    plan = list(zip(ends.tolist(), weights.tolist(), strict=True))
    by_hand = process_of("bg_bb").weighted(column(parameters), who, plan)
    assert_allclose(process_of("bg_bb").residual(column(parameters), who, rate), by_hand, rtol=1e-9)


@kinds
@given(data=st.data())
@settings(max_examples=10)
def test_residual_purchases_fall_with_the_rate(kind: str, data: st.DataObject) -> None:
    parameters = data.draw(parameters_for(kind))
    own, who = column(parameters), cells(*data.draw(histories(kind)))
    rates = sorted(data.draw(st.lists(st.floats(1e-6, 3.0), min_size=2, max_size=5, unique=True)))
    found = [process_of(kind).residual(own, who, rate)[0] for rate in rates]
    assert all(later <= earlier for earlier, later in pairwise(found))
    far = expected(kind, parameters, who, 1e4)[0]
    assert found[0] <= process_of(kind).residual(own, who, 1e-9)[0]
    assert process_of(kind).residual(own, who, 1e-9)[0] >= far * (1 - 1e-4)


@kinds
def test_without_discounting_the_sum_is_that_of_all_time(kind: str) -> None:
    process, own = process_of(kind), column(TRUTHS[kind])
    who = cells([0, 2, 5], [0.0, 6.0, 9.0], [9.0, 9.0, 10.0])
    undiscounted = process.residual(own, who, 0.0)
    assert_allclose(process.residual(own, who, 1e-14), undiscounted, rtol=1e-4)
    assert (process.residual(own, who, 1e-6) < undiscounted).all()
    one = individuals.individuals(kind, TRUTHS[kind], 2, 6.0, 9.0)
    each = individuals.purchases_to_come(kind, TRUTHS[kind], np.inf, 0.0)
    # The grid ends where so few customers are left that only a sum over all time would see them.
    assert_allclose(undiscounted[1], (one.chances * each).sum(), rtol=2e-6)


@kinds
@pytest.mark.parametrize("at_one", [1.0, 0.6])
def test_an_infinite_sum_is_refused(kind: str, at_one: float) -> None:
    parameters = list(TRUTHS[kind])
    parameters[2] = at_one  # a, s or gamma
    process, who = process_of(kind), cells(2, 6.0, 9.0)
    with pytest.raises(DivergentValueError, match=r"not above 1.*discount_rate above 0"):
        process.residual(column(parameters), who, 0.0)
    assert np.isfinite(process.residual(column(parameters), who, 0.001)).all()


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
@given(data=st.data())
@settings(max_examples=10)
def test_another_unit_of_time_changes_no_answer(kind: str, data: st.DataObject) -> None:
    parameters = list(data.draw(parameters_for(kind)))
    often, last, age = data.draw(histories(kind))
    horizon, by = data.draw(horizons(kind)), data.draw(st.floats(0.01, 100.0))
    scaled = parameters.copy()
    for at in [1, 3] if kind == "pareto_nbd" else [1]:
        scaled[at] *= by
    process = process_of(kind)
    here, there = column(parameters), column(scaled)
    one, other = cells(often, last, age), cells(often, last * by, age * by)
    assert_allclose(process.alive(there, other), process.alive(here, one), rtol=1e-9)
    assert_allclose(
        process.weighted(there, other, [(horizon * by, 1.0)]),
        process.weighted(here, one, [(horizon, 1.0)]),
        rtol=1e-9,
    )
    assert_allclose(
        process.residual(there, other, 0.01 / by), process.residual(here, one, 0.01), rtol=1e-9
    )
    assert_allclose(
        process.counts(there, horizon * by, 6), process.counts(here, horizon, 6), rtol=1e-9
    )


@cache
def crowd(kind: str) -> Cells:
    ages = np.random.default_rng(3).integers(3, 60, 300).astype(np.float64)
    drawn = known(kind).simulate(ages, random_state=3)
    return cells(drawn["frequency"], drawn["recency"], drawn["age"])


@kinds
def test_a_customer_in_a_crowd_is_answered_as_alone(kind: str) -> None:
    process, own, all_of_them = process_of(kind), column(TRUTHS[kind]), crowd(kind)
    questions: list[Callable[[Cells, Floats], Floats]] = [
        lambda each, parameters: process.alive(parameters, each),
        lambda each, parameters: process.weighted(parameters, each, [(26.0, 1.0), (13.0, 0.5)]),
        lambda each, parameters: process.residual(parameters, each, 0.01),
    ]
    size = all_of_them.frequency.size
    for ask in questions:
        together = ask(all_of_them, own)
        alone = [ask(all_of_them.where(np.arange(size) == at), own)[0] for at in range(0, size, 9)]
        assert_allclose(together[::9], alone, rtol=1e-12)
        if kind != "bg_bb":  # which has no covariates
            each_own = np.repeat(own, size, axis=1)
            assert_allclose(ask(all_of_them, each_own), together, rtol=1e-12)


@kinds
def test_nobody_is_answered_with_nothing(kind: str) -> None:
    process, own, none = process_of(kind), column(TRUTHS[kind]), cells([], [], [])
    assert process.alive(own, none).shape == (0,)
    assert process.weighted(own, none, [(10.0, 1.0)]).shape == (0,)


@pytest.mark.parametrize(
    "kind",
    [
        "bg_nbd",
        "mbg_nbd",
        "pareto_nbd",
        "bg_bb",
    ],
)
def test_nobody_has_no_residual_purchases(kind: str) -> None:
    none = cells([], [], [])
    assert process_of(kind).residual(column(TRUTHS[kind]), none, 0.01).shape == (0,)


@kinds
def test_histories_that_are_drawn_are_possible_and_of_the_right_mean(kind: str) -> None:
    process, own = process_of(kind), column(TRUTHS[kind])
    age = 20.0
    often, last = process.draw_histories(own, np.full(20_000, age), np.random.default_rng(11))
    assert_array_equal(often, np.floor(often))
    assert ((last >= 0) & (last <= age)).all()
    assert_array_equal(often > 0, last > 0)
    if kind == "bg_bb":
        assert (last >= often).all()
        assert_array_equal(last, np.floor(last))
    error = often.std() / np.sqrt(often.size)
    assert often.mean() == pytest.approx(float(process.new(own, np.array(age))), abs=4 * error)
    counts = process.counts(own, age, 6)
    seen = np.array([(often == count).mean() for count in range(7)])
    assert_allclose(seen, counts, atol=0.015)


@kinds
def test_the_likelihood_is_that_of_histories_that_are_drawn(kind: str) -> None:
    # At the truth the slope of the log-likelihood is 0 on average, and varies as it bends.
    process, own = process_of(kind), column(TRUTHS[kind])
    ages = np.full(4_000, 20.0)
    often, last = process.draw_histories(own, ages, np.random.default_rng(5))
    here = objective_of(process.terms(cells(often, last, ages)), Design(4))(np.log(own[:, 0]))
    score = here.gradient @ np.linalg.solve(-here.hessian, here.gradient)
    assert score < 20.0  # of chi-square with 4 degrees of freedom: 1 in 2,000


@kinds
def test_the_future_that_is_drawn_has_the_expected_mean(kind: str) -> None:
    process, own = process_of(kind), column(TRUTHS[kind])
    chance = np.random.default_rng(17)
    for history in [(0, 0.0, 12.0), (3, 9.0, 12.0), (6, 11.0, 12.0)]:
        who = cells(np.full(20_000, history[0]), history[1], history[2])
        drawn = process.draw_future(own, who, 26.0, chance)
        error = drawn.std() / np.sqrt(drawn.size)
        [mean] = expected(kind, TRUTHS[kind], cells(*history), 26.0)
        assert drawn.mean() == pytest.approx(mean, abs=4 * error)
        assert (drawn == 0).mean() >= 1.0 - process.alive(own, cells(*history))[0] - 0.02
