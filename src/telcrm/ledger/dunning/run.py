"""A dunning run: decide on every account with open debt, and book what is decided."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Final

from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.booking.dunning import dunning_cases, keep_decision, may_release
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT, OpenBooks
from telcrm.ledger.dunning.case import ActionKind
from telcrm.ledger.dunning.decision import decide
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.journal import EntryKind, to_micros
from telcrm.ledger.posting import Clock, open_books_account
from telcrm.ledger.receipts import ServiceAction, actions_in
from telcrm.ledger.stores.protocol import AsOf, LedgerStore, StoreTransaction

__all__ = ["DunningRun", "run_dunning"]

_ACCOUNTS_PER_TRANSACTION: Final = 500


@dataclass(frozen=True, slots=True)
class DunningRun:
    """What a run decided."""

    as_of: date
    policy: str
    """Entry that keeps the policy."""
    accounts: int
    """Accounts that were looked at: those with open debt."""
    actions: tuple[ServiceAction, ...]
    """What is to be carried out, by account."""

    def counts(self) -> dict[ActionKind, int]:
        """Return how many actions there are of each kind."""
        found = Counter(one.action.kind for one in self.actions)
        return {kind: found[kind] for kind in ActionKind if found[kind]}

    def __repr__(self) -> str:
        counts = ", ".join(f"{kind}={count}" for kind, count in self.counts().items())
        return f"DunningRun({self.as_of}, accounts={self.accounts}, {counts or 'no action'})"


def run_dunning(
    store: LedgerStore,
    policy: DunningPolicy,
    *,
    as_of: date,
    clock: Clock,
    progress: Callable[[int], None] | None = None,
) -> DunningRun:
    """Take the next step of dunning, at most one, on every account that is due for one.

    Parameters
    ----------
    store : LedgerStore
    policy : DunningPolicy
        Kept in the books the first time it is used.
    as_of : date
        Day of the run.
    clock : callable
    progress : callable, optional
        Called with the number of accounts that are done, after each transaction.

    Returns
    -------
    DunningRun
        A second run on the same day finds nothing left to do.
    """
    run = _Run(store.tenant, policy, as_of, clock)
    kept = store.transact(run.keep_policy)
    names = _candidates(store, policy, as_of)
    actions: list[ServiceAction] = []
    done = 0
    for chunk in _batched(names, _ACCOUNTS_PER_TRANSACTION):
        actions += store.transact(partial(run.decide, names=chunk, kept=kept))
        done += len(chunk)
        if progress is not None:
            progress(done)
    return DunningRun(as_of, kept, len(names), tuple(actions))


def _candidates(store: LedgerStore, policy: DunningPolicy, as_of: date) -> list[str]:
    # Who owes nothing that is due was released by the command that settled it.
    return [
        row.account_id
        for row in store.aging([as_of], None, AsOf(as_of))
        if row.buckets[1] or (policy.before_due and row.buckets[0])
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    tenant: str
    policy: DunningPolicy
    as_of: date
    clock: Clock

    def keep_policy(self, transaction: StoreTransaction) -> str:
        text = self.policy.model_dump_json(exclude_none=True)
        key = f"~dunning-policy:{sha256(text.encode()).hexdigest()}"
        books = self._open(transaction, [BOOKS_ACCOUNT])
        before = transaction.command_entries([key]).get(key)
        if before:
            return before[0].entry_id
        if not books.has(BOOKS_ACCOUNT):
            open_books_account(books)
        books.begin(key, "", json.dumps({"facts": {"policy": json.loads(text)}}), None)
        entry = books.post(
            books.account(BOOKS_ACCOUNT), EntryKind.DUNNING_POLICY, (), on=self.as_of
        )
        transaction.append(books.changes())
        return entry.entry_id

    def decide(
        self, transaction: StoreTransaction, *, names: Sequence[str], kept: str
    ) -> list[ServiceAction]:
        books = self._open(transaction, names)
        accounts = [books.account(name) for name in names]
        actions: list[ServiceAction] = []
        for account, case in zip(accounts, dunning_cases(books, accounts, self.as_of), strict=True):
            decision = decide(self.policy, case, as_of=self.as_of)
            if decision.actions and may_release(account, self.policy, decision):
                books.begin(f"~dunning:{account.account_id}:{account.seq + 1}", "", "", None)
                entry = keep_decision(books, account, decision, kept, on=self.as_of)
                actions += actions_in(entry)
        if books.posts_anything:
            transaction.append(books.changes())
        return actions

    def _open(self, transaction: StoreTransaction, names: Sequence[str]) -> OpenBooks:
        accounts = transaction.lock(names)
        closed_through, _ = transaction.find_keys([])
        return OpenBooks(
            transaction,
            accounts,
            tenant=self.tenant,
            policy=AllocationPolicy(),
            closed_through=closed_through,
            now_us=to_micros(self.clock()),
        )


def _batched(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), size):
        yield names[first : first + size]
