"""Table ``usage``: one row per call, message or data session."""

from telcrm.domain import UsageRecord
from telcrm.tables.contract import derive_contract

__all__ = ["USAGE"]

USAGE = derive_contract(
    UsageRecord,
    name="usage",
    key=("usage_id",),
    required=(
        "subscription_id",
        "started_at",
        "kind",
        "direction",
        "zone",
        "duration_s",
        "volume_bytes",
    ),
    optional=("other_party", "country", "cell_id", "imei", "charge"),
)
