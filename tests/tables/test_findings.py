"""What a report says, and what it raises."""

from __future__ import annotations

import pytest

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, TableError
from telcrm.tables import Finding, Level, ValidationReport
from telcrm.tables.findings import counted, written_keys


def finding(rule: str, level: Level = Level.ERROR) -> Finding:
    return Finding("payments", rule, "amount", 2, (("P-1",), ("P-2",)), f"about {rule}", level)


@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        (["null"], InvalidTableError),
        (["null", "type"], ColumnTypeError),
        (["type", "missing_column", "null"], MissingColumnsError),
    ],
)
def test_the_gravest_finding_names_the_error(rules: list[str], kind: type[TableError]) -> None:
    report = ValidationReport("payments", 1200, tuple(map(finding, rules)))
    with pytest.raises(kind, match="payments") as caught:
        report.raise_if_invalid()
    assert type(caught.value) is kind
    assert "1,200 rows" in str(caught.value)


def test_warnings_do_not_make_a_table_invalid() -> None:
    report = ValidationReport("payments", 1, (finding("unknown_column", Level.WARNING),))
    assert report.ok
    report.raise_if_invalid()
    assert repr(report) == "payments: 1 row, valid\n  warning: about unknown_column"


def test_a_report_reads_like_a_list() -> None:
    report = ValidationReport("payments", 3, (finding("null"),))
    assert repr(report) == "payments: 3 rows, invalid\n  error: about null"
    assert report.to_rows()[0]["first_keys"] == "P-1, P-2"


def test_keys_and_counts_as_people_write_them() -> None:
    assert written_keys((("S-1", None), ("S-2", 3))) == "S-1/null, S-2/3"
    assert counted(1, "row") == "1 row"
    assert counted(0, "row") == "0 rows"
    assert counted(12_345, "value") == "12,345 values"
