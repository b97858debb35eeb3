"""Terms and policies that cannot be are refused, and others come back from JSON."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.value.contractual.contract_terms import ContractTerms, ContractValuePolicy


@pytest.mark.parametrize(
    "fields",
    [
        {"renewal_share": 1.1},
        {"fee_collected": -0.1},
        {"unpaid_share": 2},
        {"renewal_months": 0},
        {"renewal_at": 13},
        {"acquisition_cost": -1.0},
        {"device_subsidy": float("nan")},
        {"renewal_subsidy": float("inf")},
        {"termination_fee": 1.0},
    ],
)
def test_impossible_terms_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        ContractTerms(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"horizon_months": 0},
        {"horizon_months": 1201},
        {"horizon_months": 1.5},
        {"discount": {"annual": -0.1}},
        {"timing": "middle"},
        {"margin_growth": -1.0},
    ],
)
def test_impossible_policies_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        ContractValuePolicy(**fields)


def test_records_come_back_from_json() -> None:
    terms = ContractTerms(renewal_share=0.3, loss_causes=("debt", "fraud"))
    assert ContractTerms.from_json(terms.to_json()) == terms
    policy = ContractValuePolicy(horizon_months=60, timing="end")
    assert ContractValuePolicy.from_json(policy.to_json()) == policy


def test_debts_are_counted_only_if_some_of_them_is_lost() -> None:
    assert not ContractTerms().loses_revenue
    assert not ContractTerms(unpaid_months=2, unpaid_share=0).loses_revenue
    assert ContractTerms(unpaid_months=2).loses_revenue
