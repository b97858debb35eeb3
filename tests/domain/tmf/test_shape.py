"""Putting leftovers back, and giving up what contradicts."""

from datetime import date
from typing import Any

import pytest

from telcrm.domain import Agreement, Money, ValidFor, tmf
from telcrm.errors import TmfError

CUSTOMER = {
    "id": "C-1",
    "name": "Ada",
    "status": "active",
    "validFor": {"startDateTime": "2024-05-01T00:00:00Z"},
    "engagedParty": {"id": "P-1", "@referredType": "Individual"},
}


def met(reading: tmf.Reading[Any]) -> list[tuple[str, str]]:
    return [(each.path, each.rule.value) for each in reading.deviations]


class TestPuttingBack:
    def test_what_was_written_wins(self) -> None:
        record = tmf.read_customer(CUSTOMER).record
        written = tmf.write_customer(record, unknown={"name": "Eve", "href": "/1", "id": "x"})
        assert (written["id"], written["name"], written["href"]) == ("C-1", "Ada", "/1")

    def test_extras_of_an_element_follow_it(self) -> None:
        emails = [
            {
                "mediumType": "email",
                "characteristic": {"emailAddress": f"{name}@a.io", "contactType": name},
                "preferred": False,
            }
            for name in ("one", "two")
        ]
        lost = {"mediumType": "telex", "characteristic": {}}
        payload = {**CUSTOMER, "contactMedium": [lost, *emails]}
        reading = tmf.read_customer(payload)
        assert reading.unknown["contactMedium[1]"] == {"characteristic": {"contactType": "two"}}
        written = tmf.write_customer(reading.record, unknown=reading.unknown)
        assert written["contactMedium"] == [*emails, lost]

    def test_extras_of_an_element_that_is_gone_are_dropped(self) -> None:
        reading = tmf.read_customer(CUSTOMER)
        kept = {"odd[": 1, "relatedParty": ["x"]}
        extras = {**kept, "contactMedium[0]": {"x": 1}, "relatedParty[payer]": {"x": 1}}
        written = tmf.write_customer(reading.record, unknown=extras)
        assert written == {**tmf.write_customer(reading.record), **kept}

    def test_extras_of_an_element_beyond_the_end_are_dropped(self) -> None:
        agreement = Agreement(
            agreement_id="G-1", customer_id="C-1", name="Moon", subscription_ids=("S-1",)
        )
        extras = {"agreementItem[3]": {"x": 1}, "engagedParty[agent]": {"x": 1}}
        assert tmf.write(agreement, unknown=extras) == tmf.write(agreement)

    def test_a_characteristic_that_is_written_is_not_added_again(self) -> None:
        reading = tmf.read_customer(
            {**CUSTOMER, "characteristic": [{"name": "segment", "value": ["x"]}, "junk"]}
        )
        assert reading.record.segment is None
        changed = reading.record.replace(segment="gold")
        written = tmf.write_customer(changed, unknown=reading.unknown)
        assert written["characteristic"] == [
            {"name": "segment", "value": "gold", "valueType": "string"},
            "junk",
        ]


class TestContradictions:
    def test_a_history_that_does_not_lead_to_the_status_is_left_out(self) -> None:
        history = [{"status": "closed", "since": "2025-01-01"}]
        payload = {**CUSTOMER, "characteristic": [{"name": "status_history", "value": history}]}
        reading = tmf.read_customer(payload)
        assert reading.record.status_history == ()
        assert met(reading) == [("$.characteristic[0].value", "inconsistent")]
        assert reading.unknown == {"characteristic": payload["characteristic"]}

    def test_a_default_that_contradicts_is_given_up_silently(self) -> None:
        product = {"id": "S-1", "status": "active", "terminationDate": "2026-01-01T00:00:00Z"}
        assumed = {"termination_reason": "voluntary", "customer_id": "C-1"}
        reading = tmf.read_product(product, assume=assumed)
        assert (reading.record.terminated_on, reading.record.termination_reason) == (None, None)
        assert ("$.terminationDate", "inconsistent") in met(reading)

    def test_unreadable_lines_leave_the_total_alone(self) -> None:
        bill = {
            "id": "I-1",
            "taxIncludedAmount": {"unit": "EUR", "value": 12},
            "taxItem": [{"taxAmount": {"unit": "EUR", "value": 2}}],
            "characteristic": [{"name": "lines", "value": [{"kind": "recurring"}]}],
        }
        reading = tmf.read_customer_bill(bill)
        assert reading.record.lines == ()
        assert reading.record.tax == Money(2, "EUR")

    def test_a_payment_of_nothing_is_refused(self) -> None:
        with pytest.raises(TmfError, match=r"totalAmount: 0\.00 EUR is not above 0"):
            tmf.read_payment({"id": "1", "totalAmount": {"unit": "EUR", "value": 0}})

    def test_a_reference_without_identifier_counts_as_none(self) -> None:
        payload = {
            **CUSTOMER,
            "relatedParty": [{"role": "customer", "@referredType": "Customer"}],
            "engagedParty": {"name": "Ada"},
        }
        reading = tmf.read_trouble_ticket({"id": "T-1", "relatedParty": payload["relatedParty"]})
        assert reading.record.customer_id == tmf.UNKNOWN_ID
        assert tmf.read_customer(payload).record.party_id == tmf.UNKNOWN_ID

    def test_the_referred_type_tells_where_no_role_does(self) -> None:
        parties = [{"id": "P-1"}, {"id": "C-1", "@referredType": "Customer"}]
        reading = tmf.read_trouble_ticket({"id": "T-1", "relatedParty": parties})
        assert reading.record.customer_id == "C-1"
        assert reading.unknown == {"relatedParty": [{"id": "P-1"}]}


class TestTax:
    GROSS: tuple[str, Any] = ("taxIncludedAmount", {"unit": "EUR", "value": 12})

    def read(self, **fields: Any) -> tmf.Reading[Any]:
        return tmf.read_customer_bill(
            {"id": "I-1", self.GROSS[0]: self.GROSS[1], **fields},
            assume={"customer_id": "C-1", "issued_on": date(2026, 1, 1)},
        )

    def test_is_what_the_totals_leave_where_no_item_tells(self) -> None:
        reading = self.read(taxExcludedAmount={"unit": "EUR", "value": 10})
        assert reading.record.tax == Money(2, "EUR")

    @pytest.mark.parametrize(
        "fields",
        [
            {"taxItem": [{"taxCategory": "VAT"}]},
            {"taxExcludedAmount": {"unit": "USD", "value": 10}},
            {
                "taxItem": [
                    {"taxAmount": {"unit": "EUR", "value": 1}},
                    {"taxAmount": {"unit": "USD", "value": 1}},
                ]
            },
        ],
    )
    def test_is_unknown_where_the_bill_does_not_tell(self, fields: dict[str, Any]) -> None:
        reading = self.read(**fields)
        assert reading.record.tax is None
        assert reading.unknown == fields

    def test_needs_the_standards_own_total(self) -> None:
        excluded = {"unit": "EUR", "value": 10}
        bill = {"id": "I-1", "amountDue": self.GROSS[1], "taxExcludedAmount": excluded}
        assert tmf.read_customer_bill(bill).record.tax is None


def test_a_period_is_written_up_to_the_end_of_its_last_day() -> None:
    agreement = Agreement(
        agreement_id="G-1",
        customer_id="C-1",
        name="Moon",
        term=ValidFor(start=date(2026, 1, 1), end=date(2026, 12, 31)),
    )
    assert tmf.write_agreement(agreement)["agreementPeriod"] == {
        "startDateTime": "2026-01-01T00:00:00Z",
        "endDateTime": "2026-12-31T23:59:59Z",
    }


def test_a_period_that_holds_null_has_no_ends() -> None:
    reading = tmf.read_agreement({"id": "G-1", "agreementPeriod": None})
    assert reading.record.term == ValidFor()
    assert ("$.agreementPeriod", "empty") in met(reading)


def test_an_agreement_about_nothing_has_an_empty_item() -> None:
    agreement = Agreement(agreement_id="G-1", customer_id="C-1", name="Moon")
    assert tmf.write_agreement(agreement)["agreementItem"] == [{}]
    offering = [{"productOffering": [{"id": "PO-1"}]}]
    written = tmf.write_agreement(agreement, unknown={"agreementItem": offering})
    assert written["agreementItem"] == offering


def test_a_product_without_identifier_is_not_a_subscription() -> None:
    reading = tmf.read_agreement(
        {"id": "G-1", "agreementItem": [{"product": [{"name": "x"}, {"id": "S-1"}]}]}
    )
    assert reading.record.subscription_ids == ("S-1",)
    assert reading.unknown["agreementItem[0]"] == {"product": [{"name": "x"}]}
