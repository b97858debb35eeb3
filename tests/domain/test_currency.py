"""The currency table is the standard's; a code is one object; a slip is told how to mend."""

import copy
import json
import pickle
import runpy
from datetime import date
from pathlib import Path

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from telcrm.domain.currency import ISO_4217_PUBLISHED, Currency
from telcrm.domain.iso4217_table import CODES
from telcrm.domain.iso4217_withdrawn import WITHDRAWN
from telcrm.errors import UnknownCurrencyError

ROOT = Path(__file__).parents[2]
ALL_CODES = Currency.codes()


class Tariff(BaseModel):
    currency: Currency


def test_the_table_is_that_of_the_iso4217_package() -> None:
    package = {
        code: (entry["CcyNbr"], entry["CcyNm"], entry["CcyMnrUnts"])
        for code, entry in iso4217.raw_table.items()
        if code
    }
    ours = {
        code: (int(numeric), name, "N.A." if exponent is None else str(exponent))
        for code, (numeric, name, exponent) in CODES.items()
    }
    assert ours == package
    assert iso4217.__published__ == ISO_4217_PUBLISHED


def test_the_table_is_what_the_script_writes() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "generate_iso4217.py"))
    assert script["TARGET"].read_text(encoding="utf-8") == script["module"]()


def test_a_code_is_in_force_or_withdrawn_not_both() -> None:
    assert set(CODES) & set(WITHDRAWN) == set()
    assert list(ALL_CODES) == sorted([*CODES, *WITHDRAWN])


@pytest.mark.parametrize(
    ("code", "numeric", "exponent"),
    [("EUR", "978", 2), ("ALL", "008", 2), ("JPY", "392", 0), ("IQD", "368", 3), ("CLF", "990", 4)],
)
def test_published_facts(code: str, numeric: str, exponent: int) -> None:
    currency = Currency(code)
    assert (currency.code, currency.numeric, currency.exponent) == (code, numeric, exponent)
    assert currency.withdrawn is None


@pytest.mark.parametrize("code", ["XAU", "XDR", "XTS", "XXX"])
def test_some_codes_have_no_minor_unit(code: str) -> None:
    assert Currency(code).exponent is None


def test_withdrawn_codes_are_dated() -> None:  # the euro replaced the kuna on 2023-01-01
    kuna = Currency("HRK")
    assert (kuna.name, kuna.exponent, kuna.withdrawn) == ("Kuna", 2, date(2023, 1, 1))
    dates = [Currency(code).withdrawn for code in WITHDRAWN]
    assert all(month and date(2001, 1, 1) <= month <= ISO_4217_PUBLISHED for month in dates)


@pytest.mark.parametrize("code", ALL_CODES)
def test_one_object_per_code(code: str) -> None:
    currency = Currency(code)
    assert Currency(code) is currency
    assert pickle.loads(pickle.dumps(currency)) is currency  # noqa: S301
    assert copy.deepcopy(currency) is currency
    assert str(currency) == code
    assert eval(repr(currency), {"Currency": Currency}) is currency  # noqa: S307
    assert len(currency.numeric) == 3
    assert currency.numeric.isdigit()


def test_is_immutable() -> None:
    with pytest.raises(AttributeError):
        Currency("EUR").exponent = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Currency("EUR").symbol = "E"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "near"), [("eur", "EUR"), (" usd ", "USD"), ("EUT", "EUR"), ("hrk", "HRK")]
)
def test_a_slip_is_answered_with_near_codes(code: str, near: str) -> None:
    with pytest.raises(UnknownCurrencyError, match="did you mean") as caught:
        Currency(code)
    assert near in caught.value.context["near"]
    assert repr(near) in str(caught.value)


def test_a_lower_case_code_gets_one_answer() -> None:
    with pytest.raises(UnknownCurrencyError, match="did you mean 'EUR'"):
        Currency("eur")


@pytest.mark.parametrize("value", ["", "€", "Euro coin", 978, None, 1.5, ["EUR"]])
def test_what_is_no_code_is_refused(value: object) -> None:
    with pytest.raises(UnknownCurrencyError, match="three") as caught:
        Currency(value)  # type: ignore[arg-type]
    assert caught.value.context["near"] == []
    assert isinstance(caught.value, KeyError)


@given(st.text(max_size=4).filter(lambda text: text not in ALL_CODES))
def test_nothing_but_codes_passes(text: str) -> None:
    with pytest.raises(UnknownCurrencyError):
        Currency(text)


@pytest.mark.parametrize("code", ALL_CODES)
def test_json_round_trip(code: str) -> None:
    tariff = Tariff.model_validate({"currency": code})
    assert tariff.currency is Currency(code)
    assert tariff.model_dump_json() == json.dumps({"currency": code}, separators=(",", ":"))
    assert Tariff.model_validate_json(tariff.model_dump_json()) == tariff
    assert Tariff(currency=tariff.currency) == tariff
    assert tariff.model_dump()["currency"] is Currency(code)


def test_pydantic_names_the_slip() -> None:
    with pytest.raises(ValidationError, match=r"TC-MONEY-004.*did you mean 'EUR'"):
        Tariff.model_validate({"currency": "eur"})


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schema(mode: str) -> None:
    schema = TypeAdapter(Currency).json_schema(mode=mode)  # type: ignore[arg-type]
    assert (schema["type"], schema["pattern"]) == ("string", "^[A-Z]{3}$")
