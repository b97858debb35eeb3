"""The README's commands are the promised two, and its example prints what it says it prints."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_exactly_two_commands_set_telcrm_up() -> None:
    assert blocks("console") == [
        'python -m pip install ".[all]" && telcrm demo\n',
        'python -m pip install -e ".[dev]" && python -m pytest\n',
    ]


def test_the_example_prints_what_it_shows() -> None:
    (program,), (shown,) = blocks("python"), blocks("text")
    done = subprocess.run(  # noqa: S603 - the text of our own README
        [sys.executable, "-X", "utf8", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_the_example_is_ten_lines_long() -> None:
    (program,) = blocks("python")
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) == 10
