"""Lines as they stand now: checked, put into numbers, and scored once per state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import amount_checks, check_rows
from telcrm.value.contractual.amount import Amount
from telcrm.value.contractual.covariates import Covariate, covariate_checks
from telcrm.value.contractual.line_columns import LineColumns
from telcrm.value.scoring import Arrays, refuse_taken, score

__all__ = ["LineScoring"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LineScoring:
    """How the lines of a frame are turned into states, and answers go back to them.

    A state is a row of numbers: tenure, months to the end of the commitment, codes of covariates.

    Attributes
    ----------
    columns : LineColumns
    covariates : tuple of Covariate
        As they were learnt.
    open_after : int
        A line without a commitment is that many months past the end of one.
    """

    columns: LineColumns
    covariates: tuple[Covariate, ...]
    open_after: int

    def open(self, frame: Any, amounts: Sequence[Amount], results: Sequence[str]) -> OpenFrame:
        """Open and check a table of lines.

        Parameters
        ----------
        frame : dataframe
        amounts : sequence of Amount
        results : sequence of str
            Columns that will be added.

        Returns
        -------
        OpenFrame

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        ParameterError
            A column of ``results`` is there already.
        """
        named = {key: name for amount in amounts for key, name in amount.columns.items()}
        opened = open_frame(frame, table="lines")
        require_columns(opened, {**self.columns.named, **named})
        refuse_taken(opened, *results)
        opened = self.columns.parse(opened, list(named.values()))
        require_kinds(opened, dict.fromkeys(named.values(), ColumnKind.NUMBER))
        rules = [*self.columns.checks(opened), *covariate_checks(opened, self.covariates)]
        for name in named.values():
            rules += amount_checks(opened, name)
        check_rows(opened, rules, keys=[self.columns.tenure])
        return opened

    def score(
        self,
        opened: OpenFrame,
        compute: Callable[[Floats], Arrays],
        results: Mapping[str, nw.Expr],
    ) -> Any:
        """Compute answers for each state, and express columns of the caller's rows by them.

        Parameters
        ----------
        opened : OpenFrame
        compute : callable
            From states, shape (n, 2 + covariates), to arrays by the names of ``results``' inputs.
        results : mapping of str to narwhals.stable.v2.Expr

        Returns
        -------
        dataframe
            In the flavour of the caller.
        """
        own = opened.rows.collect_schema().names()
        state = self.expressions(opened)
        stated = open_frame(opened.close(opened.rows.with_columns(**state)), table=opened.table)
        scored = score(stated, list(state), lambda arrays: compute(self.states(arrays)))
        found = open_frame(scored, table=opened.table)
        return opened.close(found.rows.select(*own, **results))

    def expressions(self, opened: OpenFrame) -> dict[str, nw.Expr]:
        """Express the state of a line, number by number."""
        is_free = nw.lit(-float(self.open_after))
        ahead = is_free
        if self.columns.months_to_contract_end is not None:
            months = nw.col(self.columns.months_to_contract_end).cast(nw.Float64)
            past = months.is_null() | (months < -self.open_after)
            ahead = nw.when(past).then(is_free).otherwise(months)
        codes = {f"_code_{at}": each.code(opened) for at, each in enumerate(self.covariates)}
        return {"_tenure": nw.col(self.columns.tenure).cast(nw.Float64), "_ahead": ahead, **codes}

    def states(self, arrays: Arrays) -> Floats:
        """Put the numbers of :meth:`expressions` together, a row for each state."""
        codes = [f"_code_{at}" for at in range(len(self.covariates))]
        return np.column_stack([arrays[name] for name in ("_tenure", "_ahead", *codes)])
