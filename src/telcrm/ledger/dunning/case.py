"""What dunning looks at and what it answers: items, state, actions, decision.

Plain frozen dataclasses, because a run makes millions of them. What is stored, the state and the
decision, goes to JSON types and back with ``to_dict`` and ``from_dict``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from telcrm.domain import Currency, Money
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.ledger.dunning.policy import ServiceState

__all__ = [
    "ActionKind",
    "Decision",
    "DunnableItem",
    "DunningAction",
    "DunningCase",
    "DunningState",
    "SentReminder",
]


class ActionKind(StrEnum):
    """What happens to an account: a step of the ladder, or the account's way in and out of it."""

    LISTED = "listed"
    """Above the tolerance: the episode begins."""
    REMINDER = "reminder"
    FINAL_NOTICE = "final_notice"
    ONE_WAY_BAR = "one_way_bar"
    TWO_WAY_BAR = "two_way_bar"
    TERMINATION = "termination"
    COLLECTIONS = "collections"
    RESTORED = "restored"
    """The bar is lifted."""
    DELISTED = "delisted"
    """The episode is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DunnableItem:
    """An open item of an account: an invoice, a fee, an instalment.

    Parameters
    ----------
    item_id : str
        Unique in its case.
    due_on : date
        The day on which it is due; it is 1 day past due the day after.
    open_minor : int
        What is unpaid, 0 or more minor units. A part-paid item counts with what is left.
    original_minor : int
        What it was at first, not below ``open_minor``.
    disputed_minor : int
        What the customer disputes. It does not count; more than is open leaves nothing to count.
    held : bool
        Something covers the item, so it does not count: a promise to pay that is not broken, an
        instalment plan in good standing, a hold.

    Raises
    ------
    ParameterError
        An amount is negative, or more is open than ever was.
    """

    item_id: str
    due_on: date
    open_minor: int
    original_minor: int
    disputed_minor: int = 0
    held: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.open_minor <= self.original_minor or self.disputed_minor < 0:
            raise ParameterError(
                f"item {self.item_id}: open {self.open_minor}, disputed {self.disputed_minor}, "
                f"original {self.original_minor} minor units. Open lies between 0 and original, "
                "disputed is not negative.",
                item_id=self.item_id,
            )

    @property
    def dunnable_minor(self) -> int:
        """What may be dunned for: open less disputed; nothing while the item is held."""
        return 0 if self.held else max(0, self.open_minor - self.disputed_minor)


@dataclass(frozen=True, slots=True)
class SentReminder:
    """A reminder before the due date that was sent: which item, due when, which of the levels."""

    item_id: str
    due_on: date
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningState:
    """What dunning did to an account so far; the default is an account it never touched.

    Parameters
    ----------
    listed : bool
        An episode runs: the account owes more than the tolerance.
    level : int
        Place on the policy's ladder that was reached in this episode; 0 is none yet.
    level_on : date, optional
        Day of the last step or reminder.
    service : ServiceState
    anchor : str, optional
        The item that the days past due were counted from last.
    listed_on : date, optional
        First day of the episode.
    reminded : tuple of SentReminder
        Reminders sent for items that are not past due yet.

    Raises
    ------
    ParameterError
        Barred or on a level, yet not listed.

    Examples
    --------
    >>> state = DunningState(listed=True, level=1, level_on=date(2026, 2, 8), anchor="I-1")
    >>> DunningState.from_dict(state.to_dict()) == state
    True
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    listed: bool = False
    level: int = 0
    level_on: date | None = None
    service: ServiceState = ServiceState.ACTIVE
    anchor: str | None = None
    listed_on: date | None = None
    reminded: tuple[SentReminder, ...] = ()

    def __post_init__(self) -> None:
        if type(self.service) is not ServiceState:
            service = choose(ServiceState, self.service, "service")
            object.__setattr__(self, "service", service)
        if self.level < 0 or (not self.listed and (self.level or self.barred)):
            raise ParameterError(
                f"service {self.service} on level {self.level} with listed={self.listed}: only a "
                "listed account is barred or on a level of 1 or more.",
                service=self.service,
                level=self.level,
            )

    @property
    def barred(self) -> bool:
        """Whether a payment would bring the service back. Terminated is over, not barred."""
        return self.service in _BARRED

    def to_dict(self) -> dict[str, Any]:
        """Return the state in JSON types."""
        written: dict[str, Any] = _STATE.dump_python(self, mode="json")
        return written

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> DunningState:
        """Read what :meth:`to_dict` wrote; pydantic.ValidationError if it is something else."""
        return _STATE.validate_python(content)


_BARRED = frozenset({ServiceState.ONE_WAY_BARRED, ServiceState.TWO_WAY_BARRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningCase:
    """An account as dunning sees it on a day.

    Parameters
    ----------
    account_id : str
    currency : Currency or str
        Of all its items.
    customer_class : str, optional
        Looked up in the policy's exceptions.
    items : tuple of DunnableItem
        In any order. Paid, future and held items may be among them.
    hold_until : date, optional
        Last day of a hold on the whole account: no step, no listing, yet no release either.
    state : DunningState

    Raises
    ------
    ParameterError
        Two items have one identifier.
    """

    account_id: str
    currency: Currency | str
    items: tuple[DunnableItem, ...] = ()
    customer_class: str | None = None
    hold_until: date | None = None
    state: DunningState = DunningState()

    def __post_init__(self) -> None:
        ids = {item.item_id for item in self.items}
        if len(ids) != len(self.items):
            raise ParameterError(
                f"account {self.account_id}: {len(self.items)} items have {len(ids)} identifiers "
                "between them. Give each item once.",
                account_id=self.account_id,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningAction:
    """One thing to do or to note.

    Parameters
    ----------
    kind : ActionKind
    level : int, optional
        Of a step: its place on the policy's ladder, from 1. Of a reminder before the due date:
        None. Of a release: the level that was reached.
    anchor : str, optional
        The item it is about; of a release, the one that the episode was anchored on last.
    days_past_due : int, optional
        Of that item; 0 or less for a reminder before the due date; None for a release.
    overdue : Money
        All that is overdue and may be dunned for.
    due_since : date, optional
        Due date of the item; None for a release.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: ActionKind
    level: int | None
    anchor: str | None
    days_past_due: int | None
    overdue: Money
    due_since: date | None

    def to_dict(self) -> dict[str, Any]:
        """Return the action in JSON types."""
        written: dict[str, Any] = _ACTION.dump_python(self, mode="json")
        return written

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> DunningAction:
        """Read what :meth:`to_dict` wrote; pydantic.ValidationError if it is something else."""
        return _ACTION.validate_python(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, the state after it, and why.

    Parameters
    ----------
    actions : tuple of DunningAction
        In the order to do them; at most one step among them.
    state : DunningState
        After the actions.
    overdue : Money
        All that is overdue and may be dunned for.
    anchor : str, optional
        Above the tolerance, the oldest item that is overdue; else the next one to fall due.
    days_past_due : int, optional
        Of the anchor; 0 or less while nothing is overdue.
    reason : str
        In words, why this was done, or why nothing was.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    actions: tuple[DunningAction, ...]
    state: DunningState
    overdue: Money
    anchor: str | None
    days_past_due: int | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the decision in JSON types."""
        written: dict[str, Any] = _DECISION.dump_python(self, mode="json")
        return written

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Decision:
        """Read what :meth:`to_dict` wrote; pydantic.ValidationError if it is something else."""
        return _DECISION.validate_python(content)


_STATE = TypeAdapter(DunningState)
_ACTION = TypeAdapter(DunningAction)
_DECISION = TypeAdapter(Decision)
