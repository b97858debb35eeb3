"""A few columns of a table of customers as arrays, and answers put back beside the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.tables.array_table import array_table
from telcrm.tables.door import OpenFrame, key_values
from telcrm.value.scoring import floats

__all__ = ["CustomerArrays", "collect_by_customer"]

Floats = NDArray[np.float64]

_CUSTOMER, _PLACE = "_plan_customer", "_plan_place"


@dataclass(frozen=True, slots=True)
class CustomerArrays:
    """Columns in the order of the customers' keys, so that the order of rows decides nothing.

    Attributes
    ----------
    opened : OpenFrame
    customer : str
    arrays : dict of str to array
    rows : array of int or None
        Of a frame in memory: the row that each customer stands in.
    keys : narwhals.stable.v2.LazyFrame or None
        Of an engine that works lazily: the keys by place. They never leave it.
    """

    opened: OpenFrame
    customer: str
    arrays: dict[str, Floats]
    rows: NDArray[np.int64] | None
    keys: nw.LazyFrame[Any] | None

    def put_back(self, answers: Mapping[str, Floats], results: Mapping[str, nw.Expr]) -> Any:
        """Add columns to the caller's rows.

        Parameters
        ----------
        answers : mapping of str to array
            In the order of the arrays.
        results : mapping of str to narwhals.stable.v2.Expr
            The new columns, expressed by the answers.

        Returns
        -------
        dataframe
            In the flavour of the caller; frames in memory keep the order of their rows.
        """
        own = self.opened.rows.collect_schema().names()
        given: Any = nw.from_native(self.opened.given, pass_through=True)
        if self.keys is None:
            made = []
            for name, values in answers.items():
                placed = np.empty_like(values)
                placed[self.rows] = values
                made.append(nw.new_series(name, placed, nw.Float64(), backend=given.implementation))
            return self.opened.close(given.with_columns(*made).lazy().select(*own, **results))
        places = np.arange(len(next(iter(answers.values()))), dtype=np.float64)
        table = array_table(self.opened, {_PLACE: places, **answers})
        found = self.keys.join(table, on=_PLACE, how="inner").drop(_PLACE)
        keyed = self.opened.rows.with_columns(
            key_values(self.opened, self.customer).alias("_plan_key")
        )
        joined = keyed.join(found, left_on="_plan_key", right_on=_CUSTOMER, how="left")
        return self.opened.close(joined.select(*own, **results))


def collect_by_customer(
    opened: OpenFrame, customer: str, wanted: Mapping[str, nw.Expr]
) -> CustomerArrays:
    """Read expressions as arrays, in the order of the customers' keys.

    Parameters
    ----------
    opened : OpenFrame
        Each customer in one row.
    customer : str
    wanted : mapping of str to narwhals.stable.v2.Expr
        Numbers without nulls.

    Returns
    -------
    CustomerArrays
    """
    as_floats = {name: each.cast(nw.Float64) for name, each in wanted.items()}
    keyed = opened.rows.select(**{_CUSTOMER: key_values(opened, customer)}, **as_floats)
    if isinstance(nw.from_native(opened.given, pass_through=True), nw.DataFrame):
        held: Any = keyed.collect().with_row_index(_PLACE).sort(_CUSTOMER)
        rows = np.asarray(held[_PLACE].to_numpy(), dtype=np.int64)
        arrays = {name: floats(held[name]) for name in wanted}
        return CustomerArrays(opened, customer, arrays, rows, None)
    placed = keyed.with_row_index(_PLACE, order_by=_CUSTOMER).with_columns(
        nw.col(_PLACE).cast(nw.Float64)
    )
    kept = opened.computed(placed)
    found = kept.select(_PLACE, *wanted).sort(_PLACE).collect()
    arrays = {name: floats(found[name]) for name in wanted}
    return CustomerArrays(opened, customer, arrays, None, kept.select(_CUSTOMER, _PLACE))
