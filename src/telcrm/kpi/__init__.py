"""Key figures of an operator, as functions from a table to a table.

Each function takes the caller's dataframe (pandas, Polars, DuckDB, PySpark, PyArrow) and returns
one of the same kind. Its docstring is the definition of the figure.
"""

from telcrm.kpi.acquisition import acquisition_cost, cost_per_acquisition, payback_months
from telcrm.kpi.arrears import arrears
from telcrm.kpi.breakdown import Grain
from telcrm.kpi.churn_by_reason import churn_by_reason
from telcrm.kpi.churn_rate import (
    average_base_churn_rate,
    churn_rate,
    compound_churn_rate,
    monthly_churn_rate,
    opening_churn_rate,
)
from telcrm.kpi.cohort import cohort_matrix, cohort_retention
from telcrm.kpi.customer_care.complaint_rate import CustomerBase, complaint_rate
from telcrm.kpi.customer_care.complaints import first_contact_resolution, time_to_resolve
from telcrm.kpi.customer_care.contact_centre import (
    AbandonedContacts,
    ServiceLevelPolicy,
    ShortAbandons,
    contact_centre,
)
from telcrm.kpi.customer_care.erlang import erlang_b, erlang_c, lines_for, offered_load
from telcrm.kpi.customer_care.net_promoter import (
    NpsChange,
    NpsEstimate,
    NpsInterval,
    nps_change,
    nps_of_counts,
)
from telcrm.kpi.customer_care.queue import QueueMeasures, agents_for, queue_measures
from telcrm.kpi.customer_care.satisfaction import ces, csat, nps, wilson_interval
from telcrm.kpi.losses import loss_analysis, profit_lost
from telcrm.kpi.metric_catalogue.catalogue import Catalogue, catalogue
from telcrm.kpi.metric_catalogue.metric import Better, Metric, MetricInput, Unit
from telcrm.kpi.monthly_series.deviation import deviations
from telcrm.kpi.monthly_series.deviation_policy import DeviationMethod, DeviationPolicy
from telcrm.kpi.monthly_series.monotone_trend import MannKendall, TheilSen, mann_kendall, theil_sen
from telcrm.kpi.monthly_series.trend import TrendDirection, changes, trend
from telcrm.kpi.movement import movement
from telcrm.kpi.movement_policy import (
    ChangeBasis,
    LossMonth,
    MovementPolicy,
    RateBase,
    SameMonth,
)
from telcrm.kpi.per_user import UserBase
from telcrm.kpi.porting import market_share, net_porting
from telcrm.kpi.prepaid_activity import month_ends, prepaid_activity
from telcrm.kpi.profitability import (
    ContactCost,
    ServingCosts,
    average_profitability,
    cost_to_serve,
)
from telcrm.kpi.recurring import monthly_recurring_revenue, recurring_revenue
from telcrm.kpi.retention import (
    RetentionConvention,
    RetentionPolicy,
    RevenueBase,
    gross_revenue_churn_rate,
    net_revenue_churn_rate,
    revenue_retention,
)
from telcrm.kpi.revenue import abpu, ampu, arpa, arpu, average_users, data_per_user, mou
from telcrm.kpi.sales import sales

__all__ = [
    "AbandonedContacts",
    "Better",
    "Catalogue",
    "ChangeBasis",
    "ContactCost",
    "CustomerBase",
    "DeviationMethod",
    "DeviationPolicy",
    "Grain",
    "LossMonth",
    "MannKendall",
    "Metric",
    "MetricInput",
    "MovementPolicy",
    "NpsChange",
    "NpsEstimate",
    "NpsInterval",
    "QueueMeasures",
    "RateBase",
    "RetentionConvention",
    "RetentionPolicy",
    "RevenueBase",
    "SameMonth",
    "ServiceLevelPolicy",
    "ServingCosts",
    "ShortAbandons",
    "TheilSen",
    "TrendDirection",
    "Unit",
    "UserBase",
    "abpu",
    "acquisition_cost",
    "agents_for",
    "ampu",
    "arpa",
    "arpu",
    "arrears",
    "average_base_churn_rate",
    "average_profitability",
    "average_users",
    "catalogue",
    "ces",
    "changes",
    "churn_by_reason",
    "churn_rate",
    "cohort_matrix",
    "cohort_retention",
    "complaint_rate",
    "compound_churn_rate",
    "contact_centre",
    "cost_per_acquisition",
    "cost_to_serve",
    "csat",
    "data_per_user",
    "deviations",
    "erlang_b",
    "erlang_c",
    "first_contact_resolution",
    "gross_revenue_churn_rate",
    "lines_for",
    "loss_analysis",
    "mann_kendall",
    "market_share",
    "month_ends",
    "monthly_churn_rate",
    "monthly_recurring_revenue",
    "mou",
    "movement",
    "net_porting",
    "net_revenue_churn_rate",
    "nps",
    "nps_change",
    "nps_of_counts",
    "offered_load",
    "opening_churn_rate",
    "payback_months",
    "prepaid_activity",
    "profit_lost",
    "queue_measures",
    "recurring_revenue",
    "revenue_retention",
    "sales",
    "theil_sen",
    "time_to_resolve",
    "trend",
    "wilson_interval",
]
