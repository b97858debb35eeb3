"""Questions about the books as of a state of knowledge, each answered by one statement.

The sums that are kept of an item are exact for every state of knowledge that covers its last
movement. For an earlier one the later movements are taken off again: those of one item never go
back in time, so what is left is its state then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple, Self

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)

from telcrm.ledger.journal import GlAccount, ItemKind
from telcrm.ledger.stores.protocol import (
    AccountSums,
    AgingSums,
    AsOf,
    GlSum,
    ItemMovement,
    ItemState,
)
from telcrm.ledger.stores.schema import account, entry, is_live, item, posting
from telcrm.ledger.stores.sql_backend import DriverConnection, SqlBackend

__all__ = [
    "Limits",
    "Scope",
    "counts",
    "read_aging",
    "read_gl_months",
    "read_gl_sums",
    "read_item_states",
    "read_movements",
    "read_movements_of_items",
    "read_sums",
]

_Expression = ColumnElement[Any]


class Limits(NamedTuple):
    """What an as-of question is limited by."""

    on: bool
    recorded: bool

    @classmethod
    def of(cls, as_of: AsOf) -> Self:
        """Return the limits that an as-of question has."""
        return cls(as_of.on is not None, as_of.recorded_us is not None)

    def __bool__(self) -> bool:
        return self.on or self.recorded


class Scope(NamedTuple):
    """Whose books a question is about, and as of what."""

    tenant_number: int
    account_ids: Sequence[str] | None
    as_of: AsOf

    @property
    def chosen(self) -> bool:
        """Whether it is about some accounts only."""
        return self.account_ids is not None

    @property
    def flags(self) -> tuple[Limits, bool]:
        """What the statement depends on."""
        return Limits.of(self.as_of), self.chosen

    @property
    def values(self) -> dict[str, Any]:
        """What the statement is bound to."""
        chosen = None if self.account_ids is None else list(self.account_ids)
        return {
            "tenant_number": self.tenant_number,
            "account_ids": chosen,
            "as_of_on": self.as_of.on,
            "as_of_us": self.as_of.recorded_us,
        }


def counts(on: _Expression, recorded_us: _Expression, limits: Limits) -> ColumnElement[bool]:
    """Return the condition that something with these dates is within the limits."""
    conditions: list[ColumnElement[bool]] = []
    if limits.on:
        conditions.append(on <= bindparam("as_of_on"))
    if limits.recorded:
        conditions.append(recorded_us <= bindparam("as_of_us"))
    return and_(true(), *conditions)


def read_sums(backend: SqlBackend, connection: DriverConnection, scope: Scope) -> list[AccountSums]:
    """Return what accounts hold, by name."""
    limits, chosen = _limits(backend, connection, scope), scope.chosen
    earlier: dict[int, Sequence[Any]] = {}
    if limits:
        rows = backend.query(_earlier_sums, limits, chosen).rows(connection, **scope.values)
        earlier = {row[0]: row[1:] for row in rows}
    nothing = (0,) * 5
    return [
        AccountSums(account_id, currency, *(kept if is_exact else earlier.get(number, nothing)))
        for number, is_exact, account_id, currency, *kept in backend.query(
            _sums, limits, chosen
        ).rows(connection, **scope.values)
    ]


def read_item_states(
    backend: SqlBackend, connection: DriverConnection, scope: Scope, *, live: bool
) -> list[ItemState]:
    """Return items, by account and number."""
    day = backend.day
    limits = _limits(backend, connection, scope)
    query = backend.query(_item_states, limits, scope.chosen, live)
    rows = query.rows(connection, **scope.values)
    return [
        ItemState(account_id, seq, kind, document, day(on), day(due_on), *amounts)
        for account_id, seq, kind, document, on, due_on, *amounts in rows
    ]


def read_aging(
    backend: SqlBackend, connection: DriverConnection, scope: Scope, edges: Sequence[date]
) -> list[AgingSums]:
    """Return a row for each account with an open or contested debt or unapplied credit."""
    named = {f"edge_{place}": edge for place, edge in enumerate(edges)}
    limits = _limits(backend, connection, scope)
    query = backend.query(_aging, limits, scope.chosen, len(edges))
    day = backend.day
    return [
        AgingSums(account_id, currency, tuple(buckets), disputed, unapplied, day(oldest))
        for account_id, currency, disputed, unapplied, oldest, *buckets in query.rows(
            connection, **scope.values, **named
        )
    ]


def read_gl_sums(
    backend: SqlBackend, connection: DriverConnection, scope: Scope, since: date | None
) -> list[GlSum]:
    """Return the sums by general ledger account, detail and currency."""
    query = backend.query(_gl_sums, *scope.flags, since is not None)
    rows = query.rows(connection, **scope.values, since=since)
    return [
        GlSum(gl, detail, currency, int(debit), int(credit))
        for gl, detail, currency, debit, credit in rows
    ]


def read_gl_months(
    backend: SqlBackend, connection: DriverConnection, scope: Scope, gl: Sequence[str]
) -> dict[tuple[str, str, date], int]:
    """Return sums by currency, kind of entry and month."""
    query = backend.query(_gl_months, *scope.flags)
    rows = query.rows(connection, **scope.values, gl=[str(one) for one in gl])
    return {
        (currency, kind, backend.day(month)): int(amount) for currency, kind, month, amount in rows
    }


def read_movements(
    backend: SqlBackend, connection: DriverConnection, scope: Scope
) -> Iterator[ItemMovement]:
    """Run over the movements of debts, by account and entry."""
    limits, chosen = scope.flags
    accounts = backend.query(_account_numbers, chosen).rows(connection, **scope.values)
    numbers = [number for (number,) in accounts]
    query = backend.query(_movements_of_accounts, limits)
    for start in range(0, len(numbers), _ACCOUNTS_AT_ONCE):
        some = numbers[start : start + _ACCOUNTS_AT_ONCE]
        yield from _as_movements(backend, query.rows(connection, **scope.values, numbers=some))


def read_movements_of_items(
    backend: SqlBackend, connection: DriverConnection, items: Iterable[tuple[int, int]]
) -> list[ItemMovement]:
    """Return what moved items, which are named by numbers of accounts and entries."""
    query = backend.query(_movements_of_items)
    rows = query.rows(connection, **backend.bind_pairs("items", items))
    return list(_as_movements(backend, rows))


def _limits(backend: SqlBackend, connection: DriverConnection, scope: Scope) -> Limits:
    # Mostly a question is about today, and nothing of tomorrow is known yet.
    limits, chosen = scope.flags
    if limits:
        query = backend.query(_is_any_later, limits, chosen)
        if not query.rows(connection, **scope.values)[0][0]:
            return Limits(on=False, recorded=False)
    return limits


def _as_movements(backend: SqlBackend, rows: Iterable[Sequence[Any]]) -> Iterator[ItemMovement]:
    for account_id, moved, seq, kind, on, amount in rows:
        yield ItemMovement(account_id, moved, seq, kind, backend.day(on), amount)


_ACCOUNTS_AT_ONCE: Final = 2_000


def _word(value: str) -> _Expression:
    # Our own words stand in the statement itself, where the planner sees them.
    return literal_column(f"'{value}'")


_DEBTS: Final = [_word(kind) for kind in ItemKind if kind.is_debt]
_OWED: Final = [_word(GlAccount.RECEIVABLE), _word(GlAccount.DISPUTED)]
_HELD: Final = [_word(GlAccount.UNAPPLIED), _word(GlAccount.DEPOSIT)]
_GIVEN_UP: Final = [_word(GlAccount.BAD_DEBT), _word(GlAccount.RECOVERY)]
_ZERO: Final[_Expression] = literal_column("0")


def _sum(value: _Expression) -> _Expression:
    # PostgreSQL adds up bigints as numerics.
    return cast(func.sum(value), BigInteger)


def _sum_where(condition: ColumnElement[bool], value: _Expression) -> _Expression:
    return _sum(case((condition, value), else_=_ZERO))


def _in_scope(backend: SqlBackend, chosen: bool) -> ColumnElement[bool]:
    of_tenant = account.c.tenant_number == bindparam("tenant_number")
    if not chosen:
        return of_tenant
    return of_tenant & backend.among(account.c.account_id, "account_ids")


def _is_open_as_of(limits: Limits) -> ColumnElement[bool]:
    return (account.c.seq > _ZERO) & counts(account.c.opened_on, account.c.opened_us, limits)


def _is_exact(sums: FromClause, limits: Limits) -> ColumnElement[bool]:
    return counts(sums.c.last_on, sums.c.recorded_us, limits)


_accounts_with_items = account.join(item, item.c.account_number == account.c.number)

_OPEN: Final = item.c.open_net + item.c.open_tax
_DISPUTED: Final = item.c.disputed_net + item.c.disputed_tax
_WRITTEN_OFF: Final = item.c.written_off - item.c.recovered


def _states(
    backend: SqlBackend,
    limits: Limits,
    chosen: bool,
    *columns: _Expression,
    live: bool = True,
    kept_accounts: bool = True,
    scoped: bool = True,
) -> Subquery:
    """Items as of a state of knowledge: some columns, and open, disputed and written_off.

    ``kept_accounts`` says whether items of accounts count whose own sums are exact. Unless it is
    ``scoped``, the items may be of any tenant: who asks joins the accounts anyway.
    """
    kept = (
        select(
            *columns,
            _OPEN.label("open"),
            _DISPUTED.label("disputed"),
            _WRITTEN_OFF.label("written_off"),
        )
        .select_from(_accounts_with_items if scoped else item)
        .where(_is_exact(item, limits))
    )
    if scoped:
        kept = kept.where(_in_scope(backend, chosen))
    if live:
        kept = kept.where(is_live)
    if not kept_accounts:
        kept = kept.where(not_(_is_exact(account, limits)))
    if not limits:
        return kept.subquery("states")
    return union_all(kept, _earlier_states(backend, limits, chosen, columns)).subquery("states")


def _earlier_states(
    backend: SqlBackend, limits: Limits, chosen: bool, columns: Sequence[_Expression]
) -> Select[Any]:
    # The index on later postings is used only where its condition is repeated.
    is_too_late = and_(
        posting.c.account_number == item.c.account_number,
        posting.c.item == item.c.seq,
        posting.c.item != posting.c.seq,
        not_(counts(posting.c.effective_on, posting.c.recorded_us, limits)),
    )
    gl, amount = posting.c.gl, posting.c.amount
    # There is at least one: what moved the item last.
    moved = case((gl == _OWED[0], amount), (gl.in_(_HELD), -amount), else_=_ZERO)
    return (
        select(
            *columns,
            (_OPEN - _sum(moved)).label("open"),
            (_DISPUTED - _sum_where(gl == _OWED[1], amount)).label("disputed"),
            (_WRITTEN_OFF - _sum_where(gl.in_(_GIVEN_UP), amount)).label("written_off"),
        )
        .select_from(_accounts_with_items.join(posting, is_too_late))
        .where(
            _in_scope(backend, chosen),
            not_(_is_exact(account, limits)),
            not_(_is_exact(item, limits)),
            counts(item.c.effective_on, item.c.opened_us, limits),
        )
        .group_by(account.c.number, item.c.account_number, item.c.seq)
    )


def _is_any_later(backend: SqlBackend, limits: Limits, chosen: bool) -> Select[Any]:
    later = select(account.c.number).where(
        _in_scope(backend, chosen), not_(_is_exact(account, limits))
    )
    return select(later.exists())


def _sums(backend: SqlBackend, limits: Limits, chosen: bool) -> Select[Any]:
    kept = account.c
    return (
        select(
            kept.number,
            _is_exact(account, limits).label("is_exact"),
            kept.account_id,
            kept.currency,
            kept.receivable,
            kept.disputed,
            kept.unapplied,
            kept.deposit,
            kept.written_off,
        )
        .where(_in_scope(backend, chosen), _is_open_as_of(limits))
        .order_by(kept.account_id)
    )


def _earlier_sums(backend: SqlBackend, limits: Limits, chosen: bool) -> Select[Any]:
    number, kind = item.c.account_number, item.c.kind
    states = _states(backend, limits, chosen, number, kind, kept_accounts=False)
    is_debt = states.c.kind.in_(_DEBTS)
    return select(
        states.c.account_number,
        _sum_where(is_debt, states.c.open),
        _sum(states.c.disputed),
        _sum_where(states.c.kind == _word(ItemKind.CREDIT), states.c.open),
        _sum_where(states.c.kind == _word(ItemKind.DEPOSIT), states.c.open),
        _sum(states.c.written_off),
    ).group_by(states.c.account_number)


def _item_states(backend: SqlBackend, limits: Limits, chosen: bool, live: bool) -> Select[Any]:
    names = ("seq", "kind", "document", "effective_on", "due_on", "amount")
    columns = [account.c.account_id, *(item.c[name] for name in names)]
    states = _states(backend, limits, chosen, *columns, live=live)
    found = select(states)
    if live:
        amounts = (states.c.open, states.c.disputed, states.c.written_off)
        found = found.where(or_(*(amount != _ZERO for amount in amounts)))
    return found.order_by(states.c.account_id, states.c.seq)


def _aging(backend: SqlBackend, limits: Limits, chosen: bool, n_edges: int) -> Select[Any]:
    due_on = func.coalesce(item.c.due_on, item.c.effective_on).label("due_on")
    columns = (item.c.account_number, item.c.kind, due_on)
    states = _states(backend, limits, chosen, *columns, scoped=chosen)
    edges = [bindparam(f"edge_{place}", type_=Date) for place in range(n_edges)]
    # With deposits left out, what is no credit is a debt.
    is_debt = states.c.kind != _word(ItemKind.CREDIT)
    is_past_due = is_debt & (states.c.open != _ZERO) & (states.c.due_on < edges[0])
    froms = [states.c.due_on >= edge for edge in edges]
    untils = [states.c.due_on < edge for edge in edges]
    spans = [froms[0], *map(and_, untils, froms[1:]), untils[-1]]
    return (
        select(
            account.c.account_id,
            account.c.currency,
            _sum(states.c.disputed),
            _sum_where(not_(is_debt), states.c.open),
            func.min(case((is_past_due, states.c.due_on))),
            *(_sum_where(is_debt & span, states.c.open) for span in spans),
        )
        .join_from(states, account, account.c.number == states.c.account_number)
        .where(_in_scope(backend, chosen=False))
        .where(states.c.kind != _word(ItemKind.DEPOSIT))
        .where(or_(states.c.open != _ZERO, states.c.disputed != _ZERO))
        .group_by(account.c.number)
        .order_by(account.c.account_id)
    )


def _gl_sums(backend: SqlBackend, limits: Limits, chosen: bool, since: bool) -> Select[Any]:
    amount = posting.c.amount
    line = (posting.c.gl, posting.c.detail, account.c.currency)
    found = (
        select(
            *line,
            func.sum(case((amount > _ZERO, amount), else_=_ZERO)),
            func.sum(case((amount < _ZERO, -amount), else_=_ZERO)),
        )
        .join_from(account, posting, posting.c.account_number == account.c.number)
        .where(_in_scope(backend, chosen))
        .where(counts(posting.c.effective_on, posting.c.recorded_us, limits))
        .group_by(*line)
        .order_by(*line)
    )
    return found.where(posting.c.effective_on >= bindparam("since")) if since else found


def _gl_months(backend: SqlBackend, limits: Limits, chosen: bool) -> Select[Any]:
    month = backend.month(posting.c.effective_on)
    place = (account.c.currency, entry.c.kind, month)
    return (
        select(*place, func.sum(posting.c.amount))
        .select_from(_accounts_with_postings)
        .where(_in_scope(backend, chosen), backend.among(posting.c.gl, "gl"))
        .where(counts(posting.c.effective_on, posting.c.recorded_us, limits))
        .group_by(*place)
    )


_is_of_entry = (entry.c.account_number == posting.c.account_number) & (entry.c.seq == posting.c.seq)
_accounts_with_postings = account.join(posting, posting.c.account_number == account.c.number).join(
    entry, _is_of_entry
)


def _account_numbers(backend: SqlBackend, chosen: bool) -> Select[Any]:
    return select(account.c.number).where(_in_scope(backend, chosen)).order_by(account.c.account_id)


def _movements(froms: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
    place = (account.c.account_id, posting.c.seq, posting.c.item)
    amount = _sum(posting.c.amount)
    return (
        select(
            account.c.account_id,
            posting.c.item,
            posting.c.seq,
            entry.c.kind,
            posting.c.effective_on,
            amount,
        )
        .select_from(froms)
        .where(posting.c.gl.in_(_OWED), posting.c.item.is_not(None), *conditions)
        .group_by(*place, entry.c.kind, posting.c.effective_on)
        .having(amount != _ZERO)
    )


def _movements_of_accounts(backend: SqlBackend, limits: Limits) -> Select[Any]:
    return _movements(
        _accounts_with_postings,
        backend.among(posting.c.account_number, "numbers"),
        counts(posting.c.effective_on, posting.c.recorded_us, limits),
    ).order_by(account.c.account_id, posting.c.seq, posting.c.item)


def _movements_of_items(backend: SqlBackend) -> Select[Any]:
    line = posting.c
    opening = backend.among_pairs(line.account_number, line.seq, "items") & (line.item == line.seq)
    later = backend.among_pairs(line.account_number, line.item, "items") & (line.item != line.seq)
    branches = [_movements(_accounts_with_postings, condition) for condition in (opening, later)]
    found = union_all(*branches).subquery("found")
    return select(found).order_by(found.c.account_id, found.c.seq, found.c.item)
