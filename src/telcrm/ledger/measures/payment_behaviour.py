"""How accounts have paid: how late, how often dunned, what they promised and did not keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.agreements import AgreementStatus, read_agreements
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.dunning.case import ActionKind, DunningAction
from telcrm.ledger.journal import Account, Entry, GlAccount, ItemKind
from telcrm.ledger.measures.debt_class import PaymentBehaviour
from telcrm.ledger.measures.debt_history import DebtHistory, MoveKind, debt_histories
from telcrm.ledger.measures.ratio import quotient
from telcrm.ledger.receipts import actions_in
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, check_day, counts, customer_accounts
from telcrm.ledger.stores.protocol import AsOf, ItemMovement, LedgerStore

__all__ = ["PaymentHistories", "PaymentHistory", "payment_histories"]

_YEAR: Final = timedelta(days=364)
_ONE_DAY: Final = timedelta(days=1)
_OWED: Final = (GlAccount.RECEIVABLE, GlAccount.DISPUTED)


@dataclass(frozen=True, slots=True)
class PaymentHistory:
    """How an account has paid in a window of time, and where it stands at its end."""

    account_id: str
    since: date
    as_of: date
    invoices_paid: int
    """Invoices that were paid in full in the window; late fees and interest are none."""
    paid: Money
    """What was paid of these invoices."""
    days_to_pay: Decimal
    """Mean of the days from the invoice to its last payment, weighted by what was paid."""
    days_beyond_terms: Decimal
    """Mean of the days from the due date to the last payment, weighted by what was paid; below
    zero where invoices are paid early.
    """
    days_late_max: int
    """Most days that one of these invoices was late; 0 if none was."""
    oldest_open_days: int
    """Days past due of the oldest debt that is open and not contested; 0 if none is overdue."""
    times_dunned: int
    """Reminders past the due date and final notices in the window."""
    promises_broken: int
    """Promises to pay and instalment plans that were broken in the window."""
    written_off: Money
    """Given up, in the window or before, and not recovered."""

    @property
    def behaviour(self) -> PaymentBehaviour:
        """The same as :func:`~telcrm.ledger.debt_class` takes it."""
        return PaymentBehaviour(
            account_id=self.account_id,
            invoices_paid=self.invoices_paid,
            days_beyond_terms=self.days_beyond_terms,
            days_late_max=self.days_late_max,
            oldest_open_days=self.oldest_open_days,
            times_dunned=self.times_dunned,
            promises_broken=self.promises_broken,
            written_off=bool(self.written_off),
        )


class PaymentHistories(Rows[PaymentHistory]):
    """How accounts have paid, by name."""

    def _record(self, raw: Any) -> PaymentHistory:
        record: PaymentHistory = raw
        return record

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[PaymentHistory] = raw
        codes = [row.paid.currency.code for row in rows]
        whole, number = ColumnKind.WHOLE, ColumnKind.NUMBER
        return {
            "account_id": Column(ColumnKind.TEXT, [row.account_id for row in rows]),
            "currency": Column(ColumnKind.TEXT, codes),
            "invoices_paid": Column(whole, [row.invoices_paid for row in rows]),
            "paid": major_units((row.paid.minor_units for row in rows), codes),
            "days_to_pay": Column(number, [float(row.days_to_pay) for row in rows]),
            "days_beyond_terms": Column(number, [float(row.days_beyond_terms) for row in rows]),
            "days_late_max": Column(whole, [row.days_late_max for row in rows]),
            "oldest_open_days": Column(whole, [row.oldest_open_days for row in rows]),
            "times_dunned": Column(whole, [row.times_dunned for row in rows]),
            "promises_broken": Column(whole, [row.promises_broken for row in rows]),
            "written_off": major_units((row.written_off.minor_units for row in rows), codes),
        }


def payment_histories(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date,
    since: date | None = None,
    recorded: datetime | None = None,
) -> PaymentHistories:
    """Return how accounts have paid.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all accounts; their journals are read whole.
    as_of : date
        Last day of the window; what takes effect later does not count.
    since : date, optional
        First day of the window; by default it is a year long.
    recorded : datetime, optional
        What was recorded at or before this instant counts; None sets no limit.

    Returns
    -------
    PaymentHistories
        By name; an account that was not open by then has no row.

    Raises
    ------
    UnknownAccountError
    ParameterError

    Notes
    -----
    An invoice is paid in full when nothing of it is open or contested and no part was given up or
    moved to another account; its last payment is the one that was not undone. A debt that credit
    notes settled whole was not paid, so it says nothing. The mean of days is
    ``sum(paid * days) / sum(paid)``.
    """
    check_day("as_of", as_of)
    known = as_known(as_of, recorded)
    first = date.fromordinal(max(1, as_of.toordinal() - _YEAR.days)) if since is None else since
    check_day("since", first)
    if first > as_of:
        raise ParameterError(
            f"since={first} is after as_of={as_of}: a window ends after it begins.",
            since=first,
            as_of=as_of,
        )
    return PaymentHistories(
        _history(account, journal, since=first, as_of=as_of)
        for account, journal in _journals(store, account_ids, known)
        if journal
    )


def _journals(
    store: LedgerStore, account_ids: Sequence[str] | None, known: AsOf
) -> Iterator[tuple[Account, list[Entry]]]:
    if account_ids is not None:
        for name, account in customer_accounts(store, account_ids).items():
            yield account, store.entries(name, known)
        return
    for account, entries, _ in store.journals():
        if account.account_id != BOOKS_ACCOUNT:
            yield account, [entry for entry in entries if counts(entry, known)]


def _history(
    account: Account, journal: Sequence[Entry], *, since: date, as_of: date
) -> PaymentHistory:
    debts = debt_histories(journal)
    invoices = [
        (debt, debt.total(MoveKind.PAID), paid_on)
        for debt in debts
        if debt.nature is ItemKind.SERVICE
        and (paid_on := debt.paid_on) is not None
        and paid_on >= since
    ]
    late = [(paid_on - debt.due_on).days for debt, _, paid_on in invoices]
    weights = [paid for _, paid, _ in invoices]
    return PaymentHistory(
        account_id=account.account_id,
        since=since,
        as_of=as_of,
        invoices_paid=len(invoices),
        paid=Money.from_minor(sum(weights), account.currency),
        days_to_pay=_mean(((paid_on - debt.on).days for debt, _, paid_on in invoices), weights),
        days_beyond_terms=_mean(late, weights),
        days_late_max=max(0, *late) if late else 0,
        oldest_open_days=_oldest_open_days(debts, as_of),
        times_dunned=_times_dunned(journal, since),
        promises_broken=_promises_broken(journal, since, as_of),
        written_off=Money.from_minor(
            sum(debt.total(MoveKind.GIVEN_UP) - debt.total(MoveKind.RECOVERED) for debt in debts),
            account.currency,
        ),
    )


def _mean(days: Iterable[int], weights: Sequence[int]) -> Decimal:
    if not weights:
        return Decimal(0)
    weighted = sum(count * weight for count, weight in zip(days, weights, strict=True))
    return quotient(weighted, sum(weights))


def _oldest_open_days(debts: Iterable[DebtHistory], as_of: date) -> int:
    return max((max(0, (as_of - debt.due_on).days) for debt in debts if debt.open), default=0)


def _times_dunned(journal: Iterable[Entry], since: date) -> int:
    return sum(
        _is_notice(found.action)
        for entry in journal
        if entry.on >= since
        for found in actions_in(entry)
    )


def _is_notice(action: DunningAction) -> bool:
    # A reminder before the due date has no level.
    return action.kind is ActionKind.FINAL_NOTICE or (
        action.kind is ActionKind.REMINDER and action.level is not None
    )


def _promises_broken(journal: Sequence[Entry], since: date, as_of: date) -> int:
    agreements = read_agreements(journal)
    if not agreements:
        return 0
    moves = [move for entry in journal for move in _movements(entry)]
    before = since - _ONE_DAY if since > date.min else since
    broken = AgreementStatus.BROKEN
    return sum(
        one.status(moves, as_of=as_of) is broken and one.status(moves, as_of=before) is not broken
        for one in agreements
    )


def _movements(entry: Entry) -> Iterator[ItemMovement]:
    amounts: dict[int, int] = {}
    for posting in entry.postings:
        if posting.item is not None and posting.gl in _OWED:
            amounts[posting.item] = amounts.get(posting.item, 0) + posting.amount
    for item, units in amounts.items():
        if units:
            yield ItemMovement(entry.account_id, item, entry.seq, entry.kind, entry.on, units)
