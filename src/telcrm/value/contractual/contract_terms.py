"""What a contract brings and costs besides its margin, and how a stream of money is valued."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from telcrm.domain import Record
from telcrm.value.time import DiscountRate

__all__ = ["ContractTerms", "ContractValuePolicy", "MarginTiming"]

_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Months = Annotated[int, Field(strict=True, ge=1, le=120)]


class ContractTerms(Record):
    """Commitments, what is paid for them, and what leaving costs whom. Amounts in major units.

    Examples
    --------
    >>> ContractTerms(renewal_share=0.4, renewal_subsidy=80.0).renewal_months
    24
    """

    acquisition_cost: _Amount = 0.0
    """Commission and marketing of a new line. Counted for lines of tenure 0 only: others have been
    paid for."""
    device_subsidy: _Amount = 0.0
    """Of a new line, likewise."""
    renewal_share: _Share = 0.0
    """Of the lines that live through the month of ``renewal_at``, those that sign a new
    commitment. The others are not asked again."""
    renewal_at: Annotated[int, Field(strict=True, ge=-12, le=12)] = 0
    """Months to the end of a commitment at which it is renewed: by default the last month."""
    renewal_months: _Months = 24
    """Length of the new commitment, which runs from the end of the old one."""
    renewal_subsidy: _Amount = 0.0
    """Of each renewal, paid at the start of the month after it is signed."""
    termination_fee_per_month: _Amount = 0.0
    """For each month of the commitment that is left after the one a line leaves in."""
    fee_collected: _Share = 1.0
    """Share of termination fees that is paid."""
    fee_causes: tuple[str, ...] = ("voluntary",)
    """Causes of leaving that are charged the fee."""
    unpaid_months: _Amount = 0.0
    """Months of revenue that a line owes when it leaves for one of ``loss_causes``."""
    unpaid_share: _Share = 1.0
    """Share of it that is never paid."""
    loss_causes: tuple[str, ...] = ("involuntary",)
    """Causes of leaving that leave a debt."""

    @property
    def loses_revenue(self) -> bool:
        """Whether debts are counted, for which the revenue has to be known."""
        return self.unpaid_months * self.unpaid_share > 0


class MarginTiming(StrEnum):
    """When the margin of a month comes in, from a line that is there at its start."""

    START = "start"
    """At the start of the month: the first one counts in full."""
    END = "end"
    """At the end of the month: the first one is discounted once."""


class ContractValuePolicy(Record):
    """How far ahead, at what discount, and with what growth a line is valued.

    Examples
    --------
    >>> ContractValuePolicy(horizon_months=60).discount.annual
    0.1
    """

    horizon_months: Annotated[int, Field(strict=True, ge=1, le=1_200)] = 36
    """Months that are counted. What comes later has no value."""
    discount: DiscountRate = DiscountRate(annual=0.1)
    """Turned into a rate per month: ``(1 + annual)^(1/12) - 1``."""
    timing: MarginTiming = MarginTiming.START
    """Fees, debts and renewals stand at the end of their month, whatever this says."""
    margin_growth: Annotated[float, Field(gt=-1, le=1)] = 0.0
    """Of margin and revenue, per month."""
