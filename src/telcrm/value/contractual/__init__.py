"""Customers whose leaving is seen: retention, remaining lifetime and the value of a contract."""

__all__ = ()
