"""What no value can be computed with is refused, with the argument's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telcrm.errors import ParameterError
from telcrm.value.equity.arguments import (
    MAX_HORIZON,
    is_number,
    read_shares,
    read_terms,
    require_numbers,
)


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), [1.0], 1j])
def test_what_is_no_finite_number(value: Any) -> None:
    assert not is_number(value)
    with pytest.raises(ParameterError, match="margin is"):
        require_numbers(margin=value)


@pytest.mark.parametrize("value", [0, -1, 2.5, np.float64(1.0), np.int32(3)])
def test_what_is_one(value: Any) -> None:
    assert is_number(value)
    require_numbers(margin=value)


@pytest.mark.parametrize(
    "given", [-0.1, 1.1, True, "high", None, [], [0.5, 1.2], [0.5, float("nan")], ["a"]]
)
def test_what_is_no_share(given: Any) -> None:
    with pytest.raises(ParameterError, match="retention is"):
        read_shares("retention", given)


def test_shares_become_arrays_of_their_own_shape() -> None:
    assert read_shares("retention", 1).shape == ()
    assert read_shares("retention", [[0.0, 1.0]]).shape == (1, 2)


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ((-0.1, 0.0, None), "discount_rate is -0.1"),
        ((float("inf"), 0.0, None), "discount_rate is inf"),
        ((0.1, -1.0, None), "growth is -1.0"),
        ((0.1, "fast", None), "growth is 'fast'"),
        ((0.1, 0.0, 0), "horizon is 0"),
        ((0.1, 0.0, 1.5), "horizon is 1.5"),
        ((0.1, 0.0, MAX_HORIZON + 1), "horizon is 10001"),
    ],
)
def test_terms_out_of_range_are_refused(terms: tuple[Any, Any, Any], named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        read_terms(*terms)
