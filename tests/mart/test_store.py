"""The folder of the mart: what goes in comes out, and nothing else goes in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from telcrm.errors import (
    CorruptMartError,
    InvalidTableError,
    MartMismatchError,
    MonthExistsError,
    ParameterError,
    UnknownMonthError,
)
from telcrm.mart import MART_COLUMNS, MartPolicy, MartStore, build, months, subscriber_month
from telcrm.synth import Operator

JANUARY, FEBRUARY, MARCH = months(date(2025, 1, 1), date(2025, 3, 1))
STORED = Path(__file__).parent / "stored"


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    found: dict[str, pl.DataFrame] = Operator(subscribers=40, months=3, seed=3).tables()
    return found


@pytest.fixture(scope="module")
def mart(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    found: pl.DataFrame = build(tables, [JANUARY, FEBRUARY, MARCH])
    return found


def of(mart: pl.DataFrame, period: date) -> pl.DataFrame:
    return mart.filter(pl.col("period") == period)


def test_months_added_one_by_one_are_the_mart(
    tables: dict[str, pl.DataFrame], mart: pl.DataFrame, tmp_path: Path
) -> None:
    store = MartStore(tmp_path / "new" / "mart")
    assert store.add(subscriber_month(tables, FEBRUARY)) == FEBRUARY
    previous = store.scan(periods=[FEBRUARY])
    store.add(subscriber_month(tables, MARCH, previous=previous).lazy())
    store.add(subscriber_month(tables, JANUARY))
    again = MartStore(store.folder)
    assert again.periods() == (JANUARY, FEBRUARY, MARCH)
    assert again.scan().collect().equals(mart)
    assert again.scan(periods=[MARCH, JANUARY]).collect()["period"].n_unique() == 2
    connection = duckdb.connect()
    relation = again.scan(engine="duckdb", connection=connection)
    assert relation.order("period, subscription_id").pl().equals(mart)
    assert len(again.scan(engine="duckdb").fetchall()) == mart.height
    assert repr(again).endswith("3 months, 2025-01-01 to 2025-03-01)")
    assert {path.suffix for path in again.folder.iterdir()} == {".json", ".parquet"}


def test_other_engines_write_the_same_file(mart: pl.DataFrame, tmp_path: Path) -> None:
    month = of(mart, MARCH)
    relation = duckdb.connect().from_arrow(month.to_arrow())
    for name, frame in (("p", month.to_pandas()), ("d", relation), ("a", month.to_arrow())):
        store = MartStore(tmp_path / name)
        store.add(frame)
        assert store.scan().collect().equals(month)


def test_a_month_makes_room_only_when_asked(mart: pl.DataFrame, tmp_path: Path) -> None:
    store = MartStore(tmp_path)
    store.add(of(mart, MARCH))
    changed = of(mart, MARCH).head(3)
    with pytest.raises(MonthExistsError, match="replace=True"):
        store.add(changed)
    assert store.scan().collect().equals(of(mart, MARCH))
    store.add(changed, replace=True)
    store.add(changed, replace=True)
    assert MartStore(tmp_path).scan().collect().equals(changed)
    assert len(list(tmp_path.glob("*.parquet"))) == 1


def test_months_of_another_policy_or_other_columns_are_refused(
    tables: dict[str, pl.DataFrame], mart: pl.DataFrame, tmp_path: Path
) -> None:
    other = MartPolicy(attribution="first_line")
    store = MartStore(tmp_path, policy=MartPolicy())
    with pytest.raises(MartMismatchError, match="built under the policy"):
        store.add(subscriber_month(tables, MARCH, policy=other))
    with pytest.raises(MartMismatchError, match="extra differ"):
        store.add(of(mart, MARCH).with_columns(extra=1))
    with pytest.raises(MartMismatchError, match="margin differ"):
        store.add(of(mart, MARCH).drop("margin"))
    with pytest.raises(InvalidTableError, match="one month at a time"):
        store.add(mart)
    with pytest.raises(InvalidTableError, match="no rows"):
        store.add(mart.clear())
    assert store.periods() == ()
    assert list(tmp_path.iterdir()) == []
    store.add(of(mart, MARCH))
    with pytest.raises(MartMismatchError, match="another folder"):
        MartStore(tmp_path, policy=other)
    assert MartStore(tmp_path).policy == MartPolicy()


def test_an_empty_store_has_columns_and_no_rows(tmp_path: Path) -> None:
    store = MartStore(tmp_path)
    assert store.scan().collect().columns == list(MART_COLUMNS)
    assert store.scan(engine="duckdb").columns == list(MART_COLUMNS)
    assert store.scan(engine="duckdb").fetchall() == []
    with pytest.raises(UnknownMonthError, match="does not hold 2025-03-01"):
        store.scan(periods=[MARCH])
    with pytest.raises(ParameterError, match="engine"):
        store.scan(engine="oracle")
    with pytest.raises(ParameterError, match="period is"):
        store.scan(periods=[date(2025, 3, 2)])


def test_damage_is_told(mart: pl.DataFrame, tmp_path: Path) -> None:
    store = MartStore(tmp_path)
    store.add(of(mart, MARCH))
    [file] = tmp_path.glob("*.parquet")
    file.unlink()
    with pytest.raises(CorruptMartError, match="has lost 2025-03"):
        MartStore(tmp_path).scan()
    manifest = tmp_path / "mart.json"
    text = manifest.read_text()
    for broken in (text.replace("Manifest/1", "Manifest/9"), "{", text.replace("2025-03-01", "x")):
        manifest.write_text(broken)
        with pytest.raises(CorruptMartError, match=r"mart\.json"):
            MartStore(tmp_path)


def test_a_write_that_fails_leaves_the_store_as_it_was(
    mart: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MartStore(tmp_path)
    store.add(of(mart, MARCH))

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space"):
            store.add(of(mart, JANUARY))
    assert MartStore(tmp_path).periods() == (MARCH,)
    assert not list(tmp_path.glob("*.part"))


def test_a_folder_of_an_earlier_release_is_still_read() -> None:
    """Written by 0.1; its file is a promise."""
    found = MartStore(STORED / "v0.1").scan().collect()
    assert found.height == 12
    assert found["period"].unique().to_list() == [MARCH]
    assert found["policy"].unique().to_list() == [MartPolicy().digest]
