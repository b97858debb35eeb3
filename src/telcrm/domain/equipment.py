"""Devices that the operator lends or sells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from telcrm.domain.choice import choose
from telcrm.domain.identifiers import CustomerId, EquipmentId, Imei, SubscriptionId
from telcrm.domain.lifecycle import check_transition
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.party import Text
from telcrm.domain.record import Record
from telcrm.errors import TransitionError

__all__ = [
    "EQUIPMENT_TRANSITIONS",
    "Equipment",
    "EquipmentKind",
    "EquipmentOwnership",
    "EquipmentStatus",
]


class EquipmentKind(StrEnum):
    """What the device is."""

    HANDSET = "handset"
    ROUTER = "router"
    MODEM = "modem"
    SET_TOP_BOX = "set_top_box"
    SIM = "sim"
    OTHER = "other"


class EquipmentOwnership(StrEnum):
    """Lent equipment is the operator's and comes back; sold equipment is the customer's."""

    LENT = "lent"
    SOLD = "sold"


class EquipmentStatus(StrEnum):
    """Where the device is."""

    IN_STOCK = "in_stock"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    LOST = "lost"
    WRITTEN_OFF = "written_off"


_S = EquipmentStatus

EQUIPMENT_TRANSITIONS: Mapping[EquipmentStatus, frozenset[EquipmentStatus]] = MappingProxyType(
    {
        _S.IN_STOCK: frozenset({_S.ASSIGNED, _S.LOST, _S.WRITTEN_OFF}),
        _S.ASSIGNED: frozenset({_S.RETURNED, _S.LOST, _S.WRITTEN_OFF}),
        _S.RETURNED: frozenset({_S.IN_STOCK, _S.WRITTEN_OFF}),
        _S.LOST: frozenset({_S.RETURNED, _S.WRITTEN_OFF}),
        _S.WRITTEN_OFF: frozenset(),
    }
)
"""Allowed status changes of a device. A lost one may turn up again; a write-off is final."""


class Equipment(Record):
    """One device, known by its IMEI or its serial number."""

    equipment_id: EquipmentId
    customer_id: CustomerId | None = None
    subscription_id: SubscriptionId | None = None
    kind: EquipmentKind
    ownership: EquipmentOwnership
    status: EquipmentStatus
    status_since: date | None = None
    """First day of ``status``, where known: for a lost device, the day it was lost."""
    model: Text | None = None
    imei: Imei | None = None
    serial: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    assigned_on: date | None = None
    returned_on: date | None = None
    residual_value: NonNegativeMoney | None = None
    """Book value for now: what is lost if a lent device does not come back."""
    subsidy: NonNegativeMoney | None = None
    """Cost less what the customer paid for it."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        subject = f"equipment {self.equipment_id}"
        if self.imei is None and self.serial is None:
            message = f"{subject} needs an imei or a serial"
            raise ValueError(message)
        if self.status is EquipmentStatus.ASSIGNED and self.customer_id is None:
            message = f"{subject} is assigned, so it needs a customer_id"
            raise ValueError(message)
        if self.assigned_on and self.returned_on and self.returned_on < self.assigned_on:
            message = f"{subject} came back on {self.returned_on}, before it was assigned"
            raise ValueError(message)
        value, subsidy = self.residual_value, self.subsidy
        if value is not None and subsidy is not None and value.currency != subsidy.currency:
            message = (
                f"{subject} has its residual value in {value.currency.code}, "
                f"its subsidy in {subsidy.currency.code}"
            )
            raise ValueError(message)
        return self

    def assign(
        self, customer_id: str, *, on: date, subscription_id: str | None = None
    ) -> Equipment:
        """Return the device in the hands of a customer.

        Parameters
        ----------
        customer_id : str
        on : date
            Not before the device came into stock, where that is known.
        subscription_id : str, optional

        Returns
        -------
        Equipment

        Raises
        ------
        TransitionError
            The device is not in stock, or was not yet on that day.
        """
        self._check(EquipmentStatus.ASSIGNED, on)
        return self.replace(
            status=EquipmentStatus.ASSIGNED,
            status_since=on,
            customer_id=customer_id,
            subscription_id=subscription_id,
            assigned_on=on,
            returned_on=None,
        )

    def move_to(self, status: EquipmentStatus | str, *, on: date) -> Equipment:
        """Return the device in its next status; :meth:`assign` hands it to a customer.

        Parameters
        ----------
        status : EquipmentStatus
            ``returned``, ``lost``, ``written_off``, or ``in_stock`` after a return.
        on : date
            First day of the new status; not before the last change.

        Returns
        -------
        Equipment

        Raises
        ------
        ParameterError
            ``status`` names none.
        TransitionError
            The present status does not lead there, the device would be assigned without a
            customer, or ``on`` lies before the last change.
        """
        target = choose(EquipmentStatus, status, "status")
        self._check(target, on)
        if target is EquipmentStatus.ASSIGNED:
            message = f"equipment {self.equipment_id} needs a customer: call assign(customer_id)."
            raise TransitionError(message, equipment_id=self.equipment_id)
        changed: dict[str, object] = {"status": target, "status_since": on}
        if target is EquipmentStatus.RETURNED:
            changed["returned_on"] = on
        if target is EquipmentStatus.IN_STOCK:
            changed |= {"customer_id": None, "subscription_id": None}
            changed |= {"assigned_on": None, "returned_on": None}
        return self.replace(**changed)

    def _check(self, target: EquipmentStatus, on: date) -> None:
        subject = f"equipment {self.equipment_id}"
        check_transition(subject, self.status, target, EQUIPMENT_TRANSITIONS)
        known = (self.status_since, self.assigned_on, self.returned_on)
        latest = max((day for day in known if day is not None), default=on)
        if on < latest:
            message = f"{subject} changed last on {latest}: it cannot become {target!s} on {on}."
            raise TransitionError(message, subject=subject, on=on, latest=latest)
