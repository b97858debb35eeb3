"""Numbers read as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.report import Kind
from telcrm.report.formats import short, show, span

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
numeric_kinds = st.sampled_from([kind for kind in Kind if kind.numeric])


@given(st.integers(-(10**12), 10**12))
def test_a_count_loses_no_digit(count: int) -> None:
    written = show(count, Kind.COUNT)
    assert int(written.replace(",", "").replace("\N{MINUS SIGN}", "-")) == count


@given(numbers, numeric_kinds)
def test_nothing_is_minus_zero(value: float, kind: Kind) -> None:
    written = show(value, kind)
    if not any(digit in written for digit in "123456789"):
        assert written[0] == "0"
    assert "-" not in written


@given(numbers)
def test_a_short_number_is_near_the_whole_one(value: float) -> None:
    written = short(value, Kind.MONEY).replace("\N{MINUS SIGN}", "-")
    scales = {"k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}
    digits = written.rstrip("kMbtn")
    assert digits.lstrip("-").replace(",", "").replace(".", "").isdigit()
    near = float(digits.replace(",", "")) * scales.get(written[len(digits) :], 1.0)
    assert near == pytest.approx(value, rel=0.006, abs=0.51)
    # The largest scale that fits: 999,600 is 1M, and never 1,000k.
    assert written.endswith("tn") or len(digits.lstrip("-").replace(".", "")) <= 3


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (999.4, "999"),
        (999.6, "1k"),
        (999_400, "999k"),
        (999_500, "1M"),
        (999_999_999, "1bn"),
        (1.5e12, "1.5tn"),
        (-999_999, "\N{MINUS SIGN}1M"),
        (100_000, "100k"),
        (1e20, "100,000,000tn"),
        (float("inf"), "\N{INFINITY}"),
        (float("-inf"), "\N{MINUS SIGN}\N{INFINITY}"),
    ],
)
def test_rounding_comes_before_the_scale(value: float, written: str) -> None:
    assert short(value, Kind.MONEY) == written


@given(st.floats(allow_nan=False), numeric_kinds)
def test_no_number_has_an_exponent(value: float, kind: Kind) -> None:
    for written in (short(value, kind), show(value, kind)):
        assert "e" not in written
        assert "E" not in written


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_known_is_a_dash(kind: Kind) -> None:
    assert show(None, kind) == "\N{EN DASH}"
    assert show(float("nan"), kind) == "\N{EN DASH}"


def test_each_kind_is_written_its_own_way() -> None:
    assert show(0.0256, Kind.SHARE) == "2.6%"
    assert show(-0.0256, Kind.POINTS) == "\N{MINUS SIGN}2.6"
    assert show(0.0256, Kind.POINTS) == "+2.6"
    assert show(1234.5, Kind.PRICE, decimals=3) == "1,234.500"
    assert show(date(2026, 3, 1), Kind.MONTH) == "Mar 2026"
    assert show(date(2026, 3, 1), Kind.DAY) == "2026-03-01"
    assert short(999_999, Kind.COUNT) == "999,999"
    assert short(1_500_000, Kind.COUNT) == "1.5M"
    assert short(12.5, Kind.PRICE, unit="EUR") == "EUR\xa012.50"


def test_a_span_without_days_is_a_dash() -> None:
    assert span(None, date(2026, 1, 1)) == "\N{EN DASH}"
