"""A folder is read whole; what is broken in it is named and kept apart."""

from pathlib import Path

import polars as pl
import pytest

from telcrm.errors import (
    AmbiguousTableError,
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    MissingExtraError,
    NoTablesError,
    UnknownColumnsError,
    UnreadableFileError,
)
from telcrm.report import read_folder

RECHARGES = "recharge_id,customer_id,recharged_at,amount\nR-1,C-1,2026-01-05,10\n"


def test_csv_and_parquet_are_read_and_coerced(tmp_path: Path, recharges: pl.DataFrame) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES, encoding="utf-8")
    pl.DataFrame({"payment_id": ["P-1"], "customer_id": ["C-1"], "amount": [1.0]}).with_columns(
        paid_on=pl.date(2026, 1, 5)
    ).write_parquet(tmp_path / "payments.parquet")
    folder = read_folder(tmp_path)
    assert set(folder.loaded) == {"recharges", "payments"}
    assert folder.refused == {}
    assert folder.findings == ()
    folder.raise_if_refused()


def test_settings_map_the_columns(tmp_path: Path) -> None:
    text = RECHARGES.replace("customer_id", "CustomerNumber").replace(",", ";")
    (tmp_path / "recharges.csv").write_bytes(text.replace("C-1", "Jos\xe9").encode("latin-1"))
    (tmp_path / "telcrm.toml").write_text(
        'encoding = "latin-1"\nseparator = ";"\n'
        '[columns.recharges]\ncustomer_id = "CustomerNumber"\n',
        encoding="utf-8",
    )
    folder = read_folder(tmp_path)
    assert folder.loaded["recharges"].frame["customer_id"].to_list() == ["José"]


def test_progress_is_told_per_table(tmp_path: Path) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES, encoding="utf-8")
    (tmp_path / "payments.csv").write_text(
        "payment_id,customer_id,paid_on,amount\n", encoding="utf-8"
    )
    told: list[tuple[str, int]] = []
    read_folder(tmp_path, on_table=lambda table, count: told.append((table, count)))
    assert told == [("recharges", 2), ("payments", 2)]


def test_an_empty_folder_names_the_tables(tmp_path: Path) -> None:
    with pytest.raises(NoTablesError, match=r"no CSV or Parquet file.*subscriber_months"):
        read_folder(tmp_path)


def test_a_near_name_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "Recharge.csv").write_text(RECHARGES, encoding="utf-8")
    with pytest.raises(NoTablesError, match=r"Did you mean recharges by Recharge\.csv\?"):
        read_folder(tmp_path)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(NoTablesError, match="there is no folder"):
        read_folder(tmp_path / "missing")


def test_other_files_are_listed_as_ignored(tmp_path: Path) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES, encoding="utf-8")
    (tmp_path / "tariffs.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    folder = read_folder(tmp_path)
    assert [path.name for path in folder.ignored] == ["tariffs.csv"]


def test_one_table_in_two_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES, encoding="utf-8")
    (tmp_path / "recharges.parquet").write_bytes(b"")
    with pytest.raises(AmbiguousTableError, match=r"recharges\.csv and recharges\.parquet"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "kind", "says"),
    [
        ("recharges.parquet", b"PAR1\x00half", UnreadableFileError, ["recharges.parquet"]),
        ("recharges.csv", RECHARGES.encode("utf-16"), UnreadableFileError, ["utf-16"]),
        (
            "recharges.csv",
            RECHARGES.replace("C-1", "Ren\xe9").encode("latin-1"),
            UnreadableFileError,
            ["line 2", "latin-1"],
        ),
        ("recharges.csv", b"", UnreadableFileError, ["empty"]),
        (
            "recharges.csv",
            RECHARGES.replace("amount", "sum").encode(),
            MissingColumnsError,
            ["amount"],
        ),
        (
            "recharges.csv",
            RECHARGES.replace(",10", ",ten").encode(),
            (ColumnTypeError, InvalidTableError),
            ["amount", "1", "R-1"],
        ),
        (
            "recharges.csv",
            (
                RECHARGES + "R-1,C-2,2026-01-06,5\n,C-3,2026-01-06,5\nR-4,C-4,2026-01-06,-5\n"
            ).encode(),
            InvalidTableError,
            ["recharge_id", "R-1", "amount", "R-4", "null"],
        ),
    ],
)
def test_what_is_broken_names_file_column_count_and_keys(
    tmp_path: Path,
    name: str,
    content: bytes,
    kind: type[Exception] | tuple[type[Exception], ...],
    says: list[str],
) -> None:
    (tmp_path / name).write_bytes(content)
    folder = read_folder(tmp_path)
    error = folder.refused["recharges"]
    assert isinstance(error, kind)
    assert str(tmp_path / name) in error.message
    assert [word for word in says if word not in error.message] == []
    with pytest.raises(type(error)):
        folder.raise_if_refused()


def test_a_mapping_to_a_column_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES, encoding="utf-8")
    (tmp_path / "telcrm.toml").write_text(
        '[columns.recharges]\ncustomer_id = "customer_ID"\n', encoding="utf-8"
    )
    error = read_folder(tmp_path).refused["recharges"]
    assert isinstance(error, UnknownColumnsError)
    assert "Did you mean 'customer_id'?" in error.message
    assert "recharges.csv" in error.message


def test_polars_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r'polars.*pip install "telcrm\[cli\]"'):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["usage.parquet", "usage"])
def test_a_folder_named_like_a_table_is_ignored_with_the_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES, encoding="utf-8")
    (tmp_path / name).mkdir()
    (tmp_path / "other").mkdir()
    ((path, reason),) = read_folder(tmp_path).ignored.items()
    assert path.name == name
    assert "partitioned" in reason
    (tmp_path / "recharges.csv").unlink()
    with pytest.raises(NoTablesError, match=rf"{name} is not read: it is a folder"):
        read_folder(tmp_path)


def test_findings_name_their_files_and_those_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "recharges.csv").write_text(RECHARGES.replace(",10", ",ten"), encoding="utf-8")
    (tmp_path / "usage.parquet").write_bytes(b"PAR1half")
    (tmp_path / "payments.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "telcrm.toml").write_text('[columns.payments]\namount = "x"\n', encoding="utf-8")
    rows = {row["table"]: row for row in read_folder(tmp_path).finding_rows()}
    assert rows["recharges"]["file"] == "recharges.csv"
    assert rows["usage"]["file"] == "usage.parquet"
    assert rows["usage"]["rule"] == "unreadable_file"
    assert "usage.parquet" in rows["usage"]["message"]
    assert (rows["payments"]["rule"], rows["payments"]["column"]) == ("settings", "x")
