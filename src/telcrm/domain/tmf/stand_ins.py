"""What stands in a record for what no payload told: recognisable, never a guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

__all__ = ["UNKNOWN_DAY", "UNKNOWN_ID", "UNKNOWN_INSTANT", "always", "same_as"]

UNKNOWN_ID: Final = "unknown"
"""The identifier of something that the payload does not name."""

UNKNOWN_DAY: Final = date(1970, 1, 1)
"""The day of something that the payload does not date."""

UNKNOWN_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant of something that the payload does not date."""


def always(value: Any) -> Callable[[dict[str, Any]], Any]:
    """Return a default that is the same for every payload.

    Parameters
    ----------
    value : Any

    Returns
    -------
    callable

    Examples
    --------
    >>> always("unknown")({})
    'unknown'
    """
    return lambda _: value


def same_as(name: str) -> Callable[[dict[str, Any]], Any]:
    """Return a default that copies a field read before.

    Parameters
    ----------
    name : str

    Returns
    -------
    callable

    Examples
    --------
    >>> same_as("issued_on")({"issued_on": 3})
    3
    """
    return lambda values: values.get(name)
