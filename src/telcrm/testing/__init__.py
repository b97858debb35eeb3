"""Hypothesis strategies for authors who build on telcrm; needs the extra ``testing``.

>>> from hypothesis import given
>>> from telcrm.testing import money
>>> @given(money("EUR"))
... def test_splitting_loses_nothing(amount):
...     first, second = amount.split(2)
...     assert first + second == amount
>>> test_splitting_loses_nothing()
"""

from telcrm.testing import hypothesis_extra  # noqa: F401 - first: it refuses by name
from telcrm.testing.churn_model import ModelInput, check_churn_model
from telcrm.testing.identifiers import iccids, imeis, imsis, msisdns
from telcrm.testing.ledger_commands import books, ledger_accounts, ledger_commands
from telcrm.testing.ledger_store import check_ledger_store
from telcrm.testing.money import currencies, money
from telcrm.testing.records import customers, invoices, records, subscriptions
from telcrm.testing.subscriber_bases import bases

__all__ = [
    "ModelInput",
    "bases",
    "books",
    "check_churn_model",
    "check_ledger_store",
    "currencies",
    "customers",
    "iccids",
    "imeis",
    "imsis",
    "invoices",
    "ledger_accounts",
    "ledger_commands",
    "money",
    "msisdns",
    "records",
    "subscriptions",
]
