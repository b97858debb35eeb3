"""Every Python example in the documentation runs and prints what the page says it prints."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^ *```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blank(text: str) -> str:
    return "\n" * text.count("\n")


def examples(page: Path) -> str:
    """The page with all but its Python blocks blanked out: line numbers stay true."""
    text = page.read_text(encoding="utf-8")
    kept, end = "", 0
    for block in FENCE.finditer(text):
        kept += blank(text[end : block.start(1)]) + block[1]
        end = block.end(1)
    return kept


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if FENCE.search(page.read_text("utf-8"))], ids=name
)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(examples(page), {}, name(page), str(page), 0)
    complaints: list[str] = []
    outcome = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=complaints.append)
    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(complaints)


def test_no_python_block_escapes_the_check() -> None:
    unchecked = [
        f"{name(page)}: {block[1].splitlines()[0]}"
        for page in PAGES
        for block in FENCE.finditer(page.read_text("utf-8"))
        if ">>> " not in block[1]
    ]
    assert unchecked == []
