"""An argument names a choice, or the error lists the choices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain import Severity
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError


@given(st.sampled_from(Severity))
def test_a_member_and_its_text_are_the_same_choice(member: Severity) -> None:
    assert choose(Severity, member, "severity") is member
    assert choose(Severity, member.value, "severity") is member


@given(st.text().filter(lambda text: text not in tuple(Severity)) | st.none() | st.integers())
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(
        ParameterError, match=r"Choose from: low, medium, high, critical\."
    ) as caught:
        choose(Severity, value, "severity")
    assert caught.value.context == {"parameter": "severity", "value": value}
