"""Every metric as data: name, formula, unit, source, inputs."""

__all__ = ()
