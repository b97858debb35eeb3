"""Boosted trees as plain data: stored as numbers, and scored without the library that grew them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from telcrm.domain import Record

__all__ = ["MOST_LEAVES", "Tree", "TreeEnsemble"]

Floats = NDArray[np.float64]
Finite = Annotated[float, Field(allow_inf_nan=False)]

MOST_LEAVES: Final = 32
"""As many as a word has bits."""

_ROWS_AT_ONCE: Final = 8_192
# A multiplication by it shifts each power of two to another place of the top five bits.
_DE_BRUIJN: Final = np.uint32(0x077CB531)
_PLACES: Final = ((np.uint32(1) << np.arange(32, dtype=np.uint32)) * _DE_BRUIJN) >> np.uint32(27)


class Tree(Record):
    """A regression tree: its questions in any order, its leaves from left to right.

    Attributes
    ----------
    columns : tuple of int
        For each question, the place of the column that it asks about.
    thresholds : tuple of float or None
        Who is not above goes left; None where the question is about categories.
    categories : tuple of (tuple of int) or None
        Codes that go left; None where the question is about a number.
    nulls_left : tuple of bool
    left_leaves : tuple of int
        The leaves to the left of each question, a bit each.
    values : tuple of float
        Of the leaves.
    """

    columns: tuple[int, ...]
    thresholds: tuple[Finite | None, ...]
    categories: tuple[tuple[int, ...] | None, ...]
    nulls_left: tuple[bool, ...]
    left_leaves: tuple[int, ...]
    values: tuple[Finite, ...]

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        questions = {
            len(each) for each in (self.columns, self.thresholds, self.categories, self.nulls_left)
        } | {len(self.left_leaves)}
        if questions != {len(self.values) - 1} or len(self.values) > MOST_LEAVES:
            message = "a tree has one leaf more than questions, and 32 at most"
            raise ValueError(message)
        return self

    @classmethod
    def of(cls, nodes: NDArray[Any], left_categories: Sequence[Any], *, share: float = 1.0) -> Tree:
        """Read a tree as scikit-learn's histogram boosting keeps it.

        Parameters
        ----------
        nodes : structured array
            Of a ``TreePredictor``.
        left_categories : sequence of array of uint32
            Its bit sets of the categories that go left.
        share : float
            What its values are multiplied by.

        Returns
        -------
        Tree
        """
        values: list[float] = []
        questions: list[tuple[Any, int]] = []

        def leaves_below(at: int) -> int:
            node = nodes[at]
            if node["is_leaf"]:
                values.append(share * float(node["value"]))
                return 1 << (len(values) - 1)
            left = leaves_below(int(node["left"]))
            questions.append((node, left))
            return left | leaves_below(int(node["right"]))

        leaves_below(0)
        codes = [
            _members(left_categories[node["bitset_idx"]]) if node["is_categorical"] else None
            for node, _ in questions
        ]
        return cls(
            columns=tuple(int(node["feature_idx"]) for node, _ in questions),
            # Beyond all values, which scikit-learn writes as an infinity, only nulls go right.
            thresholds=tuple(
                None
                if node["is_categorical"]
                else float(np.minimum(node["num_threshold"], np.finfo(np.float64).max))
                for node, _ in questions
            ),
            categories=tuple(codes),
            nulls_left=tuple(bool(node["missing_go_to_left"]) for node, _ in questions),
            left_leaves=tuple(left for _, left in questions),
            values=tuple(values),
        )


class TreeEnsemble(Record):
    """Trees whose values add up to log odds.

    Attributes
    ----------
    baseline : float
    trees : tuple of Tree
    """

    baseline: Finite
    trees: tuple[Tree, ...]

    def log_odds(self, matrix: Floats) -> Floats:
        """Return the log odds of each row.

        Parameters
        ----------
        matrix : array of shape (n, m)
            Numbers, and codes of categories; NaN is a null.

        Returns
        -------
        array of shape (n,)

        Notes
        -----
        QuickScorer (Lucchese et al. 2015, SIGIR, 73-82): each question that sends a row to the
        right strikes the leaves to its left off, and the row ends in the first leaf that is left.
        Questions are asked of a block of rows at a time, without a branch.
        """
        compiled = [_Compiled.of(tree) for tree in self.trees]
        found = np.full(len(matrix), self.baseline)
        for first in range(0, len(matrix), _ROWS_AT_ONCE):
            block = np.ascontiguousarray(matrix[first : first + _ROWS_AT_ONCE].T)
            nulls = np.isnan(block)
            codes = np.where(nulls, -1.0, block)
            into = found[first : first + _ROWS_AT_ONCE]
            for tree in compiled:
                into += tree.values_of(block, nulls, codes)
        return found


class _Compiled:
    """A tree, ready to be asked."""

    def __init__(self, questions: list[tuple[int, Any, bool, np.uint32]], leaves: Floats) -> None:
        self.questions = questions
        self.leaves = leaves

    @classmethod
    def of(cls, tree: Tree) -> _Compiled:
        questions = []
        for column, threshold, codes, nulls_left, leaves in zip(
            tree.columns,
            tree.thresholds,
            tree.categories,
            tree.nulls_left,
            tree.left_leaves,
            strict=True,
        ):
            test: Any = threshold if codes is None else np.array(codes, dtype=np.float64)
            questions.append((column, test, nulls_left, np.uint32(leaves)))
        leaves_by_place = np.zeros(32)
        leaves_by_place[_PLACES[: len(tree.values)]] = tree.values
        return cls(questions, leaves_by_place)

    def values_of(self, block: Floats, nulls: NDArray[np.bool_], codes: Floats) -> Floats:
        struck = np.zeros(block.shape[1], dtype=np.uint32)
        for column, test, nulls_left, leaves in self.questions:
            if isinstance(test, np.ndarray):
                right = ~np.isin(codes[column], test)
            else:
                right = ~(block[column] <= test)
            if nulls_left:
                right &= ~nulls[column]
            elif isinstance(test, np.ndarray):
                right |= nulls[column]
            struck |= right * leaves
        first = ~struck & (struck + np.uint32(1))
        found: Floats = self.leaves[(first * _DE_BRUIJN) >> np.uint32(27)]
        return found


def _members(bits: Any) -> tuple[int, ...]:
    return tuple(
        32 * word + bit
        for word, value in enumerate(bits)
        for bit in range(32)
        if int(value) >> bit & 1
    )
