"""The definitions of a panel, line by line and in plain Python, to compare with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.churn.snapshots.drawn_tables import Drawn

from telcrm.churn.window import ChurnWindow

DAY = timedelta(days=1)
FOREVER = date(9000, 1, 1)
BEFORE_SERVICE = ("created", "pendingActive", "cancelled", "aborted")
Row = dict[str, Any]
Absence = tuple[date, date, date, date]


def day_of(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when


def known_on(row: Row) -> date:
    """The first day at whose first moment the row had been recorded."""
    when = row.get("recorded_at")
    if when is None:
        return date.min
    assert isinstance(when, datetime)
    late = (when.hour, when.minute, when.second, when.microsecond) != (0, 0, 0, 0)
    return when.date() + (DAY if late else timedelta(0))


def month_after(period: date, months: int = 1) -> date:
    number = period.year * 12 + period.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def followed(days: list[date]) -> list[tuple[date, date]]:
    """Each day with the one after it."""
    return list(zip(days, [*days[1:], FOREVER], strict=False))


class NaivePanel:
    """Fates and spells of the lines of a snapshot."""

    def __init__(self, tables: Drawn, window: ChurnWindow, data_end: date) -> None:
        self.tables, self.window, self.data_end = tables, window, data_end
        dated = ("subscriptions", "usage", "recharges", "subscriber_months")
        self.dated = any(row.get("recorded_at") for name in dated for row in tables.get(name, []))

    def ended(self, line: Row, *, seen: date | None) -> date:
        """The first day without service, as known at `seen`, or in the end."""
        stated = line.get("terminated_on")
        is_known = seen is None or known_on(line) <= seen
        if line["status"] == "terminated" and stated is None and is_known:
            return date.min
        is_told = known_on(line) <= seen if seen else stated is not None and stated < self.data_end
        return stated if stated and is_told else FOREVER

    def events(self, table: str, column: str, until: date, seen: date) -> list[Row]:
        return [
            row
            for row in self.tables.get(table, [])
            if day_of(row[column]) < until and known_on(row) <= seen
        ]

    def begins(self, until: date, seen: date) -> date | None:
        """The first day that recharges and usage tell of."""
        days = [
            day_of(r["recharged_at"]) for r in self.events("recharges", "recharged_at", until, seen)
        ]
        days += [day_of(r["started_at"]) for r in self.events("usage", "started_at", until, seen)]
        return min(days, default=None)

    def absences(self, line: Row, *, until: date, seen: date, ended: date) -> list[Absence]:
        """Churn date, first day it is certain, day of return, first snapshot that sees it."""
        if line["payment_mode"] == "prepaid" and self.window.prepaid:
            return self.silences(line, until=until, seen=seen, ended=ended)
        return self.missing_months(line, until=until, seen=seen, ended=ended)

    def silences(self, line: Row, *, until: date, seen: date, ended: date) -> list[Absence]:
        rule = self.window.prepaid
        assert rule
        began = line["activated_on"] or date.min
        mine = []
        for row in self.events("recharges", "recharged_at", until, seen):
            own = row["subscription_id"] in (line["subscription_id"], None)
            if own and (row["subscription_id"] or row["customer_id"] == line["customer_id"]):
                mine.append((day_of(row["recharged_at"]), row["amount"], row.get("validity_days")))
        mine = [each for each in mine if began <= each[0] < ended]
        active = {day for day, amount, _ in mine if amount > 0 and "recharge" in rule.kinds}
        for row in self.events("usage", "started_at", until, seen):
            day = day_of(row["started_at"])
            same = row["subscription_id"] == line["subscription_id"]
            if same and row["direction"] in rule.kinds and began <= day < ended:
                active.add(day)
        all_time = seen == FOREVER
        first = self.begins(FOREVER if all_time else until, seen) or until
        start = max(began, first - DAY)
        if start < until:
            active.add(start)
        found = []
        days = sorted(active)
        for day, following in followed(days):
            certain = day + DAY * (1 + rule.inactivity_days)
            if certain <= min(following, until):
                found.append((day + DAY, certain, following, following + DAY))
        if rule.refill_grace_days is None:
            return found
        expires: dict[date, date] = {}
        for day, _, validity in mine:
            end = FOREVER if validity is None else day + DAY * validity
            expires[day] = max(end, expires.get(day, date.min))
        days, latest = sorted(expires), date.min
        for day, following in followed(days):
            latest = max(latest, expires[day])
            certain = min(latest, date(8000, 1, 1)) + DAY * rule.refill_grace_days
            if certain <= min(following, until):
                found.append((latest, certain, following, following + DAY))
        return found

    def missing_months(self, line: Row, *, until: date, seen: date, ended: date) -> list[Absence]:
        absent = self.window.absent_months
        rows = [
            row
            for row in self.events("subscriber_months", "period", until, seen)
            if month_after(row["period"]) <= until
        ]
        if absent is None or not rows:
            return []
        last = max(row["period"] for row in rows)
        began = line["activated_on"] or date.min
        own = sorted(
            row["period"]
            for row in rows
            if row["subscription_id"] == line["subscription_id"]
            and row["period"] < ended
            and (began == date.min or row["period"] > began - DAY * 31)
        )
        found = []
        for period, following in followed(own):
            gone_until = month_after(period, absent)
            covered = gone_until <= last
            is_gone = covered and following > gone_until
            stated = ended < period + DAY * 62
            if is_gone and not stated:
                back = FOREVER if following == FOREVER else month_after(following)
                found.append((period + DAY * 15, month_after(period, absent + 1), following, back))
        return found

    def is_there(self, line: Row, snapshot: date) -> bool:
        """Whether the line was in service, by its row as it was known then."""
        began, ended = line["activated_on"], self.ended(line, seen=snapshot)
        if (began or date.min) >= snapshot or ended < snapshot:
            return False
        if began is None and line["status"] in BEFORE_SERVICE:
            return False
        of_the_day = bool(line.get("recorded_at")) or snapshot >= self.data_end
        barred = line["payment_mode"] == "prepaid" and line["status"] == "suspended"
        return not (barred and of_the_day and known_on(line) <= snapshot)

    def fate(self, line: Row, snapshot: date) -> tuple[str, int, date] | None:
        """Fate, number and first day of the spell; None if the line is not active."""
        if not self.is_there(line, snapshot):
            return None
        in_the_end = self.ended(line, seen=None)
        truth = self.absences(line, until=self.data_end, seen=FOREVER, ended=in_the_end)
        known = truth
        if self.dated:
            ended = self.ended(line, seen=snapshot)
            known = self.absences(line, until=snapshot, seen=snapshot, ended=ended)
        if any(certain <= snapshot < back for _, certain, _, back in known):
            return None
        returns = sorted({since for _, _, since, back in known if back <= snapshot})
        since = max([line["activated_on"] or date.min, *returns])
        left = min([in_the_end, *(when for when, _, _, back in truth if back > snapshot)])
        return self._of(line, snapshot, since, left, in_the_end), 1 + len(returns), since

    def _of(self, line: Row, snapshot: date, since: date, left: date, in_the_end: date) -> str:
        window, mode = self.window, line["payment_mode"]
        first, last = window.outcome(snapshot)
        told = window.known_from(snapshot, payment_mode=mode) <= self.data_end
        if mode == "prepaid" and window.prepaid:
            told = told and self.begins(snapshot, snapshot) is not None
        wait = window.prepaid.wait_days if mode == "prepaid" and window.prepaid else 62
        reason = line.get("termination_reason")
        stated = reason is not None and in_the_end <= left + DAY * wait
        tests = (
            (since > date.min and (snapshot - since).days < window.min_tenure_days, "too_new"),
            (left < snapshot, "already_gone"),
            (left < first, "left_in_gap"),
            (not told, "unknown"),
            (left >= last, "stayed"),
            (stated, reason),
            (True, window.unstated_reason),
        )
        return next(str(fate) for holds, fate in tests if holds)
