"""A contact medium holds one address of its type; a person has a name."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from telcrm.domain import (
    ContactMedium,
    ContactMediumType,
    Individual,
    Organization,
    PartyType,
    PostalAddress,
)
from telcrm.testing import records

ADDRESSES: dict[str, Any] = {
    "email": "ada@example.org",
    "phone": "+33612345678",
    "postal": PostalAddress(street="12 Rue de la Paix", city="Paris", country="FR"),
}
SUBSETS = [
    {kind for kind, there in zip(ADDRESSES, mask, strict=True) if there}
    for mask in product((True, False), repeat=len(ADDRESSES))
]


@pytest.mark.parametrize("medium", ContactMediumType)
@pytest.mark.parametrize(
    "given_kinds", SUBSETS, ids=lambda kinds: "+".join(sorted(kinds)) or "none"
)
def test_a_medium_holds_exactly_the_address_of_its_type(
    medium: ContactMediumType, given_kinds: set[str]
) -> None:
    addresses = {kind: ADDRESSES[kind] for kind in given_kinds}
    if given_kinds == {medium.value}:
        assert ContactMedium(medium=medium, **addresses).value == ADDRESSES[medium.value]
        return
    with pytest.raises(ValidationError, match=f"needs the field {medium} alone"):
        ContactMedium(medium=medium, **addresses)


@settings(max_examples=50)
@given(records(ContactMedium))
def test_the_value_is_the_address(medium: ContactMedium) -> None:
    assert medium.value is getattr(medium, medium.medium)


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "@example.org", "a@b", "a b@c.d", "a@b.c\n", "a@@b.c"]
)
def test_what_is_not_shaped_like_an_email_is_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        ContactMedium(medium="email", email=email)


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        ({"given_name": "Ada"}, "Ada"),
        ({"family_name": "Okafor"}, "Okafor"),
        (
            {"given_name": "Ada", "middle_name": "Ngozi", "family_name": "Okafor"},
            "Ada Ngozi Okafor",
        ),
        ({"given_name": "Ada", "family_name": "Okafor", "full_name": "Okafor Ada"}, "Okafor Ada"),
    ],
)
def test_the_name_of_a_person(names: dict[str, Any], whole: str) -> None:
    assert Individual(party_id="P-1", **names).name == whole


@pytest.mark.parametrize("names", [{}, {"middle_name": "Ngozi"}, {"title": "Dr"}])
def test_a_person_without_a_name_is_refused(names: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="needs a given_name, a family_name or a full_name"):
        Individual(party_id="P-1", **names)


@settings(max_examples=50)
@given(records(Individual))
def test_a_person_always_has_a_name(person: Individual) -> None:
    assert person.name


def test_a_party_cannot_claim_the_other_type() -> None:
    with pytest.raises(ValidationError):
        Individual(party_id="P-1", full_name="Ada", party_type=PartyType.ORGANIZATION)
    with pytest.raises(ValidationError):
        Organization(party_id="P-1", name="Engines", party_type=PartyType.INDIVIDUAL)


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant-TW", "fil"])
def test_a_language_tag(tag: str) -> None:
    assert Individual(party_id="P-1", full_name="Ada", language=tag).language == tag


@pytest.mark.parametrize("tag", ["", "e", "EN", "en_GB", "en-", "english"])
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        Individual(party_id="P-1", full_name="Ada", language=tag)


@pytest.mark.parametrize("country", ["fr", "FRA", "", "F1"])
def test_a_country_is_two_capitals(country: str) -> None:
    with pytest.raises(ValidationError):
        PostalAddress(street="12 Rue de la Paix", city="Paris", country=country)
