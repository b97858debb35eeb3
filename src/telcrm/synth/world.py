"""The processes of one operator in their order, each drawn once and on its own stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from telcrm.errors import ParameterError
from telcrm.synth import billing, campaigns, care, equipment, months, population, recharges, usage
from telcrm.synth import lifecycle as lives
from telcrm.synth.columns import Flags, Ints, Table
from telcrm.synth.denomination import Denomination
from telcrm.synth.fraud import FraudCases, FraudKind, draw_cases
from telcrm.synth.fraud_records import Injected, inject
from telcrm.synth.parameters import OperatorParameters
from telcrm.synth.simulation import simulate
from telcrm.synth.streams import stream
from telcrm.synth.subscriptions import subscriptions_table
from telcrm.synth.timeline import Timeline
from telcrm.synth.usage_profile import Rates, draw_rates

__all__ = ["TABLES", "World"]


class World:
    """What an operator's parameters and seed lead to. Everything is drawn when first needed."""

    def __init__(self, parameters: OperatorParameters) -> None:
        self._parameters = parameters

    def _stream(self, process: str) -> np.random.Generator:
        return stream(self._parameters.seed, process)

    @cached_property
    def timeline(self) -> Timeline:
        """The observed months."""
        return Timeline(self._parameters.first_period, self._parameters.months)

    @cached_property
    def population(self) -> population.Population:
        """Customers and lines."""
        given = self._parameters
        return population.draw_population(
            self._stream("population"),
            given.base,
            given.plans,
            self.timeline,
            subscribers=given.subscribers,
            country_code=given.country_code,
        )

    @cached_property
    def first_payer(self) -> Ints:
        """Payer class of each customer before subscription frauds are known."""
        given = self._parameters
        return billing.draw_payers(
            self._stream("payers"),
            given.payments,
            self.population,
            debtor_chronic=given.hazard.debtor_chronic,
            debtor_never_pay=given.hazard.debtor_never_pay,
        )

    @cached_property
    def payer(self) -> Ints:
        """Payer class of each customer; who got a line under a false name never pays."""
        payer = self.first_payer.copy()
        swindlers = self.fraud_cases.line[self.fraud_cases.of(FraudKind.SUBSCRIPTION)]
        payer[self.population.owner[swindlers]] = billing.NEVER_PAY
        return payer

    @cached_property
    def subscribers(self) -> recharges.Subscribers:
        """BG/NBD and Gamma-Gamma parameters of each prepaid line."""
        rng = self._stream("recharge subscribers")
        return recharges.draw_subscribers(
            rng, self._parameters.recharges, self.population, self.timeline
        )

    @cached_property
    def complaint_history(self) -> Ints:
        """Complaints by (month, line), from two months before the window on."""
        return care.draw_complaint_counts(
            self._stream("complaint counts"),
            self._parameters.care,
            self.population.satisfaction,
            2 + self._parameters.months,
        )

    @property
    def complaint_counts(self) -> Ints:
        """Complaints by (month, line)."""
        return self.complaint_history[2:]

    @cached_property
    def lifecycle(self) -> lives.Lifecycle:
        """Spells, plans and hazards of each line, and the recharges."""
        given = self._parameters
        return simulate(
            (self._stream("postpaid lives"), self._stream("prepaid lives")),
            self.population,
            self.timeline,
            base=given.base,
            plans=given.plans,
            hazard=given.hazard,
            process=given.recharges,
            subscribers=self.subscribers,
            win_back=given.win_back,
            changes=given.plan_changes,
            payer=self.first_payer,
            complaints=self.complaint_history,
            money=self.money,
        )

    @cached_property
    def rates(self) -> Rates:
        """Mean usage of each line."""
        return draw_rates(self._stream("usage rates"), self._parameters.usage, self.population)

    @cached_property
    def months(self) -> months.MonthRows:
        """Usage and revenue by active line and month."""
        given = self._parameters
        return months.draw_months(
            self._stream("months"),
            profile=given.usage,
            rates=self.rates,
            plans=given.plans,
            population=self.population,
            lifecycle=self.lifecycle,
            prepaid_revenue=recharges.monthly_revenue(
                self.lifecycle.recharges, given.recharges, self.timeline, self.population.lines
            ),
            money=self.money,
        )

    @cached_property
    def bills(self) -> billing.Bills:
        """Invoices and payments."""
        return billing.draw_bills(
            self._stream("bills"),
            self._parameters.payments,
            self.population,
            self.timeline,
            payer=self.payer,
            line=self.months.line,
            month=self.months.month,
            revenue=self.months.revenue,
            money=self.money,
        )

    @cached_property
    def care(self) -> care.Care:
        """Complaints of active lines."""
        rng = self._stream("complaints")
        return care.draw_care(rng, self.complaint_counts, self.lifecycle, self.timeline)

    @cached_property
    def response_class(self) -> Ints:
        """How each customer reacts to campaigns."""
        return campaigns.draw_response_classes(
            self._stream("response classes"), self._parameters.campaigns, self.population
        )

    @cached_property
    def contacts(self) -> campaigns.Contacts:
        """Campaign contacts."""
        return campaigns.draw_contacts(
            self._stream("campaigns"),
            self._parameters.campaigns,
            self.population,
            self.lifecycle,
            self.timeline,
            response_class=self.response_class,
            money=self.money,
        )

    @cached_property
    def window(self) -> usage.Window:
        """The days of the usage table."""
        end = self.timeline.end_day
        first = max(end - self._parameters.usage.days, self.timeline.start_day)
        return usage.Window(first, end, *lives.live_through(self.lifecycle, first, end))

    @cached_property
    def network(self) -> usage.Network:
        """Numbers and cells."""
        return usage.Network(self.population.lines, self._parameters.country_code)

    @cached_property
    def fraud_cases(self) -> FraudCases:
        """Lines with a fraud."""
        return draw_cases(
            self._stream("fraud cases"),
            self._parameters.frauds,
            self.population,
            self.window,
            self.lifecycle.live_at_end,
        )

    @cached_property
    def injected(self) -> Injected:
        """Records of frauds."""
        return inject(self._stream("fraud records"), self.fraud_cases, self.network)

    @cached_property
    def usage_counts(self) -> Ints:
        """Regular usage records by (kind, line)."""
        profile, injected = self._parameters.usage, self.injected.case.size
        if profile.records is not None and profile.records < injected:
            raise ParameterError(
                f"UsageProfile: records={profile.records} is fewer than the {injected} records of "
                "the injected frauds. Raise it, or pass frauds=FraudMix.none().",
                parameter="records",
                value=profile.records,
                injected=injected,
            )
        boxes = self.fraud_cases.line[self.fraud_cases.of(FraudKind.SIM_BOX)]
        rng = self._stream("usage counts")
        return usage.draw_counts(
            rng, profile, self.rates, self.window, silent=boxes, injected=injected
        )

    @cached_property
    def suspended(self) -> Flags:
        """Lines that are barred when the window closes: a never-payer with two open bills."""
        bills = self.bills
        is_open = (bills.open_amount > 0) & (self.payer[bills.customer] == billing.NEVER_PAY)
        opened = np.bincount(bills.customer[is_open], minlength=self.population.customers)
        suspended: Flags = (opened >= 2)[self.population.owner]
        return suspended

    def table(self, name: str) -> Table:
        """Draw one canonical table."""
        return _MAKERS[name](self, self._stream(f"table {name}"))

    @cached_property
    def money(self) -> Denomination:
        """The one currency of all amounts."""
        return Denomination.of(self._parameters.currency)

    def make_customers(self, _: np.random.Generator) -> Table:
        """Draw the customers table."""
        open_lines = np.zeros(self.population.customers, dtype=np.bool_)
        open_lines[self.population.owner[self.lifecycle.live_at_end]] = True
        return population.customers_table(self.population, ~open_lines)

    def make_subscriptions(self, _: np.random.Generator) -> Table:
        """Draw the subscriptions table."""
        plans = self._parameters.plans
        return subscriptions_table(
            self.lifecycle, self.population, plans, self.timeline, self.suspended
        )

    def make_subscriber_months(self, _: np.random.Generator) -> Table:
        """Draw the subscriber_months table."""
        return months.subscriber_months_table(
            self.months,
            self._parameters.plans,
            self.population,
            self.lifecycle,
            self.timeline,
            money=self.money,
        )

    def make_usage(self, rng: np.random.Generator) -> Table:
        """Draw the usage table."""
        regular = usage.draw_records(
            rng,
            self._parameters.usage,
            self.usage_counts,
            window=self.window,
            population=self.population,
            network=self.network,
        )
        records = usage.Records.joined([regular, self.injected.records])
        del regular
        return usage.usage_table(
            records, self.injected.extra_imeis, self.population, self.network, self.money
        )

    def make_recharges(self, rng: np.random.Generator) -> Table:
        """Draw the recharges table."""
        return recharges.recharges_table(
            rng,
            self.lifecycle.recharges,
            self._parameters.recharges,
            self.population,
            self.timeline,
            money=self.money,
        )

    def make_invoices(self, _: np.random.Generator) -> Table:
        """Draw the invoices table."""
        return billing.invoices_table(self.bills, self.population, self.money)

    def make_payments(self, _: np.random.Generator) -> Table:
        """Draw the payments table."""
        return billing.payments_table(self.bills, self.population, self.money)

    def make_complaints(self, rng: np.random.Generator) -> Table:
        """Draw the complaints table."""
        return care.complaints_table(rng, self.care, self.population, self.timeline)

    def make_interactions(self, rng: np.random.Generator) -> Table:
        """Draw the interactions table."""
        return care.interactions_table(
            rng,
            self._parameters.care,
            self.care,
            population=self.population,
            lifecycle=self.lifecycle,
            timeline=self.timeline,
        )

    def make_surveys(self, rng: np.random.Generator) -> Table:
        """Draw the surveys table."""
        return care.surveys_table(
            rng,
            self._parameters.care,
            self.complaint_counts,
            population=self.population,
            lifecycle=self.lifecycle,
            timeline=self.timeline,
        )

    def make_campaign_contacts(self, rng: np.random.Generator) -> Table:
        """Draw the campaign_contacts table."""
        return campaigns.campaign_contacts_table(rng, self.contacts, self.population)

    def make_equipment(self, rng: np.random.Generator) -> Table:
        """Draw the equipment table."""
        return equipment.equipment_table(
            rng,
            self._parameters.devices,
            self.population,
            self.lifecycle,
            self.timeline,
            money=self.money,
        )


_MAKERS: Mapping[str, Callable[[World, np.random.Generator], Table]] = {
    "customers": World.make_customers,
    "subscriptions": World.make_subscriptions,
    "subscriber_months": World.make_subscriber_months,
    "usage": World.make_usage,
    "recharges": World.make_recharges,
    "invoices": World.make_invoices,
    "payments": World.make_payments,
    "complaints": World.make_complaints,
    "interactions": World.make_interactions,
    "surveys": World.make_surveys,
    "campaign_contacts": World.make_campaign_contacts,
    "equipment": World.make_equipment,
}

TABLES: tuple[str, ...] = tuple(_MAKERS)
"""Names of the canonical tables that an operator can make."""
