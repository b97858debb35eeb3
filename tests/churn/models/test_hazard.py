"""Hazards of competing causes: a life table, closed forms, and what moves on with time."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from telcrm.churn.models.hazard import HazardModel
from telcrm.errors import ParameterError, SingleClassError


@cache
def months(lines: int = 3_000) -> pl.DataFrame:
    """Months at risk of lines whose hazards are known."""
    chance = np.random.default_rng(9)
    rows = []
    for line in range(lines):
        tenure, plan = int(chance.integers(0, 24)), str(chance.choice(["solo", "duo"]))
        for _ in range(10):
            moved = np.exp(-2.5 - 0.05 * tenure + 0.6 * (plan == "solo"))
            debt = np.exp(-4.0)
            drawn = chance.random() * (1 + moved + debt)
            event = "stayed" if drawn < 1 else "moved" if drawn < 1 + moved else "debt"
            rows.append((line, tenure, plan, event))
            if event != "stayed":
                break
            tenure += 1
    return pl.DataFrame(rows, schema=["line", "tenure", "plan", "event"], orient="row")


@cache
def fitted() -> HazardModel:
    model = HazardModel(features=["tenure", "plan"], advancing={"tenure": 1.0}, knots=3)
    return model.fit(months(), months()["event"].to_numpy())


def truth(tenure: int, plan: str, periods: int) -> tuple[list[float], list[float]]:
    there, gone = [], []
    left, moved_out = 1.0, 0.0
    for ahead in range(periods):
        moved = np.exp(-2.5 - 0.05 * (tenure + ahead) + 0.6 * (plan == "solo"))
        whole = 1 + moved + np.exp(-4.0)
        moved_out += left * moved / whole
        left /= whole
        there.append(left)
        gone.append(moved_out)
    return there, gone


def test_known_hazards_are_found_a_year_ahead() -> None:
    rows = pl.DataFrame({"tenure": [0, 12, 0], "plan": ["solo", "duo", "duo"]})
    found = fitted().survival(rows, periods=12)
    gone = fitted().cumulative_incidence(rows, periods=12)["moved"]
    for at, (tenure, plan) in enumerate(rows.iter_rows()):
        there, moved = truth(tenure, plan, 12)
        assert_allclose(found[at], there, atol=0.04)
        assert_allclose(gone[at], moved, atol=0.04)


@given(tenure=st.integers(0, 60), periods=st.integers(1, 24))
@settings(max_examples=10)
def test_causes_and_survival_add_up(tenure: int, periods: int) -> None:
    rows = pl.DataFrame({"tenure": [tenure], "plan": ["solo"]})
    survival = fitted().survival(rows, periods=periods)
    gone = fitted().cumulative_incidence(rows, periods=periods)
    assert set(gone) == {"moved", "debt"}
    assert_allclose(survival + gone["moved"] + gone["debt"], 1.0, rtol=1e-12)
    assert (np.diff(survival, axis=1) <= 0).all()
    first = fitted().predict_proba(rows)[0]
    order = fitted().classes_.tolist()
    assert survival[0, 0] == pytest.approx(first[order.index("stayed")])
    assert gone["debt"][0, 0] == pytest.approx(first[order.index("debt")])


def test_the_likeliest_class_is_that_of_the_greatest_chance() -> None:
    rows = pl.DataFrame({"tenure": [0, 12, 60, -100_000], "plan": ["solo", "duo", "duo", "solo"]})
    chances, odds = fitted().predict_proba(rows), fitted().decision_function(rows)
    assert_allclose(np.exp(odds), chances, rtol=1e-9)
    # Far from all that was learnt a chance is 0, and its logarithm is not.
    assert chances.min() == 0.0
    assert np.isfinite(odds).all()
    likeliest = np.array(["debt", "moved", "stayed"])[chances.argmax(axis=1)]
    assert fitted().predict(rows).tolist() == likeliest.tolist()


def test_without_columns_it_is_a_life_table() -> None:
    table = pl.DataFrame({"same": [1.0] * 100})
    label = ["left"] * 7 + ["stayed"] * 93
    model = HazardModel().fit(table, label)
    assert model.survival(table.head(1), periods=3)[0] == pytest.approx([0.93, 0.93**2, 0.93**3])


def test_what_does_not_move_on_stays() -> None:
    frozen = HazardModel(features=["tenure", "plan"], knots=3).fit(
        months(), months()["event"].to_numpy()
    )
    row = pl.DataFrame({"tenure": [5], "plan": ["solo"]})
    found = frozen.survival(row, periods=6)[0]
    assert found == pytest.approx(found[0] ** np.arange(1, 7))


def test_a_peak_at_the_end_of_a_contract_is_a_step() -> None:
    chance = np.random.default_rng(3)
    to_end = chance.integers(-6, 13, 20_000)
    left = chance.random(20_000) < np.where((to_end == 0) | (to_end == -1), 0.2, 0.02)
    frame = pl.DataFrame({"to_end": to_end})
    model = HazardModel(advancing={"to_end": -1.0}, steps={"to_end": (-2.0, 0.0)})
    model.fit(frame, left)
    survival = model.survival(pl.DataFrame({"to_end": [3]}), periods=6)[0]
    hazards = 1 - survival / np.concatenate([[1.0], survival[:-1]])
    assert hazards == pytest.approx([0.02, 0.02, 0.02, 0.2, 0.2, 0.02], abs=0.01)


@pytest.mark.parametrize(
    ("labels", "stayed", "causes"),
    [
        ([0, 1, 0, 2], None, (1, 2)),
        ([None, "a", None, "b"], None, ("a", "b")),
        (["stayed", "a", "stayed", "b"], None, ("a", "b")),
        (["x", "a", "x", "b"], "x", ("a", "b")),
    ],
)
def test_who_stayed(labels: list[Any], stayed: Any, causes: tuple[Any, ...]) -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0] * 5})
    given_labels = np.array(labels * 5, dtype=object if None in labels else None)
    model = HazardModel(stayed=stayed, knots=0).fit(table, given_labels)
    assert model.causes_ == causes
    again = HazardModel.from_json(model.to_json())
    assert again.causes_ == causes
    assert_allclose(again.survival(table, periods=3), model.survival(table, periods=3), rtol=0)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"stayed": "here"}, "stayed is 'here'"),
        ({"advancing": {"plan": 1.0}}, "advancing names 'plan'"),
        ({"steps": {"nowhere": (1.0,)}}, "steps names 'nowhere'"),
        ({"ridge": -1.0}, "ridge"),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, Any], words: str) -> None:
    some = months().head(500)
    with pytest.raises(ParameterError, match=words):
        HazardModel(features=["tenure", "plan"], **parameters).fit(some, some["event"].to_numpy())


def test_nobody_left_and_no_time() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0]})
    with pytest.raises(SingleClassError, match="one class only"):
        HazardModel().fit(table, ["stayed", "stayed"])
    with pytest.raises(ParameterError, match="periods"):
        fitted().survival(months().head(1), periods=0)
