"""Refusal of parameters outside their range, with one wording for all of them."""

from __future__ import annotations

import math

from telcrm.errors import ParameterError

__all__ = [
    "require_between",
    "require_count",
    "require_kind",
    "require_positive",
    "require_shares",
    "require_weights",
]


def require_between(owner: object, low: float, high: float, *names: str) -> None:
    """Refuse attributes of `owner` that are not numbers in ``[low, high]``."""
    for name in names:
        value = getattr(owner, name)
        if not _is_number(value) or not low <= value <= high:
            raise _refusal(owner, name, value, f"a number from {low:g} to {high:g}")


def require_positive(owner: object, *names: str) -> None:
    """Refuse attributes of `owner` that are not finite numbers above zero."""
    for name in names:
        value = getattr(owner, name)
        if not _is_number(value) or not 0 < value < math.inf:
            raise _refusal(owner, name, value, "a number above zero")


def require_count(owner: object, least: int, *names: str) -> None:
    """Refuse attributes of `owner` that are not whole numbers of at least `least`."""
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise _refusal(owner, name, value, f"a whole number of at least {least}")


def require_kind(owner: object, kind: type, *names: str) -> None:
    """Refuse attributes of `owner` that are not of a class."""
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, kind):
            raise ParameterError(
                f"{type(owner).__name__}: {name}={value!r:.80} is of type {type(value).__name__}. "
                f"Pass telcrm.synth.{kind.__name__}(...).",
                parameter=name,
                value=value,
            )


def require_shares(owner: object, *names: str) -> None:
    """Refuse shares that are not in [0, 1] or do not add up to one."""
    require_between(owner, 0.0, 1.0, *names)
    total = math.fsum(getattr(owner, name) for name in names)
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        listed = ", ".join(names)
        raise ParameterError(
            f"{type(owner).__name__}: the shares {listed} add up to {total:g}. "
            "Change them so that they add up to 1.",
            parameters=names,
            total=total,
        )


def require_weights(owner: object, count: int, *names: str) -> None:
    """Refuse attributes of `owner` that are not `count` non-negative numbers, one above zero."""
    for name in names:
        value = getattr(owner, name)
        good = (
            isinstance(value, tuple | list)
            and len(value) == count
            and all(_is_number(w) and 0 <= w < math.inf for w in value)
            and any(value)
        )
        if not good:
            raise _refusal(owner, name, value, f"{count} weights of zero or more, one above zero")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refusal(owner: object, name: str, value: object, wanted: str) -> ParameterError:
    kind = type(owner).__name__
    return ParameterError(
        f"{kind}: {name}={value!r} is out of range. Pass {wanted}.",
        parameter=name,
        value=value,
    )
