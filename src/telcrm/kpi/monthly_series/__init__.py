"""Key figures month by month: their trend, their changes, and months that deviate."""

__all__ = ()
