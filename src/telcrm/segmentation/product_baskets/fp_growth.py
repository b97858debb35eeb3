"""Frequent item sets by FP-growth, on plain numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from telcrm.errors import ParameterError

__all__ = ["MAX_ITEM_SETS", "frequent_item_sets"]

MAX_ITEM_SETS: Final = 100_000
"""More are refused: nobody reads them, and their number grows without bound."""

_Weighted = Iterable[tuple[tuple[int, ...], int]]


def frequent_item_sets(
    transactions: Mapping[tuple[int, ...], int], *, least: int, max_size: int
) -> dict[tuple[int, ...], int]:
    """Find all sets of items that stand together in enough transactions.

    Parameters
    ----------
    transactions : mapping of tuple of int to int
        Distinct items of a transaction, and in how many transactions they are just these.
    least : int >= 1
        Transactions that a set has to stand in.
    max_size : int >= 1
        Most items of a set.

    Returns
    -------
    dict of tuple of int to int
        Rising items of each set, and the transactions that hold them all.

    Raises
    ------
    ParameterError
        There are more than ``MAX_ITEM_SETS``.

    Notes
    -----
    Transactions are folded into a tree whose paths share their most frequent items. The sets that
    contain an item are found in the tree of the paths that lead to it, and so on.

    References
    ----------
    J. Han, J. Pei, Y. Yin (2000), "Mining Frequent Patterns without Candidate Generation", SIGMOD,
    1-12.

    Examples
    --------
    >>> frequent_item_sets({(1, 2): 2, (1,): 1, (2, 3): 1}, least=2, max_size=2)
    {(2,): 3, (1, 2): 2, (1,): 3}
    """
    found: dict[tuple[int, ...], int] = {}
    _grow(transactions.items(), (), least, max_size, found)
    return found


def _grow(
    paths: _Weighted,
    suffix: tuple[int, ...],
    least: int,
    max_size: int,
    found: dict[tuple[int, ...], int],
) -> None:
    tree = _Tree(paths, least)
    for item, count in tree.counts.items():
        together = tuple(sorted((*suffix, item)))
        found[together] = count
        if len(found) > MAX_ITEM_SETS:
            raise ParameterError(
                f"there are more than {MAX_ITEM_SETS:,} frequent item sets. Raise min_support, or "
                "lower max_size.",
                least=least,
                max_size=max_size,
            )
        if len(together) < max_size:
            _grow(tree.paths_to(item), together, least, max_size, found)


class _Tree:
    def __init__(self, paths: _Weighted, least: int) -> None:
        paths = list(paths)
        counts: Counter[int] = Counter()
        for items, weight in paths:
            for item in items:
                counts[item] += weight
        frequent = sorted(
            (item for item, count in counts.items() if count >= least),
            key=lambda item: (-counts[item], item),
        )
        place = {item: at for at, item in enumerate(frequent)}
        # Rarest first, as the paths to a rare item are the long ones.
        self.counts = {item: counts[item] for item in reversed(frequent)}
        self._items, self._weights, self._parents = [-1], [0], [0]
        self._nodes: defaultdict[int, list[int]] = defaultdict(list)
        children: dict[tuple[int, int], int] = {}
        for items, weight in paths:
            node = 0
            for item in sorted((item for item in items if item in place), key=place.__getitem__):
                at = children.get((node, item))
                if at is None:
                    at = children[node, item] = len(self._items)
                    self._items.append(item)
                    self._weights.append(0)
                    self._parents.append(node)
                    self._nodes[item].append(at)
                self._weights[at] += weight
                node = at

    def paths_to(self, item: int) -> _Weighted:
        for node in self._nodes[item]:
            path = []
            above = self._parents[node]
            while above:
                path.append(self._items[above])
                above = self._parents[above]
            if path:
                yield tuple(path), self._weights[node]
