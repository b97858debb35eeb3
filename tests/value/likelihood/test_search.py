"""The search of the most likely parameters, over all rows and over a part of them first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from tests.value.likelihood.test_terms import gamma_rows

from telcrm.errors import UnidentifiedModelError
from telcrm.value.likelihood.maximize import Maximum
from telcrm.value.likelihood.search import most_likely
from telcrm.value.likelihood.terms import Design, Term

Floats = NDArray[np.float64]
Asked = list[int]


def terms_of(x: Floats, asked: Asked) -> Callable[[NDArray[np.intp] | None], Sequence[Term]]:
    def terms(some: NDArray[np.intp] | None) -> Sequence[Term]:
        own = x if some is None else x[some]
        asked.append(own.size)
        return [Term.over(gamma_rows, own, weights=np.ones(own.size))]

    return terms


def search(x: Floats, asked: Asked, *, top: float = 14.0) -> Maximum:
    return most_likely(
        terms_of(x, asked),
        x.size,
        Design(2),
        np.array([0.5, 0.7]),
        lower=np.full(2, -14.0),
        upper=np.full(2, top),
    )


def test_few_rows_are_searched_at_once() -> None:
    x, asked = np.random.default_rng(2).gamma(3.0, 0.5, size=2_000), Asked()
    found = search(x, asked)
    # The likeliest rate of a gamma of shape 3 is 3 over the mean.
    assert_allclose(np.exp(found.point), [3.0 / x.mean(), 1.0], rtol=1e-9)
    assert asked == [2_000]


def test_a_part_of_many_rows_leads_to_the_same_top_in_fewer_steps() -> None:
    x, asked = np.random.default_rng(2).gamma(3.0, 0.5, size=30_000), Asked()
    found = search(x, asked)
    assert_allclose(np.exp(found.point), [3.0 / x.mean(), 1.0], rtol=1e-9)
    assert asked[0] < asked[1] == 30_000
    assert found.iterations <= 3
    assert search(x, asked).point.tolist() == found.point.tolist()


def test_many_rows_end_at_a_bound_too() -> None:
    x, asked = np.random.default_rng(3).gamma(3.0, 0.1, size=30_000), Asked()
    found = search(x, asked, top=1.0)  # the top is near ln 10
    assert found.point[0] == 1.0
    assert found.free.tolist() == [False, True]


def test_a_likelihood_that_is_no_number_is_refused() -> None:
    with pytest.raises(UnidentifiedModelError):
        search(np.array([1.0, np.inf]), Asked())
