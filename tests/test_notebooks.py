"""Every notebook of the documentation runs, and prints what is stored in it."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))


def printed(cell: dict[str, Any]) -> str:
    texts = [out["text"] for out in cell["outputs"] if out.get("name") == "stdout"]
    return "".join(line for text in texts for line in text)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_run_and_print_what_is_stored(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        lines = "".join(cell["source"]).splitlines()
        source = "\n".join("" if line.startswith("%") else line for line in lines)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(source, f"{notebook.name}, cell {number}", "exec"), names)  # noqa: S102
        assert out.getvalue() == printed(cell)
        assert not any(each["output_type"] == "error" for each in cell["outputs"])


def test_there_is_one() -> None:
    assert NOTEBOOKS
