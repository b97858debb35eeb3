"""Every metric as data, for tools that list, label and look up figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from telcrm.errors import ParameterError
from telcrm.kpi.metric_catalogue.care_metrics import CARE_METRICS
from telcrm.kpi.metric_catalogue.metric import Metric
from telcrm.kpi.metric_catalogue.money_metrics import MONEY_METRICS
from telcrm.kpi.metric_catalogue.subscriber_metrics import SUBSCRIBER_METRICS
from telcrm.tables.plain_frame import FrameLibrary, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["Catalogue", "catalogue"]

_FORMAT: Final = "telcrm.kpi.catalogue/1"


@dataclass(frozen=True, slots=True, repr=False)
class Catalogue:
    """Metrics, by name.

    Attributes
    ----------
    metrics : tuple of Metric
        Sorted by name; names are unique.
    """

    metrics: tuple[Metric, ...]

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __contains__(self, name: object) -> bool:
        return any(metric.name == name for metric in self.metrics)

    def __getitem__(self, name: str) -> Metric:
        """Return the metric of that name.

        Raises
        ------
        ParameterError
            There is none; the message names the nearest.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        near = self._nearest(name)
        hint = f"Nearest: {', '.join(near)}." if near else "See telcrm.kpi.catalogue()."
        raise ParameterError(f"There is no metric {name!r:.60}. {hint}", name=name, nearest=near)

    def of(self, function: str) -> tuple[Metric, ...]:
        """Return the metrics that a function yields, for example all of ``"movement"``.

        Parameters
        ----------
        function : str
            Of :mod:`telcrm.kpi`.

        Returns
        -------
        tuple of Metric
            Empty if it yields none.
        """
        return tuple(metric for metric in self.metrics if metric.function == function)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return each metric as plain values, lists and dicts."""
        return [metric.model_dump(mode="json") for metric in self.metrics]

    def to_json(self, *, indent: int | None = None) -> str:
        """Write the catalogue as JSON that names its format.

        Parameters
        ----------
        indent : int, optional
            Spaces per level; one line by default.

        Returns
        -------
        str
        """
        content = {"$format": _FORMAT, "metrics": self.to_dicts()}
        return json.dumps(content, indent=indent, ensure_ascii=False)

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return a row for each metric, all columns text.

        Parameters
        ----------
        backend : "polars", "pandas" or "pyarrow"

        Returns
        -------
        dataframe
            ``sources`` are joined by semicolons; ``inputs`` read
            ``subscriber_months(customer_id, period)``.

        Raises
        ------
        ParameterError
            The backend is none of the three.
        MissingExtraError
            It is not installed.
        """
        rows = [_row(metric) for metric in self.metrics]
        columns = {
            name: ResultColumn(str, [row[name] for row in rows]) for name in Metric.model_fields
        }
        return plain_frame(columns, backend)

    def __repr__(self) -> str:
        functions = len({metric.function for metric in self.metrics})
        return f"Catalogue({len(self)} metrics of {functions} functions)"

    def _nearest(self, name: object) -> list[str]:
        names = [metric.name for metric in self.metrics]
        wanted = str(name).strip().lower().replace(" ", "_")
        # "lost_rate" is meant for "movement.lost_rate", however unlike the two are spelt.
        columns = [whole for whole in names if whole.rpartition(".")[2] == wanted]
        return (columns + [n for n in get_close_matches(wanted, names) if n not in columns])[:3]


def _row(metric: Metric) -> dict[str, str | None]:
    inputs = [f"{given.table}({', '.join(given.columns)})" for given in metric.inputs]
    joined = {"sources": "; ".join(metric.sources), "inputs": "; ".join(inputs)}
    return {**metric.model_dump(mode="json"), **joined}


@cache
def catalogue() -> Catalogue:
    """Return every metric that :mod:`telcrm.kpi` can compute, as data.

    Returns
    -------
    Catalogue
        Look metrics up by name, iterate over them, or hand them to other tools by ``to_json`` and
        ``to_frame``.

    Examples
    --------
    >>> metrics = catalogue()
    >>> arpu = metrics["arpu"]
    >>> arpu.title, arpu.formula, arpu.policy
    ('Average revenue per user (ARPU)', 'revenue / users', 'UserBase')
    >>> [metric.column for metric in metrics.of("ces")]
    ['ces', 'responses', 'standard_error']
    >>> metrics["lost_rate"]
    Traceback (most recent call last):
        ...
    telcrm.errors.ParameterError: [TC-PARAM-001] There is no metric 'lost_rate'. Nearest: ...
    """
    every = (*SUBSCRIBER_METRICS, *MONEY_METRICS, *CARE_METRICS)
    return Catalogue(tuple(sorted(every, key=lambda metric: metric.name)))
