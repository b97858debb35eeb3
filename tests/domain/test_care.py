"""A complaint follows the ticket's states in time; a score lies on the scale of its question."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import (
    COMPLAINT_TRANSITIONS,
    Complaint,
    ComplaintStatus,
    ServiceRequest,
    SurveyKind,
    SurveyResponse,
)
from telcrm.errors import ParameterError, TransitionError
from telcrm.testing import records

NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def complaint(**fields: Any) -> Complaint:
    known = {"complaint_id": "T-1", "customer_id": "C-1", "category": "billing"}
    return Complaint.model_validate(
        {"received_at": NOON, "status": "acknowledged", **known, **fields}
    )


@pytest.mark.parametrize("target", ComplaintStatus)
@settings(max_examples=40)
@given(one=records(Complaint), hours=st.integers(0, 100))
def test_moves_follow_the_table_in_time(
    target: ComplaintStatus, one: Complaint, hours: int
) -> None:
    last = one.resolved_at or one.received_at
    at = last + hours * HOUR
    if target not in COMPLAINT_TRANSITIONS[one.status]:
        with pytest.raises(TransitionError, match="complaint"):
            one.move_to(target, at=at)
        return
    moved = one.move_to(target, at=at)
    assert moved.status == target
    if target is ComplaintStatus.RESOLVED:
        assert moved.resolved_at == at
    elif target is ComplaintStatus.IN_PROGRESS:
        assert moved.resolved_at is None
    else:
        assert moved.resolved_at == one.resolved_at
    with pytest.raises(TransitionError, match="changed last at"):
        one.move_to(target, at=last - HOUR)


def test_a_complaint_that_was_not_settled_is_taken_up_again() -> None:
    solved = complaint().move_to("inProgress", at=NOON).move_to("resolved", at=NOON + HOUR)
    again = solved.move_to("inProgress", at=NOON + 2 * HOUR)
    assert (solved.resolved_at, again.resolved_at) == (NOON + HOUR, None)
    closed = again.move_to("resolved", at=NOON + 3 * HOUR).move_to("closed", at=NOON + 4 * HOUR)
    assert closed.resolved_at == NOON + 3 * HOUR


@pytest.mark.parametrize("target", ["inProgress", "rejected", "cancelled"])
def test_the_instant_of_a_move_is_aware(target: str) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        complaint().move_to(target, at=datetime(2026, 2, 18))


@pytest.mark.parametrize("kind", SurveyKind)
@given(score=st.integers(-3, 15))
def test_a_score_lies_on_the_scale_of_its_question(kind: SurveyKind, score: int) -> None:
    low, high = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}[kind.value]
    assert kind.scale == (low, high)
    answer = {"survey_id": "V", "customer_id": "C", "responded_at": NOON, "kind": kind}
    if low <= score <= high:
        assert SurveyResponse.model_validate({**answer, "score": score}).score == score
        return
    with pytest.raises(ValidationError, match="score"):
        SurveyResponse.model_validate({**answer, "score": score})


@given(st.datetimes(), st.datetimes())
def test_nothing_is_done_before_it_is_asked_for(one: datetime, other: datetime) -> None:
    assume(one != other)
    early, late = sorted((one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)))
    request = {"service_request_id": "Q-1", "customer_id": "C-1", "kind": "port_out"}
    done = ServiceRequest.model_validate({**request, "requested_at": early, "completed_at": late})
    assert done.completed_at == late
    assert complaint(received_at=early, resolved_at=late).resolved_at == late
    with pytest.raises(ValidationError, match="request Q-1 is completed before it was made"):
        ServiceRequest.model_validate({**request, "requested_at": late, "completed_at": early})
    with pytest.raises(ValidationError, match="complaint T-1 is resolved before it was received"):
        complaint(received_at=late, resolved_at=early)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(ParameterError, match="Choose from: acknowledged"):
        complaint().move_to("open", at=NOON)
