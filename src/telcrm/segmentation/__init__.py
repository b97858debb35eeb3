"""Who belongs together: customers scored and classed by what they did.

Each function takes the caller's dataframe (pandas, Polars, DuckDB, PySpark, PyArrow) and returns
one of the same kind, a row per customer. Its docstring is the definition of the classes.
"""

from telcrm.segmentation.abc import AbcClass, abc
from telcrm.segmentation.concentration import Concentration, concentration
from telcrm.segmentation.rfm import rfm, rfm_breaks
from telcrm.segmentation.rfm_policy import RfmBreaks, RfmMethod, RfmTies
from telcrm.segmentation.value_matrix import MatrixLevel, value_matrix

__all__ = [
    "AbcClass",
    "Concentration",
    "MatrixLevel",
    "RfmBreaks",
    "RfmMethod",
    "RfmTies",
    "abc",
    "concentration",
    "rfm",
    "rfm_breaks",
    "value_matrix",
]
