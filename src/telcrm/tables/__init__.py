"""Canonical tables: what their columns must hold, derived from the records.

Frames stay the caller's own: pandas, Polars (eager or lazy), DuckDB, PySpark or PyArrow go in and
come out. A row of a table is a record of :mod:`telcrm.domain`, so a field has one name and one
meaning in both.

>>> from telcrm.tables import TABLES
>>> TABLES["subscriber_months"].key
('subscription_id', 'period')
"""

from telcrm.tables.catalogue import TABLES, contract
from telcrm.tables.contract import Column, ColumnType, Contract, RowRule, derive_contract
from telcrm.tables.findings import Finding, Level, ValidationReport
from telcrm.tables.read import Engine, Loaded, read
from telcrm.tables.rename import rename
from telcrm.tables.validate import validate

__all__ = [
    "TABLES",
    "Column",
    "ColumnType",
    "Contract",
    "Engine",
    "Finding",
    "Level",
    "Loaded",
    "RowRule",
    "ValidationReport",
    "contract",
    "derive_contract",
    "read",
    "rename",
    "validate",
]
