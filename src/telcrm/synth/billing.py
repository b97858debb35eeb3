"""Bills of postpaid customers and how each class of payer pays them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import InvoiceStatus, PaymentMethod, PaymentStatus
from telcrm.synth.columns import Coded, Dates, Floats, Ints, KeyRefs, Keys, Numbers, Table
from telcrm.synth.denomination import Denomination
from telcrm.synth.draws import categories, choose_by_row
from telcrm.synth.identifiers import keys
from telcrm.synth.population import Population
from telcrm.synth.ranges import require_between, require_count, require_positive, require_shares
from telcrm.synth.timeline import Timeline

__all__ = [
    "CHRONIC",
    "FIRST_DUNNED_BILL",
    "LATE",
    "NEVER_PAY",
    "PAYER_CLASSES",
    "PROMPT",
    "Bills",
    "PaymentBehaviour",
    "draw_bills",
    "draw_payers",
    "invoices_table",
    "payments_table",
]

PAYER_CLASSES = ("prompt", "late", "chronic", "never_pay")
PROMPT, LATE, CHRONIC, NEVER_PAY = range(4)

FIRST_DUNNED_BILL = 3
"""A debtor with so many bills since activation is in arrears, and may be cut off."""

_STATUSES = (InvoiceStatus.SENT, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.SETTLED)
_METHODS = (
    PaymentMethod.DIRECT_DEBIT,
    PaymentMethod.CARD,
    PaymentMethod.BANK_TRANSFER,
    PaymentMethod.CASH,
    PaymentMethod.MOBILE_MONEY,
)


@dataclass(frozen=True, kw_only=True)
class PaymentBehaviour:
    """The mix of payers, and when and how much each class pays.

    Parameters
    ----------
    prompt, late, chronic, never_pay : float in [0, 1], adding up to 1
        Shares of postpaid customers when they join. Among the opening base debtors are fewer:
        most of those who had bills before the window were cut off before it.
    due_days : int >= 0
        Days from issue to due date.
    tax_rate : float in [0, 1]
        On top of the net revenue of the month.
    early_days : int >= 0
        A prompt payer pays in full 0 to `early_days` days before the due date.
    late_mean_days : float > 0
        A late payer pays in full, 1 + Gamma(2) days after the due date with this mean.
    chronic_mean_days : float > 0
        A chronic debtor pays a part, 1 + Exponential days after the due date with this mean ...
    chronic_part_low, chronic_part_high : float in (0, 1)
        ... the part being uniform between these; the rest follows after a second such delay ...
    chronic_rest : float in [0, 1]
        ... with this probability, and otherwise never.

    Raises
    ------
    ParameterError
        A parameter is out of range, or the shares do not add up to 1.

    Examples
    --------
    >>> PaymentBehaviour(prompt=0.7, late=0.2, chronic=0.08, never_pay=0.02).late
    0.2
    """

    prompt: float = 0.78
    late: float = 0.14
    chronic: float = 0.06
    never_pay: float = 0.02
    due_days: int = 21
    tax_rate: float = 0.2
    early_days: int = 10
    late_mean_days: float = 15.0
    chronic_mean_days: float = 30.0
    chronic_part_low: float = 0.3
    chronic_part_high: float = 0.8
    chronic_rest: float = 0.7

    def __post_init__(self) -> None:
        require_shares(self, *PAYER_CLASSES)
        require_count(self, 0, "due_days", "early_days")
        require_between(self, 0.0, 1.0, "tax_rate", "chronic_rest")
        require_positive(self, "late_mean_days", "chronic_mean_days")
        require_between(self, 0.01, 0.99, "chronic_part_low", "chronic_part_high")
        require_between(self, self.chronic_part_low, 0.99, "chronic_part_high")


@dataclass(frozen=True)
class Bills:
    """Invoices by month and customer, and the payments that arrive before the window closes."""

    customer: Ints
    month: Ints
    issued: Ints
    due: Ints
    total: Floats
    tax: Floats
    open_amount: Floats
    paid_invoice: Ints
    paid_on: Ints
    paid_amount: Floats
    method: Ints


def draw_payers(
    rng: np.random.Generator,
    behaviour: PaymentBehaviour,
    population: Population,
    *,
    debtor_chronic: float,
    debtor_never_pay: float,
) -> Ints:
    """Draw the payer class of each customer; it has no meaning for prepaid ones.

    A debtor of the opening base has stayed through every month in which one of the lines might have
    been cut off, so the older the lines, the fewer debtors.
    """
    months = np.maximum(-population.start_month - FIRST_DUNNED_BILL, 0)
    dunned = np.bincount(population.owner, months, population.customers)
    stayed = np.ones((population.customers, len(PAYER_CLASSES)))
    stayed[:, CHRONIC] = (1.0 - debtor_chronic) ** dunned
    stayed[:, NEVER_PAY] = (1.0 - debtor_never_pay) ** dunned
    shares = [behaviour.prompt, behaviour.late, behaviour.chronic, behaviour.never_pay]
    return choose_by_row(rng, stayed * shares)


def draw_bills(
    rng: np.random.Generator,
    behaviour: PaymentBehaviour,
    population: Population,
    timeline: Timeline,
    *,
    payer: Ints,
    line: Ints,
    month: Ints,
    revenue: Floats,
    money: Denomination,
) -> Bills:
    """Bill each postpaid customer's net revenue of a month on the month's last day.

    `line`, `month` and `revenue` are the rows of subscriber_months.
    """
    postpaid = ~population.prepaid[line]
    cell = month[postpaid] * np.int64(population.customers) + population.owner[line[postpaid]]
    net: Floats = np.bincount(
        cell, revenue[postpaid], timeline.months * population.customers
    ).astype(np.float64)
    net_units = money.units(net)
    billed = np.flatnonzero(net_units > 0)
    month_of, customer = np.divmod(billed, population.customers)
    net_units = net_units[billed]
    tax_units = np.rint(net_units * behaviour.tax_rate)
    total_units = net_units + tax_units
    issued = timeline.month_starts[month_of + 1] - 1
    due = issued + behaviour.due_days

    invoice, paid_on, units = _draw_payments(
        rng, behaviour, payer[customer], issued=issued, due=due, total=total_units
    )
    # The observer stands at the end of the window and does not see later payments.
    seen = (paid_on < timeline.end_day) & (units > 0)
    invoice, paid_on, units = invoice[seen], paid_on[seen], units[seen]
    order = np.lexsort((invoice, paid_on))
    invoice, paid_on, units = invoice[order], paid_on[order], units[order]
    open_units = total_units - np.bincount(invoice, units, billed.size)
    return Bills(
        customer=customer.astype(np.int32),
        month=month_of.astype(np.int16),
        issued=issued,
        due=due,
        total=money.amounts(total_units),
        tax=money.amounts(tax_units),
        open_amount=money.amounts(open_units),
        paid_invoice=invoice,
        paid_on=paid_on,
        paid_amount=money.amounts(units),
        method=categories(rng, [0.45, 0.25, 0.15, 0.05, 0.10], population.customers),
    )


def _draw_payments(
    rng: np.random.Generator,
    behaviour: PaymentBehaviour,
    payer: Ints,
    *,
    issued: Ints,
    due: Ints,
    total: Floats,
) -> tuple[Ints, Ints, Floats]:
    """Up to two payments for each invoice: its position, the day, the amount in minor units."""
    size = payer.size
    early = np.maximum(due - rng.integers(0, behaviour.early_days + 1, size), issued)
    late = due + 1 + np.floor(rng.gamma(2.0, behaviour.late_mean_days / 2.0, size))
    slow = due + 1 + np.floor(rng.exponential(behaviour.chronic_mean_days, size))
    slower = slow + 1 + np.floor(rng.exponential(behaviour.chronic_mean_days, size))
    low, high = behaviour.chronic_part_low, behaviour.chronic_part_high
    part = np.rint(total * (low + (high - low) * rng.random(size)))
    comes = rng.random(size) < behaviour.chronic_rest

    first_day = np.choose(payer, [early, late, slow, due])
    first = np.choose(payer, [total, total, part, np.zeros(size)])
    rest = np.where((payer == CHRONIC) & comes, total - part, 0.0)
    invoice = np.arange(size)
    return (
        np.concatenate([invoice, invoice]),
        np.concatenate([first_day, slower]).astype(np.int32),
        np.concatenate([first, rest]),
    )


def invoices_table(bills: Bills, population: Population, money: Denomination) -> Table:
    """Return the canonical invoices table."""
    size = bills.customer.size
    status = np.where(bills.open_amount == 0, 2, np.where(bills.open_amount < bills.total, 1, 0))
    return {
        "invoice_id": Keys(keys("I", size)),
        "account_id": KeyRefs(bills.customer, population.account_id),
        "customer_id": KeyRefs(bills.customer, population.customer_id),
        "issued_on": Dates(bills.issued),
        "due_on": Dates(bills.due),
        "total": Numbers(bills.total),
        "tax": Numbers(bills.tax),
        "open_amount": Numbers(bills.open_amount),
        "currency": money.column(size),
        "status": Coded(status, _STATUSES),
    }


def payments_table(bills: Bills, population: Population, money: Denomination) -> Table:
    """Return the canonical payments table, in the order of time."""
    customer = bills.customer[bills.paid_invoice]
    return {
        "payment_id": Keys(keys("P", customer.size)),
        "account_id": KeyRefs(customer, population.account_id),
        "customer_id": KeyRefs(customer, population.customer_id),
        "paid_on": Dates(bills.paid_on),
        "amount": Numbers(bills.paid_amount),
        "currency": money.column(customer.size),
        "method": Coded(bills.method[customer], _METHODS),
        "status": Coded(np.zeros(customer.size, dtype=np.int8), (PaymentStatus.DONE,)),
    }
