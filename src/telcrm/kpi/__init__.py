"""Key figures of an operator, as functions from a table to a table.

Each function takes the caller's dataframe (pandas, Polars, DuckDB, PySpark, PyArrow) and returns
one of the same kind. Its docstring is the definition of the figure.
"""

from telcrm.kpi.movement import movement

__all__ = ["movement"]
