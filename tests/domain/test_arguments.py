"""Arguments that a formula cannot take are refused, by name and with what would do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain.arguments import (
    require_day,
    require_not_negative,
    require_positive,
    require_same_length,
    require_share,
    whole_between,
)
from telcrm.errors import ParameterError


@given(st.integers(-5, 25))
def test_whole_numbers_pass_between_their_ends(number: int) -> None:
    if 0 <= number <= 20:
        assert whole_between("months", number, 0, 20) == number
    else:
        with pytest.raises(ParameterError, match=rf"months is {number}, .* from 0 to 20"):
            whole_between("months", number, 0, 20)


@pytest.mark.parametrize("value", [True, 2.0, "3", None])
def test_what_only_looks_like_a_whole_number_is_none(value: object) -> None:
    with pytest.raises(ParameterError, match=r"a whole number from 1\.") as refused:
        whole_between("n_init", value, 1)
    assert refused.value.context == {"parameter": "n_init", "value": value}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2024-05-31", "as_of is '2024-05-31', and has to be a date"),
        (datetime(2024, 5, 31, 23), r"as_of is the datetime .* as_of\.date\(\)"),
    ],
)
def test_a_day_is_a_date_and_no_instant(value: object, words: str) -> None:
    with pytest.raises(ParameterError, match=f"arrears: {words}"):
        require_day("arrears", value)
    assert require_day("arrears", date(2024, 5, 31)) == date(2024, 5, 31)


@pytest.mark.parametrize(
    ("check", "fits", "other"),
    [
        (require_not_negative, [0, 0.5, 7], [-1, float("nan"), float("inf"), True, "1"]),
        (require_positive, [0.5, 7], [0, -1, float("nan"), None]),
        (require_share, [0, 0.5, 1], [-0.1, 1.1, float("nan"), False]),
    ],
)
def test_numbers_out_of_range_are_refused(
    check: Callable[..., None], fits: list[object], other: list[object]
) -> None:
    for number in fits:
        check(rate=number)
    for number in other:
        with pytest.raises(ParameterError, match=r"rate is .*, and has to be"):
            check(rate=number)


def test_the_first_argument_that_does_not_fit_is_named() -> None:
    with pytest.raises(ParameterError, match="lost is -1"):
        require_not_negative(opening=1, lost=-1, new=-2)


def test_sequences_are_of_one_length_and_not_empty() -> None:
    require_same_length(lost=[1, 2], opening=[3, 4])
    for lost in ([1], []):
        with pytest.raises(ParameterError, match=f"lost {len(lost)}, opening {len(lost) * 2}"):
            require_same_length(lost=lost, opening=lost * 2)
