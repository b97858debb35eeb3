"""Table ``service_requests``: one row per request, such as a plan change or a port-out."""

import narwhals.stable.v2 as nw

from telcrm.domain import ServiceRequest
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["SERVICE_REQUESTS"]

SERVICE_REQUESTS = derive_contract(
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
