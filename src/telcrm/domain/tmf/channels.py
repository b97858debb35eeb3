"""Channels, which TM Forum names freely."""

from __future__ import annotations

from telcrm.domain.channel import Channel
from telcrm.domain.tmf.codecs import Enumeration
from telcrm.domain.tmf.cursor import Slot, Unusable
from telcrm.domain.tmf.places import At, FirstOf
from telcrm.domain.tmf.reading import DeviationRule

__all__ = ["CHANNEL", "REFERENCE", "channel_at"]

CHANNEL = Enumeration(
    Channel,
    aliases={
        "store": Channel.SHOP,
        "retail": Channel.SHOP,
        "retail store": Channel.SHOP,
        "storeVisit": Channel.SHOP,
        "kiosk": Channel.SHOP,
        "call center": Channel.CALL_CENTRE,
        "contact centre": Channel.CALL_CENTRE,
        "contact center": Channel.CALL_CENTRE,
        "phone": Channel.CALL_CENTRE,
        "telephone": Channel.CALL_CENTRE,
        "ivr": Channel.CALL_CENTRE,
        "website": Channel.WEB,
        "web portal": Channel.WEB,
        "portal": Channel.WEB,
        "online": Channel.WEB,
        "self service": Channel.WEB,
        "self care": Channel.WEB,
        "mobile app": Channel.APP,
        "mobile": Channel.APP,
        "text message": Channel.SMS,
        "mail": Channel.POST,
        "letter": Channel.POST,
        "social media": Channel.SOCIAL,
        "chat": Channel.WEB,
        "dealer": Channel.PARTNER,
        "reseller": Channel.PARTNER,
    },
)


class _Reference:
    """A channel in a reference: its name tells, else its identifier, else its type."""

    def read(self, slot: Slot) -> Channel:
        """Return the channel."""
        met = slot.report.deviations
        for name in ("name", "id", "@type"):
            found = slot.cursor.slot(name)
            before = len(met)
            try:
                if found is None:
                    continue
                channel = CHANNEL.read(found)
                if found.key == slot.key:
                    slot.take()
                return channel
            except Unusable:
                del met[before:]
        why = f"{slot.value!r} is no channel that we know"
        raise Unusable(DeviationRule.UNKNOWN_VALUE, why)

    def write(self, value: Channel) -> str:
        """Return the name."""
        return value.value


REFERENCE = _Reference()


def channel_at(path: str, **beside: str) -> FirstOf:
    """Return the place of a reference to a channel.

    Parameters
    ----------
    path : str
        ``channel``, or ``channel[0]`` where the standard has a list.
    **beside : str
        What the standard wants in the reference beside name and identifier.

    Returns
    -------
    FirstOf
    """
    company = {"id": None, **beside}
    return FirstOf((At(f"{path}.name", beside=company), At(f"{path}.id", beside=beside)))
