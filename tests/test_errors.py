"""The tree that the docstring draws is the tree that Python sees, and codes never collide."""

import builtins
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm import errors
from telcrm.errors import TelcrmError

KINDS: list[type[TelcrmError]] = [
    kind for name in errors.__all__ if (kind := getattr(errors, name)) is not TelcrmError
]
BRANCH = re.compile(
    r"^ {4}(?P<rails>[│├└─ ]*)(?P<name>[A-Z]\w+)"
    r"(?: \((?P<builtins>[\w, ]+)\))?(?: +(?P<code>TC-\S+))?$"
)


def drawn() -> dict[str, tuple[str, tuple[str, ...], str | None]]:
    """Parent, built-ins and code of each error, read from the picture in the docstring."""
    path: list[str] = []
    tree = {}
    for line in (errors.__doc__ or "").splitlines():
        if not (match := BRANCH.match(line)):
            continue
        depth = len(match["rails"]) // 4
        path = [*path[:depth], match["name"]]
        parent = path[depth - 1] if depth else "Exception"
        refined = tuple((match["builtins"] or "").replace(",", " ").split())
        tree[match["name"]] = (parent, refined, match["code"])
    return tree


def defined(kind: type[TelcrmError]) -> tuple[str, tuple[str, ...], str]:
    parent, *refined = (base.__name__ for base in kind.__bases__)
    return parent, tuple(refined), kind.code


def test_every_class_is_public() -> None:
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert {name for name in classes if issubclass(getattr(errors, name), TelcrmError)} == set(
        errors.__all__
    )


def test_the_drawn_tree_is_the_real_one() -> None:
    tree = drawn()
    assert tree.pop("TelcrmError") == ("Exception", (), None)
    assert tree == {kind.__name__: defined(kind) for kind in KINDS}


def test_codes_are_stable_in_form_and_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert [code for code in codes if not re.fullmatch(r"TC-[A-Z]+-\d{3}", code)] == []
    assert sorted(codes) == sorted(set(codes))
    assert TelcrmError.code not in codes


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_also_the_builtin_that_it_refines(kind: type[TelcrmError]) -> None:
    refined = [base for base in kind.__mro__ if base.__module__ == builtins.__name__]
    refined = [base for base in refined if base not in {object, BaseException, Exception}]
    assert refined, f"{kind.__name__} derives from no built-in but Exception"
    for family in (TelcrmError, *refined):
        with pytest.raises(family):
            raise kind("amount is negative", column="amount")


@pytest.mark.parametrize("kind", [TelcrmError, *KINDS])
@given(message=st.text(), rows=st.lists(st.integers()))
def test_message_and_context_survive_pickling(
    kind: type[TelcrmError], message: str, rows: list[int]
) -> None:
    error = kind(message, table="usage", rows=rows)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - bytes of our own making
    assert type(again) is kind
    assert str(again) == str(error) == f"[{kind.code}] {message}"
    assert again.context == {"table": "usage", "rows": rows}
