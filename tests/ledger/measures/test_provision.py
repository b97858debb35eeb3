"""The provision matrix: published examples, its laws, exact rounding, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import Money, Rounding, json_schema
from telcrm.errors import CurrencyMismatchError, ParameterError
from telcrm.ledger.measures.provision import (
    ExpectedCreditLoss,
    ProvisionMatrix,
    expected_credit_loss,
)

AGES = ("not due", "1-30", "31-60", "61-90", "over 90")


def vnd(*amounts: int) -> list[Money]:
    """In a currency without minor units, as the published examples round."""
    return [Money(amount, "VND") for amount in amounts]


def history(**changes: Any) -> ProvisionMatrix:
    facts: dict[str, Any] = {
        "buckets": AGES,
        "sales": Money(100_000, "VND"),
        "unpaid": vnd(50_000, 23_000, 8_000, 2_000),
        "lost": Money(2_000, "VND"),
        "basis": "sales of January",
    }
    return ProvisionMatrix.from_history(**(facts | changes))


def given_rates(*percent: str, factor: str = "1") -> ProvisionMatrix:
    return ProvisionMatrix.from_rates(
        {f"b{place}": Decimal(rate) / 100 for place, rate in enumerate(percent)},
        basis="published",
        forward_looking_factor=factor,
    )


def allowance(matrix: ProvisionMatrix, *amounts: Money) -> ExpectedCreditLoss:
    exposures = dict(zip(matrix.loss_rates, amounts, strict=True))
    return expected_credit_loss(matrix, exposures, rounding=Rounding.HALF_UP)


loss_rates = st.fractions(0, 1, max_denominator=10**6)
units = st.integers(0, 10**12)


@st.composite
def portfolios(draw: st.DrawFn, exposed: int = 1) -> tuple[ProvisionMatrix, list[dict[str, Money]]]:
    rates = draw(st.lists(loss_rates, min_size=1, max_size=5))
    matrix = ProvisionMatrix.from_rates(
        {f"b{place}": rate for place, rate in enumerate(rates)},
        basis="drawn",
        forward_looking_factor=draw(st.decimals("0.5", 2, places=2)),
    )
    return matrix, [
        {name: Money.from_minor(draw(units), "EUR") for name in matrix.loss_rates}
        for _ in range(exposed)
    ]


# Published numbers


def test_entity_a_of_ifrscommunity() -> None:
    # IFRScommunity.com, "IFRS 9 example: lifetime ECL for trade receivables using a provision
    # matrix", Entity A: 2, 4, 8.7, 25 and 100 %; 27,567 in all.
    matrix = history()
    assert list(matrix.loss_rates.values()) == [
        Fraction(1, 50),
        Fraction(1, 25),
        Fraction(2, 23),
        Fraction(1, 4),
        Fraction(1),
    ]
    loss = allowance(matrix, *vnd(300_000, 140_000, 60_000, 23_000, 5_000))
    assert [bucket.loss for bucket in loss.buckets] == vnd(6_000, 5_600, 5_217, 5_750, 5_000)
    assert loss.loss == Money(27_567, "VND")


def test_four_buckets_of_finlearnhub() -> None:
    # Finlearnhub: 7.0, 4.0, 2.5 and 1.0 million at 1.5, 3.4, 7.1 and 10.8 %.
    matrix = given_rates("1.5", "3.4", "7.1", "10.8")
    loss = allowance(matrix, *vnd(7_000_000, 4_000_000, 2_500_000, 1_000_000))
    assert loss.loss == Money(526_500, "VND")


def test_company_m_of_ifrs_9() -> None:
    # IFRS 9, Illustrative Examples, Example 12 (IE74 to IE77): 580,000 on 30 million.
    matrix = given_rates("0.3", "1.6", "3.6", "6.6", "10.6")
    loss = allowance(matrix, *vnd(15_000_000, 7_500_000, 4_000_000, 2_500_000, 1_000_000))
    assert [bucket.loss for bucket in loss.buckets] == vnd(
        45_000, 120_000, 144_000, 165_000, 106_000
    )
    assert (loss.exposure, loss.loss) == (Money(30_000_000, "VND"), Money(580_000, "VND"))


def test_roll_rate_forecast_of_the_comptroller() -> None:
    # OCC, Comptroller's Handbook, Retail Lending Examination Procedures, appendix G, step 3:
    # outstandings in millions, loss factors in percent, losses of 6.9, 6.2, 5.7, 5.9 and 5.9.
    matrix = given_rates("0.70", "20.6", "48.4", "72.1", "100")
    outstanding = [Money(text, "USD") for text in ("987.4", "30.2", "11.8", "8.2", "5.9")]
    loss = allowance(matrix, *outstanding)
    shown = [str(round(bucket.loss.amount, 1)) for bucket in loss.buckets]
    assert shown == ["6.9", "6.2", "5.7", "5.9", "5.9"]
    # 1,043.5 outstanding, of which it expects 2.93 % to be lost, from the losses as shown.
    assert loss.exposure == Money("1043.5", "USD")
    assert round(sum(map(Decimal, shown)) / loss.exposure.amount * 100, 2) == Decimal("2.93")


# The matrix


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), st.data())
def test_rates_of_history_are_lost_over_reached_and_never_fall(
    amounts: list[int], data: st.DataObject
) -> None:
    reached = sorted(amounts, reverse=True)
    lost = data.draw(st.integers(0, reached[-1]))
    matrix = history(
        buckets=[f"b{place}" for place in range(len(reached))],
        sales=Money(reached[0], "VND"),
        unpaid=vnd(*reached[1:]),
        lost=Money(lost, "VND"),
    )
    rates = list(matrix.loss_rates.values())
    assert [rate * amount for rate, amount in zip(rates, reached, strict=True)] == [lost] * len(
        rates
    )
    assert rates == sorted(rates)


@given(st.integers(1, 10**9), st.data(), st.sampled_from(Rounding))
def test_the_sales_of_the_past_lose_what_they_lost(
    sales: int, data: st.DataObject, rounding: Rounding
) -> None:
    lost = data.draw(st.integers(0, sales))
    matrix = history(buckets=["all"], sales=Money(sales, "VND"), unpaid=[], lost=Money(lost, "VND"))
    again = expected_credit_loss(matrix, {"all": Money(sales, "VND")}, rounding=rounding)
    assert again.loss == Money(lost, "VND")


def test_the_factor_scales_rates_up_to_all_of_the_debt() -> None:
    assert list(history(forward_looking_factor="1.5").loss_rates.values()) == [
        Fraction(3, 100),
        Fraction(3, 50),
        Fraction(3, 23),
        Fraction(3, 8),
        Fraction(1),
    ]
    assert history().buckets == history(forward_looking_factor="1.5").buckets


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unpaid": vnd(50_000, 23_000, 8_000)}, "5 buckets need 4 unpaid amounts"),
        ({"sales": Money(0, "VND")}, "0 VND reached the bucket 'not due'"),
        ({"unpaid": vnd(50_000, 0, 0, 0)}, "0 VND reached the bucket '31-60'"),
        ({"unpaid": vnd(50_000, 60_000, 8_000, 2_000)}, "60000 VND reached '31-60', more than"),
        ({"unpaid": vnd(100_001, 23_000, 8_000, 2_000)}, "100001 VND reached '1-30', more than"),
        ({"lost": Money(2_001, "VND")}, "2001 VND reached 'lost', more than the 2000 VND"),
        ({"lost": Money(-1, "VND")}, "lost is -1 VND"),
    ],
)
def test_history_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        history(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"sales": Money(100_000, "EUR")},
        {"unpaid": [*vnd(50_000, 23_000, 8_000), Money(2_000, "EUR")]},
        {"lost": Money(2_000, "EUR")},
    ],
)
def test_history_has_one_currency(changes: dict[str, Any]) -> None:
    with pytest.raises(CurrencyMismatchError):
        history(**changes)


@pytest.mark.parametrize("rate", [0.5, "1.1", "-0.1", "3/2", "1/0", "-1/2", "1e-3", None, True])
def test_a_loss_rate_is_an_exact_share(rate: Any) -> None:
    with pytest.raises(ValidationError, match="loss_rate"):
        ProvisionMatrix.from_rates({"all": rate}, basis="none")


def test_a_loss_rate_is_read_from_every_exact_form() -> None:
    forms: list[Fraction | Decimal | str] = [
        Fraction(1, 4),
        Decimal("0.25"),
        "0.25",
        "1/4",
        "25/100",
    ]
    for form in forms:
        assert ProvisionMatrix.from_rates({"all": form}, basis="forms").loss_rates == {
            "all": Fraction(1, 4)
        }
    assert ProvisionMatrix.from_rates({"all": 1}, basis="forms").loss_rates == {"all": Fraction(1)}


@pytest.mark.parametrize("factor", ["0", "-1", "101", 1.5, "1.00000000001", "NaN"])
def test_the_factor_is_exact_and_in_its_range(factor: Any) -> None:
    with pytest.raises(ValidationError, match="forward_looking_factor"):
        given_rates("1", factor=factor)


def test_a_matrix_has_buckets_with_names_of_their_own_and_a_basis() -> None:
    with pytest.raises(ValidationError, match="buckets"):
        ProvisionMatrix.from_rates({}, basis="none")
    with pytest.raises(ValidationError, match="two buckets share a name"):
        history(buckets=["late"] * 5)
    with pytest.raises(ValidationError, match="basis"):
        history(basis=" ")


# The loss


HALF = Fraction(1, 2)
WHOLE: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.HALF_UP: lambda exact: floor(exact + HALF),
    Rounding.HALF_DOWN: lambda exact: ceil(exact - HALF),
    Rounding.HALF_EVEN: round,
    Rounding.UP: ceil,
    Rounding.CEILING: ceil,
    Rounding.DOWN: floor,
    Rounding.FLOOR: floor,
}


@given(portfolios(), st.sampled_from(Rounding))
def test_each_loss_is_the_exact_one_rounded_once(
    portfolio: tuple[ProvisionMatrix, list[dict[str, Money]]], rounding: Rounding
) -> None:
    matrix, [exposures] = portfolio
    result = expected_credit_loss(matrix, exposures, rounding=rounding)
    for bucket in result.buckets:
        assert Money.zero("EUR") <= bucket.loss <= bucket.exposure
        exact = exposures[bucket.name].minor_units * matrix.loss_rates[bucket.name]
        assert bucket.loss.minor_units == WHOLE[rounding](exact)
    assert result.loss == Money.sum((bucket.loss for bucket in result.buckets), currency="EUR")


@pytest.mark.parametrize(
    ("rounding", "halves", "thirds"),
    [
        (Rounding.HALF_UP, [1, 2, 3], [0, 1, 1]),
        (Rounding.HALF_EVEN, [0, 2, 2], [0, 1, 1]),
        (Rounding.HALF_DOWN, [0, 1, 2], [0, 1, 1]),
        (Rounding.UP, [1, 2, 3], [1, 1, 1]),
        (Rounding.CEILING, [1, 2, 3], [1, 1, 1]),
        (Rounding.DOWN, [0, 1, 2], [0, 0, 1]),
        (Rounding.FLOOR, [0, 1, 2], [0, 0, 1]),
    ],
)
def test_rounding_of_halves_and_thirds(
    rounding: Rounding, halves: list[int], thirds: list[int]
) -> None:
    def losses(rate: str, *amounts: int) -> list[int]:
        matrix = ProvisionMatrix.from_rates({"all": rate}, basis="rounding")
        return [
            expected_credit_loss(matrix, {"all": amount}, rounding=rounding).loss.minor_units
            for amount in vnd(*amounts)
        ]

    assert losses("1/2", 1, 3, 5) == halves
    # The last, three thirds, is whole: no rounding may move it.
    assert losses("1/3", 1, 2, 3) == thirds


@given(portfolios(exposed=2))
def test_losses_of_two_portfolios_add_up_to_a_unit_per_bucket(
    portfolio: tuple[ProvisionMatrix, list[dict[str, Money]]],
) -> None:
    matrix, [one, two] = portfolio
    both = {name: one[name] + two[name] for name in one}
    losses = [
        expected_credit_loss(matrix, exposures, rounding=Rounding.HALF_EVEN).loss.minor_units
        for exposures in (one, two, both)
    ]
    assert abs(losses[0] + losses[1] - losses[2]) <= len(one)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_losses_add_up_exactly_where_nothing_is_rounded(one: int, two: int) -> None:
    matrix = history()
    # 50, 25, 23 and 4 divide these, so every loss is whole.
    separate = [allowance(matrix, *vnd(*[2300 * amount] * 5)).loss for amount in (one, two)]
    together = allowance(matrix, *vnd(*[2300 * (one + two)] * 5)).loss
    assert Money.sum(separate, currency="VND") == together


@given(portfolios(), st.integers(1, 10**9), st.sampled_from(Rounding), st.data())
def test_more_exposure_or_a_darker_outlook_is_no_smaller_loss(
    portfolio: tuple[ProvisionMatrix, list[dict[str, Money]]],
    more: int,
    rounding: Rounding,
    data: st.DataObject,
) -> None:
    matrix, [exposures] = portfolio
    base = expected_credit_loss(matrix, exposures, rounding=rounding).loss
    name = data.draw(st.sampled_from(list(exposures)))
    larger = exposures | {name: exposures[name] + Money.from_minor(more, "EUR")}
    assert expected_credit_loss(matrix, larger, rounding=rounding).loss >= base
    darker = matrix.replace(forward_looking_factor=matrix.forward_looking_factor + 1)
    assert expected_credit_loss(darker, exposures, rounding=rounding).loss >= base


def test_rows_are_ready_for_a_frame() -> None:
    rows = allowance(history(), *vnd(300_000, 140_000, 60_000, 23_000, 5_000)).rows()
    assert rows[2] == {
        "bucket": "31-60",
        "exposure": Decimal(60_000),
        "loss_rate": Decimal("0.0869565217391"),
        "loss": Decimal(5_217),
        "currency": "VND",
    }
    assert [row["bucket"] for row in rows] == list(AGES)


@given(portfolios())
def test_records_survive_their_json(
    portfolio: tuple[ProvisionMatrix, list[dict[str, Money]]],
) -> None:
    matrix, [exposures] = portfolio
    result = expected_credit_loss(matrix, exposures, rounding=Rounding.HALF_UP)
    assert ProvisionMatrix.from_json(matrix.to_json()) == matrix
    assert ExpectedCreditLoss.from_json(result.to_json()) == result


def test_the_schema_says_that_a_rate_is_text() -> None:
    rate = json_schema(ProvisionMatrix)["$defs"]["LossBucket"]["properties"]["loss_rate"]
    assert rate["type"] == "string"
    assert '"loss_rate": "2/23"' in history().to_json()


def test_exposures_have_the_buckets_of_the_matrix() -> None:
    matrix = given_rates("1", "2")
    with pytest.raises(ParameterError, match="the matrix has the buckets") as refused:
        expected_credit_loss(
            matrix,
            {"b0": Money(1, "EUR"), "late": Money(1, "EUR")},
            rounding=Rounding.HALF_UP,
        )
    assert refused.value.context == {"missing": ["b1"], "unknown": ["late"]}


def test_exposures_are_not_negative_and_of_one_currency() -> None:
    matrix = given_rates("1", "2")
    with pytest.raises(ParameterError, match=r"exposure of 'b1' is -1.00 EUR"):
        allowance(matrix, Money(1, "EUR"), Money(-1, "EUR"))
    with pytest.raises(CurrencyMismatchError):
        allowance(matrix, Money(1, "EUR"), Money(1, "USD"))
    with pytest.raises(ParameterError, match="rounding='nearest' is no Rounding"):
        expected_credit_loss(
            given_rates("1"),
            {"b0": Money(1, "EUR")},
            rounding="nearest",  # type: ignore[arg-type]
        )
