"""Money over months, where the answer is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.contract_terms import (
    ContractTerms,
    ContractValuePolicy,
    MarginTiming,
)
from telcrm.value.contractual.projection import HazardOdds, LineStates
from telcrm.value.contractual.value_parts import ValueParts, value_parts

CAUSES = ("voluntary", "involuntary")
COMMITMENT = CommitmentPolicy()


def parts(
    voluntary: float = 0.03,
    involuntary: float = 0.01,
    *,
    tenure: int = 5,
    ahead: int = -2,
    terms: ContractTerms | None = None,
    **policy: Any,
) -> ValueParts:
    """A line whose chances to leave never change."""
    stays = 1 - voluntary - involuntary
    logits = np.log(np.array([[voluntary / stays], [involuntary / stays]]))
    odds = HazardOdds.of_logits(logits, np.zeros((2, 1)), np.zeros((2, 3)))
    states = LineStates(np.array([tenure]), np.array([ahead]))
    return value_parts(
        odds,
        states,
        causes=CAUSES,
        commitment=COMMITMENT,
        terms=terms or ContractTerms(),
        policy=ContractValuePolicy(**policy),
    )


@given(st.floats(0.001, 0.2), st.floats(0.001, 0.2), st.floats(0, 0.5), st.integers(1, 80))
def test_a_constant_hazard_gives_the_margin_multiple(
    voluntary: float, involuntary: float, yearly: float, horizon: int
) -> None:
    found = parts(voluntary, involuntary, discount={"annual": yearly}, horizon_months=horizon)
    stays, step = 1 - voluntary - involuntary, (1 + yearly) ** (-1 / 12)
    ratio = stays * step
    assert_allclose(found.margin, (1 - ratio**horizon) / (1 - ratio), rtol=1e-10)
    assert_allclose(found.survival, stays**horizon, rtol=1e-10)
    assert_allclose(found.expected_months, (1 - stays**horizon) / (1 - stays), rtol=1e-10)


def test_a_long_horizon_is_gupta_and_lehmanns_multiple() -> None:
    # (1 + i) / (1 + i - r) for margins at the start, 1 / (1 + i - r) at the end of each month:
    # Gupta & Lehmann (2003), Journal of Interactive Marketing 17(1), 9-24.
    yearly = 1.01**12 - 1
    start = parts(discount={"annual": yearly}, horizon_months=600)
    end = parts(discount={"annual": yearly}, horizon_months=600, timing=MarginTiming.END)
    assert_allclose(start.margin, 1.01 / (1.01 - 0.96), rtol=1e-12)
    assert_allclose(end.margin, 1 / (1.01 - 0.96), rtol=1e-12)
    grown = parts(discount={"annual": yearly}, horizon_months=600, margin_growth=0.01)
    assert_allclose(grown.margin, 1 / (1 - 0.96), rtol=1e-9)


def test_fees_are_the_months_that_a_leaver_still_owed() -> None:
    terms = ContractTerms(termination_fee_per_month=10.0, fee_collected=0.6)
    found = parts(ahead=3, terms=terms, discount={"annual": 0.0}, horizon_months=12)
    # Three, two and one months were left; nothing in the last one.
    by_hand = 0.03 * 10 * 0.6 * (3 + 0.96 * 2 + 0.96**2)
    assert_allclose(found.fee, by_hand, rtol=1e-12)
    late = parts(ahead=3, terms=terms, discount={"annual": 0.2}, horizon_months=12)
    step = 1.2 ** (-1 / 12)
    by_hand = 6 * 0.03 * (3 * step + 0.96 * 2 * step**2 + 0.96**2 * step**3)
    assert_allclose(late.fee, by_hand, rtol=1e-12)
    both = terms.replace(fee_causes=CAUSES)
    all_pay = parts(ahead=3, terms=both, discount={"annual": 0.0}, horizon_months=12)
    assert_allclose(all_pay.fee, found.fee * 4 / 3, rtol=1e-12)
    assert parts(terms=terms).fee == 0.0


def test_debts_are_revenue_of_those_cut_off() -> None:
    terms = ContractTerms(unpaid_months=2.0, unpaid_share=0.5)
    found = parts(terms=terms, discount={"annual": 0.0}, horizon_months=3, margin_growth=0.1)
    by_hand = -0.01 * (1 + 0.96 * 1.1 + (0.96 * 1.1) ** 2)
    assert_allclose(found.loss, by_hand, rtol=1e-12)


def test_new_lines_cost_their_acquisition_and_each_renewal_its_device() -> None:
    terms = ContractTerms(
        acquisition_cost=50.0,
        device_subsidy=200.0,
        renewal_share=0.5,
        renewal_months=4,
        renewal_subsidy=80.0,
    )
    policy: dict[str, Any] = {"discount": {"annual": 0.0}, "horizon_months": 10}
    new = parts(tenure=0, ahead=3, terms=terms, **policy)
    assert_allclose(new.acquisition, -50.0)
    # Half of those who live through the fourth month, and through the eighth, sign.
    renewals = 0.5 * 0.96**4 + 0.25 * 0.96**8
    assert_allclose(new.subsidy, -200.0 - 80.0 * renewals, rtol=1e-12)
    old = parts(tenure=1, ahead=3, terms=terms, **policy)
    assert old.acquisition == 0.0
    assert_allclose(old.subsidy, -80.0 * renewals, rtol=1e-12)
    # What is signed after the horizon is not counted.
    short = parts(tenure=1, ahead=3, terms=terms, discount={"annual": 0.0}, horizon_months=4)
    assert short.subsidy == 0.0


@pytest.mark.parametrize("months", [1, 7])
def test_the_total_adds_its_parts_up(months: int) -> None:
    terms = ContractTerms(
        acquisition_cost=5, unpaid_months=1, termination_fee_per_month=3, device_subsidy=2
    )
    found = parts(tenure=0, ahead=5, terms=terms, horizon_months=months)
    total = found.total(np.array([20.0]), np.array([30.0]))
    money = 20 * found.margin + 30 * found.loss
    assert_allclose(total, money + found.fee + found.subsidy + found.acquisition, rtol=1e-15)
    assert found.loss < 0 < found.fee
