"""Dunning inside a transaction: what a decision is made of, and the entry that keeps it.

An account that dunning has touched is looked at again after every command on it, so that service is
restored and the account leaves the list in the transaction of the payment, and comes back onto the
list in that of a bounced one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from telcrm.domain import Currency
from telcrm.ledger.agreements import AGREEMENTS, AgreementStatus, read_agreements
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT, OpenBooks
from telcrm.ledger.dunning.case import Decision, DunnableItem, DunningCase, DunningState
from telcrm.ledger.dunning.decision import cure, relist
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.journal import Account, Entry, EntryKind, split_entry_name

__all__ = ["DunningMemory", "dunning_cases", "keep_decision", "look_again", "may_release"]


@dataclass(frozen=True, slots=True)
class DunningMemory:
    """What is kept on an account of its dunning."""

    policy: str
    """Entry of the policy in use."""
    on: date
    """Day of the last decision that did something."""
    state: DunningState

    @classmethod
    def of(cls, account: Account) -> DunningMemory | None:
        """Read it; None where the account was never dunned."""
        if account.dunning is None:
            return None
        kept = json.loads(account.dunning)
        state = DunningState.from_dict(kept["state"])
        return cls(kept["policy"], date.fromisoformat(kept["on"]), state)


def look_again(books: OpenBooks, on: date, *, reversal: bool) -> None:
    """Release accounts of the command that are cured, and list those that a reversal exposes."""
    for name in dict.fromkeys(entry.account_id for entry in books.steps):
        account = books.account(name)
        memory = DunningMemory.of(account)
        if memory is None or not (memory.state.listed or reversal):
            continue
        policy = _policy(books, memory.policy)
        # A payment of an earlier day does not turn dunning back to that day.
        day = max(on, memory.on)
        case = dunning_cases(books, [account], day)[0]
        decision = (relist if reversal else cure)(policy, case, as_of=day)
        if decision.actions and may_release(account, policy, decision):
            keep_decision(books, account, decision, memory.policy, on=day)


def may_release(account: Account, policy: DunningPolicy, decision: Decision) -> bool:
    """Tell whether a decision stands although debts of the account were written off."""
    if decision.state.listed or policy.write_off_releases:
        return True
    currency = Currency(account.currency)
    return account.written_off <= policy.tolerance_minor(currency)


def keep_decision(
    books: OpenBooks, account: Account, decision: Decision, policy: str, *, on: date
) -> Entry:
    """Post what was decided; the entry's actions are for the embedding system to carry out."""
    facts = {
        "policy": policy,
        "on": on.isoformat(),
        "state": decision.state.to_dict(),
        "actions": [action.to_dict() for action in decision.actions],
        "reason": decision.reason,
    }
    body = json.dumps({"facts": facts}, separators=(",", ":"), ensure_ascii=False)
    return books.post(account, EntryKind.DUNNING, (), on=on, body=body)


def dunning_cases(books: OpenBooks, accounts: Sequence[Account], as_of: date) -> list[DunningCase]:
    """Return accounts as dunning sees them: what is open, what is held, what was done.

    Debts that take effect later are left out. Money that is booked already counts, also where it
    takes effect later: nobody is dunned for what has come.
    """
    names = [account.account_id for account in accounts]
    books.load(names)
    held, hold_until = _holds(books, names, as_of)
    cases = []
    for account in accounts:
        name = account.account_id
        items = tuple(
            DunnableItem(
                item_id=item.item_id,
                due_on=item.due_on or item.on,
                open_minor=item.open + item.disputed,
                original_minor=item.amount,
                disputed_minor=item.disputed,
                held=item.seq in held[name],
            )
            for item in books.debts(name)
            if item.on <= as_of and item.open + item.disputed
        )
        memory = DunningMemory.of(account)
        cases.append(
            DunningCase(
                account_id=name,
                currency=account.currency,
                items=items,
                customer_class=account.customer_class,
                hold_until=hold_until.get(name),
                state=memory.state if memory else DunningState(),
            )
        )
    return cases


def _holds(
    books: OpenBooks, names: Sequence[str], as_of: date
) -> tuple[defaultdict[str, set[int]], dict[str, date]]:
    kinds = [kind.value for kind in AGREEMENTS]
    entries = books.transaction.entries_of_kinds(names, kinds)
    entries += _new_ones(books, names, entries)
    agreements = [one for one in read_agreements(entries) if one.on <= as_of]
    covered = {(one.account_id, seq) for one in agreements if one.due for seq in one.covers or ()}
    movements = books.movements(sorted(covered))
    held: defaultdict[str, set[int]] = defaultdict(set)
    hold_until: dict[str, date] = {}
    for one in agreements:
        if one.status(movements, as_of=as_of) is not AgreementStatus.PENDING:
            continue
        if one.covers is None:
            hold_until[one.account_id] = max(one.until, hold_until.get(one.account_id, one.until))
        else:
            held[one.account_id].update(one.covers)
    return held, hold_until


def _new_ones(books: OpenBooks, names: Iterable[str], stored: Sequence[Entry]) -> list[Entry]:
    made = {(entry.account_id, entry.seq) for entry in stored}
    new = []
    for name in names:
        for entry in books.booked_on(name):
            if entry.kind in AGREEMENTS or (name, entry.reverses) in made:
                made.add((name, entry.seq))
                new.append(entry)
    return new


def _policy(books: OpenBooks, entry_id: str) -> DunningPolicy:
    _, seq = split_entry_name(entry_id)
    entry = books.transaction.entry(BOOKS_ACCOUNT, seq)
    if entry is None:
        raise LookupError(entry_id)
    return _read_policy(entry.body)


@lru_cache(maxsize=64)
def _read_policy(body: str) -> DunningPolicy:
    return DunningPolicy.model_validate(json.loads(body)["facts"]["policy"])
