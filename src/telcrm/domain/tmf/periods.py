"""Periods of days, as TM Forum's TimePeriod."""

from __future__ import annotations

from telcrm.domain.moments import ValidFor
from telcrm.domain.tmf.codecs import DAY, LAST_DAY
from telcrm.domain.tmf.places import At
from telcrm.domain.tmf.shape import Field, Nested, Repair, Shape

__all__ = ["PERIOD"]


PERIOD = Nested(
    Shape(
        ValidFor,
        (Field("start", At("startDateTime"), DAY), Field("end", At("endDateTime"), LAST_DAY)),
        repairs=(Repair("end"),),
    )
)
