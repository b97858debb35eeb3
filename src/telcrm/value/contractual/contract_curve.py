"""Survival and competing causes of one kind of line, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["ContractCurve"]


@dataclass(frozen=True, slots=True, repr=False)
class ContractCurve:
    """What is expected of a line, from now on.

    Attributes
    ----------
    survival : tuple of float
        Probability to be there after 0, 1, 2, ... months.
    incidence : dict of str to tuple of float
        For each cause, probability to have left for it by then. With the survival they make 1.
    """

    survival: tuple[float, ...]
    incidence: dict[str, tuple[float, ...]]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return the curves as a frame.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        dataframe
            Columns ``month`` (Int64), ``survival``, and ``left_<cause>`` for each cause (Float64).

        Raises
        ------
        ParameterError, MissingExtraError

        Examples
        --------
        >>> ContractCurve((1.0, 0.9), {"voluntary": (0.0, 0.1)}).to_frame().rows()
        [(0, 1.0, 0.0), (1, 0.9, 0.1)]
        """
        return plain_frame(self._columns(), backend)

    def __repr__(self) -> str:
        left = ", ".join(f"{cause} {values[-1]:.1%}" for cause, values in self.incidence.items())
        months = len(self.survival) - 1
        return f"ContractCurve({self.survival[-1]:.1%} left after {months} months; lost: {left})"

    def _repr_html_(self) -> str:
        return html_table(self._columns(), repr(self))

    def _columns(self) -> dict[str, ResultColumn]:
        curves = {f"left_{cause}": values for cause, values in self.incidence.items()}
        return {
            "month": ResultColumn(int, list(range(len(self.survival)))),
            "survival": ResultColumn(float, self.survival),
            **{name: ResultColumn(float, values) for name, values in curves.items()},
        }
