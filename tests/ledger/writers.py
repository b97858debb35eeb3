"""Processes that post to one ledger at once, or are killed while they post.

Run as a program it loads telcrm once and then forks: each line of its input is a job in JSON, each
line of its output the answer. It has one thread, as a process that forks must; :mod:`.nursery`
talks to it.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from signal import SIGKILL
from typing import Any

from telcrm.domain import Money
from telcrm.errors import TelcrmError
from telcrm.ledger.commands import (
    Charge,
    LedgerCommand,
    Offset,
    OpenAccount,
    Pay,
    Reverse,
    Target,
    Transfer,
)
from telcrm.ledger.journal import GlAccount
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.receipts import Receipt

DAY = date(2026, 3, 2)
DUE = date(2026, 3, 16)
HOT = "HOT"
STAKE = 100
"""What each writer's account owes before the transfers begin."""
HOT_STAKE = 100_000
"""What the hot account owes before payments and offsets begin; they never use it up."""
SURPLUS = 1_000
CHUNK = 50

_FORK = get_context("fork")
_WAIT_S = 60.0
_BETWEEN_LOOKS_S = 0.01

Sent = list[Any]


def euros(amount: int) -> Money:
    return Money(Decimal(amount), "EUR")


def sent(receipt: Receipt) -> Sent:
    """What a writer tells of a receipt: enough to find it again, and to know it unchanged."""
    return [receipt.key, receipt.replayed, [[one.entry_id, one.hash] for one in receipt.entries]]


# A writer that is killed.


def crash(*, url: str, number: int, after: int, delay_s: float, in_chunks: bool) -> list[Sent]:
    """Let a writer post, kill it some time after so many words of it, and return them all."""
    receiver, sender = _FORK.Pipe(duplex=False)
    writer = _FORK.Process(target=_write_on, args=(url, number, in_chunks, sender))
    writer.start()
    sender.close()
    acknowledged = [receiver.recv() for _ in range(after)]
    time.sleep(delay_s)
    assert writer.pid is not None
    os.kill(writer.pid, SIGKILL)
    writer.join()
    # The last message may be cut short.
    with suppress(EOFError, OSError):
        while True:
            acknowledged.append(receiver.recv())
    receiver.close()
    return acknowledged


def _write_on(url: str, number: int, in_chunks: bool, sender: Connection) -> None:
    with Ledger.open(url) as ledger:
        hot = OpenAccount(
            key="open hot", account_id=HOT, currency="EUR", on=DAY, metadata=_steps(1)
        )
        sender.send(sent(ledger.post(hot)))
        commands = crash_commands(number)
        if in_chunks:
            for outcome in ledger.post_each(commands, chunk_size=CHUNK):
                assert outcome.receipt is not None, outcome.error
                sender.send(sent(outcome.receipt))
        for command in commands:
            sender.send(sent(ledger.post(command)))


def crash_commands(number: int) -> Iterator[LedgerCommand]:
    """Yield commands of one writer without end; each says of how many entries it is made."""
    keys = (f"{number}-{place}" for place in count())
    mine, other = f"A-{number}", f"B-{number}"
    for name in (mine, other):
        yield OpenAccount(
            key=next(keys), account_id=name, currency="EUR", on=DAY, metadata=_steps(1)
        )
    for cycle in count():
        document = f"INV-{cycle}"
        # Six of each cycle's entries are on `mine`, after the one that opened it.
        payment = f"{mine}:{1 + 6 * cycle + 4}"
        yield _charge(next(keys), mine, 10, document=document, tax=euros(2))
        yield Transfer(
            key=next(keys),
            account_id=mine,
            to_account_id=other,
            on=DAY,
            items=(Target(item=document),),
            metadata=_steps(2),
        )
        yield _pay(next(keys), other, 12)
        # What was paid too much meets the next debt in a second entry.
        yield _charge(next(keys), other, 2, steps=2)
        yield _charge(next(keys), mine, 7)
        yield _pay(next(keys), mine, 7)
        yield Reverse(
            key=next(keys),
            entry_id=payment,
            on=DAY,
            fee=euros(1),
            fee_due_on=DUE,
            metadata=_steps(2),
        )
        yield _charge(next(keys), HOT, 1)


def _charge(key: str, account_id: str, amount: int, *, steps: int = 1, **details: Any) -> Charge:
    return Charge(
        key=key,
        account_id=account_id,
        amount=euros(amount),
        on=DAY,
        due_on=DUE,
        metadata=_steps(steps),
        **details,
    )


def _pay(key: str, account_id: str, amount: int) -> Pay:
    return Pay(key=key, account_id=account_id, amount=euros(amount), on=DAY, metadata=_steps(1))


def _steps(steps: int) -> dict[str, Any]:
    return {"steps": steps}


# Writers and readers at once.


def prepare(*, url: str, work: str, writers: int) -> list[str]:
    """Open the accounts that some work needs, and book what they owe before it."""
    hot_stake, stake = _STAKES[work]
    names = [HOT, *map(own, range(writers))]
    with Ledger.open(url) as ledger:
        for name in names:
            ledger.open_account(name, currency="EUR", on=DAY, party_id="P-1")
            owed = hot_stake if name == HOT else stake
            if owed:
                ledger.charge(name, euros(owed), on=DAY, due=DUE, key=f"stake {name}")
    return names


def together(*, url: str, work: str, writers: int, readers: int, commands: int) -> dict[str, Any]:
    """Let writers post and readers look at the same time; return what each of them tells."""
    barrier = _FORK.Barrier(writers + readers + 1)
    done = _FORK.Event()
    told = []
    processes = []
    for number in range(writers + readers):
        receiver, sender = _FORK.Pipe(duplex=False)
        is_writer = number < writers
        task = _WRITERS[work] if is_writer else _READERS[work]
        limit = (number, writers, commands) if is_writer else (writers, done)
        process = _FORK.Process(target=_run, args=(task, url, barrier, sender, limit))
        process.start()
        sender.close()
        told.append(receiver)
        processes.append(process)
    barrier.wait(_WAIT_S)
    start = time.perf_counter()
    written = [receiver.recv() for receiver in told[:writers]]
    seconds = time.perf_counter() - start
    done.set()
    read = [receiver.recv() for receiver in told[writers:]]
    for process in processes:
        process.join()
    return {"seconds": seconds, "written": written, "read": read}


def _run(
    task: Callable[..., Any], url: str, barrier: Any, sender: Connection, limit: tuple[Any, ...]
) -> None:
    with Ledger.open(url) as ledger:
        barrier.wait(_WAIT_S)
        try:
            sender.send(task(ledger, *limit))
        except TelcrmError as error:
            sender.send({"error": repr(error)})


def own(number: int) -> str:
    return f"W-{number}"


def transfers(ledger: Ledger, number: int, writers: int, commands: int) -> dict[str, Any]:
    """Pass a debt round: to the hot account, and from there to the next writer's account."""
    holder, item = own(number), f"{own(number)}:2"
    receipts = []
    for place in range(commands):
        target = own((number + place) % writers) if holder == HOT else HOT
        receipt = ledger.post(
            Transfer(
                key=f"{number}-{place}",
                account_id=holder,
                to_account_id=target,
                on=DAY,
                items=(Target(item=item),),
            )
        )
        receipts.append(sent(receipt))
        holder, item = target, str(receipt.entries[1].item_id)
    return {"receipts": receipts}


def mixed(ledger: Ledger, number: int, writers: int, commands: int) -> dict[str, Any]:
    """Charge, pay and offset on the hot account and one's own; now and then a chunk on all."""
    mine = own(number)
    rng = random.Random(number)  # noqa: S311 - a test's choice
    receipts = []
    moved = dict.fromkeys([HOT, *map(own, range(writers))], 0)

    def post(command: LedgerCommand, **sums: int) -> None:
        receipts.append(sent(ledger.post(command)))
        for name, amount in sums.items():
            moved[name.replace("_", "-")] += amount

    mine_name = mine.replace("-", "_")
    for place in range(commands):
        key = f"{number}-{place}"
        amount = 1 + place % 5
        match place % 6:
            case 0:
                post(_charge(key, HOT, amount), HOT=amount)
            case 1:
                post(_pay(key, HOT, amount), HOT=-amount)
            case 2:
                post(_charge(key, mine, amount), **{mine_name: amount})
            case 3:
                post(_pay(key, mine, amount + SURPLUS), **{mine_name: -amount - SURPLUS})
            case 4:
                # Chunks of the others charge this account too, but never its credit away.
                post(
                    Offset(
                        key=key,
                        account_id=HOT,
                        credit_account_id=mine,
                        amount=euros(2),
                        on=DAY,
                    ),
                    **{"HOT": -2, mine_name: 2},
                )
            case _:
                names = [*moved]
                rng.shuffle(names)
                chunk = [_charge(f"{key}-{name}", name, 1) for name in names]
                for outcome in ledger.post_each(chunk):
                    assert outcome.receipt is not None, outcome.error
                    receipts.append(sent(outcome.receipt))
                for name in names:
                    moved[name] += 1
    return {"receipts": receipts, "moved": moved}


def same_keys(ledger: Ledger, number: int, writers: int, commands: int) -> dict[str, Any]:
    """Post what all the others post."""
    del number, writers
    shared = [_charge(f"shared-{place}", HOT, 1) for place in range(commands)]
    return {"receipts": [sent(ledger.post(command)) for command in shared]}


def watch_transfers(ledger: Ledger, writers: int, done: Any) -> dict[str, Any]:
    """Look at totals that transfers never change."""
    total = euros(writers * STAKE)
    wrong: list[str] = []

    def check(what: str, found: Money) -> None:
        if found != total:
            wrong.append(f"{what} {found}, not {total}")

    looks = 0
    while not done.is_set() or not looks:
        looks += 1
        check("trial balance", ledger.trial_balance().balance(GlAccount.RECEIVABLE, "EUR"))
        check("aging", ledger.aging(as_of=DAY).total("EUR").balance)
        balances = (row.balance for row in ledger.balances())
        check("balances", Money.sum(balances, currency="EUR"))
        wrong += _look_at_hot(ledger)
        time.sleep(_BETWEEN_LOOKS_S)
    return {"looks": looks, "wrong": wrong}


def watch_mixed(ledger: Ledger, writers: int, done: Any) -> dict[str, Any]:
    """Look at what holds at every moment, whatever is posted."""
    del writers
    wrong: list[str] = []
    looks = 0
    while not done.is_set() or not looks:
        looks += 1
        lines = ledger.trial_balance()
        excess = Money.sum((line.balance for line in lines), currency="EUR")
        if excess.minor_units:
            wrong.append(f"debits exceed credits by {excess}")
        wrong += _look_at_hot(ledger)
        time.sleep(_BETWEEN_LOOKS_S)
    return {"looks": looks, "wrong": wrong}


def _look_at_hot(ledger: Ledger) -> Iterator[str]:
    journal = ledger.journal(HOT)
    if [entry.seq for entry in journal] != list(range(1, len(journal) + 1)):
        yield "the journal of the hot account has a gap"
    moved = (GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED)
    total = Money.sum((entry.total(*moved) for entry in journal), currency="EUR")
    if total.minor_units != journal[-1].balance:
        yield f"the postings of the hot account give {total}, its entry {journal[-1].balance}"


_WRITERS = {"transfers": transfers, "mixed": mixed, "same_keys": same_keys}
_READERS = {"transfers": watch_transfers, "mixed": watch_mixed, "same_keys": watch_mixed}
_STAKES = {"transfers": (0, STAKE), "mixed": (HOT_STAKE, 0), "same_keys": (0, 0)}
_JOBS: dict[str, Callable[..., Any]] = {"crash": crash, "prepare": prepare, "together": together}


def main() -> None:
    """Answer jobs until the input ends."""
    import telcrm.ledger.stores.postgresql  # noqa: F401 (loaded once, for all children)

    Ledger.open("sqlite://").close()
    for line in sys.stdin:
        job = json.loads(line)
        answer = _JOBS[job.pop("job")](**job)
        print(json.dumps(answer), flush=True)  # noqa: T201 - it is how the answer is handed over


if __name__ == "__main__":
    main()
