"""Table ``campaign_contacts``: one row per customer's part in a campaign."""

from telcrm.domain import CampaignContact
from telcrm.tables.contract import derive_contract

__all__ = ["CAMPAIGN_CONTACTS"]

CAMPAIGN_CONTACTS = derive_contract(
    CampaignContact,
    name="campaign_contacts",
    key=("contact_id",),
    required=("campaign_id", "customer_id", "contacted_at", "channel", "arm", "responded"),
    optional=("value",),
)
