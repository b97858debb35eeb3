"""Panels of subscribers at risk on past days: who left later, and what was known by then."""

__all__ = ()
