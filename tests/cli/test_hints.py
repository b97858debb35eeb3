"""What mends a table is said in the words of telcrm.toml, and doing it mends the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from telcrm.cli import main
from telcrm.cli.hints import remedy
from telcrm.report import read_folder

RECHARGES = "recharge_id,customer_id,recharged_at,amount\nR-1,C-1,2026-01-05,10\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (RECHARGES.replace("C-1", "Zo\xeb").encode("latin-1"), 'encoding = "latin-1"'),
        (RECHARGES.encode("utf-16"), 'encoding = "utf-16"'),
        (RECHARGES.replace(",", ";").encode(), 'separator = ";"'),
        (RECHARGES.replace(",", "\t").encode(), 'separator = "\\t"'),
        (RECHARGES.replace("recharged_at", "recharged").encode(), 'recharged_at = "recharged"'),
    ],
)
def test_the_remedy_can_be_pasted_and_mends(tmp_path: Path, content: bytes, line: str) -> None:
    (tmp_path / "recharges.csv").write_bytes(content)
    said = remedy(read_folder(tmp_path), "recharges")
    assert said is not None
    head, _, block = said.partition("\n")
    assert head == f"Put into {tmp_path / 'telcrm.toml'}:"
    assert line in block
    (tmp_path / "telcrm.toml").write_text(block, encoding="utf-8")
    read = read_folder(tmp_path)
    if "Zo" in content.decode("latin-1"):
        # The identifier is refused for what it holds, but the file is read.
        assert "recharges" in read.loaded
    else:
        assert read.refused == {}


def test_columns_without_a_near_name_are_left_to_fill_in(tmp_path: Path) -> None:
    (tmp_path / "subscriber_months.csv").write_text(
        "subscription_id,customer_id,mon,arpu\nS,C,2026-01-01,1\n", encoding="utf-8"
    )
    said = remedy(read_folder(tmp_path), "subscriber_months")
    assert said is not None
    lines = [line.strip() for line in said.splitlines()[1:]]
    assert lines == [
        "[columns.subscriber_months]",
        'period = "YOUR COLUMN"',
        'revenue = "YOUR COLUMN"',
        "# not canonical in subscriber_months.csv: mon, arpu",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recharges.csv", b""),
        ("recharges.csv", b"a,a\n1,2\n"),
        ("recharges.parquet", b"PAR1half"),
        ("recharges.csv", RECHARGES.replace("10", "-1").encode()),
    ],
)
def test_what_no_setting_mends_has_no_remedy(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert remedy(read_folder(tmp_path), "recharges") is None


def test_a_fault_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    data = tmp_path / "data"
    data.mkdir()
    (data / "recharges.csv").write_text(RECHARGES.replace(",10", ",ten"), encoding="utf-8")
    out = tmp_path / "report.html"
    assert main(["report", str(data), "--out", str(out), "--keep-going"]) == 0
    said = capsys.readouterr()
    assert (said.out + said.err).count("'ten'") == 1
    assert "Skipped: Recharges (recharges is broken, see the findings above)" in said.out
    assert said.err.splitlines() == [
        f"telcrm: [TC-TABLE-004] {data / 'recharges.csv'} breaks its contract, see the findings."
    ]
