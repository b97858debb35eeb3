"""One operator of middling size, drawn once, that most laws are checked on."""

from __future__ import annotations

import polars as pl
import pytest

from telcrm.synth import FraudMix, Operator, UsageProfile


@pytest.fixture(scope="session")
def operator() -> Operator:
    mix = FraudMix(**dict.fromkeys(FraudMix.__dataclass_fields__, 0.002))
    return Operator(
        subscribers=12_000, months=12, seed=21, usage=UsageProfile(records=900_000), frauds=mix
    )


@pytest.fixture(scope="session")
def tables(operator: Operator) -> dict[str, pl.DataFrame]:
    return operator.tables()
