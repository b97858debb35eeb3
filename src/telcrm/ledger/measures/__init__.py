"""How well receivables are collected, who pays how, and what will be lost of them.

The formulas take plain numbers; :mod:`.from_books` and :mod:`.payment_behaviour` take them out of
the books.
"""

__all__ = ()
