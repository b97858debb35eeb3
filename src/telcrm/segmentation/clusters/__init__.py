"""Clusters of customers: three methods, how stable they are, and how many there are."""

__all__ = ()
