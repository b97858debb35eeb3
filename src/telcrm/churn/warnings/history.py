"""What is known of one customer, as records: what the warnings of one customer are read from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Self

from pydantic import model_validator

from telcrm.domain import (
    Complaint,
    CustomerId,
    Interaction,
    Invoice,
    Payment,
    Record,
    ServiceRequest,
    Subscription,
    UsageRecord,
)
from telcrm.mart import Customer360, OpenInvoice

__all__ = ["CustomerHistory", "age_in_days"]


class CustomerHistory(Record):
    """The records of one customer, in any order; None says that nothing of the kind is known.

    Debts are told either by ``invoices`` and ``payments``, or by ``open_invoices``.

    Examples
    --------
    >>> from telcrm.domain import Subscription
    >>> line = Subscription(
    ...     subscription_id="S-1", customer_id="C-1", payment_mode="postpaid", status="active",
    ... )
    >>> CustomerHistory(customer_id="C-1", subscriptions=(line,)).usage is None
    True
    """

    customer_id: CustomerId
    subscriptions: tuple[Subscription, ...] | None = None
    usage: tuple[UsageRecord, ...] | None = None
    """All that the lines used in the 112 days before: what is missing looks like silence."""
    complaints: tuple[Complaint, ...] | None = None
    interactions: tuple[Interaction, ...] | None = None
    service_requests: tuple[ServiceRequest, ...] | None = None
    invoices: tuple[Invoice, ...] | None = None
    payments: tuple[Payment, ...] | None = None
    open_invoices: tuple[OpenInvoice, ...] | None = None
    """As they stood at the end of the day before."""

    @model_validator(mode="after")
    def _of_one_customer(self) -> Self:
        owners = {
            *(one.customer_id for one in self.subscriptions or ()),
            *(one.customer_id for one in self.complaints or ()),
            *(one.customer_id for one in self.interactions or ()),
            *(one.customer_id for one in self.service_requests or ()),
            *(one.customer_id for one in self.invoices or ()),
            *(one.customer_id for one in self.payments or ()),
        }
        others = sorted(owners - {self.customer_id})
        if others:
            message = f"the history of {self.customer_id} holds records of {', '.join(others)}"
            raise ValueError(message)
        if self.open_invoices is not None and self.invoices is not None:
            message = "a history has invoices, or open_invoices, and not both"
            raise ValueError(message)
        return self

    @classmethod
    def of_view(
        cls,
        view: Customer360,
        *,
        usage: Iterable[UsageRecord] | None = None,
        service_requests: Iterable[ServiceRequest] | None = None,
    ) -> Self:
        """Take what a view of the customer holds, and add what it does not.

        The lists of a view end after its ``latest`` rows; what was cut off warns of nothing.

        Parameters
        ----------
        view : Customer360
        usage : iterable of UsageRecord, optional
            A view has usage by month only.
        service_requests : iterable of ServiceRequest, optional

        Returns
        -------
        CustomerHistory
        """
        return cls(
            customer_id=view.customer_id,
            subscriptions=view.subscriptions,
            usage=None if usage is None else tuple(usage),
            complaints=view.complaints,
            interactions=view.interactions,
            service_requests=None if service_requests is None else tuple(service_requests),
            open_invoices=view.open_invoices,
        )

    def has(self, table: str) -> bool:
        """Tell whether anything of a kind is known."""
        return getattr(self, table) is not None


def age_in_days(when: date, as_of: date) -> int:
    """Return the days from the day of an event, by UTC, to a day; below 1 it is not yet seen.

    Examples
    --------
    >>> age_in_days(date(2026, 2, 1), date(2026, 2, 3))
    2
    """
    day = when.date() if isinstance(when, datetime) else when
    return (as_of - day).days
