"""Departures of postpaid lines against the hazard that made them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from telcrm.synth import ChurnHazard, CustomerBase, FraudMix, Operator, RechargeProcess, WinBack
from telcrm.synth.columns import Floats


def _predict(hazard: ChurnHazard, **changed: float) -> float:
    given = {"tenure_months": 12, "complaints": 0, "segment": 0, "arrears": 0, "months_to_end": 5}
    given |= {"fee": 20.0, "satisfaction": 0.0, **changed}  # type: ignore[dict-item]
    whole = {name: np.array([int(given[name])]) for name in ("tenure_months", "complaints")}
    return float(
        hazard.predictor(
            **whole,
            months_to_end=np.array([int(given["months_to_end"])]),
            fee=np.array([given["fee"]]),
            arrears=np.array([bool(given["arrears"])]),
            segment=np.array([int(given["segment"])]),
            satisfaction=np.array([given["satisfaction"]]),
        )[0]
    )


@pytest.mark.parametrize(
    ("riskier", "than"),
    [
        ({"tenure_months": 2}, {"tenure_months": 40}),
        ({"months_to_end": 0}, {"months_to_end": 5}),
        ({"months_to_end": -1}, {"months_to_end": -2}),
        ({"months_to_end": -2}, {"months_to_end": 2}),
        ({"complaints": 1}, {"complaints": 0}),
        ({"fee": 50.0}, {"fee": 12.0}),
        ({"arrears": 1}, {"arrears": 0}),
        ({"satisfaction": -1.0}, {"satisfaction": 1.0}),
        ({"segment": 1}, {"segment": 4}),
    ],
)
def test_covariates_push_the_right_way(riskier: dict[str, float], than: dict[str, float]) -> None:
    assert _predict(ChurnHazard(), **riskier) > _predict(ChurnHazard(), **than)


def test_complaints_beyond_three_add_nothing() -> None:
    assert _predict(ChurnHazard(), complaints=3) == _predict(ChurnHazard(), complaints=9)


@given(eta=st.floats(-12.0, 6.0), cut_off=st.floats(0.0, 0.95), ports=st.floats(0.0, 5.0))
def test_reasons_are_probabilities_with_the_documented_odds(
    eta: float, cut_off: float, ports: float
) -> None:
    hazard = ChurnHazard(port_odds=ports)
    rows = hazard.by_reason(np.array([eta]), np.array([cut_off]))
    voluntary, involuntary, port_out = rows[:, 0]
    assert (rows >= 0).all()
    assert rows.sum() < 1
    stay = 1 - rows.sum()
    assert voluntary / stay == pytest.approx(np.exp(eta), rel=1e-6)
    assert port_out == pytest.approx(ports * voluntary)
    assert involuntary / stay == pytest.approx(cut_off / (1 - cut_off), abs=1e-9)


def _at_risk(operator: Operator, tables: dict[str, pl.DataFrame]) -> tuple[Floats, Floats, Floats]:
    """Hazard, outcome and tenure of every postpaid line and month at risk."""
    truth = operator.truth
    first = np.datetime64(operator.first_period, "M")
    left = np.zeros(truth.hazard.shape)
    for periods in (truth.leave_period, truth.second_leave_period):
        line = np.flatnonzero(~np.isnat(periods) & ~truth.prepaid)
        left[line, (periods[line] - first).astype(int)] = 1.0
    at = ~np.isnan(truth.hazard)
    assert left[~at].sum() == 0

    tenure = np.full(truth.hazard.shape, -1.0)
    rows = tables["subscriber_months"]
    position = dict(zip(truth.subscription_id.tolist(), range(at.shape[0]), strict=True))
    line = np.array([position[key] for key in rows["subscription_id"].to_list()])
    tenure[line, rows["period"].dt.month().to_numpy() - 1] = rows["tenure_months"].to_numpy()
    return truth.hazard[at], left[at], tenure[at]


def test_churn_by_tenure_is_the_true_hazard(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    hazard, left, tenure = _at_risk(operator, tables)
    assert tenure.min() >= 1
    band = np.digitize(tenure, [6, 12, 24, 36, 60])
    expected = np.bincount(band, hazard)
    variance = np.bincount(band, hazard * (1 - hazard))
    chi_square = np.sum((np.bincount(band, left) - expected) ** 2 / variance)
    assert stats.chi2.sf(chi_square, 6) > 0.001


def test_churn_by_level_of_hazard_is_calibrated(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    hazard, left, _ = _at_risk(operator, tables)
    decile = np.digitize(hazard, np.quantile(hazard, np.linspace(0.1, 0.9, 9)))
    z = (np.bincount(decile, left) - np.bincount(decile, hazard)) / np.sqrt(
        np.bincount(decile, hazard * (1 - hazard))
    )
    assert stats.chi2.sf(np.sum(z**2), 10) > 0.001
    assert hazard.max() > 5 * np.median(hazard)


def test_ports_and_terminations_stand_in_their_odds(operator: Operator) -> None:
    reasons = operator.truth.leave_reason[~operator.truth.prepaid]
    ports, voluntary = (reasons == "port_out").sum(), (reasons == "voluntary").sum()
    share = operator.hazard.port_odds / (1 + operator.hazard.port_odds)
    assert stats.binomtest(int(ports), int(ports + voluntary), share).pvalue > 0.001


def test_only_debtors_are_cut_off(operator: Operator) -> None:
    truth = operator.truth
    payer = dict(zip(truth.customer_id.tolist(), truth.payer_class.tolist(), strict=True))
    cut_off = truth.subscription_customer_id[truth.leave_reason == "involuntary"]
    assert cut_off.size > 50
    assert {payer[customer] for customer in cut_off.tolist()} <= {"chronic", "never_pay"}
    assert np.nansum(truth.hazard_involuntary) == pytest.approx(
        cut_off.size, abs=4 * np.sqrt(cut_off.size)
    )


def test_hazard_of_zero_keeps_everyone() -> None:
    operator = Operator(
        subscribers=400,
        months=8,
        hazard=ChurnHazard(baseline=-20.0, debtor_never_pay=0.0, debtor_chronic=0.0),
        recharges=RechargeProcess(a=1e-6, b=1e6),
        win_back=WinBack(share=0.0),
    )
    assert np.isnat(operator.truth.leave_period).all()


def test_the_first_months_are_like_the_later_ones() -> None:
    operator = Operator(
        subscribers=20_000, seed=4, base=CustomerBase(prepaid_share=0.0), frauds=FraudMix.none()
    )
    for of_lines in (operator.truth.hazard, operator.truth.hazard_involuntary):
        by_month = np.nanmean(of_lines, axis=0)
        assert by_month[:3].mean() == pytest.approx(by_month[3:].mean(), rel=0.15)
    voluntary = np.nanmean(operator.truth.hazard - operator.truth.hazard_involuntary, axis=0)
    assert np.abs(voluntary / voluntary.mean() - 1).max() < 0.05
