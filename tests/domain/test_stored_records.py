"""Files that a release has written are read by every later one."""

import json
import runpy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from telcrm import domain
from telcrm.domain import Record, StatusChange

STORED = Path(__file__).parent / "stored"
SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "write_stored_records.py"))
EXAMPLES: dict[str, Record] = {type(one).__name__: one for one in SCRIPT["EXAMPLES"]}
CURRENT = STORED / f"v{'.'.join(version('telcrm').split('.')[:2])}"
FILES = sorted(STORED.glob("v*/*.json"))


def holds(new: Any, old: Any) -> bool:
    """Tell whether nothing of the old JSON is lost or altered; fields may have been added."""
    if isinstance(old, dict):
        return all(
            name == "$format" or (name in new and holds(new[name], value))
            for name, value in old.items()
        )
    if isinstance(old, list):
        return len(new) == len(old) and all(map(holds, new, old))
    return bool(new == old)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_stored_record_is_still_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    record = getattr(domain, path.stem).from_json(text)
    assert holds(json.loads(record.to_json()), json.loads(text))


@pytest.mark.parametrize("name", EXAMPLES)
def test_this_version_reads_its_file_as_the_example(name: str) -> None:
    example = EXAMPLES[name]
    text = (CURRENT / f"{name}.json").read_text(encoding="utf-8")
    assert type(example).from_json(text) == example
    assert example.to_json(indent=2) + "\n" == text


def test_every_record_has_a_file() -> None:
    public = [getattr(domain, name) for name in domain.__all__]
    kinds = {kind for kind in public if isinstance(kind, type) and issubclass(kind, Record)}
    names = {kind.__name__ for kind in kinds - {Record, StatusChange}}
    assert {path.stem for path in CURRENT.glob("*.json")} == names == set(EXAMPLES)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"ContactMedium", "Price"}))
def test_an_example_fills_every_field(name: str) -> None:
    """A field left out of the files could change without a test failing."""
    example = EXAMPLES[name]
    empty = [field for field in type(example).model_fields if getattr(example, field) in (None, ())]
    assert empty == []


def test_the_script_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write = SCRIPT["main"]
    assert write([], stored=tmp_path) == 0
    written = sorted(tmp_path.glob("*/*.json"))
    assert [path.stem for path in written] == sorted(EXAMPLES)
    written[0].write_text("changed", encoding="utf-8")
    assert write([], stored=tmp_path) == 2
    assert "does not change" in capsys.readouterr().err
    assert written[0].read_text(encoding="utf-8") == "changed"
    assert write(["--force"], stored=tmp_path) == 0
    assert written[0].read_text(encoding="utf-8") != "changed"
