"""Who belongs together: customers scored and classed by what they did.

Each function takes the caller's dataframe (pandas, Polars, DuckDB, PySpark, PyArrow) and returns
one of the same kind, a row per customer. Its docstring is the definition of the classes.
"""

from telcrm.segmentation.abc import AbcClass, abc
from telcrm.segmentation.rfm import rfm, rfm_breaks
from telcrm.segmentation.rfm_policy import RfmBreaks, RfmMethod, RfmTies

__all__ = ["AbcClass", "RfmBreaks", "RfmMethod", "RfmTies", "abc", "rfm", "rfm_breaks"]
