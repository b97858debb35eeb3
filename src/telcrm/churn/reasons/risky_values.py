"""The values of a column at which customers are likeliest to leave, and least likely to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.models.protocol import ChurnModel
from telcrm.churn.reasons.explained import Explained, leaving_log_odds, mixed_rows
from telcrm.churn.reasons.words import value_words
from telcrm.tables.findings import readable

__all__ = ["ends_of_profiles", "ends_of_terms"]

Floats = NDArray[np.float64]
Ends: TypeAlias = tuple[str | None, str | None]

_GRID: Final = 9
_PROFILED: Final = 200
_NOTHING: Final = 1e-9


def ends_of_terms(own: Explained, added: Mapping[str, Floats]) -> dict[str, Ends]:
    """Return where the term of each column is greatest and least among customers.

    Parameters
    ----------
    own : Explained
    added : mapping of str to array of shape (n,)
        Terms, of columns that the formula has.

    Returns
    -------
    dict of str to (str or None, str or None)
        Of columns that make no difference, None.
    """
    ends: dict[str, Ends] = {}
    for name in own.names:
        term = added.get(name, np.zeros(1))
        if np.ptp(term) == 0.0:
            ends[name] = None, None
            continue
        values = own.rows[name].to_list()
        highest, lowest = (
            _span(name, [values[at] for at in np.flatnonzero(term == end)])
            for end in (term.max(), term.min())
        )
        ends[name] = highest, lowest
    return ends


def ends_of_profiles(model: ChurnModel, own: Explained, seed: int) -> dict[str, Ends]:
    """Return at which value of each column the mean log odds are greatest and least.

    Parameters
    ----------
    model : ChurnModel
    own : Explained
    seed : int
        For the draw of customers.

    Returns
    -------
    dict of str to (str or None, str or None)
        Of columns that make no difference, None.
    """
    customers = len(own.rows)
    some = np.arange(customers)
    if customers > _PROFILED:
        some = np.random.default_rng(seed).choice(customers, size=_PROFILED, replace=False)
    ends: dict[str, Ends] = {}
    for name in own.names:
        values = own.rows[name].to_list()
        tried = _tried(values)
        places = dict.fromkeys(own.names, np.tile(some, len(tried)))
        places[name] = np.repeat(tried, some.size)
        odds = leaving_log_odds(model, mixed_rows(own.rows, places))
        means = odds.reshape(len(tried), some.size).mean(axis=1)
        if np.ptp(means) <= _NOTHING:
            ends[name] = None, None
            continue
        highest, lowest = values[tried[means.argmax()]], values[tried[means.argmin()]]
        ends[name] = value_words(name, highest), value_words(name, lowest)
    return ends


def _tried(values: Sequence[Any]) -> NDArray[np.intp]:
    """Return places of the values that are tried: quantiles of numbers, frequent texts, a null."""
    told = [readable(value) for value in values]
    known = [at for at, value in enumerate(told) if value is not None]
    if any(isinstance(told[at], str) for at in known):
        first = {told[at]: at for at in reversed(known)}
        counts = Counter(told[at] for at in known)
        frequent = sorted(counts, key=lambda value: (-counts[value], value))[:_GRID]
        tried = [first[value] for value in frequent]
    else:
        by_value = sorted(known, key=lambda at: told[at])
        quantiles = np.linspace(0, max(len(known) - 1, 0), _GRID).round().astype(np.intp)
        tried = list({told[by_value[at]]: by_value[at] for at in quantiles if known}.values())
    missing = [at for at, value in enumerate(told) if value is None]
    return np.array([*tried, *missing[:1]], dtype=np.intp)


def _span(name: str, values: Sequence[Any]) -> str:
    """Write values that are alike to a model: the ends of numbers, each text, and nulls."""
    known = sorted({value for value in map(readable, values) if value is not None})
    told = [value_words(name, value) for value in known]
    if len(known) > 1 and not isinstance(known[0], str | bool):
        told = [f"{value_words(name, known[0])} to {value_words(name, known[-1])}"]
    if any(readable(value) is None for value in values):
        told.append(value_words(name, None))
    return ", ".join(told)
