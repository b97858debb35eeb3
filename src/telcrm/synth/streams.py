"""One random stream per process, so that no process disturbs another.

A stream is keyed by the operator's seed and the name of the process. Asking for one table more,
or adding a process in a later release, leaves every other stream as it was.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

__all__ = ["stream"]


def stream(seed: int, process: str) -> np.random.Generator:
    """Return the generator of one named process.

    Parameters
    ----------
    seed : int
        The operator's seed, zero or more.
    process : str
        Name of the process, for example ``"recharges"``.

    Returns
    -------
    numpy.random.Generator
        Independent of the generators of all other names.

    Examples
    --------
    >>> a, b = stream(1, "usage"), stream(1, "usage")
    >>> bool(a.random() == b.random())
    True
    """
    # crc32 and not hash(): the latter differs from one Python process to the next.
    return np.random.Generator(np.random.PCG64DXSM([seed, crc32(process.encode())]))
