"""What stands in a package's `__all__` is public and in order, and nothing else is public."""

import ast
import importlib
import inspect
import pkgutil
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

import telcrm

MODULES = [
    info for info in pkgutil.walk_packages(telcrm.__path__, "telcrm.") if "._" not in info.name
]
PACKAGES = [info.name for info in MODULES if info.ispkg]
WINDOWS = ["telcrm", "telcrm.errors", *PACKAGES]


def is_definition(value: object) -> bool:
    return inspect.isclass(value) or inspect.isfunction(value)


def shop_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions: the order that ruff's RUF022 keeps."""
    if name.isupper():
        return 0, name
    return (1 if name[0].isupper() else 2), name


def definitions(package: ModuleType) -> dict[str, object]:
    values = {name: getattr(package, name) for name in package.__all__}
    return {name: value for name, value in values.items() if is_definition(value)}


def test_every_room_is_reached_from_the_root() -> None:
    rooms = {name.split(".")[1] for name in WINDOWS if name.count(".") == 1}
    assert rooms - {"cli"} == set(telcrm.__all__), "the root's __all__ and src/telcrm differ"


@pytest.mark.parametrize("window", WINDOWS)
def test_all_is_sorted_and_importable(window: str) -> None:
    package = importlib.import_module(window)
    names = list(package.__all__)
    assert names == sorted(set(names), key=shop_order)
    assert [name for name in names if not hasattr(package, name)] == []
    assert set(names) <= set(dir(package))


@pytest.mark.parametrize("window", WINDOWS)
def test_every_public_thing_is_documented(window: str) -> None:
    package = importlib.import_module(window)
    assert len((package.__doc__ or "").split()) > 1
    undocumented = [
        name
        for name, value in definitions(package).items()
        if len((value.__doc__ or "").split()) < 2
    ]
    assert undocumented == []


@pytest.mark.parametrize("window", WINDOWS)
def test_every_public_function_explains_its_parameters(window: str) -> None:
    package = importlib.import_module(window)
    silent = [
        name
        for name, value in definitions(package).items()
        if inspect.isfunction(value)
        and inspect.signature(value).parameters
        and "Parameters\n" not in (inspect.getdoc(value) or "")
    ]
    assert silent == []


def test_nothing_is_public_in_two_places() -> None:
    homes: defaultdict[int, list[str]] = defaultdict(list)
    for window in WINDOWS:
        for name, value in definitions(importlib.import_module(window)).items():
            homes[id(value)].append(f"{window}.{name}")
    assert [places for places in homes.values() if len(places) > 1] == []


@pytest.mark.parametrize("window", WINDOWS)
def test_what_a_room_shows_is_made_in_that_room(window: str) -> None:
    package = importlib.import_module(window)
    borrowed = [
        name
        for name, value in definitions(package).items()
        if not getattr(value, "__module__", "").startswith(window)
    ]
    assert borrowed == []


@pytest.mark.parametrize("window", PACKAGES)
def test_a_package_init_only_imports(window: str) -> None:
    """Logic in `__init__.py` hides from a reader who looks for it by file name."""
    source = importlib.import_module(window).__file__
    assert source is not None
    docstring, *rest = ast.parse(Path(source).read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    others = [node for node in rest if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node).split(" = ")[0] for node in others] == ["__all__"]
