"""Lay what a record had no room for around what was written."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

__all__ = ["put_back"]


def put_back(out: dict[str, Any], unknown: Mapping[str, Any], typed: set[str]) -> None:
    """Lay leftovers around what was written; what was written wins.

    Parameters
    ----------
    out : dict
        Changed in place.
    unknown : mapping
        As in :attr:`Reading.unknown`.
    typed : set of str
        Arrays of characteristics, in which a name occurs once.
    """
    for key, value in unknown.items():
        array, bracket, label = key.removesuffix("]").partition("[")
        if bracket and key.endswith("]") and isinstance(value, Mapping):
            if (element := _labelled(out.get(array), label)) is not None:
                put_back(element, value, set())
        elif key not in out:
            out[key] = deepcopy(value)
        elif isinstance(out[key], dict) and isinstance(value, Mapping):
            put_back(out[key], value, set())
        elif isinstance(out[key], list) and isinstance(value, list):
            written = [element.get("name") for element in out[key]] if key in typed else []
            for element in value:
                name = element.get("name") if isinstance(element, dict) else None
                if name is None or name not in written:
                    out[key].append(deepcopy(element))


_LABELS = ("name", "role", "@referredType")


def _labelled(elements: Any, label: str) -> dict[str, Any] | None:
    objects = [e for e in elements if isinstance(e, dict)] if isinstance(elements, list) else []
    if label.isdecimal():
        return objects[int(label)] if int(label) < len(objects) else None
    return next((e for e in objects if label in map(e.get, _LABELS)), None)
