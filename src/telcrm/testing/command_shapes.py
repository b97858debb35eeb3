"""Turn a few drawn numbers into a ledger command: what the strategies of commands map with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from telcrm.domain import Currency, InvoiceLine, InvoiceLineKind, Money, PaymentMethod
from telcrm.ledger.commands import (
    AgreeInstalments,
    Allocate,
    ChangeAccount,
    Charge,
    CloseAccount,
    ClosePeriod,
    CreditNote,
    Dispute,
    HoldDunning,
    Instalment,
    LedgerCommand,
    Offset,
    OpenAccount,
    Pay,
    PromiseToPay,
    Recover,
    Refund,
    ReleaseDispute,
    ReopenPeriod,
    ReturnDeposit,
    Reverse,
    TakeDeposit,
    Target,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.journal import ItemKind, entry_name

__all__ = ["KINDS", "Move", "Scribe"]

D = TypeVar("D", Dispute, ReleaseDispute)

_REMARKS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"actor": "batch-7", "reason": "Khách hàng đề nghị 🙂"},
    {"metadata": {"run": 7, "tags": ["a", None, "O'Neil \"\\"]}},
)
_NATURES: Final = (ItemKind.SERVICE, ItemKind.SERVICE, ItemKind.FEE, ItemKind.INTEREST)
_METHODS: Final = (None, *PaymentMethod)
_WHAT: Final = ("debt", "credit", "deposit", "disputed", "given up")
_TERMS_DAYS: Final = (14, 30, 0)
_PARTIES: Final = (None, "P-1", "P-2")
_CLASSES: Final = (None, "hospital")


class Move(NamedTuple):
    """What is drawn of a command; numbers are taken modulo what there is to choose from."""

    kind: str
    account: int
    other: int
    """Another account, or another debt."""
    days: int
    """Since the command before."""
    units: int
    """Minor units, above 0."""
    which: int
    """0 is the latest item or entry of the account."""
    shape: int
    """0 is the plainest."""
    remark: int


@dataclass(frozen=True, slots=True)
class _Case:
    """A move, and what it can refer to."""

    move: Move
    start: Mapping[str, Any]
    """Fields that every command has."""
    account_id: str
    other_account_id: str
    """The same one where there is only one."""
    currency: Currency
    document: str
    items: Mapping[str, Sequence[str]]
    """Names or documents by what they are: debts, credits, deposits, disputed, given up."""
    entries: int
    """How many the account has, as far as that can be foreseen."""
    charged: Mapping[str, int]
    """Minor units by document."""

    @property
    def on_account(self) -> dict[str, Any]:
        return {**self.start, "account_id": self.account_id}

    @property
    def amount(self) -> Money:
        return self.money(self.move.units)

    @property
    def part(self) -> Money:
        return self.money(max(self.move.units // 2, 1))

    @property
    def debt(self) -> str | None:
        return self.latest("debt")

    @property
    def credit(self) -> str | None:
        return self.latest("credit")

    @property
    def targets(self) -> tuple[Target, ...] | None:
        """Return one debt, or in other shapes two of them and how much of the first."""
        debt, other = self.debt, self.latest("debt", self.move.other)
        if debt is None or other is None:
            return None
        if debt == other or self.move.shape % 2:
            return (Target(item=debt),)
        return (Target(item=debt, amount=self.part), Target(item=other))

    def latest(self, what: str, which: int | None = None) -> str | None:
        kept = self.items.get(what, ())
        back = self.move.which if which is None else which
        return kept[-1 - back % len(kept)] if kept else None

    def money(self, units: int) -> Money:
        return Money.from_minor(units, self.currency)

    def later(self, days: int) -> date:
        on: date = self.start["on"]
        return on + timedelta(days=days)


def _open_account(case: _Case) -> OpenAccount:
    return OpenAccount(**case.on_account, currency=case.currency, **_terms(case))


def _change_account(case: _Case) -> ChangeAccount:
    return ChangeAccount(**case.on_account, **_terms(case))


def _terms(case: _Case) -> dict[str, Any]:
    shape = case.move.shape
    return {
        "party_id": _PARTIES[shape % len(_PARTIES)],
        "customer_class": _CLASSES[shape % len(_CLASSES)],
        "credit_limit": case.money(case.move.units - 1) if shape > 1 else None,
    }


def _close_account(case: _Case) -> CloseAccount:
    return CloseAccount(**case.on_account)


def _charge(case: _Case) -> Charge:
    nature = _NATURES[case.move.other % len(_NATURES)]
    about = case.debt if nature is not ItemKind.SERVICE else None
    due_on = case.later(_TERMS_DAYS[case.move.which % len(_TERMS_DAYS)])
    return Charge(
        **case.on_account,
        **_taxed(case),
        due_on=due_on,
        nature=nature,
        document=case.document,
        about=about,
    )


def _credit_note(case: _Case) -> CreditNote:
    to = case.targets if case.move.other % 2 else None
    return CreditNote(**case.on_account, **_taxed(case), to=to, document=case.document)


def _taxed(case: _Case) -> dict[str, Any]:
    units, tax = case.move.units, case.money(case.move.units // 6)
    if case.move.shape == 0:
        return {"amount": case.amount}
    if case.move.shape == 1:
        return {"amount": case.amount, "tax": tax}
    discount = units // 10
    lines = (
        (InvoiceLineKind.RECURRING, case.money(units - tax.minor_units + discount), tax),
        (InvoiceLineKind.DISCOUNT, case.money(-discount), case.money(0)),
    )
    return {
        "amount": case.amount,
        "lines": tuple(
            InvoiceLine(kind=kind, description="Gói cước", net=net, tax=part)
            for kind, net, part in lines
        ),
    }


def _payment(case: _Case) -> Pay:
    to = ((), None, case.targets, case.targets)[(case.move.shape + 1) % 4]
    method = _METHODS[case.move.other % len(_METHODS)]
    document = case.document
    return Pay(**case.on_account, amount=case.amount, to=to, method=method, document=document)


def _refund(case: _Case) -> Refund:
    of = case.credit if case.move.shape else None
    return Refund(**case.on_account, amount=case.amount, of=of)


def _reversal(case: _Case) -> Reverse:
    entry_id = entry_name(case.account_id, 1 + (case.entries - 1 - case.move.which) % case.entries)
    if case.move.shape < 2:
        return Reverse(**case.start, entry_id=entry_id)
    due_on = case.later(_TERMS_DAYS[0])
    return Reverse(**case.start, entry_id=entry_id, fee=case.amount, fee_due_on=due_on)


def _allocation(case: _Case) -> Allocate:
    of = case.credit if case.move.shape % 2 else None
    return Allocate(**case.on_account, of=of, to=case.targets if case.move.shape > 1 else None)


def _unallocation(case: _Case) -> Unallocate | None:
    if case.credit is None:
        return None
    shape = case.move.shape
    to, amount = case.debt if shape > 1 else None, case.part if shape == 1 else None
    return Unallocate(**case.on_account, of=case.credit, to=to, amount=amount)


def _deposit_taken(case: _Case) -> TakeDeposit:
    return TakeDeposit(**case.on_account, amount=case.amount, document=case.document)


def _deposit_used(case: _Case) -> UseDeposit:
    of = case.latest("deposit") if case.move.shape % 2 else None
    to = case.targets if case.move.shape > 1 else None
    return UseDeposit(**case.on_account, amount=case.amount, of=of, to=to)


def _deposit_returned(case: _Case) -> ReturnDeposit:
    of = case.latest("deposit") if case.move.shape else None
    return ReturnDeposit(**case.on_account, amount=case.amount, of=of)


def _offset(case: _Case) -> Offset:
    credit_account_id = case.other_account_id if case.move.shape > 1 else None
    amount = case.amount if case.move.shape % 2 else None
    return Offset(**case.on_account, credit_account_id=credit_account_id, amount=amount)


def _transfer(case: _Case) -> Transfer | None:
    if case.other_account_id == case.account_id or case.targets is None:
        return None
    to = case.other_account_id
    return Transfer(**case.on_account, to_account_id=to, items=case.targets)


def _write_off(case: _Case) -> WriteOff:
    amount = case.amount if case.move.shape % 2 else None
    to = case.targets if case.move.shape > 1 else None
    start = {**case.on_account, "reason": "insolvent"}
    return WriteOff(**start, approver="Trần B", amount=amount, to=to)


def _recovery(case: _Case) -> Recover:
    to = case.latest("given up") if case.move.shape else None
    return Recover(**case.on_account, amount=case.amount, to=to)


def _dispute(case: _Case) -> Dispute | None:
    return _of_item(case, Dispute, case.debt)


def _dispute_release(case: _Case) -> ReleaseDispute | None:
    return _of_item(case, ReleaseDispute, case.latest("disputed"))


def _of_item(case: _Case, kind: type[D], item: str | None) -> D | None:
    if item is None:
        return None
    return kind(**case.on_account, item=item, amount=case.part if case.move.shape else None)


def _promise(case: _Case) -> PromiseToPay:
    by = case.later(case.move.other)
    return PromiseToPay(**case.on_account, amount=case.amount, by=by, items=_some_debts(case))


def _instalment_plan(case: _Case) -> AgreeInstalments | None:
    if case.debt is None:
        return None
    total = case.charged.get(case.debt, case.move.units)
    parts = case.money(total).split(min(1 + case.move.shape, total))
    instalments = tuple(
        Instalment(due_on=case.later(30 * nth), amount=part) for nth, part in enumerate(parts, 1)
    )
    return AgreeInstalments(**case.on_account, instalments=instalments, items=(case.debt,))


def _dunning_hold(case: _Case) -> HoldDunning:
    until = case.later(case.move.other)
    return HoldDunning(**case.on_account, until=until, items=_some_debts(case))


def _some_debts(case: _Case) -> tuple[str, ...] | None:
    return (case.debt,) if case.debt is not None and case.move.shape % 2 else None


def _period_close(case: _Case) -> ClosePeriod:
    return ClosePeriod(**case.start, through=case.later(-case.move.which - 1))


def _period_reopen(case: _Case) -> ReopenPeriod:
    through = case.later(-30 - case.move.which) if case.move.shape else None
    return ReopenPeriod(**{**case.start, "reason": "late invoice"}, through=through)


_WRITERS: Final[dict[str, Callable[[_Case], LedgerCommand | None]]] = {
    "charge": _charge,
    "payment": _payment,
    "credit_note": _credit_note,
    "reversal": _reversal,
    "allocation": _allocation,
    "unallocation": _unallocation,
    "refund": _refund,
    "dispute": _dispute,
    "dispute_release": _dispute_release,
    "write_off": _write_off,
    "recovery": _recovery,
    "deposit_taken": _deposit_taken,
    "deposit_used": _deposit_used,
    "deposit_returned": _deposit_returned,
    "offset": _offset,
    "transfer": _transfer,
    "promise": _promise,
    "instalment_plan": _instalment_plan,
    "dunning_hold": _dunning_hold,
    "change_account": _change_account,
    "close_account": _close_account,
    "period_close": _period_close,
    "period_reopen": _period_reopen,
    "open_account": _open_account,
}

_NEEDS: Final = {
    "unallocation": ("credit", "payment"),
    "allocation": ("credit", "payment"),
    "refund": ("credit", "payment"),
    "dispute_release": ("disputed", "dispute"),
    "recovery": ("given up", "write_off"),
    "deposit_used": ("deposit", "deposit_taken"),
    "deposit_returned": ("deposit", "deposit_taken"),
    "dispute": ("debt", "charge"),
    "write_off": ("debt", "charge"),
    "promise": ("debt", "charge"),
    "instalment_plan": ("debt", "charge"),
    "transfer": ("debt", "charge"),
}
"""What a kind is about, and which kind brings it about."""

KINDS: Final = tuple(_WRITERS)
"""Every kind of command, the plainest first; opening an account comes last."""


class Scribe:
    """Writes commands and remembers what later ones can refer to.

    Parameters
    ----------
    account_ids : sequence of str
    currency : Currency or str
    references : mapping of str to sequence of str
        By account, the names or documents that commands may refer to, be it as a debt, a credit or
        a deposit.
    """

    def __init__(
        self,
        account_ids: Sequence[str],
        currency: Currency,
        references: Mapping[str, Sequence[str]],
    ) -> None:
        self._account_ids = account_ids
        self._currency = currency
        self._items: dict[str, defaultdict[str, list[str]]] = {}
        self._entries: dict[str, int] = {}
        for name in account_ids:
            known = references.get(name, ())
            self._items[name] = defaultdict(list, {what: list(known) for what in _WHAT})
            self._entries[name] = 1 + len(known)
        self._charged: dict[str, int] = {}

    def write(self, move: Move, *, key: str, on: date, document: str) -> LedgerCommand:
        """Return a command; where it lacks what it is about, one that brings that about."""
        count = len(self._account_ids)
        name = self._account_ids[move.account % count]
        other = move.account + 1 + move.other % max(count - 1, 1)
        case = _Case(
            move=move,
            start={"key": key, "on": on, **_REMARKS[move.remark % len(_REMARKS)]},
            account_id=name,
            other_account_id=self._account_ids[other % count],
            currency=self._currency,
            document=document,
            items=self._items[name],
            entries=self._entries[name],
            charged=self._charged,
        )
        kind = move.kind
        while kind in _NEEDS and not case.items[_NEEDS[kind][0]]:
            kind = _NEEDS[kind][1]
        command = _WRITERS[kind](case) or _charge(case)
        self._remember(name, command)
        return command

    def _remember(self, name: str, command: LedgerCommand) -> None:
        items = self._items[name]
        match command:
            case Charge(document=str(document), amount=amount):
                items["debt"].append(document)
                self._charged[document] = amount.minor_units
            case Pay(document=str(document)) | CreditNote(document=str(document)):
                items["credit"].append(document)
            case TakeDeposit(document=str(document)):
                items["deposit"].append(document)
            case Dispute(item=item):
                items["disputed"].append(item)
            case WriteOff(to=to):
                items["given up"] += [one.item for one in to] if to else items["debt"]
            case Transfer(to_account_id=to_account_id, items=moved):
                self._items[to_account_id]["debt"] += [target.item for target in moved]
                self._entries[to_account_id] += len(moved)
        if not isinstance(command, (ClosePeriod, ReopenPeriod)):
            self._entries[name] += 1
