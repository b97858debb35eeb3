"""Telecom customer management as a library.

One vocabulary for the records, the ledger, the KPIs and the models that an operator's CRM,
billing and BI systems share. Importing ``telcrm`` is nearly free: each room loads on first use.

>>> import telcrm
>>> telcrm.domain.Money("12.50", "EUR")
Money('12.50', 'EUR')
"""

from importlib import import_module as _import_module

# Type checkers take it for true; importing it from typing would load two dozen modules.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from telcrm import (
        churn,
        domain,
        errors,
        estimators,
        kpi,
        ledger,
        mart,
        plots,
        report,
        rules,
        segmentation,
        synth,
        tables,
        testing,
        value,
    )

__all__ = [
    "churn",
    "domain",
    "errors",
    "estimators",
    "kpi",
    "ledger",
    "mart",
    "plots",
    "report",
    "rules",
    "segmentation",
    "synth",
    "tables",
    "testing",
    "value",
]


def __getattr__(name: str) -> "ModuleType | str":
    if name in __all__:
        return _import_module(f"telcrm.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("telcrm")
    raise AttributeError(f"module 'telcrm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
