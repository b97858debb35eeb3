"""Table ``interactions``: one row per contact, whatever the channel."""

from telcrm.domain import Interaction
from telcrm.tables.contract import derive_contract

__all__ = ["INTERACTIONS"]

INTERACTIONS = derive_contract(
    Interaction,
    name="interactions",
    key=("interaction_id",),
    required=("customer_id", "started_at", "channel", "direction"),
    optional=("reason", "duration_s", "wait_s", "outcome"),
)
