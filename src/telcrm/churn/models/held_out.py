"""Parts of customers that are held out in turn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from telcrm.errors import ParameterError

__all__ = ["held_out_parts"]


def held_out_parts(
    left: NDArray[np.bool_], groups: ArrayLike | None, *, folds: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return places of rows to learn from and of those held out, fold by fold.

    Parameters
    ----------
    left : array of bool, shape (n,)
    groups : array-like of shape (n,), or None
        Rows of one group are held out together.
    folds, seed : int

    Returns
    -------
    list of (array of int, array of int)
        Each row is held out once; each part has about the share of leavers of the whole.

    Raises
    ------
    ParameterError
        There are fewer leavers, stayers or groups than folds, or groups are of another length.
    """
    counts = {"leavers": int(left.sum()), "stayers": int((~left).sum())}
    if groups is None:
        splitter: Any = StratifiedKFold(folds, shuffle=True, random_state=seed)
        named = None
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        named = np.asarray(groups)
        if named.shape != left.shape:
            raise ParameterError(
                f"groups has the shape {named.shape}, and X {left.size:,} rows. Pass the customer "
                "of each row.",
                rows=left.size,
            )
        counts["groups"] = len(set(named.tolist()))
    few = {name: count for name, count in counts.items() if count < folds}
    if few:
        told = ", ".join(f"{count} {name}" for name, count in few.items())
        raise ParameterError(
            f"folds is {folds}, and there are {told} only. Take fewer folds, or more customers.",
            folds=folds,
            **few,
        )
    parts = [(learn, tell) for learn, tell in splitter.split(left, left, named) if tell.size]
    if any(left[learn].all() or not left[learn].any() for learn, _ in parts):
        raise ParameterError(
            f"in {folds} folds of groups, those who left (or stayed) are all of one fold. Take "
            "fewer folds, or more customers.",
            folds=folds,
        )
    return parts
