"""Post invoices and payments with a peer of telcrm's ledger; run by the Python that has the peer.

    python benchmarks/ledger_peers.py python-accounting|django-hordak URL

It prepares an empty database, then reads numbers of events from its input and answers each with the
wall seconds that they took. An event is what telcrm books with one command: an invoice with tax,
or the payment that settles it. :mod:`benchmarks.ledger` starts it and tells how to install the
peers; it needs nothing of telcrm.
"""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNTS = 20
NET, TAX = 100, 20

Book = Callable[[int], object]


def python_accounting(url: str) -> Book:
    """Prepare python-accounting, which commits after every line, so nothing has to be committed."""
    # It imports drivers that it does not use with SQLite, and that need compilers.
    for driver in ("MySQLdb", "psycopg2"):
        sys.modules.setdefault(driver, ModuleType(driver))
    from python_accounting.database.session import get_session
    from python_accounting.models import Account, Assignment, Base, Currency, Entity, LineItem, Tax
    from python_accounting.transactions import ClientInvoice, ClientReceipt
    from sqlalchemy import create_engine

    engine = create_engine(url)
    Base.metadata.create_all(engine)
    session = get_session(engine)

    def keep(row: Any) -> Any:
        session.add(row)
        session.commit()
        return row

    entity = keep(Entity(name="Operator"))
    currency = keep(Currency(name="Euro", code="EUR", entity_id=entity.id))
    whose = {"entity_id": entity.id}

    def account(name: str, kind: Any) -> Any:
        return keep(Account(name=name, account_type=kind, currency_id=currency.id, **whose)).id

    kinds = Account.AccountType
    revenue = account("Revenue", kinds.OPERATING_REVENUE)
    bank = account("Bank", kinds.BANK)
    control = account("Tax", kinds.CONTROL)
    clients = [account(f"Client {number}", kinds.RECEIVABLE) for number in range(ACCOUNTS)]
    tax = keep(Tax(name="VAT", code="VAT", account_id=control, rate=20, **whose))
    invoices: list[Any] = []

    def post(kind: Any, number: int, line: dict[str, Any]) -> Any:
        head = {"narration": f"event {number}", "transaction_date": datetime.now()}  # noqa: DTZ005
        booked = kind(**head, account_id=clients[number // 2 % ACCOUNTS], **whose)
        session.add(booked)
        session.flush()
        item = LineItem(narration=f"event {number}", **line, **whose)
        session.add(item)
        session.flush()
        booked.line_items.add(item)
        session.add(booked)
        booked.post(session)
        return booked

    def book(number: int) -> None:
        if number % 2 == 0:
            line = {"account_id": revenue, "amount": NET, "tax_id": tax.id}
            invoices.append(post(ClientInvoice, number, line))
            return
        payment = post(ClientReceipt, number, {"account_id": bank, "amount": NET + TAX})
        invoice = invoices.pop()
        keep(
            Assignment(
                assignment_date=datetime.now(),  # noqa: DTZ005
                transaction_id=payment.id,
                assigned_id=invoice.id,
                assigned_type=type(invoice).__name__,
                amount=NET + TAX,
                **whose,
            )
        )

    return book


def django_hordak(url: str) -> Book:
    """Prepare django-hordak, on PostgreSQL; it has no invoices, so nothing is matched."""
    import django
    from django.conf import settings

    place = urlsplit(url)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": place.path.strip("/"),
                "USER": place.username,
                "HOST": parse_qs(place.query).get("host", [place.hostname])[0],
            }
        },
        DEFAULT_CURRENCY="EUR",
        CURRENCIES=["EUR"],
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from hordak.models import Account, AccountType, Leg, Transaction
    from moneyed import Money

    call_command("migrate", verbosity=0)

    def account(name: str, kind: str, code: int) -> Any:
        return Account.objects.create(name=name, type=kind, code=str(code), currencies=["EUR"])

    clients = [account(f"Client {n}", AccountType.asset, n) for n in range(ACCOUNTS)]
    revenue = account("Revenue", AccountType.income, 9001)
    tax = account("Tax", AccountType.liability, 9002)
    bank = account("Bank", AccountType.asset, 9003)

    def book(number: int) -> None:
        client = clients[number // 2 % ACCOUNTS]
        total = NET + TAX
        if number % 2 == 0:
            lines = [("debit", client, total), ("credit", revenue, NET), ("credit", tax, TAX)]
        else:
            lines = [("debit", bank, total), ("credit", client, total)]
        with transaction.atomic():
            entry = Transaction.objects.create(description=f"event {number}")
            for side, where, amount in lines:
                value = {side: Money(Decimal(amount), "EUR")}
                Leg.objects.create(transaction=entry, account=where, **value)

    return book


PEERS = {"python-accounting": python_accounting, "django-hordak": django_hordak}


def main() -> None:
    peer, url = sys.argv[1:]
    book = PEERS[peer](url)
    done = 0
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            book(done)
            done += 1
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
