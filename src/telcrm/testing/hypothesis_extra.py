"""Refuse by name when Hypothesis is not installed; imported before the strategies."""

from __future__ import annotations

from importlib.util import find_spec

from telcrm.errors import MissingExtraError

if find_spec("hypothesis") is None:
    raise MissingExtraError.needing("telcrm.testing", "hypothesis", extra="testing")
