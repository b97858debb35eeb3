"""Keys, telephone numbers and device numbers, made by the million without Python strings."""

from __future__ import annotations

import numpy as np

from telcrm.synth.columns import Ints, Text

__all__ = ["digits", "imeis", "keys", "scatter", "telephone_numbers"]

_BLOCK = 4
_MULTIPLIER = 6_180_339_887  # ends in 7, so it shares no factor with a power of ten


def _block_table() -> Text:
    numbers = np.arange(10**_BLOCK, dtype=np.int64)
    powers = 10 ** np.arange(_BLOCK - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8).view(f"S{_BLOCK}").ravel()


def digits(numbers: Ints, width: int, *, prefix: str = "") -> Text:
    """Write numbers in decimal with leading zeros, behind a prefix.

    Parameters
    ----------
    numbers : array of non-negative int
    width : int
        Number of digits; higher digits of a longer number are dropped.
    prefix : str
        ASCII text put before every number.

    Returns
    -------
    array of bytes, each ``len(prefix) + width`` long

    Examples
    --------
    >>> digits(np.array([7, 12345]), 6, prefix="S").tolist()
    [b'S000007', b'S012345']
    """
    table = _block_table()
    blocks = -(-width // _BLOCK)
    written = np.empty((numbers.size, blocks), dtype=f"S{_BLOCK}")
    rest = np.asarray(numbers, dtype=np.int64)
    for block in range(blocks - 1, -1, -1):
        high = rest // 10**_BLOCK
        written[:, block] = table[rest - high * 10**_BLOCK]
        rest = high
    text = np.empty((numbers.size, len(prefix) + width), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    figures = written.view(np.uint8).reshape(numbers.size, blocks * _BLOCK)
    text[:, len(prefix) :] = figures[:, blocks * _BLOCK - width :]
    return text.view(f"S{len(prefix) + width}").ravel()


def keys(prefix: str, count: int, *, width: int = 9) -> Text:
    """Return the keys of rows 1 to `count`.

    Examples
    --------
    >>> keys("C", 2).tolist()
    [b'C000000001', b'C000000002']
    """
    return digits(np.arange(1, count + 1), width, prefix=prefix)


def scatter(numbers: Ints, width: int, *, offset: int = 0) -> Ints:
    """Map distinct numbers below ``10**width`` to distinct numbers that look unordered.

    Examples
    --------
    >>> scatter(np.array([0, 1, 2]), 6, offset=3).tolist()
    [3, 339890, 679777]
    """
    modulus = 10**width
    wide: Ints = np.asarray(numbers, dtype=np.int64)
    scattered: Ints = (wide * (_MULTIPLIER % modulus) + offset) % modulus
    return scattered


def telephone_numbers(count: int, *, country_code: str, lead: str) -> Text:
    """Return distinct E.164 numbers of twelve digits: country code, lead, subscriber number.

    Examples
    --------
    >>> telephone_numbers(2, country_code="999", lead="5").tolist()
    [b'+999518273645', b'+999598613532']
    """
    prefix = f"+{country_code}{lead}"
    width = 13 - len(prefix)
    return digits(scatter(np.arange(count), width, offset=18_273_645), width, prefix=prefix)


def imeis(numbers: Ints) -> Text:
    """Return IMEIs with a valid Luhn digit, distinct for distinct numbers below ``10**9``.

    The type allocation code starts with ``00100``, which is a test range: no device on sale
    carries such a number.

    Examples
    --------
    >>> imeis(np.array([0])).tolist()
    [b'001000000000009']
    """
    body = digits(numbers, 9, prefix="00100")
    figures = body.view(np.uint8).reshape(numbers.size, 14).astype(np.int16) - ord("0")
    figures[:, 1::2] *= 2
    figures -= 9 * (figures > 9)
    check = (-figures.sum(axis=1) % 10 + ord("0")).astype(np.uint8)
    text = np.column_stack([body.view(np.uint8).reshape(numbers.size, 14), check])
    return np.ascontiguousarray(text).view("S15").ravel()
