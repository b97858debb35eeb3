"""Metrics of money: revenue per user, recurring revenue, profit, sales, acquisition, arrears."""

from __future__ import annotations

from typing import Final

from telcrm.kpi.metric_catalogue.metric import CONVENTION, Better, Metric, Unit, family

__all__ = ["MONEY_METRICS"]

_UP, _DOWN, _NEITHER = Better.HIGHER, Better.LOWER, Better.NEITHER
_COUNT, _MONEY, _SHARE = Unit.COUNT, Unit.MONEY, Unit.SHARE

_MONTHS: Final = "subscriber_months"
_MONTH_AND_GROUP: Final = "month, and group of by="
_VODAFONE: Final = "Vodafone Group, annual report, glossary"
_VERIZON: Final = "Verizon Communications, annual report 2010"
_SOFTBANK: Final = "SoftBank (Sprint), data sheet"
_CHARTMOGUL: Final = "ChartMogul help"
_STRIPE: Final = "Stripe Billing documentation, MRR"
_RATES: Final = (
    "ChartMogul help, Net MRR churn rate",
    "Baremetrics academy, Net revenue retention",
)
_USERS: Final = ("users", "Average users", "by the base chosen", _COUNT, _NEITHER)


def _per_user(
    name: str,
    title: str,
    total: tuple[str, str, str, Unit, Better],
    *,
    columns: tuple[str, ...],
    unit: Unit,
    sources: tuple[str, ...],
) -> tuple[Metric, ...]:
    own = (name, title, f"{total[0]} / users", unit, _UP)
    return family(
        name,
        (own, total, _USERS),
        grain=_MONTH_AND_GROUP,
        sources=sources,
        inputs=((_MONTHS, columns),),
        policy="UserBase",
    )


_REVENUE: Final = ("revenue", "Revenue", "sum of revenue", _MONEY, _UP)

MONEY_METRICS: Final[tuple[Metric, ...]] = (
    *_per_user(
        "arpu",
        "Average revenue per user (ARPU)",
        _REVENUE,
        columns=("subscription_id", "period", "revenue"),
        unit=_MONEY,
        sources=(_VODAFONE, _VERIZON),
    ),
    *_per_user(
        "arpa",
        "Average revenue per account (ARPA)",
        _REVENUE,
        columns=("account_id", "period", "revenue"),
        unit=_MONEY,
        sources=("Verizon Communications, annual report, glossary",),
    ),
    *_per_user(
        "abpu",
        "Average billings per user (ABPU)",
        ("billings", "Billings", "sum of revenue and equipment_revenue", _MONEY, _UP),
        columns=("subscription_id", "period", "revenue", "equipment_revenue"),
        unit=_MONEY,
        sources=(_SOFTBANK,),
    ),
    *_per_user(
        "ampu",
        "Average margin per user (AMPU)",
        ("margin", "Margin", "sum of revenue - direct_cost", _MONEY, _UP),
        columns=("subscription_id", "period", "revenue", "direct_cost"),
        unit=_MONEY,
        sources=(CONVENTION,),
    ),
    *_per_user(
        "mou",
        "Minutes of use per user (MoU)",
        ("minutes", "Minutes of use", "sum of voice_s / 60", Unit.MINUTES, _UP),
        columns=("subscription_id", "period", "voice_s"),
        unit=Unit.MINUTES,
        sources=(CONVENTION,),
    ),
    *_per_user(
        "data_per_user",
        "Data volume per user",
        ("volume_gb", "Data volume", "sum of data_bytes / 10**9", Unit.GIGABYTES, _UP),
        columns=("subscription_id", "period", "data_bytes"),
        unit=Unit.GIGABYTES,
        sources=(CONVENTION,),
    ),
    *family(
        "average_users",
        (
            (
                "average_users",
                "Average users",
                "mean of opening and closing, over the months",
                _COUNT,
                _UP,
            ),
        ),
        grain="months of the numbers",
        sources=(_VODAFONE, _VERIZON),
        policy="UserBase",
        one_number=True,
    ),
    *family(
        "recurring_revenue",
        (
            (
                "revenue",
                "Monthly recurring revenue of a subscription",
                "amount / interval_months, in service at month end",
                _MONEY,
                _UP,
            ),
        ),
        grain="subscription, customer and month",
        sources=(f"{_CHARTMOGUL}, Monthly recurring revenue", _STRIPE),
        inputs=(
            (
                "subscription_prices",
                (
                    "subscription_id",
                    "customer_id",
                    "activated_on",
                    "terminated_on",
                    "amount",
                    "interval_months",
                ),
            ),
        ),
    ),
    *family(
        "monthly_recurring_revenue",
        (
            (
                "monthly_recurring_revenue",
                "Monthly recurring revenue (MRR)",
                "count * amount / months",
                _MONEY,
                _UP,
            ),
        ),
        grain="subscriptions of one price",
        sources=(_STRIPE,),
        one_number=True,
    ),
    *family(
        "revenue_retention",
        (
            ("opening_revenue", "Opening revenue", "revenue of opening, before", _MONEY, _UP),
            ("new_revenue", "Revenue of new customers", "revenue of new, now", _MONEY, _UP),
            ("reactivated_revenue", "Revenue won back", "revenue of returned, now", _MONEY, _UP),
            ("expansion_revenue", "Expansion", "sum of rises of those before", _MONEY, _UP),
            ("contraction_revenue", "Contraction", "sum of falls of those before", _MONEY, _DOWN),
            ("lost_revenue", "Revenue lost", "revenue of lost, before", _MONEY, _DOWN),
            ("closing_revenue", "Closing revenue", "revenue of closing, now", _MONEY, _UP),
            (
                "transferred_in_revenue",
                "Revenue from other groups",
                "revenue of transferred_in, before",
                _MONEY,
                _NEITHER,
            ),
            (
                "transferred_out_revenue",
                "Revenue to other groups",
                "revenue of transferred_out, before",
                _MONEY,
                _NEITHER,
            ),
            (
                "gross_churn_rate",
                "Gross revenue churn rate",
                "(lost + contraction) / base",
                _SHARE,
                _DOWN,
            ),
            (
                "net_churn_rate",
                "Net revenue churn rate",
                "(lost + contraction - expansion [- reactivated]) / base",
                _SHARE,
                _DOWN,
            ),
            (
                "gross_retention",
                "Gross revenue retention (GRR)",
                "1 - gross_churn_rate",
                _SHARE,
                _UP,
            ),
            ("net_retention", "Net revenue retention (NRR)", "1 - net_churn_rate", _SHARE, _UP),
        ),
        grain=_MONTH_AND_GROUP,
        sources=_RATES,
        inputs=((_MONTHS, ("customer_id", "period", "revenue")),),
        policy="RetentionPolicy",
    ),
    *family(
        "gross_revenue_churn_rate",
        (
            (
                "gross_revenue_churn_rate",
                "Gross revenue churn rate",
                "(lost + contraction) / base",
                _SHARE,
                _DOWN,
            ),
        ),
        grain="period of the numbers",
        sources=(f"{_CHARTMOGUL}, Gross MRR churn rate",),
        one_number=True,
    ),
    *family(
        "net_revenue_churn_rate",
        (
            (
                "net_revenue_churn_rate",
                "Net revenue churn rate",
                "(lost + contraction - expansion - reactivated) / base",
                _SHARE,
                _DOWN,
            ),
        ),
        grain="period of the numbers",
        sources=(f"{_CHARTMOGUL}, Net MRR churn rate",),
        one_number=True,
    ),
    *family(
        "average_profitability",
        (
            ("customers", "Active customers", "customers with a row", _COUNT, _UP),
            _REVENUE,
            ("cost", "Cost", "sum of the costs", _MONEY, _DOWN),
            ("margin", "Margin", "revenue - cost", _MONEY, _UP),
            ("margin_rate", "Margin rate", "margin / revenue", _SHARE, _UP),
            ("average_profit", "Average profit per customer", "margin / customers", _MONEY, _UP),
            ("unprofitable", "Customers without profit", "margin of 0 or less", _COUNT, _DOWN),
            (
                "unprofitable_share",
                "Share of customers without profit",
                "unprofitable / customers",
                _SHARE,
                _DOWN,
            ),
        ),
        grain=_MONTH_AND_GROUP,
        sources=(CONVENTION,),
        inputs=((_MONTHS, ("customer_id", "period", "revenue", "direct_cost")),),
    ),
    *family(
        "cost_to_serve",
        (
            ("contacts", "Contacts", "rows of the customer", _COUNT, _DOWN),
            (
                "cost_to_serve",
                "Cost to serve",
                "sum of per_contact + per_minute * duration_s / 60",
                _MONEY,
                _DOWN,
            ),
        ),
        grain="customer and month",
        sources=("Kaplan & Anderson (2004), Harvard Business Review 82(11)",),
        inputs=(("interactions", ("customer_id", "started_at", "channel", "duration_s")),),
        policy="ServingCosts",
    ),
    *family(
        "sales",
        (
            ("sales", "Number of sales", "rows", _COUNT, _UP),
            ("amount", "Sales", "sum of amount", _MONEY, _UP),
            ("customers", "Buyers", "different customers", _COUNT, _UP),
            ("average_sale", "Average sale", "amount / sales", _MONEY, _UP),
            ("amount_per_customer", "Sales per buyer", "amount / customers", _MONEY, _UP),
            ("share", "Part of all sales", "amount / amount of all groups", _SHARE, _NEITHER),
        ),
        grain="month or day, and group of by=",
        sources=(CONVENTION,),
        inputs=(("recharges", ("customer_id", "recharged_at", "amount")),),
        policy="Grain",
    ),
    *family(
        "acquisition_cost",
        (
            ("gross_adds", "Gross additions", "rows that began in the month", _COUNT, _UP),
            ("cost", "Cost of acquisition", "sum of cost", _MONEY, _DOWN),
            (
                "cost_per_add",
                "Subscriber acquisition cost (SAC)",
                "cost / gross_adds",
                _MONEY,
                _DOWN,
            ),
        ),
        grain=_MONTH_AND_GROUP,
        sources=(CONVENTION,),
        inputs=(("customers", ("since",)), ("acquisition_costs", ("period", "cost"))),
    ),
    *family(
        "cost_per_acquisition",
        (
            (
                "cost_per_acquisition",
                "Cost of winning one customer",
                "cost / gross_adds",
                _MONEY,
                _DOWN,
            ),
        ),
        grain="period of the numbers",
        sources=(CONVENTION,),
        one_number=True,
    ),
    *family(
        "payback_months",
        (
            (
                "payback_months",
                "Months until a customer has paid back",
                "acquisition_cost / (arpa * margin_rate)",
                Unit.MONTHS,
                _DOWN,
            ),
        ),
        grain="customer",
        sources=(CONVENTION,),
        one_number=True,
    ),
    *family(
        "arrears",
        (
            ("customers", "Customers billed", "customers with an invoice", _COUNT, _NEITHER),
            ("customers_overdue", "Customers overdue", "owing past a due date", _COUNT, _DOWN),
            ("billed", "Billed", "totals issued in the last days", _MONEY, _UP),
            ("open", "Open", "open on the day", _MONEY, _DOWN),
            ("overdue", "Overdue", "open, due before the day", _MONEY, _DOWN),
            ("overdue_share", "Overdue share", "overdue / open", _SHARE, _DOWN),
            (
                "customers_overdue_share",
                "Share of customers overdue",
                "customers_overdue / customers",
                _SHARE,
                _DOWN,
            ),
            ("due", "Fallen due", "totals due in the last days", _MONEY, _NEITHER),
            (
                "collected_share",
                "Share collected",
                "part of due that is no longer open",
                _SHARE,
                _UP,
            ),
            (
                "days_sales_outstanding",
                "Days sales outstanding (DSO)",
                "open / billed * days",
                Unit.DAYS,
                _DOWN,
            ),
        ),
        grain="day, and group of by=",
        sources=("Credit Research Foundation, Standard Definitions",),
        inputs=(("invoices", ("customer_id", "issued_on", "due_on", "total", "open_amount")),),
    ),
)
