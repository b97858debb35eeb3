"""Campaign responses against the true effect."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from telcrm.synth import Campaigns, Operator


@pytest.fixture(scope="module")
def contacts(operator: Operator, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    truth = operator.truth
    labels = pl.DataFrame(
        {
            "customer_id": truth.customer_id,
            "class": truth.response_class,
            "p0": truth.response_control,
            "p1": truth.response_treatment,
            "uplift": truth.uplift,
        }
    )
    return tables["campaign_contacts"].join(labels, on="customer_id")


def test_difference_of_the_arms_is_the_mean_true_uplift(contacts: pl.DataFrame) -> None:
    treated = contacts.filter(pl.col("arm") == "treatment")
    control = contacts.filter(pl.col("arm") == "control")
    rates = [float(part["responded"].mean()) for part in (treated, control)]  # type: ignore[arg-type]
    error = np.sqrt(
        rates[0] * (1 - rates[0]) / treated.height + rates[1] * (1 - rates[1]) / control.height
    )
    assert contacts["uplift"].mean() == pytest.approx(rates[0] - rates[1], abs=4 * error)
    assert rates[0] - rates[1] > 4 * error


@pytest.mark.parametrize(("arm", "chance"), [("treatment", "p1"), ("control", "p0")])
@pytest.mark.parametrize("name", ["persuadable", "sure_thing", "lost_cause", "do_not_disturb"])
def test_each_class_responds_at_its_rate(
    contacts: pl.DataFrame, arm: str, chance: str, name: str
) -> None:
    part = contacts.filter((pl.col("arm") == arm) & (pl.col("class") == name))
    responded = int(part["responded"].sum())
    assert stats.binomtest(responded, part.height, part[chance][0]).pvalue > 0.0005


def test_arms_are_random(operator: Operator, contacts: pl.DataFrame) -> None:
    control = contacts["arm"] == "control"
    share = operator.campaigns.control_share
    assert stats.binomtest(int(control.sum()), contacts.height, share).pvalue > 0.001
    table = contacts.group_by("arm", "class").len().pivot("arm", index="class", values="len")
    assert stats.chi2_contingency(table.drop("class").to_numpy()).pvalue > 0.001


def test_only_responses_have_a_value(contacts: pl.DataFrame) -> None:
    assert (contacts.filter(~pl.col("responded"))["value"] == 0).all()
    assert (contacts.filter(pl.col("responded"))["value"] > 0).all()


def test_a_customer_is_contacted_once_per_campaign(contacts: pl.DataFrame) -> None:
    assert not contacts.select("campaign_id", "customer_id").is_duplicated().any()
    assert contacts["campaign_id"].n_unique() == 4


def test_nobody_contacted() -> None:
    operator = Operator(subscribers=50, months=2, campaigns=Campaigns(contacted_share=0.0))
    frame = operator.tables(["campaign_contacts"])["campaign_contacts"]
    assert frame.is_empty()
    assert frame.schema["responded"] == pl.Boolean
