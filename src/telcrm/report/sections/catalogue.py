"""All sections, in the order of the report."""

from __future__ import annotations

from typing import Final

from telcrm.report.sections.arrears import ARREARS
from telcrm.report.sections.billing import BILLING
from telcrm.report.sections.campaigns import CAMPAIGNS
from telcrm.report.sections.care import COMPLAINTS, INTERACTIONS
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.churn import CHURN
from telcrm.report.sections.customer_base import BASE
from telcrm.report.sections.equipment import EQUIPMENT
from telcrm.report.sections.lifetime import LIFETIME
from telcrm.report.sections.movement import MOVEMENT
from telcrm.report.sections.profitability import PROFITABILITY
from telcrm.report.sections.recharges import RECHARGES
from telcrm.report.sections.retention import RETENTION
from telcrm.report.sections.revenue import REVENUE
from telcrm.report.sections.segments import SEGMENTS
from telcrm.report.sections.surveys import SURVEYS
from telcrm.report.sections.usage import USAGE
from telcrm.report.sections.value import VALUE

__all__ = ["CHAPTERS"]

CHAPTERS: Final[tuple[Chapter, ...]] = (
    MOVEMENT,
    RETENTION,
    CHURN,
    REVENUE,
    PROFITABILITY,
    VALUE,
    LIFETIME,
    SEGMENTS,
    BASE,
    RECHARGES,
    BILLING,
    ARREARS,
    USAGE,
    COMPLAINTS,
    INTERACTIONS,
    SURVEYS,
    CAMPAIGNS,
    EQUIPMENT,
)
