"""Names of accounts: legal, readable, and different for different identifiers."""

from __future__ import annotations

import re

import pytest
from beancount.core.account import is_valid
from hypothesis import example, given
from hypothesis import strategies as st

from telcrm.ledger.export.chart import account_name, legal_part
from telcrm.ledger.journal import GlAccount, Posting

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64)


def read_part(part: str) -> str:
    """Return the identifier that a part of a name spells."""
    prefixed = re.match(r"X--(?![0-9A-F]{2})", part)
    rest = part[3:] if prefixed else part
    return re.sub(r"--([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), rest)


@given(PRINTABLE)
@example("-")
@example("--")
@example("A--2D")
@example("X--41")
@example("X--a")
@example("-a")
@example("a-")
def test_a_part_is_legal_and_spells_one_identifier(text: str) -> None:
    part = legal_part(text)
    assert is_valid(f"Assets:Receivable:{part}:Net")
    assert read_part(part) == text


@given(st.from_regex(r"[A-Z0-9][A-Za-z0-9]*(-[A-Za-z0-9]+)*", fullmatch=True))
def test_usual_identifiers_stay_as_they_are(text: str) -> None:
    assert legal_part(text) == text


@pytest.mark.parametrize("gl", GlAccount)
@pytest.mark.parametrize("detail", ["", "net", "oneTime"])
def test_every_account_has_a_legal_name(gl: GlAccount, detail: str) -> None:
    assert is_valid(account_name(Posting(gl, detail, None, None, 1), "a_1"))


def test_no_name_stands_above_another_one() -> None:
    # A balance that is stated for a name covers the names below it.
    names = {
        account_name(Posting(gl, detail, None, None, 1), account_id)
        for gl in GlAccount
        for detail in ("", "net", "tax", "service", "oneTime")
        for account_id in ("A", "A:Net", "Net")
    }
    assert not any(one != other and one.startswith(other + ":") for one in names for other in names)
