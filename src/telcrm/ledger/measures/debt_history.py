"""What became of each debt: how much was paid, credited, given up, moved, and when.

An account's journal says it entry by entry; here it is gathered debt by debt. A reversal counts as
the opposite of what it takes back, and a debt that was taken back whole is no debt any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from telcrm.ledger.journal import Entry, EntryKind, GlAccount, ItemKind, ItemOpening, Posting

__all__ = ["DebtHistory", "DebtMove", "MoveKind", "debt_histories"]


class MoveKind(StrEnum):
    """What moved a debt."""

    PAID = "paid"
    """Money, a deposit, credit of another account."""
    CREDITED = "credited"
    """A credit note, whenever it was matched with the debt."""
    GIVEN_UP = "given_up"
    """A write-off."""
    FORGIVEN = "forgiven"
    """A small balance."""
    TRANSFERRED = "transferred"
    """To another account."""
    RECOVERED = "recovered"
    """Money for what had been given up; it does not move what is open."""


class DebtMove(NamedTuple):
    """A part of what moved a debt."""

    on: date
    kind: MoveKind
    units: int
    """Minor units; above zero lowers the debt, below zero undoes that."""


@dataclass(slots=True)
class DebtHistory:
    """A debt and what moved it, in the order in which it was booked; minor units."""

    seq: int
    nature: ItemKind
    opened_by: EntryKind
    """A charge, or a transfer from another account."""
    on: date
    due_on: date
    amount: int
    open: int = 0
    """Not contested."""
    disputed: int = 0
    moves: list[DebtMove] = field(default_factory=list)

    def total(self, *kinds: MoveKind, until: date | None = None) -> int:
        """Return what was moved in some ways, up to a day if one is given.

        Parameters
        ----------
        *kinds : MoveKind
        until : date, optional

        Returns
        -------
        int
        """
        return sum(
            move.units
            for move in self.moves
            if move.kind in kinds and (until is None or move.on <= until)
        )

    @property
    def paid_on(self) -> date | None:
        """Day on which it was paid in full; None while it is not, or if it ended otherwise.

        It is the day of the last payment that was not undone. A debt of which a part was given up
        or moved to another account is not paid in full. One that was credited in part is, when the
        rest was paid.
        """
        paid = self.total(MoveKind.PAID)
        if (
            paid <= 0
            or self.open
            or self.disputed
            or self.total(MoveKind.GIVEN_UP)
            or self.total(MoveKind.TRANSFERRED)
        ):
            return None
        day, so_far = None, 0
        for move in self.moves:
            if move.kind is MoveKind.PAID:
                if so_far < paid:
                    day = move.on
                so_far += move.units
        return day


_MOVES: Final = {
    EntryKind.WRITE_OFF: MoveKind.GIVEN_UP,
    EntryKind.SMALL_BALANCE: MoveKind.FORGIVEN,
    EntryKind.TRANSFER: MoveKind.TRANSFERRED,
    EntryKind.RECOVERY: MoveKind.RECOVERED,
}


def debt_histories(journal: Sequence[Entry]) -> list[DebtHistory]:
    """Gather what became of each debt of an account.

    Parameters
    ----------
    journal : sequence of Entry
        Of one account, by number; all of them, or those that a state of knowledge leaves.

    Returns
    -------
    list of DebtHistory
        By number; what was reversed whole is left out.
    """
    by_number = {entry.seq: entry for entry in journal}
    debts: dict[int, DebtHistory] = {}
    for entry in journal:
        if entry.reverses in debts:
            del debts[entry.reverses]
            continue
        if entry.opens and ItemKind(entry.opens.kind).is_debt:
            debts[entry.seq] = _opened(entry, entry.opens)
        source = by_number.get(entry.reverses or entry.seq, entry)
        moved: defaultdict[tuple[int, MoveKind], int] = defaultdict(int)
        for posting in entry.postings:
            debt = debts.get(posting.item or 0)
            if debt is None:
                continue
            if posting.gl == GlAccount.RECEIVABLE:
                debt.open += posting.amount
            elif posting.gl == GlAccount.DISPUTED:
                debt.disputed += posting.amount
            elif posting.gl != GlAccount.RECOVERY:
                continue
            kind = _kind(source, posting, by_number)
            if kind is not None and debt.seq != entry.seq:
                moved[debt.seq, kind] -= posting.amount
        for (seq, kind), units in moved.items():
            if units:
                debts[seq].moves.append(DebtMove(entry.on, kind, units))
    return list(debts.values())


def _opened(entry: Entry, opens: ItemOpening) -> DebtHistory:
    return DebtHistory(
        seq=entry.seq,
        nature=ItemKind(opens.kind),
        opened_by=EntryKind(entry.kind),
        on=entry.on,
        due_on=opens.due_on or entry.on,
        amount=opens.amount,
    )


def _kind(source: Entry, posting: Posting, by_number: dict[int, Entry]) -> MoveKind | None:
    if posting.counter is None:
        return _MOVES.get(EntryKind(source.kind))
    credit = by_number.get(posting.counter)
    if credit is not None and credit.kind == EntryKind.CREDIT_NOTE:
        return MoveKind.CREDITED
    return MoveKind.PAID
