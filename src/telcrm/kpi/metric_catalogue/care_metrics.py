"""Metrics of care: satisfaction, complaints, the contact centre and its queues."""

from __future__ import annotations

from typing import Final

from telcrm.kpi.metric_catalogue.metric import CONVENTION, Better, Metric, Unit, family

__all__ = ["CARE_METRICS"]

_UP, _DOWN, _NEITHER = Better.HIGHER, Better.LOWER, Better.NEITHER
_COUNT, _SHARE, _POINTS = Unit.COUNT, Unit.SHARE, Unit.POINTS

_SURVEYS: Final = (("surveys", ("kind", "score", "responded_at")),)
_TIME_AND_GROUP: Final = "month or day, and group of by="
_REICHHELD: Final = "Reichheld (2003), Harvard Business Review 81(12)"
_ROCKS: Final = "Rocks (2016), The American Statistician 70(4), 365-372"
_WILSON: Final = "Wilson (1927), JASA 22, 209-212"
_ERLANG: Final = "Erlang (1917); ITU-D SG 2, Teletraffic Engineering Handbook"
_QUEUES: Final = (
    "Gans, Koole & Mandelbaum (2003), Manufacturing & Service Operations Management 5(2), 79-141",
    "Mandelbaum & Zeltyn (2007), The Palm/Erlang-A Queue",
)

_ANSWERS: Final = (
    ("responses", "Answers", "promoters + passives + detractors", _COUNT, _UP),
    ("promoters", "Promoters", "answers of 9 and 10", _COUNT, _UP),
    ("passives", "Passives", "answers of 7 and 8", _COUNT, _NEITHER),
    ("detractors", "Detractors", "answers of 0 to 6", _COUNT, _DOWN),
    (
        "nps",
        "Net promoter score (NPS)",
        "100 * (promoters - detractors) / responses",
        _POINTS,
        _UP,
    ),
    (
        "standard_error",
        "Standard error of the NPS",
        "100 * sqrt((p + d - (p - d)**2) / responses)",
        _POINTS,
        _DOWN,
    ),
    ("low", "NPS, lower end of the interval", "nps - z * standard_error", _POINTS, _UP),
    ("high", "NPS, upper end of the interval", "nps + z * standard_error", _POINTS, _UP),
)
_QUEUE: Final = (
    ("agents", "Agents", "on the phone", _COUNT, _NEITHER),
    ("load", "Offered load", "calls * handling_time / interval", Unit.ERLANGS, _NEITHER),
    ("occupancy", "Occupancy", "load that is answered / agents", _SHARE, _NEITHER),
    (
        "wait_probability",
        "Probability of waiting",
        "Erlang C; with patience, Erlang A",
        _SHARE,
        _DOWN,
    ),
    (
        "service_level",
        "Service level",
        "1 - C exp(-(n - A) threshold / handling_time)",
        _SHARE,
        _UP,
    ),
    ("mean_wait_s", "Mean wait", "C * handling_time / (n - A)", Unit.SECONDS, _DOWN),
    ("abandonment", "Abandonment", "Erlang A; 0 without impatience", _SHARE, _DOWN),
)

CARE_METRICS: Final[tuple[Metric, ...]] = (
    *family(
        "nps",
        _ANSWERS,
        grain=_TIME_AND_GROUP,
        sources=(_REICHHELD, _ROCKS),
        inputs=_SURVEYS,
        policy="NpsInterval",
    ),
    *family(
        "nps_of_counts",
        _ANSWERS,
        grain="counts given",
        sources=(_REICHHELD, _ROCKS),
        policy="NpsInterval",
    ),
    *family(
        "nps_change",
        (
            ("difference", "Change of the NPS", "after.nps - before.nps", _POINTS, _UP),
            (
                "standard_error",
                "Standard error of the change",
                "sqrt(se_before**2 + se_after**2)",
                _POINTS,
                _DOWN,
            ),
            ("low", "Change, lower end", "difference - z * standard_error", _POINTS, _UP),
            ("high", "Change, upper end", "difference + z * standard_error", _POINTS, _UP),
            (
                "z",
                "Change in standard errors",
                "difference / standard_error",
                Unit.STANDARD_DEVIATIONS,
                _UP,
            ),
            ("p_value", "P-value of the change", "two-sided, normal", _SHARE, _NEITHER),
        ),
        grain="two samples",
        sources=(_REICHHELD, _ROCKS),
        policy="NpsEstimate",
    ),
    *family(
        "csat",
        (
            ("responses", "Answers", "rows of the question", _COUNT, _UP),
            ("satisfied", "Satisfied answers", "answers in the top boxes", _COUNT, _UP),
            ("csat", "Customer satisfaction (CSAT)", "satisfied / responses", _SHARE, _UP),
            ("low", "CSAT, lower end", "Wilson score interval", _SHARE, _UP),
            ("high", "CSAT, upper end", "Wilson score interval", _SHARE, _UP),
        ),
        grain=_TIME_AND_GROUP,
        sources=(CONVENTION, _WILSON),
        inputs=_SURVEYS,
        policy="Grain",
    ),
    *family(
        "ces",
        (
            ("responses", "Answers", "rows of the question", _COUNT, _UP),
            ("ces", "Customer effort score (CES)", "mean of score, 7 is easiest", Unit.SCORE, _UP),
            (
                "standard_error",
                "Standard error of the CES",
                "standard deviation / sqrt(responses)",
                Unit.SCORE,
                _DOWN,
            ),
        ),
        grain=_TIME_AND_GROUP,
        sources=("Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8)",),
        inputs=_SURVEYS,
        policy="Grain",
    ),
    *family(
        "wilson_interval",
        (
            (
                "wilson_interval",
                "Interval of a share",
                "(k + z**2/2 -+ z sqrt(k (n-k) / n + z**2/4)) / (n + z**2)",
                _SHARE,
                _NEITHER,
            ),
        ),
        grain="counts given",
        sources=(_WILSON, "Newcombe (1998), Statistics in Medicine 17, 857-872, method 3"),
        one_number=True,
    ),
    *family(
        "complaint_rate",
        (
            ("complaints", "Complaints", "received in the month", _COUNT, _DOWN),
            ("customers", "Customers of the rate", "by the base chosen", _COUNT, _NEITHER),
            (
                "complaints_per_1000",
                "Complaints per thousand customers",
                "1000 * complaints / customers",
                Unit.PER_1000,
                _DOWN,
            ),
        ),
        grain="month, and group of by= and complaint_by=",
        sources=("Vodafone Group, annual report, definitions",),
        inputs=(("complaints", ("received_at",)), ("subscriber_months", ("customer_id", "period"))),
        policy="CustomerBase",
    ),
    *family(
        "time_to_resolve",
        (
            ("received", "Complaints received", "resolved + ended + open", _COUNT, _DOWN),
            ("resolved", "Complaints resolved", "resolved by as_of", _COUNT, _UP),
            ("ended", "Complaints ended", "over, without an instant", _COUNT, _NEITHER),
            ("open", "Complaints open", "neither resolved nor ended", _COUNT, _DOWN),
            ("mean_hours", "Mean time to resolve", "mean of resolved", Unit.HOURS, _DOWN),
            ("median_hours", "Median time to resolve", "median of resolved", Unit.HOURS, _DOWN),
            ("judged", "Complaints judged", "whose hours are over", _COUNT, _NEITHER),
            ("resolved_within", "Resolved in time", "judged, resolved in the hours", _COUNT, _UP),
            ("share_within", "Share resolved in time", "resolved_within / judged", _SHARE, _UP),
        ),
        grain=_TIME_AND_GROUP,
        sources=(CONVENTION,),
        inputs=(("complaints", ("received_at", "resolved_at", "status")),),
        policy="Grain",
    ),
    *family(
        "first_contact_resolution",
        (
            ("contacts", "Contacts", "complaints received by as_of", _COUNT, _DOWN),
            ("repeats", "Repeats", "within the window after another", _COUNT, _DOWN),
            ("first_contacts", "First contacts", "contacts - repeats", _COUNT, _NEITHER),
            ("judged", "First contacts judged", "whose window is over", _COUNT, _NEITHER),
            ("resolved_at_first", "Resolved at first", "judged, no repeat", _COUNT, _UP),
            (
                "first_contact_resolution",
                "First-contact resolution (FCR)",
                "resolved_at_first / judged",
                _SHARE,
                _UP,
            ),
        ),
        grain=_TIME_AND_GROUP,
        sources=(
            "Call Centre Helper, First Call (Contact) Resolution",
            "WFM Labs, First Contact Resolution",
        ),
        inputs=(
            (
                "complaints",
                ("complaint_id", "customer_id", "category", "received_at", "resolved_at"),
            ),
        ),
        policy="Grain",
    ),
    *family(
        "contact_centre",
        (
            ("offered", "Contacts offered", "answered + abandoned + short", _COUNT, _NEITHER),
            ("answered", "Contacts answered", "not abandoned", _COUNT, _UP),
            ("answered_in_time", "Answered in time", "wait <= threshold_s", _COUNT, _UP),
            ("abandoned", "Contacts abandoned", "given up, not at once", _COUNT, _DOWN),
            ("short_abandoned", "Short abandons", "given up at once", _COUNT, _NEITHER),
            ("unmeasured", "Contacts unmeasured", "no outcome or wait", _COUNT, _DOWN),
            (
                "service_level",
                "Service level",
                "answered_in_time / (answered + abandoned), by policy",
                _SHARE,
                _UP,
            ),
            (
                "abandonment_rate",
                "Abandonment rate",
                "abandoned / (answered + abandoned)",
                _SHARE,
                _DOWN,
            ),
            ("asa_s", "Average speed of answer (ASA)", "mean wait_s", Unit.SECONDS, _DOWN),
            ("aht_s", "Average handling time (AHT)", "mean duration_s", Unit.SECONDS, _DOWN),
        ),
        grain=_TIME_AND_GROUP,
        sources=("ICMI, Queue Tips, Service Level Calculations (2002)",),
        inputs=(("interactions", ("direction", "outcome", "wait_s", "duration_s", "started_at")),),
        policy="ServiceLevelPolicy",
    ),
    *family(
        "offered_load",
        (
            (
                "offered_load",
                "Offered load",
                "calls * handling_time_s / interval_s",
                Unit.ERLANGS,
                _NEITHER,
            ),
        ),
        grain="interval",
        sources=(_ERLANG,),
        one_number=True,
    ),
    *family(
        "erlang_b",
        (("erlang_b", "Blocking", "B(n) = A B(n-1) / (n + A B(n-1))", _SHARE, _DOWN),),
        grain="group of lines",
        sources=(_ERLANG,),
        one_number=True,
    ),
    *family(
        "erlang_c",
        (("erlang_c", "Probability of waiting", "n B / (n - A (1 - B))", _SHARE, _DOWN),),
        grain="group of agents",
        sources=(_ERLANG,),
        one_number=True,
    ),
    *family(
        "lines_for",
        (("lines_for", "Lines needed", "least n with B(n) <= blocking", _COUNT, _NEITHER),),
        grain="group of lines",
        sources=(_ERLANG,),
        one_number=True,
    ),
    *family("queue_measures", _QUEUE, grain="group of agents", sources=_QUEUES),
    *family("agents_for", _QUEUE, grain="least group of agents that will do", sources=_QUEUES),
)
