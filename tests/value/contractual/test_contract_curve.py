"""Curves of one kind of line, to look at."""

from __future__ import annotations

import pytest

from telcrm.errors import ParameterError
from telcrm.value.contractual.contract_curve import ContractCurve

CURVE = ContractCurve((1.0, 0.9, 0.8), {"moved": (0.0, 0.07, 0.15), "debt": (0.0, 0.03, 0.05)})


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
def test_a_frame_has_a_row_a_month(backend: str) -> None:
    frame = CURVE.to_frame(backend=backend)
    columns = frame.column_names if backend == "pyarrow" else list(frame.columns)
    assert columns == ["month", "survival", "left_moved", "left_debt"]
    assert len(frame) == 3


def test_it_can_be_read() -> None:
    assert repr(CURVE) == "ContractCurve(80.0% left after 2 months; lost: moved 15.0%, debt 5.0%)"
    assert "<td>0.900</td>" in CURVE._repr_html_()
    with pytest.raises(ParameterError, match="no FrameLibrary"):
        CURVE.to_frame(backend="excel")
