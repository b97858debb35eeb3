"""Read and write TM Forum Open API v4 JSON.

Reading is lenient: other spellings, outer blanks, lists of one, ``Pending`` for ``pending``. Every
such deviation is reported as data, and what a record has no room for is kept. Writing is strict.

>>> from telcrm.domain import tmf
>>> reading = tmf.read_individual('{"id": "42", "givenName": "Ada ", "hobby": "chess"}')
>>> reading.record.name, reading.unknown
('Ada', {'hobby': 'chess'})
>>> print(*reading.deviations)
Individual $.givenName: 'Ada ' has outer blanks [trailing_blank]
>>> tmf.write_individual(reading.record, unknown=reading.unknown)["hobby"]
'chess'
"""

from telcrm.domain.tmf.agreement import read_agreement, write_agreement
from telcrm.domain.tmf.billing_account import read_billing_account, write_billing_account
from telcrm.domain.tmf.customer import read_customer, write_customer
from telcrm.domain.tmf.customer_bill import read_customer_bill, write_customer_bill
from telcrm.domain.tmf.dispatch import read, read_many, write
from telcrm.domain.tmf.party import (
    read_individual,
    read_organization,
    write_individual,
    write_organization,
)
from telcrm.domain.tmf.party_interaction import read_party_interaction, write_party_interaction
from telcrm.domain.tmf.payload import Payload
from telcrm.domain.tmf.payment import read_payment, write_payment
from telcrm.domain.tmf.product import read_product, write_product
from telcrm.domain.tmf.reading import Deviation, DeviationRule, Reading, Resource
from telcrm.domain.tmf.stand_ins import UNKNOWN_DAY, UNKNOWN_ID, UNKNOWN_INSTANT
from telcrm.domain.tmf.trouble_ticket import read_trouble_ticket, write_trouble_ticket
from telcrm.domain.tmf.usage import read_usage, write_usage

__all__ = [
    "UNKNOWN_DAY",
    "UNKNOWN_ID",
    "UNKNOWN_INSTANT",
    "Deviation",
    "DeviationRule",
    "Payload",
    "Reading",
    "Resource",
    "read",
    "read_agreement",
    "read_billing_account",
    "read_customer",
    "read_customer_bill",
    "read_individual",
    "read_many",
    "read_organization",
    "read_party_interaction",
    "read_payment",
    "read_product",
    "read_trouble_ticket",
    "read_usage",
    "write",
    "write_agreement",
    "write_billing_account",
    "write_customer",
    "write_customer_bill",
    "write_individual",
    "write_organization",
    "write_party_interaction",
    "write_payment",
    "write_product",
    "write_trouble_ticket",
    "write_usage",
]
