"""What can be asked of the books: each question a method, none of them changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from telcrm.domain import Currency, Money
from telcrm.domain.choice import choose
from telcrm.domain.exact import whole_number
from telcrm.errors import ParameterError, UnknownEntryError
from telcrm.ledger.aging import Aging, AgingBuckets, aging
from telcrm.ledger.balances import Balances, balance, balances
from telcrm.ledger.debtors import Debtors, debtors
from telcrm.ledger.exposure import CreditExposure, CreditExposures, credit_exposures, over_limit
from telcrm.ledger.journal import Account, Entry, EntryKind, split_entry_name
from telcrm.ledger.matches import Match, matches
from telcrm.ledger.measures.from_books import BookMeasures
from telcrm.ledger.measures.payment_behaviour import (
    PaymentHistories,
    PaymentHistory,
    payment_histories,
)
from telcrm.ledger.open_items import OpenItems, deposits, open_items, unapplied
from telcrm.ledger.receipts import ServiceAction, actions_in
from telcrm.ledger.scope import as_known, customer_account, customer_accounts
from telcrm.ledger.statement import Statement, statement
from telcrm.ledger.stores.protocol import AsOf, LedgerStore
from telcrm.ledger.trial_balance import TrialBalance, trial_balance

__all__ = ["EntryPage", "Questions"]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries of all accounts after a cursor, in an order that never changes."""

    entries: tuple[Entry, ...]
    cursor: str
    """Where the next page starts; the same one again where there was nothing."""

    @property
    def actions(self) -> tuple[ServiceAction, ...]:
        """What the entries ask the embedding system to do: letters, bars, restorations."""
        return tuple(action for entry in self.entries for action in actions_in(entry))


class Questions:
    """What can be asked of the books.

    ``as_of`` is a business day: entries that take effect on or before it count. ``recorded`` is an
    aware instant: entries that were recorded at or before it count. Where both are given, both
    limits hold; None sets no limit. So ``balance("A-1", as_of=date(2026, 3, 31))`` is what was owed
    at the end of March as it is known now, and with ``recorded=datetime(2026, 4, 1, tzinfo=UTC)``
    what one would have answered on that morning.

    Account ``~books``, in which telcrm keeps what concerns all accounts, is in no list.

    Attributes
    ----------
    store : LedgerStore
        Where the books are kept.
    """

    store: LedgerStore

    # Accounts.

    def account(self, account_id: str) -> Account:
        """Return what is kept of an account: its terms and its sums, as they are now.

        Parameters
        ----------
        account_id : str

        Returns
        -------
        Account
            Amounts in minor units.

        Raises
        ------
        UnknownAccountError
        """
        return customer_account(self.store, account_id)

    def accounts(self, *, party_id: str | None = None) -> list[Account]:
        """Return the accounts, by name: all of them, or those of a party.

        Parameters
        ----------
        party_id : str, optional

        Returns
        -------
        list of Account

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1), party_id="P-1")
        >>> _ = books.open_account("A-2", currency="EUR", on=date(2026, 1, 1))
        >>> [account.account_id for account in books.accounts(party_id="P-1")]
        ['A-1']
        """
        return list(customer_accounts(self.store, party_id=party_id).values())

    def balance(
        self,
        account_id: str,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> Money:
        """Return what an account owes, contested or not, less unapplied credit.

        Parameters
        ----------
        account_id : str
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        Money
            Below zero where the account is in credit; zero before it was opened.

        Raises
        ------
        UnknownAccountError, ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> books.balance("A-1"), books.balance("A-1", as_of=date(2026, 1, 31))
        (Money('30.00', 'EUR'), Money('0.00', 'EUR'))
        """
        return balance(self.store, account_id, as_of=as_of, recorded=recorded)

    def balances(
        self,
        account_ids: Sequence[str] | None = None,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> Balances:
        """Return what accounts owe and hold: open, contested, unapplied, deposits, written off.

        Parameters
        ----------
        account_ids : sequence of str, optional
            None is all accounts.
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        Balances
            A sequence of :class:`~telcrm.ledger.AccountBalance`, with ``to_frame``.

        Raises
        ------
        UnknownAccountError, ParameterError
        """
        return balances(self.store, account_ids, as_of=as_of, recorded=recorded)

    # Items.

    def open_items(
        self,
        account_id: str | None = None,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> OpenItems:
        """Return the debts of which something is open or contested.

        Parameters
        ----------
        account_id : str, optional
            None is all accounts.
        as_of : date, optional
            Days past due are counted to it.
        recorded : datetime, optional

        Returns
        -------
        OpenItems
            A sequence of :class:`~telcrm.ledger.OpenItem`, with ``to_frame``.

        Raises
        ------
        UnknownAccountError, ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> _ = books.pay("A-1", Money(10, "EUR"), on=date(2026, 2, 9), key="bank-1")
        >>> (item,) = books.open_items("A-1", as_of=date(2026, 3, 1))
        >>> str(item.open), item.days_past_due
        ('20.00 EUR', 14)
        """
        return open_items(self.store, _one(account_id), as_of=as_of, recorded=recorded)

    def unapplied(
        self,
        account_id: str | None = None,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> OpenItems:
        """Return the payments and credit notes that are not matched with debts in full.

        Parameters
        ----------
        account_id : str, optional
            None is all accounts.
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        OpenItems

        Raises
        ------
        UnknownAccountError, ParameterError
        """
        return unapplied(self.store, _one(account_id), as_of=as_of, recorded=recorded)

    def deposits(
        self,
        account_id: str | None = None,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> OpenItems:
        """Return the deposits that are not used or returned in full.

        Parameters
        ----------
        account_id : str, optional
            None is all accounts.
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        OpenItems

        Raises
        ------
        UnknownAccountError, ParameterError
        """
        return deposits(self.store, _one(account_id), as_of=as_of, recorded=recorded)

    def matches(
        self,
        item: str,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> tuple[Match, ...]:
        """Return what settled a debt, or which debts a credit or deposit settled.

        Parameters
        ----------
        item : str
            Name of the item, like ``A-1:7``.
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        tuple of Match
            Empty where it is matched with nothing.

        Raises
        ------
        UnknownAccountError, UnknownItemError, UnknownEntryError, ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> bill = books.charge("A-1", Money(30, "EUR"), on=day, due=day, key="INV-1")
        >>> payment = books.pay("A-1", Money(10, "EUR"), on=day, key="bank-1")
        >>> (match,) = books.matches(bill.entry_id)
        >>> match.credit_id == payment.entry_id, str(match.amount)
        (True, '10.00 EUR')
        """
        account_id, _ = split_entry_name(item)
        return matches(self.store, account_id, item=item, as_of=as_of, recorded=recorded)

    # Statement and aging.

    def statement(
        self,
        account_id: str,
        *,
        start: date,
        end: date,
        recorded: datetime | None = None,
    ) -> Statement:
        """Return what an account owed, what happened from a day to a day, and what it owes.

        Parameters
        ----------
        account_id : str
        start, end : date
            First and last effective date.
        recorded : datetime, optional
            The instant of a statement that was sent gives the same one again.

        Returns
        -------
        Statement

        Raises
        ------
        UnknownAccountError, ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> _ = books.pay("A-1", Money(10, "EUR"), on=date(2026, 2, 9), key="bank-1")
        >>> sent = books.statement("A-1", start=date(2026, 2, 1), end=date(2026, 2, 28))
        >>> [(line.kind.value, str(line.balance)) for line in sent.lines], str(sent.closing)
        ([('charge', '30.00 EUR'), ('payment', '20.00 EUR')], '20.00 EUR')
        """
        return statement(self.store, account_id, start=start, end=end, recorded=recorded)

    def aging(
        self,
        *,
        as_of: date,
        recorded: datetime | None = None,
        buckets: AgingBuckets | Sequence[int] | None = None,
        account_ids: Sequence[str] | None = None,
    ) -> Aging:
        """Return what accounts owe by age.

        Parameters
        ----------
        as_of : date
            Ages are counted to it.
        recorded : datetime, optional
        buckets : AgingBuckets or sequence of int, optional
            Last day past due of each bucket between the first and the last: 30, 60, 90 by default.
        account_ids : sequence of str, optional
            None is all accounts.

        Returns
        -------
        Aging
            A sequence of :class:`~telcrm.ledger.AgingRow`, with ``totals``, ``to_frame`` and
            ``plot``. Buckets, contested and unapplied (taken off) add up to the balance.

        Raises
        ------
        UnknownAccountError, ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> found = books.aging(as_of=date(2026, 3, 1))
        >>> dict(zip(found.bucket_names, map(str, found[0].buckets)))["1-30"]
        '30.00 EUR'
        """
        return aging(self.store, account_ids, as_of=as_of, recorded=recorded, buckets=buckets)

    def debtors(
        self,
        *,
        as_of: date,
        recorded: datetime | None = None,
        tolerance: Money | Sequence[Money] | None = None,
        account_ids: Sequence[str] | None = None,
    ) -> Debtors:
        """Return the accounts that are overdue, by how much, and how far dunning is with them.

        Parameters
        ----------
        as_of : date
            What was due before it is overdue.
        recorded : datetime, optional
        tolerance : Money or sequence of Money, optional
            By currency; who owes no more than this is no debtor.
        account_ids : sequence of str, optional
            None is all accounts.

        Returns
        -------
        Debtors
            By currency, the largest amount first.

        Raises
        ------
        UnknownAccountError, ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> books.debtors(as_of=date(2026, 3, 1))
        Debtors(as of 2026-03-01: 1 accounts, 30.00 EUR overdue)
        """
        return debtors(self.store, account_ids, as_of=as_of, recorded=recorded, tolerance=tolerance)

    # Credit.

    def exposure(
        self,
        account_id: str,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> CreditExposure:
        """Return how much credit an account uses, and of what limit.

        Parameters
        ----------
        account_id : str
        as_of : date, optional
            The limit is that of this day, too.
        recorded : datetime, optional

        Returns
        -------
        CreditExposure

        Raises
        ------
        UnknownAccountError
        ParameterError
            The account was not open by then, or a day or instant is none.

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> day, limit = date(2026, 2, 1), Money(50, "EUR")
        >>> _ = books.open_account("A-1", currency="EUR", on=day, credit_limit=limit)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=day, key="INV-1")
        >>> books.exposure("A-1").available
        Money('20.00', 'EUR')
        """
        found = self.exposures([account_id], as_of=as_of, recorded=recorded)
        if not found:
            raise ParameterError(
                f"account {account_id} was not open on {as_of} as known at {recorded}: ask for a "
                "later day.",
                account=account_id,
                as_of=as_of,
            )
        return found[0]

    def exposures(
        self,
        account_ids: Sequence[str] | None = None,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> CreditExposures:
        """Return how much credit accounts use, and of what limits.

        Parameters
        ----------
        account_ids : sequence of str, optional
            None is all accounts.
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        CreditExposures
            A sequence of :class:`~telcrm.ledger.CreditExposure`, with ``to_frame``.

        Raises
        ------
        UnknownAccountError, ParameterError
        """
        return credit_exposures(self.store, account_ids, as_of=as_of, recorded=recorded)

    def over_limit(
        self, *, as_of: date | None = None, recorded: datetime | None = None
    ) -> CreditExposures:
        """Return the accounts that use more credit than they have.

        Parameters
        ----------
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        CreditExposures
            By currency, the one that is furthest over its limit first.

        Raises
        ------
        ParameterError
        """
        return over_limit(self.store, as_of=as_of, recorded=recorded)

    # Books as a whole.

    def trial_balance(
        self,
        *,
        as_of: date | None = None,
        since: date | None = None,
        recorded: datetime | None = None,
    ) -> TrialBalance:
        """Return debits and credits of every general ledger account.

        Parameters
        ----------
        as_of : date, optional
        since : date, optional
            First day of a period; what came before is left out.
        recorded : datetime, optional

        Returns
        -------
        TrialBalance
            In each currency debits and credits are equal.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> [(line.gl.value, str(line.balance)) for line in books.trial_balance()]
        [('receivable', '30.00 EUR'), ('revenue', '-30.00 EUR')]
        """
        return trial_balance(self.store, as_of=as_of, since=since, recorded=recorded)

    def measures(
        self, *, currency: Currency | str, recorded: datetime | None = None
    ) -> BookMeasures:
        """Return the measures of collection in one currency: DSO, effectiveness, loss rates.

        Parameters
        ----------
        currency : Currency or str
        recorded : datetime, optional

        Returns
        -------
        BookMeasures

        Raises
        ------
        UnknownCurrencyError, ParameterError
        """
        return BookMeasures(self.store, currency=currency, recorded=recorded)

    def payment_behaviour(
        self,
        account_id: str,
        *,
        as_of: date,
        since: date | None = None,
        recorded: datetime | None = None,
    ) -> PaymentHistory:
        """Return how an account has paid: days to pay, times dunned, promises broken.

        Parameters
        ----------
        account_id : str
        as_of : date
            Last day of the window.
        since : date, optional
            First day of the window; by default it is a year long.
        recorded : datetime, optional

        Returns
        -------
        PaymentHistory
            Its ``behaviour`` is what :func:`~telcrm.ledger.debt_class` takes.

        Raises
        ------
        UnknownAccountError
        ParameterError
            The account was not open by then, or a day or instant is none.

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> day = date(2026, 2, 1)
        >>> _ = books.charge("A-1", Money(30, "EUR"), on=day, due=date(2026, 2, 15), key="INV-1")
        >>> _ = books.pay("A-1", Money(30, "EUR"), on=date(2026, 2, 25), key="bank-1")
        >>> books.payment_behaviour("A-1", as_of=date(2026, 3, 1)).days_beyond_terms
        Decimal('10')
        """
        found = self.payment_behaviours([account_id], as_of=as_of, since=since, recorded=recorded)
        if not found:
            raise ParameterError(
                f"account {account_id} was not open on {as_of} as known at {recorded}: ask for a "
                "later day.",
                account=account_id,
                as_of=as_of,
            )
        return found[0]

    def payment_behaviours(
        self,
        account_ids: Sequence[str] | None = None,
        *,
        as_of: date,
        since: date | None = None,
        recorded: datetime | None = None,
    ) -> PaymentHistories:
        """Return how accounts have paid.

        Parameters
        ----------
        account_ids : sequence of str, optional
            None is all accounts; their journals are read whole.
        as_of : date
        since : date, optional
        recorded : datetime, optional

        Returns
        -------
        PaymentHistories
            A sequence of :class:`~telcrm.ledger.PaymentHistory`, with
            ``to_frame``.

        Raises
        ------
        UnknownAccountError, ParameterError
        """
        return payment_histories(
            self.store, account_ids, as_of=as_of, since=since, recorded=recorded
        )

    # Entries.

    def entries(
        self,
        *,
        after: str | None = None,
        limit: int = 1000,
        kinds: Sequence[EntryKind | str] | None = None,
    ) -> EntryPage:
        """Return entries of all accounts after a cursor: what an outbox hands on.

        Parameters
        ----------
        after : str, optional
            Cursor of the page before; None is the start.
        limit : int
            Most entries of the page, 1 or more.
        kinds : sequence of EntryKind, optional
            Only entries of these kinds.

        Returns
        -------
        EntryPage
            The entries, the actions that they ask for, and the cursor of the next page. No entry
            ever appears before a cursor that was handed out. Closed periods and dunning policies
            are among them, under the account ``~books``.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> page = books.entries()
        >>> [entry.entry_id for entry in page.entries], books.entries(after=page.cursor).entries
        (['A-1:1'], ())
        """
        count = whole_number(limit)
        if count is None or count < 1:
            raise ParameterError(
                f"limit must be a whole number of 1 or more, not {limit!r:.60}.", limit=limit
            )
        wanted = None if kinds is None else [choose(EntryKind, kind, "kinds") for kind in kinds]
        page = self.store.feed(after, count, kinds=wanted)
        return EntryPage(page.entries, page.cursor)

    def journal(
        self,
        account_id: str,
        *,
        as_of: date | None = None,
        recorded: datetime | None = None,
    ) -> list[Entry]:
        """Return the entries of an account, in the order in which they were recorded.

        Parameters
        ----------
        account_id : str
        as_of : date, optional
        recorded : datetime, optional

        Returns
        -------
        list of Entry

        Raises
        ------
        UnknownAccountError, ParameterError
        """
        known = as_known(as_of, recorded)
        customer_account(self.store, account_id)
        return self.store.entries(account_id, known)

    def entry(self, entry_id: str) -> Entry:
        """Return one entry.

        Parameters
        ----------
        entry_id : str
            Its name, like ``A-1:7``.

        Returns
        -------
        Entry

        Raises
        ------
        UnknownEntryError

        Examples
        --------
        >>> from telcrm.ledger.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> books.entry("A-1:1").kind
        'open_account'
        """
        account_id, seq = split_entry_name(entry_id)
        found = self.store.entries(account_id, AsOf(), after=seq - 1, limit=1)
        if not found or found[0].seq != seq:
            raise UnknownEntryError(
                f"there is no entry {entry_id!r:.80}: receipts and the journal give the names.",
                entry=entry_id,
            )
        return found[0]


def _one(account_id: str | None) -> list[str] | None:
    return None if account_id is None else [account_id]
