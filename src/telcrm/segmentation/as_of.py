"""The day that a question looks back from."""

from __future__ import annotations

from datetime import date, datetime

from telcrm.errors import ParameterError

__all__ = ["require_day"]


def require_day(question: str, as_of: object) -> date:
    """Return the day, or refuse what is none.

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
