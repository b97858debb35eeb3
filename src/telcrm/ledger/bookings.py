"""One method per event: make the command, post it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypedDict, TypeVar, Unpack

from pydantic import JsonValue, ValidationError

from telcrm.domain import Currency, InvoiceLine, Money, PaymentMethod
from telcrm.errors import InvalidCommandError
from telcrm.ledger import commands as asked
from telcrm.ledger.commands import Command, Instalment, LedgerCommand, Target
from telcrm.ledger.journal import ItemKind
from telcrm.ledger.receipts import Receipt

__all__ = ["Bookings", "Details", "Provenance", "Targets"]

C = TypeVar("C", bound=Command)

Targets = str | Target | Sequence[str | Target]
"""Debts to be settled: an item's name or its document, or several, with an amount or without."""


class Provenance(TypedDict, total=False):
    """Where a command comes from."""

    recorded_at: datetime
    """Instant of recording, for books that are taken over; None is the ledger's clock."""
    actor: str
    """Who or which program asked for it."""
    metadata: dict[str, JsonValue]
    """Anything else to be kept with the entry."""


class Details(Provenance, total=False):
    """What a command may say besides."""

    reason: str


class Bookings(ABC):
    """The events of a customer's account, each a method.

    All take ``key``, which makes it safe to send them twice, and ``on``, the day on which they take
    effect. Any may say who asked, why, and more (:class:`Details`). All return a
    :class:`~telcrm.ledger.Receipt` once the entry is durable, or raise a
    :class:`~telcrm.errors.LedgerError` with nothing booked. A
    :class:`~telcrm.errors.LedgerStoreError` leaves no trace either, but for a connection that was
    lost in the middle: send the same command again.
    """

    @abstractmethod
    def post(self, command: LedgerCommand) -> Receipt:
        """Post one command."""

    def _post(self, kind: type[C], **fields: Any) -> Receipt:
        try:
            command = kind(**{name: value for name, value in fields.items() if value is not None})
        except ValidationError as error:
            raise InvalidCommandError(
                _said(kind, error), errors=error.errors(include_url=False, include_context=False)
            ) from error
        return self.post(command)  # type: ignore[arg-type]

    # Accounts and periods.

    def open_account(
        self,
        account_id: str,
        *,
        currency: str | Currency,
        on: date,
        key: str | None = None,
        party_id: str | None = None,
        customer_class: str | None = None,
        credit_limit: Money | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Open an account; nothing takes effect on it before ``on``.

        Parameters
        ----------
        account_id : str
            1 to 64 printable ASCII characters, the first no tilde.
        currency : str or Currency
            Of all its entries, for good.
        on : date
        key : str, optional
            ``open-account:ACCOUNT`` by default.
        party_id : str, optional
            Whose it is; offsets between accounts need one party.
        customer_class : str, optional
            For exceptions of dunning.
        credit_limit : Money, optional
            None is no limit.
        **details
            See :class:`Details`.

        Returns
        -------
        Receipt

        Raises
        ------
        AccountExistsError
        """
        return self._post(
            asked.OpenAccount,
            account_id=account_id,
            currency=currency,
            on=on,
            key=key or f"open-account:{account_id}",
            party_id=party_id,
            customer_class=customer_class,
            credit_limit=credit_limit,
            **details,
        )

    def change_account(
        self,
        account_id: str,
        *,
        key: str,
        on: date,
        party_id: str | None = None,
        customer_class: str | None = None,
        credit_limit: Money | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Set party, class and credit limit anew; what is left out is taken off."""
        return self._post(
            asked.ChangeAccount,
            account_id=account_id,
            key=key,
            on=on,
            party_id=party_id,
            customer_class=customer_class,
            credit_limit=credit_limit,
            **details,
        )

    def close_account(
        self, account_id: str, *, key: str, on: date, **details: Unpack[Details]
    ) -> Receipt:
        """Close an account that is settled; afterwards it takes recoveries only.

        Raises
        ------
        AccountNotSettledError
            Something is open, contested, unapplied, or held as a deposit.
        """
        return self._post(asked.CloseAccount, account_id=account_id, key=key, on=on, **details)

    def close_period(
        self, through: date, *, key: str, on: date, **details: Unpack[Details]
    ) -> Receipt:
        """Let nothing take effect on or before ``through`` any more, on any account."""
        return self._post(asked.ClosePeriod, through=through, key=key, on=on, **details)

    def reopen_period(
        self,
        through: date | None,
        *,
        key: str,
        on: date,
        reason: str,
        **details: Unpack[Provenance],
    ) -> Receipt:
        """Move the end of what is closed back to ``through``; None opens everything."""
        return self._post(
            asked.ReopenPeriod, through=through, key=key, on=on, reason=reason, **details
        )

    # Debts.

    def charge(
        self,
        account_id: str,
        money: Money,
        *,
        due: date,
        key: str,
        on: date,
        document: str | None = None,
        tax: Money | None = None,
        lines: Sequence[InvoiceLine] = (),
        nature: ItemKind | str = ItemKind.SERVICE,
        about: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Debit an account: an invoice, a single charge, a fee, interest.

        Credit that waits on the account meets the new debt at once, if the allocation policy says
        so.

        Parameters
        ----------
        account_id : str
        money : Money
            Tax included, above zero, in the account's currency.
        due : date
            Not before ``on``. Day 1 past due is the day after it.
        key : str
        on : date
        document : str, optional
            Invoice number, by which payments may name the debt.
        tax : Money, optional
            What ``money`` holds of tax.
        lines : sequence of InvoiceLine
            They add up to ``money``; revenue is booked by their kinds.
        nature : ItemKind
            ``service``, ``fee`` or ``interest``: allocation policies may rank them.
        about : str, optional
            Of a fee or interest: the debt that it is for.
        **details
            See :class:`Details`.

        Returns
        -------
        Receipt
            Its ``item_id`` names the debt.

        Raises
        ------
        InvalidCommandError, UnknownAccountError, ClosedAccountError, CurrencyMismatchError
        ClosedPeriodError, PostingDateError, KeyConflictError

        Examples
        --------
        >>> from datetime import date
        >>> from telcrm.domain import Money
        >>> from telcrm.ledger import Ledger
        >>> books = Ledger.open("memory://")
        >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
        >>> bill = books.charge(
        ...     "A-1", Money("24", "EUR"), tax=Money("4", "EUR"), document="INV-1",
        ...     on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1",
        ... )
        >>> bill.item_id, bill.balance
        ('A-1:2', Money('24.00', 'EUR'))
        """
        return self._post(
            asked.Charge,
            account_id=account_id,
            amount=money,
            due_on=due,
            key=key,
            on=on,
            document=document,
            tax=tax,
            lines=tuple(lines),
            nature=nature,
            about=about,
            **details,
        )

    def credit_note(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        to: Targets | None = None,
        tax: Money | None = None,
        lines: Sequence[InvoiceLine] = (),
        document: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Take back what was charged, in part or in full; amounts are positive."""
        return self._post(
            asked.CreditNote,
            account_id=account_id,
            amount=money,
            key=key,
            on=on,
            to=_targets(to),
            tax=tax,
            lines=tuple(lines),
            document=document,
            **details,
        )

    def transfer(
        self,
        account_id: str,
        to_account_id: str,
        *,
        items: Targets,
        key: str,
        on: date,
        **details: Unpack[Details],
    ) -> Receipt:
        """Move debts to another account, with their natures, documents and due dates."""
        return self._post(
            asked.Transfer,
            account_id=account_id,
            to_account_id=to_account_id,
            items=_targets(items),
            key=key,
            on=on,
            **details,
        )

    # Money.

    def pay(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        to: Targets | None = None,
        method: PaymentMethod | str | None = None,
        document: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Take money in and settle debts with it.

        What is not needed stays as unapplied credit. Where dunning had barred or listed the
        account and the payment cures it, restoration and delisting are booked in the same
        transaction and stand in the receipt's ``actions``.

        Parameters
        ----------
        account_id : str
        money : Money
        key : str
            The bank's reference, for one.
        on : date
        to : str, Target, or sequence of them, optional
            The debts it is for. None leaves it to the allocation policy; ``()`` keeps it unapplied.
            What the debts that are named do not need stays unapplied.
        method : PaymentMethod, optional
        document : str, optional
            The bank's or the till's number.
        **details
            See :class:`Details`.

        Returns
        -------
        Receipt

        Raises
        ------
        OverAllocationError
            A target asks for more than is open of its debt.
        UnknownItemError
            A target names no debt of the account.
        """
        return self._post(
            asked.Pay,
            account_id=account_id,
            amount=money,
            key=key,
            on=on,
            to=_targets(to),
            method=method,
            document=document,
            **details,
        )

    def refund(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        of: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Pay unapplied credit back; ``of`` names the payment, None takes the oldest first."""
        return self._post(
            asked.Refund, account_id=account_id, amount=money, key=key, on=on, of=of, **details
        )

    def allocate(
        self,
        account_id: str,
        *,
        key: str,
        on: date,
        of: str | None = None,
        to: Targets | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Match unapplied credit with debts: ``of`` these payments, ``to`` those debts."""
        return self._post(
            asked.Allocate,
            account_id=account_id,
            key=key,
            on=on,
            of=of,
            to=_targets(to),
            **details,
        )

    def unallocate(
        self,
        account_id: str,
        *,
        of: str,
        key: str,
        on: date,
        to: str | None = None,
        money: Money | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Undo matches of a credit; the debts are open again, the credit is unapplied."""
        return self._post(
            asked.Unallocate,
            account_id=account_id,
            of=of,
            key=key,
            on=on,
            to=to,
            amount=money,
            **details,
        )

    def offset(
        self,
        account_id: str,
        *,
        key: str,
        on: date,
        against: str | None = None,
        money: Money | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Net debts of an account against credit.

        Parameters
        ----------
        account_id : str
            Whose debts.
        key : str
        on : date
        against : str, optional
            Another account of the same party whose unapplied credit is used; None is its own.
        money : Money, optional
            At most the lesser of debt and credit, which is also what None takes.
        **details
            See :class:`Details`.

        Returns
        -------
        Receipt

        Raises
        ------
        OverAllocationError
            There is less to net.
        PartyMismatchError
            The accounts are of different parties.
        """
        return self._post(
            asked.Offset,
            account_id=account_id,
            key=key,
            on=on,
            credit_account_id=against,
            amount=money,
            **details,
        )

    def take_deposit(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        document: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Take security in; it is no part of the balance and settles nothing until it is used."""
        return self._post(
            asked.TakeDeposit,
            account_id=account_id,
            amount=money,
            key=key,
            on=on,
            document=document,
            **details,
        )

    def use_deposit(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        of: str | None = None,
        to: Targets | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Settle debts out of deposits, the oldest first unless ``of`` names one."""
        return self._post(
            asked.UseDeposit,
            account_id=account_id,
            amount=money,
            key=key,
            on=on,
            of=of,
            to=_targets(to),
            **details,
        )

    def return_deposit(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        of: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Pay a deposit back."""
        return self._post(
            asked.ReturnDeposit,
            account_id=account_id,
            amount=money,
            key=key,
            on=on,
            of=of,
            **details,
        )

    # Losses and disputes.

    def write_off(
        self,
        account_id: str,
        money: Money | None = None,
        *,
        approver: str,
        reason: str,
        key: str,
        on: date,
        to: Targets | None = None,
        **details: Unpack[Provenance],
    ) -> Receipt:
        """Give debts up as lost: they leave the arrears, and are still legally owed.

        Parameters
        ----------
        account_id : str
        money : Money, optional
            None gives up all that is open and not contested.
        approver, reason : str
            Kept with the entry.
        key : str
        on : date
        to : str, Target, or sequence of them, optional
            The debts; None takes the oldest due first.
        **details
            See :class:`Details`.

        Returns
        -------
        Receipt
        """
        return self._post(
            asked.WriteOff,
            account_id=account_id,
            amount=money,
            approver=approver,
            reason=reason,
            key=key,
            on=on,
            to=_targets(to),
            **details,
        )

    def recover(
        self,
        account_id: str,
        money: Money,
        *,
        key: str,
        on: date,
        to: str | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Take money in for debts that were written off; also on a closed account."""
        return self._post(
            asked.Recover, account_id=account_id, amount=money, key=key, on=on, to=to, **details
        )

    def dispute(
        self,
        account_id: str,
        item: str,
        *,
        key: str,
        on: date,
        money: Money | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Mark a debt, or an amount of it, as contested: not dunned, and a column of the aging."""
        return self._post(
            asked.Dispute,
            account_id=account_id,
            item=item,
            key=key,
            on=on,
            amount=money,
            **details,
        )

    def release_dispute(
        self,
        account_id: str,
        item: str,
        *,
        key: str,
        on: date,
        money: Money | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """End a dispute: the debt is open again at its original due date."""
        return self._post(
            asked.ReleaseDispute,
            account_id=account_id,
            item=item,
            key=key,
            on=on,
            amount=money,
            **details,
        )

    # Agreements.

    def promise(
        self,
        account_id: str,
        money: Money,
        *,
        by: date,
        key: str,
        on: date,
        items: Sequence[str] | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Note a promise to pay; the debts are not dunned until it is broken."""
        return self._post(
            asked.PromiseToPay,
            account_id=account_id,
            amount=money,
            by=by,
            key=key,
            on=on,
            items=None if items is None else tuple(items),
            **details,
        )

    def agree_instalments(
        self,
        account_id: str,
        instalments: Sequence[Instalment],
        *,
        key: str,
        on: date,
        items: Sequence[str] | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Note an instalment plan; the debts are not dunned while it is kept, and stay as old."""
        return self._post(
            asked.AgreeInstalments,
            account_id=account_id,
            instalments=tuple(instalments),
            key=key,
            on=on,
            items=None if items is None else tuple(items),
            **details,
        )

    def hold_dunning(
        self,
        account_id: str,
        *,
        until: date,
        key: str,
        on: date,
        items: Sequence[str] | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Keep an account, or some of its debts, out of dunning; reverse the entry to end it."""
        return self._post(
            asked.HoldDunning,
            account_id=account_id,
            until=until,
            key=key,
            on=on,
            items=None if items is None else tuple(items),
            **details,
        )

    # Taking back.

    def reverse(
        self,
        entry_id: str,
        *,
        key: str,
        on: date,
        fee: Money | None = None,
        fee_due: date | None = None,
        **details: Unpack[Details],
    ) -> Receipt:
        """Take an entry back, with all that followed from it.

        Of a bounced payment, the invoices that it had settled are open again at their original due
        dates, and an account that had left the list of debtors is back on it.

        Parameters
        ----------
        entry_id : str
            ``ACCOUNT:NUMBER``, from a receipt or the journal.
        key : str
        on : date
            Not before the last movement of what it touches.
        fee : Money, optional
            Charged for it.
        fee_due : date, optional
            Needed with ``fee``.
        **details
            See :class:`Details`.

        Returns
        -------
        Receipt

        Raises
        ------
        UnknownEntryError, AlreadyReversedError
        NotReversibleError
            Accounts opened or closed, periods, dunning, and reversals themselves stay.
        EntryInUseError
            Later entries stand on it; the error lists those to reverse first.
        """
        return self._post(
            asked.Reverse,
            entry_id=entry_id,
            key=key,
            on=on,
            fee=fee,
            fee_due_on=fee_due,
            **details,
        )


def _targets(to: Targets | None) -> tuple[Target, ...] | None:
    if to is None:
        return None
    listed = [to] if isinstance(to, str | Target) else to
    return tuple(one if isinstance(one, Target) else Target(item=one) for one in listed)


def _said(kind: type[Command], error: ValidationError) -> str:
    said = "; ".join(
        f"{'.'.join(str(part) for part in one['loc']) or 'command'}: {one['msg']}"
        for one in error.errors(include_url=False, include_context=False)
    )
    return f"this is no {kind.__name__}: {said}."
