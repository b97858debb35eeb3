"""Queues of callers: published numbers, their own Markov chain, and thousands of agents."""

from __future__ import annotations

from math import exp, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import norm

from telcrm.errors import ParameterError
from telcrm.kpi.customer_care.erlang import erlang_b, erlang_c, lines_for, offered_load
from telcrm.kpi.customer_care.queue import QueueMeasures, agents_for, queue_measures

loads = st.floats(0.01, 60.0)
staff = st.integers(1, 80)
_CHAIN = 300


def chain(
    load: float, agents: int, leaving: float, threshold: float
) -> tuple[float, float, float, float]:
    """M/M/n+M by its Markov chain: waits, abandons, queue length, answered within the threshold.

    A caller who finds k others waiting is followed through the queue by the matrix exponential.
    """
    weights = [1.0]
    for state in range(1, agents + _CHAIN):
        rate = min(state, agents) + max(state - agents, 0) * leaving
        weights.append(weights[-1] * load / rate)
    states = np.array(weights) / sum(weights)
    queue = states[agents:]
    moves = np.zeros((_CHAIN + 2, _CHAIN + 2))
    answered, gone = _CHAIN, _CHAIN + 1
    for ahead in range(_CHAIN):
        rate = agents + ahead * leaving
        moves[ahead, ahead - 1 if ahead else answered] += rate
        moves[ahead, gone] += leaving
        moves[ahead, ahead] -= rate + leaving
    fates = expm(moves * threshold)
    length = float((np.arange(_CHAIN) * queue).sum())
    in_time = float(states[:agents].sum() + (queue * fates[:_CHAIN, answered]).sum())
    return float(queue.sum()), leaving * length / load, length, in_time


@pytest.mark.parametrize(
    ("agents", "waits", "level", "asa", "occupancy"),
    # 100 calls in 30 minutes of 180 s, 20 s: pyworkforce's tests, and the Erlang C recursion.
    [
        (13, 0.2853, 0.7956, 17.12, 0.7692),
        (14, 0.1741, 0.8884, 7.84, 0.7143),
        (15, 0.1020, 0.9415, 3.67, 0.6667),
    ],
)
def test_erlang_c_of_a_hundred_calls_in_half_an_hour(
    agents: int, waits: float, level: float, asa: float, occupancy: float
) -> None:
    load = offered_load(100, interval_s=1800, handling_time_s=180)
    assert load == 10.0
    found = queue_measures(load, agents, handling_time_s=180, threshold_s=20)
    assert found.wait_probability == erlang_c(load, agents) == pytest.approx(waits, abs=5e-5)
    assert found.service_level == pytest.approx(level, abs=5e-5)
    assert found.mean_wait_s == pytest.approx(asa, abs=5e-3)
    assert found.occupancy == pytest.approx(occupancy, abs=5e-5)
    assert found.abandonment == 0.0


def test_erlang_c_of_three_hundred_and_sixty_calls() -> None:
    load = offered_load(360, interval_s=1800, handling_time_s=240)
    found = queue_measures(load, 55, handling_time_s=240, threshold_s=15)
    numbers = (found.wait_probability, found.service_level, found.mean_wait_s, found.occupancy)
    assert load == 48.0
    assert numbers == pytest.approx((0.2387, 0.8459, 8.18, 0.8727), abs=5e-3)
    assert numbers == pytest.approx((0.2387, 0.8459, 8.18, 0.8727), rel=5e-4)


def test_erlang_a_of_ten_erlangs() -> None:
    # Calls of 3 minutes, patience of 5, 13 agents: the exact solution of the chain.
    found = queue_measures(10, 13, handling_time_s=180, patience_s=300)
    assert found.wait_probability == pytest.approx(0.2258, abs=5e-5)
    assert found.abandonment == pytest.approx(0.0250, abs=5e-5)
    assert found.mean_wait_s / 60 == pytest.approx(0.1248, abs=5e-5)


@pytest.mark.parametrize(
    ("load", "agents", "leaving", "threshold"),
    [
        (10, 13, 0.6, 20 / 180),
        (10, 8, 0.6, 0.5),
        (20, 10, 0.3, 2.0),
        (20, 10, 0.3, 3.0),
        (6, 12, 1e-3, 0.1),
        (0.5, 1, 5.0, 0.3),
        (5, 5, 1.0, 0.0),
    ],
)
def test_erlang_a_is_its_markov_chain(
    load: float, agents: int, leaving: float, threshold: float
) -> None:
    found = queue_measures(
        load, agents, handling_time_s=1, threshold_s=threshold, patience_s=1 / leaving
    )
    waits, abandons, length, in_time = chain(load, agents, leaving, threshold)
    assert found.wait_probability == pytest.approx(waits, rel=1e-9)
    assert found.abandonment == pytest.approx(abandons, rel=1e-9)
    assert found.mean_wait_s * load == pytest.approx(length, rel=1e-9)
    assert found.service_level == pytest.approx(in_time, rel=1e-9)
    assert found.occupancy == pytest.approx(load * (1 - abandons) / agents, rel=1e-9)


def test_endless_patience_is_erlang_c() -> None:
    patient = queue_measures(12, 13, handling_time_s=180)
    nearly = queue_measures(12, 13, handling_time_s=180, patience_s=1.8e8)
    for name in ("wait_probability", "service_level", "mean_wait_s", "occupancy"):
        assert getattr(nearly, name) == pytest.approx(getattr(patient, name), rel=1e-4)


@given(load=loads, agents=staff, patience=st.floats(0.05, 50.0), threshold=st.floats(0.0, 3.0))
@settings(max_examples=30)
def test_impatience_shortens_the_queue_and_shares_are_shares(
    load: float, agents: int, patience: float, threshold: float
) -> None:
    rest: dict[str, Any] = {"handling_time_s": 1.0, "threshold_s": threshold}
    patient = queue_measures(load, agents, **rest)
    impatient = queue_measures(load, agents, patience_s=patience, **rest)
    for found in (patient, impatient):
        for name in ("occupancy", "wait_probability", "service_level", "abandonment"):
            assert 0.0 <= getattr(found, name) <= 1.0
    assert impatient.wait_probability <= patient.wait_probability + 1e-12
    assert impatient.mean_wait_s <= patient.mean_wait_s * (1 + 1e-9)
    assert impatient.abandonment == pytest.approx(impatient.mean_wait_s / patience)
    # Who is answered at all is answered by agents: what goes in comes out.
    assert impatient.occupancy * agents == pytest.approx(load * (1 - impatient.abandonment))


@given(load=loads, agents=staff, patience=st.none() | st.floats(0.1, 20.0))
@settings(max_examples=20)
def test_one_agent_more_never_does_worse(load: float, agents: int, patience: float | None) -> None:
    fewer, more = (
        queue_measures(load, n, handling_time_s=1, threshold_s=0.1, patience_s=patience)
        for n in (agents, agents + 1)
    )
    assert more.service_level >= fewer.service_level - 1e-12
    assert more.mean_wait_s <= fewer.mean_wait_s
    assert erlang_b(load, agents + 1) <= erlang_b(load, agents)


@given(
    load=loads,
    goal=st.floats(0.05, 0.99),
    threshold=st.floats(0.0, 1.0),
    patience=st.none() | st.floats(0.1, 20.0),
)
@settings(max_examples=20)
def test_the_answer_is_the_least_number_of_agents(
    load: float, goal: float, threshold: float, patience: float | None
) -> None:
    rest: dict[str, Any] = {
        "handling_time_s": 1.0,
        "threshold_s": threshold,
        "patience_s": patience,
    }
    found = agents_for(load, service_level=goal, **rest)
    assert found == queue_measures(load, found.agents, **rest)
    assert found.service_level >= goal
    if found.agents > 1:
        assert queue_measures(load, found.agents - 1, **rest).service_level < goal


def test_agents_for_a_hundred_calls_in_half_an_hour() -> None:
    # pyworkforce, README: 14 positions for 80 % in 20 s.
    assert agents_for(10, handling_time_s=180).agents == 14
    assert agents_for(10, handling_time_s=180, patience_s=300).agents == 13


def test_thousands_of_agents_neither_overflow_nor_vanish() -> None:
    assert erlang_b(10_000, 10_000) == pytest.approx(0.00794, abs=5e-6)
    big = agents_for(10_000, handling_time_s=180)
    assert 10_000 < big.agents < 10_100
    # Halfin & Whitt (1981): n = A + b sqrt(A) waits with 1 / (1 + b Phi(b) / phi(b)).
    limit = 1 / (1 + 0.5 * norm.cdf(0.5) / norm.pdf(0.5))
    assert erlang_c(10_000, 10_050) == pytest.approx(limit, abs=2e-3)
    crowd = queue_measures(20_000, 10_000, handling_time_s=180, patience_s=1800)
    assert crowd.abandonment == pytest.approx(0.5)
    assert crowd.wait_probability == 1.0
    quiet = queue_measures(1, 5000, handling_time_s=180, patience_s=300)
    assert (quiet.wait_probability, quiet.service_level, quiet.mean_wait_s) == (0.0, 1.0, 0.0)


def test_no_calls_wait_for_nobody() -> None:
    for patience in (None, 300.0):
        found = queue_measures(0, 1, handling_time_s=180, patience_s=patience)
        assert found == QueueMeasures(
            agents=1,
            load=0.0,
            occupancy=0.0,
            wait_probability=0.0,
            service_level=1.0,
            mean_wait_s=0.0,
            abandonment=0.0,
        )
        assert agents_for(0, handling_time_s=180, patience_s=patience).agents == 1
    assert lines_for(0, blocking=0.5) == 1


def test_patient_callers_and_too_few_agents_wait_without_end() -> None:
    for agents in (9, 10):
        found = queue_measures(10, agents, handling_time_s=180)
        assert (found.wait_probability, found.service_level) == (1.0, 0.0)
        assert (found.mean_wait_s, found.occupancy) == (inf, 1.0)


def test_a_single_agent_is_the_textbook_queue() -> None:
    # M/M/1: waits with chance rho, then exponentially at (1 - rho) / handling time.
    found = queue_measures(0.6, 1, handling_time_s=100, threshold_s=50)
    assert found.wait_probability == pytest.approx(0.6)
    assert found.service_level == pytest.approx(1 - 0.6 * exp(-0.4 * 0.5))
    assert found.mean_wait_s == pytest.approx(0.6 * 100 / 0.4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: queue_measures(1, 2, handling_time_s=0), "handling_time_s is 0"),
        (lambda: queue_measures(1, 2, handling_time_s=1, threshold_s=-1), "threshold_s is -1"),
        (lambda: queue_measures(1, 2, handling_time_s=1, patience_s=0), "patience_s is 0"),
        (lambda: queue_measures(1, 2, handling_time_s=1, patience_s=1e9), "pass None"),
        (lambda: agents_for(1, handling_time_s=1, service_level=1.0), "service_level is 1.0"),
    ],
)
def test_numbers_out_of_range_are_refused(call: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        call()
