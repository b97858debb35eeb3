"""The length of a network code follows from country and range."""

import pytest

from telcrm.domain.mnc_lengths import THREE_DIGIT_MCCS, THREE_DIGIT_RANGES, mnc_digits


@pytest.mark.parametrize("mcc", sorted(THREE_DIGIT_MCCS))
def test_a_country_of_three_digits_has_no_exception(mcc: str) -> None:
    assert mcc not in THREE_DIGIT_RANGES
    assert {mnc_digits(f"{mcc}{network:03d}") for network in range(1000)} == {3}


@pytest.mark.parametrize("mcc", ["208", "234", "262", "404", "460", "640", "724", "901", "001"])
def test_the_rest_of_the_world_has_two(mcc: str) -> None:
    assert {mnc_digits(f"{mcc}{network:03d}") for network in range(1000)} == {2}


@pytest.mark.parametrize(
    ("network", "digits"),
    [
        ("024", 2),
        ("025", 3),
        ("047", 3),
        ("048", 2),
        ("749", 2),
        ("750", 3),
        ("756", 3),
        ("757", 2),
    ],
)
def test_ranges_include_both_ends(network: str, digits: int) -> None:
    assert mnc_digits(f"405{network}") == digits
