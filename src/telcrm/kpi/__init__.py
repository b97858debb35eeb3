"""Key figures of an operator, as functions from a table to a table.

Each function takes the caller's dataframe (pandas, Polars, DuckDB, PySpark, PyArrow) and returns
one of the same kind. Its docstring is the definition of the figure.
"""

from telcrm.kpi.acquisition import acquisition_cost, cost_per_acquisition, payback_months
from telcrm.kpi.arrears import arrears
from telcrm.kpi.churn_by_reason import churn_by_reason
from telcrm.kpi.churn_rate import (
    average_base_churn_rate,
    churn_rate,
    compound_churn_rate,
    monthly_churn_rate,
    opening_churn_rate,
)
from telcrm.kpi.losses import loss_analysis, profit_lost
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
    "ChangeBasis",
    "ContactCost",
    "LossMonth",
    "MovementPolicy",
    "RateBase",
    "RetentionConvention",
    "RetentionPolicy",
    "RevenueBase",
    "SameMonth",
    "ServingCosts",
    "UserBase",
    "abpu",
    "acquisition_cost",
    "ampu",
    "arpa",
    "arpu",
    "arrears",
    "average_base_churn_rate",
    "average_profitability",
    "average_users",
    "churn_by_reason",
    "churn_rate",
    "compound_churn_rate",
    "cost_per_acquisition",
    "cost_to_serve",
    "data_per_user",
    "gross_revenue_churn_rate",
    "loss_analysis",
    "market_share",
    "monthly_churn_rate",
    "monthly_recurring_revenue",
    "mou",
    "movement",
    "net_porting",
    "net_revenue_churn_rate",
    "opening_churn_rate",
    "payback_months",
    "profit_lost",
    "recurring_revenue",
    "revenue_retention",
    "sales",
]
