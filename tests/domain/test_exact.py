"""A number is read exactly or not at all."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain.exact import Rounding, exact_decimal, round_to_whole, whole_number
from telcrm.errors import InexactAmountError, MoneyError

HALVES = ["-2.5", "-1.5", "-0.6", "0.4", "0.5", "1.5", "2.5"]


@pytest.mark.parametrize("text", ["0", "-1", "+12.50", ".5", "7.", "000.10", "9" * 99])
def test_plain_numbers_are_read(text: str) -> None:
    assert exact_decimal(text, "amount") == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1,000.00",
        "1_000",
        "1e3",
        "NaN",
        "inf",
        "١٢",
        "--1",
        "1.2.3",
        ".",
        "€5",
        "1\n",
    ],
)
def test_other_text_is_no_number(text: str) -> None:
    with pytest.raises(MoneyError, match="is not a number") as caught:
        exact_decimal(text, "amount")
    assert caught.value.context["value"] == text


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        10**100,
        pytest.param(-(10**5000), id="longer than str allows"),
        "9" * 101,
    ],
)
def test_what_is_not_finite_or_huge_is_refused(value: Decimal | int | str) -> None:
    with pytest.raises(MoneyError, match="finite number between"):
        exact_decimal(value, "amount")


@pytest.mark.parametrize("exponent", [-999_999_999, -100, 100, 999_999_999])
def test_extreme_exponents_are_refused_at_once(exponent: int) -> None:
    with pytest.raises(MoneyError, match="finite number between"):
        exact_decimal(Decimal(f"1E{exponent}"), "factor")
    assert exact_decimal(Decimal(f"0E{exponent}"), "factor") == 0


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (1.5, InexactAmountError),
        (float("nan"), InexactAmountError),
        (True, MoneyError),
        (np.True_, MoneyError),
        (None, MoneyError),
        (b"1", MoneyError),
    ],
)
def test_other_types_are_refused(value: object, error: type[MoneyError]) -> None:
    with pytest.raises(error, match=f"of type {type(value).__name__}") as caught:
        exact_decimal(value, "amount")
    assert type(caught.value) is error


class bool_:  # noqa: N801
    """Passes as an index, as the bool_ of NumPy 1 does."""

    def __index__(self) -> int:
        return 1


@pytest.mark.parametrize("value", [True, np.True_, bool_(), 5.0, np.float64(5), "5", None])
def test_what_is_no_integer_is_no_whole_number(value: object) -> None:
    assert whole_number(value) is None


@pytest.mark.parametrize("value", [5, np.int8(5), np.uint64(5), np.array(5)])
def test_an_integer_of_any_library_is_a_whole_number(value: object) -> None:
    assert whole_number(value) == 5


@pytest.mark.parametrize(
    ("rounding", "rounded"),
    [
        (Rounding.HALF_UP, [-3, -2, -1, 0, 1, 2, 3]),
        (Rounding.HALF_EVEN, [-2, -2, -1, 0, 0, 2, 2]),
        (Rounding.HALF_DOWN, [-2, -1, -1, 0, 0, 1, 2]),
        (Rounding.UP, [-3, -2, -1, 1, 1, 2, 3]),
        (Rounding.DOWN, [-2, -1, 0, 0, 0, 1, 2]),
        (Rounding.CEILING, [-2, -1, 0, 1, 1, 2, 3]),
        (Rounding.FLOOR, [-3, -2, -1, 0, 0, 1, 2]),
    ],
)
def test_every_mode_rounds_as_named(rounding: Rounding, rounded: list[int]) -> None:
    assert [round_to_whole(Decimal(half), rounding) for half in HALVES] == rounded


def test_a_plain_string_names_a_mode_and_nonsense_does_not() -> None:
    assert round_to_whole(Decimal("0.5"), "half_up") == 1  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nearest"):
        round_to_whole(Decimal("0.5"), "nearest")  # type: ignore[arg-type]


@given(st.integers(-(10**90), 10**90), st.sampled_from(Rounding))
def test_rounding_goes_to_a_neighbour_in_any_context(tenths: int, rounding: Rounding) -> None:
    with localcontext(prec=3):
        rounded = round_to_whole(Decimal(f"{tenths}E-1"), rounding)
    assert rounded in {tenths // 10, -(-tenths // 10)}
