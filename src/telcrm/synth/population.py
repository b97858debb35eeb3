"""Who the customers are and which lines they hold: everything that does not change by month."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from telcrm.synth.columns import (
    Coded,
    Dates,
    Flags,
    Floats,
    Ints,
    Keys,
    Numbers,
    Table,
    Text,
)
from telcrm.synth.draws import categories, choose_by_row, uniform_days
from telcrm.synth.identifiers import imeis, keys, scatter, telephone_numbers
from telcrm.synth.names import ORGANIZATION_NAMES, PERSON_NAMES, REGIONS
from telcrm.synth.plans import Plan
from telcrm.synth.ranges import require_between, require_count, require_positive
from telcrm.synth.timeline import Timeline

__all__ = ["SEGMENTS", "CustomerBase", "Population", "customers_table", "draw_population"]

SEGMENTS = ("mass", "youth", "premium", "soho", "corporate")
"""The first three hold individuals, the last two organizations (four lines or more: corporate)."""

_CHANNELS = ("shop", "web", "app", "call_centre", "partner")
_PARTIES = ("individual", "organization")


@dataclass(frozen=True, kw_only=True)
class CustomerBase:
    """How the opening base is composed and how it grows.

    Parameters
    ----------
    organization_share : float in [0, 1]
        Share of customers that are organizations. They are always postpaid.
    prepaid_share : float in [0, 1]
        Share of individuals that are prepaid.
    second_line : float in [0, 1)
        An individual holds a further line with this probability, again and again, up to four.
    organization_lines : float >= 1
        Mean number of lines of an organization (geometric).
    gross_adds : float in [0, 1]
        New lines a month as a share of the opening base (Poisson), from the second month on. With
        the other defaults, 0.026 makes up for those who leave and a little more.
    mean_tenure_months : float > 0
        Mean age of the lines of the opening base (exponential, at most ten years).
    committed_share : float in [0, 1]
        Share of postpaid lines on a contract with a commitment.
    commitment_months : int >= 2
    renewal : float in [0, 1]
        Probability that a commitment is renewed when it has ended.

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> CustomerBase(prepaid_share=0.8).prepaid_share
    0.8
    """

    organization_share: float = 0.05
    prepaid_share: float = 0.5
    second_line: float = 0.12
    organization_lines: float = 4.0
    gross_adds: float = 0.026
    mean_tenure_months: float = 26.0
    committed_share: float = 0.7
    commitment_months: int = 24
    renewal: float = 0.5

    def __post_init__(self) -> None:
        shares = ("organization_share", "prepaid_share", "gross_adds", "committed_share", "renewal")
        require_between(self, 0.0, 1.0, *shares)
        require_between(self, 0.0, 0.99, "second_line")
        require_between(self, 1.0, 1e6, "organization_lines")
        require_positive(self, "mean_tenure_months")
        require_count(self, 2, "commitment_months")


@dataclass(frozen=True)
class Population:
    """Customers and their lines, one array element each; ``owner`` leads from line to customer."""

    organization: Flags
    prepaid_customer: Flags
    segment: Ints
    region: Ints
    name: Ints
    channel: Ints
    owner: Ints
    start_month: Ints
    start_day: Ints
    first_offer: Ints
    first_commitment_end: Ints
    satisfaction: Floats
    country_code: str

    @property
    def customers(self) -> int:
        """Number of customers."""
        return self.organization.size

    @property
    def lines(self) -> int:
        """Number of subscriptions."""
        return self.owner.size

    @cached_property
    def customer_id(self) -> Text:
        """Key of each customer."""
        return keys("C", self.customers)

    @cached_property
    def account_id(self) -> Text:
        """Key of each customer's one billing account."""
        return keys("A", self.customers)

    @cached_property
    def subscription_id(self) -> Text:
        """Key of each line."""
        return keys("S", self.lines)

    @cached_property
    def msisdn(self) -> Text:
        """Telephone number of each line."""
        return telephone_numbers(self.lines, country_code=self.country_code, lead="6")

    @cached_property
    def imei(self) -> Text:
        """Device of each line, whether bought from the operator or brought along."""
        return imeis(scatter(np.arange(self.lines), 9, offset=271_828_182))

    @cached_property
    def prepaid(self) -> Flags:
        """Whether a line is prepaid."""
        return self.prepaid_customer[self.owner]

    @cached_property
    def customer_since(self) -> Ints:
        """Day of each customer's first activation."""
        # Lines stand in the order of their owner, so one owner's lines are neighbours.
        return np.minimum.reduceat(self.start_day, self.first_line)

    @cached_property
    def first_line(self) -> Ints:
        """Position of each customer's first line."""
        return np.searchsorted(self.owner, np.arange(self.customers))


def draw_population(
    rng: np.random.Generator,
    base: CustomerBase,
    plans: tuple[Plan, ...],
    timeline: Timeline,
    *,
    subscribers: int,
    country_code: str,
) -> Population:
    """Draw the opening base and the lines that will be activated month by month."""
    adds = rng.poisson(base.gross_adds * subscribers, timeline.months - 1)
    cohorts = np.repeat(np.arange(1, timeline.months, dtype=np.int16), adds)
    lines = subscribers + cohorts.size
    organization = rng.random(lines) < base.organization_share
    held = np.minimum(rng.geometric(1.0 - base.second_line, lines), 4)
    held[organization] = rng.geometric(1.0 / base.organization_lines, int(organization.sum()))
    customers = int(np.searchsorted(np.cumsum(held), lines)) + 1
    owner = np.repeat(np.arange(customers, dtype=np.int32), held[:customers])[:lines]
    organization = organization[:customers]
    prepaid = ~organization & (rng.random(customers) < base.prepaid_share)

    age = np.minimum(rng.exponential(base.mean_tenure_months, subscribers), 119.0)
    start_month = np.concatenate([-1 - age.astype(np.int16), cohorts])
    start_day = uniform_days(
        rng, timeline.first_day_of(start_month), timeline.first_day_of(start_month + 1)
    )
    segment = categories(rng, [0.62, 0.22, 0.16], customers)
    size = np.bincount(owner, minlength=customers)
    segment[organization] = np.where(size[organization] >= 4, 4, 3)
    satisfaction = rng.standard_normal(customers)[owner] * 0.6 + rng.standard_normal(lines) * 0.8
    names = rng.integers(0, len(PERSON_NAMES), customers)
    names[organization] = len(PERSON_NAMES) + rng.integers(
        0, len(ORGANIZATION_NAMES), int(organization.sum())
    )
    return Population(
        organization=organization,
        prepaid_customer=prepaid,
        segment=segment,
        region=categories(rng, [0.30, 0.15, 0.20, 0.20, 0.15], customers),
        name=names.astype(np.int16),
        channel=categories(rng, [0.40, 0.20, 0.12, 0.10, 0.18], customers),
        owner=owner,
        start_month=start_month,
        start_day=start_day,
        first_offer=_draw_offers(rng, plans, prepaid[owner], segment[owner]),
        first_commitment_end=_draw_commitments(rng, base, ~prepaid[owner], start_month),
        satisfaction=satisfaction.astype(np.float32),
        country_code=country_code,
    )


def _draw_offers(
    rng: np.random.Generator, plans: tuple[Plan, ...], prepaid: Flags, segment: Ints
) -> Ints:
    """Dear plans go to premium and corporate lines more often than to youth."""
    of_mode = np.array([plan.prepaid for plan in plans])[None, :] == prepaid[:, None]
    rank = np.arange(len(plans)) - np.argmax(~np.array([plan.prepaid for plan in plans]))
    taste = np.array([-0.3, -0.6, 0.4, -0.1, 0.2])[segment]
    return choose_by_row(rng, of_mode * np.exp(taste[:, None] * rank[None, :]))


def _draw_commitments(
    rng: np.random.Generator, base: CustomerBase, postpaid: Flags, start_month: Ints
) -> Ints:
    """Month in which the commitment ends, counted from the first period; -32768 is none."""
    term = base.commitment_months
    end = start_month.astype(np.int32) + term
    # Lines past their first term renewed it each time with the same probability.
    lapsed = np.maximum(-end, 0) // term + (end < 0)
    renewed = np.minimum(rng.geometric(max(1.0 - base.renewal, 1e-9), end.size) - 1, lapsed)
    committed = postpaid & (rng.random(end.size) < base.committed_share)
    return np.where(committed, end + renewed * term, -32_768).astype(np.int16)


def customers_table(population: Population, closed: Flags) -> Table:
    """Return the canonical customers table; `closed` marks customers without a live line."""
    active_or_closed = closed.astype(np.int8)
    return {
        "customer_id": Keys(population.customer_id),
        "name": Coded(population.name, PERSON_NAMES + ORGANIZATION_NAMES),
        "party_type": Coded(population.organization.astype(np.int8), _PARTIES),
        "status": Coded(active_or_closed, ("active", "closed")),
        "since": Dates(population.customer_since),
        "segment": Coded(population.segment, SEGMENTS),
        "region": Coded(population.region, REGIONS),
        "key_account": Numbers(population.segment == SEGMENTS.index("corporate")),
        "acquisition_channel": Coded(population.channel, _CHANNELS),
    }
