"""Forms of the baseline hazard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from telcrm.value.contractual.tenure_baseline import BaselineForm, TenureBaseline

TENURE = np.array([0.0, 5.0, 6.0, 24.0, 60.0])


def test_terms_of_each_form() -> None:
    terms = TenureBaseline().terms(TENURE, longest=24)
    assert_allclose(terms[:, 0], np.log(1 + TENURE / 12))
    steps = TenureBaseline(form=BaselineForm.STEPS, cut_points=(6, 24))
    assert steps.terms(TENURE, longest=24).tolist() == [[0, 0], [0, 0], [1, 0], [1, 1], [1, 1]]
    constant = TenureBaseline(form=BaselineForm.CONSTANT)
    assert constant.terms(TENURE, longest=24).shape == (5, 0)


def test_a_polynomial_stays_where_the_longest_tenure_left_it() -> None:
    cubic = TenureBaseline(form=BaselineForm.POLYNOMIAL, degree=3)
    terms = cubic.terms(TENURE, longest=24)
    assert_allclose(terms[3], [2, 4, 8])
    assert_allclose(terms[4], terms[3])


@pytest.mark.parametrize("form", list(BaselineForm))
def test_there_is_a_name_for_each_term(form: BaselineForm) -> None:
    needed: dict[str, dict[str, Any]] = {
        "steps": {"cut_points": (3, 9)},
        "polynomial": {"degree": 2},
    }
    more = needed.get(form.value, {})
    baseline = TenureBaseline(form=form, **more)
    assert len(baseline.names) == len(set(baseline.names))
    assert baseline.terms(TENURE, longest=60).shape == (5, len(baseline.names))
    assert TenureBaseline.from_json(baseline.to_json()) == baseline


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"form": "steps"}, "steps need them"),
        ({"cut_points": (3,)}, "steps need them"),
        ({"form": "polynomial"}, "a polynomial needs it"),
        ({"degree": 2}, "a polynomial needs it"),
        ({"form": "steps", "cut_points": (6, 6)}, "do not rise"),
        ({"form": "steps", "cut_points": (0, 6)}, "greater than or equal to 1"),
        ({"form": "spline"}, "form"),
    ],
)
def test_what_does_not_fit_the_form_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TenureBaseline(**fields)
