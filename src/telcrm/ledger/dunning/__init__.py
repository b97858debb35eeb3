"""Dunning: the policy, what it looks at, the pure decision, and the run that books it."""

__all__ = ()
