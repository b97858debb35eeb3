"""What pyproject.toml promises as the lowest versions is what the lowest session installs."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
FOR_PEOPLE_WHO_WORK_ON_TELCRM = {"bench", "dev", "docs"}


def declared() -> dict[str, set[Version]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = list(project["dependencies"])
    for extra, lines in project["optional-dependencies"].items():
        asked += [] if extra in FOR_PEOPLE_WHO_WORK_ON_TELCRM else lines
    floors: dict[str, set[Version]] = {}
    for requirement in map(Requirement, asked):
        lowest = {Version(each.version) for each in requirement.specifier if each.operator == ">="}
        floors.setdefault(canonicalize_name(requirement.name), set()).update(lowest)
    del floors["telcrm"]
    return floors


def pinned() -> dict[str, set[Version]]:
    lines = (ROOT / "constraints" / "lowest.txt").read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): {Version(version)} for name, version in pairs}


def test_the_floors_that_are_tested_are_those_that_are_declared() -> None:
    assert {**pinned(), **declared()} == pinned()
