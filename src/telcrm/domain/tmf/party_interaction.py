"""PartyInteraction (TMF683), read into an Interaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from telcrm.domain.care import Interaction, InteractionDirection
from telcrm.domain.channel import Channel
from telcrm.domain.tmf.channels import REFERENCE, channel_at
from telcrm.domain.tmf.codecs import ID, INSTANT, TEXT, Enumeration, Text
from telcrm.domain.tmf.cursor import Slot, Unusable
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At, Keyed, related_customer
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Field, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_ID, UNKNOWN_INSTANT, always
from telcrm.errors import TmfError

__all__ = ["PARTY_INTERACTION", "read_party_interaction", "write_party_interaction"]

_DIRECTION = Enumeration(
    InteractionDirection,
    aliases={
        "inbounds": InteractionDirection.INBOUND,
        "incoming": InteractionDirection.INBOUND,
        "outbounds": InteractionDirection.OUTBOUND,
        "outgoing": InteractionDirection.OUTBOUND,
    },
)


class _End:
    """The standard says when an interaction ended, the record how long it took."""

    def read(self, slot: Slot) -> int:
        """Return the whole seconds from start to end."""
        end = INSTANT.read(slot)
        start = slot.cursor.slot("startDateTime")
        if start is None:
            raise Unusable(DeviationRule.INCONSISTENT, "it ends without having begun")
        seconds = (end - INSTANT.read(start)).total_seconds()
        if seconds != int(seconds):
            why = f"the record keeps whole seconds of {seconds} only"
            slot.note(DeviationRule.TIME_DROPPED, int(seconds), why)
        return int(seconds)

    def write(self, value: datetime) -> str:
        """Return the end."""
        return INSTANT.write(value)


def _end(interaction: Interaction) -> datetime | None:
    if interaction.duration_s is None:
        return None
    try:
        return interaction.started_at + timedelta(seconds=interaction.duration_s)
    except OverflowError:
        message = (
            f"interaction {interaction.interaction_id} would end after the year 9999: "
            f"its duration_s is {interaction.duration_s}."
        )
        raise TmfError(message, id=interaction.interaction_id) from None


PARTY_INTERACTION = Form(
    Resource.PARTY_INTERACTION,
    Shape(
        Interaction,
        (
            Field("interaction_id", At("id"), ID),
            Field("customer_id", related_customer(), ID, always(UNKNOWN_ID)),
            Field(
                "started_at",
                At("interactionDate.startDateTime", ("creationDate",)),
                INSTANT,
                always(UNKNOWN_INSTANT),
            ),
            Field(
                "channel",
                channel_at("channel[0]", role="interaction"),
                REFERENCE,
                always(Channel.CALL_CENTRE),
            ),
            Field("direction", At("direction"), _DIRECTION, always(InteractionDirection.INBOUND)),
            Field("reason", At("reason", ("description",)), TEXT),
            Field("duration_s", At("interactionDate.endDateTime"), _End(), derive=_end),
            Field(
                "agent",
                Keyed(
                    "relatedParty",
                    "role",
                    "agent",
                    "id",
                    ("clerk", "operator", "representative", "employee"),
                    {"@referredType": "Individual"},
                    DeviationRule.ALIAS,
                ),
                TEXT,
            ),
            Field("note", At("note[0].text"), Text(10_000)),
        ),
        extension="characteristic",
        beside={"status": "completed"},
    ),
)


def read_party_interaction(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Interaction]:
    """Read a TMF683 PartyInteraction into :class:`~telcrm.domain.Interaction`.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say.

    Returns
    -------
    Reading of Interaction
        Without ``interactionDate`` it began on 1970-01-01, without ``direction`` it is inbound,
        without a channel that we know it is the call centre; all are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_party_interaction({
    ...     "id": "X-1", "direction": "inbound", "channel": [{"id": "1", "name": "call centre"}],
    ...     "interactionDate": {"startDateTime": "2026-02-10T10:00:00Z",
    ...                         "endDateTime": "2026-02-10T10:05:00Z"},
    ...     "relatedParty": [{"id": "C-1", "role": "customer", "@referredType": "Customer"}],
    ... })
    >>> reading.record.duration_s
    300
    """
    return PARTY_INTERACTION.read(payload, assume)


def write_party_interaction(
    record: Interaction, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF683 PartyInteraction from a :class:`~telcrm.domain.Interaction`.

    Parameters
    ----------
    record : Interaction
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.

    Raises
    ------
    TmfError
        The interaction would end after the year 9999.
    """
    return PARTY_INTERACTION.write(record, unknown)
