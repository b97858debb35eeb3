"""Panels as a whole: the synthetic operator's truth, spells, versions, what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pytest
from tests.churn.snapshots.drawn_tables import END, SNAPSHOTS, Row, at, drawn, frames
from tests.conftest import Backend

from telcrm.churn.snapshots.outcome import FATES, NO_ROW
from telcrm.churn.snapshots.panel import ChurnPanel, build_panel
from telcrm.churn.window import ChurnKind, ChurnWindow, PrepaidRule
from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    MissingTableError,
    ParameterError,
    UnsupportedFrameError,
    WindowError,
)
from telcrm.synth import Operator, WinBack

LINE: Row = {
    "subscription_id": "S",
    "customer_id": "C",
    "payment_mode": "postpaid",
    "status": "active",
    "activated_on": date(2024, 1, 1),
}
DAY = date(2025, 6, 1)


def panel_of(rows: list[Row], snapshots: Any = DAY, **options: Any) -> ChurnPanel:
    """A panel of subscriptions alone."""
    tables = frames({"subscriptions": [LINE | row for row in rows]})
    settings: dict[str, Any] = {
        "data_end": date(2026, 1, 1),
        "features": ["tenure_months"],
    } | options
    return build_panel(tables, snapshots=snapshots, **settings)


def fates(panel: ChurnPanel) -> dict[str, int]:
    [row] = panel.counts.rows(named=True)
    return {name: count for name, count in row.items() if name != "snapshot" and count}


def ended(on: date, reason: str | None = "voluntary", **more: Any) -> Row:
    return {"status": "terminated", "terminated_on": on, "termination_reason": reason, **more}


@pytest.mark.parametrize(
    ("days", "fate"),
    [
        (-1, None),
        (0, "left_in_gap"),
        (29, "left_in_gap"),
        (30, "voluntary"),
        (59, "voluntary"),
        (60, "stayed"),
    ],
)
def test_windows_are_half_open(days: int, fate: str | None) -> None:
    panel = panel_of([ended(DAY + timedelta(days=days))])
    assert fates(panel) == ({"active": 1, fate: 1} if fate else {})
    assert panel.frame.height == int(fate in ("voluntary", "stayed"))


@pytest.mark.parametrize(
    ("reason", "churned", "kind"),
    [
        ("voluntary", 1, "voluntary"),
        ("port_out", 1, "port_out"),
        ("involuntary", 1, "involuntary"),
        ("unavoidable", 0, "unavoidable"),
        (None, 1, "voluntary"),
    ],
)
def test_reasons_that_count(reason: str | None, churned: int, kind: str) -> None:
    [row] = panel_of([ended(DAY + timedelta(days=40), reason)]).frame.rows(named=True)
    assert (row["churned"], row["churn_kind"]) == (churned, kind)


def test_an_outcome_that_is_not_complete_is_unknown_and_never_false() -> None:
    rows = [{}, ended(DAY + timedelta(days=40), subscription_id="T")]
    complete = DAY + timedelta(days=60)
    assert panel_of(rows, data_end=complete).frame["churned"].to_list() == [0, 1]
    early = panel_of(rows, data_end=complete - timedelta(days=1))
    # Not even the line that is known to have left: whoever is known early is no fair sample.
    assert early.frame["churned"].to_list() == [None, None]
    assert early.frame["churn_kind"].to_list() == [None, None]
    assert early.labelled().height == 0
    assert fates(early) == {"active": 2, "unknown": 2}


def test_tenure_decides_who_is_too_new() -> None:
    rows = [
        {"activated_on": DAY - timedelta(days=days), "subscription_id": f"S{days}"}
        for days in (0, 1, 29, 30)
    ]
    panel = panel_of([*rows, {"activated_on": None, "subscription_id": "ever"}])
    assert fates(panel) == {"active": 4, "too_new": 2, "stayed": 2}
    tenure = dict(panel.frame.select("subscription_id", "tenure_months").rows())
    assert tenure == {"S30": pytest.approx(30 / 30.4375), "ever": None}


@pytest.mark.parametrize("status", ["created", "pendingActive", "cancelled", "aborted"])
def test_lines_that_were_never_in_service_are_not_at_risk(status: str) -> None:
    assert fates(panel_of([{"status": status, "activated_on": None}])) == {}


def test_a_termination_without_a_day_is_never_at_risk() -> None:
    assert fates(panel_of([{"status": "terminated"}])) == {}


def test_rows_of_a_line_are_spells() -> None:
    rows = [
        ended(date(2024, 11, 1)),
        {"activated_on": date(2025, 3, 1)},
        {"activated_on": date(2025, 3, 1), "subscription_id": "T"},
    ]
    panel = panel_of(rows, [date(2024, 9, 10), DAY])
    told = panel.frame.select("subscription_id", "snapshot", "spell_no", "churned").rows()
    assert sorted(told) == [
        ("S", date(2024, 9, 10), 1, 1),
        ("S", DAY, 2, 0),
        ("T", DAY, 1, 0),
    ]
    tenure = panel.frame.filter(pl.col("snapshot") == DAY)["tenure_months"].to_list()
    assert tenure == pytest.approx([92 / 30.4375] * 2)


def test_a_line_is_not_in_service_twice_at_a_time() -> None:
    with pytest.raises(InvalidTableError, match=r"activated again before.*S"):
        panel_of([{}, {"activated_on": date(2025, 3, 1)}])


def test_versions_count_from_when_they_were_recorded() -> None:
    versions = [
        {"offer_id": "P", "commitment_end": date(2025, 6, 20), "recorded_at": at(date(2024, 1, 1))},
        {"offer_id": "Q", "commitment_end": date(2027, 1, 1), "recorded_at": at(DAY)},
        ended(date(2025, 5, 20), "port_out", offer_id="R", recorded_at=at(DAY, 1)),
    ]
    days = [date(2025, 4, 10), date(2025, 5, 1), DAY]
    panel = panel_of(versions, days, features=["tenure", "offer_id"])
    rows = {row["snapshot"]: row for row in panel.frame.rows(named=True)}
    # At the last snapshot the line was thought to be there, and had left.
    assert set(rows) == {days[0]}
    assert rows[days[0]]["churn_kind"] == "port_out"
    assert (rows[days[0]]["offer_id"], rows[days[0]]["commitment_phase"]) == ("P", "bound")
    counts = panel.counts.rows(named=True)
    assert [row["already_gone"] for row in counts] == [0, 0, 1]
    assert [row["left_in_gap"] for row in counts] == [0, 1, 0]
    later = panel_of(versions[:2], [DAY], features=["offer_id"]).frame
    assert later["offer_id"].to_list() == ["Q"]
    unseen = panel_of(versions[1:2], [date(2025, 5, 1)], features=["tenure", "offer_id"]).frame
    assert unseen.select("offer_id", "commitment_phase").row(0) == (None, None)


def test_barred_prepaid_lines_are_out_where_the_day_of_the_status_is_known() -> None:
    rows = [{"payment_mode": "prepaid", "status": "suspended"}, {"subscription_id": "T"}]
    window = ChurnWindow(prepaid=None)
    before = panel_of(rows, window=window)
    assert fates(before) == {"active": 2, "stayed": 2}
    today = panel_of(rows, window=window, data_end=DAY)
    assert fates(today) == {"active": 1, "unknown": 1}
    dated = [row | {"recorded_at": at(date(2025, 1, 1))} for row in rows]
    assert fates(panel_of(dated, window=window)) == {"active": 1, "stayed": 1}


def prepaid(
    days: list[int], data_end: date, *, validity: int | None = None, age: int = 151
) -> ChurnPanel:
    """A prepaid line that recharges so many days from the snapshot."""
    began = DAY - timedelta(days=age)
    lines = [LINE | {"payment_mode": "prepaid", "activated_on": began}]
    recharges = [
        {"recharge_id": f"R{day}", "customer_id": "C", "subscription_id": "S", "amount": 5.0}
        | {"recharged_at": at(DAY + timedelta(days=day)), "validity_days": validity}
        for day in days
    ]
    return build_panel(
        frames({"subscriptions": lines, "recharges": recharges}),
        window=ChurnWindow(prepaid=PrepaidRule(inactivity_days=60, refill_grace_days=20)),
        snapshots=DAY,
        data_end=data_end,
        data_start={"recharges": date(2025, 1, 1)},
        features=["tenure"],
    )


def test_silence_is_churn_once_it_is_certain() -> None:
    whole = DAY + timedelta(days=120)
    often = [-150, -100, -55]
    # Last active on day 40, so gone from day 41 on.
    assert fates(prepaid([*often, -1, 40], whole)) == {"active": 1, "voluntary": 1}
    early = prepaid([*often, -1, 40], whole - timedelta(days=1))
    assert fates(early) == {"active": 1, "unknown": 1}
    # Back after 60 silent days, and after 59.
    assert fates(prepaid([*often, -1, 40, 101], whole)) == {"active": 1, "voluntary": 1}
    assert fates(prepaid([*often, -1, 40, 100], whole)) == {"active": 1, "stayed": 1}
    assert fates(prepaid([*often, -1, 28], whole)) == {"active": 1, "left_in_gap": 1}
    assert fates(prepaid([*often, -1, 59], whole)) == {"active": 1, "stayed": 1}
    assert fates(prepaid([*often, -3], whole)) == {"active": 1, "already_gone": 1}
    assert fates(prepaid([-150, -100, -60], whole)) == {"active": 1, "already_gone": 1}
    assert fates(prepaid([-150, -100, -61], whole)) == {}


def test_credit_that_expired_is_churn_unless_it_is_refilled_in_time() -> None:
    whole = DAY + timedelta(days=120)
    # Expires on day 35: refilled 19 and 20 days later.
    for days, fate in (([5, 54, 100], "stayed"), ([5, 55, 100], "voluntary")):
        assert fates(prepaid(days, whole, validity=30, age=40)) == {"active": 1, fate: 1}
    # Credit that never expires needs no refill.
    assert fates(prepaid([5, 55, 100], whole, age=40)) == {"active": 1, "stayed": 1}


def test_who_came_back_has_a_new_spell() -> None:
    whole = DAY + timedelta(days=120)
    panel = prepaid([-130, -40, -1, 40, 80, 110], whole)
    [row] = panel.frame.rows(named=True)
    assert row["spell_no"] == 2
    assert row["tenure_months"] == pytest.approx(40 / 30.4375)


SYNTH = ("subscriptions", "subscriber_months", "recharges")


@cache
def operator() -> Operator:
    return Operator(subscribers=6_000, months=14, seed=9, win_back=WinBack(share=0.3))


def month_starts() -> list[date]:
    return [date(2025, month, 1) for month in range(3, 10)]


@cache
def synthetic() -> ChurnPanel:
    return build_panel(
        operator().tables(SYNTH),
        # A gap and an outcome that end with a month, up to a day.
        window=ChurnWindow(gap_days=0, outcome_days=30, min_tenure_days=0),
        snapshots=month_starts(),
        data_end=date(2026, 3, 1),
        features=["tenure_months"],
    )


def test_counts_add_up() -> None:
    counts, frame = synthetic().counts, synthetic().frame
    assert (
        counts["active"].to_list() == counts.select(pl.sum_horizontal(*FATES)).to_series().to_list()
    )
    rows = dict(frame.group_by("snapshot").len().rows())
    for row in counts.rows(named=True):
        assert rows[row["snapshot"]] == row["active"] - sum(row[fate] for fate in NO_ROW)
        here = frame.filter(pl.col("snapshot") == row["snapshot"])
        for kind in ChurnKind:
            assert here.filter(pl.col("churn_kind") == str(kind)).height == row[str(kind)]
    assert frame.select(pl.struct("subscription_id", "snapshot").is_unique().all()).item()


def test_churn_of_postpaid_lines_agrees_with_the_true_hazard() -> None:
    truth = operator().truth
    hazards = truth.to_frames()["hazards"].rename({"period": "snapshot"})
    lines = truth.to_frames()["subscriptions"].filter(~pl.col("prepaid"))
    panel = synthetic().frame.join(lines.select("subscription_id"), on="subscription_id")
    joined = panel.join(hazards, on=["subscription_id", "snapshot"], how="left")
    # Who has a row was at risk, but for those that the months show with a delay.
    assert joined["hazard"].is_null().mean() < 0.01
    known = joined.drop_nulls("hazard")
    expected = float(known["hazard"].sum())
    noise = float(np.sqrt((known["hazard"] * (1 - known["hazard"])).sum()))
    assert abs(known["churned"].sum() - expected) < 4 * noise + 0.05 * expected
    # Those of high hazard leave more often.
    middle = known["hazard"].median()
    low, high = (
        known.filter(case)["churned"].mean()
        for case in (pl.col("hazard") <= middle, pl.col("hazard") > middle)
    )
    assert high > 1.5 * low


def test_win_backs_leave_and_come_back_as_new_spells() -> None:
    truth = operator().truth.to_frames()["subscriptions"]
    back = truth.filter(~pl.col("prepaid") & pl.col("return_period").is_not_null())
    assert back.height > 20
    panel = synthetic().frame.join(
        back.select("subscription_id", "leave_period", "return_period", "second_leave_period"),
        on="subscription_id",
    )
    snapshot = pl.col("snapshot")
    away = panel.filter((snapshot > pl.col("leave_period")) & (snapshot <= pl.col("return_period")))
    assert away.height == 0
    leaving = panel.filter(snapshot == pl.col("leave_period"))
    assert leaving.height > 5
    assert (leaving["churned"] == 1).all()
    assert (leaving["spell_no"] == 1).all()
    returned = panel.filter(snapshot > pl.col("return_period"))
    assert (returned["spell_no"] == 2).all()
    age = returned.select(
        (pl.col("snapshot") - pl.col("return_period")).dt.total_days() / 30.4375
    ).to_series()
    assert np.allclose(age, returned["tenure_months"])


def test_silence_finds_the_prepaid_lines_that_were_lost() -> None:
    truth = operator().truth.to_frames()["subscriptions"]
    lost = truth.filter(pl.col("prepaid") & pl.col("recharge_lost_at").is_not_null())
    first_spell = lost.filter(pl.col("return_period").is_null())
    rule = ChurnWindow(gap_days=0, min_tenure_days=0, prepaid=PrepaidRule(inactivity_days=75))
    panel = build_panel(
        operator().tables(SYNTH),
        window=rule,
        snapshots=month_starts(),
        data_end=date(2026, 3, 1),
        features=["tenure_months"],
    ).frame.join(first_spell.select("subscription_id", "recharge_lost_at"), on="subscription_id")
    after = (pl.col("recharge_lost_at").dt.date() - pl.col("snapshot")).dt.total_days()
    dated = panel.with_columns(after=after)
    # The churn date is the day after the last recharge, which is when the truth has them lost.
    assert (dated.filter(pl.col("after").is_between(0, 28))["churned"] == 1).all()
    assert dated.filter(pl.col("after").is_between(0, 28)).height > 50
    assert dated.filter(pl.col("after") < -1).height == 0


def _told(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def test_spark_builds_the_same(spark_backend: Backend) -> None:
    chosen = ("subscriptions", "subscriber_months", "recharges", "invoices", "payments")
    tables = {name: rows for name, rows in drawn(5, lines=200).items() if name in chosen}

    def told(engine: Backend | None) -> tuple[list[Any], list[Any]]:
        panel = build_panel(
            frames(tables, engine),
            snapshots=SNAPSHOTS[1],
            data_end=END,
            features=["tenure", "recharges", "arrears"],
        )
        assert engine is None or engine.is_own(panel.frame)
        names = ["subscription_id", "snapshot", "spell_no", "churn_kind", *panel.features]
        found = []
        for frame, columns in ((panel.labelled(), names), (panel.counts, ["snapshot", *FATES])):
            rows = engine.rows(frame) if engine else frame.rows(named=True)
            values = [[row[name] for name in columns] for row in rows]
            found.append(sorted([tuple(map(_told, row)) for row in values], key=str))
        assert len(found[0]) > 10
        return found[0], found[1]

    assert told(spark_backend) == told(None)


def test_a_lazy_table_gives_lazy_frames() -> None:
    tables = {name: frame.lazy() for name, frame in frames(drawn(1)).items()}
    panel = build_panel(tables, snapshots=SNAPSHOTS[:2], data_end=END, features=["tenure"])
    assert isinstance(panel.frame, pl.LazyFrame)
    assert isinstance(panel.counts, pl.LazyFrame)
    assert isinstance(panel.labelled(), pl.LazyFrame)


def test_whole_numbers_stay_whole_in_pandas() -> None:
    tables = {
        name: frame.to_arrow().to_pandas(date_as_object=False)
        for name, frame in frames(drawn(1)).items()
        if name in ("subscriptions", "recharges")
    }
    panel = build_panel(tables, snapshots=SNAPSHOTS[2:], data_end=END, features=["tenure"])
    assert panel.frame["churned"].isna().any()
    assert str(panel.frame["churned"].dtype) == "Int64"
    assert str(panel.frame["spell_no"].dtype) == "int64"


def test_a_panel_says_what_it_is() -> None:
    panel = panel_of([{}], [date(2025, 5, 1), DAY])
    assert repr(panel) == (
        "ChurnPanel(2 snapshots (2025-05-01 to 2025-06-01), 90 + 30 + 30 days, 1 feature, "
        "data to 2026-01-01)"
    )
    assert panel.categorical == ()
    assert panel.snapshots == (date(2025, 5, 1), DAY)
    assert panel.window == ChurnWindow()


def test_the_data_end_after_the_latest_event() -> None:
    rows = [{}, ended(date(2025, 9, 30), subscription_id="T")]
    assert panel_of(rows, data_end=None).data_end == date(2025, 10, 1)
    months = [{"subscription_id": "S", "customer_id": "C", "period": date(2025, 11, 1)}]
    tables = frames({"subscriptions": [LINE], "subscriber_months": [months[0] | {"revenue": 1.0}]})
    assert build_panel(tables, snapshots=DAY).data_end == date(2025, 12, 1)


def test_a_snapshot_behind_the_data_is_refused() -> None:
    with pytest.raises(WindowError, match="lies behind the data"):
        panel_of([{}], date(2026, 1, 2))
    assert panel_of([{}], date(2026, 1, 1)).frame["churned"].to_list() == [None]
    with pytest.raises(WindowError, match="each once"):
        panel_of([{}], [DAY, DAY])
    with pytest.raises(WindowError):
        panel_of([{}], [])


def test_prepaid_lines_need_a_table_of_what_they_do() -> None:
    rows = [{"payment_mode": "prepaid"}]
    with pytest.raises(MissingTableError, match="prepaid lines"):
        panel_of(rows)
    only_calls = ChurnWindow(prepaid=PrepaidRule(kinds=("outgoing",)))
    tables = frames({"subscriptions": [LINE | rows[0]], "recharges": drawn(1)["recharges"]})
    with pytest.raises(MissingTableError):
        build_panel(tables, window=only_calls, snapshots=DAY)
    assert fates(panel_of(rows, window=ChurnWindow(prepaid=None))) == {"active": 1, "stayed": 1}


@pytest.mark.parametrize("table", ["subscriptions", "usage", "recharges", "invoices", "customers"])
def test_duplicates_are_refused(table: str) -> None:
    tables = drawn(1)
    tables[table].append(tables[table][0])
    with pytest.raises(InvalidTableError, match="more than once"):
        build_panel(frames(tables), snapshots=SNAPSHOTS, data_end=END)


def test_tables_that_break_their_contract_are_refused() -> None:
    good = frames(drawn(1))
    unrecorded = pl.lit(None, pl.Datetime("us", "UTC"))
    wrong: list[tuple[type[Exception], dict[str, Any]]] = [
        (ParameterError, {"invoces": good["invoices"]}),
        (UnsupportedFrameError, {"usage": good["usage"].to_arrow().to_pandas()}),
        (MissingColumnsError, {"usage": good["usage"].drop("direction")}),
        (ColumnTypeError, {"usage": good["usage"].with_columns(started_at=pl.lit("today"))}),
        (ColumnTypeError, {"usage": good["usage"].with_columns(recorded_at=pl.lit(1))}),
        (InvalidTableError, {"usage": good["usage"].with_columns(kind=pl.lit("fax"))}),
        (InvalidTableError, {"usage": good["usage"].with_columns(duration_s=-1)}),
        (InvalidTableError, {"invoices": good["invoices"].with_columns(total=float("nan"))}),
        (
            InvalidTableError,
            {"usage": good["usage"].with_columns(recorded_at=unrecorded)},
        ),
        (
            ColumnTypeError,
            {
                "usage": good["usage"].with_columns(
                    pl.col("started_at").dt.convert_time_zone("Asia/Tokyo")
                )
            },
        ),
        (
            CurrencyMismatchError,
            {
                "invoices": good["invoices"].with_columns(
                    currency=pl.when(pl.int_range(pl.len()) == 0)
                    .then(pl.lit("EUR"))
                    .otherwise(pl.lit("USD"))
                )
            },
        ),
    ]
    for error, changed in wrong:
        with pytest.raises(error):
            build_panel({**good, **changed}, snapshots=SNAPSHOTS, data_end=END)
    with pytest.raises(MissingTableError, match="subscriptions"):
        build_panel({"usage": good["usage"]}, snapshots=SNAPSHOTS)
    with pytest.raises(ParameterError, match="data_start"):
        build_panel(good, snapshots=SNAPSHOTS, data_start={"customers": DAY})


def test_recorded_at_may_have_another_name() -> None:
    tables = drawn(8, lines=20)
    given = frames(tables)
    renamed = {name: frame.rename({"recorded_at": "loaded_at"}) for name, frame in given.items()}
    options: dict[str, Any] = {"snapshots": SNAPSHOTS[:2], "data_end": END, "features": ["recency"]}
    one = build_panel(given, **options).frame
    other = build_panel(renamed, **options, recorded_at="loaded_at").frame
    key = ["subscription_id", "snapshot"]
    assert one.sort(key).equals(other.sort(key))
    undated = build_panel(renamed, **options).frame
    assert not one.sort(key).equals(undated.sort(key))


def test_a_wrapped_frame_stays_wrapped() -> None:
    tables = {name: nw.from_native(frame) for name, frame in frames(drawn(1)).items()}
    panel = build_panel(tables, snapshots=SNAPSHOTS[0], data_end=END, features=["tenure"])
    assert isinstance(panel.frame, nw.DataFrame)
