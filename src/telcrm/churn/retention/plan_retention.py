"""Choose whom to contact with which offer, within budget and capacity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.retention.assignment import CODES, Limits, assign
from telcrm.churn.retention.contact_policy import ContactPolicy
from telcrm.churn.retention.offer import RetentionOffer
from telcrm.churn.retention.offer_choice import NOBODY, Choice
from telcrm.churn.retention.plan import LeftAlone, OfferTotals, RetentionPlan
from telcrm.churn.retention.plan_customers import PlanColumns, PlanCustomers, read_customers
from telcrm.domain import CampaignArm
from telcrm.domain.arguments import (
    require_day,
    require_not_negative,
    require_share,
    whole_between,
)
from telcrm.errors import ParameterError
from telcrm.rules.column_expressions import first_of

__all__ = ["plan_retention"]

_AMOUNTS: Final = ("expected_profit", "expected_saved", "expected_cost")
_RESULT: Final = ("offer_id", "withheld_offer_id", "arm", *_AMOUNTS, "reason")


def plan_retention(
    frame: Any,
    *,
    offers: Sequence[RetentionOffer],
    probability: str = "churn_probability",
    value: str = "lifetime_value",
    customer: str = "customer_id",
    uplift: str | Mapping[str, str] | None = None,
    budget: float | None = None,
    capacity: int | None = None,
    contact_policy: ContactPolicy | None = None,
    control_share: float = 0.0,
    random_state: int | None = None,
    as_of: date | None = None,
) -> RetentionPlan:
    """Choose whom to contact with which offer, so that the expected profit is highest.

    Parameters
    ----------
    frame : dataframe
        One row per customer. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    offers : sequence of RetentionOffer
        Nobody gets more than one of them.
    probability : str
        Column of shares: the chance that the customer leaves if left alone, calibrated.
    value : str
        Numeric column, major units, one currency: what the customer will bring if it stays.
    customer : str
        Column that names the customer.
    uplift : str or mapping of str to str, optional
        Column of numbers from -1 to 1: by how much a contact raises the chance to stay, as an
        :class:`UpliftModel` predicts it from a trial. One for all offers, or one by ``offer_id``.
        Without it, the plan goes by risk: who accepts is saved, and a contact drives nobody away.
    budget : float, 0 or more, optional
        Limit to the expected cost of contacts and incentives, major units.
    capacity : int, 0 or more, optional
        Limit to the contacts with all offers together; that of one offer is part of the offer.
    contact_policy : ContactPolicy, optional
        Who must not be contacted now.
    control_share : float in [0, 1)
        Share of the customers who may be contacted that is held out at random, before anything is
        chosen, to measure the effect afterwards.
    random_state : int, optional
        For the draw of the control group; needed if there is one.
    as_of : date, optional
        The day of the plan; needed by a policy with ``last_contact``.

    Returns
    -------
    RetentionPlan
        Its ``frame`` is of the same kind as the one given, with the same rows (in the same order if
        they are in memory), and beside the columns given:

        ``offer_id``
            Text: the offer to make; null where the customer is left alone.
        ``withheld_offer_id``
            Text: the offer that a customer of the control group would have had.
        ``arm``
            ``"treatment"``, ``"control"``, or null for customers who are no part of the campaign.
        ``expected_profit``, ``expected_saved``, ``expected_cost``
            Float64: of the offer to make; 0 where the customer is left alone.
        ``reason``
            Text: why the customer is left alone, one of :class:`LeftAlone`; null otherwise.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        A column is not there, or of a wrong type.
    InvalidTableError
        A customer is null or stands in two rows, a number is missing, infinite or no share, or it
        is not known whether a customer opted out.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    RuleMismatchError, FieldTypeError
        A condition of an offer does not fit the table.
    ParameterError
        There are no offers, or two of one name, an argument is outside its range or missing, or a
        column of the result is there already.

    Notes
    -----
    What a contact is expected to bring says :func:`contact_outcome`; an offer is made only if this
    is above 0, and if the contact is expected to keep the customer. Which offers to make within the
    limits is a multiple-choice knapsack; the plan says by how much it may miss the best one
    (``bound``, ``gap``). Small tables are solved exactly; on large ones the gap is a few customers.

    Of the control group, those who would have had an offer are found by the same choice, within the
    control group's part of the limits; it spends none of the budget. Rows are worked on in the
    order of the customers' keys: their order in the table makes no difference, and of equal
    customers the first by key is served.

    High risk is not high effect: in two field experiments the customers most at risk were not
    those whom it paid most to target (Ascarza 2018). Pass ``uplift`` where a trial was made.

    References
    ----------
    E. Ascarza (2018), "Retention Futility: Targeting High-Risk Customers Might Be Ineffective",
    Journal of Marketing Research 55(1), 80-98. A. Lemmens, S. Gupta (2020), "Managing Churn to
    Maximize Profits", Marketing Science 39(5), 956-973.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "cid"],
    ...         "churn_probability": [0.6, 0.5, 0.05],
    ...         "lifetime_value": [300.0, 100.0, 900.0],
    ...     }
    ... )
    >>> offer = RetentionOffer(
    ...     offer_id="gift", name="A gift", cost=10.0, contact_cost=1.0, acceptance=0.3
    ... )
    >>> plan = plan_retention(customers, offers=[offer], budget=10.0)
    >>> plan.frame.select("offer_id", "expected_profit", "reason").rows()
    [('gift', 47.2, None),
     (None, 0.0, 'the budget is spent on better cases'),
     (None, 0.0, 'the budget is spent on better cases')]
    """
    listed = _offers(offers)
    policy = contact_policy or ContactPolicy()
    _check_arguments(budget, capacity, control_share, policy, as_of)
    seed = None if control_share == 0.0 else whole_between("random_state", random_state, 0)
    columns = PlanColumns(customer, probability, value, _uplift_columns(uplift, listed))
    people = read_customers(frame, columns, listed, policy=policy, as_of=as_of, results=_RESULT)
    reachable = ~people.opted_out & ~people.cooling
    held_out = np.zeros(reachable.size, dtype=np.bool_)
    if seed is not None:
        draws = np.random.default_rng(seed).random(reachable.size)
        held_out = reachable & (draws < control_share)
    limits = Limits(budget, capacity, [offer.capacity for offer in listed])
    treated, controls = np.flatnonzero(reachable & ~held_out), np.flatnonzero(held_out)
    contact = assign(people, treated, limits)
    control = assign(people, controls, limits.part(controls.size / max(treated.size, 1)))

    why = np.full(reachable.size, CODES[LeftAlone.COOL_DOWN])
    why[people.opted_out] = CODES[LeftAlone.OPTED_OUT]
    why[treated] = contact.why
    why[controls] = np.where(control.choice == NOBODY, control.why, CODES[LeftAlone.CONTROL])
    offered, withheld = np.full((2, reachable.size), NOBODY)
    offered[treated], withheld[controls] = contact.choice, control.choice
    return RetentionPlan(
        frame=_put_back(people, listed, offered, withheld, why),
        offers=_totals(people, listed, offered),
        customers=reachable.size,
        held_out=int((withheld != NOBODY).sum()),
        left_alone={
            reason: int((why == code).sum())
            for reason, code in CODES.items()
            if (why == code).any()
        },
        bound=contact.bound,
        target_all=_target_all(people, treated),
        target_random=_target_random(people, treated, offered),
    )


def _offers(offers: object) -> list[RetentionOffer]:
    listed = list(offers) if isinstance(offers, Sequence) else []
    if not listed or not all(isinstance(offer, RetentionOffer) for offer in listed):
        raise ParameterError(
            f"plan_retention: offers={offers!r:.60} has to be a sequence of one RetentionOffer or "
            "more.",
            parameter="offers",
        )
    names = [offer.offer_id for offer in listed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(
            f"plan_retention: the offer_id {', '.join(map(repr, twice))} stands in two offers. "
            "Give each its own.",
            offer_ids=twice,
        )
    return listed


def _uplift_columns(
    uplift: str | Mapping[str, str] | None, offers: Sequence[RetentionOffer]
) -> tuple[str, ...] | None:
    if uplift is None:
        return None
    names = [offer.offer_id for offer in offers]
    if isinstance(uplift, str):
        return (uplift,) * len(names)
    if not isinstance(uplift, Mapping) or set(uplift) != set(names):
        raise ParameterError(
            f"plan_retention: uplift={uplift!r:.80} has to be a column, or name one for each of "
            f"the offers {', '.join(map(repr, names))}.",
            parameter="uplift",
        )
    return tuple(uplift[name] for name in names)


def _check_arguments(
    budget: float | None,
    capacity: int | None,
    control_share: float,
    policy: ContactPolicy,
    as_of: date | None,
) -> None:
    if budget is not None:
        require_not_negative(budget=budget)
    if capacity is not None:
        whole_between("capacity", capacity, 0)
    require_share(control_share=control_share)
    if control_share == 1.0:
        raise ParameterError(
            "plan_retention: with control_share=1 nobody is contacted. Leave some to the campaign.",
            parameter="control_share",
        )
    if as_of is not None or policy.last_contact is not None:
        require_day("plan_retention", as_of)


def _put_back(
    people: PlanCustomers,
    offers: Sequence[RetentionOffer],
    offered: Choice,
    withheld: Choice,
    why: NDArray[np.int64],
) -> Any:
    everybody = np.arange(offered.size)
    amounts = zip(_AMOUNTS, (people.profit, people.saved, people.cost), strict=True)
    answers = {
        f"_plan_{name}": np.where(offered == NOBODY, 0.0, amount[offered, everybody])
        for name, amount in amounts
    }
    codes = {"_plan_offer": offered, "_plan_withheld": withheld, "_plan_why": why}
    answers.update({name: each.astype(np.float64) for name, each in codes.items()})

    def offer_named(column: str) -> nw.Expr:
        rows = [(nw.col(column) == at, offer.offer_id) for at, offer in enumerate(offers)]
        return first_of(rows, None, nw.String())

    reasons = [(nw.col("_plan_why") == code, reason.value) for reason, code in CODES.items()]
    arms = [
        (nw.col("_plan_offer") >= 0, CampaignArm.TREATMENT.value),
        (nw.col("_plan_withheld") >= 0, CampaignArm.CONTROL.value),
    ]
    return people.table.put_back(
        answers,
        {
            "offer_id": offer_named("_plan_offer"),
            "withheld_offer_id": offer_named("_plan_withheld"),
            "arm": first_of(arms, None, nw.String()),
            **{name: nw.col(f"_plan_{name}") for name in _AMOUNTS},
            "reason": first_of(reasons, None, nw.String()),
        },
    )


def _totals(
    people: PlanCustomers, offers: Sequence[RetentionOffer], offered: Choice
) -> tuple[OfferTotals, ...]:
    return tuple(
        OfferTotals(
            offer_id=offer.offer_id,
            name=offer.name,
            contacts=int((offered == at).sum()),
            expected_cost=float(people.cost[at, offered == at].sum()),
            expected_saved=float(people.saved[at, offered == at].sum()),
            expected_profit=float(people.profit[at, offered == at].sum()),
        )
        for at, offer in enumerate(offers)
    )


def _target_all(people: PlanCustomers, rows: NDArray[np.int64]) -> float:
    profit = np.where(people.eligible[:, rows], people.profit[:, rows], -np.inf)
    best = profit.max(axis=0)
    return float(best[np.isfinite(best)].sum())


def _target_random(people: PlanCustomers, rows: NDArray[np.int64], offered: Choice) -> float:
    """Return what the cost of the plan brings at the mean profit and cost of a possible contact."""
    eligible = people.eligible[:, rows]
    chance = eligible / np.maximum(eligible.sum(axis=0), 1)
    profit = float((people.profit[:, rows] * chance).sum())
    cost = float((people.cost[:, rows] * chance).sum())
    chosen = np.flatnonzero(offered != NOBODY)
    spent = float(people.cost[offered[chosen], chosen].sum())
    if cost == 0.0:
        return profit * chosen.size / max(rows.size, 1)
    return profit * min(spent / cost, 1.0)
