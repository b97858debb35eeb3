"""What telcrm writes it reads back: the same record, no deviation, nothing unknown."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import (
    AccountState,
    Agreement,
    AgreementStatus,
    BillCycle,
    BillingAccount,
    Channel,
    Complaint,
    ComplaintCategory,
    ComplaintStatus,
    Consent,
    ConsentPurpose,
    ContactMedium,
    CreditProfile,
    Currency,
    Customer,
    CustomerStatus,
    Identification,
    Individual,
    IndividualStatus,
    Interaction,
    InteractionDirection,
    InteractionOutcome,
    Invoice,
    InvoiceLine,
    InvoiceLineKind,
    InvoiceStatus,
    Money,
    Organization,
    OrganizationStatus,
    PartyType,
    Payment,
    PaymentMethod,
    PaymentMode,
    PaymentStatus,
    PostalAddress,
    Record,
    Severity,
    StatusChange,
    Subscription,
    SubscriptionStatus,
    TerminationReason,
    UsageDirection,
    UsageKind,
    UsageRecord,
    UsageStatus,
    UsageZone,
    ValidFor,
    tmf,
)
from telcrm.testing import iccids, imeis, imsis, msisdns

T = TypeVar("T")
Maker = Callable[..., Any]

CODES = ("EUR", "JPY", "KWD", "KES")
MANY = 10**13
"""Minor units of the largest amount; a float tells them apart up to 10**15."""

ids = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
texts = st.text(min_size=1, max_size=40).map(str.strip).filter(bool)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1))
instants = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
counts = st.integers(0, 10**6)


def amounts(code: str, *, low: int = -MANY) -> st.SearchStrategy[Money]:
    return st.integers(low, MANY).map(lambda units: Money.from_minor(units, code))


any_amounts = st.sampled_from(CODES).flatmap(lambda code: amounts(code, low=0))


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


def some(strategy: st.SearchStrategy[T], size: int = 2) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=size).map(tuple)


@st.composite
def periods(draw: st.DrawFn) -> ValidFor:
    start, end = draw(maybe(days)), draw(maybe(days))
    if start and end and end < start:
        start, end = end, start
    return ValidFor(start=start, end=end)


addresses = st.builds(
    PostalAddress,
    street=texts,
    street2=maybe(texts),
    city=texts,
    region=maybe(texts),
    post_code=maybe(st.from_regex(r"[0-9A-Z]{3,8}", fullmatch=True)),
    country=st.sampled_from(("KE", "FR", "US")),
)
emails = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.[a-z]{2,3}", fullmatch=True)
facts = {"preferred": st.booleans(), "valid_for": periods()}
media = st.one_of(
    st.builds(ContactMedium, medium=st.just("email"), email=emails, **facts),
    st.builds(ContactMedium, medium=st.just("phone"), phone=msisdns(), **facts),
    st.builds(ContactMedium, medium=st.just("postal"), postal=addresses, **facts),
)
papers = st.builds(
    Identification,
    kind=texts,
    number=ids,
    issued_by=maybe(texts),
    issued_on=maybe(days),
    valid_for=periods(),
)
assessments = st.builds(
    CreditProfile,
    assessed_on=days,
    score=maybe(counts),
    risk_rating=maybe(counts),
    limit=maybe(any_amounts),
    valid_for=periods(),
)
consents = st.builds(
    Consent,
    purpose=st.sampled_from(ConsentPurpose),
    channel=maybe(st.sampled_from(Channel)),
    granted=st.booleans(),
    recorded_at=instants,
    valid_until=maybe(days),
    evidence=maybe(texts),
)


@st.composite
def customers(draw: st.DrawFn) -> Customer:
    status = draw(st.sampled_from(CustomerStatus))
    change = StatusChange[CustomerStatus](
        status=status, since=draw(days), reason=draw(maybe(texts))
    )
    return Customer(
        customer_id=draw(ids),
        party_id=draw(ids),
        party_type=draw(st.sampled_from(PartyType)),
        name=draw(texts),
        status=status,
        since=draw(days),
        segment=draw(maybe(texts)),
        region=draw(maybe(texts)),
        acquisition_channel=draw(maybe(st.sampled_from(Channel))),
        key_account=draw(st.booleans()),
        status_history=draw(st.sampled_from(((), (change,)))),
        contact_media=draw(some(media)),
        consents=draw(some(consents)),
        credit_profiles=draw(some(assessments)),
    )


individuals = st.builds(
    Individual,
    party_id=ids,
    given_name=maybe(texts),
    middle_name=maybe(texts),
    family_name=texts,
    full_name=maybe(texts),
    title=maybe(texts),
    gender=maybe(texts),
    birth_date=maybe(days),
    nationality=maybe(st.sampled_from(("KE", "FR", "XK"))),
    language=maybe(st.sampled_from(("en", "pt-BR", "swa"))),
    status=st.sampled_from(IndividualStatus),
    contact_media=some(media),
    identifications=some(papers),
)
organizations = st.builds(
    Organization,
    party_id=ids,
    name=texts,
    trading_name=maybe(texts),
    organization_type=maybe(texts),
    industry=maybe(texts),
    is_legal_entity=st.booleans(),
    is_head_office=st.booleans(),
    parent_id=maybe(ids),
    status=st.sampled_from(OrganizationStatus),
    contact_media=some(media),
    identifications=some(papers),
)
cycles = st.builds(
    BillCycle,
    day_of_month=st.integers(1, 28),
    months=st.integers(1, 24),
    payment_due_days=st.integers(0, 365),
)


@st.composite
def accounts(draw: st.DrawFn) -> BillingAccount:
    code, life = draw(st.sampled_from(CODES)), draw(periods())
    return BillingAccount(
        account_id=draw(ids),
        customer_id=draw(ids),
        name=draw(texts),
        payment_mode=draw(st.sampled_from(PaymentMode)),
        currency=Currency(code),
        state=AccountState.CLOSED if life.end else draw(st.sampled_from(AccountState)),
        credit_limit=draw(maybe(amounts(code, low=0))),
        bill_cycle=draw(maybe(cycles)),
        opened_on=life.start,
        closed_on=life.end,
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    code, issued = draw(st.sampled_from(CODES)), draw(days)
    lines = draw(
        some(
            st.builds(
                InvoiceLine,
                kind=st.sampled_from(InvoiceLineKind),
                description=texts,
                net=amounts(code),
                tax=amounts(code),
                tax_rate=maybe(st.decimals(0, 1, places=3)),
                subscription_id=maybe(ids),
            )
        )
    )
    total, tax = draw(amounts(code)), draw(maybe(amounts(code)))
    if lines:
        summed = Money.sum((line.tax for line in lines), currency=code)
        total = Money.sum((line.net for line in lines), currency=code) + summed
        tax = draw(st.sampled_from((None, summed)))
    status = draw(maybe(st.sampled_from(InvoiceStatus)))
    least, most = sorted((0, 0 if status is InvoiceStatus.SETTLED else total.minor_units))
    left = st.integers(least, most).map(lambda units: Money.from_minor(units, code))
    return Invoice(
        invoice_id=draw(ids),
        account_id=draw(maybe(ids)),
        customer_id=draw(ids),
        issued_on=issued,
        due_on=issued + timedelta(days=draw(st.integers(0, 90))),
        total=total,
        tax=tax,
        open_amount=draw(maybe(left)),
        status=status,
        billing_period=draw(periods()),
        lines=lines,
    )


payments = st.builds(
    Payment,
    payment_id=ids,
    account_id=ids,
    customer_id=ids,
    paid_on=days,
    amount=st.sampled_from(CODES).flatmap(lambda code: amounts(code, low=1)),
    method=maybe(st.sampled_from(PaymentMethod)),
    status=st.sampled_from(PaymentStatus),
    channel=maybe(st.sampled_from(Channel)),
    reference=maybe(texts),
)


@st.composite
def subscriptions(draw: st.DrawFn) -> Subscription:
    status, life = draw(st.sampled_from(SubscriptionStatus)), draw(periods())
    ended = status is SubscriptionStatus.TERMINATED
    since = life.end if ended and life.end else life.start or draw(days)
    change = StatusChange[SubscriptionStatus](status=status, since=since)
    return Subscription(
        subscription_id=draw(ids),
        customer_id=draw(ids),
        account_id=draw(maybe(ids)),
        offer_id=draw(maybe(ids)),
        msisdn=draw(maybe(msisdns())),
        imsi=draw(maybe(imsis())),
        iccid=draw(maybe(iccids())),
        payment_mode=draw(st.sampled_from(PaymentMode)),
        status=status,
        activated_on=life.start,
        terminated_on=life.end if ended else None,
        termination_reason=draw(maybe(st.sampled_from(TerminationReason))) if ended else None,
        commitment_end=draw(maybe(days)),
        status_history=draw(st.sampled_from(((), (change,)))),
    )


usage = st.builds(
    UsageRecord,
    usage_id=ids,
    subscription_id=ids,
    started_at=instants,
    kind=st.sampled_from(UsageKind),
    direction=st.sampled_from(UsageDirection),
    zone=st.sampled_from(UsageZone),
    duration_s=counts,
    volume_bytes=st.integers(0, 10**18),
    other_party=maybe(ids),
    country=maybe(st.sampled_from(("KE", "FR"))),
    cell_id=maybe(ids),
    imei=maybe(imeis()),
    charge=maybe(any_amounts),
    status=st.sampled_from(UsageStatus),
)


@st.composite
def complaints(draw: st.DrawFn) -> Complaint:
    received = draw(instants)
    return Complaint(
        complaint_id=draw(ids),
        customer_id=draw(ids),
        subscription_id=draw(maybe(ids)),
        received_at=received,
        resolved_at=draw(maybe(counts.map(lambda s: received + timedelta(microseconds=s)))),
        category=draw(st.sampled_from(ComplaintCategory)),
        severity=draw(maybe(st.sampled_from(Severity))),
        status=draw(st.sampled_from(ComplaintStatus)),
        channel=draw(maybe(st.sampled_from(Channel))),
        description=draw(maybe(texts)),
    )


interactions = st.builds(
    Interaction,
    interaction_id=ids,
    customer_id=ids,
    started_at=instants,
    channel=st.sampled_from(Channel),
    direction=st.sampled_from(InteractionDirection),
    reason=maybe(texts),
    duration_s=maybe(counts),
    wait_s=maybe(counts),
    outcome=maybe(st.sampled_from(InteractionOutcome)),
    agent=maybe(texts),
    note=maybe(texts),
)


@st.composite
def agreements(draw: st.DrawFn) -> Agreement:
    term = draw(periods())
    return Agreement(
        agreement_id=draw(ids),
        customer_id=draw(ids),
        name=draw(texts),
        agreement_type=draw(texts),
        status=draw(st.sampled_from(AgreementStatus)),
        subscription_ids=draw(some(ids, 3)),
        signed_on=draw(maybe(days)),
        term=term,
        commitment_end=draw(maybe(st.just(term.end or date(2030, 1, 1)))),
        early_termination_fee=draw(maybe(any_amounts)),
    )


RECORDS: dict[tmf.Resource, st.SearchStrategy[Record]] = {
    tmf.Resource.CUSTOMER: customers(),
    tmf.Resource.INDIVIDUAL: individuals,
    tmf.Resource.ORGANIZATION: organizations,
    tmf.Resource.BILLING_ACCOUNT: accounts(),
    tmf.Resource.CUSTOMER_BILL: invoices(),
    tmf.Resource.PAYMENT: payments,
    tmf.Resource.PRODUCT: subscriptions(),
    tmf.Resource.USAGE: usage,
    tmf.Resource.TROUBLE_TICKET: complaints(),
    tmf.Resource.PARTY_INTERACTION: interactions,
    tmf.Resource.AGREEMENT: agreements(),
}

REQUIRED = {
    tmf.Resource.CUSTOMER: ("engagedParty", "name"),
    tmf.Resource.INDIVIDUAL: (),
    tmf.Resource.ORGANIZATION: (),
    tmf.Resource.BILLING_ACCOUNT: ("name", "relatedParty"),
    tmf.Resource.CUSTOMER_BILL: (),
    tmf.Resource.PAYMENT: ("account", "paymentMethod", "totalAmount"),
    tmf.Resource.PRODUCT: (),
    tmf.Resource.USAGE: (),
    tmf.Resource.TROUBLE_TICKET: (),
    tmf.Resource.PARTY_INTERACTION: (),
    tmf.Resource.AGREEMENT: ("agreementItem", "agreementType", "engagedParty", "name"),
}
"""What the v4 swaggers require of a resource, or of one to be created; beside ``id``."""


def every_value(value: object) -> list[object]:
    if isinstance(value, dict):
        return [inner for each in value.values() for inner in every_value(each)]
    if isinstance(value, list):
        return [inner for each in value for inner in every_value(each)]
    return [value]


def test_every_resource_has_a_strategy() -> None:
    assert set(RECORDS) == set(REQUIRED) == set(tmf.Resource)


@pytest.mark.parametrize("resource", tmf.Resource)
@settings(max_examples=60)
@given(data=st.data())
def test_written_and_read_back(resource: tmf.Resource, data: st.DataObject) -> None:
    record = data.draw(RECORDS[resource])
    text = json.dumps(tmf.write(record), allow_nan=False)
    for reading in (tmf.read(text), tmf.read(text, resource), tmf.read(json.loads(text))):
        assert reading.record == record
        assert reading.deviations == ()
        assert reading.unknown == {}


@pytest.mark.parametrize("resource", tmf.Resource)
@settings(max_examples=30)
@given(data=st.data())
def test_written_is_complete_and_has_no_nulls(resource: tmf.Resource, data: st.DataObject) -> None:
    written = tmf.write(data.draw(RECORDS[resource]))
    assert written["@type"] == resource.value
    assert [name for name in ("id", *REQUIRED[resource]) if not written.get(name)] == []
    assert None not in every_value(written)


@given(
    st.sampled_from(CODES).flatmap(lambda code: amounts(code, low=-(10**15)) | amounts(code, low=0))
)
def test_amounts_are_json_numbers_that_read_back_exactly(money: Money) -> None:
    bill = Invoice(
        invoice_id="I-1",
        customer_id="C-1",
        issued_on=date(2026, 1, 1),
        due_on=date(2026, 1, 1),
        total=money,
    )
    amount = json.loads(json.dumps(tmf.write_customer_bill(bill)))["taxIncludedAmount"]
    assert amount["unit"] == money.currency.code
    assert Decimal(repr(amount["value"])) == money.amount
    assert isinstance(amount["value"], int) == (money.amount == int(money.amount))
