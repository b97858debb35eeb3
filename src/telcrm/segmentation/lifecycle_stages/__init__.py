"""Lifecycle stages, their policy, and the facts that they are told from."""

__all__ = ()
