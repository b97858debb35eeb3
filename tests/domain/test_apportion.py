"""A split loses no unit, is as fair as whole units allow, and depends on nothing but its input."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain.apportion import apportion
from telcrm.errors import ParameterError

UNITS = st.integers(-(10**6), 10**6) | st.integers(-(10**60), 10**60)
SHARES = st.lists(st.integers(0, 5) | st.integers(0, 10**30), min_size=1, max_size=12).filter(any)


def quotas(units: int, shares: list[int]) -> list[Fraction]:
    return [Fraction(abs(units) * share, sum(shares)) for share in shares]


@given(UNITS, SHARES)
def test_the_parts_add_up_to_the_units(units: int, shares: list[int]) -> None:
    parts = apportion(units, shares)
    assert len(parts) == len(shares)
    assert sum(parts) == units


@given(UNITS, SHARES)
def test_each_part_is_its_quota_rounded_down_or_up(units: int, shares: list[int]) -> None:
    for part, quota in zip(apportion(units, shares), quotas(units, shares), strict=True):
        assert part * units >= 0
        assert abs(abs(part) - quota) < 1


@given(UNITS, SHARES)
def test_no_part_was_rounded_up_before_a_larger_remainder(units: int, shares: list[int]) -> None:
    remainders = [quota % 1 for quota in quotas(units, shares)]
    raised = [
        abs(part) > quota
        for part, quota in zip(apportion(units, shares), quotas(units, shares), strict=True)
    ]
    queue = sorted(range(len(shares)), key=lambda i: (-remainders[i], i))
    in_turn = [raised[i] for i in queue]
    assert in_turn == sorted(in_turn, reverse=True)


@given(UNITS, SHARES)
def test_the_sign_mirrors(units: int, shares: list[int]) -> None:
    assert apportion(-units, shares) == tuple(-part for part in apportion(units, shares))


@given(UNITS, SHARES, st.integers(1, 10**6))
def test_only_the_proportion_of_the_shares_counts(
    units: int, shares: list[int], factor: int
) -> None:
    assert apportion(units, [share * factor for share in shares]) == apportion(units, shares)


@given(st.lists(st.integers(0, 10**30), min_size=1, max_size=12).filter(any))
def test_what_divides_without_remainder_is_split_exactly(shares: list[int]) -> None:
    assert apportion(sum(shares), shares) == tuple(shares)


def test_equal_remainders_go_to_the_earlier_part() -> None:
    assert apportion(5, [1, 1, 0, 1]) == (2, 2, 0, 1)
    assert apportion(-5, [1, 1, 0, 1]) == (-2, -2, 0, -1)


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ([], r"found 0, below zero at \[\]"),
        ([0, 0], r"found 2, below zero at \[\]"),
        ([2, -1], r"found 2, below zero at \[1\]"),
        ([-1], r"found 1, below zero at \[0\]"),
        ([-1, 1], r"found 2, below zero at \[0\]"),
    ],
)
def test_shares_without_meaning_are_refused(shares: list[int], found: str) -> None:
    with pytest.raises(ParameterError, match=rf"none negative, not all zero: {found}") as caught:
        apportion(1, shares)
    assert caught.value.context == {"shares": len(shares)}
