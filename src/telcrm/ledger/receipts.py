"""What comes back from posting: receipts, outcomes of many, and the actions that follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from telcrm.domain import Money
from telcrm.errors import TelcrmError
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.dunning.case import DunningAction
from telcrm.ledger.journal import Entry, EntryKind

__all__ = ["BulkResult", "Outcome", "PostingStatus", "Receipt", "ServiceAction", "actions_in"]


class PostingStatus(StrEnum):
    """What became of a command."""

    POSTED = "posted"
    REPLAYED = "replayed"
    """Its key and content were posted before; nothing was booked again."""
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    """It was good, but another one of its chunk was refused, and the chunk goes whole or not."""


class ServiceAction(NamedTuple):
    """Something for the embedding system to carry out: a letter, a bar, a restoration.

    The ledger sends nothing itself. ``entry_id`` is the same however often the action is read.
    """

    entry_id: str
    account_id: str
    action: DunningAction


def actions_in(entry: Entry) -> Iterator[ServiceAction]:
    """Yield the actions that an entry asks for; only entries of dunning have any.

    Parameters
    ----------
    entry : Entry

    Yields
    ------
    ServiceAction
    """
    if entry.kind == EntryKind.DUNNING:
        for action in entry.facts["actions"]:
            yield ServiceAction(entry.entry_id, entry.account_id, DunningAction.from_dict(action))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command booked."""

    key: str
    entries: tuple[Entry, ...]
    """The entry that was asked for, and what followed from it in the same transaction."""
    replayed: bool = False
    """Whether this is the result of an earlier posting of the same command."""

    @property
    def entry(self) -> Entry:
        """The entry that was asked for."""
        return self.entries[0]

    @property
    def entry_id(self) -> str:
        """Name of the entry that was asked for."""
        return self.entry.entry_id

    @property
    def item_id(self) -> str | None:
        """Name of the item that it opened; None if it opened none."""
        return self.entry.item_id

    @property
    def balance(self) -> Money | None:
        """Balance of the account after all of it; None for what concerns no customer's account."""
        if self.entry.account_id == BOOKS_ACCOUNT:
            return None
        last = [entry for entry in self.entries if entry.account_id == self.entry.account_id][-1]
        return Money.from_minor(last.balance, last.currency)

    @property
    def actions(self) -> tuple[ServiceAction, ...]:
        """What is to be carried out because of it: service restored, listed, delisted."""
        return tuple(action for entry in self.entries for action in actions_in(entry))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command of many."""

    index: int
    """Place among the commands, from 0."""
    key: str
    status: PostingStatus
    receipt: Receipt | None = None
    error: TelcrmError | None = None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of many commands."""

    posted: int
    replayed: int
    refused: tuple[Outcome, ...]
    """Those that were not booked, with the reason."""

    @property
    def total(self) -> int:
        """Number of commands."""
        return self.posted + self.replayed + len(self.refused)

    def __repr__(self) -> str:
        return (
            f"BulkResult(posted={self.posted}, replayed={self.replayed}, "
            f"refused={len(self.refused)})"
        )
