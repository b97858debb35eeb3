"""The truth as frames and as text."""

from __future__ import annotations

import pytest

from telcrm.errors import ParameterError
from telcrm.synth import Backend, Operator


@pytest.fixture(scope="module")
def small() -> Operator:
    return Operator(subscribers=400, months=6, seed=8)


@pytest.mark.parametrize("backend", Backend)
def test_frames_hold_the_arrays(small: Operator, backend: Backend) -> None:
    truth, frames = small.truth, small.truth.to_frames(backend=backend)
    sizes = {name: frame.shape[0] for name, frame in frames.items()}
    assert sizes == {
        "subscriptions": truth.subscription_id.size,
        "hazards": int((truth.hazard == truth.hazard).sum()),
        "customers": truth.customer_id.size,
        "frauds": truth.fraud_kind.size,
        "fraud_usage": truth.fraud_usage_id.size,
    }


def test_no_departure_is_null(small: Operator) -> None:
    frame = small.truth.to_frames()["subscriptions"]
    assert ((frame["leave_reason"] == "") == frame["leave_period"].is_null()).all()
    assert 0 < frame["leave_period"].null_count() < frame.height


def test_backend_is_checked(small: Operator) -> None:
    with pytest.raises(ParameterError, match="dask"):
        small.truth.to_frames(backend="dask")


def test_repr_counts(small: Operator) -> None:
    truth = small.truth
    assert f"{truth.subscription_id.size} subscriptions" in repr(truth)
