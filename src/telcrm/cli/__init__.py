"""The command ``telcrm``: report on a folder of tables, check one, or see a demo.

Needs the extra ``cli``.
"""

from telcrm.cli.entry import main

__all__ = ["main"]
