"""An argument that names one of a few choices."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from telcrm.errors import ParameterError

__all__ = ["choose"]

E = TypeVar("E", bound=StrEnum)


def choose(kind: type[E], value: object, parameter: str) -> E:
    """Return the member that an argument names.

    Parameters
    ----------
    kind : type of StrEnum
    value : object
        A member, or its text.
    parameter : str
        Name of the argument, for the message.

    Returns
    -------
    StrEnum

    Raises
    ------
    ParameterError
        It names none; the message lists them.

    Examples
    --------
    >>> from telcrm.domain import CustomerStatus
    >>> choose(CustomerStatus, "closed", "status")
    <CustomerStatus.CLOSED: 'closed'>
    """
    for member in kind:
        if value == member:
            return member
    raise ParameterError(
        f"{parameter}={value!r:.60} is no {kind.__name__}. Choose from: {', '.join(kind)}.",
        parameter=parameter,
        value=value,
    )
