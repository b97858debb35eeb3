"""Columns, values and effects in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from telcrm.churn.features.catalogue import FEATURES
from telcrm.churn.reasons.words import column_words, effect_words, reason_words, value_words


def test_every_feature_has_words_of_its_own() -> None:
    words = {name: column_words(name) for name in FEATURES}
    for name, told in words.items():
        assert 3 < len(told) < 90, name
        assert not set(told) & set("_():;="), name
        assert not told.startswith(("those", "what", "none")), name
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tenure_months", "tenure"),
        ("commitment_phase", "commitment phase"),
        ("data_30d", "data in the last 30 days"),
        ("voice_anomaly", "calls, against the line's own past"),
        ("days_since_data", "time since last data session"),
        ("MonthlyCharges", "monthly charges"),
        ("total_eve_charge", "total eve charge"),
        ("ARPU", "ARPU"),
    ],
)
def test_a_column_in_words(name: str, told: str) -> None:
    assert column_words(name) == told
    assert column_words(name, {name: "own words"}) == "own words"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("fee", 84.0, "84"),
        ("fee", -0.12345, "-0.123"),
        ("fee", 1234567, "1,234,567"),
        ("fee", np.nan, "not known"),
        ("fee", pd.NA, "not known"),
        ("fee", True, "yes"),
        ("plan", "solo", "solo"),
        ("since", date(2026, 3, 1), "2026-03-01"),
        ("tenure_months", 3.0, "3 months"),
        ("last_bill", 40.5, "40.5"),
        ("voice_trend", -0.9, "-59 %"),
    ],
)
def test_a_value_in_words(name: str, value: Any, told: str) -> None:
    assert value_words(name, value) == told


@pytest.mark.parametrize(
    ("contribution", "told"),
    [
        (0.3, "raises the odds of leaving by 35 %"),
        (np.log(4.5), "multiplies the odds of leaving by 4.5"),
        (-0.3, "lowers the odds of leaving by 26 %"),
        (-np.log(4.5), "divides the odds of leaving by 4.5"),
    ],
)
def test_an_effect_in_words(contribution: float, told: str) -> None:
    assert effect_words(contribution) == told
    assert reason_words("fee", "84", "", contribution) == f"fee: 84; {told}"
