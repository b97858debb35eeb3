"""How a fit ended, as a record."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from telcrm.value import Convergence, ConvergenceWarning

ENDED = Convergence(
    converged=True, iterations=7, evaluations=9, decrement=1e-12, message="converged in 7 steps."
)


def test_it_is_a_record() -> None:
    assert ENDED.undetermined == ()
    again = Convergence.model_validate_json(ENDED.model_dump_json())
    assert again == ENDED
    with pytest.raises(ValidationError, match="frozen"):
        ENDED.converged = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value"),
    [("iterations", -1), ("evaluations", -1), ("decrement", -0.1), ("decrement", float("inf"))],
)
def test_impossible_ends_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        Convergence.model_validate({**ENDED.model_dump(), field: value})


def test_the_warning_is_one_that_python_shows() -> None:
    assert issubclass(ConvergenceWarning, UserWarning)
