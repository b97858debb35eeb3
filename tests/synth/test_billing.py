"""Invoices and payments against the payer classes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from telcrm.synth import CustomerBase, FraudMix, Operator, PaymentBehaviour
from telcrm.synth.billing import PAYER_CLASSES

WINDOW_END = date(2025, 12, 31)


@pytest.fixture(scope="module")
def invoices(operator: Operator, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    truth = operator.truth
    payers = pl.DataFrame({"customer_id": truth.customer_id, "payer": truth.payer_class})
    return tables["invoices"].join(payers, on="customer_id")


def test_payer_classes_have_their_shares_among_those_who_joined(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    # Subscription fraud turns its customers into never-payers, so those are left out here.
    swindled = truth.fraud_subscription_id[truth.fraud_kind == "subscription"]
    owners = truth.subscription_customer_id[np.isin(truth.subscription_id, swindled)]
    since = tables["customers"]["since"].to_numpy()
    joined = since >= np.datetime64("2025-01-01")
    classes = truth.payer_class[joined & ~np.isin(truth.customer_id, owners)]
    counts = np.array([(classes == name).sum() for name in PAYER_CLASSES])
    shares = np.array([getattr(operator.payments, name) for name in PAYER_CLASSES])
    assert counts.sum() > 1_000
    assert stats.chisquare(counts, shares * counts.sum()).pvalue > 0.001


def test_old_customers_who_never_pay_are_gone() -> None:
    never = Operator(
        subscribers=8_000,
        months=2,
        payments=PaymentBehaviour(prompt=0.5, late=0.0, chronic=0.0, never_pay=0.5),
        base=CustomerBase(prepaid_share=0.0, organization_share=0.0, second_line=0.0),
        frauds=FraudMix.none(),
    )
    lines = never.tables(["subscriptions"])["subscriptions"]
    age = (pl.lit(date(2025, 1, 1)) - pl.col("activated_on")).dt.total_days() / 30.4
    # Each line has a customer of its own, so lines and customers stand in one order.
    months = lines.select(age.ceil().cast(pl.Int64).alias("age"))["age"].to_numpy()
    defaults = never.truth.payer_class == "never_pay"
    # Cut off with probability 0.35 in each month from the third bill on: 1 to 0.65^k in odds.
    for low, high in ((1, 3), (5, 5), (7, 7)):
        among = defaults[(months >= low) & (months <= high)]
        stayed = 0.65 ** max(low - 3, 0)
        share = stayed / (1 + stayed)
        assert stats.binomtest(int(among.sum()), among.size, share).pvalue > 0.001
    assert defaults[months > 30].mean() < 0.01


def test_prepaid_customers_have_no_payer_class_and_no_invoice(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    prepaid = set(truth.subscription_customer_id[truth.prepaid].tolist())
    assert not prepaid & set(tables["invoices"]["customer_id"].to_list())
    assert prepaid == set(truth.customer_id[truth.payer_class == ""].tolist())


def test_invoices_bill_the_revenue_and_the_tax(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    months = tables["subscriber_months"].filter(pl.col("payment_mode") == "postpaid")
    net = months.group_by("customer_id", "period").agg(pl.col("revenue").sum())
    billed = tables["invoices"].with_columns(pl.col("issued_on").dt.month_start().alias("period"))
    both = net.join(billed, on=["customer_id", "period"], how="full")
    assert both.null_count().select("customer_id", "invoice_id").sum_horizontal().item() == 0
    assert (both["revenue"] + both["tax"] - both["total"]).abs().max() < 0.006  # type: ignore[operator]
    rate = float(both["tax"].sum()) / float(both["revenue"].sum())
    assert rate == pytest.approx(operator.payments.tax_rate, abs=1e-4)


def test_open_amount_is_total_less_payments(tables: dict[str, pl.DataFrame]) -> None:
    billed = tables["invoices"].group_by("account_id").agg(pl.col("total", "open_amount").sum())
    paid = tables["payments"].group_by("account_id").agg(pl.col("amount").sum())
    both = billed.join(paid, on="account_id", how="left").fill_null(0.0)
    gap = both["total"] - both["open_amount"] - both["amount"]
    assert gap.abs().max() < 1e-6  # type: ignore[operator]


def test_status_follows_the_open_amount(tables: dict[str, pl.DataFrame]) -> None:
    status, total, left = (tables["invoices"][name] for name in ("status", "total", "open_amount"))
    assert ((left == 0) == (status == "settled")).all()
    assert ((left == total) == (status == "sent")).all()
    assert (left >= 0).all()


def test_prompt_payers_have_paid_when_due(invoices: pl.DataFrame) -> None:
    due = invoices.filter((pl.col("payer") == "prompt") & (pl.col("due_on") <= WINDOW_END))
    assert due.height > 10_000
    assert (due["open_amount"] == 0).all()


def test_never_payers_pay_nothing(invoices: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> None:
    unpaid = invoices.filter(pl.col("payer") == "never_pay")
    assert unpaid.height > 100
    assert (unpaid["open_amount"] == unpaid["total"]).all()
    assert not set(unpaid["customer_id"]) & set(tables["payments"]["customer_id"])


def test_late_and_chronic_payers_pay_after_the_due_date(
    operator: Operator, invoices: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    bad = invoices.filter(pl.col("payer").is_in(["late", "chronic"]))
    first_due = bad.group_by("customer_id").agg(pl.col("due_on").min())
    paid = tables["payments"].join(first_due, on="customer_id")
    assert paid.height > 1_000
    assert (paid["paid_on"] > paid["due_on"]).all()
    # A month has one invoice, so days from due date to payment can be told for late payers.
    old = bad.filter(
        (pl.col("payer") == "late") & (pl.col("due_on") < WINDOW_END - timedelta(days=120))
    )
    assert (old["open_amount"] == 0).mean() > 0.99  # type: ignore[operator]


def test_chronic_debtors_leave_their_share_open(operator: Operator, invoices: pl.DataFrame) -> None:
    old = invoices.filter(
        (pl.col("payer") == "chronic") & (pl.col("issued_on") <= date(2025, 2, 28))
    )
    behaviour = operator.payments
    settled = int((old["open_amount"] == 0).sum())
    # Both delays are exponential: of those who pay the rest at all, this share has by now.
    waited = (WINDOW_END - date(2025, 3, 5)).days / behaviour.chronic_mean_days
    by_now = 1 - np.exp(-waited) * (1 + waited)
    assert old.height > 200
    assert settled / old.height == pytest.approx(behaviour.chronic_rest * by_now, abs=0.08)
    part = old.filter(pl.col("open_amount") > 0)
    share = 1 - part["open_amount"] / part["total"]
    assert share.filter(share > 0).is_between(0.29, 0.81).all()


def test_suspended_lines_belong_to_never_payers(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    never = set(truth.customer_id[truth.payer_class == "never_pay"].tolist())
    barred = tables["subscriptions"].filter(pl.col("status") == "suspended")
    assert barred.height > 5
    assert set(barred["customer_id"]) <= never
