"""The table of service requests: port-outs, terminations, plan changes that customers ordered."""

from __future__ import annotations

from typing import Final

import narwhals.stable.v2 as nw

from telcrm.domain import ServiceRequest, ServiceRequestStatus
from telcrm.tables.contract import Contract, RowRule, derive_contract

__all__ = ["FINAL_STATUSES", "SERVICE_REQUESTS"]

FINAL_STATUSES: Final = (
    ServiceRequestStatus.REJECTED,
    ServiceRequestStatus.CANCELLED,
    ServiceRequestStatus.COMPLETED,
    ServiceRequestStatus.FAILED,
)
"""Those after which nothing is left to be done."""

SERVICE_REQUESTS: Final[Contract] = derive_contract(
    ServiceRequest,
    name="service_requests",
    key=("service_request_id",),
    required=("customer_id", "kind", "requested_at"),
    optional=("subscription_id", "status", "completed_at", "channel"),
    row_rules=(
        RowRule(
            name="completed_before_request",
            words="was completed before it was made",
            columns=("requested_at", "completed_at"),
            failing=lambda: nw.col("completed_at") < nw.col("requested_at"),
            validator="_completed_after_request",
        ),
    ),
)
"""One row per :class:`~telcrm.domain.ServiceRequest`."""
