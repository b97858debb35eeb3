"""A synthetic operator with known truth: canonical tables to try everything else on.

One object holds all parameters; the same parameters always give the same tables. What lies behind
them (hazards, recharge rates, payer classes, treatment effects, frauds) is in its ``truth``.

>>> operator = Operator(subscribers=100, months=6, seed=7)
>>> sorted(operator.tables(["customers"]))
['customers']
>>> operator.truth.hazard.shape[1]
6
"""

from telcrm.synth.assemble import Backend
from telcrm.synth.billing import PaymentBehaviour
from telcrm.synth.campaigns import Campaigns
from telcrm.synth.care import CareProcess
from telcrm.synth.churn_hazard import ChurnHazard
from telcrm.synth.equipment import DeviceMix
from telcrm.synth.fraud import FraudKind, FraudMix
from telcrm.synth.lifecycle import PlanChanges, WinBack
from telcrm.synth.operator import Operator
from telcrm.synth.plans import DEFAULT_PLANS, Plan
from telcrm.synth.population import CustomerBase
from telcrm.synth.recharges import RechargeProcess
from telcrm.synth.truth import Truth
from telcrm.synth.usage_profile import UsageProfile
from telcrm.synth.world import TABLES

__all__ = [
    "DEFAULT_PLANS",
    "TABLES",
    "Backend",
    "Campaigns",
    "CareProcess",
    "ChurnHazard",
    "CustomerBase",
    "DeviceMix",
    "FraudKind",
    "FraudMix",
    "Operator",
    "PaymentBehaviour",
    "Plan",
    "PlanChanges",
    "RechargeProcess",
    "Truth",
    "UsageProfile",
    "WinBack",
]
