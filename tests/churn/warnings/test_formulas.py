"""A formula gives of a column what it gives of each number in it."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pytest
from pydantic import ValidationError
from tests.conftest import Backend

from telcrm.churn.warnings.formulas import (
    bounded,
    counted,
    decayed,
    either,
    least_of,
    most_of,
    ramp,
    sentence,
    whole,
)
from telcrm.churn.warnings.signal_policy import SeverityRange

NUMBERS = [0, 1, 2, 13, 14, 30, 45, 400]
SEVERITY = SeverityRange(least=0.1, most=0.7)


def _answers(x: Any) -> dict[str, Any]:
    return {
        "bounded": bounded(x, 2, 30),
        "ramp": ramp(x, 14, 45, SEVERITY),
        "step": ramp(x, 14, 14, SEVERITY),
        "decayed": decayed(ramp(x, 0, 100, SEVERITY), x, 30.0),
        "either": either(x > 13, "late", sentence("in ", counted(x, "day"))),
        "whole": whole(x * 0.5),
        "least": least_of(x, x * 0 + 7),
        "most": most_of(x, x * 0 + 7),
    }


def test_columns_and_numbers_answer_alike(distinct_backend: Backend) -> None:
    frame = nw.from_native(distinct_backend.frame({"x": NUMBERS})).lazy()
    rows = frame.select(**_answers(nw.col("x"))).collect().rows(named=True)
    for row, number in zip(rows, NUMBERS, strict=True):
        expected = _answers(number)
        assert list(row) == list(expected)
        for name, value in expected.items():
            assert row[name] == (value if isinstance(value, str) else pytest.approx(value))


def test_a_ramp_goes_from_the_least_to_the_most() -> None:
    assert [ramp(x, 14, 45, SEVERITY) for x in (0, 14, 45, 99)] == pytest.approx(
        [0.1, 0.1, 0.7, 0.7]
    )
    assert [ramp(x, 14, 14, SEVERITY) for x in (14, 15)] == pytest.approx([0.1, 0.7])


def test_a_severity_that_falls_is_refused() -> None:
    with pytest.raises(ValidationError, match="most is below least"):
        SeverityRange(least=0.6, most=0.5)
