"""The plan catalogue: what a subscription costs and holds."""

from __future__ import annotations

from dataclasses import dataclass

from telcrm.errors import ParameterError
from telcrm.synth.ranges import require_between

__all__ = ["DEFAULT_PLANS", "Plan"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A price plan.

    Parameters
    ----------
    offer_id : str
    prepaid : bool
        Prepaid plans have no fee: the revenue is what the subscriber recharges.
    monthly_fee : float
        Net of tax, per started month.
    voice_minutes, data_gb : float
        Allowance per month; what goes over is billed at `minute_price` and `gb_price`.
    minute_price, gb_price : float

    Raises
    ------
    ParameterError
        A number is negative, or `offer_id` or `prepaid` is not what it should be.

    Examples
    --------
    >>> Plan(offer_id="POST-S", prepaid=False, monthly_fee=12.0).voice_minutes
    0.0
    """

    offer_id: str
    prepaid: bool
    monthly_fee: float = 0.0
    voice_minutes: float = 0.0
    data_gb: float = 0.0
    minute_price: float = 0.10
    gb_price: float = 3.0

    def __post_init__(self) -> None:
        if not (isinstance(self.offer_id, str) and self.offer_id):
            raise ParameterError(
                f"Plan: offer_id={self.offer_id!r} is not a name. Pass text.",
                parameter="offer_id",
                value=self.offer_id,
            )
        if not isinstance(self.prepaid, bool):
            raise ParameterError(
                f"Plan: prepaid={self.prepaid!r} is not True or False.",
                parameter="prepaid",
                value=self.prepaid,
            )
        require_between(
            self, 0.0, 1e9, "monthly_fee", "voice_minutes", "data_gb", "minute_price", "gb_price"
        )


DEFAULT_PLANS: tuple[Plan, ...] = (
    Plan(offer_id="PRE-TALK", prepaid=True),
    Plan(offer_id="PRE-DATA", prepaid=True),
    Plan(offer_id="POST-S", prepaid=False, monthly_fee=12.0, voice_minutes=200, data_gb=5),
    Plan(offer_id="POST-M", prepaid=False, monthly_fee=20.0, voice_minutes=500, data_gb=15),
    Plan(offer_id="POST-L", prepaid=False, monthly_fee=35.0, voice_minutes=1500, data_gb=40),
    Plan(offer_id="POST-XL", prepaid=False, monthly_fee=55.0, voice_minutes=4000, data_gb=150),
)
"""Two prepaid plans, and four postpaid plans in the order of their fee."""
