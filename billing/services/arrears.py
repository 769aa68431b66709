"""Reminding by rule, agreeing on instalments, proposing to the board; each step once, each to be taken back."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.arrears import InterestPiece, Refusal, Stage, instalments, interest, interest_minor, next_stage, plan_is_broken
from billing.models import (
    ArrearsRule,
    Charge,
    ChargeKind,
    DisconnectionProposal,
    Document,
    InstalmentPlan,
    PlanStatus,
    ProposalStatus,
    ProtectionKind,
    Reminder,
)
from billing.selectors.arrears import base_rates, overdue, rule_on, spared_members, stages_of, standing_reminders, why_not_proposed
from billing.services.allocations import lock_members
from billing.services.charges import charge_member, take_back_charge
from billing.services.deliveries import queue_letters, withhold
from billing.services.release import policy_of
from energy.models import Site
from members.models import Cooperative, Member, User

MOST_INSTALMENTS = 36
REFUSED = {
    Refusal.LIFE_SUPPORT: gettext_lazy("somebody there depends on supply"),
    Refusal.HARDSHIP: gettext_lazy("the member is in hardship"),
    Refusal.WINTER: gettext_lazy("it is winter"),
    Refusal.PLAN: gettext_lazy("an instalment plan stands"),
    Refusal.TOO_EARLY: gettext_lazy("the last reminder has not been sent"),
    Refusal.TOO_LITTLE: gettext_lazy("too little is open"),
}


class CannotAgree(ValueError):
    """There is nothing to agree on; the message says why."""


# Kept in English, said in the reader's language.
CHARGED = {ChargeKind.REMINDER_FEE: "fee of a reminder", ChargeKind.INTEREST: "interest on arrears"}


class MayNotPropose(ValueError):
    """A disconnection may not be proposed; the message says why."""


class CannotTakeBack(ValueError):
    """It cannot be taken back; the message says why."""


@transaction.atomic
def remind(*, cooperative: Cooperative, today: date, now: datetime) -> list[Reminder]:
    """Send what is due today by the rule in force, once; nothing without a rule. Bills of a plan that stands are left alone."""
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    rule = rule_on(cooperative, today)
    if rule is None:
        return []
    watch_plans(cooperative=cooperative, rule=rule, today=today, now=now)
    documents = list(overdue(cooperative, today).exclude(instalment_plans__status=PlanStatus.AGREED))
    lock_members(document.member_id for document in documents)
    reminders = standing_reminders(documents)
    spared = spared_members(cooperative, today) if rule.spares_hardship else set()
    stages, sent = stages_of(rule), []
    for document in documents:
        before = reminders.get(document.pk, [])
        stage = next_stage(
            stages,
            due_date=document.due_date,
            today=today,
            sent_level=before[-1].level if before else 0,
            sent_date=before[-1].sent_date if before else None,
            rest_days=rule.rest_days,
        )
        if stage is not None and document.rest_minor >= rule.least_minor:
            sent.append(_send(rule, stage, document, before, document.member_id in spared, today, now))
    return sent


def _send(
    rule: ArrearsRule, stage: Stage, document: Document, before: list[Reminder], spared: bool, today: date, now: datetime
) -> Reminder:
    since = before[-1].sent_date if before else document.due_date + timedelta(days=1)
    pieces: list[InterestPiece] = []
    if rule.charges_interest and not spared:
        pieces = interest(document.rest_minor, since, today, base_rates(document.currency), rule.interest_points)
    reminder = Reminder.objects.create(
        cooperative=document.cooperative,
        member=document.member,
        document=document,
        level=stage.level,
        sent_date=today,
        pay_until=today + timedelta(days=rule.rest_days),
        rest_minor=document.rest_minor,
        fee_minor=0 if spared else stage.fee_minor,
        interest_minor=interest_minor(pieces),
        interest_from=since,
        interest_words="; ".join(f"{p.first} {p.days} {p.percent}" for p in pieces)[:300],
    )
    for kind, amount in ((ChargeKind.REMINDER_FEE, reminder.fee_minor), (ChargeKind.INTEREST, reminder.interest_minor)):
        if amount:
            charge_member(
                member=reminder.member,
                kind=kind,
                key=f"{kind}:{reminder.public_id}",
                text=f"{CHARGED[kind]}, {document.label}",
                amount_minor=amount,
                now=now,
            )
    if policy_of(document.cooperative).sends_by_mail:
        queue_letters(letters=[reminder], now=now)
    return reminder


@transaction.atomic
def take_back_reminder(*, reminder: Reminder, by: User, why: str, now: datetime) -> Reminder:
    """Take a reminder back with its fee and interest, as if it had not been sent; the newest of a bill first. Twice changes nothing.

    Raises:
        CannotTakeBack: no reason is given, or a later reminder of the bill stands.
    """
    reminder = Reminder.objects.select_for_update().get(pk=reminder.pk)
    if reminder.taken_back_at is not None:
        return reminder
    if not why.strip():
        raise CannotTakeBack(_("Say why; the member reads it."))
    if Reminder.objects.filter(document=reminder.document_id, level__gt=reminder.level, taken_back_at=None).exists():
        raise CannotTakeBack(_("A later reminder of this bill stands; take that back first."))
    for kind in (ChargeKind.REMINDER_FEE, ChargeKind.INTEREST):
        for charge in Charge.objects.filter(cooperative=reminder.cooperative_id, key=f"{kind}:{reminder.public_id}"):
            take_back_charge(charge=charge, now=now)
    reminder.taken_back_at, reminder.taken_back_by, reminder.why = now, by, why.strip()[:200]
    reminder.save(update_fields=["taken_back_at", "taken_back_by", "why"])
    withhold(letter=reminder, why="It was taken back before it left.")
    return reminder


@transaction.atomic
def agree_on_plan(*, member: Member, count: int, first_date: date, by: User, today: date) -> InstalmentPlan:
    """Agree on equal instalments, a month apart, for all that the member has open beyond its day.

    Raises:
        CannotAgree: nothing is open, a plan stands already, or the number or day is out of bounds.
    """
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if not 1 <= count <= MOST_INSTALMENTS or first_date < today:
        raise CannotAgree(
            _("Between 1 and %(MOST_INSTALMENTS)s instalments, the first not before today.") % {"MOST_INSTALMENTS": MOST_INSTALMENTS}
        )
    if InstalmentPlan.objects.filter(member=member, status=PlanStatus.AGREED).exists():
        raise CannotAgree(_("A plan stands already; withdraw it first."))
    documents = list(overdue(member.cooperative, today).filter(member=member))
    total = sum(document.rest_minor for document in documents)
    if not total:
        raise CannotAgree(_("Nothing is open beyond its day."))
    if total < count:
        raise CannotAgree(_("So little is not parted so often: an instalment is a cent at least."))
    due = instalments(total, count, first_date)
    plan = InstalmentPlan.objects.create(
        member=member,
        agreed_date=today,
        agreed_by=by,
        paid_before_minor=sum(d.paid_minor for d in documents),
        due_dates=[day for day, _ in due],
        amounts_minor=[amount for _, amount in due],
    )
    plan.documents.set(documents)
    return plan


def watch_plans(*, cooperative: Cooperative, rule: ArrearsRule, today: date, now: datetime) -> int:
    """Note plans that were kept to the end or broken; returns how many ended. Part of the caller's transaction."""
    ended = 0
    for plan in InstalmentPlan.objects.select_for_update().filter(member__cooperative=cooperative, status=PlanStatus.AGREED):
        paid = sum(plan.documents.values_list("paid_minor", flat=True)) - plan.paid_before_minor
        if paid >= sum(plan.amounts_minor):
            plan.status = PlanStatus.KEPT
        elif plan_is_broken(plan.due, paid, today, rule.plan_grace_days):
            plan.status = PlanStatus.BROKEN
        else:
            continue
        plan.ended_at, ended = now, ended + 1
        plan.save(update_fields=["status", "ended_at"])
    return ended


def withdraw_plan(*, plan: InstalmentPlan, now: datetime) -> None:
    """End a plan by hand; its bills are reminded again by the rule."""
    InstalmentPlan.objects.filter(pk=plan.pk, status=PlanStatus.AGREED).update(status=PlanStatus.WITHDRAWN, ended_at=now)


@transaction.atomic
def propose_disconnection(*, site: Site, by: User, why: str, today: date, now: datetime) -> DisconnectionProposal:
    """Propose to the board that a site be disconnected. Nothing is switched: this application disconnects nobody.

    Raises:
        MayNotPropose: winter, hardship, life support, a plan, too early or too little; it is proposed already, or there is no rule.
    """
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    cooperative = site.member.cooperative
    rule = rule_on(cooperative, today)
    if rule is None:
        raise MayNotPropose(_("The cooperative has no rule for arrears."))
    if DisconnectionProposal.objects.filter(site=site, status=ProposalStatus.PROPOSED).exists():
        raise MayNotPropose(_("It is before the board already."))
    found = why_not_proposed(site, rule, today)
    if found:
        raise MayNotPropose(_("Not for %(code)s: %(why)s.") % {"code": site.code, "why": ", ".join(str(REFUSED[each]) for each in found)})
    rest = sum(document.rest_minor for document in overdue(cooperative, today).filter(member=site.member))
    return DisconnectionProposal.objects.create(
        site=site, member=site.member, rest_minor=rest, proposed_at=now, proposed_by=by, why=why.strip()[:300]
    )


@transaction.atomic
def decide(*, proposal: DisconnectionProposal, status: ProposalStatus, by: User, today: date, now: datetime) -> DisconnectionProposal:
    """Note what the board decided; agreeing is refused where by now something forbids it.

    Raises:
        MayNotPropose: it was decided already, whoever proposed decides, or something forbids it by now.
    """
    row = DisconnectionProposal.objects.select_for_update(of=("self",)).select_related("site__member__cooperative").get(pk=proposal.pk)
    if row.status != ProposalStatus.PROPOSED:
        raise MayNotPropose(_("It was decided already."))
    if status != ProposalStatus.WITHDRAWN and row.proposed_by_id == by.pk:
        raise MayNotPropose(_("Whoever proposed does not decide."))
    rule = rule_on(row.site.member.cooperative, today)
    if status == ProposalStatus.AGREED and rule is not None:
        found = why_not_proposed(row.site, rule, today)
        if found:
            raise MayNotPropose(_("Not any more: %(why)s.") % {"why": ", ".join(str(REFUSED[each]) for each in found)})
    row.status, row.decided_at = status, now
    row.decided_by = None if status == ProposalStatus.WITHDRAWN else by
    row.save(update_fields=["status", "decided_at", "decided_by"])
    return row


def is_protected(member: Member, day: date) -> bool:
    """Whether the member is in hardship or depends on supply."""
    return member.pk in spared_members(member.cooperative, day, ProtectionKind.HARDSHIP, ProtectionKind.LIFE_SUPPORT)
