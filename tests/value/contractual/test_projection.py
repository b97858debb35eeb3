"""Lines carried through months: against one line followed by hand through every branch."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.contract_terms import ContractTerms
from telcrm.value.contractual.projection import HazardOdds, LineStates, open_after, project

MONTHS = 20
POLICIES = [
    CommitmentPolicy(),
    CommitmentPolicy(committed_from=1, ending_from=0, ending_to=0),
    CommitmentPolicy(committed_from=4, ending_from=2, ending_to=-3),
]
CHANCE = np.random.default_rng(5)
ODDS = HazardOdds.of_logits(
    CHANCE.normal(-3, 1, (2, 3)), CHANCE.normal(0, 0.5, (2, 12)), CHANCE.normal(0, 1, (2, 3))
)
terms_drawn = st.builds(
    ContractTerms,
    renewal_share=st.sampled_from([0.0, 0.4, 1.0]),
    renewal_at=st.integers(-3, 3),
    renewal_months=st.integers(1, 9),
)


def follow(
    line: int, tenure: int, ahead: int | None, commitment: CommitmentPolicy, terms: ContractTerms
) -> list[dict[str, float]]:
    """One line by hand: probability by months to the end, and whether it may still renew."""
    there = {(ahead, ahead is not None and ahead >= terms.renewal_at): 1.0}
    renewed, months = 0.0, []
    for month in range(MONTHS):
        months.append({"alive": sum(there.values()), "renewed": renewed, "lost": 0.0, "forgone": 0})
        after: dict[tuple[int | None, bool], float] = defaultdict(float)
        renewed = 0.0
        for (to_end, may_renew), share in there.items():
            phase = 0 if to_end is None else int(commitment.codes(np.array([to_end]))[0])
            odds = ODDS.lines[:, line] * ODDS.tenure[:, min(tenure + month, 11)]
            odds = odds * ODDS.phase[:, phase]
            lost = share * odds / (1 + odds.sum())
            months[-1]["lost"] += lost[1]
            months[-1]["forgone"] += lost[1] * max(to_end or 0, 0)
            stays = share - lost.sum()
            if may_renew and to_end == terms.renewal_at:
                signs = stays * terms.renewal_share
                after[to_end - 1 + terms.renewal_months, True] += signs
                after[to_end - 1, False] += stays - signs
                renewed += signs
            else:
                after[None if to_end is None else to_end - 1, may_renew] += stays
        there = after
    return months


@given(
    st.integers(0, 2),
    st.integers(0, 15),
    st.none() | st.integers(-6, 15),
    st.sampled_from(POLICIES),
    terms_drawn,
)
@settings(max_examples=60)
def test_every_branch_is_carried(
    line: int, tenure: int, ahead: int | None, commitment: CommitmentPolicy, terms: ContractTerms
) -> None:
    own = HazardOdds(ODDS.lines[:, [line]], ODDS.tenure, ODDS.phase)
    free = -open_after(commitment, terms)
    states = LineStates(np.array([tenure]), np.array([free if ahead is None else max(ahead, free)]))
    found = list(project(own, states, commitment=commitment, terms=terms, months=MONTHS))
    assert len(found) == MONTHS + 1
    for month, hand in zip(found, follow(line, tenure, ahead, commitment, terms), strict=False):
        assert_allclose(month.alive[0], hand["alive"], rtol=1e-12)
        assert_allclose(month.renewed[0], hand["renewed"], rtol=1e-12, atol=1e-15)
        assert_allclose(month.leaving[1, 0], hand["lost"], rtol=1e-12)
        assert_allclose(month.forgone[1, 0], hand["forgone"], rtol=1e-12, atol=1e-15)


@given(terms_drawn, st.sampled_from(POLICIES))
def test_nobody_gets_lost(terms: ContractTerms, commitment: CommitmentPolicy) -> None:
    free = -open_after(commitment, terms)
    states = LineStates(np.array([0, 3, 40]), np.array([free, 0, 9]))
    months = list(project(ODDS, states, commitment=commitment, terms=terms, months=MONTHS))
    gone = np.zeros(3)
    for month in months:
        assert_allclose(month.alive + gone, 1.0, rtol=1e-12)
        gone = gone + month.leaving.sum(axis=0)


def test_all_renew_and_none_is_ever_free() -> None:
    always = ContractTerms(renewal_share=1.0, renewal_months=6)
    states = LineStates(np.array([0]), np.array([5]))
    one = HazardOdds.of_logits(np.full((1, 1), -3.0), np.zeros((1, 1)), np.array([[2.0, 0, 1]]))
    months = list(project(one, states, commitment=POLICIES[0], terms=always, months=12))
    hazards = [float(month.leaving[0, 0] / month.alive[0]) for month in months]
    # Five months to go, ..., the last month, and again; one month to go is neither.
    logits = [-3.0] * 4 + [-1.0, -2.0]
    assert_allclose(hazards, 1 / (1 + np.exp(-np.array([*logits, *logits, -3.0]))), rtol=1e-12)
    assert [month.renewed[0] > 0 for month in months] == [at in {6, 12} for at in range(13)]


def test_no_logit_is_too_great_for_a_float() -> None:
    wild = HazardOdds.of_logits(np.full((2, 1), 1e6), np.zeros((2, 1)), np.full((2, 3), -1e6))
    states = LineStates(np.array([0]), np.array([-2]))
    [first, second] = project(wild, states, commitment=POLICIES[0], terms=ContractTerms(), months=1)
    assert first.alive[0] == 1.0
    assert second.alive[0] == pytest.approx(1 / 3)
