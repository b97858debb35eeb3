"""Who must not be contacted now, whatever it would bring."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from telcrm.domain import Record
from telcrm.rules import Condition, field

__all__ = ["ContactPolicy"]

_ColumnName = Annotated[str, Field(min_length=1)]


class ContactPolicy(Record):
    """Customers who are left in peace. Beside it, nobody ever gets more than one offer of a plan.

    Examples
    --------
    >>> policy = ContactPolicy(opted_out="no_marketing", last_contact="contacted_on")
    >>> policy.cool_down_days
    30
    """

    opted_out: _ColumnName | None = None
    """Column of booleans, without nulls: true for customers who do not want to be contacted."""
    last_contact: _ColumnName | None = None
    """Column of dates: the last contact; null for none. A day after ``as_of`` counts as recent."""
    cool_down_days: Annotated[int, Field(ge=0)] = 30
    """Days that have to pass since the last contact: with 30, one of 1 May allows one of 31 May."""

    def refuses_contact(self) -> Condition | None:
        """Return the condition that holds for customers who opted out, if any can.

        Returns
        -------
        Condition or None

        Examples
        --------
        >>> from telcrm.rules import describe
        >>> describe(ContactPolicy(opted_out="no_marketing").refuses_contact())
        'no_marketing is true'
        """
        return None if self.opted_out is None else field(self.opted_out) == True  # noqa: E712

    def cools_down(self, as_of: date) -> Condition | None:
        """Return the condition that holds for customers whose last contact is too recent.

        Parameters
        ----------
        as_of : date
            The day of the plan.

        Returns
        -------
        Condition or None

        Examples
        --------
        >>> from telcrm.rules import describe
        >>> policy = ContactPolicy(last_contact="contacted_on")
        >>> describe(policy.cools_down(date(2024, 5, 31)))
        'contacted_on is after 2024-05-01'
        """
        if self.last_contact is None:
            return None
        return field(self.last_contact) > as_of - timedelta(days=self.cool_down_days)
