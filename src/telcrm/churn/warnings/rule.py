"""What a signal consists of: one definition for tables and for one customer's records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.formulas import Case, Facts
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.seen_tables import SeenTables
from telcrm.churn.warnings.signal import WarningSignal

__all__ = ["SignalRule"]


@dataclass(frozen=True, slots=True)
class SignalRule:
    """One signal: where its facts come from, and what they mean.

    Attributes
    ----------
    signal : WarningSignal
        The policy of the signal is the field of :class:`WarningPolicy` of the same name.
    needs : tuple of tuple of str
        Tables, all of one of the tuples; without them nothing is told.
    in_tables : callable
        Of the tables and the policy: a frame of facts with ``customer_id``, ``subscription_id``
        and ``evidence_id``, of which the last two may be null.
    of_customer : callable
        Of the history, the day and the policy: the same facts of one customer, each a mapping.
    cases : callable
        Of facts and the policy: one or more ways to fire, of which the weightiest counts, of equal
        ones the first.
    """

    signal: WarningSignal
    needs: tuple[tuple[str, ...], ...]
    in_tables: Callable[[SeenTables, Any], nw.LazyFrame[Any]]
    of_customer: Callable[[CustomerHistory, date, Any], Sequence[Mapping[str, Any]]]
    cases: Callable[[Facts, Any], Sequence[Case]]

    def can_tell(self, has: Callable[[str], bool]) -> bool:
        """Tell whether the tables are there."""
        return any(all(map(has, tables)) for tables in self.needs)
