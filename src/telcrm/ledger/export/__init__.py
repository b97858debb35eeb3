"""The books for other programs: beancount, hledger, canonical tables, TM Forum JSON.

>>> from datetime import date
>>> from telcrm.ledger.ledger import Ledger
>>> books = Ledger.open("memory://")
>>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
>>> sorted(to_tables(books.store))
['invoices', 'payments']
"""

from telcrm.ledger.export.beancount import to_beancount
from telcrm.ledger.export.hledger import to_hledger
from telcrm.ledger.export.tables import to_tables
from telcrm.ledger.export.tmf import account_balance, bill, payment

__all__ = ["account_balance", "bill", "payment", "to_beancount", "to_hledger", "to_tables"]
