"""Refusals of plain arguments: days, counts, shares and other numbers that formulas cannot take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from math import isfinite
from numbers import Real
from typing import Any, NoReturn

from telcrm.domain.exact import whole_number
from telcrm.errors import ParameterError

__all__ = [
    "require_day",
    "require_not_negative",
    "require_positive",
    "require_proper_share",
    "require_same_length",
    "require_share",
    "whole_between",
]


def require_day(question: str, as_of: object) -> date:
    """Return the day that a question looks back from, or refuse what is none.

    Parameters
    ----------
    question : str
        Name of the function, for the message.
    as_of : object

    Returns
    -------
    date

    Raises
    ------
    ParameterError
        It is no date, or a datetime, whose day depends on the zone.

    Examples
    --------
    >>> require_day("lifecycle_facts", date(2024, 5, 31))
    datetime.date(2024, 5, 31)
    """
    if not isinstance(as_of, date):
        raise ParameterError(
            f"{question}: as_of is {as_of!r:.60}, and has to be a date, for example "
            "date(2024, 5, 31).",
            as_of=as_of,
        )
    if isinstance(as_of, datetime):
        raise ParameterError(
            f"{question}: as_of is the datetime {as_of}, and has to be a date. Pass the day in the "
            "zone of your table, for example as_of.date().",
            as_of=as_of,
        )
    return as_of


def whole_between(name: str, value: object, least: int, most: int | None = None) -> int:
    """Return a whole number from ``least`` to ``most``, or refuse it.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : object
    least : int
    most : int, optional

    Returns
    -------
    int

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> whole_between("n_clusters", 3, 1)
    3
    """
    number = whole_number(value)
    if number is None or number < least or (most is not None and number > most):
        upto = "" if most is None else f" to {most}"
        _refuse(name, value, f"a whole number from {least}{upto}")
    return number


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
    _require(numbers, lambda number: number >= 0, "a number of 0 or more")


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
    _require(numbers, lambda number: number > 0, "a number above 0")


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
    _require(numbers, lambda number: 0 <= number <= 1, "a share from 0 to 1")


def require_proper_share(**numbers: object) -> None:
    """Refuse what is no number between 0 and 1, such as a level of confidence.

    Raises
    ------
    ParameterError
        Names the first such argument.

    Examples
    --------
    >>> require_proper_share(confidence=0.95)
    """
    _require(numbers, lambda number: 0 < number < 1, "a share between 0 and 1, for example 0.9")


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


def _require(numbers: Mapping[str, object], fits: Callable[[Any], bool], wanted: str) -> None:
    for name, number in numbers.items():
        is_number = type(number) is not bool and isinstance(number, Real) and isfinite(number)
        if not is_number or not fits(number):
            _refuse(name, number, wanted)


def _refuse(name: str, number: object, wanted: str) -> NoReturn:
    raise ParameterError(
        f"{name} is {number!r:.40}, and has to be {wanted}.", parameter=name, value=number
    )
