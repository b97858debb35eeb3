"""Strategies for the numbers of lines, cards and devices, in canonical form."""

from __future__ import annotations

from hypothesis import strategies as st

from telcrm.domain.identifiers import luhn_check_digit

__all__ = ["iccids", "imeis", "imsis", "msisdns"]


def _digits(shortest: int, longest: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=shortest, max_size=longest)


def _with_check_digit(digits: str) -> str:
    return digits + luhn_check_digit(digits)


def msisdns() -> st.SearchStrategy[str]:
    """Return a strategy for telephone numbers in E.164 form, ``+`` and 7 to 15 digits.

    National numbering plans are not followed: a number need not be in use anywhere.

    Examples
    --------
    >>> from hypothesis import given
    >>> from telcrm.domain import parse_msisdn
    >>> @given(msisdns())
    ... def test_is_canonical(number):
    ...     assert parse_msisdn(number) == number
    >>> test_is_canonical()
    """
    return st.builds("+{}{}".format, st.sampled_from("123456789"), _digits(6, 14))


def imsis() -> st.SearchStrategy[str]:
    """Return a strategy for IMSIs of 14 or 15 digits, test and private networks included.

    Examples
    --------
    >>> from hypothesis import given
    >>> from telcrm.domain import split_imsi
    >>> @given(imsis())
    ... def test_parts_make_the_whole(imsi):
    ...     assert "".join(split_imsi(imsi)) == imsi
    >>> test_parts_make_the_whole()
    """
    geographic = st.integers(200, 799).map(str)
    return st.builds(
        "{}{}".format, geographic | st.sampled_from(["001", "901", "999"]), _digits(11, 12)
    )


def imeis() -> st.SearchStrategy[str]:
    """Return a strategy for IMEIs: 14 digits and their check digit.

    Examples
    --------
    >>> from hypothesis import given
    >>> from telcrm.domain import parse_imei
    >>> @given(imeis())
    ... def test_is_canonical(imei):
    ...     assert parse_imei(imei) == imei
    >>> test_is_canonical()
    """
    return _digits(14, 14).map(_with_check_digit)


def iccids() -> st.SearchStrategy[str]:
    """Return a strategy for ICCIDs of 19 or 20 digits with their check digit.

    Examples
    --------
    >>> from hypothesis import given
    >>> from telcrm.domain import parse_iccid
    >>> @given(iccids())
    ... def test_is_canonical(iccid):
    ...     assert parse_iccid(iccid) == iccid
    >>> test_is_canonical()
    """
    return _digits(16, 17).map(lambda digits: _with_check_digit("89" + digits))
