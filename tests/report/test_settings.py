"""telcrm.toml is read strictly: a misspelt key is worse than none."""

from datetime import date
from pathlib import Path

import pytest

from telcrm.errors import MappingError, ParameterError, TelcrmError, UnreadableFileError
from telcrm.report import ChurnSettings, LedgerSettings, Settings, read_settings


def settings(folder: Path, text: str) -> Settings:
    file = folder / "telcrm.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    said = settings(
        tmp_path,
        """
        as_of = 2025-12-31
        title = "Base"
        currency = "EUR"
        encoding = "latin-1"
        separator = ";"
        [columns.recharges]
        customer_id = "CustomerNumber"
        [ledger]
        url = "sqlite:///crm.db"
        tenant = "north"
        [churn]
        lifetime_value = 250
        incentive = 12.5
        contact = 0
        acceptance = 0.25
        """,
    )
    assert said == Settings(
        as_of=date(2025, 12, 31),
        title="Base",
        currency="EUR",
        encoding="latin-1",
        separator=";",
        columns={"recharges": {"customer_id": "CustomerNumber"}},
        ledger=LedgerSettings("sqlite:///crm.db", "north", tmp_path),
        churn=ChurnSettings(250.0, 12.5, 0.0, 0.25),
    )


def test_nothing_said_is_the_default(tmp_path: Path) -> None:
    assert settings(tmp_path, "") == Settings()


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("as_off = 2025-12-31", MappingError, "'as_off' (did you mean 'as_of'?)"),
        ("[columns.recharge]\na = 'b'", MappingError, "did you mean 'recharges'"),
        ("[columns.recharges]\ncustomer = 'b'", MappingError, "did you mean 'customer_id'"),
        ("[columns.recharges]\ncustomer_id = 3", ParameterError, "columns.recharges.customer_id"),
        ("columns = 3", ParameterError, "columns is a table"),
        ("[columns]\nrecharges = 'x'", ParameterError, "columns is a table"),
        ('as_of = "2025-12-31"', ParameterError, "without quotes"),
        ("as_of = 2025-12-31T10:00:00", ParameterError, "as_of"),
        ("title = 3", ParameterError, "title"),
        ("churn = 3", ParameterError, "churn is a table"),
        ("[churn]\nclv = 200", MappingError, "unknown key: 'clv'"),
        ("[churn]\nincentive = -1", ParameterError, "0 or more"),
        ("[churn]\nincentive = true", ParameterError, "incentive of [churn] is True"),
        ("[churn]\ncontact = inf", ParameterError, "contact of [churn]"),
        ("[churn]\nlifetime_value = nan", ParameterError, "lifetime_value of [churn]"),
        ("[churn]\nacceptance = 30", ParameterError, "0 to 1"),
        ("ledger = 'sqlite:///crm.db'", ParameterError, "ledger is a table"),
        ("[ledger]\ntenant = 'north'", ParameterError, "[ledger] has no url"),
        ("[ledger]\nurl = 3", ParameterError, "url of [ledger] has to be text"),
        ("[ledger]\nurl = ''", ParameterError, "url of [ledger] has to be text"),
        ("[ledger]\nurl = 'memory://'\nuser = 'b'", MappingError, "'user'"),
        ("a = 1\nb = \nc = 1", UnreadableFileError, "line 2"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, text: str, kind: type[TelcrmError], says: str
) -> None:
    with pytest.raises(kind) as caught:
        settings(tmp_path, text)
    assert says in str(caught.value)
    assert "telcrm.toml" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "ledger = 'postgresql://bob:s3cret@db/crm'",
        "[ledger]\nurl = ['postgresql://bob:s3cret@db/crm']",
        "[ledger]\nuri = 'postgresql://bob:s3cret@db/crm'",
    ],
)
def test_no_message_repeats_a_password(tmp_path: Path, text: str) -> None:
    with pytest.raises(TelcrmError) as caught:
        settings(tmp_path, text)
    assert "s3cret" not in str(caught.value)


def test_no_repr_shows_a_password(tmp_path: Path) -> None:
    said = settings(tmp_path, "[ledger]\nurl = 'postgresql://bob:s3cret@db/crm'")
    assert said.ledger is not None
    assert "s3cret" in said.ledger.url
    assert "s3cret" not in repr(said)


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "telcrm.toml"
    file.write_bytes('title = "caf\xe9"'.encode("latin-1"))
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        read_settings(file)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read_settings(tmp_path)
