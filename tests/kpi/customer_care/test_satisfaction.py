"""Survey scores: published numbers, an oracle in plain Python, and every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from math import sqrt
from random import Random
from statistics import fmean, stdev
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.kpi.customer_care.net_promoter import nps_of_counts
from telcrm.kpi.customer_care.satisfaction import ces, csat, nps, wilson_interval

START = datetime(2024, 1, 30, 22, tzinfo=UTC)
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
NAMES = ["kind", "score", "responded_at", "segment"]


@st.composite
def answers(draw: st.DrawFn, *, min_size: int = 0) -> dict[str, list[Any]]:
    kinds = draw(st.lists(st.sampled_from(sorted(SCALES)), min_size=min_size, max_size=25))
    rows = [
        (
            kind,
            draw(st.integers(*SCALES[kind])),
            START + timedelta(days=draw(st.integers(0, 70))),
            draw(st.sampled_from(["mass", "premium"])),
        )
        for kind in kinds
    ]
    return {name: [row[place] for row in rows] for place, name in enumerate(NAMES)}


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    zoned = pl.Datetime("us", "UTC")
    types: list[Any] = [pl.String, pl.Int64, zoned, pl.String]
    return pl.DataFrame(columns, schema=dict(zip(NAMES, types, strict=True)))


def survey(rows: int = 240) -> dict[str, list[Any]]:
    random = Random(5)  # noqa: S311 (a fixture, not a secret)
    kinds = [random.choice(sorted(SCALES)) for _ in range(rows)]
    return {
        "kind": kinds,
        "score": [random.randint(*SCALES[kind]) for kind in kinds],
        # April and May are without answers.
        "responded_at": [
            START + timedelta(days=random.choice([0, 1, 20, 40, 130])) for _ in range(rows)
        ],
        "segment": [random.choice(["mass", "premium", "business"]) for _ in range(rows)],
    }


def measure(kind: str, scores: list[int]) -> dict[str, Any]:
    n = len(scores)
    if kind == "nps":
        up, down = sum(s > 8 for s in scores), sum(s < 7 for s in scores)
        told = nps_of_counts(up, n - up - down, down)
        counts = {"promoters": up, "passives": n - up - down, "detractors": down}
        ends = {"nps": told.nps, "standard_error": told.standard_error}
        return {"responses": n, **counts, **ends, "low": told.low, "high": told.high}
    if kind == "csat":
        good = sum(s in (4, 5) for s in scores)
        low, high = wilson_interval(good, n) or (None, None)
        shown = {"csat": good / n if n else None, "low": low, "high": high}
        return {"responses": n, "satisfied": good, **shown}
    error = stdev(scores) / sqrt(n) if len(set(scores)) > 1 else None
    return {"responses": n, "ces": fmean(scores) if n else None, "standard_error": error}


def oracle(columns: dict[str, list[Any]], kind: str, by: str | None, period: str | None) -> Any:
    rows = [row for row in zip(*(columns[name] for name in NAMES), strict=True) if row[0] == kind]
    groups = sorted({row[3] for row in rows}) if by else [None]
    times: list[date | None] = [None]
    if period == "day":
        days = [at.date() for _, _, at, _ in rows]
        times = [min(days) + timedelta(n) for n in range((max(days) - min(days)).days + 1)]
    elif period == "month":
        months = [12 * at.year + at.month - 1 for _, _, at, _ in rows]
        times = [date(m // 12, m % 12 + 1, 1) for m in range(min(months), max(months) + 1)]
    result = []
    for time in times:
        for group in groups:
            scores = [
                score
                for _, score, at, segment in rows
                if by is None or segment == group
                if period is None
                or (at.date() == time if period == "day" else at.date().replace(day=1) == time)
            ]
            key = ({} if period is None else {"period" if period == "month" else "day": time}) | (
                {"segment": group} if by else {}
            )
            result.append({**key, **measure(kind, scores)})
    return result


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the last bits, in which engines may differ."""
    return [
        {name: round(v, 9) if isinstance(v, float) else v for name, v in row.items()}
        for row in rows
    ]


FUNCTIONS: dict[str, Any] = {"nps": nps, "csat": csat, "ces": ces}


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("period", [None, "month", "day"])
@pytest.mark.parametrize("by", [None, "segment"])
@given(columns=answers(min_size=1))
@settings(max_examples=4)
def test_the_definition_in_plain_python_agrees(
    kind: str, period: Any, by: Any, columns: dict[str, list[Any]]
) -> None:
    if kind not in columns["kind"]:
        low, high = SCALES[kind]
        scores = [min(max(score, low), high) for score in columns["score"]]
        columns = {**columns, "kind": [kind] * len(scores), "score": scores}
    found = FUNCTIONS[kind](frame_of(columns), by=by, period=period).to_dicts()
    assert told(found) == told(oracle(columns, kind, by, period))


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, kind: str) -> None:
    columns = survey()
    result = FUNCTIONS[kind](backend.frame(columns), by="segment", period="month")
    assert backend.is_own(result)
    rows = backend.rows(result)
    assert told(rows) == told(oracle(columns, kind, "segment", "month"))
    whole = {"responses", "promoters", "passives", "detractors", "satisfied"}
    schema = nw.from_native(result).collect_schema()
    assert {schema[name] for name in schema.names() if name in whole} == {nw.Int64}
    assert {schema[name] for name in schema.names()[2:] if name not in whole} == {nw.Float64}


@pytest.mark.parametrize("keys", [{}, {"by": "segment"}, {"period": "day"}], ids=str)
def test_engines_agree_on_other_keys(backend: Any, keys: dict[str, Any]) -> None:
    columns = survey(60)
    for kind, function in FUNCTIONS.items():
        rows = backend.rows(function(backend.frame(columns), **keys))
        assert told(rows) == told(oracle(columns, kind, keys.get("by"), keys.get("period")))


@given(columns=answers(min_size=1))
@settings(max_examples=3)
def test_engines_agree_on_any_answers(backend: Any, columns: dict[str, list[Any]]) -> None:
    for kind, function in FUNCTIONS.items():
        if kind in columns["kind"]:
            found = backend.rows(function(backend.frame(columns), by="segment"))
            assert told(found) == told(oracle(columns, kind, "segment", None))


@given(columns=answers(), order=st.randoms(use_true_random=False))
@settings(max_examples=6)
def test_neither_the_order_of_rows_nor_of_columns_matters(
    columns: dict[str, list[Any]], order: Any
) -> None:
    frame = frame_of(columns)
    places = list(range(frame.height))
    order.shuffle(places)
    turned = frame[places].select(NAMES[::-1])
    for function in FUNCTIONS.values():
        keys: dict[str, Any] = {"by": "segment", "period": "month"}
        assert function(turned, **keys).equals(function(frame, **keys))


@given(one=answers(), other=answers())
@settings(max_examples=8)
def test_the_answers_of_two_samples_add_up(
    one: dict[str, list[Any]], other: dict[str, list[Any]]
) -> None:
    both = frame_of({name: one[name] + other[name] for name in NAMES})
    counts = ["responses", "promoters", "passives", "detractors"]
    parts = [nps(frame_of(part)).select(counts).row(0) for part in (one, other)]
    assert nps(both).select(counts).row(0) == tuple(map(sum, zip(*parts, strict=True)))


@given(columns=answers())
@settings(max_examples=10)
def test_scores_keep_to_their_scales(columns: dict[str, list[Any]]) -> None:
    frame = frame_of(columns)
    promoted, pleased, eased = (f(frame, by="segment") for f in FUNCTIONS.values())
    parts = promoted["promoters"] + promoted["passives"] + promoted["detractors"]
    assert (parts == promoted["responses"]).all()
    assert promoted["nps"].is_between(-100, 100).all()
    assert (
        pleased.select(pl.all_horizontal(pl.col("low", "csat", "high").is_between(0, 1)))
        .to_series()
        .all()
    )
    assert eased["ces"].is_between(1, 7).all()


def test_the_worked_number_of_the_net_promoter_score() -> None:
    # p = 1/2, d = 1/6, n = 324: 33.33 +- 8.12 points (cybaea.net, CrossValidated 18603).
    frame = pl.DataFrame({"score": [10] * 162 + [7] * 108 + [6] * 54})
    row = nps(frame, kind=None).row(0, named=True)
    assert row["nps"] == pytest.approx(33.33, abs=5e-3)
    assert row["standard_error"] == pytest.approx(4.14, abs=5e-3)
    assert row["high"] - row["nps"] == pytest.approx(8.12, abs=5e-3)


@pytest.mark.parametrize("interval", ["wald", "adjusted_wald"])
@pytest.mark.parametrize("scores", [[9], [10, 10, 9], [0, 10, 8], [7, 8]], ids=str)
def test_a_frame_and_its_counts_have_the_same_interval(scores: list[int], interval: Any) -> None:
    up, down = sum(s > 8 for s in scores), sum(s < 7 for s in scores)
    told = nps_of_counts(up, len(scores) - up - down, down, confidence=0.9, interval=interval)
    row = nps(pl.DataFrame({"score": scores}), kind=None, confidence=0.9, interval=interval).row(
        0, named=True
    )
    for name in ("nps", "standard_error", "low", "high"):
        assert row[name] == pytest.approx(getattr(told, name))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_of_newcombe(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson_interval(successes, trials)
    assert found == pytest.approx((low, high), abs=5e-5)
    frame = pl.DataFrame({"score": [5] * successes + [1] * (trials - successes)})
    assert csat(frame, kind=None).select("low", "high").row(0) == pytest.approx(found, abs=1e-12)


def test_a_share_of_nothing_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None
    for successes, trials in ((2, 1), (-1, 3), (1.5, 3)):
        with pytest.raises(ParameterError, match="0 <= successes <= trials"):
            wilson_interval(successes, trials)  # type: ignore[arg-type]


def test_no_answers_in_all_are_one_row_of_nought(backend: Any) -> None:
    columns = {"kind": ["ces", "ces"], "score": [1, 7], "responded_at": [START] * 2}
    [row] = backend.rows(nps(backend.frame(columns)))
    assert row == {
        **dict.fromkeys(["responses", "promoters", "passives", "detractors"], 0),
        **dict.fromkeys(["nps", "standard_error", "low", "high"]),
    }
    assert backend.rows(nps(backend.frame(columns), period="month")) == []
    assert backend.rows(csat(backend.frame(columns), by="kind")) == []


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_a_table_without_rows(function: Any) -> None:
    empty = frame_of({name: [] for name in NAMES})
    for frame in (empty, empty.lazy(), empty.to_arrow(), empty.to_pandas()):
        for keys, height in (({}, 1), ({"by": "segment"}, 0), ({"period": "day"}, 0)):
            assert nw.from_native(function(frame, **keys)).lazy().collect().shape[0] == height


def test_which_scores_satisfy_is_the_callers_choice() -> None:
    frame = pl.DataFrame({"kind": ["csat"] * 5, "score": [1, 2, 3, 4, 5]})
    shares = [csat(frame, satisfied_scores=s)["csat"].item() for s in ({5}, [3, 4, 5], (1,))]
    assert shares == [0.2, 0.6, 0.2]


@pytest.mark.parametrize("scores", [[], [1, 2, 3, 4, 5], [6], [4.5], [4, 4]], ids=str)
def test_top_boxes_are_some_of_the_scale(scores: Any) -> None:
    with pytest.raises(ParameterError, match="satisfied_scores"):
        csat(pl.DataFrame({"kind": ["csat"], "score": [5]}), satisfied_scores=scores)


@pytest.mark.parametrize("score", [11, -1, 9.5])
def test_scores_off_the_scale_are_refused(backend: Any, score: float) -> None:
    columns = {
        "survey_id": ["V-1", "V-2"],
        "kind": ["nps"] * 2,
        "score": [5 * (score / score), score],
    }
    with pytest.raises(InvalidTableError, match=r"no whole number from 0 to 10 in 1 row .*V-2"):
        nps(backend.frame(columns))


def test_a_score_that_is_not_a_number_is_refused() -> None:
    for value in (float("nan"), float("inf")):
        frame = pl.DataFrame({"kind": ["ces"] * 2, "score": [1.0, value]})
        with pytest.raises(InvalidTableError, match="no whole number from 1 to 7 in 1 row"):
            ces(frame)


def test_an_answer_without_score_or_question_is_refused(backend: Any) -> None:
    frame = backend.frame({"kind": ["nps", "nps"], "score": [9, None]})
    with pytest.raises(InvalidTableError, match="'score' is null in 1 row"):
        nps(frame)
    frame = backend.frame({"kind": ["nps", None], "score": [9, 3]})
    with pytest.raises(InvalidTableError, match="'kind' is null in 1 row"):
        nps(frame)


def test_rows_of_other_questions_are_not_looked_at(backend: Any) -> None:
    columns = {
        "kind": ["nps", "csat", "own question"],
        "score": [9, None, 99],
        "responded_at": [START, None, None],
        "segment": ["mass", None, None],
    }
    rows = backend.rows(nps(backend.frame(columns), by="segment", period="month"))
    assert [(row["period"], row["segment"], row["promoters"]) for row in rows] == [
        (date(2024, 1, 1), "mass", 1)
    ]
    with pytest.raises(InvalidTableError, match="'segment' is null"):
        nps(backend.frame({**columns, "kind": ["nps"] * 3, "score": [9] * 3}), by="segment")


def test_scores_may_be_floats_decimals_or_small_integers() -> None:
    frame = pl.DataFrame({"kind": ["nps", "nps"], "score": [9, 3]})
    for dtype in (pl.Float32, pl.Decimal(4, 1), pl.UInt8, pl.Int8):
        assert nps(frame.cast({"score": dtype}))["nps"].to_list() == [0.0]


def test_questions_may_be_categories_or_objects() -> None:
    frame = pl.DataFrame({"kind": ["nps", "csat"], "score": [9, 3]})
    assert nps(frame.cast({"kind": pl.Categorical}))["responses"].to_list() == [1]
    objects = pd.DataFrame({"kind": pd.Series(["nps", "csat"], dtype=object), "score": [9, 3]})
    assert nps(objects)["responses"].tolist() == [1]


def test_days_are_those_of_the_clock_the_column_is_kept_in() -> None:
    frame = frame_of({"kind": ["nps"], "score": [9], "responded_at": [START], "segment": ["x"]})
    berlin = frame.with_columns(pl.col("responded_at").dt.convert_time_zone("Asia/Tokyo"))
    assert nps(frame, period="day")["day"].to_list() == [date(2024, 1, 30)]
    assert nps(berlin, period="day")["day"].to_list() == [date(2024, 1, 31)]


def test_pandas_objects_of_several_zones_are_read_in_utc() -> None:
    moments = [START, START.astimezone(ZoneInfo("Asia/Tokyo")), START.astimezone(timezone.min)]
    frame = pd.DataFrame({"kind": ["nps"] * 3, "score": [9] * 3})
    frame["responded_at"] = pd.Series(moments, dtype=object)
    result = nps(frame, period="day")
    assert [stamp.date() for stamp in result["day"]] == [date(2024, 1, 30)]
    assert result["responses"].tolist() == [3]


def test_a_group_may_be_named_like_what_another_question_has() -> None:
    frame = pl.DataFrame({"kind": ["csat"] * 2, "score": [5, 1], "standard_error": ["a", "b"]})
    found = csat(frame, by="standard_error")
    assert found.select("standard_error", "csat").rows() == [("a", 1.0), ("b", 0.0)]


def test_lazy_stays_lazy() -> None:
    assert isinstance(nps(frame_of(survey()).lazy(), period="month"), pl.LazyFrame)


@pytest.mark.parametrize("by", ["nps", "Responses", "period", ["segment", "segment"]])
def test_a_group_that_clashes_with_the_result_is_refused(by: Any) -> None:
    with pytest.raises(ParameterError, match="stand twice"):
        nps(frame_of(survey(3)), by=by, period="month")


def test_wrong_columns_and_words_are_refused() -> None:
    frame = frame_of(survey(3))
    with pytest.raises(MissingColumnsError, match="at=<your column>"):
        nps(frame.drop("responded_at"), period="month")
    with pytest.raises(ColumnTypeError, match="'score' holds String"):
        nps(frame.cast({"score": pl.String}))
    with pytest.raises(ColumnTypeError, match="'responded_at' holds String"):
        nps(frame.cast({"responded_at": pl.String}), period="month")
    with pytest.raises(ParameterError, match="Choose from: day, month"):
        nps(frame, period="week")
    with pytest.raises(ParameterError, match="confidence is 2"):
        csat(frame, confidence=2)
