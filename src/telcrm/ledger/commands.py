"""What a ledger can be asked to book: one frozen record per kind of event.

Each command has a key, which makes it safe to send twice, and a day on which it takes effect.
``Ledger.charge``, ``Ledger.pay`` and so on make one and post it; :meth:`Ledger.post_many` takes
millions of them.

>>> from telcrm.domain import Money
>>> Pay(key="bank-7", account_id="A-1", on=date(2026, 3, 2), amount=Money("25", "EUR")).kind
'payment'
"""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from telcrm.domain import (
    AccountId,
    Currency,
    Instant,
    InvoiceId,
    InvoiceLine,
    Money,
    NonNegativeMoney,
    PartyId,
    PaymentMethod,
    PositiveMoney,
    Record,
)
from telcrm.domain.party import Text
from telcrm.ledger.journal import ItemKind

__all__ = [
    "MAX_MINOR_UNITS",
    "AgreeInstalments",
    "Allocate",
    "Amount",
    "ChangeAccount",
    "Charge",
    "CloseAccount",
    "ClosePeriod",
    "Command",
    "CommandKey",
    "CreditNote",
    "Dispute",
    "HoldDunning",
    "Instalment",
    "ItemRef",
    "LedgerCommand",
    "Offset",
    "OpenAccount",
    "Pay",
    "PromiseToPay",
    "Recover",
    "Refund",
    "ReleaseDispute",
    "ReopenPeriod",
    "ReturnDeposit",
    "Reverse",
    "TakeDeposit",
    "Target",
    "Transfer",
    "Unallocate",
    "UseDeposit",
    "WriteOff",
    "read_command",
]

MAX_MINOR_UNITS = 10**15
"""An amount of one command lies below it, so that sums fit the 64 bits of a database."""

CommandKey = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-}](?:[ -~]*[!-~])?$")
]
"""1 to 128 printable ASCII characters, no blank at the ends and no tilde first: an invoice number,
the bank's reference of a payment, a UUID.
"""

ItemRef = Annotated[str, StringConstraints(min_length=1, max_length=140, pattern=r"^[ -~]+$")]
"""An item by its name (``A-1:7``), or by the document it was booked with (an invoice number)."""


def _bookable(money: Money) -> Money:
    if money.minor_units >= MAX_MINOR_UNITS:
        message = f"{money} is not below {MAX_MINOR_UNITS} minor units: look for a slip"
        raise ValueError(message)
    return money


Amount = Annotated[PositiveMoney, AfterValidator(_bookable)]
"""Above zero, and below :data:`MAX_MINOR_UNITS`."""


def _canonical(value: JsonValue) -> JsonValue:
    # The same content has the same text, and so the same hash, in whatever order it was written.
    if isinstance(value, dict):
        return {_utf8(name): _canonical(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    if isinstance(value, float) and not isfinite(value):
        message = f"metadata holds {value}, which JSON cannot keep"
        raise ValueError(message)
    return _utf8(value) if isinstance(value, str) else value


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"metadata holds {text!r:.60}, which has no UTF-8"
        raise ValueError(message) from error
    return text


def _canonical_members(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {_utf8(name): _canonical(metadata[name]) for name in sorted(metadata)}


def _of_a_customer(account_id: str) -> str:
    if account_id.startswith("~"):
        message = f"{account_id} begins with a tilde, as only telcrm's own accounts do"
        raise ValueError(message)
    return account_id


_CustomerAccount = Annotated[AccountId, AfterValidator(_of_a_customer)]
_Limit = Annotated[NonNegativeMoney, AfterValidator(_bookable)]
_Class = Annotated[Text, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$")]


class Target(Record):
    """A debt to be settled, in full or by an amount."""

    item: ItemRef
    amount: Amount | None = None
    """None settles what is open, as far as the money goes."""


class Command(Record):
    """What every command has."""

    key: CommandKey
    on: date
    """Day on which it takes effect."""
    recorded_at: Instant | None = None
    """Instant of recording; None is when the ledger books it. For books that are taken over from
    another system. Not before the account's last entry.
    """
    actor: Text | None = None
    """Who or which program asked for it."""
    reason: Text | None = None
    metadata: Annotated[dict[str, JsonValue], AfterValidator(_canonical_members)] = Field(
        default_factory=dict
    )
    """Anything else to be kept with the entry."""


class AccountCommand(Command):
    """A command on one account."""

    account_id: _CustomerAccount

    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that it touches."""
        return (self.account_id,)


class OpenAccount(AccountCommand):
    """Open an account; it can be booked from ``on``."""

    kind: Literal["open_account"] = "open_account"
    currency: Currency
    party_id: PartyId | None = None
    """Whose it is: credit moves only between accounts of one party."""
    customer_class: _Class | None = None
    """For exceptions of dunning: ``"key_account"``, ``"hospital"``."""
    credit_limit: _Limit | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        Money.zero(self.currency)  # refuses what has no minor unit
        if self.credit_limit is not None and self.credit_limit.currency != self.currency:
            message = (
                f"the account is in {self.currency.code}, "
                f"its credit limit in {self.credit_limit.currency.code}"
            )
            raise ValueError(message)
        return self


class ChangeAccount(AccountCommand):
    """Set an account's party, class and credit limit anew; what is left out is taken off."""

    kind: Literal["change_account"] = "change_account"
    party_id: PartyId | None = None
    customer_class: _Class | None = None
    credit_limit: _Limit | None = None


class CloseAccount(AccountCommand):
    """Close an account that is settled; recoveries of written-off debts may still come in."""

    kind: Literal["close_account"] = "close_account"


class Charge(AccountCommand):
    """Debit an account: an invoice, a single charge, a late fee, interest.

    Lines, where given, add up to the amount; a discount is a negative line.
    """

    kind: Literal["charge"] = "charge"
    amount: Amount
    """Tax included."""
    due_on: date
    nature: ItemKind = ItemKind.SERVICE
    document: InvoiceId | None = None
    """Invoice number, by which targets may name the debt."""
    tax: NonNegativeMoney | None = None
    """Of ``amount``; None with lines is the sum of their taxes, without lines it is nothing."""
    lines: tuple[InvoiceLine, ...] = ()
    about: ItemRef | None = None
    """For a fee or interest: the debt that it is charged for."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.nature.is_debt:
            message = f"nature is service, fee or interest, not {self.nature}"
            raise ValueError(message)
        if self.due_on < self.on:
            message = f"due_on {self.due_on} is before {self.on}, on which it takes effect"
            raise ValueError(message)
        _check_lines(self.amount, self.tax, self.lines)
        return self


class CreditNote(AccountCommand):
    """Take back what was charged, in part or in full."""

    kind: Literal["credit_note"] = "credit_note"
    amount: Amount
    """Tax included, positive."""
    tax: NonNegativeMoney | None = None
    lines: tuple[InvoiceLine, ...] = ()
    """What is taken back, with positive amounts."""
    to: tuple[Target, ...] | None = None
    """The debts it is for; None leaves the choice to the allocation policy."""
    document: InvoiceId | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_lines(self.amount, self.tax, self.lines)
        _check_targets(self.to, self.amount)
        return self


class Pay(AccountCommand):
    """Money received."""

    kind: Literal["payment"] = "payment"
    amount: Amount
    to: tuple[Target, ...] | None = None
    """The debts it is for; None leaves the choice to the allocation policy, ``()`` keeps it
    unapplied.
    """
    method: PaymentMethod | None = None
    document: InvoiceId | None = None
    """The bank's or the till's number of the payment."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_targets(self.to, self.amount)
        return self


class Refund(AccountCommand):
    """Pay unapplied credit back to the customer."""

    kind: Literal["refund"] = "refund"
    amount: Amount
    of: ItemRef | None = None
    """The payment or credit note; None takes the oldest credit first."""


class Reverse(Command):
    """Take an entry back: a bounced payment, a charge in error, a write-off too soon.

    What the entry had settled is open again at its original due date.
    """

    kind: Literal["reversal"] = "reversal"
    entry_id: ItemRef
    """``ACCOUNT:NUMBER``."""
    fee: Amount | None = None
    """Charged for it, as by a bank for a bounced direct debit."""
    fee_due_on: date | None = None
    """Needed with ``fee``."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.fee is None) != (self.fee_due_on is None):
            message = "fee and fee_due_on go together"
            raise ValueError(message)
        if self.fee_due_on is not None and self.fee_due_on < self.on:
            message = f"fee_due_on {self.fee_due_on} is before {self.on}"
            raise ValueError(message)
        return self


class Allocate(AccountCommand):
    """Match unapplied credit with debts."""

    kind: Literal["allocation"] = "allocation"
    of: ItemRef | None = None
    """The payment or credit note; None takes the oldest credit first."""
    to: tuple[Target, ...] | None = None
    """None leaves the choice to the allocation policy."""


class Unallocate(AccountCommand):
    """Undo the match of a credit with debts; the credit is unapplied again."""

    kind: Literal["unallocation"] = "unallocation"
    of: ItemRef
    """The payment or credit note."""
    to: ItemRef | None = None
    """The debt that is open again; None is all of them."""
    amount: Amount | None = None
    """None is all of it."""


class TakeDeposit(AccountCommand):
    """Security received."""

    kind: Literal["deposit_taken"] = "deposit_taken"
    amount: Amount
    document: InvoiceId | None = None


class UseDeposit(AccountCommand):
    """Settle debts out of deposits."""

    kind: Literal["deposit_used"] = "deposit_used"
    amount: Amount
    of: ItemRef | None = None
    to: tuple[Target, ...] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_targets(self.to, self.amount)
        return self


class ReturnDeposit(AccountCommand):
    """Pay a deposit back to the customer."""

    kind: Literal["deposit_returned"] = "deposit_returned"
    amount: Amount
    of: ItemRef | None = None


class Offset(AccountCommand):
    """Net debts of an account against credit: its own, or that of another account of its party."""

    kind: Literal["offset"] = "offset"
    credit_account_id: _CustomerAccount | None = None
    """Whose unapplied credit is used; None is the account's own."""
    amount: Amount | None = None
    """None nets all that can be netted."""

    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that it touches."""
        return _two(self.account_id, self.credit_account_id)


class Transfer(AccountCommand):
    """Move debts of an account to another one, with their due dates."""

    kind: Literal["transfer"] = "transfer"
    to_account_id: _CustomerAccount
    items: tuple[Target, ...]
    """The debts, at least one."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.items:
            message = "items names at least one debt"
            raise ValueError(message)
        if self.to_account_id == self.account_id:
            message = f"a transfer needs two accounts, found {self.account_id} twice"
            raise ValueError(message)
        return self

    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that it touches."""
        return _two(self.account_id, self.to_account_id)


class WriteOff(AccountCommand):
    """Give debts up as lost. They leave the arrears; they are still legally owed."""

    kind: Literal["write_off"] = "write_off"
    reason: Text
    approver: Text
    amount: Amount | None = None
    """None is all that is open and not contested."""
    to: tuple[Target, ...] | None = None
    """The debts; None takes the oldest due first."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_targets(self.to, self.amount)
        return self


class Recover(AccountCommand):
    """Money received for debts that had been written off."""

    kind: Literal["recovery"] = "recovery"
    amount: Amount
    to: ItemRef | None = None
    """The debt; None takes the oldest first."""


class Dispute(AccountCommand):
    """Mark a debt as contested: it is not dunned, and stands in its own column of the aging."""

    kind: Literal["dispute"] = "dispute"
    item: ItemRef
    amount: Amount | None = None
    """None is all that is open."""


class ReleaseDispute(AccountCommand):
    """End a dispute: the amount is open again at its original due date."""

    kind: Literal["dispute_release"] = "dispute_release"
    item: ItemRef
    amount: Amount | None = None
    """None is all that is contested."""


class PromiseToPay(AccountCommand):
    """The customer promises to pay by a day; until it is broken the debts are not dunned."""

    kind: Literal["promise"] = "promise"
    amount: Amount
    by: date
    items: tuple[ItemRef, ...] | None = None
    """The debts it is for; None is every debt that is open on the account."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.by < self.on:
            message = f"by {self.by} is before {self.on}, on which it was promised"
            raise ValueError(message)
        return self


class Instalment(Record):
    """One part of an instalment plan."""

    due_on: date
    amount: Amount


class AgreeInstalments(AccountCommand):
    """Debts are to be paid in instalments; while they are kept the debts are not dunned.

    The debts keep their due dates: the aging does not forget how old they are.
    """

    kind: Literal["instalment_plan"] = "instalment_plan"
    instalments: tuple[Instalment, ...]
    """In order of their due dates; they add up to what is open of the debts."""
    items: tuple[ItemRef, ...] | None = None
    """The debts it is for; None is every debt that is open on the account."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        days = [part.due_on for part in self.instalments]
        if not days or sorted(set(days)) != days or days[0] < self.on:
            message = "instalments has one or more parts, each due later than the one before"
            raise ValueError(message)
        if len({part.amount.currency for part in self.instalments}) > 1:
            message = "instalments are all in the currency of the account"
            raise ValueError(message)
        return self


class HoldDunning(AccountCommand):
    """Keep an account or some of its debts out of dunning; reverse it to end it early."""

    kind: Literal["dunning_hold"] = "dunning_hold"
    until: date
    """Last day of the hold."""
    items: tuple[ItemRef, ...] | None = None
    """The debts; None holds the account: steps wait, and nothing is restored."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.until < self.on:
            message = f"until {self.until} is before {self.on}, on which the hold begins"
            raise ValueError(message)
        return self


class ClosePeriod(Command):
    """Let nothing take effect on or before a day any more."""

    kind: Literal["period_close"] = "period_close"
    through: date
    """Last day of what is closed; ``on`` is the day of the decision."""


class ReopenPeriod(Command):
    """Move the end of what is closed back, explicitly."""

    kind: Literal["period_reopen"] = "period_reopen"
    through: date | None = None
    """New last day of what is closed; None opens everything."""
    reason: Text


LedgerCommand = Annotated[
    OpenAccount
    | ChangeAccount
    | CloseAccount
    | Charge
    | CreditNote
    | Pay
    | Refund
    | Reverse
    | Allocate
    | Unallocate
    | TakeDeposit
    | UseDeposit
    | ReturnDeposit
    | Offset
    | Transfer
    | WriteOff
    | Recover
    | Dispute
    | ReleaseDispute
    | PromiseToPay
    | AgreeInstalments
    | HoldDunning
    | ClosePeriod
    | ReopenPeriod,
    Field(discriminator="kind"),
]
"""Any command; ``kind`` tells which."""

_ANY: TypeAdapter[LedgerCommand] = TypeAdapter(LedgerCommand)


def read_command(text: str | bytes) -> LedgerCommand:
    """Read a command from the JSON of an entry's body, or of a queue.

    Parameters
    ----------
    text : str or bytes
        What ``model_dump_json`` of a command wrote.

    Returns
    -------
    LedgerCommand

    Raises
    ------
    pydantic.ValidationError

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> pay = Pay(key="p", account_id="A-1", on=date(2026, 3, 2), amount=Money("25", "EUR"))
    >>> read_command(pay.model_dump_json()) == pay
    True
    """
    return _ANY.validate_json(text)


def _two(first: str, second: str | None) -> tuple[str, ...]:
    return (first,) if second in (None, first) else (first, str(second))


def _check_lines(amount: Money, tax: Money | None, lines: tuple[InvoiceLine, ...]) -> None:
    parts = [part for line in lines for part in (line.net, line.tax)]
    if any(part.currency != amount.currency for part in (tax, *parts) if part is not None):
        message = f"amount, tax and lines are all in {amount.currency.code}"
        raise ValueError(message)
    for part in parts:
        _bookable(abs(part))
    line_tax = Money.sum((line.tax for line in lines), currency=amount.currency)
    if lines and tax not in (None, line_tax):
        message = f"the lines hold {line_tax} of tax, tax says {tax}"
        raise ValueError(message)
    held = tax if tax is not None else line_tax
    if not 0 <= held.minor_units <= amount.minor_units:
        message = f"tax {held} lies outside 0 to the amount {amount}"
        raise ValueError(message)
    total = Money.sum(parts, currency=amount.currency)
    if lines and total != amount:
        message = f"lines add up to {total}, the amount is {amount}"
        raise ValueError(message)


def _check_targets(targets: tuple[Target, ...] | None, amount: Money | None) -> None:
    stated = [target.amount for target in targets or () if target.amount is not None]
    if amount is None or not stated:
        return
    if any(part.currency != amount.currency for part in stated):
        message = f"targets are in {amount.currency.code}, like the amount"
        raise ValueError(message)
    total = Money.sum(stated, currency=amount.currency)
    if total > amount:
        message = f"targets add up to {total}, more than the amount {amount}"
        raise ValueError(message)
