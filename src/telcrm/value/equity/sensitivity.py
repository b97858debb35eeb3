"""Which input moves an answer most: one at a time, and two against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isinf
from typing import Any

from telcrm.domain.arguments import require_positive
from telcrm.errors import DivergentValueError, ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn
from telcrm.value.equity.arguments import is_number, require_numbers

__all__ = ["Sensitivity", "SensitivityGrid", "SensitivityRow", "sensitivity", "sensitivity_grid"]


@dataclass(frozen=True, slots=True)
class SensitivityRow:
    """What one input does to the result, all others as they are.

    Attributes
    ----------
    input : str
    low, high : float
        Between which it was moved.
    result_low, result_high : float or None
        The result at these; None where there is none.
    swing : float or None
        Distance between the two results; infinite where one of them is, None if one is refused.
    elasticity : float or None
        Change of the result over change of the input, both as parts of what they are unmoved. None
        where one of these is 0, or a result is missing.
    reason : str or None
        Why a result is missing.
    """

    input: str
    low: float
    high: float
    result_low: float | None
    result_high: float | None
    swing: float | None
    elasticity: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How much each input moves a result: the numbers of a tornado diagram.

    Attributes
    ----------
    result : float
        With all inputs unmoved.
    rows : tuple of SensitivityRow
        The greatest swing first, equal ones in the order that they were given in, those without
        one last.
    """

    result: float
    rows: tuple[SensitivityRow, ...]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per input.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`SensitivityRow`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        return {
            name: ResultColumn(
                str if name in {"input", "reason"} else float,
                [getattr(row, name) for row in self.rows],
            )
            for name in SensitivityRow.__slots__
        }

    def __repr__(self) -> str:
        most = ", ".join(
            f"{row.input} {'-' if row.swing is None else format(row.swing, ',.4g')}"
            for row in self.rows[:3]
        )
        return f"Sensitivity({self.result:,.4g}; swings: {most})"

    def _repr_html_(self) -> str:
        return html_table(self._columns(), f"Unmoved: {self.result:,.4g}")


@dataclass(frozen=True, slots=True)
class SensitivityGrid:
    """A result for every pair of values of two inputs.

    Attributes
    ----------
    rows, columns : str
        The inputs.
    row_values, column_values : tuple of float
    results : tuple of tuple of (float or None)
        One tuple per row value; None where there is no result.
    reasons : tuple of tuple of (str or None)
        Why.
    """

    rows: str
    columns: str
    row_values: tuple[float, ...]
    column_values: tuple[float, ...]
    results: tuple[tuple[float | None, ...], ...]
    reasons: tuple[tuple[str | None, ...], ...]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per pair of values.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            Columns named as the two inputs, and ``result`` and ``reason``.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        across = len(self.column_values)
        columns = {
            self.rows: ResultColumn(
                float, [value for value in self.row_values for _ in range(across)]
            ),
            self.columns: ResultColumn(float, self.column_values * len(self.row_values)),
            "result": ResultColumn(float, [cell for row in self.results for cell in row]),
            "reason": ResultColumn(str, [cell for row in self.reasons for cell in row]),
        }
        return plain_frame(columns, backend)

    def __repr__(self) -> str:
        known = [cell for row in self.results for cell in row if cell is not None]
        span = f"{min(known):,.4g} to {max(known):,.4g}" if known else "no result"
        return (
            f"SensitivityGrid({len(self.row_values)} {self.rows} x {len(self.column_values)} "
            f"{self.columns}: {span})"
        )

    def _repr_html_(self) -> str:
        columns = {f"{self.rows} / {self.columns}": ResultColumn(float, self.row_values)}
        for at, value in enumerate(self.column_values):
            columns[f"{value:g}"] = ResultColumn(float, [row[at] for row in self.results])
        return html_table(columns, repr(self))


def sensitivity(
    function: Callable[..., float],
    inputs: Mapping[str, float],
    *,
    change: float = 0.1,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Sensitivity:
    """Move one input after the other, and rank them by what that does to the result.

    Parameters
    ----------
    function : callable
        Takes every input by name and returns a number, for example :func:`margin_multiple`.
    inputs : mapping of str to float
        Every one of them is moved. Bind what is to stay with ``functools.partial``.
    change : float above 0
        Each is moved by this part of itself down and up.
    ranges : mapping of str to (float, float), optional
        Low and high of inputs that are moved between these instead, such as a retention that
        cannot rise above 1.

    Returns
    -------
    Sensitivity

    Raises
    ------
    DivergentValueError, ParameterError
        With all inputs unmoved the function raises it, or returns no finite number.
    ParameterError
        An argument is outside its range, a range is of no input, or an input of 0 has none.

    Notes
    -----
    Where moving an input makes the function raise ``DivergentValueError``, the swing is infinite;
    where it raises ``ParameterError``, there is none. Both are told in ``reason``.

    One input at a time says nothing of inputs that move together: for two, see
    :func:`sensitivity_grid`.

    References
    ----------
    T. G. Eschenbach (1992), "Spiderplots versus Tornado Diagrams for Sensitivity Analysis",
    Interfaces 22(6), 40-46.

    Examples
    --------
    >>> from telcrm.value.equity.margin_multiple import margin_multiple
    >>> found = sensitivity(margin_multiple, {"discount_rate": 0.12, "retention": 0.8})
    >>> [(row.input, round(row.swing, 3), round(row.elasticity, 2)) for row in found.rows]
    [('retention', 1.867, 3.73), ('discount_rate', 0.188, -0.38)]
    """
    numbers = _read_inputs(inputs)
    require_positive(change=change)
    spans = _spans(numbers, change, ranges or {})
    unmoved = _try(function, numbers)
    if unmoved.result is None:
        kind = DivergentValueError if unmoved.infinite else ParameterError
        raise kind(f"sensitivity: with all inputs unmoved there is no result. {unmoved.reason}")
    rows = [_row(function, numbers, unmoved.result, name, spans[name]) for name in numbers]
    order = sorted(rows, key=lambda row: -1.0 if row.swing is None else row.swing, reverse=True)
    return Sensitivity(unmoved.result, tuple(order))


def sensitivity_grid(
    function: Callable[..., float],
    inputs: Mapping[str, float],
    *,
    rows: tuple[str, Sequence[float]],
    columns: tuple[str, Sequence[float]],
) -> SensitivityGrid:
    """Return a result for every pair of values of two inputs.

    Parameters
    ----------
    function : callable
        Takes every input by name and returns a number.
    inputs : mapping of str to float
        The other inputs; one of the two may stand in it, and is then not looked at.
    rows, columns : (str, sequence of float)
        An input, and its values in the order they are to be shown in.

    Returns
    -------
    SensitivityGrid
        Where the function raises ``DivergentValueError`` or ``ParameterError`` a result is None.

    Raises
    ------
    ParameterError
        An argument is outside its range, or rows and columns are the same input.

    Examples
    --------
    >>> from telcrm.value.equity.margin_multiple import margin_multiple
    >>> grid = sensitivity_grid(
    ...     margin_multiple, {}, rows=("retention", [0.6, 0.9]), columns=("discount_rate", [0.1])
    ... )
    >>> [[round(cell, 2) for cell in row] for row in grid.results]
    [[1.2], [4.5]]
    """
    down, row_values = _read_axis("rows", rows)
    across, column_values = _read_axis("columns", columns)
    if len({down, across, "result", "reason"}) < 4:
        raise ParameterError(
            f"sensitivity_grid: rows are {down!r} and columns {across!r}, and have to be two "
            "inputs, called neither 'result' nor 'reason'.",
            rows=down,
            columns=across,
        )
    others = _read_inputs(inputs) if inputs else {}
    cells = [
        [_try(function, {**others, down: row, across: column}) for column in column_values]
        for row in row_values
    ]
    return SensitivityGrid(
        rows=down,
        columns=across,
        row_values=row_values,
        column_values=column_values,
        results=tuple(tuple(cell.result for cell in line) for line in cells),
        reasons=tuple(tuple(cell.reason for cell in line) for line in cells),
    )


def _row(
    function: Callable[..., float],
    inputs: dict[str, float],
    unmoved: float,
    name: str,
    span: tuple[float, float],
) -> SensitivityRow:
    low, high = span
    at_low, at_high = (_try(function, {**inputs, name: value}) for value in span)
    swing, elasticity = None, None
    if at_low.infinite or at_high.infinite:
        swing = inf
    elif at_low.result is not None and at_high.result is not None:
        difference = at_high.result - at_low.result
        swing = abs(difference)
        if unmoved and inputs[name]:
            elasticity = difference / unmoved / ((high - low) / inputs[name])
    return SensitivityRow(
        input=name,
        low=low,
        high=high,
        result_low=at_low.result,
        result_high=at_high.result,
        swing=swing,
        elasticity=elasticity,
        reason=at_low.reason or at_high.reason,
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    result: float | None
    reason: str | None = None
    infinite: bool = False


def _try(function: Callable[..., float], inputs: dict[str, float]) -> _Answer:
    try:
        result: object = function(**inputs)
    except DivergentValueError as error:
        return _Answer(None, error.message, infinite=True)
    except ParameterError as error:
        return _Answer(None, error.message)
    if is_number(result):
        return _Answer(float(result))  # type: ignore[arg-type]
    if isinstance(result, float):
        return _Answer(None, f"The result is {result}.", infinite=isinf(result))
    raise ParameterError(
        f"The function returned {result!r:.60}, and has to return a number. Wrap it to return one "
        "of its fields.",
        result=result,
    )


def _read_inputs(inputs: Mapping[str, float]) -> dict[str, float]:
    if not inputs:
        raise ParameterError("inputs is empty. Give one input at least, by its name.")
    require_numbers(**inputs)
    return dict(inputs)


def _read_axis(name: str, axis: tuple[str, Sequence[float]]) -> tuple[str, tuple[float, ...]]:
    of, values = axis
    if not len(values):
        raise ParameterError(f"{name} has no values of {of!r}. Give one at least.", parameter=name)
    for value in values:
        require_numbers(**{of: value})
    return of, tuple(float(value) for value in values)


def _spans(
    inputs: Mapping[str, float], change: float, ranges: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    if strange := sorted(set(ranges) - set(inputs)):
        raise ParameterError(
            f"ranges are given for {', '.join(strange)}, and inputs are: {', '.join(inputs)}.",
            ranges=strange,
        )
    spans = {}
    for name, number in inputs.items():
        if name in ranges:
            low, high = ranges[name]
            require_numbers(**{name: low})
            require_numbers(**{name: high})
        else:
            low, high = sorted((number * (1.0 - change), number * (1.0 + change)))
        if not low < high:
            raise ParameterError(
                f"{name} would be moved from {low!r:.20} to {high!r:.20}, and the second has to be "
                f'greater. Pass ranges={{"{name}": (low, high)}}.',
                parameter=name,
            )
        spans[name] = (float(low), float(high))
    return spans
