"""What customers asked for: open service requests, and contacts with a telling reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.day_numbers import day_number
from telcrm.churn.warnings.history import CustomerHistory, age_in_days
from telcrm.churn.warnings.seen_tables import AGE, SeenTables
from telcrm.domain import (
    InteractionDirection,
    ServiceRequest,
    ServiceRequestKind,
    ServiceRequestStatus,
)
from telcrm.mart.lines import LATEST
from telcrm.tables.typed_columns import flag

__all__ = ["asked_in_tables", "asked_of_customer", "requests_in_tables", "requests_of_customer"]

_COLUMNS = ("customer_id", "subscription_id", "evidence_id", AGE, "ordered", "about")
# After these nothing is left to be done.
_FINAL: Final = (
    ServiceRequestStatus.REJECTED,
    ServiceRequestStatus.CANCELLED,
    ServiceRequestStatus.COMPLETED,
    ServiceRequestStatus.FAILED,
)


def requests_in_tables(
    tables: SeenTables, kinds: Collection[ServiceRequestKind], window_days: int
) -> nw.LazyFrame[Any]:
    """Return the service requests of some kinds that were made in a window and still open.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``customer_id``, ``subscription_id``, ``evidence_id``, ``age_days``, ``ordered`` (1),
        ``about`` (the kind).

    Notes
    -----
    A request is open until the day of ``completed_at``; one that has no such day, and a final
    status, counts as closed, since when is not known. A completed port-out or termination is the
    outcome that warnings are to come before, and so is never one.
    """
    done = day_number("completed_at", missing=LATEST)
    final = nw.col("status").is_in([status.value for status in _FINAL])
    undated = nw.col("completed_at").is_null() & final
    closed = flag((done < tables.today) | undated)
    wanted = nw.col("kind").is_in([kind.value for kind in kinds])
    rows = tables.rows("service_requests").filter(wanted & (nw.col(AGE) <= window_days))
    return (
        rows.with_columns(_closed=closed)
        .filter(nw.col("_closed") == 0)
        .select(
            "customer_id",
            "subscription_id",
            AGE,
            evidence_id=nw.col("service_request_id"),
            ordered=nw.lit(1),
            about=nw.col("kind"),
        )
        .select(*_COLUMNS)
    )


def requests_of_customer(
    history: CustomerHistory,
    as_of: date,
    kinds: Collection[ServiceRequestKind],
    window_days: int,
) -> list[dict[str, Any]]:
    """Return of one customer what :func:`requests_in_tables` does."""
    return [
        {
            "subscription_id": one.subscription_id,
            "evidence_id": one.service_request_id,
            AGE: age_in_days(one.requested_at, as_of),
            "ordered": 1,
            "about": one.kind.value,
        }
        for one in history.service_requests or ()
        if one.kind in kinds
        and 1 <= age_in_days(one.requested_at, as_of) <= window_days
        and not _closed(one, as_of)
    ]


def _closed(request: ServiceRequest, as_of: date) -> bool:
    if request.completed_at is None:
        return request.status in _FINAL
    return age_in_days(request.completed_at, as_of) >= 1


def asked_in_tables(
    tables: SeenTables,
    kinds: Collection[ServiceRequestKind],
    reasons: Collection[str],
    window_days: int,
) -> nw.LazyFrame[Any]:
    """Return open requests, and contacts that the customer began for one of some reasons.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        As :func:`requests_in_tables`; ``ordered`` is 0 and ``about`` the reason for a contact,
        which is of the customer.
    """
    parts = []
    if tables.has("service_requests"):
        parts.append(requests_in_tables(tables, kinds, window_days))
    if tables.has("interactions"):
        reason = nw.col("reason").str.to_lowercase()
        told = reason.is_in([word.lower() for word in reasons])
        inbound = nw.col("direction") == InteractionDirection.INBOUND.value
        contacts = tables.rows("interactions").filter(told & inbound & (nw.col(AGE) <= window_days))
        parts.append(
            contacts.select(
                "customer_id",
                AGE,
                subscription_id=tables.no_text("interactions"),
                evidence_id=nw.col("interaction_id"),
                ordered=nw.lit(0),
                about=reason,
            ).select(*_COLUMNS)
        )
    return nw.concat(parts)


def asked_of_customer(
    history: CustomerHistory,
    as_of: date,
    kinds: Collection[ServiceRequestKind],
    reasons: Collection[str],
    window_days: int,
) -> list[dict[str, Any]]:
    """Return of one customer what :func:`asked_in_tables` does."""
    told = [word.lower() for word in reasons]
    contacts = [
        {
            "subscription_id": None,
            "evidence_id": one.interaction_id,
            AGE: age_in_days(one.started_at, as_of),
            "ordered": 0,
            "about": one.reason.lower(),
        }
        for one in history.interactions or ()
        if one.reason is not None
        and one.reason.lower() in told
        and one.direction is InteractionDirection.INBOUND
        and 1 <= age_in_days(one.started_at, as_of) <= window_days
    ]
    return [*requests_of_customer(history, as_of, kinds, window_days), *contacts]
