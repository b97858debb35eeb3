"""Any resource by its type, and lists of them."""

import pytest

from telcrm.domain import Individual, Money, Price, PriceType, tmf
from telcrm.errors import TmfError

ADA = {"@type": "Individual", "id": "P-1", "fullName": "Ada"}
ACME = {"@type": "Organization", "id": "P-2", "name": "Acme"}


@pytest.mark.parametrize("resource", [tmf.Resource.INDIVIDUAL, "Individual", "individual"])
def test_a_resource_by_name(resource: str) -> None:
    assert tmf.read({"id": "P-1", "fullName": "Ada"}, resource).record == tmf.read(ADA).record


def test_the_base_type_tells_what_a_subclass_is() -> None:
    employee = {**ADA, "@type": "Employee", "@baseType": "Individual"}
    reading = tmf.read([employee])
    assert isinstance(reading.record, Individual)
    assert tmf.write(reading.record, unknown=reading.unknown) == {
        **employee,
        "status": "initialized",
    }


@pytest.mark.parametrize(
    ("payload", "resource", "words"),
    [
        ({"id": "1"}, None, "@type is None"),
        ([], None, "Pass resource="),
        ({"id": "1", "@type": "Bucket"}, None, "'Bucket'"),
        (ADA, "Bucket", "none of the resources"),
    ],
)
def test_an_unknown_type_is_refused(payload: tmf.Payload, resource: str | None, words: str) -> None:
    with pytest.raises(TmfError) as caught:
        tmf.read(payload, resource)
    assert words in str(caught.value)


def test_each_of_many_by_its_own_type() -> None:
    readings = tmf.read_many([ADA, ACME])
    assert [reading.record.party_id for reading in readings] == ["P-1", "P-2"]
    assert tmf.read_many('{"id": "P-1", "fullName": "Ada"}', "Individual")[0].record.name == "Ada"
    assert tmf.read_many([]) == ()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([ADA, {"@type": "Individual"}], "Element 1: "),
        ([ADA, "Ben"], "Element 1 is no JSON object"),
        ('[{"id": "1", "id": "2"}]', "'id' twice"),
    ],
)
def test_many_are_read_all_or_none(payload: tmf.Payload, words: str) -> None:
    with pytest.raises(TmfError) as caught:
        tmf.read_many(payload)
    assert words in str(caught.value)


def test_the_index_of_a_broken_one_is_data() -> None:
    with pytest.raises(TmfError) as caught:
        tmf.read_many([ADA, ADA, {"@type": "Individual"}])
    assert caught.value.context["index"] == 2


def test_a_record_without_a_resource_is_not_written() -> None:
    price = Price(kind=PriceType.ONE_TIME, amount=Money(1, "EUR"))
    with pytest.raises(TmfError, match="Price has no TM Forum resource"):
        tmf.write(price)


@pytest.mark.parametrize("resource", tmf.Resource)
def test_every_resource_names_its_api(resource: tmf.Resource) -> None:
    assert resource.api.startswith("TMF6")
