"""Import every module of the installed telcrm: what CI asks of the later Pythons."""

from __future__ import annotations

import pkgutil
import platform
from importlib import import_module

import telcrm

modules = [info.name for info in pkgutil.walk_packages(telcrm.__path__, "telcrm.")]
for module in modules:
    import_module(module)
print(f"Python {platform.python_version()} imports {len(modules)} modules of telcrm")
