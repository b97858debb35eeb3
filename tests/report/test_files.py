"""A file is whole or not there."""

from pathlib import Path

import pytest

from telcrm.errors import ParameterError
from telcrm.report.files import check_target, writing


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")

    def write_half() -> None:
        with writing(target) as out:
            out.write("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert target.read_text(encoding="utf-8") == "old"


def test_success_replaces_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    with writing(target) as out:
        out.write("new é\n")
    assert target.read_bytes() == "new é\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_others_may_read_it_as_they_may_any_new_file(tmp_path: Path) -> None:
    usual, ours = tmp_path / "usual", tmp_path / "ours"
    usual.touch()
    with writing(ours):
        pass
    assert ours.stat().st_mode == usual.stat().st_mode


def test_a_target_that_cannot_be_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="there is no folder"):
        check_target(tmp_path / "missing" / "report.html")
    with pytest.raises(ParameterError, match="is a folder"):
        check_target(tmp_path)
