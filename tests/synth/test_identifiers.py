"""Keys and numbers made without Python strings, against Python strings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from telcrm.domain import Imei, Msisdn
from telcrm.synth.identifiers import digits, imeis, scatter, telephone_numbers

NUMBERS = st.lists(st.integers(0, 10**9 - 1), max_size=20)


@given(numbers=NUMBERS, width=st.integers(1, 15), prefix=st.sampled_from(["", "S", "CELL"]))
def test_digits_are_what_python_writes(numbers: list[int], width: int, prefix: str) -> None:
    text = digits(np.array(numbers, dtype=np.int64), width, prefix=prefix)
    assert text.astype(str).tolist() == [
        prefix + str(number % 10**width).zfill(width) for number in numbers
    ]


@given(numbers=st.sets(st.integers(0, 10**9 - 1), max_size=30))
def test_imeis_are_valid_and_distinct(numbers: set[int]) -> None:
    text = imeis(np.array(sorted(numbers), dtype=np.int64)).astype(str).tolist()
    TypeAdapter(list[Imei]).validate_python(text)
    assert len(set(text)) == len(numbers)


@pytest.mark.parametrize("width", [2, 3, 4])
def test_scatter_is_one_to_one(width: int) -> None:
    numbers = scatter(np.arange(10**width), width, offset=17)
    assert np.array_equal(np.sort(numbers), np.arange(10**width))
    assert not np.array_equal(numbers, np.arange(10**width))


@given(code=st.sampled_from(["1", "44", "999"]), count=st.integers(0, 50))
def test_telephone_numbers_are_e164_and_distinct(code: str, count: int) -> None:
    text = telephone_numbers(count, country_code=code, lead="6").astype(str).tolist()
    TypeAdapter(list[Msisdn]).validate_python(text)
    assert len(set(text)) == count
    assert all(len(number) == 13 and number.startswith(f"+{code}6") for number in text)
