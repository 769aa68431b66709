"""One pass: the whole way of a month, from signed messages to checked bills. Each stage may be repeated; killed anywhere, the next pass goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from billing.models import BillingRun, PrepaidAgreement, RunStatus
from billing.services.bank_statements import import_statement
from billing.services.payments import use_credit
from billing.services.price_publication import publish_days
from billing.services.runs import prepare_run
from billing.tasks import dispatch_run
from contracts.adapters.ethereum import EthereumChain
from contracts.domain.chain import ChainUnavailable
from contracts.models import Anchor, ChainPayment, ChainTransaction, TransactionStatus
from contracts.services.proofs import ProofReport, check_days, check_documents
from contracts.tasks import witness
from energy.models import Microgrid
from energy.services.authorities import authority_of
from energy.services.broker_files import refresh_broker_files
from energy.services.evidence import check_evidence
from energy.services.import_simbench import import_network
from grid.models import DayClosing
from grid.selectors.village import profile_days
from grid.services.village_replay import replay_days
from grid.tasks import close_day
from kernel.intervals import Month
from microgrid_site.demo.cooperative import agree_on_rules, found_cooperative, give_logins, invite_to_programme
from microgrid_site.demo.money import offer_prices_of_the_hour, reward, share_out
from microgrid_site.demo.outside import bank_statement, pay_on_chain
from microgrid_site.demo.plan import DEMO_NETWORK, DemoPlan, days_to_settle, replay_start
from microgrid_site.demo.prepaid import pay_before
from microgrid_site.demo.processes import running, settling
from microgrid_site.demo.progress import Progress
from microgrid_site.demo.report import build_report
from microgrid_site.demo.steering import ask_for_steering, commands_of, steer_for_a_moment

STALLED_S = 180.0
ASK_AGAIN_S = 45.0


class Stalled(RuntimeError):
    """A stage made no progress for minutes; the message says where to look."""


@dataclass(slots=True)
class Pass:
    """One pass over one network and month."""

    plan: DemoPlan
    progress: Progress
    microgrid: Microgrid = field(init=False)
    month: Month = field(init=False)
    days: list[date] = field(init=False)
    run: BillingRun = field(init=False)
    findings: list[str] = field(default_factory=list)
    proofs: ProofReport = field(default_factory=ProofReport)

    def go(self) -> dict[str, Any]:
        """Run every stage; returns the report."""
        self._database()
        with running(settling(), settings.VAR_DIR):
            self._network()
            self._agreements()
            self._metering()
            self._closing()
            self._pay_before()
            self._billing()
            self._witnessing("witness", "Witness on the chain")
            self._payments()
            self._share_out()
            self._check()
        if self.plan.shows_steering:
            self._steer()
        return build_report(
            microgrid=self.microgrid,
            days=self.days,
            run=self.run,
            proofs=self.proofs,
            findings=self.findings,
            seconds=self.progress.seconds,
            unchanged=not self.progress.changed,
        )

    def _database(self) -> None:
        with self.progress.stage("database", "Prepare the database") as outcome:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if missing:
                call_command("migrate", verbosity=0, interactive=False)
            outcome.tell(f"{len(missing)} migrations", changed=bool(missing))

    def _network(self) -> None:
        with self.progress.stage("network", "Import the network") as outcome:
            cooperative = found_cooperative()
            slug = self.plan.data.name.replace("_", "-").replace(" ", "-").lower()[:50]
            name = "Wiesengrund" if self.plan.data == DEMO_NETWORK else self.plan.data.name
            report = import_network(folder=self.plan.data, cooperative=cooperative, slug=slug, name=name, time_zone="Europe/Berlin")
            self.microgrid = report.microgrid
            self.month, self.days = days_to_settle(profile_days(self.microgrid), self.plan.month)
            outcome.tell(
                f"{report.sites} sites, {report.meters} meters, {report.sources} sources, {report.storages} storages",
                changed=report.created,
            )

    def _agreements(self) -> None:
        with self.progress.stage("rules", "Agree on tariff and rules") as outcome:
            self._set_clock()
            now = self.microgrid.now(timezone.now())
            fresh = agree_on_rules(self.microgrid, now)
            give_logins(self.microgrid, settings.VAR_DIR)
            fresh |= reward(self.microgrid, now)
            fresh |= offer_prices_of_the_hour(self.microgrid, self.days[-1] + timedelta(days=1), now)
            programme = invite_to_programme(self.microgrid, now)
            asked = ask_for_steering(self.microgrid, programme, now)
            authority_of(cooperative=self.microgrid.cooperative, now=timezone.now())
            refresh_broker_files(now=timezone.now())
            published = publish_days(microgrid=self.microgrid, days=self.days, now=now)
            changed = fresh or published > 0 or asked.run is not None or asked.event is not None
            outcome.tell(f"prices of {published} days published, {asked.text}", changed=changed)

    def _set_clock(self) -> None:
        """Let the microgrid's clock show the morning after the month, unless it is later already."""
        wanted = replay_start(self.days[-1], self.microgrid.zone).astimezone(UTC)
        real_now = timezone.now()
        if self.microgrid.clock_real_start is None or self.microgrid.now(real_now) < wanted:
            self.microgrid.clock_real_start, self.microgrid.clock_shown_start = real_now, wanted
            self.microgrid.clock_speed = 1.0
            self.microgrid.save(update_fields=["clock_real_start", "clock_shown_start", "clock_speed"])

    def _metering(self) -> None:
        with self.progress.stage("metering", "Meter and send") as outcome:
            closed = DayClosing.objects.filter(microgrid=self.microgrid, day__in=self.days).count()
            if closed == len(self.days):
                outcome.tell("all days were closed already", changed=False)
                return
            tally = replay_days(microgrid=self.microgrid, days=self.days)
            outcome.tell(
                f"{tally.accepted} signed messages accepted, {tally.replayed} known, {tally.refused} refused", changed=tally.accepted > 0
            )

    def _closing(self) -> None:
        def missing() -> list[date]:
            closed = DayClosing.objects.filter(microgrid=self.microgrid, day__in=self.days)
            return sorted(set(self.days) - set(closed.values_list("day", flat=True)))

        def ask() -> None:
            for day in missing():
                close_day.delay(microgrid_id=self.microgrid.pk, day=day.isoformat())

        with self.progress.stage("sharing", "Close days, share, balance") as outcome:
            todo = len(missing())
            self._wait(lambda: len(missing()), ask, "closing days", "worker-default")
            outcome.tell(f"{todo} days closed", changed=todo > 0)

    def _pay_before(self) -> None:
        with self.progress.stage("prepaid", "Pay before using") as outcome:
            agreed = pay_before(self.microgrid, self.days, settings.VAR_DIR)
            told = f"{agreed.member.name} pays before using" if agreed else "nothing new to agree on"
            outcome.tell(told, changed=agreed is not None)

    def _billing(self) -> None:
        with self.progress.stage("billing", "Bill the month") as outcome:
            now = self.microgrid.now(timezone.now())
            self.run = prepare_run(microgrid=self.microgrid, month=self.month, now=now, days=self.days)
            before = self.run.status
            self._wait(self._open_parts, lambda: dispatch_run(self.run, in_one_go=True), "billing", "worker-default")
            self.run.refresh_from_db()
            outcome.tell(f"{self.run.documents.count()} documents posted", changed=before != RunStatus.POSTED)

    def _open_parts(self) -> int:
        self.run.refresh_from_db()
        return self.run.chunks.filter(status="open").count() + (self.run.status != RunStatus.POSTED)

    def _witnessing(self, name: str, title: str) -> None:
        """Let the chain worker make its round until nothing is left to send; a chain that is down is named, not waited for."""
        with self.progress.stage(name, title) as outcome:
            before = ChainTransaction.objects.filter(status=TransactionStatus.CONFIRMED).count()
            told = str(witness.delay().get(timeout=STALLED_S, interval=0.1))
            open_rows = ChainTransaction.objects.exclude(status=TransactionStatus.CONFIRMED).count()
            confirmed = ChainTransaction.objects.filter(status=TransactionStatus.CONFIRMED).count()
            if open_rows:
                self.findings.append(f"{open_rows} transactions are not confirmed: {told}")
            if not Anchor.objects.filter(run=self.run).exists():
                self.findings.append(f"The billing run is not anchored: {told}")
            outcome.tell(f"{confirmed} transactions confirmed, {open_rows} open", changed=confirmed > before)

    def _payments(self) -> None:
        with self.progress.stage("payments", "Take payments") as outcome:
            content = bank_statement(self.run)
            _, fresh = import_statement(
                cooperative=self.microgrid.cooperative,
                content=content,
                now=self.microgrid.now(timezone.now()),
                file_name=f"statement-{self.month}.csv",
            )
            for agreement in PrepaidAgreement.objects.filter(cooperative=self.microgrid.cooperative):
                use_credit(member=agreement.member, now=self.microgrid.now(timezone.now()))
            seen = ChainPayment.objects.filter(document__run=self.run).count()
            try:
                pay_on_chain(self.run, EthereumChain(settings.CHAIN_RPC_URL), settings.VAR_DIR / "wallet")
            except ChainUnavailable as problem:
                self.findings.append(f"No payment on the chain: {problem}")
            witness.delay().get(timeout=STALLED_S, interval=0.1)
            booked = ChainPayment.objects.filter(document__run=self.run, payment__isnull=False).count()
            outcome.tell(f"bank statement imported, {booked} paid on the chain", changed=fresh or booked > seen)

    def _share_out(self) -> None:
        with self.progress.stage("sharing_out", "Share out") as outcome:
            made = share_out(self.microgrid, self.month, self.microgrid.now(timezone.now()))
            told = f"{made.shared_minor / 100:.2f} to producers" if made else "nothing new to share out"
            outcome.tell(told, changed=made is not None)

    def _check(self) -> None:
        with self.progress.stage("proofs", "Check every proof") as outcome:
            chain = EthereumChain(settings.CHAIN_RPC_URL)
            self.proofs = check_documents(chain=chain, run=self.run)
            self.findings += [str(f) for f in self.proofs.findings]
            self.findings += [str(f) for f in check_days(chain=chain, microgrid=self.microgrid, days=self.days)]
            self.findings += [str(f) for f in check_evidence(microgrid=self.microgrid, days=self.days)]
            outcome.tell(f"{self.proofs.checked} documents, {self.proofs.failed} failed, {len(self.findings)} findings", changed=False)

    def _steer(self) -> None:
        """Where the demo ends here, the village lives for a moment under control, so that there is something to see."""
        with self.progress.stage("steering", "Steer for a moment") as outcome:
            if commands_of(self.microgrid)[0]:
                outcome.tell("it was steered already", changed=False)
                return
            taken = steer_for_a_moment(self.microgrid, timezone.now(), settings.VAR_DIR)
            outcome.tell(f"{taken} commands acknowledged by storages", changed=taken > 0)

    def _wait(self, left: Callable[[], int], ask: Callable[[], None], what: str, log: str) -> None:
        """Ask the workers and wait until nothing is left; ask again when nothing moves.

        Raises:
            Stalled: nothing moved for minutes.
        """
        before, asked_at, moved_at = left(), 0.0, time.monotonic()
        while before:
            now = time.monotonic()
            if now - asked_at > ASK_AGAIN_S:
                ask()
                asked_at = now
            time.sleep(0.1)
            after = left()
            if after != before:
                before, moved_at, asked_at = after, now, now
            elif now - moved_at > STALLED_S:
                raise Stalled(f"{what} has not moved for {STALLED_S:.0f} s; look into {settings.VAR_DIR}/log/{log}.log")


def run_once(plan: DemoPlan, progress: Progress) -> tuple[dict[str, Any], Pass]:
    """One pass; returns the report and the pass for those who export it."""
    one = Pass(plan, progress)
    return one.go(), one


def chosen_data(folder: Path | None) -> Path:
    """The folder to load: the one named, else the demo network."""
    return (folder or DEMO_NETWORK).resolve()
