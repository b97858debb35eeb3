"""Phases of a contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.value.contractual.commitment import CommitmentPolicy, ContractPhase

policies = st.tuples(st.integers(0, 6), st.integers(1, 4), st.integers(0, 4)).map(
    lambda cuts: CommitmentPolicy(
        committed_from=cuts[0], ending_from=cuts[0] - cuts[1], ending_to=cuts[0] - cuts[1] - cuts[2]
    )
)


@given(policies, st.integers(-12, 12))
def test_each_month_has_the_phase_its_bounds_say(policy: CommitmentPolicy, months: int) -> None:
    phase = policy.phase(months)
    assert (phase is ContractPhase.COMMITTED) == (months >= policy.committed_from)
    assert (phase is ContractPhase.ENDING) == (policy.ending_to <= months <= policy.ending_from)


@given(policies, st.integers(0, 5))
def test_after_so_many_months_nothing_is_left_of_a_commitment(
    policy: CommitmentPolicy, more: int
) -> None:
    assert policy.months_after >= 1
    assert policy.phase(-policy.months_after - more) is ContractPhase.OPEN


def test_codes_are_places_among_the_phases() -> None:
    policy = CommitmentPolicy()
    months = np.arange(-5, 6)
    codes = [list(ContractPhase).index(policy.phase(int(month))) for month in months]
    assert policy.codes(months).tolist() == codes
    assert CommitmentPolicy.from_json(policy.to_json()) == policy


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"committed_from": 0}, "have to fall"),
        ({"ending_from": -2}, "have to fall"),
        ({"committed_from": -1, "ending_from": -2, "ending_to": -3}, "after the end"),
        ({"ending_to": -200}, "greater than or equal to -120"),
    ],
)
def test_phases_that_overlap_are_refused(bounds: dict[str, int], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        CommitmentPolicy(**bounds)
