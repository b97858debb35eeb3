"""Small results as frames and tables, whoever reads them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pytest

import telcrm.tables.plain_frame
from telcrm.errors import MissingExtraError, ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

COLUMNS = {
    "segment": ResultColumn(str, ["a<b", "c"]),
    "customers": ResultColumn(int, [2, 1]),
    "gap": ResultColumn(float, [0.12345, None]),
    "stable": ResultColumn(bool, [True, False]),
}


@pytest.mark.parametrize("library", FrameLibrary)
def test_each_library_holds_the_same_columns_of_the_same_types(library: FrameLibrary) -> None:
    native = plain_frame(COLUMNS, library)
    assert type(native).__module__.partition(".")[0] == library.value
    frame: Any = nw.from_native(native)
    assert frame.schema == {
        "segment": nw.String(),
        "customers": nw.Int64(),
        "gap": nw.Float64(),
        "stable": nw.Boolean(),
    }
    assert frame["customers"].to_list() == [2, 1]
    assert frame["gap"].null_count() == 1


def test_without_rows_the_types_are_there() -> None:
    empty = plain_frame({"customers": ResultColumn(int, [])}, "polars")
    assert nw.from_native(empty).schema == {"customers": nw.Int64()}


def test_a_library_that_is_not_known_or_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ParameterError, match="backend='spark'"):
        plain_frame(COLUMNS, "spark")
    monkeypatch.setattr(telcrm.tables.plain_frame, "find_spec", lambda _: None)
    for library, extra in (("pandas", "pandas"), ("pyarrow", "polars")):
        with pytest.raises(MissingExtraError, match=rf"telcrm\[{extra}\]"):
            plain_frame(COLUMNS, library)


def test_a_table_escapes_names_and_leaves_what_is_missing_blank() -> None:
    html = html_table(COLUMNS, "2 rows & more")
    assert "<caption>2 rows &amp; more</caption>" in html
    assert "<tr><td>a&lt;b</td><td>2</td><td>0.123</td><td>True</td></tr>" in html
    assert "<tr><td>c</td><td>1</td><td></td><td>False</td></tr>" in html
