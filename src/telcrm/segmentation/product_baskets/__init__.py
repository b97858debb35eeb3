"""What customers hold together, and what to offer to whom."""

__all__ = ()
