"""Campaigns with a random control arm and a known individual treatment effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import CampaignArm, Channel
from telcrm.errors import ParameterError
from telcrm.synth.columns import Coded, Flags, Floats, Instants, Ints, KeyRefs, Keys, Numbers, Table
from telcrm.synth.denomination import Denomination
from telcrm.synth.draws import categories, choose_by_row, uniform_days
from telcrm.synth.identifiers import keys
from telcrm.synth.lifecycle import Lifecycle
from telcrm.synth.population import Population
from telcrm.synth.ranges import (
    require_between,
    require_count,
    require_positive,
    require_shares,
    require_weights,
)
from telcrm.synth.timeline import DAY_S, Timeline

__all__ = [
    "RESPONSE_CLASSES",
    "Campaigns",
    "Contacts",
    "campaign_contacts_table",
    "draw_contacts",
    "draw_response_classes",
]

RESPONSE_CLASSES = ("persuadable", "sure_thing", "lost_cause", "do_not_disturb")

_CHANNELS = (Channel.SMS, Channel.APP, Channel.EMAIL, Channel.CALL_CENTRE)


@dataclass(frozen=True, kw_only=True)
class Campaigns:
    """One campaign every `every_months`, on a random share of the active customers.

    The class of a customer depends on who they are (softmax over log weights): youth is persuadable
    more often, satisfied customers are sure things, dissatisfied ones lost causes, and corporate
    and soho customers are best left alone.

    Parameters
    ----------
    every_months : int >= 1
    contacted_share : float in [0, 1]
        Share of the customers with a live line that a campaign selects.
    control_share : float in [0, 1]
        Share of the selected who are held out at random.
    persuadable, sure_thing, lost_cause, do_not_disturb : float in [0, 1], adding up to 1
        Shares of the classes among average customers of the mass segment.
    response_control, response_treatment : four probabilities
        Of responding, by class in the order above. Their difference is the effect.
    value_mean : float > 0
        Mean value of a response (gamma with shape 4).

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> Campaigns(control_share=0.5).control_share
    0.5
    """

    every_months: int = 3
    contacted_share: float = 0.3
    control_share: float = 0.25
    persuadable: float = 0.25
    sure_thing: float = 0.15
    lost_cause: float = 0.5
    do_not_disturb: float = 0.1
    response_control: tuple[float, ...] = (0.03, 0.45, 0.01, 0.15)
    response_treatment: tuple[float, ...] = (0.30, 0.46, 0.015, 0.03)
    value_mean: float = 30.0

    def __post_init__(self) -> None:
        require_count(self, 1, "every_months")
        require_between(self, 0.0, 1.0, "contacted_share", "control_share")
        require_shares(self, *RESPONSE_CLASSES)
        require_weights(self, 4, "response_control", "response_treatment")
        require_positive(self, "value_mean")
        for name in ("response_control", "response_treatment"):
            if max(getattr(self, name)) > 1.0:
                raise ParameterError(
                    f"Campaigns: {name}={getattr(self, name)!r} holds a probability above 1. "
                    "Pass four probabilities.",
                    parameter=name,
                )


@dataclass(frozen=True)
class Contacts:
    """One element per contact, by campaign and then by customer."""

    campaign: Ints
    customer: Ints
    at: Ints
    arm: Ints
    responded: Flags
    value: Floats


def draw_response_classes(
    rng: np.random.Generator, campaigns: Campaigns, population: Population
) -> Ints:
    """Draw the response class of each customer."""
    shares = [getattr(campaigns, name) for name in RESPONSE_CLASSES]
    with np.errstate(divide="ignore"):
        weights = np.tile(np.log(shares), (population.customers, 1))
    mood = population.satisfaction[population.first_line].astype(np.float64)
    weights[:, 0] += 0.9 * (population.segment == 1)
    weights[:, 1] += 0.5 * mood
    weights[:, 2] -= 0.5 * mood
    weights[:, 3] += 0.9 * population.organization
    return choose_by_row(rng, np.exp(weights))


def draw_contacts(
    rng: np.random.Generator,
    campaigns: Campaigns,
    population: Population,
    lifecycle: Lifecycle,
    timeline: Timeline,
    *,
    response_class: Ints,
    money: Denomination,
) -> Contacts:
    """Select customers, split them into arms at random and draw their responses."""
    chance = np.array([campaigns.response_control, campaigns.response_treatment])
    parts = []
    for number, month in enumerate(range(0, timeline.months, campaigns.every_months)):
        reachable = np.zeros(population.customers, dtype=np.bool_)
        reachable[population.owner[lifecycle.active[month]]] = True
        selected = reachable & (rng.random(population.customers) < campaigns.contacted_share)
        customer = np.flatnonzero(selected)
        size = customer.size
        control = rng.random(size) < campaigns.control_share
        treated = (~control).astype(np.int8)
        responded = rng.random(size) < chance[treated, response_class[customer]]
        value = rng.gamma(4.0, campaigns.value_mean / 4.0, size)
        starts = timeline.month_starts
        day = uniform_days(rng, np.full(size, starts[month]), np.full(size, starts[month] + 14))
        at = day.astype(np.int64) * DAY_S + rng.integers(9 * 3600, 20 * 3600, size)
        parts.append(
            (
                np.full(size, number, dtype=np.int16),
                customer.astype(np.int32),
                at,
                control.astype(np.int8),
                responded,
                np.where(responded, money.rounded(value), 0.0),
            )
        )
    return Contacts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def campaign_contacts_table(
    rng: np.random.Generator, contacts: Contacts, population: Population
) -> Table:
    """Return the canonical campaign_contacts table."""
    size = contacts.customer.size
    campaigns = keys("CAMP", int(contacts.campaign.max(initial=0)) + 1, width=3)
    return {
        "contact_id": Keys(keys("T", size)),
        "campaign_id": KeyRefs(contacts.campaign, campaigns),
        "customer_id": KeyRefs(contacts.customer, population.customer_id),
        "contacted_at": Instants(contacts.at),
        "channel": Coded(categories(rng, [0.45, 0.25, 0.2, 0.1], size), _CHANNELS),
        "arm": Coded(contacts.arm, (CampaignArm.TREATMENT, CampaignArm.CONTROL)),
        "responded": Numbers(contacts.responded),
        "value": Numbers(contacts.value),
    }
