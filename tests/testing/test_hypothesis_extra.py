"""Without Hypothesis, `telcrm.testing` says which extra brings it."""

import subprocess
import sys

PROGRAM = """
import sys
from importlib.machinery import PathFinder

class NoHypothesis(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "hypothesis" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = NoHypothesis
from telcrm.errors import MissingExtraError
try:
    import telcrm.testing
except MissingExtraError as error:
    print(error)
"""


def test_hypothesis_is_asked_for_by_the_name_of_its_extra() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "[TC-EXTRA-001] telcrm.testing needs hypothesis, which is not installed. "
        'Run: pip install "telcrm[testing]"\n'
    )
