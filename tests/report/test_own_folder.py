"""What telcrm wrote into a folder it may replace; what others wrote it never touches."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from telcrm.errors import ParameterError
from telcrm.report import build
from telcrm.report.own_folder import check_own, take

MARKER = ".mark"


def test_a_new_or_empty_folder_is_taken(tmp_path: Path) -> None:
    for folder in (tmp_path / "a" / "b", tmp_path):
        assert take(folder, MARKER, files=["x"]) == folder
        assert (folder / MARKER).read_text(encoding="utf-8") == "x\n"
        (folder / "x").touch()
        take(folder, MARKER, files=["y"])
        assert [path.name for path in folder.iterdir()] == [MARKER]
        (folder / MARKER).unlink()
        if folder != tmp_path:
            folder.rmdir()
            folder.parent.rmdir()


def test_files_of_others_are_refused_and_kept(tmp_path: Path) -> None:
    take(tmp_path, MARKER, files=["x"])
    (tmp_path / "x").write_text("ours", encoding="utf-8")
    (tmp_path / "theirs").write_text("theirs", encoding="utf-8")
    with pytest.raises(ParameterError, match="theirs"):
        take(tmp_path, MARKER, files=["y"])
    assert {path.name for path in tmp_path.iterdir()} == {MARKER, "x", "theirs"}


def test_the_same_names_without_the_marker_are_of_others(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(ParameterError, match="did not write"):
        take(tmp_path, MARKER, files=["x"])


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(ParameterError, match="is a file"):
        check_own(tmp_path / "x", MARKER)


def test_a_folder_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    for folder in (tmp_path, tmp_path / "new" / "er"):
        with pytest.raises(ParameterError, match="no right"):
            check_own(folder, MARKER)


def test_an_export_leaves_nothing_of_the_one_before(
    recharges: pl.DataFrame, tmp_path: Path
) -> None:
    first = build({"recharges": recharges}).export(tmp_path)
    surveys = pl.DataFrame(
        {
            "survey_id": ["V"],
            "customer_id": ["C"],
            "responded_at": ["2026-01-05"],
            "kind": ["nps"],
            "score": [9],
        }
    ).with_columns(pl.col("responded_at").str.to_datetime(time_zone="UTC"))
    second = build({"surveys": surveys}).export(tmp_path)
    assert {path.name for path in tmp_path.glob("*.csv")} == {path.name for path in second}
    assert not set(first) <= set(second)
