"""The value engine against an operator whose hazards are known."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from math import exp, log, log1p
from typing import Any

import numpy as np
import polars as pl
import pytest

from telcrm.synth import ChurnHazard, CustomerBase, Operator, PaymentBehaviour, PlanChanges, WinBack
from telcrm.value.contractual.contract_terms import ContractTerms, ContractValuePolicy
from telcrm.value.contractual.contract_value import ContractValueModel

# Nobody complains with effect, owes or comes back: the state of a line is what the tables show.
HAZARD = ChurnHazard(complaint=0.0, arrears=0.0)
OPERATOR = Operator(
    subscribers=2_500,
    months=24,
    seed=7,
    base=CustomerBase(prepaid_share=0.0),
    hazard=HAZARD,
    payments=PaymentBehaviour(prompt=0.8, late=0.2, chronic=0.0, never_pay=0.0),
    plan_changes=PlanChanges(upgrade=0.0, downgrade=0.0),
    win_back=WinBack(share=0.0),
)
TERM, HORIZON, YEARLY = 24, 30, 0.1
SEGMENTS = {"mass": 0.0, "youth": 0.25, "premium": -0.2, "soho": -0.1, "corporate": -0.5}
FEES = {plan.offer_id: plan.monthly_fee for plan in OPERATOR.plans}


@cache
def months_and_lines() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Months at risk, and the lines that are there at the end as the next month finds them."""
    tables = OPERATOR.tables(["subscriber_months", "subscriptions"])
    truth = pl.DataFrame(
        {
            "subscription_id": OPERATOR.truth.subscription_id,
            "satisfaction": OPERATOR.truth.satisfaction,
            "left_on": OPERATOR.truth.leave_period.astype("datetime64[D]"),
            "reason": OPERATOR.truth.leave_reason,
        }
    )
    ends = tables["subscriptions"].select("subscription_id", "commitment_end")
    rows = tables["subscriber_months"].join(ends, on="subscription_id")
    rows = rows.join(truth, on="subscription_id")
    month = _month_number(pl.col("period")) - _month_number(pl.lit(OPERATOR.first_period))
    end = _month_number(pl.col("commitment_end")) - _month_number(pl.lit(OPERATOR.first_period))
    renewals = (pl.col("end") + 1 - pl.col("month")) // TERM
    rows = rows.with_columns(month=month, end=end).with_columns(
        # The table has the last commitment; a line that renewed had an earlier one before.
        in_force=pl.when(pl.col("end").is_not_null()).then(
            pl.max_horizontal(
                pl.col("end") - TERM * renewals.clip(0),
                pl.col("month") - pl.col("tenure_months") + TERM,
            )
        ),
        log_fee=(pl.col("offer_id").replace_strict(FEES) / 20.0).log(),
    )
    left = pl.col("left_on") == pl.col("period")
    at_risk = rows.filter(pl.col("month") > 1, pl.col("tenure_months") > 0).with_columns(
        event=pl.when(left).then("reason"), to_end=pl.col("in_force") - pl.col("month")
    )
    lines = rows.filter(pl.col("month") == OPERATOR.months - 1, pl.col("left_on").is_null())
    return at_risk, lines.with_columns(
        pl.col("tenure_months") + 1,
        to_end=pl.col("end") - OPERATOR.months,
        margin=0.6 * pl.col("offer_id").replace_strict(FEES),
    )


def _month_number(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month()


def model() -> ContractValueModel:
    return ContractValueModel(
        causes=("voluntary", "port_out"),
        months_to_contract_end="to_end",
        covariates=("log_fee", "satisfaction", "segment"),
        terms=ContractTerms(renewal_share=OPERATOR.base.renewal, renewal_at=-1),
        policy=ContractValuePolicy(horizon_months=HORIZON, discount={"annual": YEARLY}),
    ).fit(months_and_lines()[0])


def true_value(line: dict[str, Any]) -> float:
    """One line through its months by hand: probability by months to the end of the commitment."""
    own = HAZARD.baseline + HAZARD.price * line["log_fee"] + SEGMENTS[line["segment"]]
    own += HAZARD.satisfaction * line["satisfaction"]
    there, value = {line["to_end"]: 1.0}, 0.0
    for month in range(HORIZON):
        value += sum(there.values()) * line["margin"] / (1 + YEARLY) ** (month / 12)
        after: dict[int | None, float] = defaultdict(float)
        for to_end, share in there.items():
            eta = own + HAZARD.tenure * log1p((line["tenure_months"] + month) / 12)
            if to_end is not None:
                eta += HAZARD.in_commitment * (to_end >= 2)
                eta += HAZARD.commitment_end * (to_end in {0, -1})
            stayed = share / (1 + (1 + HAZARD.port_odds) * exp(eta))
            renewed = stayed * OPERATOR.base.renewal if to_end == -1 else 0.0
            after[None if to_end is None else to_end - 1] += stayed - renewed
            if renewed:
                after[to_end - 1 + TERM] += renewed
        there = after
    return value


def test_coefficients_are_those_of_the_operator() -> None:
    fitted = model()
    of_youth = {"segment=youth": 0.25 + 0.5, "segment=premium": 0.3, "segment=soho": 0.4}
    truth = {
        "constant": HAZARD.baseline - 0.5,
        "log(1+tenure/12)": HAZARD.tenure,
        "committed": HAZARD.in_commitment,
        "ending": HAZARD.commitment_end,
        "log_fee": HAZARD.price,
        "satisfaction": HAZARD.satisfaction,
        "segment=mass": 0.5,
        **of_youth,
    }
    for cause, shift in (("voluntary", 0.0), ("port_out", log(HAZARD.port_odds))):
        for term, value in truth.items():
            name = f"{cause}:{term}"
            expected = value + shift * (term == "constant")
            error = fitted.standard_errors_[name]
            assert error is not None
            assert abs(fitted.coefficients_[name] - expected) < 4 * error, name
    assert sum(fitted.leavers_) == months_and_lines()[0]["event"].count()


def test_mean_value_is_within_5_percent_of_the_truth() -> None:
    fitted, lines = model(), months_and_lines()[1].head(400)
    found = fitted.lifetime_value(lines)["lifetime_value"].to_numpy()
    truth = np.array([true_value(line) for line in lines.iter_rows(named=True)])
    assert found.mean() == pytest.approx(truth.mean(), rel=0.05)
    # And it tells lines apart.
    assert np.corrcoef(found / lines["margin"], truth / lines["margin"])[0, 1] > 0.9


def test_an_interval_of_the_mean_holds_the_truth() -> None:
    fitted, lines = model(), months_and_lines()[1].head(400)
    truth = np.mean([true_value(line) for line in lines.iter_rows(named=True)])
    draws = fitted.lifetime_value_draws(lines, draws=60, random_state=3)
    low, high = np.quantile(draws, [0.005, 0.995])
    assert low < truth < high
    assert high - low < 0.15 * truth
