"""Lines as states: numbers that are equal where lines are."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.value.contractual.amount import Amount
from telcrm.value.contractual.covariates import Covariate
from telcrm.value.contractual.line_columns import LineColumns
from telcrm.value.contractual.line_scoring import LineScoring

SCORING = LineScoring(
    LineColumns("tenure", "to_end", ("plan",)), (Covariate("plan", ("m", "s")),), open_after=2
)
LINES = {
    "tenure": [3, 3, 3, 3],
    "to_end": [None, -2, -40, 7],
    "plan": ["s", "s", "s", "m"],
    "fee": [1.0, 2.0, 3.0, 4.0],
}


def test_lines_that_are_free_are_alike_however_long(distinct_backend: Any) -> None:
    asked: list[list[float]] = []

    def compute(states: Any) -> Any:
        asked.extend(states.tolist())
        return {"_sum": states.sum(axis=1)}

    opened = SCORING.open(distinct_backend.frame(LINES), [Amount("margin", "fee")], ["found"])
    found = SCORING.score(opened, compute, {"found": nw.col("_sum") * nw.col("fee")})
    assert distinct_backend.is_own(found)
    assert sorted(asked) == [[3.0, -2.0, 1.0], [3.0, 7.0, 0.0]]
    rows = distinct_backend.rows(found)
    assert list(rows[0]) == [*LINES, "found"]
    assert {row["fee"]: row["found"] for row in rows} == {1.0: 2.0, 2.0: 4.0, 3.0: 6.0, 4.0: 40.0}
