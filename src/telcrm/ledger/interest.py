"""Late fees and interest on what is overdue, as charges to be posted.

Both are read off the journals and returned as commands. Their keys name the debt and the day, so
that posting them twice charges once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from telcrm.domain import Money, NoFloat, PositiveMoney, Record, Rounding
from telcrm.domain.exact import round_to_whole
from telcrm.ledger.commands import Charge
from telcrm.ledger.journal import Entry, EntryKind, GlAccount, ItemKind, entry_name
from telcrm.ledger.stores.protocol import AsOf, ItemState, LedgerStore

__all__ = ["InterestPolicy", "LateFeePolicy", "interest_charges", "late_fee_charges"]

_Days = Annotated[int, Field(strict=True, ge=0, le=3650)]
_Rate = Annotated[Decimal, Field(gt=0, le=10), NoFloat()]
_DECIMALS: Final = 12


class InterestPolicy(Record):
    """Simple interest, by the day, on what is overdue.

    Notes
    -----
    For each day after the due date (and the grace): what is open and not contested at the end of
    that day, times the annual rate, over the days of the year. Summed up exactly over all days and
    rounded once; what was charged before is taken off. A debt that was paid late bears interest for
    the days that it was late. Interest bears no interest, and fees bear none either, unless
    ``on_fees_and_interest`` says so.
    """

    annual_rate: _Rate
    """As a share: ``Decimal("0.09")`` is 9 % a year. Above 0, at most 10."""
    days_of_year: Literal[360, 365] = 365
    """Actual/365 or actual/360."""
    grace_days: _Days = 0
    """Days after the due date that bear no interest."""
    cap: _Rate | None = None
    """Most interest on one debt, as a share of what it was at first; None is no limit."""
    minimum: tuple[PositiveMoney, ...] = ()
    """Per currency, the least that is charged at a time; less waits for the next time."""
    due_days: _Days = 14
    """Days until a charge for interest is due itself."""
    on_fees_and_interest: bool = False
    """Whether fees and interest bear interest too. Many laws forbid compounding."""
    rounding: Rounding = Rounding.HALF_UP


class LateFeePolicy(Record):
    """A fee, once per debt, when it is a number of days late."""

    amount: tuple[PositiveMoney, ...]
    """Per currency; in others there is no fee."""
    days_past_due: Annotated[int, Field(strict=True, ge=1, le=3650)]
    minimum: tuple[PositiveMoney, ...] = ()
    """Per currency, the least that has to be overdue of the debt."""
    due_days: _Days = 14
    """Days until the fee is due itself."""

    @model_validator(mode="after")
    def _has_amount(self) -> Self:
        if not self.amount:
            message = "amount names at least one currency"
            raise ValueError(message)
        return self


def _in(amounts: Iterable[Money], currency: str) -> int | None:
    for amount in amounts:
        if amount.currency.code == currency:
            return amount.minor_units
    return None


def interest_charges(
    store: LedgerStore,
    policy: InterestPolicy,
    *,
    through: date,
    account_ids: Sequence[str] | None = None,
) -> Iterator[Charge]:
    """Yield a charge for each debt that bears interest through a day and was not charged for it.

    Parameters
    ----------
    store : LedgerStore
    policy : InterestPolicy
    through : date
        Last day that bears interest, and the day on which the charges take effect.
    account_ids : sequence of str, optional
        None is all accounts.

    Yields
    ------
    Charge
        With the key ``interest:ITEM:DAY:TIME``, of nature ``interest``, about the debt.
    """
    last_due = through - timedelta(days=policy.grace_days + 1)
    bearing = set(ItemKind) if policy.on_fees_and_interest else {ItemKind.SERVICE}
    for account_id, entries in _journals(store, account_ids, through):
        reversed_ones = {entry.reverses for entry in entries}
        charged, times = _charged_before(entries, account_id)
        for entry in entries:
            opens = entry.opens
            if opens is None or opens.due_on is None or opens.due_on > last_due:
                continue
            if opens.kind not in bearing or entry.seq in reversed_ones:
                continue
            first = opens.due_on + timedelta(days=policy.grace_days + 1)
            exact = _accrued(policy, entries, entry.seq, first, through)
            if policy.cap is not None:
                exact = min(exact, opens.amount * Fraction(policy.cap))
            units = _rounded(exact, policy.rounding) - charged[entry.seq]
            if units >= (_in(policy.minimum, entry.currency) or 1):
                yield Charge(
                    key=f"interest:{entry.entry_id}:{through}:{times[entry.seq] + 1}",
                    account_id=account_id,
                    on=through,
                    amount=Money.from_minor(units, entry.currency),
                    due_on=through + timedelta(days=policy.due_days),
                    nature=ItemKind.INTEREST,
                    about=entry.entry_id,
                    reason=f"interest through {through} on {opens.document or entry.entry_id}",
                )


def late_fee_charges(
    store: LedgerStore,
    policy: LateFeePolicy,
    *,
    as_of: date,
    account_ids: Sequence[str] | None = None,
) -> Iterator[Charge]:
    """Yield a fee for each debt that is late enough; each debt has one fee for good.

    Parameters
    ----------
    store : LedgerStore
    policy : LateFeePolicy
    as_of : date
        Day on which the fees take effect.
    account_ids : sequence of str, optional
        None is all accounts.

    Yields
    ------
    Charge
        With the key ``late-fee:ITEM:DAYS``, of nature ``fee``, about the debt.
    """
    last_due = as_of - timedelta(days=policy.days_past_due)
    late: defaultdict[str, list[ItemState]] = defaultdict(list)
    for item in store.item_states(account_ids, AsOf(as_of)):
        is_service = item.kind == ItemKind.SERVICE and item.due_on is not None
        if is_service and item.open and item.due_on is not None and item.due_on <= last_due:
            late[item.account_id].append(item)
    for account_id, items in sorted(late.items()):
        entries = store.entries(account_id, AsOf())
        keys = {entry.key for entry in entries}
        currency = entries[0].currency
        fee = _in(policy.amount, currency)
        for item in items:
            name = entry_name(account_id, item.seq)
            key = f"late-fee:{name}:{policy.days_past_due}"
            enough = item.open >= (_in(policy.minimum, currency) or 1)
            if fee and enough and key not in keys:
                yield Charge(
                    key=key,
                    account_id=account_id,
                    on=as_of,
                    amount=Money.from_minor(fee, currency),
                    due_on=as_of + timedelta(days=policy.due_days),
                    nature=ItemKind.FEE,
                    about=name,
                    reason=f"{policy.days_past_due} days late: {item.document or name}",
                )


def _journals(
    store: LedgerStore, account_ids: Sequence[str] | None, through: date
) -> Iterator[tuple[str, list[Entry]]]:
    # Debts that were settled late bear interest too, so open items are not enough to look at.
    if account_ids is not None:
        for name in account_ids:
            yield name, store.entries(name, AsOf(through))
        return
    for account, entries, _ in store.journals():
        yield account.account_id, [entry for entry in entries if entry.on <= through]


def _charged_before(entries: Sequence[Entry], account_id: str) -> tuple[Counter[int], Counter[int]]:
    """Return by item what was charged and stands, and how often it was charged at all."""
    reversed_ones = {entry.reverses for entry in entries}
    charged: Counter[int] = Counter()
    times: Counter[int] = Counter()
    prefix = f"interest:{account_id}:"
    for entry in entries:
        is_charge = entry.kind == EntryKind.CHARGE and entry.key.startswith(prefix)
        if is_charge and entry.step == 0 and entry.opens:
            item = int(entry.key[len(prefix) :].partition(":")[0])
            times[item] += 1
            if entry.seq not in reversed_ones:
                charged[item] += entry.opens.amount
    return charged, times


def _accrued(
    policy: InterestPolicy, entries: Sequence[Entry], seq: int, first: date, through: date
) -> Fraction:
    moves: defaultdict[date, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            if posting.item == seq and posting.gl == GlAccount.RECEIVABLE:
                moves[max(entry.on, first)] += posting.amount
    # A balance lasts from the day of one movement to the day before the next.
    days = [*sorted(day for day in moves if day <= through), through + timedelta(days=1)]
    balance = total = 0
    for day, following in pairwise(days):
        balance += moves[day]
        total += balance * (following - day).days
    return Fraction(total) * Fraction(policy.annual_rate) / policy.days_of_year


def _rounded(exact: Fraction, rounding: Rounding) -> int:
    # Exact halves stay halves: twelve decimals of a minor unit only cut what no rounding sees.
    scaled = Decimal(exact.numerator * 10**_DECIMALS // exact.denominator)
    return round_to_whole(scaled.scaleb(-_DECIMALS), rounding)
