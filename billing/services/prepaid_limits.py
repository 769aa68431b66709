"""Between a used-up balance and the grid: a limit of power is asked for, decided by a person of the operators, and ends with a top-up.

The rules of sparing are asked when a limit is asked for and again when it is decided. Callers hold the member's lock, or it is taken here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.prepaid import Alarm, Spared, spared
from billing.domain.prepaid_words import PREPAID_WORDS
from billing.models import InstalmentPlan, PlanStatus, PrepaidAgreement, PrepaidAlarm, PrepaidRule, ProtectionKind
from billing.selectors.arrears import has_life_support, spared_members
from billing.selectors.holidays import public_holidays
from billing.selectors.prepaid import prepaid_rule
from billing.services.allocations import lock_member
from energy.models import Site
from grid.models import SupplyRequest, SupplyRequestStatus
from grid.models.supply_requests import OPEN_REQUESTS
from grid.services.supply_requests import CannotLimit, ask_limit, cancel_requests, decide_request, note_set
from members.models import Cooperative, Member, User
from members.services.notifications import notify

SPARED = {
    Spared.LIFE_SUPPORT: gettext_lazy("somebody there depends on supply"),
    Spared.HARDSHIP_IN_WINTER: gettext_lazy("the member is in hardship, and it is winter"),
    Spared.WINTER: gettext_lazy("it is winter"),
    Spared.PLAN: gettext_lazy("an instalment plan stands"),
    Spared.NIGHT: gettext_lazy("no limit begins at this hour"),
    Spared.WEEKEND: gettext_lazy("no limit begins at a weekend"),
    Spared.HOLIDAY: gettext_lazy("no limit begins on a holiday"),
    Spared.NOT_USED_UP: gettext_lazy("the friendly credit is not used up"),
}
# These end a limit that is in force already; hours and days only keep one from beginning.
ENDING = (Spared.LIFE_SUPPORT, Spared.HARDSHIP_IN_WINTER, Spared.WINTER, Spared.PLAN)


def why_spared(*, site: Site, agreement: PrepaidAgreement, rule: PrepaidRule, now: datetime) -> list[Spared]:
    """Why no limit of a site may begin now; empty where nothing speaks against it."""
    member, at = agreement.member, now.astimezone(site.microgrid.zone)
    day = at.date()
    return spared(
        at=at,
        rule=rule.sparing,
        is_holiday=bool(public_holidays(site.microgrid, [day])),
        life_support=has_life_support(site, day),
        hardship=member.pk in spared_members(agreement.cooperative, day, ProtectionKind.HARDSHIP),
        plan_stands=InstalmentPlan.objects.filter(member=member, status=PlanStatus.AGREED).exists(),
        is_used_up=PrepaidAlarm.objects.filter(agreement=agreement, alarm=Alarm.USED_UP.value, over_at__isnull=True).exists(),
    )


def sites_of(member: Member) -> Sequence[Site]:
    """The sites that a member has now."""
    return list(Site.objects.filter(member=member).select_related("member__cooperative", "microgrid__cooperative").order_by("pk"))


def ask_where_used_up(*, agreement: PrepaidAgreement, rule: PrepaidRule, since: datetime, now: datetime) -> list[SupplyRequest]:
    """Ask for a limit at each of the member's sites, once per time that everything was used up; take back what may not stand any more.

    Part of the caller's transaction, which holds the member's lock.
    """
    asked = []
    for site in sites_of(agreement.member):
        reasons = why_spared(site=site, agreement=agreement, rule=rule, now=now)
        if set(reasons) & set(ENDING):
            _free([site], agreement.member, "why_protected", now)
        elif not reasons and not SupplyRequest.objects.filter(site=site, asked_at__gte=since).exists():
            asked.append(ask_limit(site=site, limit_w=rule.limit_w, why=PREPAID_WORDS["en"]["why_supply"], now=now))
    return asked


def free_member(*, member: Member, why: str, now: datetime) -> list[SupplyRequest]:
    """End whatever limits a member's sites, or is asked for; `why` names the words. Part of the caller's transaction."""
    return _free(sites_of(member), member, why, now)


def free_where_nobody_pays_before(*, cooperative: Cooperative, now: datetime) -> list[SupplyRequest]:
    """End limits of sites whose member does not pay before using: it was handed over meanwhile. Whoever has it now is told nothing of it."""
    rows = Site.objects.filter(microgrid__cooperative=cooperative, supply_requests__status__in=OPEN_REQUESTS)
    strangers = rows.exclude(member__prepaid_agreements__ended_date__isnull=True, member__prepaid_agreements__isnull=False)
    return cancel_requests(sites=strangers.distinct(), why=str(PREPAID_WORDS["en"]["why_ended"]), now=now)


def _free(sites: Iterable[Site], member: Member, why: str, now: datetime) -> list[SupplyRequest]:
    ended = cancel_requests(sites=sites, why=str(PREPAID_WORDS["en"][why]), now=now)
    for request in ended:
        if request.status in (SupplyRequestStatus.LIFTED, SupplyRequestStatus.LIFT_ASKED):
            words = PREPAID_WORDS.get(member.language, PREPAID_WORDS["en"])
            _tell(request, member, "free", {"site": request.site.name, "why": words[why]}, now)
    return ended


@transaction.atomic
def decide_limit(*, request: SupplyRequest, agree: bool, why: str, by: User, now: datetime) -> SupplyRequest:
    """An operator's decision. Agreeing is refused where by now anything speaks against a limit: a top-up, the hour, a protection.

    Raises:
        CannotLimit: it is, or it was decided or withdrawn already, or no reason is given.
    """
    agreement = _held(request)
    if agree:
        _check(request, agreement, now)
    decided = decide_request(request=request, agree=agree, why=why, by=by, now=now)
    if decided.status == SupplyRequestStatus.IN_FORCE:
        _tell_limited(decided, agreement, now)
    return decided


@transaction.atomic
def set_limit(*, request: SupplyRequest, by: User, now: datetime) -> SupplyRequest:
    """Note that a person has set an agreed limit at the site; refused as agreeing is.

    Raises:
        CannotLimit: it is not agreed any more, or something speaks against it by now.
    """
    agreement = _held(request)
    _check(request, agreement, now)
    done = note_set(request=request, by=by, now=now)
    _tell_limited(done, agreement, now)
    return done


def _held(request: SupplyRequest) -> PrepaidAgreement | None:
    """The agreement of the site's member, who is locked until the transaction ends: no top-up is booked in between."""
    member = lock_member(Site.objects.values_list("member_id", flat=True).get(pk=request.site_id))
    rows = PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True)
    return rows.select_related("member", "cooperative").first()


def _check(request: SupplyRequest, agreement: PrepaidAgreement | None, now: datetime) -> None:
    request.refresh_from_db()
    if request.status not in OPEN_REQUESTS:
        raise CannotLimit(_("It is %(state)s already: the site stays as it is.") % {"state": request.get_status_display()})
    if agreement is None:
        raise CannotLimit(_("The member pays by bill: there is nothing to limit for."))
    site = Site.objects.select_related("member__cooperative", "microgrid").get(pk=request.site_id)
    reasons = why_spared(site=site, agreement=agreement, rule=prepaid_rule(agreement.cooperative), now=now)
    if reasons:
        raise CannotLimit(_("Not now: %(why)s.") % {"why": ", ".join(str(SPARED[reason]) for reason in reasons)})


def _tell_limited(request: SupplyRequest, agreement: PrepaidAgreement | None, now: datetime) -> None:
    if agreement is not None:
        cooperative = agreement.cooperative
        told = {
            "watts": request.limit_w,
            "site": request.site.name,
            "why": request.decided_why,
            "reference": agreement.reference,
            "phone": cooperative.phone or cooperative.email or "–",
        }
        _tell(request, agreement.member, "limited", told, now)


def _tell(request: SupplyRequest, member: Member, what: str, told: dict[str, object], now: datetime) -> None:
    words = PREPAID_WORDS.get(member.language, PREPAID_WORDS["en"])
    subject, text = words["notice"][what]
    notify(
        users=User.objects.filter(memberships__member=member, is_active=True).distinct(),
        kind="prepaid",
        key=f"prepaid-limit:{request.public_id}:{what}",
        subject=subject.format(**told),
        text=text.format(**told),
        path="/prepaid/",
        by_mail=True,
        now=now,
    )


def why_not_now(*, request: SupplyRequest, now: datetime) -> list[Spared]:
    """Why a request could not be agreed to now; empty where it could."""
    site = Site.objects.select_related("member__cooperative", "microgrid").get(pk=request.site_id)
    rows = PrepaidAgreement.objects.filter(member=site.member, ended_date__isnull=True)
    agreement = rows.select_related("member", "cooperative").first()
    if agreement is None:
        return [Spared.NOT_USED_UP]
    return why_spared(site=site, agreement=agreement, rule=prepaid_rule(agreement.cooperative), now=now)
