"""From text to one JSON object: what is refused, and how clearly."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import tmf
from telcrm.errors import ParameterError, TmfError

PERSON = {"@type": "Individual", "id": "P-1", "fullName": "Ada"}


def test_broken_json_says_line_and_column() -> None:
    with pytest.raises(TmfError, match=r"line 2, column 8") as caught:
        tmf.read_individual('{"id":\n "P-1" "name"}')
    assert (caught.value.context["line"], caught.value.context["column"]) == (2, 8)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b'{"id": "\xff"}', "not UTF-8 at byte 8"),
        ("", "line 1, column 1"),
        ('{"id": NaN}', "NaN"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"id": ' + "9" * 5000 + "}", "cannot be read as JSON"),
        ("3", "found int"),
        ("null", "found NoneType"),
        ([], "list of 0"),
        ([PERSON, PERSON], "read_many"),
        ([3], "found int"),
        ({"fullName": "Ada"}, "id: not given"),
        ({"id": "", "fullName": "Ada"}, "id: the field holds blank text"),
        ({"id": ["P-1"], "fullName": "Ada"}, "id: text should stand here, not list"),
        ({"id": "x" * 65, "fullName": "Ada"}, "at most 64"),
        ({**PERSON, "@type": "Customer"}, "@type 'Customer'"),
    ],
)
def test_what_cannot_be_read_is_refused(payload: tmf.Payload, words: str) -> None:
    with pytest.raises(TmfError) as caught:
        tmf.read_individual(payload)
    assert words in str(caught.value)


def test_nesting_without_end_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"inner": deep}
    with pytest.raises(TmfError, match="nested too deeply"):
        tmf.read_individual({**PERSON, "more": deep})


def test_a_name_that_occurs_twice_is_reported_and_the_last_one_used() -> None:
    reading = tmf.read_individual('{"id": "P-1", "fullName": "Ada", "fullName": "Ben"}')
    assert reading.record.full_name == "Ben"
    assert [(each.path, each.rule) for each in reading.deviations] == [
        ("$..fullName", tmf.DeviationRule.DUPLICATE_KEY)
    ]


def test_a_subclass_keeps_its_type() -> None:
    reading = tmf.read_individual({**PERSON, "@type": "Employee"})
    assert reading.unknown == {"@type": "Employee"}
    written = tmf.write_individual(reading.record, unknown=reading.unknown)
    assert (written["@type"], written["@baseType"]) == ("Employee", "Individual")


class TestAssume:
    def test_fills_what_is_not_given_and_says_so(self) -> None:
        reading = tmf.read_customer({"id": "C-1", "name": "Ada"}, assume={"party_id": "P-1"})
        assert reading.record.party_id == "P-1"
        assert ("$.engagedParty.id", "missing_required", "P-1") in [
            (each.path, each.rule.value, each.used) for each in reading.deviations
        ]

    def test_does_not_override_what_is_given(self) -> None:
        reading = tmf.read_individual(PERSON, assume={"full_name": "Ben"})
        assert reading.record.full_name == "Ada"
        assert reading.deviations == ()

    def test_lends_an_identifier(self) -> None:
        reading = tmf.read_individual({"fullName": "Ada"}, assume={"party_id": "P-1"})
        assert reading.record.party_id == "P-1"

    @pytest.mark.parametrize(
        ("assume", "words"),
        [
            ({"nickname": "A"}, "assume names 'nickname'"),
            ({"party_id": ""}, "assume['party_id'] is ''"),
            ({"currency": "doubloon"}, "no ISO 4217 code"),
        ],
    )
    def test_refuses_what_the_record_would(self, assume: dict[str, str], words: str) -> None:
        with pytest.raises(ParameterError) as caught:
            tmf.read_individual(PERSON, assume=assume)
        assert words in str(caught.value)


def test_a_record_of_another_kind_is_not_written() -> None:
    person = tmf.read_individual(PERSON).record
    with pytest.raises(TmfError, match="written from Customer, found Individual"):
        tmf.write_customer(person)  # type: ignore[arg-type]


WORDS = (
    *("id", "name", "role", "value", "unit", "amount", "text", "@type", "@referredType"),
    *("validFor", "startDateTime", "endDateTime", "mediumType", "characteristic", "frequency"),
    *("emailAddress", "phoneNumber", "street1", "city", "country", "languageCode", "product"),
    *("taxAmount", "cycleSpecification", "billingDateShift", "organization", "productRef"),
    *("taxExcludedRatingAmount", "creditProfileDate", "identificationType"),
)
VALUES = (
    *("", " ", "customer", "Customer", "email", "postalAddress", "EUR", "euro", "12.5", "x" * 300),
    *("2026-02-30", "2026-02-03", "2026-02-03T04:05:06Z", "0001-01-01T00:00:00+14:00", "segment"),
    *("9999-12-31T23:59:59-14:00", "msisdn", "currency", "duration", "commitment", "Product"),
)
junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from((10**30, -0.0, 1e300, float("nan"), float("inf"), 0.005)),
        st.sampled_from(VALUES),
        st.text(max_size=5),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=400)
@given(st.data())
def test_junk_in_any_field_never_crashes(data: st.DataObject) -> None:
    """Whatever stands in a payload, the answer is a record or a TmfError."""
    resource = data.draw(st.sampled_from(tmf.Resource))
    names = sorted(FIELDS[resource])
    payload = data.draw(st.dictionaries(st.sampled_from(names), junk, max_size=6))
    payload["id"] = "1"
    try:
        reading = tmf.read(payload, resource)
    except TmfError as error:
        assert "cannot be read" in str(error)  # noqa: PT017 - both ends are lawful
        return
    assert tmf.read(tmf.write(reading.record), resource).record == reading.record
    tmf.write(reading.record, unknown=reading.unknown)


FIELDS = {
    tmf.Resource.CUSTOMER: {
        *("name", "status", "validFor", "engagedParty", "contactMedium"),
        *("characteristic", "creditProfile"),
    },
    tmf.Resource.INDIVIDUAL: {
        *("givenName", "fullName", "birthDate", "nationality", "languageAbility"),
        *("contactMedium", "individualIdentification", "status"),
    },
    tmf.Resource.ORGANIZATION: {
        *("name", "isLegalEntity", "organizationParentRelationship", "partyCharacteristic"),
    },
    tmf.Resource.BILLING_ACCOUNT: {
        *("name", "relatedParty", "ratingType", "state", "creditLimit", "billStructure"),
        *("characteristic", "accountBalance"),
    },
    tmf.Resource.CUSTOMER_BILL: {
        *("taxIncludedAmount", "amountDue", "taxItem", "taxExcludedAmount", "remainingAmount"),
        *("billDate", "paymentDueDate", "billingPeriod", "billingAccount", "relatedParty"),
    },
    tmf.Resource.PAYMENT: {
        *("totalAmount", "amount", "payer", "paymentMethod", "channel", "account"),
        *("paymentDate", "correlatorId"),
    },
    tmf.Resource.PRODUCT: {
        *("relatedParty", "productCharacteristic", "productTerm", "status", "startDate"),
        *("terminationDate", "billingAccount", "productOffering"),
    },
    tmf.Resource.USAGE: {
        *("usageDate", "usageType", "usageCharacteristic", "ratedProductUsage", "status"),
    },
    tmf.Resource.TROUBLE_TICKET: {
        *("creationDate", "resolutionDate", "ticketType", "severity", "channel"),
        *("relatedEntity", "relatedParty", "description"),
    },
    tmf.Resource.PARTY_INTERACTION: {
        *("interactionDate", "direction", "channel", "note", "relatedParty", "reason"),
    },
    tmf.Resource.AGREEMENT: {
        *("name", "agreementItem", "engagedParty", "agreementPeriod", "characteristic"),
        *("initialDate", "status"),
    },
}


def test_reading_of_plain_json_types_is_json_again() -> None:
    reading = tmf.read_individual({**PERSON, "more": [1, {"a": None}], "weight": 1.5})
    assert json.loads(json.dumps(reading.unknown)) == {"more": [1, {"a": None}], "weight": 1.5}
