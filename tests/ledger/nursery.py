"""A process that forks the writers of :mod:`.writers`, and how tests talk to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Nursery:
    """Runs jobs of ``writers.py``, one after the other, in processes that start fast.

    The tests' own process does not fork: it has threads, and open databases.
    """

    def __enter__(self) -> Self:
        program = Path(__file__).with_name("writers.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own program
            [sys.executable, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._process:
            if kind is not None:
                self._process.kill()

    def run(self, job: str, **details: Any) -> Any:
        """Run a job and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"job": job, **details}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the writers' program ended in the job {job}"
        return json.loads(answer)
