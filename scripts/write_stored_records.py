"""Write one full example of every record as stored JSON, for the version to be released.

Run once per release: ``python scripts/write_stored_records.py``. The files of released versions
are a promise: tests/domain/test_stored_records.py holds every later release to reading them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from telcrm.domain import (
    ActivityRule,
    Agreement,
    Allowance,
    BillCycle,
    BillingAccount,
    Campaign,
    CampaignContact,
    Complaint,
    Consent,
    ContactMedium,
    CreditProfile,
    Customer,
    CustomerStatus,
    Equipment,
    Identification,
    Individual,
    Interaction,
    Invoice,
    InvoiceLine,
    Money,
    Offer,
    Organization,
    Payment,
    PlanOffer,
    PostalAddress,
    Price,
    Recharge,
    Record,
    ServiceRequest,
    StatusChange,
    SubscriberMonth,
    Subscription,
    SubscriptionStatus,
    SurveyResponse,
    UsageRecord,
    ValidFor,
)

STORED = Path(__file__).parents[1] / "tests" / "domain" / "stored"

NOON = datetime(2026, 2, 17, 12, 0, 0, 123456, tzinfo=UTC)
LATER = datetime(2026, 2, 18, 9, 30, tzinfo=UTC)
YEAR = ValidFor(start=date(2026, 1, 1), end=date(2026, 12, 31))


def eur(amount: str) -> Money:
    """Return an amount in euros."""
    return Money(amount, "EUR")


POST = PostalAddress(
    street="12 Rue de la Paix",
    street2="Bâtiment B",
    city="Paris",
    region="Île-de-France",
    post_code="75002",
    country="FR",
)
MEDIA = (
    ContactMedium(medium="email", email="ada@example.org", preferred=True, valid_for=YEAR),
    ContactMedium(medium="phone", phone="+33612345678"),
    ContactMedium(medium="postal", postal=POST),
)
PASSPORT = Identification(
    kind="passport",
    number="X1234567",
    issued_by="République française",
    issued_on=date(2020, 5, 4),
    valid_for=ValidFor(end=date(2030, 5, 3)),
)
CONSENT = Consent(
    purpose="marketing",
    channel="sms",
    granted=True,
    recorded_at=NOON,
    valid_until=date(2027, 2, 17),
    evidence="form 4711",
)
CREDIT = CreditProfile(
    assessed_on=date(2026, 1, 5), score=612, risk_rating=3, limit=eur("250.00"), valid_for=YEAR
)
RECURRING = Price(
    kind="recurring",
    amount=eur("20.00"),
    name="monthly fee",
    recurring_months=1,
    tax_rate=Decimal("0.20"),
)
PER_MINUTE = Price(
    kind="usage",
    amount=eur("0.10"),
    usage_kind="voice",
    usage_zone="international",
    per_units=60,
)
MINUTES = Allowance(usage_kind="voice", units=30_000, usage_zone="national")
UNLIMITED = Allowance(usage_kind="sms", units=None)
CYCLE = BillCycle(day_of_month=5, months=1, payment_due_days=21)
LINES = (
    InvoiceLine(
        kind="recurring",
        description="monthly fee",
        net=eur("20.00"),
        tax=eur("4.00"),
        tax_rate=Decimal("0.20"),
        subscription_id="S-1",
    ),
    InvoiceLine(kind="discount", description="loyalty", net=eur("-2.00"), tax=eur("-0.40")),
)
RENEWAL = Offer(
    offer_id="O-9",
    name="Renewal",
    description="Ten per cent off for a year.",
    plan_offer_id="O-1",
    discount_rate=Decimal("0.10"),
    cost=eur("24.00"),
    valid_for=YEAR,
)

EXAMPLES: tuple[Record, ...] = (
    ActivityRule(window_days=30, kinds=("recharge", "outgoing")),
    Agreement(
        agreement_id="AG-1",
        customer_id="C-1",
        name="Two years",
        agreement_type="commercial",
        status="approved",
        subscription_ids=("S-1", "S-2"),
        signed_on=date(2025, 12, 20),
        term=YEAR,
        commitment_end=date(2026, 12, 31),
        early_termination_fee=eur("120.00"),
    ),
    MINUTES,
    CYCLE,
    BillingAccount(
        account_id="A-1",
        customer_id="C-1",
        name="Main account",
        payment_mode="postpaid",
        currency="EUR",
        state="closed",
        credit_limit=eur("250.00"),
        bill_cycle=CYCLE,
        opened_on=date(2024, 5, 1),
        closed_on=date(2026, 3, 1),
    ),
    Campaign(
        campaign_id="K-1",
        name="Spring",
        objective="retention",
        status="running",
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 4, 30),
        channels=("sms", "call_centre"),
        offers=(RENEWAL,),
        control_share=Decimal("0.15"),
        contact_cost=eur("0.50"),
        budget=eur("10000.00"),
    ),
    CampaignContact(
        contact_id="KC-1",
        campaign_id="K-1",
        customer_id="C-1",
        contacted_at=NOON,
        channel="sms",
        arm="treatment",
        responded=True,
        value=eur("-3.20"),
    ),
    Complaint(
        complaint_id="T-1",
        customer_id="C-1",
        subscription_id="S-1",
        received_at=NOON,
        resolved_at=LATER,
        category="billing",
        severity="high",
        status="resolved",
        channel="web",
        description="Charged twice.\nPlease mend.",
    ),
    CONSENT,
    MEDIA[0],
    CREDIT,
    Customer(
        customer_id="C-1",
        party_id="P-1",
        party_type="individual",
        name='Ada "the Countess" Ọkáfọ̀',
        status="active",
        since=date(2024, 5, 1),
        segment="premium",
        region="North",
        acquisition_channel="shop",
        key_account=True,
        status_history=tuple(
            StatusChange[CustomerStatus](status=status, since=since, reason=reason)
            for status, since, reason in (
                (CustomerStatus.ACTIVE, date(2024, 5, 1), None),
                (CustomerStatus.CLOSED, date(2025, 8, 1), "moved away"),
                (CustomerStatus.ACTIVE, date(2026, 1, 1), "win-back"),
            )
        ),
        contact_media=MEDIA,
        consents=(CONSENT,),
        credit_profiles=(CREDIT,),
    ),
    Equipment(
        equipment_id="E-1",
        customer_id="C-1",
        subscription_id="S-1",
        kind="handset",
        ownership="lent",
        status="returned",
        status_since=date(2026, 2, 1),
        model="N-95",
        imei="490154203237518",
        serial="SN-0001",
        assigned_on=date(2025, 1, 10),
        returned_on=date(2026, 2, 1),
        residual_value=eur("80.00"),
        subsidy=eur("0.00"),
    ),
    PASSPORT,
    Individual(
        party_id="P-1",
        given_name="Ada",
        middle_name="Ngozi",
        family_name="Okafor",
        full_name="Okafor Ada Ngozi",
        title="Dr",
        gender="female",
        birth_date=date(1990, 12, 10),
        nationality="NG",
        language="en-NG",
        status="validated",
        contact_media=MEDIA,
        identifications=(PASSPORT,),
    ),
    Interaction(
        interaction_id="N-1",
        customer_id="C-1",
        started_at=NOON,
        channel="call_centre",
        direction="inbound",
        reason="bill",
        duration_s=312,
        wait_s=45,
        outcome="resolved",
        agent="agent 7",
        note="Explained the bill.",
    ),
    Invoice(
        invoice_id="I-1",
        account_id="A-1",
        customer_id="C-1",
        issued_on=date(2026, 2, 1),
        due_on=date(2026, 2, 15),
        total=eur("21.60"),
        tax=eur("3.60"),
        open_amount=eur("1.60"),
        status="partiallyPaid",
        billing_period=ValidFor(start=date(2026, 1, 1), end=date(2026, 1, 31)),
        lines=LINES,
    ),
    LINES[0],
    RENEWAL,
    Organization(
        party_id="P-2",
        name="Analytical Engines Ltd",
        trading_name="Engines",
        organization_type="company",
        industry="computing",
        is_legal_entity=True,
        is_head_office=True,
        parent_id="P-3",
        status="validated",
        contact_media=MEDIA,
        identifications=(PASSPORT,),
    ),
    Payment(
        payment_id="Y-1",
        account_id="A-1",
        customer_id="C-1",
        paid_on=date(2026, 2, 10),
        amount=eur("20.00"),
        method="direct_debit",
        status="captured",
        channel="web",
        reference="RF18 5390 0754 7034",
    ),
    PlanOffer(
        offer_id="O-1",
        name="Talk 500",
        payment_mode="postpaid",
        rank=2,
        prices=(RECURRING, PER_MINUTE),
        allowances=(MINUTES, UNLIMITED),
        commitment_months=24,
        valid_for=YEAR,
    ),
    POST,
    RECURRING,
    Recharge(
        recharge_id="R-1",
        customer_id="C-1",
        subscription_id="S-2",
        recharged_at=NOON,
        amount=Money("1.250", "KWD"),
        channel="ussd",
        validity_days=30,
    ),
    ServiceRequest(
        service_request_id="Q-1",
        customer_id="C-1",
        subscription_id="S-1",
        kind="sim_replacement",
        status="completed",
        requested_at=NOON,
        completed_at=LATER,
        channel="shop",
    ),
    SubscriberMonth(
        subscription_id="S-1",
        period=date(2026, 1, 1),
        customer_id="C-1",
        payment_mode="postpaid",
        offer_id="O-1",
        segment="premium",
        revenue=Money("2150", "JPY"),
        direct_cost=Money("430", "JPY"),
        voice_s=18_340,
        data_bytes=7_516_192_768,
        sms_count=12,
        tenure_months=20,
    ),
    Subscription(
        subscription_id="S-1",
        customer_id="C-1",
        account_id="A-1",
        offer_id="O-1",
        msisdn="+33612345678",
        imsi="208011234567890",
        iccid="8991101200003204514",
        payment_mode="postpaid",
        status="terminated",
        activated_on=date(2024, 5, 1),
        terminated_on=date(2026, 3, 1),
        termination_reason="involuntary",
        commitment_end=date(2026, 5, 1),
        status_history=tuple(
            StatusChange[SubscriptionStatus](status=status, since=since, reason=reason)
            for status, since, reason in (
                (SubscriptionStatus.ACTIVE, date(2024, 5, 1), None),
                (SubscriptionStatus.SUSPENDED, date(2026, 2, 1), "arrears"),
                (SubscriptionStatus.TERMINATED, date(2026, 3, 1), "involuntary"),
            )
        ),
    ),
    SurveyResponse(
        survey_id="V-1",
        customer_id="C-1",
        responded_at=NOON,
        kind="nps",
        score=9,
        comment="Fine 👍",
    ),
    UsageRecord(
        usage_id="U-1",
        subscription_id="S-1",
        started_at=NOON,
        kind="voice",
        direction="outgoing",
        zone="international",
        duration_s=61,
        volume_bytes=0,
        other_party="+442071838750",
        country="GB",
        cell_id="208-01-1-4711",
        imei="490154203237518",
        charge=eur("0.20"),
        status="rated",
    ),
    YEAR,
)


def main(arguments: Sequence[str] | None = None, *, stored: Path = STORED) -> int:
    """Write the files of the installed version; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="overwrite the files of this version")
    force = parser.parse_args(arguments).force
    # A patch release changes no format.
    major, minor, *_ = version("telcrm").split(".")
    target = stored / f"v{major}.{minor}"
    if target.exists() and not force:
        sys.stderr.write(f"{target} exists: a released format does not change (or pass --force).\n")
        return 2
    target.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        path = target / f"{type(example).__name__}.json"
        path.write_text(example.to_json(indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
