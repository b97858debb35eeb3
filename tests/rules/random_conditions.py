"""Random conditions that fit one table, random rows of it, and its frame on each engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from hypothesis import strategies as st

from telcrm.rules import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareFields,
    Comparison,
    Condition,
    Ends,
    IsMissing,
    Matching,
    Not,
    OneOf,
    Rule,
    RuleSet,
    TextMatch,
    TextTest,
)
from telcrm.tables.door import open_frame

Rows = list[dict[str, Any]]

FIELDS = {
    "text": ("segment", "region"),
    "whole": ("tenure_months", "sms_count"),
    "number": ("revenue", "revenue_before"),
    "boolean": ("key_account", "roaming"),
    "day": ("activated_on", "terminated_on"),
    "instant": ("started_at", "ended_at"),
}
ARROW = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "day": pa.date32(),
    "instant": pa.timestamp("us", "UTC"),
}
KINDS = {name: kind for kind, names in FIELDS.items() for name in names}
NUMBERS = ("whole", "number")

NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)
_MIDNIGHTS = [datetime(2026, 2, day, tzinfo=UTC) for day in (17, 18, 19)]

_texts = st.sampled_from(
    ["", "a", "mass", "Mass", "mass market", "youth", "a%", "_", "x\ny", "ÄÖ", "'", "+882"]
) | st.text(max_size=5)
_whole = st.sampled_from([0, 1, 5, 12, -1, 2**53, -(2**53)]) | st.integers(-20, 20)
_fractions = st.sampled_from([0.1, 0.5, 2.5, -0.0, 5.0, 1e10, 11.999]) | st.floats(-20, 20)
_days = st.sampled_from([date(2026, 2, day) for day in (16, 17, 18)]) | st.sampled_from(
    [date.max, date(1970, 1, 1), date(2024, 2, 29)]
)
_instants = st.builds(
    lambda midnight, microseconds: midnight + timedelta(microseconds=microseconds),
    st.sampled_from(_MIDNIGHTS),
    st.sampled_from([-1, 0, 1, 86_400_000_000 // 2]),
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": _texts,
    "whole": _whole,
    "number": _whole | _fractions | _fractions.map(lambda value: Decimal(str(value))),
    "boolean": st.booleans(),
    "day": _days,
    "instant": _instants,
}
_CELLS = {
    **_VALUES,
    # The column is of float64, so that is what a row of it holds.
    "number": (_fractions | _whole.map(float) | st.sampled_from([float("inf"), float("-inf")])),
    "whole": _whole | st.sampled_from([2**53 + 1, -(2**62)]),
}


def _compared_with(kind: str) -> str:
    return "number" if kind in NUMBERS else kind


def _draw_test(draw: Any) -> Any:
    name = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[name]
    if kind == "instant" and draw(st.booleans()):
        kind = "day"
    values = _VALUES[_compared_with(kind)]
    ordered = kind not in {"text", "boolean"}
    comparisons = st.sampled_from(list(Comparison)).filter(lambda c: ordered or not c.is_order)
    makers = ["compare", "compare", "fields", "one_of", "missing"]
    makers += ["between"] if ordered else []
    makers += ["text"] if kind == "text" else []
    match draw(st.sampled_from(makers)):
        case "compare":
            return Compare(field=name, test=draw(comparisons), value=draw(values))
        case "fields":
            others = [other for other in KINDS if _comparable(name, other)]
            other = draw(st.sampled_from(others))
            factor = draw(st.none() | _fractions) if KINDS[name] in NUMBERS else None
            return CompareFields(field=name, test=draw(comparisons), other=other, factor=factor)
        case "one_of":
            return OneOf(field=name, values=tuple(draw(st.lists(values, min_size=1, max_size=4))))
        case "missing":
            return IsMissing(field=name)
        case "between":
            low, high = sorted([draw(values), draw(values)])
            include = draw(st.sampled_from(list(Ends))) if low < high else Ends.BOTH
            return Between(field=name, low=low, high=high, include=include)
    text = draw(_texts.filter(bool))
    return TextTest(field=name, match=draw(st.sampled_from(list(TextMatch))), text=text)


def _comparable(name: str, other: str) -> bool:
    same = _compared_with(KINDS[name]) == _compared_with(KINDS[other])
    return same and name != other


tests = st.composite(_draw_test)()

conditions: st.SearchStrategy[Condition] = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(Not, condition=inner),
        st.builds(AllOf, conditions=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, conditions=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)

_cells = {
    name: st.none() | _CELLS[kind] | (st.just(float("nan")) if kind == "number" else st.none())
    for name, kind in KINDS.items()
}
_modest_cells = {
    name: st.none() | _whole if KINDS[name] == "whole" else cell for name, cell in _cells.items()
}
rows: st.SearchStrategy[Rows] = st.lists(st.fixed_dictionaries(_cells), min_size=1, max_size=6)
modest_rows: st.SearchStrategy[Rows] = st.lists(
    st.fixed_dictionaries(_modest_cells), min_size=1, max_size=6
)
"""Without whole numbers that pandas, beside a gap, and PyArrow do not turn into floats exactly."""

_scores = st.none() | st.integers(-5, 5) | st.floats(-10, 10)


@st.composite
def rule_sets(draw: Any) -> RuleSet:
    whens = draw(st.lists(conditions, min_size=1, max_size=4))
    labelled = draw(st.booleans())
    made = [
        Rule(
            name=f"rule {at}",
            when=when,
            then=draw(st.sampled_from(["a", "b", "c"])) if labelled else None,
            score=draw(_scores),
            reason=draw(st.sampled_from(["", "because"])),
        )
        for at, when in enumerate(whens)
    ]
    return RuleSet(
        name="random",
        version=draw(st.integers(1, 9)),
        rules=tuple(made),
        matching=draw(st.sampled_from(list(Matching))),
        otherwise=draw(st.sampled_from([None, "z"])) if labelled else None,
    )


@dataclass(frozen=True)
class ShapeColumn:
    """A column as a contract knows it."""

    name: str
    type: str
    nullable: bool = True
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """A table as a contract knows it."""

    name: str
    columns: tuple[ShapeColumn, ...]


SHAPE = Shape(
    "subscribers",
    tuple(ShapeColumn(name, {"whole": "integer"}.get(kind, kind)) for name, kind in KINDS.items()),
)


def arrow_columns(given: Rows) -> dict[str, pa.Array]:
    """The rows as typed columns, with their place in ``place``."""
    columns = {"place": pa.array(range(len(given)), pa.int64())}
    for name, kind in KINDS.items():
        columns[name] = pa.array([row[name] for row in given], ARROW[kind], from_pandas=False)
    return columns


def pandas_frame(given: Rows) -> pd.DataFrame:
    """The rows in NumPy's types: gaps make floats of whole numbers, days are timestamps."""
    frame: pd.DataFrame = pa.table(arrow_columns(given)).to_pandas(date_as_object=False)
    for name in FIELDS["boolean"]:
        frame[name] = frame[name].astype("boolean")
    for name in FIELDS["day"]:
        frame[name] = frame[name].astype("datetime64[us]")
    return frame


def frame_of(backend: Any, given: Rows) -> Any:
    """The rows as a frame of an engine."""
    return pandas_frame(given) if backend.name == "pandas" else backend.frame(arrow_columns(given))


def column_answers(native: Any, make: Any) -> dict[str, list[Any]]:
    """Columns that ``make`` expresses for the schema of a frame, in the order of ``place``."""
    opened = open_frame(native, table="subscribers")
    expressions: Mapping[str, nw.Expr] = make(opened.rows.collect_schema())
    frame = opened.rows.select("place", **expressions).sort("place").collect()
    return {name: _plain(frame[name]) for name in expressions}


def _plain(column: Any) -> list[Any]:
    values: Sequence[Any] = column.to_list()
    return [None if value is None or pd.isna(value) else value for value in values]
