"""Revenue, billings, margin and usage per user, account or customer and month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from telcrm.domain.arguments import require_not_negative, require_same_length
from telcrm.domain.choice import choose
from telcrm.kpi.per_user import PerUser, UserBase

__all__ = ["abpu", "ampu", "arpa", "arpu", "average_users", "data_per_user", "mou"]

FrameT = TypeVar("FrameT")


def arpu(
    frame: FrameT,
    *,
    user: str = "subscription_id",
    period: str = "period",
    revenue: str = "revenue",
    by: str | Sequence[str] | None = None,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
    months: int = 1,
) -> FrameT:
    """Return the average revenue per user and month, month by month.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months: a row for every month in which a subscription was active. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    user : str
        Column that names who is counted: lines by default.
    period : str
        Column of dates, each the first day of its month.
    revenue : str
        Numeric column, major units, one currency, tax excluded. Which revenue belongs to it
        (service, equipment, wholesale) is decided by what you put there.
    by : str or sequence of str, optional
        Columns to break it down by. A user with rows in two groups counts in both.
    base : UserBase
        By how many users revenue is divided. Published figures differ in this.
    months : int, 1 to 120
        Months that each figure covers, looking back: 3 is a quarter, 12 a year.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group, one row for every group and every
        month that has so many months to look back on, months without rows included:

        ``period`` and the columns of ``by``
            The last month covered.
        ``revenue``
            Float64: over the months covered.
        ``users``
            Float64: the average number of users over them. Null where that needs the opening of the
            first month of ``frame``, which is not known.
        ``arpu``
            Float64: major units per user and month; null where ``users`` is null or 0.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``period`` holds no dates, ``revenue`` no numbers, or a key is a float.
    InvalidTableError
        A key or a revenue is null, a revenue is infinite, a period is not the first of its month.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``months`` is out of range, ``base`` is none, or ``by`` clashes with the result.

    Notes
    -----
    ::

        monthly_average  sum(revenue) / sum((opening + closing) / 2)
        two_point        sum(revenue) / ((first opening + last closing) / 2) / months
        active           sum(revenue) / sum(closing)

    ``closing`` are the users with a row in a month, ``opening`` those of the month before. The
    blended figure is that without ``by``; it is no mean of the groups' figures.

    References
    ----------
    Vodafone Group, annual report, glossary: service revenue over average customers. Verizon
    Communications, annual report 2010: 55,629 million over a base that grew from 89,172,000 to
    94,135,000 is 50.58 a month by two points, and was published as 50.46 on monthly averages.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> lines = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["1", "2", "1", "2", "3", "4"],
    ...         "period": [jan] * 2 + [feb] * 4,
    ...         "revenue": [10.0, 20.0, 15.0, 15.0, 10.0, 20.0],
    ...     }
    ... )
    >>> arpu(lines).select("revenue", "users", "arpu").rows()
    [(30.0, None, None), (60.0, 3.0, 20.0)]
    >>> arpu(lines, base="active")["arpu"].to_list()
    [15.0, 15.0]
    """
    return PerUser("arpu", {"revenue": [revenue]}, {"revenue": 1.0}, "revenue").over(  # type: ignore[no-any-return]
        frame, user=user, period=period, by=by, base=base, months=months
    )


def arpa(
    frame: FrameT,
    *,
    account: str = "account_id",
    period: str = "period",
    revenue: str = "revenue",
    by: str | Sequence[str] | None = None,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
    months: int = 1,
) -> FrameT:
    """Return the average revenue per account and month: :func:`arpu` of who pays one bill.

    Parameters
    ----------
    frame : dataframe
        As :func:`arpu` takes it.
    account : str
        Column that names the account, or the customer.
    period, revenue, by, base, months
        As of :func:`arpu`.

    Returns
    -------
    dataframe
        As :func:`arpu` returns it, with ``arpa``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`arpu` does.

    References
    ----------
    Verizon Communications, annual report, glossary: revenue per account.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {"account_id": ["A", "A", "B"], "period": [date(2024, 1, 1)] * 3, "revenue": [5, 7, 8]}
    ... )
    >>> arpa(lines, base="active")["arpa"].to_list()
    [10.0]
    """
    return PerUser("arpa", {"revenue": [revenue]}, {"revenue": 1.0}, "revenue").over(  # type: ignore[no-any-return]
        frame, user=account, period=period, by=by, base=base, months=months
    )


def abpu(
    frame: FrameT,
    *,
    user: str = "subscription_id",
    period: str = "period",
    billed: Sequence[str] = ("revenue", "equipment_revenue"),
    by: str | Sequence[str] | None = None,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
    months: int = 1,
) -> FrameT:
    """Return the average billings per user and month: service and equipment instalments together.

    Parameters
    ----------
    frame : dataframe
        As :func:`arpu` takes it.
    user, period, by, base, months
        As of :func:`arpu`.
    billed : sequence of str
        Numeric columns that are added up, one at least.

    Returns
    -------
    dataframe
        As :func:`arpu` returns it, with ``billings`` and ``abpu``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`arpu` does.

    References
    ----------
    SoftBank (Sprint), data sheet: telecommunications revenue and equipment billings over users.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["1", "2"],
    ...         "period": [date(2024, 1, 1)] * 2,
    ...         "revenue": [20.0, 30.0],
    ...         "equipment_revenue": [10.0, 0.0],
    ...     }
    ... )
    >>> abpu(lines, base="active")["abpu"].to_list()
    [30.0]
    """
    return PerUser("abpu", {"billed": list(billed)}, {"billed": 1.0}, "billings").over(  # type: ignore[no-any-return]
        frame, user=user, period=period, by=by, base=base, months=months
    )


def ampu(
    frame: FrameT,
    *,
    user: str = "subscription_id",
    period: str = "period",
    revenue: str = "revenue",
    cost: str = "direct_cost",
    by: str | Sequence[str] | None = None,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
    months: int = 1,
) -> FrameT:
    """Return the average margin per user and month: revenue less direct cost.

    Parameters
    ----------
    frame : dataframe
        As :func:`arpu` takes it.
    user, period, revenue, by, base, months
        As of :func:`arpu`.
    cost : str
        Numeric column, major units: interconnection, roaming, commissions.

    Returns
    -------
    dataframe
        As :func:`arpu` returns it, with ``margin`` and ``ampu``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`arpu` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["1", "2"],
    ...         "period": [date(2024, 1, 1)] * 2,
    ...         "revenue": [20.0, 30.0],
    ...         "direct_cost": [5.0, 25.0],
    ...     }
    ... )
    >>> ampu(lines, base="active")["ampu"].to_list()
    [10.0]
    """
    amounts = {"revenue": [revenue], "cost": [cost]}
    return PerUser("ampu", amounts, {"revenue": 1.0, "cost": -1.0}, "margin").over(  # type: ignore[no-any-return]
        frame, user=user, period=period, by=by, base=base, months=months
    )


def mou(
    frame: FrameT,
    *,
    user: str = "subscription_id",
    period: str = "period",
    voice: str = "voice_s",
    by: str | Sequence[str] | None = None,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
    months: int = 1,
) -> FrameT:
    """Return the average minutes of use per user and month.

    Parameters
    ----------
    frame : dataframe
        As :func:`arpu` takes it.
    user, period, by, base, months
        As of :func:`arpu`.
    voice : str
        Numeric column of seconds.

    Returns
    -------
    dataframe
        As :func:`arpu` returns it, with ``minutes`` and ``mou``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        As :func:`arpu` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {"subscription_id": ["1", "2"], "period": [date(2024, 1, 1)] * 2, "voice_s": [600, 0]}
    ... )
    >>> mou(lines, base="active")["mou"].to_list()
    [5.0]
    """
    return PerUser("mou", {"voice": [voice]}, {"voice": 1.0 / 60.0}, "minutes").over(  # type: ignore[no-any-return]
        frame, user=user, period=period, by=by, base=base, months=months
    )


def data_per_user(
    frame: FrameT,
    *,
    user: str = "subscription_id",
    period: str = "period",
    data: str = "data_bytes",
    by: str | Sequence[str] | None = None,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
    months: int = 1,
) -> FrameT:
    """Return the average data volume per user and month, in gigabytes of 10**9 bytes.

    Parameters
    ----------
    frame : dataframe
        As :func:`arpu` takes it.
    user, period, by, base, months
        As of :func:`arpu`.
    data : str
        Numeric column of bytes.

    Returns
    -------
    dataframe
        As :func:`arpu` returns it, with ``volume_gb`` and ``data_per_user``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        As :func:`arpu` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["1", "2"],
    ...         "period": [date(2024, 1, 1)] * 2,
    ...         "data_bytes": [3_000_000_000, 1_000_000_000],
    ...     }
    ... )
    >>> data_per_user(lines, base="active")["data_per_user"].to_list()
    [2.0]
    """
    return PerUser("data_per_user", {"data": [data]}, {"data": 1e-9}, "volume_gb").over(  # type: ignore[no-any-return]
        frame, user=user, period=period, by=by, base=base, months=months
    )


def average_users(
    opening: Sequence[float],
    closing: Sequence[float],
    *,
    base: UserBase | str = UserBase.MONTHLY_AVERAGE,
) -> float:
    """Return the average number of users over months, for a division by hand.

    Parameters
    ----------
    opening, closing : sequence of float
        One number per month, each 0 or more.
    base : UserBase

    Returns
    -------
    float

    Raises
    ------
    ParameterError

    Examples
    --------
    Verizon Communications, fiscal year 2010, thousands of customers and millions of dollars:

    >>> users = average_users([89_172], [94_135], base="two_point")
    >>> round(55_629 * 1000 / users / 12, 2)
    50.58
    """
    way = choose(UserBase, base, "base")
    require_same_length(opening=opening, closing=closing)
    for before, after in zip(opening, closing, strict=True):
        require_not_negative(opening=before, closing=after)
    match way:
        case UserBase.TWO_POINT:
            return (opening[0] + closing[-1]) / 2
        case UserBase.ACTIVE:
            return sum(closing) / len(closing)
        case UserBase.MONTHLY_AVERAGE:
            return (sum(opening) + sum(closing)) / 2 / len(opening)
