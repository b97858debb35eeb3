"""Identifiers are checked for real, normalised, and refused with the rule's name."""

import re
from collections.abc import Callable
from typing import Annotated, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from telcrm.domain import identifiers
from telcrm.domain.identifiers import (
    ColumnPattern,
    CountryCode,
    CustomerId,
    Iccid,
    Imei,
    Imsi,
    ImsiParts,
    Msisdn,
    imei_check_digit,
    luhn_check_digit,
    parse_iccid,
    parse_imei,
    parse_imsi,
    parse_msisdn,
    split_imsi,
)
from telcrm.errors import IdentifierError, ParameterError
from telcrm.testing.identifiers import iccids, imeis, imsis, msisdns

Parse = Callable[[str], str]

KEYS = [name for name in identifiers.__all__ if name.endswith("Id") and name != "Iccid"]
KINDS: list[tuple[Any, Parse, st.SearchStrategy[str]]] = [
    (Msisdn, parse_msisdn, msisdns()),
    (Imsi, parse_imsi, imsis()),
    (Imei, parse_imei, imeis()),
    (Iccid, parse_iccid, iccids()),
]
over_kinds = pytest.mark.parametrize(
    ("annotated", "parse", "values"), KINDS, ids=["msisdn", "imsi", "imei", "iccid"]
)


class Line(BaseModel):
    msisdn: Msisdn | None = None
    imsi: Imsi | None = None
    imei: Imei | None = None
    iccid: Iccid | None = None


# What holds for all four


@over_kinds
@given(data=st.data())
def test_a_canonical_value_stays_as_it_is(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    value = data.draw(values)
    assert parse(value) == value
    assert TypeAdapter(annotated).validate_python(value) == value


@over_kinds
@given(data=st.data())
def test_separators_are_dropped(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    value = data.draw(values)
    cut = data.draw(st.integers(0, len(value)))
    separator = data.draw(st.sampled_from([" ", "-", ".", "/", " (", ") "]))
    assert parse(value[:cut] + separator + value[cut:]) == value


@over_kinds
@given(data=st.data())
def test_the_column_pattern_takes_canonical_values_only(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    _, marker = get_args(annotated)
    assert isinstance(marker, ColumnPattern)
    value = data.draw(values)
    assert re.search(marker.regex, value)
    for broken in (f" {value}", f"{value} ", f"{value}F", value[:5], f"{value}{value}", ""):
        assert not re.search(marker.regex, broken)


@over_kinds
def test_the_column_pattern_is_portable(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str]
) -> None:
    regex = get_args(annotated)[1].regex
    assert regex.startswith("^")
    assert regex.endswith("$")
    assert not re.search(r"\(\?[^:]|\\[dwsbpAzZ1-9]", regex), "these differ between engines"


@over_kinds
@given(data=st.data())
def test_what_is_taken_is_canonical(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    text = data.draw(st.text(max_size=24) | st.from_regex(r"\+?[0-9 F-]{12,21}", fullmatch=True))
    try:
        value = parse(text)
    except IdentifierError as error:
        rule = error.context["rule"]
        assert f"rule {rule!r}" in error.message  # noqa: PT017 (most texts are refused, some not)
    else:
        assert parse(value) == value
        assert re.fullmatch(get_args(annotated)[1].regex, value)


@over_kinds
@pytest.mark.parametrize("value", [None, 490154203237518, b"490154203237518"])
def test_only_strings_are_numbers(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str], value: Any
) -> None:
    with pytest.raises(IdentifierError, match="pass a string") as caught:
        parse(value)
    assert caught.value.context["rule"] == "type"


@over_kinds
def test_json_schema_promises_the_pattern_for_what_is_written(
    annotated: Any, parse: Parse, values: st.SearchStrategy[str]
) -> None:
    adapter = TypeAdapter(annotated)
    regex = get_args(annotated)[1].regex
    assert adapter.json_schema(mode="serialization") == {"type": "string", "pattern": regex}
    assert adapter.json_schema(mode="validation") == {"type": "string"}


REFUSED: list[tuple[Parse, str, str, str]] = [
    (parse_msisdn, "447911123456", "prefix", "put + and country code"),
    (parse_msisdn, "00447911123456", "prefix", "write + in place of 00"),
    (parse_msisdn, "", "prefix", "must begin with +"),
    (parse_msisdn, "+0447911123456", "prefix", "no country code begins with 0"),
    (parse_msisdn, "+44791112345O", "digits", "only the digits"),
    (parse_msisdn, "+44+7911123456", "digits", "only the digits"),
    (parse_msisdn, "+", "digits", "only the digits"),
    (parse_msisdn, "+٤٤٧٩١١١٢٣٤٥٦", "digits", "only the digits"),
    (parse_msisdn, "+123456", "length", "7 to 15 digits are allowed after +, not 6"),
    (parse_msisdn, "+1234567890123456", "length", "not 16"),
    (parse_imsi, "2620112345678", "length", "not 13"),
    (parse_imsi, "2620112345678901", "length", "not 16"),
    (parse_imsi, "26201123456789O", "digits", "only the digits"),
    (parse_imsi, "", "digits", "only the digits"),
    (parse_imsi, "100011234567890", "mcc", "100 is no mobile country code"),
    (parse_imsi, "800011234567890", "mcc", "800 is no mobile country code"),
    (parse_imsi, "902011234567890", "mcc", "902 is no mobile country code"),
    (parse_imei, "490154203237519", "luhn", "the last digit is 9, should be 8"),
    (parse_imei, "490154203237510", "luhn", "carry a spare 0"),
    (parse_imei, "49015420323751", "length", "15 digits are needed, not 14"),
    (parse_imei, "4901542032375101", "length", "16 digits are an IMEISV"),
    (parse_imei, "49015420323751X", "digits", "only the digits"),
    (parse_iccid, "8991101200003204510", "luhn", "the last digit is 0, should be 4"),
    (parse_iccid, "7991101200003204514", "prefix", "begins with 89"),
    (parse_iccid, "899110120000320451", "length", "19 or 20 digits are allowed, not 18"),
    (parse_iccid, "899110120000320451443", "length", "not 21"),
    (parse_iccid, "899110120000320451F", "digits", "only the digits"),
    (parse_iccid, "8991101200003204514FF", "digits", "only the digits"),
]


@pytest.mark.parametrize(("parse", "text", "rule", "why"), REFUSED)
def test_the_failing_rule_is_named(parse: Parse, text: str, rule: str, why: str) -> None:
    with pytest.raises(IdentifierError, match=re.escape(why)) as caught:
        parse(text)
    assert caught.value.context == {
        "kind": parse.__name__.removeprefix("parse_").upper(),
        "rule": rule,
        "value": text,
    }
    assert repr(rule) in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("parse", "text", "rule", "why"), REFUSED)
def test_a_record_names_the_failing_rule(parse: Parse, text: str, rule: str, why: str) -> None:
    field = parse.__name__.removeprefix("parse_")
    with pytest.raises(ValidationError) as caught:
        Line.model_validate({field: text})
    (error,) = caught.value.errors()
    assert error["loc"] == (field,)
    assert f"TC-ID-001] {field.upper()} {text!r} breaks the rule {rule!r}" in error["msg"]


def test_records_hold_the_canonical_form() -> None:
    line = Line(
        msisdn="+44 (7911) 123-456",
        imsi="262 01 1234567890",
        imei="49-015420-323751-8",
        iccid="8991 1012 0000 3204 514F",
    )
    assert line.model_dump() == {
        "msisdn": "+447911123456",
        "imsi": "262011234567890",
        "imei": "490154203237518",
        "iccid": "8991101200003204514",
    }
    assert Line.model_validate_json(line.model_dump_json()) == line


# Check digits


def test_luhn_on_published_samples() -> None:
    assert luhn_check_digit("7992739871") == "3"  # the worked example of the formula
    assert luhn_check_digit("411111111111111") == "1"  # Visa's test card
    assert imei_check_digit("49015420323751") == "8"  # 3GPP's worked example of an IMEI


@pytest.mark.parametrize("number", ["490154203237518", "356938035643809", "352099001761481"])
def test_published_imeis(number: str) -> None:
    assert parse_imei(number) == number


@pytest.mark.parametrize("number", ["89014103211118510720", "8944500102198304826"])
def test_published_iccids(number: str) -> None:
    assert parse_iccid(number) == number


def test_the_filler_of_a_card_is_dropped() -> None:
    assert parse_iccid("8991101200003204514f") == parse_iccid("8991101200003204514F")


@given(imeis() | iccids(), st.data())
def test_any_wrong_digit_breaks_luhn(number: str, data: st.DataObject) -> None:
    parse = parse_imei if len(number) == 15 else parse_iccid
    first = 0 if len(number) == 15 else 2  # the prefix of an ICCID has its own rule
    place = data.draw(st.integers(first, len(number) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    with pytest.raises(IdentifierError) as caught:
        parse(number[:place] + other + number[place + 1 :])
    assert caught.value.context["rule"] == "luhn"


@given(imeis(), st.integers(0, 13))
def test_swapped_neighbours_break_luhn_unless_0_and_9(number: str, place: int) -> None:
    left, right = number[place], number[place + 1]
    swapped = number[:place] + right + left + number[place + 2 :]
    if left == right or {left, right} == {"0", "9"}:
        assert parse_imei(swapped) == swapped
    else:
        with pytest.raises(IdentifierError, match="luhn"):
            parse_imei(swapped)


@pytest.mark.parametrize("digits", ["", "12a", "١٢", "1 2"])
def test_luhn_takes_digits_only(digits: str) -> None:
    with pytest.raises(ParameterError, match="one or more of 0-9"):
        luhn_check_digit(digits)


@pytest.mark.parametrize("digits", ["", "490154203237518", "4901542032375"])
def test_an_imei_has_14_digits_before_the_last(digits: str) -> None:
    with pytest.raises(ParameterError, match=f"not {len(digits)}"):
        imei_check_digit(digits)


# The parts of an IMSI


@pytest.mark.parametrize(
    ("imsi", "parts"),
    [
        ("262011234567890", ("262", "01", "1234567890")),  # Germany
        ("310150123456789", ("310", "150", "123456789")),  # United States
        ("722310123456789", ("722", "310", "123456789")),  # Argentina
        ("404685505601234", ("404", "68", "5505601234")),  # India, two digits
        ("405854123456789", ("405", "854", "123456789")),  # India, three
        ("405510123456789", ("405", "51", "0123456789")),  # India, two
        ("502121234567890", ("502", "12", "1234567890")),  # Malaysia, two
        ("502146123456789", ("502", "146", "123456789")),  # Malaysia, three
        ("001010123456789", ("001", "01", "0123456789")),  # test network
        ("26201123456789", ("262", "01", "123456789")),  # 14 digits
    ],
)
def test_split_imsi(imsi: str, parts: tuple[str, str, str]) -> None:
    assert split_imsi(imsi) == ImsiParts(*parts)


@given(imsis(), st.sampled_from([None, 2, 3]))
def test_the_parts_make_the_whole(imsi: str, mnc_digits: Any) -> None:
    mcc, mnc, msin = split_imsi(imsi, mnc_digits=mnc_digits)
    assert mcc + mnc + msin == imsi
    assert len(mcc) == 3
    assert len(mnc) in ({2, 3} if mnc_digits is None else {mnc_digits})


def test_who_knows_the_network_says_so() -> None:
    assert split_imsi("374120123456789").mnc == "12"
    assert split_imsi("374120123456789", mnc_digits=3).mnc == "120"
    with pytest.raises(ParameterError, match="2, 3 or None"):
        split_imsi("374120123456789", mnc_digits=4)  # type: ignore[arg-type]


def test_split_imsi_checks_first() -> None:
    with pytest.raises(IdentifierError, match="mcc"):
        split_imsi("100011234567890")


# Keys


def test_there_is_a_key_for_every_record() -> None:
    assert len(KEYS) == 17
    assert {getattr(identifiers, name) for name in KEYS} == {CustomerId}


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64))
def test_printable_keys_are_taken_as_they_are(key: str) -> None:
    assert TypeAdapter(CustomerId).validate_python(key) == key


@pytest.mark.parametrize(
    "key", ["", " ", " C1", "C1 ", "C1\n", "C\t1", "C\x001", "Ç1", "x" * 65, 1, None]
)
def test_other_keys_are_refused(key: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CustomerId).validate_python(key)


def test_a_key_is_all_constraints_so_that_a_column_can_check_it() -> None:
    kind, constraints = get_args(CustomerId)
    assert kind is str
    assert isinstance(constraints, StringConstraints)
    assert (constraints.min_length, constraints.max_length) == (1, 64)
    assert TypeAdapter(CustomerId).validate_python("C 1") == "C 1"


@pytest.mark.parametrize(
    ("code", "passes"), [("TZ", True), ("tz", False), ("TZA", False), ("", False)]
)
def test_country_codes(code: str, passes: bool) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(CountryCode)
    if passes:
        assert adapter.validate_python(code) == code
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(code)


def test_a_pattern_of_ones_own() -> None:
    def shout(text: str) -> str:
        return text.upper()

    adapter = TypeAdapter(Annotated[str, ColumnPattern("^[A-Z]+$", shout)])
    assert adapter.validate_python("abc") == "ABC"
