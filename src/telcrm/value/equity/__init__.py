"""Customer equity in closed form: multiples of a margin, what-ifs and sensitivities."""

__all__ = ()
