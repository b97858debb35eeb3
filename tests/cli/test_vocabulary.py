"""The command tells what a table must hold, without the documentation."""

from __future__ import annotations

import pytest

from telcrm.cli import main
from telcrm.tables import TABLES


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def test_all_tables_are_listed_with_their_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables"]) == 0
    said = capsys.readouterr().out
    for name, contract in TABLES.items():
        (line,) = [line for line in said.splitlines() if line.startswith(f"│ {name} ")]
        assert ", ".join(contract.key) in line


@pytest.mark.parametrize("name", TABLES)
def test_one_table_has_a_line_per_column(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", name]) == 0
    said = capsys.readouterr().out
    for column in TABLES[name].columns:
        (line,) = [line for line in said.splitlines() if line.startswith(f"│ {column.name} ")]
        assert f" {column.type} " in line
        assert all(word in line for word in column.allowed)
        assert column.description in line
        need = "key" if column.name in TABLES[name].key else "required"
        assert (f" {need} " in line) == column.required
    assert all(rule.words in said for rule in TABLES[name].row_rules)


def test_a_rule_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "recharges"]) == 0
    assert "refused if it is below 0" in capsys.readouterr().out


def test_a_near_name_is_proposed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "recharge"]) == 2
    assert "recharges" in capsys.readouterr().err
