"""What is looked at before an engine reads a CSV file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telcrm.errors import ParameterError, UnreadableFileError
from telcrm.tables.csv_file import check_csv, is_utf8, utf8_column_names

CHUNK = 1 << 20


def check(path: Path, encoding: str = "utf-8", separator: str = ",") -> None:
    check_csv(path, table="payments", separator=separator, encoding=encoding)


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "utf_8", "utf-8-sig"])
def test_names_of_utf8(name: str) -> None:
    assert is_utf8(name)


def test_other_encodings() -> None:
    assert not is_utf8("latin-1")
    with pytest.raises(ParameterError, match="klingon"):
        is_utf8("klingon")


@pytest.mark.parametrize("before", [CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1])
def test_a_character_cut_in_two_by_a_chunk_is_no_fault(tmp_path: Path, before: int) -> None:
    path = tmp_path / "payments.csv"
    path.write_bytes(b"note\n" + b"x" * (before - 5) + "ë€".encode() + b"\n")
    check(path)
    assert utf8_column_names(path, ",") == ["note"]


@pytest.mark.parametrize("before", [40, CHUNK - 1, CHUNK, 2 * CHUNK + 7])
def test_a_bad_byte_is_located_beyond_the_first_chunk(tmp_path: Path, before: int) -> None:
    path = tmp_path / "payments.csv"
    lines = ["note", "ë" * 9]
    head = ("\n".join(lines) + "\n").encode()
    path.write_bytes(head + b"x" * (before - len(head)) + b"\xff\n")
    with pytest.raises(UnreadableFileError) as caught:
        check(path)
    assert caught.value.context["byte"] == before
    assert caught.value.context["line"] == 3


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1))
@example(text="Zoë")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_utf8_passes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "payments.csv"
    path.write_text(f"note\n{text}\n", encoding="utf-8", newline="")
    check(path)
    assert utf8_column_names(path, ",") == ["note"]


def test_column_names_may_be_quoted(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    path.write_text('"payment_id","Amount, EUR"\n', encoding="utf-8-sig")
    check(path)
    assert utf8_column_names(path, ",") == ["payment_id", "Amount, EUR"]


def test_a_header_longer_than_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    path.write_text(",".join(f"column_{n}" for n in range(CHUNK // 10)) + ",b,b\n")
    with pytest.raises(UnreadableFileError, match="b more than once"):
        check(path)


def test_a_file_without_lines_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    path.write_text("a" * (CHUNK + 5))
    with pytest.raises(UnreadableFileError, match="does not begin with a line of column names"):
        check(path)
