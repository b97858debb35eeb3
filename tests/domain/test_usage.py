"""A usage record measures in whole seconds and bytes, and is priced exactly or not yet."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.domain import Money, UsageRecord, UsageStatus, UsageZone


def usage(**fields: Any) -> UsageRecord:
    known = {"usage_id": "U-1", "subscription_id": "S-1", "kind": "voice"}
    return UsageRecord.model_validate({**known, "started_at": "2026-02-17T12:00:00Z", **fields})


def test_the_plainest_record_is_an_unpriced_outgoing_local_call_of_no_length() -> None:
    plain = usage()
    assert (plain.duration_s, plain.volume_bytes, plain.charge) == (0, 0, None)
    assert (plain.zone, plain.status) == (UsageZone.LOCAL, UsageStatus.RECEIVED)
    assert plain.started_at == datetime(2026, 2, 17, 12, tzinfo=UTC)


@pytest.mark.parametrize("field", ["duration_s", "volume_bytes"])
def test_nothing_lasts_less_than_no_time(field: str) -> None:
    assert getattr(usage(**{field: 2**63}), field) == 2**63
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        usage(**{field: -1})


def test_a_charge_is_not_negative() -> None:
    assert usage(charge=Money("0", "EUR")).charge == Money("0", "EUR")
    with pytest.raises(ValidationError, match="below 0"):
        usage(charge=Money("-0.01", "EUR"))


@pytest.mark.parametrize("other", ["100", "*121#", "+33612345678", "INFO-SMS", "anonymous"])
def test_the_other_party_need_be_no_valid_number(other: str) -> None:
    assert usage(other_party=other).other_party == other


def test_an_imei_is_checked_and_made_canonical() -> None:
    assert usage(imei="49-015420-323751-8").imei == "490154203237518"
    with pytest.raises(ValidationError, match="luhn"):
        usage(imei="490154203237519")
