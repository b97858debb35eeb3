"""Metrics of the base: movement, churn, cohorts, activity, porting."""

from __future__ import annotations

from typing import Final

from telcrm.kpi.metric_catalogue.metric import CONVENTION, Better, Metric, Unit, family

__all__ = ["SUBSCRIBER_METRICS"]

_UP, _DOWN, _NEITHER = Better.HIGHER, Better.LOWER, Better.NEITHER
_COUNT, _MONEY, _SHARE = Unit.COUNT, Unit.MONEY, Unit.SHARE

_MONTHS: Final = (("subscriber_months", ("customer_id", "period", "revenue")),)
_MONTH_AND_GROUP: Final = "month, and group of by="
_DBT: Final = "dbt Labs, MRR playbook, models/mrr.sql"
_VODAFONE: Final = "Vodafone Group, annual report, glossary"
_SOFTBANK: Final = "SoftBank (Sprint), data sheet"
_ITU: Final = "ITU, Handbook for the Collection of Administrative Data on ICT, indicator I271"

_FLOWS: Final = (
    ("new", "New customers", "active now, never before", _UP),
    ("reactivated", "Customers won back", "active now, not the month before, but earlier", _UP),
    (
        "transferred_in",
        "Customers from another group",
        "active in both months, came here",
        _NEITHER,
    ),
    ("lost", "Customers lost", "active the month before, not now", _DOWN),
    ("transferred_out", "Customers to another group", "active in both months, left here", _NEITHER),
    ("retained", "Customers kept", "active in both months, in the same group", _UP),
    ("upgraded", "Customers upgraded", "retained, revenue (or rank of plan) rose", _UP),
    ("downgraded", "Customers downgraded", "retained, revenue (or rank of plan) fell", _DOWN),
)
_MOVEMENT: Final = (
    ("opening", "Opening base", "customers active the month before", _COUNT, _UP),
    ("closing", "Closing base", "customers active now", _COUNT, _UP),
    *((name, title, words, _COUNT, better) for name, title, words, better in _FLOWS),
    *(
        (f"{name}_rate", f"{title}, rate", f"{name} / opening", _SHARE, better)
        for name, title, _, better in _FLOWS
    ),
    ("opening_revenue", "Opening revenue", "revenue of opening, month before", _MONEY, _UP),
    ("closing_revenue", "Closing revenue", "revenue of closing, now", _MONEY, _UP),
    ("new_revenue", "Revenue of new customers", "revenue of new, now", _MONEY, _UP),
    ("reactivated_revenue", "Revenue won back", "revenue of reactivated, now", _MONEY, _UP),
    (
        "transferred_in_revenue",
        "Revenue from other groups",
        "revenue of transferred_in, month before",
        _MONEY,
        _NEITHER,
    ),
    ("expansion_revenue", "Expansion", "sum of rises of those there before", _MONEY, _UP),
    ("contraction_revenue", "Contraction", "sum of falls of those there before", _MONEY, _DOWN),
    ("lost_revenue", "Revenue lost", "revenue of lost, month before", _MONEY, _DOWN),
    (
        "transferred_out_revenue",
        "Revenue to other groups",
        "revenue of transferred_out, month before",
        _MONEY,
        _NEITHER,
    ),
)

SUBSCRIBER_METRICS: Final[tuple[Metric, ...]] = (
    *family(
        "movement",
        _MOVEMENT,
        grain=_MONTH_AND_GROUP,
        sources=(_DBT,),
        inputs=_MONTHS,
        policy="MovementPolicy",
    ),
    *family(
        "churn_rate",
        (
            ("lost", "Customers lost", "lost over the months covered", _COUNT, _DOWN),
            ("base", "Base of the churn rate", "sum of the months' bases", _COUNT, _NEITHER),
            ("churn_rate", "Monthly churn rate", "lost / base", _SHARE, _DOWN),
            (
                "annual_churn_rate",
                "Churn rate, compounded over a year",
                "1 - (1 - churn_rate) ** 12",
                _SHARE,
                _DOWN,
            ),
        ),
        grain=_MONTH_AND_GROUP,
        sources=(_VODAFONE, _SOFTBANK),
        inputs=(("subscriber_months", ("customer_id", "period")),),
        policy="MovementPolicy",
    ),
    *family(
        "churn_by_reason",
        (
            ("lost", "Subscriptions ended for a reason", "ended in the month", _COUNT, _DOWN),
            ("base", "Base of the churn rate", "in service, by the base chosen", _COUNT, _NEITHER),
            ("churn_rate", "Churn rate of a reason", "lost / base", _SHARE, _DOWN),
        ),
        grain="month, group of by=, and reason",
        sources=(_SOFTBANK,),
        inputs=(("subscriptions", ("activated_on", "terminated_on", "termination_reason")),),
        policy="RateBase",
    ),
    *family(
        "opening_churn_rate",
        (
            (
                "opening_churn_rate",
                "Churn rate on the opening base",
                "lost / opening",
                _SHARE,
                _DOWN,
            ),
        ),
        grain="period of the numbers",
        sources=(CONVENTION,),
        one_number=True,
    ),
    *family(
        "average_base_churn_rate",
        (
            (
                "average_base_churn_rate",
                "Churn rate on the average base",
                "sum(lost) / sum((opening + closing) / 2)",
                _SHARE,
                _DOWN,
            ),
        ),
        grain="months of the numbers",
        sources=(_SOFTBANK, _VODAFONE),
        one_number=True,
    ),
    *family(
        "compound_churn_rate",
        (
            (
                "compound_churn_rate",
                "Churn rate compounded",
                "1 - (1 - rate) ** periods",
                _SHARE,
                _DOWN,
            ),
        ),
        grain="periods of the numbers",
        sources=(CONVENTION,),
        one_number=True,
    ),
    *family(
        "monthly_churn_rate",
        (
            (
                "monthly_churn_rate",
                "Churn rate of one month, from several",
                "1 - (1 - rate) ** (1 / months)",
                _SHARE,
                _DOWN,
            ),
        ),
        grain="month",
        sources=(CONVENTION,),
        one_number=True,
    ),
    *family(
        "cohort_retention",
        (
            ("size", "Size of a cohort", "customers whose first month it is", _COUNT, _UP),
            ("active", "Active customers of a cohort", "those with a row at that age", _COUNT, _UP),
            ("retention", "Retention of a cohort", "active / size", _SHARE, _UP),
            ("value", "Value of a cohort", "sum of value at that age", _MONEY, _UP),
            (
                "value_share",
                "Value of a cohort over its first",
                "value / value at age 0",
                _SHARE,
                _UP,
            ),
        ),
        grain="cohort, age in months, and group of by=",
        sources=(CONVENTION,),
        inputs=(("subscriber_months", ("customer_id", "period")),),
    ),
    *family(
        "prepaid_activity",
        (
            ("active", "Active prepaid subscriptions", "acted in the window", _COUNT, _UP),
            ("newly_active", "Newly active", "active, not on the day before", _COUNT, _UP),
            ("gone_silent", "Gone silent", "active on the day before, not now", _COUNT, _DOWN),
        ),
        grain="reporting day, and group of by=",
        sources=(_ITU, "TRAI, Telecom Subscription Data"),
        inputs=(("prepaid_activity", ("subscription_id", "at", "kind")),),
        policy="ActivityRule",
    ),
    *family(
        "net_porting",
        (
            ("ported_in", "Numbers ported in", "recipient is the operator", _COUNT, _UP),
            ("ported_out", "Numbers ported out", "donor is the operator", _COUNT, _DOWN),
            ("net_ported", "Net porting", "ported_in - ported_out", _COUNT, _UP),
            ("porting_ratio", "Porting ratio", "ported_in / ported_out", Unit.RATIO, _UP),
        ),
        grain="month or day, and competitor",
        sources=(CONVENTION,),
        inputs=(("ports", ("ported_on", "donor", "recipient")),),
        policy="Grain",
    ),
    *family(
        "market_share",
        (
            ("total", "Size of an operator", "sum of the count", _COUNT, _UP),
            ("share", "Market share", "total / total of the market", _SHARE, _UP),
            (
                "concentration",
                "Herfindahl-Hirschman index",
                "sum of share ** 2 in the market",
                _SHARE,
                _NEITHER,
            ),
        ),
        grain="operator, and market of by=",
        sources=("US Department of Justice and FTC, Merger Guidelines (2023), guideline 1",),
        inputs=(("market", ("operator", "subscriptions")),),
    ),
    *family(
        "loss_analysis",
        (
            ("lost", "Lost, by what is known of them", "rows with a day of leaving", _COUNT, _DOWN),
            ("share", "Part of all lost", "lost / all lost in the period", _SHARE, _NEITHER),
            ("value_lost", "Value lost", "sum of value of the lost", _MONEY, _DOWN),
        ),
        grain="month or day, and group of by=",
        sources=(CONVENTION,),
        inputs=(("subscriptions", ("terminated_on", "termination_reason")),),
        policy="Grain",
    ),
    *family(
        "profit_lost",
        (
            ("lost", "Customers lost", "active the month before, not now", _COUNT, _DOWN),
            (
                "profit_lost",
                "Monthly profit lost",
                "sum of (revenue - cost) a month",
                _MONEY,
                _DOWN,
            ),
            (
                "average_profit",
                "Monthly profit per lost customer",
                "profit_lost / lost",
                _MONEY,
                _DOWN,
            ),
            (
                "unprofitable",
                "Lost customers without profit",
                "lost whose monthly profit was 0 or less",
                _COUNT,
                _NEITHER,
            ),
        ),
        grain=_MONTH_AND_GROUP,
        sources=(CONVENTION,),
        inputs=(("subscriber_months", ("customer_id", "period", "revenue", "direct_cost")),),
    ),
)
