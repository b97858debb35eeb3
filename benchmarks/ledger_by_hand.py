"""What :mod:`benchmarks.ledger` measures telcrm against: its journal written by hand.

The tables, triggers and indexes are telcrm's own, and so is every row: the benchmark compares the
databases, and telcrm verifies the one that is written here. It knows charges and payments that
settle debts in full, checks keys and the closed period, takes the accounts first, and keeps the
chain of hashes; it does nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg

_encode = json.JSONEncoder(separators=(",", ":")).encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Event(NamedTuple):
    """What is to be booked; amounts in cents, days as ISO text."""

    key: str
    account_id: str
    amount: int
    on: str
    tax: int = 0
    due_on: str | None = None
    """Of a charge; a payment has none."""
    document: str | None = None


class Written(NamedTuple):
    """Rows by table, in the order of the columns below."""

    entries: list[tuple[Any, ...]]
    postings: list[tuple[Any, ...]]
    new_items: list[tuple[Any, ...]]
    accounts: list[tuple[Any, ...]]
    items: list[tuple[Any, ...]]


ENTRY = (
    "account_number, seq, tenant_number, kind, key, step, effective_on, recorded_us, request_hash, "
    "body, opens_kind, opens_document, opens_due_on, opens_amount, balance, hash"
)
POSTING = "account_number, seq, line, gl, detail, item, counter, amount, effective_on, recorded_us"
ITEM = (
    "account_number, seq, kind, document, effective_on, due_on, amount, open_net, open_tax, "
    "disputed_net, disputed_tax, written_off, recovered, last_on, recorded_us, opened_us, live"
)
ACCOUNT = "account_id, number, seq, hash, receivable, unapplied, last_on, recorded_us, closed_on"


def money(cents: int) -> dict[str, str]:
    return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "EUR"}


def command(event: Event) -> str:
    said: dict[str, Any] = {"key": event.key, "on": event.on, "metadata": {}}
    said["account_id"] = event.account_id
    if event.due_on is None:
        said |= {"kind": "payment", "amount": money(event.amount)}
    else:
        said |= {"kind": "charge", "amount": money(event.amount), "due_on": event.due_on}
        said |= {"nature": "service", "document": event.document, "tax": money(event.tax)}
        said["lines"] = []
    return _encode(said)


def book(  # noqa: PLR0915 - what is written is decided in one place
    events: Sequence[Event],
    requests: Sequence[tuple[str, str]],
    accounts: dict[str, list[Any]],
    items: dict[int, list[list[Any]]],
    closed_through: str | None,
) -> Written:
    """Decide what is written. ``accounts`` and ``items`` (debts, by account) are changed."""
    now = (datetime.now(UTC) - _EPOCH) // timedelta(microseconds=1)
    written = Written([], [], [], [], [])
    moved: dict[tuple[int, int], list[Any]] = {}
    for event, (text, request_hash) in zip(events, requests, strict=True):
        account = accounts[event.account_id]
        _, number, seq, chain, receivable, unapplied, last_on, recorded_us, closed_on = account
        assert closed_on is None
        assert closed_through is None or event.on > closed_through
        seq += 1
        us = max(now, recorded_us)
        on, amount, tax = event.on, event.amount, event.tax
        lines: list[tuple[str, str, int | None, int | None, int]]
        opens: tuple[Any, ...]
        if event.due_on is not None:
            assert not unapplied
            net = amount - tax
            kind, balance = "charge", receivable + amount
            opens = ("service", event.document, event.due_on, amount)
            lines = [
                ("receivable", "net", seq, None, net),
                ("receivable", "tax", seq, None, tax),
                ("revenue", "service", None, None, -net),
                ("tax", "", None, None, -tax),
            ]
            debt = [number, seq, event.document, on, event.due_on, amount, net, tax, on, us]
            items.setdefault(number, []).append(debt)
            moved[number, seq] = debt
            start = (number, seq, "service", event.document, on, event.due_on, amount, net, tax)
            written.new_items.append((*start, 0, 0, 0, 0, on, us, us, True))
        else:
            kind, balance = "payment", receivable - amount
            opens = ("credit", None, None, amount)
            lines = [("cash", "", None, None, amount)]
            rest = amount
            for debt in sorted(items[number], key=lambda one: (one[4], one[3], one[1])):
                if not rest:
                    break
                _, item, _, _, _, _, net, tax, _, _ = debt
                rest -= net + tax
                assert rest >= 0
                lines.append(("receivable", "net", item, seq, -net))
                lines.append(("receivable", "tax", item, seq, -tax))
                debt[6:] = [0, 0, on, us]
                moved[number, item] = debt
                items[number].remove(debt)
            assert not rest
            none = (0, 0, 0, 0, 0, 0)
            credit = (number, seq, "credit", None, on, None, amount, *none, on, us, us, False)
            written.new_items.append(credit)
        body = f'{{"command":{text}}}'
        key = event.key
        said = (event.account_id, seq, kind, key, 0, on, us, "EUR", request_hash, body, None)
        chain = sha256(f"{chain}\n{_encode((*said, opens, lines, balance))}".encode()).hexdigest()
        written.entries.append(
            (number, seq, 1, kind, key, 0, on, us, request_hash, body, *opens, balance, chain)
        )
        for line, posting in enumerate(lines, start=1):
            written.postings.append((number, seq, line, *posting, on, us))
        account[2:8] = [seq, chain, balance, unapplied, max(last_on, on), us]
    for name in {event.account_id for event in events}:
        _, number, seq, chain, receivable, _, last_on, us, _ = accounts[name]
        written.accounts.append((number, seq, chain, receivable, last_on, us))
    new = {(row[0], row[1]): place for place, row in enumerate(written.new_items)}
    for name_of_item, debt in moved.items():
        _, _, _, _, _, _, net, tax, last_on, us = debt
        live = bool(net or tax)
        place = new.get(name_of_item)
        if place is None:
            written.items.append((*name_of_item, net, tax, last_on, us, live))
        elif not live:
            row = written.new_items[place]
            written.new_items[place] = (*row[:7], net, tax, *row[9:13], last_on, us, row[15], live)
    return written


def requests_of(events: Sequence[Event]) -> list[tuple[str, str]]:
    texts = [command(event) for event in events]
    return [(text, sha256(text.encode()).hexdigest()) for text in texts]


class SqliteByHand:
    """The standard library's driver."""

    def __init__(self, path: str) -> None:
        self._session = sqlite3.connect(path, isolation_level=None, timeout=30)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._session.execute(f"PRAGMA {pragma}")
        self._session.execute("PRAGMA cache_size = -64000")

    def post(self, events: Sequence[Event]) -> None:
        """Post them in one transaction."""
        execute = self._session.execute
        requests = requests_of(events)
        execute("BEGIN IMMEDIATE")
        names = json.dumps(sorted({event.account_id for event in events}))
        accounts = {
            row[0]: list(row)
            for row in execute(
                f"SELECT {ACCOUNT} FROM account WHERE tenant_number = 1 AND account_id IN "  # noqa: S608
                "(SELECT value FROM json_each(?))",
                (names,),
            )
        }
        keys = execute(
            "SELECT closed_through, entry.key FROM tenant LEFT JOIN entry ON step = 0 AND key IN "
            "(SELECT value FROM json_each(?)) AND tenant_number = number WHERE number = 1",
            (json.dumps([event.key for event in events]),),
        ).fetchall()
        assert keys[0][1] is None
        items: dict[int, list[list[Any]]] = {}
        payers = [accounts[event.account_id][1] for event in events if event.due_on is None]
        if payers:
            rows = execute(
                "SELECT account_number, seq, document, effective_on, due_on, amount, open_net, "
                "open_tax, last_on, recorded_us FROM item WHERE live AND account_number IN "
                "(SELECT value FROM json_each(?))",
                (json.dumps(sorted(set(payers))),),
            )
            for row in rows:
                items.setdefault(row[0], []).append(list(row))
        written = book(events, requests, accounts, items, keys[0][0])
        many = self._session.executemany if len(events) > 1 else self._one_by_one
        many(
            f"INSERT INTO entry ({ENTRY}) VALUES (?{',?' * 15})",  # noqa: S608
            written.entries,
        )
        many(f"INSERT INTO posting ({POSTING}) VALUES (?{',?' * 9})", written.postings)  # noqa: S608
        many(f"INSERT INTO item ({ITEM}) VALUES (?{',?' * 16})", written.new_items)  # noqa: S608
        many(
            "UPDATE account SET seq = ?2, hash = ?3, receivable = ?4, last_on = ?5, "
            "recorded_us = ?6 WHERE number = ?1",
            written.accounts,
        )
        many(
            "UPDATE item SET open_net = ?3, open_tax = ?4, last_on = ?5, recorded_us = ?6, "
            "live = ?7 WHERE account_number = ?1 AND seq = ?2",
            written.items,
        )
        execute("COMMIT")

    def _one_by_one(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        for row in rows:
            self._session.execute(sql, row)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


class PostgresByHand:
    """psycopg 3; ``how`` says how many rows are sent at once."""

    def __init__(self, url: str, how: str = "unnest") -> None:
        self._session = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._write = {
            "statements": self._statements,
            "unnest": self._unnest,
            "copy": self._copy,
            "executemany": self._many,
        }[how]

    def post(self, events: Sequence[Event]) -> None:
        """Post them in one transaction."""
        execute = self._session.execute
        requests = requests_of(events)
        execute("BEGIN")
        names = sorted({event.account_id for event in events})
        accounts = {
            row[0]: _plain(row)
            for row in execute(
                f"SELECT {ACCOUNT} FROM account WHERE tenant_number = 1 AND account_id = ANY(%s) "  # noqa: S608
                "ORDER BY number FOR NO KEY UPDATE",
                (names,),
            )
        }
        keys = execute(
            "SELECT closed_through, entry.key FROM tenant LEFT JOIN entry ON step = 0 AND "
            "key = ANY(%s) AND tenant_number = number WHERE number = 1",
            ([event.key for event in events],),
        ).fetchall()
        assert keys[0][1] is None
        items: dict[int, list[list[Any]]] = {}
        payers = [accounts[event.account_id][1] for event in events if event.due_on is None]
        if payers:
            rows = execute(
                "SELECT account_number, seq, document, effective_on, due_on, amount, open_net, "
                "open_tax, last_on, recorded_us FROM item WHERE live AND account_number = ANY(%s)",
                (sorted(set(payers)),),
            )
            for row in rows:
                items.setdefault(row[0], []).append(_plain(row))
        self._write(book(events, requests, accounts, items, None))
        execute("COMMIT")

    def _statements(self, written: Written) -> None:
        execute = self._session.execute
        for row in written.entries:
            execute(_insert("entry", ENTRY), row)
        self._postings(written.postings)
        for row in written.new_items:
            execute(_insert("item", ITEM), row)
        for row in written.accounts:
            execute(_UPDATE_ACCOUNT, (*row[1:], row[0]))
        for row in written.items:
            execute(_UPDATE_ITEM, (*row[2:], *row[:2]))

    def _unnest(self, written: Written) -> None:
        parts = [(sql, rows) for sql, rows in zip(_PARTS, written, strict=True) if rows]
        sql = "WITH " + ", ".join(f"w{place} AS ({part})" for place, (part, _) in enumerate(parts))
        arrays = [list(column) for _, rows in parts for column in zip(*rows, strict=True)]
        self._session.execute(f"{sql} SELECT 1", arrays)

    def _copy(self, written: Written) -> None:
        cursor = self._session.cursor()
        for table, columns, rows in (
            ("entry", ENTRY, written.entries),
            ("posting", POSTING, written.postings),
            ("item", ITEM, written.new_items),
        ):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        for sql, rows in ((_PARTS[3], written.accounts), (_PARTS[4], written.items)):
            if rows:
                cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])

    def _many(self, written: Written) -> None:
        cursor = self._session.cursor()
        cursor.executemany(_insert("entry", ENTRY), written.entries)
        self._postings(written.postings)
        cursor.executemany(_insert("item", ITEM), written.new_items)
        accounts = [(*row[1:], row[0]) for row in written.accounts]
        cursor.executemany(_UPDATE_ACCOUNT, accounts)
        cursor.executemany(_UPDATE_ITEM, [(*row[2:], *row[:2]) for row in written.items])

    def _postings(self, postings: Sequence[tuple[Any, ...]]) -> None:
        # What one statement adds has to balance.
        for _, lines in groupby(postings, key=itemgetter(0, 1)):
            row = [value for line in lines for value in line]
            values = ",".join([f"({','.join(['%s'] * 10)})"] * (len(row) // 10))
            self._session.execute(f"INSERT INTO posting ({POSTING}) VALUES {values}", row)  # noqa: S608

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _part(columns: str, types: str, sql: str) -> str:
    arrays = ", ".join(f"%s::{one}[]" for one in types.split())
    return sql.format(columns=columns, given=f"unnest({arrays}) AS given({columns})")


_INSERT = "INSERT INTO {table} ({{columns}}) SELECT * FROM {{given}}"
_PARTS = (
    _part(
        ENTRY,
        "int int int text text int date bigint text text text text date bigint bigint text",
        _INSERT.format(table="entry"),
    ),
    _part(
        POSTING,
        "int int smallint text text int int bigint date bigint",
        _INSERT.format(table="posting"),
    ),
    _part(
        ITEM,
        "int int text text date date bigint bigint bigint bigint bigint bigint bigint date bigint "
        "bigint bool",
        _INSERT.format(table="item"),
    ),
    _part(
        "number, seq, hash, receivable, last_on, recorded_us",
        "int int text bigint date bigint",
        "UPDATE account SET seq = given.seq, hash = given.hash, receivable = given.receivable, "
        "last_on = given.last_on, recorded_us = given.recorded_us FROM {given} "
        "WHERE account.number = given.number",
    ),
    _part(
        "account_number, seq, open_net, open_tax, last_on, recorded_us, live",
        "int int bigint bigint date bigint bool",
        "UPDATE item SET open_net = given.open_net, open_tax = given.open_tax, "
        "last_on = given.last_on, recorded_us = given.recorded_us, live = given.live FROM {given} "
        "WHERE item.account_number = given.account_number AND item.seq = given.seq",
    ),
)


_UPDATE_ACCOUNT = (
    "UPDATE account SET seq = %s, hash = %s, receivable = %s, last_on = %s, recorded_us = %s "
    "WHERE number = %s"
)
_UPDATE_ITEM = (
    "UPDATE item SET open_net = %s, open_tax = %s, last_on = %s, recorded_us = %s, live = %s "
    "WHERE account_number = %s AND seq = %s"
)


def _insert(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({','.join(['%s'] * len(columns.split(',')))})"  # noqa: S608


def _plain(row: Sequence[Any]) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in row]


AGING_DATES = ("date0", "date1", "date2", "date3")


def aging_sql(placeholder: str) -> str:
    """Return the question as an analyst writes it, of what is open now."""
    day = [placeholder.format(name) for name in AGING_DATES]
    spans = [
        f"due_on >= {day[0]}",
        f"due_on < {day[0]} AND due_on >= {day[1]}",
        f"due_on < {day[1]} AND due_on >= {day[2]}",
        f"due_on < {day[2]} AND due_on >= {day[3]}",
        f"due_on < {day[3]}",
    ]
    buckets = ", ".join(
        f"sum(CASE WHEN kind <> 'credit' AND {span} THEN open_net + open_tax ELSE 0 END)"
        for span in spans
    )
    return f"""
        SELECT account.account_id, account.currency, sum(item.disputed_net + item.disputed_tax),
            sum(CASE WHEN kind = 'credit' THEN open_net ELSE 0 END),
            min(CASE WHEN kind <> 'credit' AND open_net + open_tax <> 0 AND due_on < {day[0]}
                THEN due_on END), {buckets}
        FROM account JOIN item ON item.account_number = account.number
        WHERE account.tenant_number = 1 AND item.live AND item.kind <> 'deposit'
        GROUP BY account.number, account.account_id, account.currency ORDER BY account.account_id
    """  # noqa: S608
