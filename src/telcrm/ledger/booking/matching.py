"""Matching credit with debt: allocation, its undoing, and offsets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from telcrm.errors import CurrencyMismatchError, OverAllocationError, PartyMismatchError
from telcrm.ledger.allocation import Share, allocate, split_tax
from telcrm.ledger.booking.open_books import OpenBooks, shown
from telcrm.ledger.commands import Allocate, Offset, Target, Unallocate
from telcrm.ledger.journal import (
    Account,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
)

__all__ = [
    "DEBTS",
    "apply_unapplied",
    "book_allocate",
    "book_offset",
    "book_unallocate",
    "follow_up",
    "match_postings",
    "pairs_of",
    "settle_later",
    "shares_for",
    "spread_over",
    "unmatch_postings",
]

DEBTS = (ItemKind.SERVICE, ItemKind.FEE, ItemKind.INTEREST)

_SOURCE = {ItemKind.CREDIT.value: GlAccount.UNAPPLIED, ItemKind.DEPOSIT.value: GlAccount.DEPOSIT}


def follow_up(because: str) -> str:
    """Return the body of an entry that follows from a command."""
    return json.dumps({"facts": {"because": because}})


def receivable_postings(share: Share, counter: int | None, *, sign: int = -1) -> Iterator[Posting]:
    """Yield the postings that lower (or raise) what is owed of a debt."""
    if share.net:
        amount = sign * share.net
        yield Posting(GlAccount.RECEIVABLE.value, "net", share.item.seq, counter, amount)
    if share.tax:
        amount = sign * share.tax
        yield Posting(GlAccount.RECEIVABLE.value, "tax", share.item.seq, counter, amount)


def match_postings(credit: Item, shares: Sequence[Share]) -> list[Posting]:
    """Return the postings that settle debts out of a credit or a deposit."""
    source = _SOURCE[credit.kind].value
    postings = []
    for share in shares:
        postings.append(Posting(source, "", credit.seq, share.item.seq, share.amount))
        postings.extend(receivable_postings(share, credit.seq))
    return postings


def unmatch_postings(credit: Item, shares: Sequence[Share]) -> list[Posting]:
    """Return the postings that undo a match."""
    return [posting._replace(amount=-posting.amount) for posting in match_postings(credit, shares)]


def shares_for(
    books: OpenBooks, account: Account, pot: int, targets: tuple[Target, ...] | None
) -> list[Share]:
    """Return which debts an amount settles: those that are named, or as the policy says."""
    if targets is None:
        return allocate(pot, books.debts(account.account_id), books.policy)
    taken: dict[int, Share] = {}
    for target in targets:
        item = books.resolve(account.account_id, target.item, *DEBTS)
        before = taken[item.seq].amount if item.seq in taken else 0
        if target.amount is None:
            amount = min(pot, item.open - before)
        else:
            amount = books.units(account, target.amount)
            books.check_open(item, before + amount, item.open, "open")
            if amount > pot:
                raise OverAllocationError(
                    f"the targets ask for more than the {shown(pot, account.currency)} that is "
                    f"left for {item.item_id}.",
                    item=item.item_id,
                )
        if amount:
            taken[item.seq] = split_tax(item, before + amount, books.policy.tax)
            pot -= amount
    return list(taken.values())


def spread_over(sources: Iterable[Item], shares: Sequence[Share]) -> list[tuple[Item, list[Share]]]:
    """Divide shares among credits, the first credit first."""
    rest = [*shares]
    divided = []
    for credit in sources:
        left = credit.open_net
        part = []
        while rest and left:
            item, net, tax = rest[0]
            taken_net = min(net, left)
            taken_tax = min(tax, left - taken_net)
            part.append(Share(item, taken_net, taken_tax))
            left -= taken_net + taken_tax
            rest[0] = Share(item, net - taken_net, tax - taken_tax)
            if not rest[0].amount:
                del rest[0]
        if part:
            divided.append((credit, part))
    return divided


def settle_later(
    books: OpenBooks, account: Account, credit: Item, shares: Sequence[Share], on: date
) -> None:
    """Match a credit with debts on the first day, from ``on``, that each of them allows.

    A debt that takes effect later, or was moved later, is settled then: no look at an earlier day
    ever shows it as paid before it was owed.
    """
    by_day: dict[date, list[Share]] = {}
    for share in shares:
        by_day.setdefault(books.earliest(on, share.item, credit), []).append(share)
    for day, due in sorted(by_day.items()):
        books.post(
            account,
            EntryKind.ALLOCATION,
            match_postings(credit, due),
            on=day,
            body=follow_up("credit meets debt"),
        )


def apply_unapplied(books: OpenBooks, account: Account, on: date) -> None:
    """Let unapplied credit meet open debts, the oldest credit first, if the policy wants it."""
    if not books.policy.auto_apply or not account.unapplied or not account.receivable:
        return
    for credit in books.credits(account.account_id):
        shares = allocate(credit.open_net, books.debts(account.account_id), books.policy)
        settle_later(books, account, credit, shares, on)


def book_allocate(books: OpenBooks, command: Allocate) -> None:
    """Match unapplied credit with debts."""
    account = books.account(command.account_id)
    if command.of is None:
        sources = books.credits(account.account_id)
    else:
        sources = [books.resolve(account.account_id, command.of, ItemKind.CREDIT)]
    pot = sum(credit.open_net for credit in sources)
    shares = shares_for(books, account, pot, command.to)
    _post_matches(books, account, EntryKind.ALLOCATION, sources, shares, on=command.on)


def book_offset(books: OpenBooks, command: Offset) -> None:
    """Net debts against credit, of the account or of another one of its party."""
    account = books.account(command.account_id)
    lender = books.account(command.credit_account_id or command.account_id)
    _check_same_party(account, lender)
    sources = books.credits(lender.account_id)
    available = sum(credit.open_net for credit in sources)
    owed = sum(item.open for item in books.debts(account.account_id))
    most = min(available, owed)
    amount = most if command.amount is None else books.units(account, command.amount)
    if amount > most or not most:
        raise OverAllocationError(
            f"{account.account_id} owes {shown(owed, account.currency)} and {lender.account_id} "
            f"has {shown(available, lender.currency)} of unapplied credit: at most "
            f"{shown(most, account.currency)} can be netted.",
            account=account.account_id,
            available=most,
        )
    shares = allocate(amount, books.debts(account.account_id), books.policy)
    if lender is account:
        _post_matches(books, account, EntryKind.OFFSET, sources, shares, on=command.on)
        return
    books.check_not_before(command.on, [share.item for share in shares])
    postings = [Posting(GlAccount.CLEARING.value, "", None, None, amount)]
    number = account.seq + 1
    for share in shares:
        postings.extend(receivable_postings(share, number))
    opens = ItemOpening(ItemKind.CREDIT.value, None, None, amount)
    books.post(account, EntryKind.OFFSET, postings, on=command.on, opens=opens)
    _lend(books, lender, sources, amount, command.on)


def _lend(books: OpenBooks, lender: Account, sources: list[Item], amount: int, on: date) -> None:
    postings = [Posting(GlAccount.CLEARING.value, "", None, None, -amount)]
    used = []
    for credit in sources:
        taken = min(credit.open_net, amount)
        if taken:
            used.append(credit)
            postings.append(Posting(GlAccount.UNAPPLIED.value, "", credit.seq, None, taken))
            amount -= taken
    books.check_not_before(on, used)
    books.post(
        lender, EntryKind.OFFSET, postings, on=on, body=follow_up("credit for another account")
    )


def _post_matches(
    books: OpenBooks,
    account: Account,
    kind: EntryKind,
    sources: list[Item],
    shares: list[Share],
    *,
    on: date,
) -> None:
    if not shares:
        waiting = sum(credit.open_net for credit in sources)
        raise OverAllocationError(
            f"account {account.account_id} has {shown(waiting, account.currency)} of credit to "
            "match, and nothing open among the debts that are meant.",
            account=account.account_id,
            available=0,
        )
    matches = spread_over(sources, shares)
    books.check_not_before(on, [credit for credit, _ in matches])
    books.check_not_before(on, [share.item for share in shares])
    postings = [posting for credit, part in matches for posting in match_postings(credit, part)]
    books.post(account, kind, postings, on=on)


def pairs_of(books: OpenBooks, item: Item) -> dict[int, Share]:
    """Return what an item is matched with now: by the other item's number, how much.

    The share's item is the debt of the pair.
    """
    is_debt = item.kind in DEBTS
    sums: dict[int, list[int]] = {}
    for entry in books.entries_on_item(item):
        for posting in entry.postings:
            if posting.gl != GlAccount.RECEIVABLE or posting.counter is None:
                continue
            mine, other = posting.item, posting.counter
            if not is_debt:
                mine, other = other, mine
            if mine == item.seq and other is not None:
                sums.setdefault(other, [0, 0])[posting.detail == "tax"] -= posting.amount
    pairs = {}
    for other, (net, tax) in sorted(sums.items()):
        if net or tax:
            debt = item if is_debt else books.item(item.account_id, other)
            pairs[other] = Share(debt, net, tax)
    return pairs


def book_unallocate(books: OpenBooks, command: Unallocate) -> None:
    """Undo matches of a credit; it stays unapplied until the next debt."""
    account = books.account(command.account_id)
    credit = books.resolve(account.account_id, command.of, ItemKind.CREDIT)
    pairs = pairs_of(books, credit)
    if command.to is not None:
        debt = books.resolve(account.account_id, command.to, *DEBTS)
        pairs = {seq: share for seq, share in pairs.items() if seq == debt.seq}
    matched = sum(share.amount for share in pairs.values())
    amount = matched if command.amount is None else books.units(account, command.amount)
    if amount > matched or not matched:
        raise OverAllocationError(
            f"{shown(matched, account.currency)} of {credit.item_id} is matched with "
            f"{command.to or 'debts'}, so {shown(amount, account.currency)} cannot be undone.",
            item=credit.item_id,
            available=matched,
        )
    undone = []
    # The match that was made last, with the debt due last, is undone first.
    for share in sorted(pairs.values(), key=lambda s: (s.item.due_on or s.item.on, s.item.seq))[
        ::-1
    ]:
        part = min(amount, share.amount)
        if part:
            tax = min(share.tax, part * share.tax // share.amount)
            tax = max(tax, part - share.net)
            undone.append(Share(share.item, part - tax, tax))
            amount -= part
    books.check_not_before(command.on, [credit, *(share.item for share in undone)])
    books.post(account, EntryKind.UNALLOCATION, unmatch_postings(credit, undone), on=command.on)


def _check_same_party(account: Account, lender: Account) -> None:
    if lender is account:
        return
    if lender.currency != account.currency:
        raise CurrencyMismatchError(
            f"account {account.account_id} is in {account.currency}, {lender.account_id} in "
            f"{lender.currency}: nothing is netted across currencies.",
            currencies=(account.currency, lender.currency),
        )
    if account.party_id is None or account.party_id != lender.party_id:
        raise PartyMismatchError(
            f"accounts {account.account_id} and {lender.account_id} are not of one party "
            f"({account.party_id} and {lender.party_id}): credit moves only within a party.",
            accounts=(account.account_id, lender.account_id),
        )
