"""What the room brings with it when it is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

REPORT = "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
JUDGE = """
from telcrm.rules import Rule, RuleSet, decide, field
rule = Rule(name="r", when=field("x") > 1)
decide(RuleSet(name="s", version=1, rules=(rule,)), {"x": 2})
pass"""


@pytest.mark.parametrize("program", ["import telcrm.rules", JUDGE])
def test_judging_records_needs_no_dataframe(program: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-I", "-c", program + REPORT],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "pydantic" in loaded
    assert loaded & {"narwhals", "numpy", "pandas", "polars"} == set()
