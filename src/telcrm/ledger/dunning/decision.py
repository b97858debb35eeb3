"""What dunning does with one account on one day: a pure decision, and nothing else.

:func:`decide` is the daily run, :func:`cure` what a payment triggers in its own transaction,
:func:`relist` what a bounced payment triggers. Each takes the account's open items and what dunning
did so far, and returns the actions and the state after them. None of them stores, sends or bars.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final, NamedTuple

from telcrm.domain import Currency, Money
from telcrm.ledger.dunning.case import (
    ActionKind,
    Decision,
    DunnableItem,
    DunningAction,
    DunningCase,
    DunningState,
    SentReminder,
)
from telcrm.ledger.dunning.policy import (
    ClassException,
    DunningLevel,
    DunningPolicy,
    DunningStep,
    ServiceState,
)

__all__ = ["cure", "decide", "relist"]

_SERVICE_AFTER: Final = {
    DunningStep.ONE_WAY_BAR: ServiceState.ONE_WAY_BARRED,
    DunningStep.TWO_WAY_BAR: ServiceState.TWO_WAY_BARRED,
    DunningStep.TERMINATION: ServiceState.TERMINATED,
}
_SERVICE_ORDER: Final = {service: place for place, service in enumerate(ServiceState)}
_KIND_OF: Final = {step: ActionKind(step.value) for step in DunningStep}


def decide(policy: DunningPolicy, case: DunningCase, *, as_of: date) -> Decision:
    """Decide what a dunning run does with an account: at most one step.

    Parameters
    ----------
    policy : DunningPolicy
    case : DunningCase
    as_of : date
        The day of the run.

    Returns
    -------
    Decision
        Deciding again with its state on the same day gives no action.

    Notes
    -----
    Overdue is what is open and not disputed, of items that are not held and more than the grace
    past due. The account is listed while that is above the tolerance, and released when it is not,
    on quiet days too. The anchor is the oldest item that is overdue *now*, part-paid or not. Level
    n + 1 is taken when level n was, the anchor is old enough, the overdue is large enough, enough
    days went by since level n, no hold runs, and the day is not quiet. Bars and termination that
    change nothing, because the service is ended or barred as much already, are passed over.

    While the account owes nothing above the tolerance, the next item to fall due gets the policy's
    reminders before the due date: each once, and only the latest of several that are late.

    Examples
    --------
    >>> item = DunnableItem(
    ...     item_id="I-1", due_on=date(2026, 1, 31), open_minor=4000, original_minor=4000
    ... )
    >>> case = DunningCase(account_id="A-1", currency="EUR", items=(item,))
    >>> decision = decide(DunningPolicy(), case, as_of=date(2026, 2, 7))
    >>> [action.kind.value for action in decision.actions]
    ['listed', 'reminder']
    >>> decision.reason
    '40.00 EUR overdue, I-1 is 7 days past due: reminder, level 1.'
    """
    view = _look(policy, case, as_of)
    actions, state = _settle(case, view, as_of, may_list=True)
    if view.debt:
        taken, state, why = _climb(policy, case, view, state, as_of)
    else:
        taken, state, why = _remind(policy, view, state, as_of)
    if taken is not None:
        actions = (*actions, taken)
    return _decision(view, actions, state, why)


def cure(policy: DunningPolicy, case: DunningCase, *, as_of: date) -> Decision:
    """Decide what a payment, a credit or a dispute sets right at once: release, never a step.

    Book it in the transaction of the payment, so that nobody stays barred, or is barred by a run
    that does not know of it, after having paid.

    Parameters
    ----------
    policy : DunningPolicy
    case : DunningCase
        With the items as they are after the payment.
    as_of : date

    Returns
    -------
    Decision
        ``RESTORED`` if the account is barred and ``DELISTED`` if it is listed, when it owes no more
        than the tolerance; no action otherwise. Quiet days and holds make no difference.

    Examples
    --------
    >>> barred = DunningState(
    ...     listed=True, level=3, service=ServiceState.ONE_WAY_BARRED, anchor="I-1"
    ... )
    >>> case = DunningCase(account_id="A-1", currency="EUR", state=barred)
    >>> decision = cure(DunningPolicy(), case, as_of=date(2026, 3, 5))
    >>> [action.kind.value for action in decision.actions]
    ['restored', 'delisted']
    """
    view = _look(policy, case, as_of)
    actions, state = _settle(case, view, as_of, may_list=False)
    return _decision(view, actions, state, "")


def relist(policy: DunningPolicy, case: DunningCase, *, as_of: date) -> Decision:
    """Decide what a bounced payment brings back at once: the listing, never a step.

    Parameters
    ----------
    policy : DunningPolicy
    case : DunningCase
        With the items open again at their first due dates.
    as_of : date

    Returns
    -------
    Decision
        ``LISTED`` if the account owes more than the tolerance, is not listed and is on no hold. It
        starts at level 0: the next runs go up one level at a time, with all warnings. An account
        that was listed all along stays where it is. One that owes nothing is released.

    Examples
    --------
    >>> item = DunnableItem(
    ...     item_id="I-1", due_on=date(2026, 1, 31), open_minor=4000, original_minor=4000
    ... )
    >>> case = DunningCase(account_id="A-1", currency="EUR", items=(item,))
    >>> decision = relist(DunningPolicy(), case, as_of=date(2026, 3, 9))
    >>> [action.kind.value for action in decision.actions], decision.state.level
    (['listed'], 0)
    """
    view = _look(policy, case, as_of)
    actions, state = _settle(case, view, as_of, may_list=True)
    why = f"on hold until {case.hold_until}" if view.debt and not state.listed else ""
    return _decision(view, actions, state, why)


class _View(NamedTuple):
    currency: Currency
    overdue: int
    original: int
    """What the overdue items were at first."""
    set_aside: int
    """Overdue, but disputed or held."""
    tolerance: int
    anchor: DunnableItem | None
    days: int | None
    debt: bool
    exception: ClassException | None
    on_hold: bool


def _look(policy: DunningPolicy, case: DunningCase, as_of: date) -> _View:
    currency = case.currency if isinstance(case.currency, Currency) else Currency(case.currency)
    exception = policy.exception_for(case.customer_class)
    delay = exception.extra_grace_days if exception else 0
    overdue_before = as_of - timedelta(days=policy.grace_days + delay)
    overdue = original = set_aside = 0
    oldest: DunnableItem | None = None
    upcoming: DunnableItem | None = None
    for item in case.items:
        units = item.dunnable_minor
        if item.due_on < overdue_before:
            set_aside += item.open_minor - units
            if units:
                overdue += units
                original += item.original_minor
                oldest = _earlier(oldest, item)
        elif units and item.due_on >= as_of:
            upcoming = _earlier(upcoming, item)
    tolerance = policy.tolerance_minor(currency)
    anchor = oldest if overdue > tolerance else upcoming
    return _View(
        currency=currency,
        overdue=overdue,
        original=original,
        set_aside=set_aside,
        tolerance=tolerance,
        anchor=anchor,
        days=(as_of - anchor.due_on).days if anchor else None,
        debt=overdue > tolerance and not (exception and exception.exempt),
        exception=exception,
        on_hold=case.hold_until is not None and as_of <= case.hold_until,
    )


def _earlier(one: DunnableItem | None, other: DunnableItem) -> DunnableItem:
    if one is None or (other.due_on, other.item_id) < (one.due_on, one.item_id):
        return other
    return one


def _settle(
    case: DunningCase, view: _View, as_of: date, *, may_list: bool
) -> tuple[tuple[DunningAction, ...], DunningState]:
    state = case.state
    # A paid item may come back before it is due, and is not to be reminded of twice.
    reminded = tuple(sent for sent in state.reminded if sent.due_on >= as_of)
    if view.debt:
        anchor = view.anchor.item_id if view.anchor else None
        if state.listed:
            return (), _with(state, anchor=anchor, reminded=reminded)
        if not may_list or view.on_hold:
            return (), _with(state, anchor=None, reminded=reminded)
        listed = replace(state, listed=True, listed_on=as_of, anchor=anchor, reminded=reminded)
        return (_about_anchor(ActionKind.LISTED, view, level=None),), listed
    if not state.listed:
        return (), _with(state, anchor=None, reminded=reminded)
    ended = state.service is ServiceState.TERMINATED
    after = DunningState(
        service=ServiceState.TERMINATED if ended else ServiceState.ACTIVE, reminded=reminded
    )
    kinds = (ActionKind.RESTORED,) if state.barred else ()
    releases = tuple(
        DunningAction(
            kind=kind,
            level=state.level,
            anchor=state.anchor,
            days_past_due=None,
            overdue=Money.from_minor(view.overdue, view.currency),
            due_since=None,
        )
        for kind in (*kinds, ActionKind.DELISTED)
    )
    return releases, after


def _with(
    state: DunningState, *, anchor: str | None, reminded: tuple[SentReminder, ...]
) -> DunningState:
    if state.anchor == anchor and state.reminded == reminded:
        return state
    return replace(state, anchor=anchor, reminded=reminded)


_Outcome = tuple[DunningAction | None, DunningState, str]


def _climb(
    policy: DunningPolicy, case: DunningCase, view: _View, state: DunningState, as_of: date
) -> _Outcome:
    if view.on_hold:
        return None, state, f"on hold until {case.hold_until}"
    number = _next_level(policy, state)
    if number is None:
        return None, state, "the ladder has no further level"
    level = policy.ladder[number - 1]
    exception = view.exception
    if exception and exception.last_step and level.step.severity > exception.last_step.severity:
        name = exception.customer_class
        return None, state, f"class {name!r} goes no further than {exception.last_step}"
    needed = level.days_past_due + (exception.extra_grace_days if exception else 0)
    if view.days is None or view.days < needed:
        return None, state, f"{level.step} waits for {_days(needed)} past due"
    why_not = _too_little(level, view.currency, view.overdue, view.original) or _too_soon(
        policy, level, state, as_of
    )
    if why_not:
        return None, state, why_not
    service = _SERVICE_AFTER.get(level.step, state.service)
    climbed = replace(state, level=number, level_on=as_of, service=service)
    action = _about_anchor(_KIND_OF[level.step], view, level=number)
    return action, climbed, f"{level.step}, level {number}"


def _next_level(policy: DunningPolicy, state: DunningState) -> int | None:
    barred = _SERVICE_ORDER[state.service]
    for number, level in enumerate(policy.ladder[state.level :], state.level + 1):
        after = _SERVICE_AFTER.get(level.step)
        if after is None or _SERVICE_ORDER[after] > barred:
            return number
    return None


def _remind(policy: DunningPolicy, view: _View, state: DunningState, as_of: date) -> _Outcome:
    item, days = view.anchor, view.days
    if (view.exception and view.exception.exempt) or item is None or days is None or view.on_hold:
        return None, state, ""
    reached = [n for n, level in enumerate(policy.before_due, 1) if level.days_past_due <= days]
    if not reached:
        return None, state, ""
    number = reached[-1]
    mine = [s for s in state.reminded if s.item_id == item.item_id and s.due_on == item.due_on]
    if mine and mine[0].level >= number:
        return None, state, ""
    level = policy.before_due[number - 1]
    why_not = _too_little(
        level, view.currency, item.dunnable_minor, item.original_minor
    ) or _too_soon(policy, level, state, as_of)
    if why_not:
        return None, state, why_not
    others = tuple(sent for sent in state.reminded if sent not in mine)
    sent = SentReminder(item.item_id, item.due_on, number)
    reminded = replace(state, level_on=as_of, reminded=(*others, sent))
    action = _about_anchor(ActionKind.REMINDER, view, level=None)
    return action, reminded, f"reminder, {item.item_id} falls due on {item.due_on}"


def _too_little(level: DunningLevel, currency: Currency, units: int, original: int) -> str:
    least = level.minimum_minor(currency)
    if units < least:
        return f"{level.step} needs {Money.from_minor(least, currency)}"
    if level.minimum_share is not None:
        part, whole = level.minimum_share.as_integer_ratio()
        if units * whole < part * original:
            return f"{level.step} needs {level.minimum_share} of what the items were at first"
    return ""


def _too_soon(policy: DunningPolicy, level: DunningLevel, state: DunningState, as_of: date) -> str:
    gap = max(policy.minimum_gap_days, level.notice_days or 0)
    if state.level_on is not None and (as_of - state.level_on).days < gap:
        return f"{level.step} waits for {_days(gap)} after the step of {state.level_on}"
    return f"{level.step} waits: {as_of} is a quiet day" if policy.is_quiet(as_of) else ""


def _about_anchor(kind: ActionKind, view: _View, *, level: int | None) -> DunningAction:
    return DunningAction(
        kind=kind,
        level=level,
        anchor=view.anchor.item_id if view.anchor else None,
        days_past_due=view.days,
        overdue=Money.from_minor(view.overdue, view.currency),
        due_since=view.anchor.due_on if view.anchor else None,
    )


def _decision(
    view: _View, actions: tuple[DunningAction, ...], state: DunningState, why: str
) -> Decision:
    overdue = Money.from_minor(view.overdue, view.currency)
    return Decision(
        actions=actions,
        state=state,
        overdue=overdue,
        anchor=view.anchor.item_id if view.anchor else None,
        days_past_due=view.days,
        reason=f"{_situation(view, overdue)}{': ' if why else ''}{why}.",
    )


def _situation(view: _View, overdue: Money) -> str:
    if view.overdue > view.tolerance and view.anchor and view.days:
        owed = f"{overdue} overdue, {view.anchor.item_id} is {_days(view.days)} past due"
        return owed if view.debt else f"{owed}; class {_class(view)!r} is exempt"
    if view.overdue:
        return f"{overdue} overdue is within the tolerance"
    if view.set_aside:
        return f"{Money.from_minor(view.set_aside, view.currency)} overdue is disputed or held"
    return "nothing is overdue"


def _class(view: _View) -> str | None:
    return view.exception.customer_class if view.exception else None


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
