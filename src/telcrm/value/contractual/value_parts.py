"""What one unit of margin and revenue, and the terms of a contract, are worth over a horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.contract_terms import (
    ContractTerms,
    ContractValuePolicy,
    MarginTiming,
)
from telcrm.value.contractual.projection import HazardOdds, LineStates, project
from telcrm.value.time import TimeUnit

__all__ = ["ValueParts", "value_parts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ValueParts:
    """Present values of each line, arrays of shape (n,).

    Attributes
    ----------
    margin : per unit of today's monthly margin
    loss : per unit of today's monthly revenue; 0 or below
    fee : amount, 0 or above
    subsidy, acquisition : amounts, 0 or below
    expected_months : months begun within the horizon, not discounted
    survival : probability to be there after the horizon
    """

    margin: Floats
    loss: Floats
    fee: Floats
    subsidy: Floats
    acquisition: Floats
    expected_months: Floats
    survival: Floats

    def total(self, margin: Floats, revenue: Floats) -> Floats:
        """Return the value of lines with these amounts a month."""
        found: Floats = (
            margin * self.margin + revenue * self.loss + self.fee + self.subsidy + self.acquisition
        )
        return found


def value_parts(
    odds: HazardOdds,
    states: LineStates,
    *,
    causes: tuple[str, ...],
    commitment: CommitmentPolicy,
    terms: ContractTerms,
    policy: ContractValuePolicy,
) -> ValueParts:
    """Add up the months of a horizon.

    Parameters
    ----------
    odds : HazardOdds
    states : LineStates
    causes : tuple of str
    commitment : CommitmentPolicy
    terms : ContractTerms
    policy : ContractValuePolicy

    Returns
    -------
    ValueParts
    """
    lines = states.tenure.size
    fee_causes = np.isin(causes, terms.fee_causes)
    loss_causes = np.isin(causes, terms.loss_causes)
    step = 1.0 / (1.0 + policy.discount.per_period(TimeUnit.MONTH))
    growth = 1.0 + policy.margin_growth
    first = 1.0 if policy.timing is MarginTiming.START else step
    margin, loss, fee, renewed, months = (np.zeros(lines) for _ in range(5))
    alive = np.ones(lines)
    horizon = policy.horizon_months
    projected = project(odds, states, commitment=commitment, terms=terms, months=horizon)
    for at, month in enumerate(projected):
        alive = month.alive
        if at == horizon:
            break
        now, later, size = step**at, step ** (at + 1), growth**at
        months += alive
        margin += alive * (first * now * size)
        loss += month.leaving[loss_causes].sum(axis=0) * (later * size)
        fee += month.forgone[fee_causes].sum(axis=0) * later
        renewed += month.renewed * now
    is_new = states.tenure == 0
    return ValueParts(
        margin=margin,
        loss=0.0 - loss * (terms.unpaid_months * terms.unpaid_share),
        fee=fee * (terms.termination_fee_per_month * terms.fee_collected),
        subsidy=0.0 - renewed * terms.renewal_subsidy - is_new * terms.device_subsidy,
        acquisition=0.0 - is_new * terms.acquisition_cost,
        expected_months=months,
        survival=alive,
    )
