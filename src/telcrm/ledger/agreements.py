"""Promises to pay, instalment plans and holds: what was agreed, and whether it was kept.

An agreement is judged by what the debts that it covers went down, whatever for: money, credit
notes and offsets count alike. What is undone, as by a bounced payment, no longer counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from telcrm.domain import Money
from telcrm.ledger.journal import Entry, EntryKind, entry_name
from telcrm.ledger.stores.protocol import AsOf, ItemMovement, LedgerStore

__all__ = [
    "AGREEMENTS",
    "Agreement",
    "AgreementState",
    "AgreementStatus",
    "agreement_states",
    "read_agreements",
]

AGREEMENTS = (EntryKind.PROMISE, EntryKind.INSTALMENT_PLAN, EntryKind.DUNNING_HOLD)


class AgreementStatus(StrEnum):
    """How an agreement stands on a day."""

    PENDING = "pending"
    """Not yet due, or on track."""
    KEPT = "kept"
    BROKEN = "broken"
    """An amount did not come in time. It stays broken, also when the money comes later."""
    CANCELLED = "cancelled"
    """Its entry was reversed."""
    ENDED = "ended"
    """A hold that ran out."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed about the debts of an account.

    Examples
    --------
    >>> promise = Agreement("A-1", 5, EntryKind.PROMISE, "EUR", date(2026, 3, 1), {2: 4000},
    ...                     ((date(2026, 3, 15), 4000),), date(2026, 3, 15))
    >>> promise.status([], as_of=date(2026, 3, 15)), promise.status([], as_of=date(2026, 3, 16))
    (<AgreementStatus.PENDING: 'pending'>, <AgreementStatus.BROKEN: 'broken'>)
    """

    account_id: str
    seq: int
    kind: EntryKind
    currency: str
    on: date
    covers: dict[int, int] | None
    """What was open of each debt that it covers, in minor units; None is the whole account."""
    due: tuple[tuple[date, int], ...]
    """What is to come in, by when; nothing for a hold."""
    until: date
    """Last day of a hold, or of the last amount."""
    cancelled_on: date | None = None

    @property
    def entry_id(self) -> str:
        """Name of the entry that made it; its reversal ends it."""
        return entry_name(self.account_id, self.seq)

    @property
    def amount(self) -> Money:
        """All that is to come in."""
        return Money.from_minor(sum(units for _, units in self.due), self.currency)

    def status(self, movements: Iterable[ItemMovement], *, as_of: date) -> AgreementStatus:
        """Tell how it stands at the end of a day.

        Parameters
        ----------
        movements : iterable of ItemMovement
            Of the account's debts; those before the agreement and of other debts are passed over.
        as_of : date

        Returns
        -------
        AgreementStatus
        """
        if self.cancelled_on is not None and self.cancelled_on <= as_of:
            return AgreementStatus.CANCELLED
        if not self.due:
            return AgreementStatus.PENDING if as_of <= self.until else AgreementStatus.ENDED
        came: defaultdict[date, int] = defaultdict(int)
        for move in movements:
            if (
                move.account_id == self.account_id
                and move.entry > self.seq
                and move.item in (self.covers or {})
            ):
                came[move.on] -= move.amount
        wanted = 0
        for day, units in self.due:
            wanted += units
            if day < as_of and _until(came, day) < wanted:
                return AgreementStatus.BROKEN
        if _until(came, as_of) >= wanted:
            return AgreementStatus.KEPT
        return AgreementStatus.PENDING


@dataclass(frozen=True, slots=True)
class AgreementState:
    """An agreement and how it stands."""

    agreement: Agreement
    status: AgreementStatus


def agreement_states(store: LedgerStore, account_id: str, known: AsOf) -> list[AgreementState]:
    """Return the agreements of an account and how they stand.

    Parameters
    ----------
    store : LedgerStore
    account_id : str
    known : AsOf
        With a day.

    Returns
    -------
    list of AgreementState, in the order in which they were made
    """
    day = known.on or date.max
    movements = list(store.movements(known, [account_id]))
    return [
        AgreementState(one, one.status(movements, as_of=day))
        for one in read_agreements(store.entries(account_id, known))
    ]


def _until(came: dict[date, int], day: date) -> int:
    return sum(units for on, units in came.items() if on <= day)


def read_agreements(entries: Sequence[Entry]) -> list[Agreement]:
    """Read agreements out of the entries that made them.

    Parameters
    ----------
    entries : sequence of Entry
        Those of the kinds in :data:`AGREEMENTS`, and their reversals; others are passed over.

    Returns
    -------
    list of Agreement, in the order of the entries
    """
    ends = {
        (entry.account_id, entry.reverses): entry.on
        for entry in entries
        if entry.reverses is not None
    }
    return [
        _read(entry, ends.get((entry.account_id, entry.seq)))
        for entry in entries
        if entry.kind in AGREEMENTS
    ]


def _read(entry: Entry, cancelled_on: date | None) -> Agreement:
    said = entry.command or {}
    covers = entry.facts["covers"]
    if entry.kind == EntryKind.PROMISE:
        parts = [{"due_on": said["by"], "amount": said["amount"]}]
    else:
        parts = said.get("instalments", [])
    due = tuple(
        (date.fromisoformat(part["due_on"]), Money(**part["amount"]).minor_units) for part in parts
    )
    return Agreement(
        account_id=entry.account_id,
        seq=entry.seq,
        kind=EntryKind(entry.kind),
        currency=entry.currency,
        on=entry.on,
        covers=None if covers is None else {int(seq): units for seq, units in covers.items()},
        due=due,
        until=due[-1][0] if due else date.fromisoformat(said["until"]),
        cancelled_on=cancelled_on,
    )
