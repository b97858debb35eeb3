"""The value of postpaid contracts: monthly hazards by cause, and the money that follows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from telcrm.domain import Record
from telcrm.domain.arguments import require_not_negative, whole_between
from telcrm.errors import ParameterError
from telcrm.value.contractual.amount import Amount
from telcrm.value.contractual.commitment import CommitmentPolicy
from telcrm.value.contractual.contract_curve import ContractCurve
from telcrm.value.contractual.contract_terms import ContractTerms, ContractValuePolicy
from telcrm.value.contractual.covariates import Covariate, read_pattern
from telcrm.value.contractual.hazards import HazardLayout
from telcrm.value.contractual.line_columns import LONGEST, LineColumns
from telcrm.value.contractual.line_scoring import LineScoring
from telcrm.value.contractual.multinomial import CauseCounts, fit_causes
from telcrm.value.contractual.person_months import read_person_months
from telcrm.value.contractual.projection import (
    HazardOdds,
    LineStates,
    ProjectedMonth,
    open_after,
    project,
)
from telcrm.value.contractual.tenure_baseline import TenureBaseline
from telcrm.value.contractual.value_parts import ValueParts, value_parts
from telcrm.value.scoring import Arrays
from telcrm.value.value_model import FittedState, ValueModel

__all__ = ["ContractValueModel"]

FrameT = TypeVar("FrameT")
Floats = NDArray[np.float64]

_SEPARATED: Final = (
    "Under some value nobody left, or everybody: merge it with another value, or use ridge."
)
_BASELINE: Final = TenureBaseline()
_COMMITMENT: Final = CommitmentPolicy()
_TERMS: Final = ContractTerms()
_POLICY: Final = ContractValuePolicy()
_RESULTS: Final = (
    "margin_value",
    "fee_value",
    "loss_value",
    "subsidy_value",
    "acquisition_value",
    "lifetime_value",
    "expected_months",
    "survival",
)


class _State(FittedState):
    subscription: str
    tenure: str
    event: str
    causes: Annotated[tuple[str, ...], Field(min_length=1)]
    months_to_contract_end: str | None
    covariates: tuple[str, ...]
    baseline: TenureBaseline
    commitment: CommitmentPolicy
    ridge: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    terms: ContractTerms
    policy: ContractValuePolicy
    levels_: tuple[tuple[str, ...] | None, ...]
    longest_tenure_: float
    months_: int
    leavers_: tuple[int, ...]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        covariates = map(Covariate, self.covariates, self.levels_)
        layout = HazardLayout(
            causes=self.causes,
            baseline=self.baseline,
            longest_tenure=self.longest_tenure_,
            has_phases=self.months_to_contract_end is not None,
            covariates=tuple(covariates),
        )
        if (len(self.levels_), len(self.leavers_), len(self.estimates_)) != (
            len(self.covariates),
            len(self.causes),
            len(layout.names),
        ):
            message = "covariates, causes and estimates do not go together: one is missing"
            raise ValueError(message)
        return self


class ContractValueModel(ValueModel):
    """Monthly chances to leave by cause, learnt from months at risk, and the value they leave.

    Parameters
    ----------
    subscription, tenure, event : str
        Columns of months at risk: the line; its whole months of tenure at the start of the month;
        null or ``""`` for a line that stayed through the month, else why it left in it.
    causes : tuple of str
        All that ``event`` may hold.
    months_to_contract_end : str, optional
        Column of months to the end of the commitment in each month: 0 is its last month, -1 the
        first one after it, null none. Without it, contract phases play no part.
    covariates : tuple of str
        Columns of numbers, booleans, or text, which is a category. They may change from month to
        month; ahead, they stay as they are.
    baseline : TenureBaseline
        How leaving depends on tenure.
    commitment : CommitmentPolicy
        Which months count as committed, and as the end of a commitment.
    ridge : float
        Penalty on the squares of the coefficients, for terms of standard deviation 1; 0 is plain
        maximum likelihood. It is for data too thin to fit otherwise: standard errors then say how
        far the penalised estimates spread.
    terms : ContractTerms
        Renewals, subsidies, fees and debts.
    policy : ContractValuePolicy
        Horizon, discount, timing and growth.

    Attributes
    ----------
    coefficients_ : dict of str to float
        Log odds of leaving for a cause, against staying: ``"voluntary:segment=youth"``.
    months_ : int
        Months at risk; ``customers_`` counts the lines.
    leavers_ : tuple of int
        Lines that left for each cause.
    longest_tenure_ : float
        Seen in months at risk.

    Notes
    -----
    With competing causes ``c`` the chance to leave for one of them in a month is a multinomial
    logit (Allison (1982), Sociological Methodology 13, 61-98; Singer & Willett (1993), Journal of
    Educational Statistics 18(2), 155-195; Tutz & Schmid (2016), *Modeling Discrete Time-to-Event
    Data*, chapter 8)::

        h_c(t) = exp(a_c + b_c(t) + x g_c) / (1 + sum over d of exp(a_d + b_d(t) + x g_d))
        S(t) = prod over s < t of (1 - sum over c of h_c(s))

    A line that was there before the first month of the table comes in with the tenure that it has
    then, and nothing is said of earlier months: left truncation needs no more in this form, and a
    line that is still there at the end simply has no event.

    Its value is the sum over the months of the horizon of what is expected of it, discounted. All
    parts are linear in margin and revenue, so lines in the same state are projected once.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {
    ...         "subscription_id": [str(line) for line in range(200)],
    ...         "tenure_months": [line % 20 for line in range(200)],
    ...         "event": ["voluntary" if line % 10 == 0 else None for line in range(200)],
    ...     }
    ... )
    >>> model = ContractValueModel(
    ...     causes=("voluntary",),
    ...     baseline=TenureBaseline(form="constant"),
    ...     policy=ContractValuePolicy(horizon_months=2, discount={"annual": 0.0}),
    ... ).fit(months)
    >>> now = pl.DataFrame({"tenure_months": [3], "margin": [10.0]})
    >>> model.lifetime_value(now).select(pl.col("lifetime_value", "survival").round(6)).row(0)
    (19.0, 0.81)
    """

    kind: ClassVar[str] = "contract_value"
    stored_as: ClassVar[type[Record]] = _State

    levels_: tuple[tuple[str, ...] | None, ...]
    longest_tenure_: float
    months_: int
    leavers_: tuple[int, ...]

    def __init__(
        self,
        *,
        subscription: str = "subscription_id",
        tenure: str = "tenure_months",
        event: str = "event",
        causes: Sequence[str] = ("voluntary", "involuntary"),
        months_to_contract_end: str | None = None,
        covariates: Sequence[str] = (),
        baseline: TenureBaseline = _BASELINE,
        commitment: CommitmentPolicy = _COMMITMENT,
        ridge: float = 0.0,
        terms: ContractTerms = _TERMS,
        policy: ContractValuePolicy = _POLICY,
    ) -> None:
        self.subscription = subscription
        self.tenure = tenure
        self.event = event
        self.causes = causes
        self.months_to_contract_end = months_to_contract_end
        self.covariates = covariates
        self.baseline = baseline
        self.commitment = commitment
        self.ridge = ridge
        self.terms = terms
        self.policy = policy

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Cause by cause, ``constant`` and the terms: ``"voluntary:constant"``."""
        return self._layout.names

    @property
    def positive_parameters(self) -> int:
        """0: all are coefficients."""
        return 0

    def fit(self, frame: Any) -> Self:
        """Learn the chances to leave.

        Parameters
        ----------
        frame : dataframe
            A row for each month that a line was at risk, in any order.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError
        ParameterError
            Causes are named twice or not at all, ``ridge`` is below 0, or a policy is none.
        UnidentifiedModelError
            Nobody left for a cause, or a covariate is constant or follows from others.

        Warns
        -----
        ConvergenceWarning
            A coefficient ran to the end of its range: nobody, or everybody, left under some value
            of its term.
        """
        causes = self._checked_causes()
        self._check_parameters()
        months = read_person_months(
            frame,
            self._columns,
            subscription=self.subscription,
            event=self.event,
            causes=causes,
            commitment=self.commitment,
        )
        layout = HazardLayout(
            causes=causes,
            baseline=self.baseline,
            longest_tenure=float(months.tenure.max(initial=0.0)),
            has_phases=self.months_to_contract_end is not None,
            covariates=months.covariates,
        )
        data = CauseCounts(layout.design(months), months.counts, layout.terms)
        model = type(self).__name__
        found = fit_causes(data, causes=causes, ridge=float(self.ridge), model=model)
        self.levels_ = tuple(each.levels for each in layout.covariates)
        self.longest_tenure_ = layout.longest_tenure
        self.months_ = int(months.counts.sum())
        self.leavers_ = tuple(int(number) for number in months.counts[:, 1:].sum(axis=0))
        return self._keep(
            found,
            customers=float(months.lines),
            ends=dict.fromkeys(self.parameter_names, _SEPARATED),
        )

    def lifetime_value(
        self, frame: FrameT, *, margin: str | float = "margin", revenue: str | float | None = None
    ) -> FrameT:
        """Add what each line is worth over the horizon, and of what that is made.

        Parameters
        ----------
        frame : dataframe
            A row for each line as it stands at the start of the first month that counts: tenure,
            months to the end of the commitment and covariates, as in ``fit``.
        margin : str or float
            Column of the margin of this month, or one margin for all.
        revenue : str or float, optional
            Likewise; needed if ``terms`` count debts, which are months of revenue.

        Returns
        -------
        dataframe
            ``frame`` with columns of Float64: ``margin_value``, ``fee_value`` (0 or above),
            ``loss_value``, ``subsidy_value``, ``acquisition_value`` (0 or below),
            ``lifetime_value``, their sum, ``expected_months`` within the horizon, and ``survival``
            beyond it.

        Raises
        ------
        NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError
        CurrencyMismatchError
        ParameterError
            The frame has such a column, revenue is needed, or ``terms`` name an unknown cause.
        """
        self.require_fitted()
        paid, billed = self._amounts(margin, revenue)
        scoring = self._scoring
        opened = scoring.open(frame, [paid, billed], _RESULTS)

        def compute(states: Floats) -> Arrays:
            parts = self._parts(np.array(self.estimates_), states)
            return {f"_part_{one.name}": getattr(parts, one.name) for one in fields(parts)}

        def part(name: str) -> nw.Expr:
            return nw.col(f"_part_{name}")

        values = {
            "margin_value": part("margin") * paid.expression,
            "fee_value": part("fee"),
            "loss_value": part("loss") * billed.expression,
            "subsidy_value": part("subsidy"),
            "acquisition_value": part("acquisition"),
        }
        values["lifetime_value"] = nw.sum_horizontal(*values.values())
        values |= {name: part(name) for name in ("expected_months", "survival")}
        return scoring.score(opened, compute, values)  # type: ignore[no-any-return]

    def lifetime_value_draws(
        self,
        frame: Any,
        *,
        draws: int,
        random_state: int,
        margin: str | float = "margin",
        revenue: str | float | None = None,
    ) -> Floats:
        """Return the mean value of the lines for coefficients drawn as uncertain as they are.

        Parameters
        ----------
        frame, margin, revenue
            As :meth:`lifetime_value` takes them; one line at least.
        draws : int
            1 or more.
        random_state : int

        Returns
        -------
        array of shape (draws,)
            Their 5 and 95 % quantiles are an interval of 90 % for the mean value. It counts the
            uncertainty of the coefficients, not the luck of single lines, which hardly moves the
            mean of many.

        Raises
        ------
        NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
            As :meth:`lifetime_value` says; also if there is no line.
        """
        self.require_fitted()
        paid, billed = self._amounts(margin, revenue)
        scoring = self._scoring
        opened = scoring.open(frame, [paid, billed], ())
        coefficients = self.parameter_draws(draws, random_state=random_state)
        state = scoring.expressions(opened)
        sums = {"_margin": paid.expression, "_revenue": billed.expression}
        rows = opened.rows.select(**state, **sums)
        found = (
            rows.group_by(*state)
            .agg(*[nw.col(name).sum() for name in sums], _lines=nw.len())
            .sort(*state)
            .collect()
        )
        arrays = {name: found[name].to_numpy().astype(np.float64) for name in found.columns}
        lines = arrays["_lines"]
        if not lines.size:
            raise ParameterError("lifetime_value_draws: there is no line to take a mean of.")
        states = scoring.states(arrays)
        margins, revenues = arrays["_margin"] / lines, arrays["_revenue"] / lines
        totals = [self._parts(one, states).total(margins, revenues) @ lines for one in coefficients]
        means: Floats = np.array(totals) / lines.sum()
        return means

    def survival(self, frame: FrameT, *, months: int) -> FrameT:
        """Add the chance that each line is still there some months from now.

        Parameters
        ----------
        frame : dataframe
            As :meth:`lifetime_value` takes it.
        months : int
            1 to 1,200.

        Returns
        -------
        dataframe
            ``frame`` with the column ``survival``.

        Raises
        ------
        NotFittedError, ParameterError, MissingColumnsError, ColumnTypeError, InvalidTableError
        """
        self.require_fitted()
        ahead = whole_between("months", months, 1, LONGEST)
        scoring = self._scoring
        opened = scoring.open(frame, [], ("survival",))

        def compute(states: Floats) -> Arrays:
            *_, last = self._project(np.array(self.estimates_), states, ahead)
            return {"_survival": last.alive}

        return scoring.score(opened, compute, {"survival": nw.col("_survival")})  # type: ignore[no-any-return]

    def curve(
        self,
        *,
        months: int,
        tenure: int = 0,
        months_to_contract_end: int | None = None,
        covariates: Mapping[str, Any] | None = None,
    ) -> ContractCurve:
        """Return survival and the causes of leaving of one kind of line, month by month.

        Parameters
        ----------
        months : int
            1 to 1,200.
        tenure : int
            Months, now.
        months_to_contract_end : int, optional
            Now; None for no commitment.
        covariates : mapping of str to object, optional
            A value for each covariate of the model.

        Returns
        -------
        ContractCurve

        Raises
        ------
        NotFittedError, ParameterError

        Examples
        --------
        >>> import polars as pl
        >>> columns = ["subscription_id", "tenure_months", "event"]
        >>> rows = [(str(at), at % 12, ["voluntary", None][at % 10 > 0]) for at in range(120)]
        >>> months = pl.DataFrame(rows, columns, orient="row")
        >>> constant = TenureBaseline(form="constant")
        >>> model = ContractValueModel(causes=["voluntary"], baseline=constant).fit(months)
        >>> model.curve(months=2)
        ContractCurve(81.0% left after 2 months; lost: voluntary 19.0%)
        """
        self.require_fitted()
        ahead = whole_between("months", months, 1, LONGEST)
        pattern = read_pattern(self._covariates, covariates or {})
        end = -open_after(self.commitment, self.terms)
        if months_to_contract_end is not None:
            if self.months_to_contract_end is None:
                raise ParameterError(
                    "curve: the model was fitted without months_to_contract_end. Leave it out, or "
                    "fit with that column.",
                    parameter="months_to_contract_end",
                )
            given = whole_between(
                "months_to_contract_end", months_to_contract_end, -LONGEST, LONGEST
            )
            end = max(given, end)
        start = np.array([[whole_between("tenure", tenure, 0, LONGEST), end, *pattern]])
        survival, left = [], [np.zeros(len(self.leavers_))]
        for month in self._project(np.array(self.estimates_), start.astype(np.float64), ahead):
            survival.append(float(month.alive[0]))
            left.append(left[-1] + month.leaving[:, 0])
        gone = np.array(left[: ahead + 1]).T
        curves = zip(self._checked_causes(), gone, strict=True)
        return ContractCurve(
            tuple(survival), {cause: tuple(values.tolist()) for cause, values in curves}
        )

    @property
    def _columns(self) -> LineColumns:
        return LineColumns(self.tenure, self.months_to_contract_end, tuple(self.covariates))

    @property
    def _covariates(self) -> tuple[Covariate, ...]:
        pairs = zip(self.covariates, self.levels_, strict=True)
        return tuple(Covariate(column, levels) for column, levels in pairs)

    @property
    def _layout(self) -> HazardLayout:
        return HazardLayout(
            causes=tuple(self.causes),
            baseline=self.baseline,
            longest_tenure=self.longest_tenure_,
            has_phases=self.months_to_contract_end is not None,
            covariates=self._covariates,
        )

    def _checked_causes(self) -> tuple[str, ...]:
        causes = tuple(self.causes)
        if not causes or len({*causes, ""}) <= len(causes) or isinstance(self.causes, str):
            raise ParameterError(
                f"causes={self.causes!r:.80} has to be a list of names, one at least, each once.",
                parameter="causes",
            )
        return causes

    def _check_parameters(self) -> None:
        require_not_negative(ridge=self.ridge)
        if isinstance(self.covariates, str):
            raise ParameterError(
                f"covariates={self.covariates!r:.80} has to be a list of columns.",
                parameter="covariates",
            )
        kinds = {
            "baseline": TenureBaseline,
            "commitment": CommitmentPolicy,
            "terms": ContractTerms,
            "policy": ContractValuePolicy,
        }
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise ParameterError(
                    f"{name} is {getattr(self, name)!r:.60}, and has to be a {kind.__name__}.",
                    parameter=name,
                )

    def _amounts(self, margin: str | float, revenue: str | float | None) -> tuple[Amount, Amount]:
        terms = self.terms
        if terms.loses_revenue and revenue is None:
            raise ParameterError(
                "lifetime_value: terms.unpaid_months counts debts in months of revenue. Pass "
                "revenue=, a column or a number.",
                parameter="revenue",
            )
        counted = terms.loss_causes if terms.loses_revenue else ()
        if terms.termination_fee_per_month > 0:
            counted += terms.fee_causes
        unknown = sorted({*counted} - {*self.causes})
        if unknown:
            raise ParameterError(
                f"lifetime_value: terms name the causes {', '.join(map(repr, unknown))}, and the "
                f"model knows {', '.join(map(repr, self.causes))}. Change fee_causes or "
                "loss_causes.",
                causes=unknown,
            )
        billed = 0.0 if revenue is None else revenue
        return Amount("margin", margin), Amount("revenue", billed)

    @property
    def _scoring(self) -> LineScoring:
        after = open_after(self.commitment, self.terms)
        return LineScoring(self._columns, self._covariates, after)

    def _project(
        self, coefficients: Floats, states: Floats, months: int
    ) -> Iterator[ProjectedMonth]:
        odds, lines = self._odds(coefficients, states, months)
        return project(odds, lines, commitment=self.commitment, terms=self.terms, months=months)

    def _parts(self, coefficients: Floats, states: Floats) -> ValueParts:
        odds, lines = self._odds(coefficients, states, self.policy.horizon_months)
        return value_parts(
            odds,
            lines,
            causes=tuple(self.causes),
            commitment=self.commitment,
            terms=self.terms,
            policy=self.policy,
        )

    def _odds(
        self, coefficients: Floats, states: Floats, months: int
    ) -> tuple[HazardOdds, LineStates]:
        lines = LineStates(states[:, 0].astype(np.intp), states[:, 1].astype(np.intp))
        longest = int(lines.tenure.max(initial=0)) + months
        return self._layout.odds(coefficients, states[:, 2:], longest=longest), lines
