"""Refusals of plain numbers that a formula cannot take."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from numbers import Real

from telcrm.errors import ParameterError

__all__ = ["require_not_negative", "require_positive", "require_same_length", "require_share"]


def require_not_negative(**numbers: object) -> None:
    """Refuse what is no finite number of 0 or more.

    Raises
    ------
    ParameterError
        Names the first such argument.

    Examples
    --------
    >>> require_not_negative(lost=-1)
    Traceback (most recent call last):
        ...
    telcrm.errors.ParameterError: [TC-PARAM-001] lost is -1, and has to be a number of 0 or more.
    """
    for name, number in numbers.items():
        if not _is_finite(number) or number < 0:  # type: ignore[operator]
            _refuse(name, number, "a number of 0 or more")


def require_positive(**numbers: object) -> None:
    """Refuse what is no finite number above 0.

    Raises
    ------
    ParameterError
        Names the first such argument.

    Examples
    --------
    >>> require_positive(opening=100)
    """
    for name, number in numbers.items():
        if not _is_finite(number) or number <= 0:  # type: ignore[operator]
            _refuse(name, number, "a number above 0")


def require_share(**numbers: object) -> None:
    """Refuse what is no number from 0 to 1.

    Raises
    ------
    ParameterError
        Names the first such argument.

    Examples
    --------
    >>> require_share(rate=0.03)
    """
    for name, number in numbers.items():
        if not _is_finite(number) or not 0 <= number <= 1:  # type: ignore[operator]
            _refuse(name, number, "a share from 0 to 1")


def require_same_length(**sequences: Sequence[object]) -> None:
    """Refuse sequences that are empty or of unequal length.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> require_same_length(lost=[1, 2], opening=[10, 9])
    """
    lengths = {name: len(values) for name, values in sequences.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        held = ", ".join(f"{name} {count}" for name, count in lengths.items())
        raise ParameterError(
            f"numbers given: {held}. Give one of each per month, and one month at least.",
            lengths=lengths,
        )


def _is_finite(number: object) -> bool:
    return type(number) is not bool and isinstance(number, Real) and isfinite(number)


def _refuse(name: str, number: object, wanted: str) -> None:
    raise ParameterError(
        f"{name} is {number!r:.40}, and has to be {wanted}.", parameter=name, value=number
    )
