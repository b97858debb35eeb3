"""Months that lines were at risk of leaving, counted on the caller's engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.errors import ColumnTypeError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, check_rows, not_null
from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.covariates import (
    Covariate,
    is_text,
    learn_covariates,
    presence_checks,
)
from telcrm.value.contractual.line_columns import LineColumns, is_empty

__all__ = ["PersonMonths", "read_person_months"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PersonMonths:
    """Distinct months at risk, and what became of the lines.

    Attributes
    ----------
    tenure, phase : array of shape (n,)
        Months; place in ``ContractPhase``.
    covariates : tuple of Covariate
    codes : array of shape (n, number of covariates)
    counts : array of shape (n, causes + 1)
        Lines that stayed, then those that left for each cause.
    lines : int
    """

    tenure: Floats
    phase: NDArray[np.intp]
    covariates: tuple[Covariate, ...]
    codes: Floats
    counts: Floats
    lines: int


def read_person_months(
    frame: Any,
    columns: LineColumns,
    *,
    subscription: str,
    event: str,
    causes: Sequence[str],
    commitment: CommitmentPolicy,
) -> PersonMonths:
    """Check a table of months at risk, and count equal ones.

    Parameters
    ----------
    frame : dataframe
    columns : LineColumns
    subscription, event : str
    causes : sequence of str
    commitment : CommitmentPolicy

    Returns
    -------
    PersonMonths
        Sorted, so that neither engine nor order of rows shows.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
    """
    opened = open_frame(frame, table="person-months")
    require_columns(opened, {"subscription": subscription, "event": event, **columns.named})
    opened = columns.parse(opened, [subscription, event])
    require_kinds(opened, {subscription: ColumnKind.KEY})
    for column in columns.covariates:
        is_text(opened, column)
    happened = _event(opened, event)
    code = nw.lit(-1)
    for at, name in enumerate(["", *causes]):
        code = nw.when(happened == name).then(nw.lit(at)).otherwise(code)
    listed = ", ".join(map(repr, causes))
    unknown = RowCheck(
        "event",
        event,
        code < 0,
        f"is none of {listed}",
        "Leave it null for a line that stayed, and name all causes with causes=.",
    )
    rules = [not_null(subscription), *columns.checks(opened), unknown]
    rules += presence_checks(opened, columns.covariates)
    check_rows(opened, rules, keys=[subscription, columns.tenure])
    covariates = learn_covariates(opened, columns.covariates)
    months = opened.rows.select(
        _event=code.cast(nw.Int64),
        _tenure=nw.col(columns.tenure).cast(nw.Float64),
        _phase=_phase(columns.months_to_contract_end, commitment),
        **{f"_code_{at}": each.code(opened) for at, each in enumerate(covariates)},
    )
    keys = months.collect_schema().names()
    counted = months.group_by(*keys).agg(_lines=nw.len()).collect()
    table = np.column_stack(
        [counted[name].to_numpy().astype(np.float64) for name in (*keys, "_lines")]
    )
    table = table[np.lexsort(table.T[:-1])]
    counts = np.zeros((len(table), len(causes) + 1))
    counts[np.arange(len(table)), table[:, 0].astype(np.intp)] = table[:, -1]
    own = opened.rows.select(_key=key_values(opened, subscription)).unique()
    return PersonMonths(
        tenure=table[:, 1],
        phase=table[:, 2].astype(np.intp),
        covariates=covariates,
        codes=table[:, 3:-1],
        counts=counts,
        lines=int(own.select(nw.len()).collect().item()),
    )


def _event(opened: OpenFrame, event: str) -> nw.Expr:
    dtype = opened.rows.collect_schema()[event]
    if is_empty(opened, event):
        return nw.lit("")
    if not isinstance(dtype, nw.String | nw.Categorical | nw.Enum):
        raise ColumnTypeError(
            f"{opened.table}: column {event!r} holds {dtype}, and has to hold text: the cause of "
            "leaving, or null. Name the causes.",
            table=opened.table,
            column=event,
            dtype=str(dtype),
        )
    return key_values(opened, event).fill_null("")


def _phase(months_to_contract_end: str | None, commitment: CommitmentPolicy) -> nw.Expr:
    nothing = nw.lit(0).cast(nw.Int64)
    if months_to_contract_end is None:
        return nothing
    months = nw.col(months_to_contract_end)
    committed = months >= commitment.committed_from
    ending = (months <= commitment.ending_from) & (months >= commitment.ending_to)
    ends = nw.when(ending).then(nw.lit(2)).otherwise(nw.lit(0))
    phase = nw.when(committed).then(nw.lit(1)).otherwise(ends)
    return nw.when(months.is_null()).then(nw.lit(0)).otherwise(phase).cast(nw.Int64)
