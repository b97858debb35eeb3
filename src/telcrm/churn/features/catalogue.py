"""Every feature that a panel can have, and those that a set of tables allows for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from telcrm.churn.features.arrears import ARREARS
from telcrm.churn.features.attributes import ATTRIBUTES
from telcrm.churn.features.bills import BILLS
from telcrm.churn.features.complaints import COMPLAINTS
from telcrm.churn.features.contacts import CONTACTS
from telcrm.churn.features.feature import Family, Feature
from telcrm.churn.features.months import MONTHS
from telcrm.churn.features.network import NETWORK
from telcrm.churn.features.recency import RECENCY
from telcrm.churn.features.recharges import RECHARGES
from telcrm.churn.features.tenure import TENURE
from telcrm.churn.features.trends import TRENDS
from telcrm.churn.snapshots.sources import PanelSources
from telcrm.errors import MissingTableError, ParameterError

__all__ = ["FAMILIES", "FEATURES", "chosen_features"]

FAMILIES: tuple[Family, ...] = (
    TENURE,
    ATTRIBUTES,
    TRENDS,
    RECENCY,
    MONTHS,
    RECHARGES,
    BILLS,
    ARREARS,
    COMPLAINTS,
    CONTACTS,
    NETWORK,
)
"""The families in the order of their columns."""

FEATURES: Mapping[str, Feature] = MappingProxyType(
    {feature.name: feature for family in FAMILIES for feature in family.features}
)
"""Every feature by its name."""


def chosen_features(sources: PanelSources, wanted: Sequence[str] | str | None) -> list[str]:
    """Return the features that are to be made, in the order of the catalogue.

    Parameters
    ----------
    sources : PanelSources
    wanted : sequence of str, optional
        Names of features and of families; all by default. Of a family those are made that the
        tables allow for.

    Returns
    -------
    list of str

    Raises
    ------
    ParameterError
        A name is no feature and no family.
    MissingTableError
        A feature that was asked for by name lacks a table or a column.
    """
    there = [name for name, feature in FEATURES.items() if not feature.missing(sources)]
    if wanted is None:
        return there
    families = {family.name: [each.name for each in family.features] for family in FAMILIES}
    asked: set[str] = set()
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if name in families:
            asked |= set(families[name]) & set(there)
            continue
        if name not in FEATURES:
            near = get_close_matches(str(name), [*FEATURES, *families], n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise ParameterError(
                f"features: there is no feature or family {name!r}. {hint}Families: "
                f"{', '.join(families)}; telcrm.churn.FEATURES lists the features.",
                feature=name,
            )
        missing = FEATURES[name].missing(sources)
        if missing:
            raise MissingTableError(
                f"features: {name!r} is made from {', '.join(missing)}, which the tables lack. "
                "Add it, or leave the feature out.",
                feature=name,
                missing=missing,
            )
        asked.add(name)
    return [name for name in FEATURES if name in asked]
