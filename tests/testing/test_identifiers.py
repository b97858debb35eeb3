"""The strategies cover every shape; that all values are valid is shown beside the parsers."""

from collections.abc import Callable

import pytest
from hypothesis import find
from hypothesis import strategies as st

from telcrm.testing.identifiers import iccids, imeis, imsis, msisdns


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (msisdns(), lambda number: len(number) == 8),
        (msisdns(), lambda number: len(number) == 16),
        (imsis(), lambda imsi: len(imsi) == 14),
        (imsis(), lambda imsi: len(imsi) == 15),
        (imsis(), lambda imsi: imsi.startswith("001")),
        (imsis(), lambda imsi: imsi.startswith("901")),
        (imeis(), lambda imei: imei[-1] == "9"),
        (iccids(), lambda iccid: len(iccid) == 19),
        (iccids(), lambda iccid: len(iccid) == 20),
    ],
)
def test_every_shape_occurs(values: st.SearchStrategy[str], wanted: Callable[[str], bool]) -> None:
    assert wanted(find(values, wanted))
