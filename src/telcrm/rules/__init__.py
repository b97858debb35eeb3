"""One rule language for segments, fraud, churn warnings and eligibility.

A condition is a typed record: it is checked against a table's contract, stored as JSON, said in
plain English, and put to whole columns of any engine or to one record at a time, with the same
answer. A test on a missing value does not hold.

>>> from telcrm.rules import describe, explain, field
>>> at_risk = (field("tenure_months") < 6) & (field("revenue") < 0.5 * field("revenue_before"))
>>> describe(at_risk)
'tenure_months is below 6 and revenue is below 0.5 times revenue_before'
>>> explain(at_risk, {"tenure_months": 3, "revenue": 9.9, "revenue_before": 25}).words
'tenure_months 3 is below 6; revenue 9.9 is below 0.5 times revenue_before (25)'
"""

from telcrm.rules.check import Problem, ProblemKind, TableColumn, TableShape, check, find_problems
from telcrm.rules.compile_columns import (
    condition_column,
    flag_columns,
    label_column,
    rule_column,
    score_column,
)
from telcrm.rules.compile_record import condition_test, fired_rules, holds
from telcrm.rules.condition import (
    MAX_DEPTH,
    MAX_LISTED,
    MAX_TESTS,
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareFields,
    Comparison,
    Condition,
    Ends,
    FieldTest,
    IsMissing,
    Not,
    OneOf,
    TextMatch,
    TextTest,
    all_of,
    any_of,
    condition_from_json,
    not_,
)
from telcrm.rules.decision import Decision, Evidence, Explanation, RuleOutcome, decide, explain
from telcrm.rules.field import Field, ScaledField, field
from telcrm.rules.row import Row
from telcrm.rules.rule import Rule
from telcrm.rules.rule_set import MAX_RULES, Matching, RuleSet
from telcrm.rules.value import RuleValue, SeenValue, Value, ValueKind
from telcrm.rules.wording import describe

__all__ = [
    "MAX_DEPTH",
    "MAX_LISTED",
    "MAX_RULES",
    "MAX_TESTS",
    "AllOf",
    "AnyOf",
    "Between",
    "Compare",
    "CompareFields",
    "Comparison",
    "Condition",
    "Decision",
    "Ends",
    "Evidence",
    "Explanation",
    "Field",
    "FieldTest",
    "IsMissing",
    "Matching",
    "Not",
    "OneOf",
    "Problem",
    "ProblemKind",
    "Row",
    "Rule",
    "RuleOutcome",
    "RuleSet",
    "RuleValue",
    "ScaledField",
    "SeenValue",
    "TableColumn",
    "TableShape",
    "TextMatch",
    "TextTest",
    "Value",
    "ValueKind",
    "all_of",
    "any_of",
    "check",
    "condition_column",
    "condition_from_json",
    "condition_test",
    "decide",
    "describe",
    "explain",
    "field",
    "find_problems",
    "fired_rules",
    "flag_columns",
    "holds",
    "label_column",
    "not_",
    "rule_column",
    "score_column",
]
