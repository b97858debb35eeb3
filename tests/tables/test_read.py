"""Reading files: the same values and findings with both engines, and clear words when it fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    MappingError,
    MissingExtraError,
    ParameterError,
    TableError,
    UnknownColumnsError,
    UnreadableFileError,
)
from telcrm.tables import Loaded, read

ENGINES = ["polars", "duckdb"]

MONTHS = """subscription_id,period,customer_id,revenue,voice_s,payment_mode,note
S-1,2025-01-01,7,10.50,60,prepaid,kept
S-2,2025-01-01T00:00:00Z, 8 ,-3,61.0,postpaid,
S-3,2025-01,9,1e1,,,"a, b"
"""


def rows(loaded: Loaded) -> list[dict[str, Any]]:
    frame = nw.from_native(loaded.frame)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return eager.rows(named=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_csv_values_take_their_types(file: Callable[..., Path], engine: str) -> None:
    loaded = read(file(MONTHS), "subscriber_months", engine=engine)
    january = date(2025, 1, 1)
    found = [
        (row["subscription_id"], row["period"], row["revenue"], row["voice_s"], row["note"])
        for row in rows(loaded)
    ]
    assert found == [
        ("S-1", january, 10.5, 60, "kept"),
        ("S-2", january, -3.0, 61, None),
        ("S-3", january, 10.0, None, "a, b"),
    ]
    assert [finding.rule for finding in loaded.report.errors] == ["pattern"]  # " 8 "


def test_the_callers_names_are_mapped(file: Callable[..., Path], engine: str) -> None:
    text = MONTHS.replace("period", "month").replace(" 8 ", "8")
    loaded = read(file(text), "subscriber_months", mapping={"period": "month"}, engine=engine)
    assert loaded.report.ok
    assert loaded.table == "subscriber_months"
    assert [finding.column for finding in loaded.report.findings] == ["note"]


def test_cells_that_cannot_be_read_are_findings(file: Callable[..., Path], engine: str) -> None:
    text = MONTHS.replace("10.50", "ten").replace("61.0", "61.5").replace("2025-01\n", "2025-1\n")
    loaded = read(
        file(text.replace("2025-01,9", "2025-02-30,9")), "subscriber_months", engine=engine
    )
    unreadable = {
        finding.column: (finding.count, finding.keys)
        for finding in loaded.report.errors
        if finding.rule == "unreadable_value"
    }
    assert unreadable == {
        "period": (1, (("S-3", None),)),
        "revenue": (1, (("S-1", date(2025, 1, 1)),)),
        "voice_s": (1, (("S-2", date(2025, 1, 1)),)),
    }
    assert "such as 'ten'" in repr(loaded.report)


TEN = datetime(2025, 1, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-01-05T10:00", TEN),
        ("2025-01-05 10:00:00", TEN),
        ("2025-01-05T10:00:00Z", TEN),
        ("2025-01-05T12:00:00+02:00", TEN),
        ("2025-01-05T04:30:00-0530", TEN),
        ("2025-01-05T12:00+02:00", TEN),
        ("2025-01-05T10:00:00.25", TEN + timedelta(milliseconds=250)),
        ("2025-01-05", TEN - timedelta(hours=10)),
        ("05/01/2025", None),
        ("2025-01-05T25:00:00", None),
        ("2025-01-05T24:00:00Z", None),
        ("2025-01-05T10:00:00+01", None),
        ("noon", None),
    ],
)
def test_instants_are_read_in_utc(
    file: Callable[..., Path], engine: str, text: str, instant: datetime | None
) -> None:
    csv = f"recharge_id,customer_id,recharged_at,amount\nR-1,C-1,{text},5\n"
    loaded = read(file(csv), "recharges", engine=engine)
    (row,) = rows(loaded)
    found = row["recharged_at"]
    if found is not None and found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    assert found == instant
    assert loaded.report.ok == (instant is not None)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("true", True), ("Yes", True), ("1", True), ("F", False), ("no", False), ("maybe", None)],
)
def test_booleans_in_words(
    file: Callable[..., Path], engine: str, word: str, meant: bool | None
) -> None:
    csv = (
        "customer_id,party_type,status,since,key_account\n"
        f"C-1,individual,active,2025-01-01,{word}\n"
    )
    loaded = read(file(csv), "customers", engine=engine)
    assert rows(loaded)[0]["key_account"] is meant


@given(
    whole=st.integers(-(10**15), 10**15),
    number=st.floats(allow_nan=False, allow_infinity=False, width=32),
    day=st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    instant=st.datetimes(
        datetime(1990, 1, 1),
        datetime(2100, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3))]),
    ),
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_written_is_read_back(
    tmp_path: Path, engine: str, whole: int, number: float, day: date, instant: datetime
) -> None:
    path = tmp_path / "interactions.csv"
    path.write_text(
        "interaction_id,customer_id,started_at,channel,direction,duration_s\n"
        f"I-1,C-1,{instant.isoformat()},app,inbound,{whole}\n"
    )
    (row,) = rows(read(path, "interactions", engine=engine))
    assert row["duration_s"] == whole
    assert row["started_at"].replace(tzinfo=UTC) == instant.astimezone(UTC)
    path.write_text(f"payment_id,customer_id,paid_on,amount\nP-1,C-1,{day},{number!r}\n")
    (row,) = rows(read(path, "payments", engine=engine))
    assert (row["paid_on"], row["amount"]) == (day, number)


def test_parquet_types_are_brought_into_line(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "recharges.parquet"
    pl.DataFrame(
        {
            "recharge_id": [1, 2],
            "customer_id": [7.0, 8.5],
            "recharged_at": ["2025-01-01", "2025-01-02T10:00:00"],
            "amount": [5, 6],
            "validity_days": [None, None],
        }
    ).write_parquet(path)
    loaded = read(path, "recharges", engine=engine)
    assert loaded.report.ok, loaded.report
    assert [row["customer_id"] for row in rows(loaded)] == ["7", "8.5"]


def test_parquet_days_and_flags(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "customers.parquet"
    pl.DataFrame(
        {
            "customer_id": ["C-1", "C-2"],
            "party_type": ["individual"] * 2,
            "status": ["active"] * 2,
            "since": [datetime(2025, 1, 1), datetime(2025, 1, 2)],
            "key_account": [1, 0],
        }
    ).write_parquet(path)
    loaded = read(path, "customers", engine=engine)
    assert loaded.report.ok, loaded.report
    assert [row["key_account"] for row in rows(loaded)] == [True, False]


def test_a_flag_that_is_neither_is_a_finding(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "customers.parquet"
    pl.DataFrame(
        {
            "customer_id": ["C-1"],
            "party_type": ["individual"],
            "status": ["active"],
            "since": [datetime(2025, 1, 1, 9)],
            "key_account": [2],
        }
    ).write_parquet(path)
    found = {(f.column, f.rule) for f in read(path, "customers", engine=engine).report.errors}
    assert ("key_account", "unreadable_value") in found
    assert ("since", "whole_day") in found


def test_an_aware_parquet_timestamp_is_converted(tmp_path: Path) -> None:
    path = tmp_path / "recharges.parquet"
    local = pl.Series([datetime(2025, 1, 1, 12)]).dt.replace_time_zone("Europe/Berlin")
    pl.DataFrame(
        {
            "recharge_id": ["R-1"],
            "customer_id": ["C-1"],
            "recharged_at": local,
            "amount": [1.0],
        }
    ).write_parquet(path)
    assert rows(read(path, "recharges"))[0]["recharged_at"] == datetime(2025, 1, 1, 11, tzinfo=UTC)


def test_a_duckdb_file_holds_the_table_by_name(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE payments AS SELECT 1 AS payment_id, 'C-1' AS customer_id, "
            "DATE '2025-01-05' AS paid_on, 9.99::DECIMAL(9,2) AS amount"
        )
    loaded = read(path, "payments", engine=engine)
    assert loaded.report.ok, loaded.report
    assert rows(loaded)[0]["payment_id"] == "1"
    with pytest.raises(UnreadableFileError, match="invoices"):
        read(path, "invoices", engine=engine)


def test_a_half_written_parquet_file(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "payments.parquet"
    pl.DataFrame({"payment_id": ["P-1"] * 1000}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnreadableFileError, match=r"payments\.parquet cannot be read as payments"):
        read(path, "payments", engine=engine)


def test_a_missing_file_and_an_unknown_kind(tmp_path: Path, engine: str) -> None:
    with pytest.raises(UnreadableFileError, match="there is no file"):
        read(tmp_path / "payments.csv", "payments", engine=engine)
    (tmp_path / "payments.xlsx").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match=r"telcrm reads \.csv, \.parquet, \.duckdb"):
        read(tmp_path / "payments.xlsx", "payments", engine=engine)


def test_another_encoding_is_located_and_can_be_passed(file: Callable[..., Path]) -> None:
    text = "customer_id,party_type,status,since,name\nC-1,individual,active,2025-01-01,Zoë\n"
    path = file(text.encode("latin-1"))
    for engine in ENGINES:
        with pytest.raises(UnreadableFileError, match='perhaps encoding="latin-1"'):
            read(path, "customers", engine=engine)
    assert rows(read(path, "customers", encoding="latin-1"))[0]["name"] == "Zoë"
    with pytest.raises(ParameterError, match="pass engine='polars'"):
        read(path, "customers", encoding="latin-1", engine="duckdb")


def test_the_bad_byte_is_named(file: Callable[..., Path]) -> None:
    path = file(b"payment_id,customer_id\nP-1,C-\xff\n")
    with pytest.raises(UnreadableFileError, match="byte 29 in line 2"):
        read(path, "payments")


def test_utf16_is_recognised(file: Callable[..., Path]) -> None:
    text = "payment_id,customer_id,paid_on,amount\nP-1,C-1,2025-01-05,5\n"
    path = file(text.encode("utf-16"))
    with pytest.raises(UnreadableFileError, match='encoding="utf-16"'):
        read(path, "payments")
    assert read(path, "payments", encoding="utf-16").report.ok


def test_a_byte_order_mark_is_passed_over(file: Callable[..., Path], engine: str) -> None:
    text = "payment_id,customer_id,paid_on,amount\nP-1,C-1,2025-01-05,5\n"
    assert read(file(text.encode("utf-8-sig")), "payments", engine=engine).report.ok


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("payment_id,customer_id,customer_id\n", "customer_id more than once"),
        ("payment_id;customer_id\nP-1;C-1\n", "separator=';'"),
        ("payment_id,customer_id\nP-1,C-1,surplus\n", "cannot be read as payments"),
    ],
)
def test_a_malformed_csv(file: Callable[..., Path], engine: str, text: str, says: str) -> None:
    with pytest.raises(UnreadableFileError, match=says):
        read(file(text), "payments", engine=engine)


def test_another_separator(file: Callable[..., Path], engine: str) -> None:
    text = "payment_id;customer_id;paid_on;amount\nP-1;C-1;2025-01-05;5\n"
    assert read(file(text), "payments", separator=";", engine=engine).report.ok


def test_arguments_are_checked_before_the_file_is_read(file: Callable[..., Path]) -> None:
    path = file(MONTHS)
    with pytest.raises(MappingError):
        read(path, "subscriber_months", mapping={"months": "period"})
    with pytest.raises(UnknownColumnsError):
        read(path, "subscriber_months", mapping={"period": "month"})
    with pytest.raises(ParameterError, match="klingon"):
        read(path, "subscriber_months", encoding="klingon")
    with pytest.raises(ParameterError, match="Choose from: polars, duckdb"):
        read(path, "subscriber_months", engine="sqlite")


@pytest.mark.parametrize("engine", ENGINES)
def test_without_the_engine_the_extra_is_named(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setitem(sys.modules, f"telcrm.tables.read_{engine}", None)
    with pytest.raises(MissingExtraError, match=rf"telcrm\[{engine}\]"):
        read(file(MONTHS), "subscriber_months", engine=engine)


def test_a_file_without_a_header_line_is_not_taken_for_data(file: Callable[..., Path]) -> None:
    loaded = read(file("P-1,C-1,2025-01-05,5\n"), "payments")
    with pytest.raises(TableError, match="lacks 'payment_id'"):
        loaded.report.raise_if_invalid()


def test_a_duckdb_file_needs_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / "crm.duckdb").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=r"telcrm\[duckdb\]"):
        read(tmp_path / "crm.duckdb", "payments")


HEADER = "payment_id,customer_id,paid_on,amount,channel\n"


@pytest.mark.parametrize(
    "lines",
    [
        "P-1,C-1,2025-01-05,1",
        "P-1,C-1,2025-01-05,10,app\nP-2,C-1\nP-3,C-1,2025-01-05,10,app\n",
        'P-1,"C,1",2025-01-05,10\n',
        'P-1,"C\n1",2025-01-05,10\n',
    ],
)
def test_a_line_cut_short_is_refused(file: Callable[..., Path], engine: str, lines: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"(?i)line:? \d"):
        read(file(HEADER + lines), "payments", engine=engine)


def test_quoted_cells_may_hold_separators_and_line_breaks(
    file: Callable[..., Path], engine: str
) -> None:
    text = "customer_id,party_type,status,since,name\n"
    text += 'C-1,individual,active,2025-01-01,"Okafor, Ada"\n'
    text += 'C-2,individual,active,2025-01-01,"Ada\nOkafor"\n'
    names = [row["name"] for row in rows(read(file(text), "customers", engine=engine))]
    assert names == ["Okafor, Ada", "Ada\nOkafor"]


@pytest.mark.parametrize("empty", ["\n", ",,,,\n", "\n\n"])
def test_rows_without_content_are_passed_over(
    file: Callable[..., Path], engine: str, empty: str
) -> None:
    loaded = read(file(f"{HEADER}P-1,C-1,2025-01-05,10,app\n{empty}"), "payments", engine=engine)
    assert loaded.report.ok, loaded.report
    assert loaded.report.row_count == 1


def test_a_quoted_nothing_is_nothing(file: Callable[..., Path], engine: str) -> None:
    loaded = read(file(HEADER + 'P-1,C-1,2025-01-05,10,""\n'), "payments", engine=engine)
    assert loaded.report.ok, loaded.report
    assert rows(loaded)[0]["channel"] is None


@pytest.mark.parametrize(
    ("amount", "meant"),
    [
        ("10", 10.0),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e2", 100.0),
        (" 7 ", 7.0),
        ("1_000", None),
        ("1,5", None),
        ("nan", None),
        ("inf", None),
        ("0x10", None),
        ("1 000", None),
    ],
)
def test_numbers_are_written_one_way(
    file: Callable[..., Path], engine: str, amount: str, meant: float | None
) -> None:
    text = HEADER + f'P-1,C-1,2025-01-05,"{amount}",app\n'
    loaded = read(file(text), "payments", engine=engine)
    assert rows(loaded)[0]["amount"] == meant
    assert {finding.rule for finding in loaded.report.errors} == (
        set() if meant is not None else {"unreadable_value"}
    )


@pytest.mark.parametrize("separator", ["", ";;", "\\t", '"', "\n"])
def test_a_separator_is_one_character(
    file: Callable[..., Path], engine: str, separator: str
) -> None:
    with pytest.raises(ParameterError, match="one character"):
        read(file(HEADER), "payments", separator=separator, engine=engine)


def test_a_codec_that_is_none_of_text(file: Callable[..., Path]) -> None:
    with pytest.raises(ParameterError, match="base64"):
        read(file(HEADER), "payments", encoding="base64")
    with pytest.raises(UnreadableFileError, match="is not utf-16 text"):
        read(file(HEADER.encode()), "payments", encoding="utf-16")


def test_a_day_of_a_zone_is_the_day_there(tmp_path: Path) -> None:
    path = tmp_path / "payments.parquet"
    midnight = pl.Series([datetime(2026, 1, 1)]).dt.replace_time_zone("Europe/Berlin")
    pl.DataFrame(
        {"payment_id": ["P-1"], "customer_id": ["C-1"], "paid_on": midnight, "amount": [1.0]}
    ).write_parquet(path)
    assert rows(read(path, "payments"))[0]["paid_on"] == date(2026, 1, 1)


def test_an_instant_of_a_zone_is_utc_with_both_engines(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "recharges.parquet"
    noon = pl.Series([datetime(2026, 1, 1, 12)]).dt.replace_time_zone("Europe/Berlin")
    pl.DataFrame(
        {"recharge_id": ["R-1"], "customer_id": ["C-1"], "recharged_at": noon, "amount": [1.0]}
    ).write_parquet(path)
    (row,) = rows(read(path, "recharges", engine=engine))
    assert row["recharged_at"].replace(tzinfo=UTC) == datetime(2026, 1, 1, 11, tzinfo=UTC)
