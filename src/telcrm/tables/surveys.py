"""Table ``surveys``: one row per answer to one question."""

import narwhals.stable.v2 as nw

from telcrm.domain import SurveyKind, SurveyResponse
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["SURVEYS"]


def _off_its_scale() -> nw.Expr:
    per_kind = [
        (nw.col("kind") == kind.value)
        & ((nw.col("score") < kind.scale[0]) | (nw.col("score") > kind.scale[1]))
        for kind in SurveyKind
    ]
    return nw.any_horizontal(*per_kind, ignore_nulls=True)


SURVEYS = derive_contract(
    SurveyResponse,
    name="surveys",
    key=("survey_id",),
    required=("customer_id", "responded_at", "kind", "score"),
    row_rules=(
        RowRule(
            name="off_its_scale",
            words="lies off the scale of its kind",
            columns=("kind", "score"),
            failing=_off_its_scale,
            validator="_on_its_scale",
        ),
    ),
)
