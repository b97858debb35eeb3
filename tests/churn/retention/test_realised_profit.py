"""To go by uplift brings more than to go by risk, where high risk is not high effect."""

from __future__ import annotations

import numpy as np
import pytest
from tests.churn.retention.realised_profit import (
    Effects,
    MeanInterval,
    compare_policies,
    draw_population,
)


@pytest.mark.slow
def test_uplift_brings_more_than_risk_and_risk_more_than_chance() -> None:
    found = compare_policies(range(30), effects=Effects.FIELD)
    for measure, figures in found.items():
        print(f"\n{measure} profit per customer, mean of 30 operators with 90 % interval")  # noqa: T201
        for name, interval in figures.items():
            print(f"{name:30s} {interval}")  # noqa: T201
    for learner in ("two models", "transformed outcome"):
        assert found["mean"][f"{learner} - risk"].low > 0
        assert found["realised"][f"{learner} - risk"].mean > 0
    assert found["mean"]["two models - random"].low > 0
    assert found["mean"]["risk - random"].low > 0


@pytest.mark.slow
def test_risk_is_the_better_guide_where_effect_follows_it() -> None:
    found = compare_policies(range(5), effects=Effects.PROPORTIONAL)["mean"]
    assert found["risk - random"].low > 0
    assert found["two models - risk"].low < 0


def test_the_field_has_effects_that_do_not_follow_risk() -> None:
    people = draw_population(0, effects=Effects.FIELD, subscribers=30_000)
    effect = people.chance_alone - people.chance_contacted
    assert abs(np.corrcoef(effect, people.chance_alone)[0, 1]) < 0.1
    most_at_risk = people.chance_alone >= np.quantile(people.chance_alone, 0.9)
    assert effect[most_at_risk].mean() < effect.mean()
    assert (effect < 0).mean() > 0.05
    assert people.leaves_alone.mean() == pytest.approx(people.chance_alone.mean(), abs=0.01)


def test_an_interval_of_known_numbers() -> None:
    # Student's t at 95 % with 4 degrees of freedom is 2.1318468 (Fisher & Yates, table III).
    found = MeanInterval.of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.mean == 3.0
    assert found.high - 3.0 == pytest.approx(2.1318468 * np.sqrt(2.5 / 5), abs=1e-6)
