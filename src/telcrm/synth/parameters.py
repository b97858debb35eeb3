"""All that an operator is made from: plain numbers and one object for each process."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from telcrm.errors import ParameterError
from telcrm.synth.billing import PaymentBehaviour
from telcrm.synth.campaigns import Campaigns
from telcrm.synth.care import CareProcess
from telcrm.synth.churn_hazard import ChurnHazard
from telcrm.synth.denomination import Denomination
from telcrm.synth.equipment import DeviceMix
from telcrm.synth.fraud import FraudMix
from telcrm.synth.lifecycle import PlanChanges, WinBack
from telcrm.synth.plans import DEFAULT_PLANS, Plan
from telcrm.synth.population import CustomerBase
from telcrm.synth.ranges import require_count, require_kind
from telcrm.synth.recharges import RechargeProcess
from telcrm.synth.usage_profile import UsageProfile

__all__ = ["OperatorParameters"]

_COUNTRY_CODE = re.compile("[1-9][0-9]{0,2}")

_PARTS: dict[str, type] = {
    "base": CustomerBase,
    "hazard": ChurnHazard,
    "recharges": RechargeProcess,
    "plan_changes": PlanChanges,
    "win_back": WinBack,
    "payments": PaymentBehaviour,
    "usage": UsageProfile,
    "care": CareProcess,
    "campaigns": Campaigns,
    "devices": DeviceMix,
    "frauds": FraudMix,
}


@dataclass(frozen=True, kw_only=True)
class OperatorParameters:
    """The fields of :class:`telcrm.synth.Operator`, which tells what each one means."""

    subscribers: int = 2_000
    months: int = 12
    seed: int = 0
    first_period: date = date(2025, 1, 1)
    currency: str = "EUR"
    country_code: str = "999"
    plans: tuple[Plan, ...] = DEFAULT_PLANS
    base: CustomerBase = field(default_factory=CustomerBase)
    hazard: ChurnHazard = field(default_factory=ChurnHazard)
    recharges: RechargeProcess = field(default_factory=RechargeProcess)
    plan_changes: PlanChanges = field(default_factory=PlanChanges)
    win_back: WinBack = field(default_factory=WinBack)
    payments: PaymentBehaviour = field(default_factory=PaymentBehaviour)
    usage: UsageProfile = field(default_factory=UsageProfile)
    care: CareProcess = field(default_factory=CareProcess)
    campaigns: Campaigns = field(default_factory=Campaigns)
    devices: DeviceMix = field(default_factory=DeviceMix)
    frauds: FraudMix = field(default_factory=FraudMix)

    def __post_init__(self) -> None:
        require_count(self, 1, "subscribers", "months")
        require_count(self, 0, "seed")
        for name, kind in _PARTS.items():
            require_kind(self, kind, name)
        if not isinstance(self.first_period, date) or self.first_period.day != 1:
            raise ParameterError(
                f"Operator: first_period={self.first_period!r} is not the first day of a month. "
                "Pass date(year, month, 1).",
                parameter="first_period",
                value=self.first_period,
            )
        Denomination.of(self.currency)
        code = self.country_code
        if not isinstance(code, str) or not _COUNTRY_CODE.fullmatch(code):
            raise ParameterError(
                f"Operator: country_code={code!r} is not one to three digits without leading zero.",
                parameter="country_code",
                value=code,
            )
        if not isinstance(self.plans, tuple) or not all(isinstance(p, Plan) for p in self.plans):
            raise ParameterError(
                f"Operator: plans={self.plans!r:.80} is not a tuple of Plan.", parameter="plans"
            )
        modes = [plan.prepaid for plan in self.plans]
        if modes != sorted(modes, reverse=True) or set(modes) != {True, False}:
            raise ParameterError(
                "Operator: plans needs prepaid plans first and then postpaid plans, one of each "
                "at least.",
                parameter="plans",
            )
