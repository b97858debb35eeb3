"""Instants in whole seconds: every engine, every zone, nulls and days before 1970."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import ParameterError
from telcrm.kpi.instants import epoch_second, read_objects, with_epoch_seconds
from telcrm.tables.door import open_frame

MOMENTS = [
    datetime(2024, 7, 1, 12, 0, 1, 500_000, tzinfo=UTC),
    datetime(1965, 7, 1, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, tzinfo=UTC),
    None,
]
SECONDS = [1_719_835_201, -142_041_601, 1_709_164_800, None]


def seconds(backend: Any, frame: Any) -> list[Any]:
    rows = with_epoch_seconds(open_frame(frame, table="t"), {"found": "at"}).select("found")
    return [row["found"] for row in backend.rows(rows.to_native())]


def test_every_engine_reads_the_same_seconds(backend: Any) -> None:
    naive = [moment and moment.replace(tzinfo=None) for moment in MOMENTS]
    for moments in (MOMENTS, naive):
        assert seconds(backend, backend.frame({"at": moments})) == SECONDS


def test_a_day_is_its_first_second(backend: Any) -> None:
    days = [date(1970, 1, 2), date(1969, 12, 31), None]
    assert seconds(backend, backend.frame({"at": days})) == [86_400, -86_400, None]


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()))
def test_a_moment_is_the_same_second_in_every_zone(moment: datetime) -> None:
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert epoch_second(moment, parameter="as_of") == expected
    in_utc = moment.astimezone(UTC)
    frame = pl.DataFrame({"at": [in_utc]}).with_columns(
        pl.col("at").dt.convert_time_zone("America/New_York")
    )
    rows = with_epoch_seconds(open_frame(frame, table="t"), {"found": "at"}).collect()
    assert rows["found"].to_list() == [expected]


@pytest.mark.parametrize("wrong", [datetime(2024, 1, 1), date(2024, 1, 1), "2024-01-01", None])
def test_what_is_no_instant_is_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError, match=r"as_of is .* has to be an instant"):
        epoch_second(wrong, parameter="as_of")


def test_objects_of_several_zones_become_utc_and_others_stay_what_they_are() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    moments = [datetime(2024, 1, 1, tzinfo=kathmandu), datetime(2024, 1, 1), None]
    frame = pd.DataFrame(
        {
            "at": pd.Series(moments, dtype=object),
            "text": pd.Series(["a", "b", None], dtype=object),
            "kept": [1, 2, 3],
        }
    )
    before = frame.copy()
    read = read_objects(open_frame(frame, table="t"), ["at", "text", "kept", "absent"])
    found = read.rows.to_native()
    assert found["at"].tolist()[:2] == [
        pd.Timestamp("2023-12-31 18:15", tz="UTC"),
        pd.Timestamp("2024-01-01", tz="UTC"),
    ]
    assert str(found["text"].dtype) == "string"
    pd.testing.assert_frame_equal(frame, before)
