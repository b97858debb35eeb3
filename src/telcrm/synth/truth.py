"""The labels behind the tables: what a model should find out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from telcrm.synth.assemble import Backend, assemble
from telcrm.synth.billing import PAYER_CLASSES
from telcrm.synth.campaigns import RESPONSE_CLASSES
from telcrm.synth.columns import Flags, Floats, Ints, Moments, Numbers, Words
from telcrm.synth.fraud import FraudKind
from telcrm.synth.lifecycle import NEVER, REASONS
from telcrm.synth.parameters import OperatorParameters
from telcrm.synth.usage import usage_ids
from telcrm.synth.world import World

__all__ = ["Truth", "truth_of"]


@dataclass(frozen=True)
class Truth:
    """What lies behind an operator's tables, one array element per line, customer, case or record.

    Attributes
    ----------
    operator : Operator
        All parameters.
    subscription_id, subscription_customer_id : array of str
        The lines, in the order of the subscriptions table.
    prepaid : array of bool
    satisfaction : array of float
        Latent; drives complaints, survey scores and postpaid churn.
    hazard, hazard_involuntary : array of float, shape (lines, months)
        Probability of leaving in the month, for any reason and for debt, of postpaid lines at
        risk: active at the start of the month. NaN elsewhere.
    leave_period, return_period, second_leave_period : array of datetime64[M]
        Months of the first departure, of the return and of the departure after it; NaT if none.
    leave_reason, second_leave_reason : array of str
        ``voluntary``, ``involuntary``, ``port_out``, or empty.
    recharge_rate : array of float
        BG/NBD lambda of prepaid lines, recharges a week.
    recharge_dropout : array of float
        BG/NBD p.
    recharge_began_at : array of datetime64[s]
        First recharge of the first spell, which is time zero of BG/NBD; NaT for postpaid lines.
        For the opening base it lies before the window, and `recharge_rate` and `recharge_dropout`
        are those of subscribers who are still there.
    recharge_lost_at : array of datetime64[s]
        Last recharge of the first spell, if the subscriber was lost before the window closed.
    spend_rate : array of float
        Gamma-Gamma nu; the line's mean recharge is ``amount_shape / nu``.
    customer_id : array of str
        The customers, in the order of the customers table.
    payer_class : array of str
        ``prompt``, ``late``, ``chronic``, ``never_pay``; empty for prepaid customers.
    response_class : array of str
        ``persuadable``, ``sure_thing``, ``lost_cause``, ``do_not_disturb``.
    response_control, response_treatment : array of float
        Probability of responding when held out and when contacted; the difference is `uplift`.
    fraud_subscription_id, fraud_kind : array of str
    fraud_start, fraud_end : array of datetime64[D]
        The cases, each inside the half-open interval.
    fraud_usage_id : array of str
        Usage records that frauds made ...
    fraud_usage_case : array of int
        ... and the position of the case of each.
    """

    operator: OperatorParameters = field(repr=False)
    subscription_id: Words = field(repr=False)
    subscription_customer_id: Words = field(repr=False)
    prepaid: Flags = field(repr=False)
    satisfaction: Floats = field(repr=False)
    hazard: Floats = field(repr=False)
    hazard_involuntary: Floats = field(repr=False)
    leave_period: Moments = field(repr=False)
    leave_reason: Words = field(repr=False)
    return_period: Moments = field(repr=False)
    second_leave_period: Moments = field(repr=False)
    second_leave_reason: Words = field(repr=False)
    recharge_rate: Floats = field(repr=False)
    recharge_dropout: Floats = field(repr=False)
    recharge_began_at: Moments = field(repr=False)
    recharge_lost_at: Moments = field(repr=False)
    spend_rate: Floats = field(repr=False)
    customer_id: Words = field(repr=False)
    payer_class: Words = field(repr=False)
    response_class: Words = field(repr=False)
    response_control: Floats = field(repr=False)
    response_treatment: Floats = field(repr=False)
    fraud_subscription_id: Words = field(repr=False)
    fraud_kind: Words = field(repr=False)
    fraud_start: Moments = field(repr=False)
    fraud_end: Moments = field(repr=False)
    fraud_usage_id: Words = field(repr=False)
    fraud_usage_case: Ints = field(repr=False)

    @property
    def uplift(self) -> Floats:
        """Effect of a campaign on each customer's probability of responding."""
        return self.response_treatment - self.response_control

    def to_frames(self, *, backend: Backend | str = Backend.POLARS) -> dict[str, Any]:
        """Return the labels as frames.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        dict of str to frame
            ``subscriptions``, ``hazards`` (one row per line and month at risk), ``customers``,
            ``frauds`` and ``fraud_usage``. A departure that did not happen is null.

        Raises
        ------
        MissingExtraError
            The backend is not installed.

        Examples
        --------
        >>> from telcrm.synth import Operator
        >>> frames = Operator(subscribers=20, months=2).truth.to_frames()
        >>> frames["hazards"].columns
        ['subscription_id', 'period', 'hazard', 'hazard_involuntary']
        """
        line, month = np.nonzero(~np.isnan(self.hazard))
        first = np.datetime64(self.operator.first_period, "M")
        columns: dict[str, dict[str, Flags | Floats | Ints | Moments | Words]] = {
            "subscriptions": {
                "subscription_id": self.subscription_id,
                "customer_id": self.subscription_customer_id,
                "prepaid": self.prepaid,
                "satisfaction": self.satisfaction,
                "leave_period": self.leave_period.astype("datetime64[D]"),
                "leave_reason": self.leave_reason,
                "return_period": self.return_period.astype("datetime64[D]"),
                "second_leave_period": self.second_leave_period.astype("datetime64[D]"),
                "second_leave_reason": self.second_leave_reason,
                "recharge_rate": self.recharge_rate,
                "recharge_dropout": self.recharge_dropout,
                "recharge_began_at": self.recharge_began_at,
                "recharge_lost_at": self.recharge_lost_at,
                "spend_rate": self.spend_rate,
            },
            "hazards": {
                "subscription_id": self.subscription_id[line],
                "period": (first + month).astype("datetime64[D]"),
                "hazard": self.hazard[line, month],
                "hazard_involuntary": self.hazard_involuntary[line, month],
            },
            "customers": {
                "customer_id": self.customer_id,
                "payer_class": self.payer_class,
                "response_class": self.response_class,
                "response_control": self.response_control,
                "response_treatment": self.response_treatment,
                "uplift": self.uplift,
            },
            "frauds": {
                "subscription_id": self.fraud_subscription_id,
                "kind": self.fraud_kind,
                "start": self.fraud_start,
                "end": self.fraud_end,
            },
            "fraud_usage": {
                "usage_id": self.fraud_usage_id,
                "subscription_id": self.fraud_subscription_id[self.fraud_usage_case],
                "kind": self.fraud_kind[self.fraud_usage_case],
            },
        }
        return {
            name: assemble({key: Numbers(values) for key, values in table.items()}, backend)
            for name, table in columns.items()
        }

    def __repr__(self) -> str:
        return (
            f"Truth({self.subscription_id.size} subscriptions, {self.customer_id.size} customers, "
            f"{self.fraud_kind.size} frauds)"
        )


def truth_of(operator: OperatorParameters, world: World) -> Truth:
    """Collect the labels of an operator."""
    people, life, cases = world.population, world.lifecycle, world.fraud_cases
    payer = np.array(PAYER_CLASSES)[world.payer]
    payer[people.prepaid_customer] = ""
    chance = world.response_class
    labelled = np.flatnonzero(world.injected.case >= 0)
    return Truth(
        operator=operator,
        subscription_id=people.subscription_id.astype(np.str_),
        subscription_customer_id=people.customer_id[people.owner].astype(np.str_),
        prepaid=people.prepaid,
        satisfaction=people.satisfaction,
        hazard=life.hazard.T,
        hazard_involuntary=life.hazard_involuntary.T,
        leave_period=_periods(operator, life.leave_month),
        leave_reason=_reasons(life.reason),
        return_period=_periods(operator, life.return_month),
        second_leave_period=_periods(operator, life.second_leave_month),
        second_leave_reason=_reasons(life.second_reason),
        recharge_rate=world.subscribers.rate,
        recharge_dropout=world.subscribers.dropout,
        recharge_began_at=_instants(world.subscribers.began),
        recharge_lost_at=_instants(life.lost_day),
        spend_rate=world.subscribers.spend,
        customer_id=people.customer_id.astype(np.str_),
        payer_class=payer,
        response_class=np.array(RESPONSE_CLASSES)[chance],
        response_control=np.array(operator.campaigns.response_control)[chance],
        response_treatment=np.array(operator.campaigns.response_treatment)[chance],
        fraud_subscription_id=people.subscription_id[cases.line].astype(np.str_),
        fraud_kind=np.array([kind.value for kind in FraudKind])[cases.kind],
        fraud_start=cases.first_day.astype("datetime64[D]"),
        fraud_end=cases.end_day.astype("datetime64[D]"),
        fraud_usage_id=usage_ids(world.usage_counts.sum() + labelled).astype(np.str_),
        fraud_usage_case=world.injected.case[labelled],
    )


def _periods(operator: OperatorParameters, months: Ints) -> Moments:
    periods = np.datetime64(operator.first_period, "M") + months.astype(np.int64)
    return np.where(months == NEVER, np.datetime64("NaT", "M"), periods)


def _reasons(codes: Ints) -> Words:
    return np.array([*(reason.value for reason in REASONS), ""])[codes]


def _instants(days: Floats) -> Moments:
    known = np.nan_to_num(days, nan=0.0)
    seconds = (known * 86_400).astype(np.int64).astype("datetime64[s]")
    return np.where(np.isnan(days), np.datetime64("NaT", "s"), seconds)
