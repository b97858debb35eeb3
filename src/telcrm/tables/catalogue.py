"""The canonical tables by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from telcrm.errors import ParameterError
from telcrm.tables.campaign_contacts import CAMPAIGN_CONTACTS
from telcrm.tables.complaints import COMPLAINTS
from telcrm.tables.contract import Contract
from telcrm.tables.customers import CUSTOMERS
from telcrm.tables.equipment import EQUIPMENT
from telcrm.tables.interactions import INTERACTIONS
from telcrm.tables.invoices import INVOICES
from telcrm.tables.payments import PAYMENTS
from telcrm.tables.recharges import RECHARGES
from telcrm.tables.service_requests import SERVICE_REQUESTS
from telcrm.tables.subscriber_months import SUBSCRIBER_MONTHS
from telcrm.tables.subscriptions import SUBSCRIPTIONS
from telcrm.tables.surveys import SURVEYS
from telcrm.tables.usage import USAGE

__all__ = ["TABLES", "contract"]

TABLES: Mapping[str, Contract] = MappingProxyType(
    {
        agreed.name: agreed
        for agreed in (
            CUSTOMERS,
            SUBSCRIPTIONS,
            SUBSCRIBER_MONTHS,
            USAGE,
            RECHARGES,
            INVOICES,
            PAYMENTS,
            COMPLAINTS,
            INTERACTIONS,
            SERVICE_REQUESTS,
            SURVEYS,
            CAMPAIGN_CONTACTS,
            EQUIPMENT,
        )
    }
)
"""The contract of each canonical table, by its name."""


def contract(table: str | Contract) -> Contract:
    """Return the contract of a canonical table.

    Parameters
    ----------
    table : str or Contract
        For example ``"invoices"``. A contract, as of a table of your own, is returned as it is.

    Returns
    -------
    Contract

    Raises
    ------
    ParameterError
        There is no such table; the message names the nearest.

    Examples
    --------
    >>> contract("invoices").record.__name__
    'Invoice'
    """
    if isinstance(table, Contract):
        return table
    if table not in TABLES:
        near = get_close_matches(table, TABLES, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        message = f"there is no canonical table {table!r}. {hint}There are: {', '.join(TABLES)}."
        raise ParameterError(message, table=table)
    return TABLES[table]
