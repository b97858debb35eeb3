"""What was known of a line on the day of a snapshot: one module for each family of features."""

__all__ = ()
