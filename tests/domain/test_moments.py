"""Instants are aware and in UTC, a period is a month's first day, a span includes its ends."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from telcrm.domain import Instant, Period, ValidFor, month_start
from telcrm.domain.moments import first_of_month, month_number
from telcrm.testing import records

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
PERIOD: TypeAdapter[date] = TypeAdapter(Period)

offsets = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
aware = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=offsets)


@given(aware)
def test_an_instant_is_the_same_moment_in_utc(moment: datetime) -> None:
    instant = INSTANT.validate_python(moment)
    assert instant == moment
    assert instant.tzinfo is UTC


@given(aware)
def test_an_instant_is_read_from_iso_8601(moment: datetime) -> None:
    text = moment.isoformat()
    assert INSTANT.validate_python(text) == INSTANT.validate_strings(text) == moment
    assert INSTANT.validate_json(INSTANT.dump_json(moment)) == moment


@given(st.datetimes())
def test_a_naive_datetime_is_refused(moment: datetime) -> None:
    for value in (moment, moment.isoformat()):
        with pytest.raises(ValidationError, match="timezone"):
            INSTANT.validate_python(value)


@pytest.mark.parametrize(
    "value",
    [0, 1_700_000_000, 1.5, True, "1700000000", "20260217093000", "", None, date(2026, 2, 17), []],
)
def test_what_is_no_point_in_time_is_refused(value: object) -> None:
    """Read as milliseconds since 1970, the time stamp of a call record would lie in 2612."""
    with pytest.raises(ValidationError, match="no instant: write one like 2026-02-17T09:30:00"):
        INSTANT.validate_python(value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:30:00-01:00"])
def test_an_instant_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="outside the years 1 to 9999"):
        INSTANT.validate_python(text)


def test_a_pandas_timestamp_becomes_a_plain_instant() -> None:
    instant = INSTANT.validate_python(pd.Timestamp("2026-01-01T01:00:00.123456789+01:00"))
    assert type(instant) is datetime
    assert instant == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert INSTANT.validate_json(INSTANT.dump_json(instant)) == instant


def test_a_missing_pandas_timestamp_is_refused() -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(pd.NaT)


@given(st.dates())
def test_a_period_is_the_first_day_of_a_month(day: date) -> None:
    start = month_start(day)
    assert (start.year, start.month, start.day) == (day.year, day.month, 1)
    assert PERIOD.validate_python(start) == PERIOD.validate_python(start.isoformat()) == start
    if day != start:
        with pytest.raises(ValidationError, match=f"{day} is not, {start} is"):
            PERIOD.validate_python(day)


def test_month_start_of_an_instant_is_a_plain_date() -> None:
    assert type(month_start(datetime(2026, 2, 17, 9, 30))) is date


@settings(max_examples=50)
@given(records(ValidFor), st.dates())
def test_a_span_covers_its_ends_and_what_lies_between(span: ValidFor, day: date) -> None:
    after_start = span.start is None or day >= span.start
    before_end = span.end is None or day <= span.end
    assert span.covers(day) == (after_start and before_end)
    for end in (span.start, span.end):
        assert end is None or span.covers(end)


@given(st.dates(), st.dates())
def test_a_span_does_not_end_before_it_starts(one: date, other: date) -> None:
    first, last = sorted((one, other))
    assert ValidFor(start=first, end=last).covers(first)
    if first < last:
        with pytest.raises(ValidationError, match=f"ends on {first}, before it starts on {last}"):
            ValidFor(start=last, end=first)


def test_an_open_span_covers_every_day() -> None:
    always = ValidFor()
    assert always.covers(date.min)
    assert always.covers(date.max)


@pytest.mark.parametrize("value", ["2026-02-30", "17.02.2026", datetime(2026, 2, 17, 1), 1.5, True])
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        ValidFor(start=value)


@given(st.dates())
def test_the_number_of_a_month_leads_back_to_its_first_day(day: date) -> None:
    assert first_of_month(month_number(day)) == month_start(day)
    last = month_start(day) - timedelta(days=1) if day >= date(1, 2, 1) else None
    if last is not None:
        assert month_number(day) - month_number(last) == 1
