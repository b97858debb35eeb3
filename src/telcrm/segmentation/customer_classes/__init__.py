"""Customer status classes and marks, and the facts that they are told from."""

__all__ = ()
