"""Single values: dates, numbers, truth values, texts and words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from telcrm.domain import UsageKind, tmf
from telcrm.domain.tmf.countries import country_code

ADA = {"id": "P-1", "fullName": "Ada"}


def read_person(**fields: Any) -> tmf.Reading[Any]:
    return tmf.read_individual({**ADA, **fields})


def met(reading: tmf.Reading[Any]) -> list[str]:
    return [each.rule.value for each in reading.deviations]


@pytest.mark.parametrize(
    ("said", "day", "rules"),
    [
        ("1988-07-14T00:00:00Z", date(1988, 7, 14), []),
        ("1988-07-14T00:00:00.000Z", date(1988, 7, 14), []),
        ("1988-07-14T23:59:59Z", date(1988, 7, 14), []),
        ("1988-07-14T00:00:00+03:00", date(1988, 7, 14), []),
        ("1988-07-14T10:00:00Z", date(1988, 7, 14), ["time_dropped"]),
        ("1988-07-14", date(1988, 7, 14), ["date_format"]),
        ("1988-07-14T00:00Z", date(1988, 7, 14), ["date_format"]),
        ("1988-07-14T00:00:00", date(1988, 7, 14), ["naive_instant"]),
        ("14/07/1988", None, ["date_format"]),
        ("1988-02-30T00:00:00Z", None, ["date_format"]),
        (19880714, None, ["date_format"]),
    ],
)
def test_days(said: Any, day: date | None, rules: list[str]) -> None:
    if said == 19880714:
        day, rules = date(1988, 7, 14), ["wrong_type", "naive_instant"]
    reading = read_person(birthDate=said)
    assert reading.record.birth_date == day
    assert met(reading) == rules
    assert reading.unknown == ({} if day else {"birthDate": said})


@pytest.mark.parametrize(
    ("said", "moment", "rules"),
    [
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), []),
        ("2026-02-03T04:05:06.5+03:00", datetime(2026, 2, 3, 1, 5, 6, 500000, tzinfo=UTC), []),
        ("2026-02-03", datetime(2026, 2, 3, tzinfo=UTC), ["date_format"]),
        ("2026-02-03T04:05:06+0300", datetime(2026, 2, 3, 1, 5, 6, tzinfo=UTC), ["date_format"]),
        ("2026-02-03T04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), ["naive_instant"]),
        ("0001-01-01T00:00:00+14:00", tmf.UNKNOWN_INSTANT, ["date_format"]),
        ("soon", tmf.UNKNOWN_INSTANT, ["date_format"]),
    ],
)
def test_instants(said: str, moment: datetime, rules: list[str]) -> None:
    usage = {"id": "U-1", "usageDate": said, "usageType": "voice"}
    reading = tmf.read_usage(usage, assume={"subscription_id": "S-1"})
    assert reading.record.started_at == moment
    assert [rule for rule in met(reading) if rule != "assumed_default"] == rules


@pytest.mark.parametrize(
    ("name", "said", "seconds", "rules"),
    [
        ("duration_s", 12, 12, []),
        ("duration_s", 12.0, 12, []),
        ("durationSeconds", 12, 12, ["field_name"]),
        ("minutes", 2, 120, ["field_name"]),
        ("minutes", 0.5, 30, ["field_name"]),
        ("duration_s", "12", 12, ["number_as_string"]),
        ("duration_s", 1.5, 0, ["wrong_type"]),
        ("duration_s", -1, 0, ["invalid_value"]),
        ("duration_s", "long", 0, ["wrong_type"]),
        ("duration_s", True, 0, ["wrong_type"]),
        ("duration_s", None, 0, ["empty"]),
        ("duration_s", float("inf"), 0, ["wrong_type"]),
    ],
)
def test_whole_numbers(name: str, said: Any, seconds: int, rules: list[str]) -> None:
    usage = {
        "id": "U-1",
        "usageDate": "2026-02-03T04:05:06Z",
        "usageType": "voice",
        "ratedProductUsage": [{"productRef": {"id": "S-1"}}],
        "usageCharacteristic": [{"name": name, "value": said}],
    }
    reading = tmf.read_usage(usage)
    assert reading.record.duration_s == seconds
    assert met(reading) == rules


@pytest.mark.parametrize(
    ("said", "legal", "rules"),
    [
        (False, False, []),
        ("False", False, ["wrong_type"]),
        ("no idea", True, ["wrong_type"]),
        (None, True, ["empty"]),
    ],
)
def test_truth_values(said: Any, legal: bool, rules: list[str]) -> None:
    reading = tmf.read_organization({"id": "P-1", "name": "Acme", "isLegalEntity": said})
    assert reading.record.is_legal_entity == legal
    assert met(reading) == rules


@pytest.mark.parametrize(
    ("said", "kind", "rules"),
    [
        ("data", UsageKind.DATA, []),
        ("DATA", UsageKind.DATA, ["case"]),
        (" data", UsageKind.DATA, ["trailing_blank"]),
        ("Mobile Data", UsageKind.DATA, ["alias"]),
        ("smoke signal", UsageKind.VOICE, ["unknown_value"]),
        (None, UsageKind.VOICE, ["empty"]),
        (["data"], UsageKind.VOICE, ["wrong_type"]),
    ],
)
def test_words(said: Any, kind: UsageKind, rules: list[str]) -> None:
    usage = {
        "id": "U-1",
        "usageDate": "2026-02-03T04:05:06Z",
        "usageType": said,
        "ratedProductUsage": [{"productRef": {"id": "S-1"}}],
    }
    reading = tmf.read_usage(usage)
    assert reading.record.kind is kind
    assert met(reading) == rules


def test_long_text_is_cut_and_kept_whole() -> None:
    whole = "x" * 255 + " y"
    reading = read_person(title=whole)
    assert reading.record.title == "x" * 255
    assert met(reading) == ["too_long"]
    assert reading.unknown == {"title": whole}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Côte d\u2019Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("gbr", "GB"),
        ("ZZ", "ZZ"),
        ("Oz land", None),
    ],
)
def test_countries(said: str, code: str | None) -> None:
    assert country_code(said) == code
    assert read_person(nationality=said).record.nationality == code


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("true", True),
        ("True ", True),
        ("1", True),
        (1, True),
        ("FALSE", False),
        ("0", False),
        (0, False),
    ],
)
def test_truth_values_of_another_type_are_told(said: Any, flag: bool) -> None:
    entry = {"name": "key_account", "value": said}
    reading = tmf.read_customer({"id": "C-1", "characteristic": [entry]})
    assert reading.record.key_account is flag
    told = [each.message for each in reading.deviations if each.rule.value == "wrong_type"]
    kind = "text" if isinstance(said, str) else "a number"
    assert told == [f"the truth value is written as {kind}"]
    written = tmf.read_customer(tmf.write_customer(reading.record, unknown=reading.unknown))
    assert written.record.key_account is flag


@pytest.mark.parametrize("said", ["yes", -1, "-1", 2, 1.5, [True], {}])
def test_what_is_no_truth_value_stays_unknown(said: Any) -> None:
    entry = {"name": "key_account", "value": said}
    reading = tmf.read_customer({"id": "C-1", "characteristic": [entry]})
    assert reading.record.key_account is False
    assert "true or false should stand here" in " ".join(map(str, reading.deviations))
    assert reading.unknown
