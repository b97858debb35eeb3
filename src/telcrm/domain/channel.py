"""The channels through which an operator and its customers meet."""

from enum import StrEnum

__all__ = ["Channel"]


class Channel(StrEnum):
    """Where a contact, a sale or a payment took place: one list for the whole vocabulary."""

    SHOP = "shop"
    CALL_CENTRE = "call_centre"
    WEB = "web"
    APP = "app"
    SMS = "sms"
    EMAIL = "email"
    SOCIAL = "social"
    USSD = "ussd"
    PARTNER = "partner"
    POST = "post"
