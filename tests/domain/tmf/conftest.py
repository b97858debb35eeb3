"""Hand-written payloads that hold the traps of published ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

PAYLOADS = Path(__file__).parent / "payloads"


@pytest.fixture
def payload() -> Callable[[str], str]:
    """JSON text of a payload by name."""
    return lambda name: (PAYLOADS / f"{name}.json").read_text(encoding="utf-8")
