"""Usage (TMF635), read into a UsageRecord."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.tmf.amounts import MONEY
from telcrm.domain.tmf.codecs import ID, INSTANT, Enumeration, Text, Whole
from telcrm.domain.tmf.countries import COUNTRY
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At, Characteristic, FirstOf, Keyed
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Field, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_ID, UNKNOWN_INSTANT, always
from telcrm.domain.usage import UsageDirection, UsageKind, UsageRecord, UsageStatus, UsageZone

__all__ = ["USAGE", "read_usage", "write_usage"]

_KIND = Enumeration(
    UsageKind,
    aliases={
        "call": UsageKind.VOICE,
        "voice call": UsageKind.VOICE,
        "voicemail": UsageKind.VOICE,
        "telephony": UsageKind.VOICE,
        "text": UsageKind.SMS,
        "text message": UsageKind.SMS,
        "message": UsageKind.SMS,
        "internet": UsageKind.DATA,
        "mobile data": UsageKind.DATA,
        "gprs": UsageKind.DATA,
    },
)

_DIRECTION = Enumeration(
    UsageDirection,
    aliases={
        "outbound": UsageDirection.OUTGOING,
        "mo": UsageDirection.OUTGOING,
        "originating": UsageDirection.OUTGOING,
        "inbound": UsageDirection.INCOMING,
        "mt": UsageDirection.INCOMING,
        "terminating": UsageDirection.INCOMING,
    },
)

# How many seconds, or bytes, one unit of a characteristic of that name is.
_SECONDS = {"durationminutes": 60, "minutes": 60, "durationhours": 3600}
_BYTES = {"volumekb": 1000, "kilobytes": 1000, "volumemb": 1000**2, "megabytes": 1000**2}
_BYTES |= {"volumegb": 1000**3, "gigabytes": 1000**3, "volumekib": 1024, "volumemib": 1024**2}


def _characteristic(name: str, *names: str) -> Keyed:
    return Characteristic("usageCharacteristic", name, *names)


USAGE = Form(
    Resource.USAGE,
    Shape(
        UsageRecord,
        (
            Field("usage_id", At("id"), ID),
            Field(
                "subscription_id",
                At(
                    "ratedProductUsage[0].productRef.id",
                    ("ratedProductUsage[0].product.id", "product.id"),
                ),
                ID,
                always(UNKNOWN_ID),
            ),
            Field(
                "started_at",
                FirstOf(
                    (At("usageDate"), _characteristic("started_at", "start time", "start date")),
                    DeviationRule.FIELD_NAME,
                ),
                INSTANT,
                always(UNKNOWN_INSTANT),
            ),
            Field("kind", At("usageType"), _KIND, always(UsageKind.VOICE)),
            Field("direction", _characteristic("direction"), _DIRECTION),
            Field("zone", _characteristic("zone"), Enumeration(UsageZone)),
            Field(
                "duration_s",
                _characteristic(
                    "duration_s",
                    "duration",
                    "duration seconds",
                    "duration in seconds",
                    "call duration",
                    "seconds",
                    *_SECONDS,
                ),
                Whole(_SECONDS),
            ),
            Field(
                "volume_bytes",
                _characteristic("volume_bytes", "volume", "data volume", "bytes", *_BYTES),
                Whole(_BYTES),
            ),
            Field(
                "other_party",
                _characteristic("other_party", "destination number", "called number"),
                Text(),
            ),
            Field("country", _characteristic("country"), COUNTRY),
            Field("cell_id", _characteristic("cell_id", "cell"), Text()),
            Field("imei", _characteristic("imei"), ID),
            Field(
                "charge",
                At(
                    "ratedProductUsage[0].taxExcludedRatingAmount",
                    ("ratedProductUsage[0].taxExcludedAmount",),
                ),
                MONEY,
            ),
            Field(
                "status",
                At("status"),
                Enumeration(UsageStatus, aliases={"invoiced": UsageStatus.BILLED}),
            ),
        ),
        extension="usageCharacteristic",
    ),
)


def read_usage(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[UsageRecord]:
    """Read a TMF635 Usage into :class:`~telcrm.domain.UsageRecord`.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say, for instance
        ``{"subscription_id": "S-1"}``.

    Returns
    -------
    Reading of UsageRecord
        Without ``productRef`` the subscription is ``unknown``, without ``usageDate`` the usage
        began on 1970-01-01, without ``usageType`` it is voice; all three are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_usage({
    ...     "id": "U-1", "usageDate": "2026-02-10T10:00:00Z", "usageType": "voice",
    ...     "usageCharacteristic": [{"name": "duration-seconds", "value": "12"}],
    ... }, assume={"subscription_id": "S-1"})
    >>> reading.record.duration_s
    12
    >>> sorted(each.rule.value for each in reading.deviations)
    ['assumed_default', 'field_name', 'number_as_string']
    """
    return USAGE.read(payload, assume)


def write_usage(record: UsageRecord, *, unknown: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a TMF635 Usage from a :class:`~telcrm.domain.UsageRecord`.

    Parameters
    ----------
    record : UsageRecord
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.

    Raises
    ------
    TmfError
        An amount has no exact JSON number.
    """
    return USAGE.write(record, unknown)
