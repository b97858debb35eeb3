"""What retention plans bring in truth: by uplift, by risk and at random, for equal money.

The customers, their traits, their chance to leave and the effect that a campaign has on them are
those of the synthetic operator. What each would do when contacted and when left alone is built on
them here, in two ways. In the first, as Ascarza (2018) found in the field, effect and risk are not
correlated: a contact moves a customer by the operator's effect, but those most at risk have mostly
made up their minds, and some are reminded that they can leave. In the second the effect is
proportional to risk, so that to go by risk is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from telcrm.churn.retention.offer import RetentionOffer
from telcrm.churn.retention.plan_retention import plan_retention
from telcrm.churn.retention.transformed_outcome_uplift import TransformedOutcomeUplift
from telcrm.churn.retention.two_model_uplift import TwoModelUplift
from telcrm.churn.retention.uplift_model import UpliftModel
from telcrm.synth import Operator

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

POLICIES: Final = ("two models", "transformed outcome", "risk", "random")
PAIRS: Final = (
    ("two models", "risk"),
    ("transformed outcome", "risk"),
    ("two models", "random"),
    ("risk", "random"),
)
FEATURES: Final = ("youth", "organisation", "premium", "mood", "tenure", "spend")
_MONTHS: Final = 6
_COST, _CONTACT, _TAKEN_ANYWAY = 8.0, 1.0, 0.3


class Effects(StrEnum):
    """How the effect of a contact goes with the risk of leaving."""

    FIELD = "field"
    """Highest risk is not highest effect, and some are better not disturbed."""
    PROPORTIONAL = "proportional"
    """A contact keeps half of the persuadables who would leave, and disturbs nobody."""


@dataclass(frozen=True)
class Population:
    """Customers, what is known of them, and what they would do."""

    known: pl.DataFrame
    value: Floats
    leaves_alone: Flags
    leaves_contacted: Flags
    chance_alone: Floats
    chance_contacted: Floats


def draw_population(seed: int, *, effects: Effects, subscribers: int) -> Population:
    """Make the customers of an operator that have a postpaid line, one row each."""
    operator = Operator(subscribers=subscribers, months=1, seed=seed)
    truth = operator.truth
    chance = np.random.default_rng([seed, 6])
    at_risk = np.flatnonzero(~np.isnan(truth.hazard[:, 0]))
    _, first = np.unique(truth.subscription_customer_id[at_risk], return_index=True)
    line = at_risk[first]
    owner = np.searchsorted(truth.customer_id, truth.subscription_customer_id[line])
    assert (truth.customer_id[owner] == truth.subscription_customer_id[line]).all()

    alone = 1.0 - (1.0 - truth.hazard[line, 0].astype(np.float64)) ** _MONTHS
    effect = truth.uplift[owner]
    if effects is Effects.PROPORTIONAL:
        moved = 0.5 * alone * (effect > 0.1)
    else:
        # Who is most at risk has mostly made up their mind; some are reminded that they can leave.
        moved = np.minimum(0.9 * alone, effect * np.exp(-alone / 0.15))
        moved = np.where(effect > 0, moved, effect * (1.0 - alone))
    contacted = alone - moved
    lot = chance.random(line.size)

    frames = operator.tables(["customers", "subscriber_months"])
    ids = pl.DataFrame(
        {
            "customer_id": truth.customer_id[owner],
            "subscription_id": truth.subscription_id[line],
            # As a survey would tell it.
            "mood": truth.satisfaction[line] + chance.normal(0.0, 0.7, line.size),
        }
    )
    rows = ids.join(
        frames["customers"].select("customer_id", "segment"), on="customer_id", how="left"
    ).join(
        frames["subscriber_months"].select("subscription_id", "revenue", "tenure_months"),
        on="subscription_id",
        how="left",
    )
    assert rows["customer_id"].to_list() == ids["customer_id"].to_list()
    known = rows.select(
        "customer_id",
        youth=(pl.col("segment") == "youth").cast(pl.Float64),
        organisation=pl.col("segment").is_in(["soho", "corporate"]).cast(pl.Float64),
        premium=(pl.col("segment") == "premium").cast(pl.Float64),
        mood="mood",
        tenure=(1.0 + pl.col("tenure_months").fill_null(0)).log(),
        spend=(1.0 + pl.col("revenue").fill_null(0.0)).log(),
    )
    value = 12.0 * rows["revenue"].fill_null(0.0).to_numpy()
    return Population(known, value, lot < alone, lot < contacted, alone, contacted)


@dataclass(frozen=True)
class Profits:
    """What each policy brought per customer who could be contacted, in units of the currency.

    ``realised`` counts who left; ``mean`` is its mean over all that could have happened to the same
    plans, so that it is free of the luck of the customers drawn.
    """

    realised: dict[str, float]
    mean: dict[str, float]


def profits_of_policies(
    seed: int, *, effects: Effects = Effects.FIELD, subscribers: int = 30_000
) -> Profits:
    """Learn from a trial with three quarters of the customers, and act on the others.

    Parameters
    ----------
    seed : int
    effects : Effects
    subscribers : int

    Returns
    -------
    Profits
        Of each of ``POLICIES``. All may spend the same: what contacting an eighth of them costs.
    """
    people = draw_population(seed, effects=effects, subscribers=subscribers)
    chance = np.random.default_rng([seed, 7])
    size = people.value.size
    in_trial = chance.random(size) < 0.75
    contacted = chance.random(size) < 0.5
    features = people.known.select(FEATURES).to_numpy()
    learn, act = np.flatnonzero(in_trial), np.flatnonzero(~in_trial)
    left = np.where(contacted, people.leaves_contacted, people.leaves_alone)[learn]
    stayed, treated = (~left).astype(int), contacted[learn].astype(int)

    risk_model = make_pipeline(StandardScaler(), LogisticRegression())
    control = learn[treated == 0]
    risk_model.fit(features[control], people.leaves_alone[control])
    learners: dict[str, UpliftModel] = {
        "two models": TwoModelUplift(make_pipeline(StandardScaler(), LogisticRegression())),
        "transformed outcome": TransformedOutcomeUplift(
            make_pipeline(StandardScaler(), Ridge()), propensity=0.5
        ),
    }
    frame = people.known[act].select(
        "customer_id",
        churn_probability=risk_model.predict_proba(features[act])[:, 1],
        lifetime_value=people.value[act],
        **{
            name: learner.fit(features[learn], stayed, treated).predict_uplift(features[act])
            for name, learner in learners.items()
        },
    )
    # By risk, everybody's chance to be kept is the mean of the trial: the best that risk can know.
    alone, reached = left[treated == 0].mean(), left[treated == 1].mean()
    offer = RetentionOffer(
        offer_id="gift",
        name="A gift",
        cost=_COST,
        contact_cost=_CONTACT,
        acceptance=float(np.clip((alone - reached) / alone, 0.01, 1.0)),
        stayer_acceptance=_TAKEN_ANYWAY,
    )
    budget = 0.125 * act.size * (_CONTACT + _COST * _TAKEN_ANYWAY)
    takes = chance.random(act.size) < _TAKEN_ANYWAY
    chosen = {"random": chance.permutation(act.size)[: int(0.125 * act.size)]}
    for policy in ("two models", "transformed outcome", "risk"):
        uplift = None if policy == "risk" else policy
        plan = plan_retention(frame, offers=[offer], uplift=uplift, budget=budget)
        chosen[policy] = np.flatnonzero(plan.frame["offer_id"].is_not_null().to_numpy())
    measures = (_realised(people, act, takes), _mean(people, act))
    realised, mean = (
        {policy: float(each[chosen[policy]].sum()) / act.size for policy in POLICIES}
        for each in measures
    )
    return Profits(realised, mean)


def _realised(people: Population, rows: NDArray[np.int64], takes: Flags) -> Floats:
    """Return what a contact with each customer brings."""
    alone, contacted = people.leaves_alone[rows], people.leaves_contacted[rows]
    kept = alone.astype(float) - contacted.astype(float)
    accepted = ~contacted & (alone | takes)
    profit: Floats = kept * people.value[rows] - _CONTACT - _COST * accepted
    return profit


def _mean(people: Population, rows: NDArray[np.int64]) -> Floats:
    alone, contacted = people.chance_alone[rows], people.chance_contacted[rows]
    accepted = np.maximum(alone - contacted, 0.0)
    accepted += _TAKEN_ANYWAY * (1.0 - np.maximum(alone, contacted))
    profit: Floats = (alone - contacted) * people.value[rows] - _CONTACT - _COST * accepted
    return profit


@dataclass(frozen=True)
class MeanInterval:
    """A mean over independent runs with its 90 % interval, by Student's t."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Any) -> MeanInterval:
        given = np.asarray(values, dtype=float)
        error = given.std(ddof=1) / np.sqrt(given.size) * student.ppf(0.95, given.size - 1)
        mean = float(given.mean())
        return cls(mean, mean - float(error), mean + float(error))

    def __str__(self) -> str:
        return f"{self.mean:7.3f}  [{self.low:7.3f}, {self.high:7.3f}]"


def compare_policies(
    seeds: Iterable[int], *, effects: Effects = Effects.FIELD, subscribers: int = 30_000
) -> dict[str, dict[str, MeanInterval]]:
    """Compare the policies over many operators.

    Parameters
    ----------
    seeds : iterable of int
    effects : Effects
    subscribers : int
        Of each operator; four in ten are customers with a postpaid line.

    Returns
    -------
    dict of str to dict of str to MeanInterval
        For ``"realised"`` and ``"mean"``, the profit per customer of each policy, and the
        differences between policies, which act on the same customers.
    """
    runs = [profits_of_policies(seed, effects=effects, subscribers=subscribers) for seed in seeds]
    found: dict[str, dict[str, MeanInterval]] = {}
    for measure in ("realised", "mean"):
        each = [getattr(run, measure) for run in runs]
        by_policy = {policy: np.array([one[policy] for one in each]) for policy in POLICIES}
        found[measure] = {policy: MeanInterval.of(values) for policy, values in by_policy.items()}
        for better, worse in PAIRS:
            difference = MeanInterval.of(by_policy[better] - by_policy[worse])
            found[measure][f"{better} - {worse}"] = difference
    return found
