"""How long an interaction took, and through which channel it came."""

from datetime import UTC, datetime
from typing import Any

import pytest

from telcrm.domain import Channel, Interaction, tmf
from telcrm.errors import TmfError

PARTY = [{"id": "C-1", "role": "customer", "@referredType": "Customer"}]


def read(start: str | None, end: str, **fields: Any) -> tmf.Reading[Any]:
    period = {"endDateTime": end} if start is None else {"startDateTime": start, "endDateTime": end}
    return tmf.read_party_interaction(
        {"id": "X-1", "relatedParty": PARTY, "interactionDate": period, **fields}
    )


@pytest.mark.parametrize(
    ("start", "end", "seconds", "rules"),
    [
        ("2026-02-03T04:05:06Z", "2026-02-03T04:06:06Z", 60, []),
        ("2026-02-03T04:05:06Z", "2026-02-03T07:06:06+03:00", 60, []),
        ("2026-02-03T04:05:06Z", "2026-02-03T04:05:07.5Z", 1, ["time_dropped"]),
        ("2026-02-03T04:05:06Z", "2026-02-03T04:05:05Z", None, ["invalid_value"]),
        (None, "2026-02-03T04:05:05Z", None, ["inconsistent"]),
    ],
)
def test_duration(start: str | None, end: str, seconds: int | None, rules: list[str]) -> None:
    reading = read(start, end)
    assert reading.record.duration_s == seconds
    ends = [each.rule.value for each in reading.deviations if "endDateTime" in each.path]
    assert ends == rules


def test_an_interaction_beyond_the_calendar_is_not_written() -> None:
    endless = Interaction(
        interaction_id="X-1",
        customer_id="C-1",
        started_at=datetime(9999, 12, 31, tzinfo=UTC),
        channel=Channel.WEB,
        direction="inbound",
        duration_s=10**6,
    )
    with pytest.raises(TmfError, match="after the year 9999"):
        tmf.write_party_interaction(endless)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ([{"id": "1", "name": "ussd"}], Channel.USSD),
        ([{"id": "app"}], Channel.APP),
        ([{"id": "9", "name": "Moi Avenue", "@type": "store"}], Channel.SHOP),
        ({"id": "email", "name": "email"}, Channel.EMAIL),
        ([{"id": "9", "name": "smoke"}], Channel.CALL_CENTRE),
        ([], Channel.CALL_CENTRE),
        (None, Channel.CALL_CENTRE),
    ],
)
def test_channel(channel: Any, expected: Channel) -> None:
    reading = read("2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z", channel=channel)
    assert reading.record.channel is expected


def test_a_channel_that_is_not_known_is_kept() -> None:
    channel = [{"id": "9", "name": "smoke"}]
    reading = read("2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z", channel=channel)
    assert reading.unknown == {"channel": channel}
    assert ("$.channel[0].name", "unknown_value") in [
        (each.path, each.rule.value) for each in reading.deviations
    ]
