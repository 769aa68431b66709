"""Paying before using: the member's page."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.adapters.cards import back_url, provider
from billing.domain.cards.provider import CannotReachProvider, ProviderRefuses
from billing.domain.payment_code import epc_code
from billing.domain.prepaid import Balance
from billing.domain.prepaid_words import PREPAID_WORDS
from billing.domain.sentences import WORDS, Words
from billing.models import PaymentRail, PrepaidAgreement, PrepaidAlarm, PrepaidDay, PrepaidRule
from billing.selectors.arrears import has_life_support
from billing.selectors.cards import cards_are_on
from billing.selectors.phrases import PHRASES
from billing.selectors.prepaid import balances_now, local_today, newest_days, prepaid_rule, zone_of
from billing.selectors.prepaid_history import Happening, happenings, open_limits
from billing.services.cards import CannotPayByCard, top_up_by_card
from billing.services.prepaid import KIND, CannotAgreeOnPrepaid, agree_on_prepaid, choose_own_alarms, end_prepaid, terms_text
from billing.services.prepaid_limits import sites_of
from billing.web.books import now_of
from billing.web.money_desk import NoAmount, money_written
from billing.web.own_payments import WAYS
from grid.models import SupplyRequest
from kernel.written import whole_number
from members.language import said
from members.models import Member
from members.selectors.scope import own_members, user_of
from members.services.notifications import mark_seen

SHOWN_DAYS = 62
MONTH_DAYS = 30
LEAST_TOP_UP_MINOR = 1000
STEP_MINOR = 500


@dataclass(frozen=True, slots=True)
class Reader:
    """In whose words a page is written."""

    words: dict[str, Any]
    spoken: Words

    @classmethod
    def of(cls, language: str) -> "Reader":
        name = language[:2] if language[:2] in PREPAID_WORDS else "en"
        return cls(PREPAID_WORDS[name], WORDS[name])

    def say(self, name: str, **told: object) -> str:
        return str(self.words[name]).format(**told)

    def money(self, amount_minor: int, currency: str) -> str:
        return f"{self.spoken.money(amount_minor)} {currency}"

    def at(self, moment: datetime, zone: Any) -> str:
        local = moment.astimezone(zone)
        return f"{self.spoken.date(local.date())}, {local:%H:%M}"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_prepaid(request: HttpRequest) -> HttpResponse:
    """What is left for each own member who pays before using; for the others how to begin."""
    user = user_of(request)
    reader = Reader.of(get_language() or "en")
    members = list(own_members(user).filter(is_cooperative=False).select_related("cooperative").order_by("number"))
    if not members:
        raise Http404
    if request.method == "POST":
        member = next((one for one in members if str(one.public_id) == request.POST.get("member")), None)
        if member is None:
            raise Http404
        return _act(request, member, reader)
    mark_seen(user=user, kind=KIND, now=timezone.now())
    asked = request.GET.get("amount", "")
    context = {"words": reader.words, "several": len(members) > 1, "accounts": [_account(member, reader, asked) for member in members]}
    return render(request, "portal/prepaid.html", context)


def _act(request: HttpRequest, member: Member, reader: Reader) -> HttpResponse:
    user = user_of(request)
    what, now = request.POST.get("do"), now_of(member.cooperative)
    agreement = PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True).select_related("cooperative").first()
    try:
        if what == "agree":
            if not request.POST.get("agree"):
                raise CannotAgreeOnPrepaid(reader.words["tick"])
            today = local_today(PrepaidAgreement(cooperative=member.cooperative), now)
            agree_on_prepaid(member=member, valid_from=today, by=user, now=now, language=reader.words["lang"])
            messages.success(request, reader.words["agreed"])
        elif agreement is None:
            raise Http404
        elif what == "end":
            end_prepaid(agreement=agreement, by=user, now=now)
            messages.success(request, reader.words["ended"])
        elif what == "own":
            days, amount = request.POST.get("days", "").strip(), request.POST.get("amount", "").strip()
            choose_own_alarms(agreement=agreement, days=whole_number(days), amount_minor=money_written(amount) if amount else None)
            messages.success(request, reader.words["kept"])
        elif what == "card" and cards_are_on(member.cooperative):
            return _by_card(request, member)
        else:
            raise Http404
    except CannotAgreeOnPrepaid as problem:
        messages.error(request, reader.words["older"] if what == "own" else str(problem))
    except NoAmount:
        messages.error(request, _("That is no amount of money; write it as 12.34."))
    return redirect("prepaid")


def _by_card(request: HttpRequest, member: Member) -> HttpResponse:
    user = user_of(request)
    try:
        checkout = top_up_by_card(
            member=member,
            amount_minor=money_written(request.POST.get("amount", "")),
            user=user,
            back_url=back_url(),
            provider=provider(),
            now=timezone.now(),
        )
    except CannotPayByCard as problem:
        messages.error(request, said(str(problem), PHRASES))
    except (CannotReachProvider, ProviderRefuses):
        messages.error(request, _("Card payments do not work just now. Nothing was charged; please transfer the amount, or try later."))
    else:
        return redirect(checkout.page_url)
    return redirect("prepaid")


def _account(member: Member, reader: Reader, asked: str) -> dict[str, Any]:
    """One member's part of the page."""
    rule, cooperative = prepaid_rule(member.cooperative), member.cooperative
    now = now_of(cooperative)
    agreement = PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True).select_related("member", "cooperative").first()
    found: dict[str, Any] = {
        "member": member,
        "currency": cooperative.currency,
        "agreement": agreement,
        "plain": _plain(agreement, rule, member, reader, now),
    }
    if agreement is None:
        today = local_today(PrepaidAgreement(cooperative=cooperative), now)
        return found | {"terms": terms_text(rule, member, today, reader.words["lang"])}
    zone = zone_of(cooperative)
    balance, day = balances_now([agreement]).get(agreement.pk), newest_days([agreement]).get(agreement.pk)
    suggested = _suggested(balance)
    try:
        amount = min(max(money_written(asked), 1), 10**8) if asked else suggested
    except NoAmount:
        amount = suggested
    rows = list(PrepaidDay.objects.filter(agreement=agreement).order_by("-day")[:SHOWN_DAYS])[::-1]
    return found | {
        "balance": balance,
        "day": day,
        "headline": _headline(agreement, balance, day, reader, zone) if balance and day else None,
        "picture": _picture(rows, agreement, reader) if len(rows) > 1 else None,
        "amount": amount,
        "qr": _code(agreement, amount),
        "qr_title": reader.say("qr", amount=reader.money(amount, cooperative.currency)),
        "cards": cards_are_on(cooperative),
        "table": [(reader.spoken.date(row.day), reader.spoken.money(row.shown_minor)) for row in reversed(rows)],
        "columns": [reader.words["day"], reader.words["shown"]],
        "has_iban": bool(cooperative.iban),
        "limits": [_limit(row, balance, reader, cooperative.currency) for row in open_limits([member]).get(member.pk, [])],
        "history": [_event(one, reader, cooperative.currency, zone) for one in happenings(agreement)],
        "cash_text": reader.say("cash_text", number=member.number),
        "chart_id": f"course-{member.pk}",
    }


def _suggested(balance: Balance | None) -> int:
    """Enough for a month at usual use, in whole steps [minor units]."""
    lacks = 0 if balance is None else balance.usual_minor * MONTH_DAYS - balance.shown_minor
    return max(-(-lacks // STEP_MINOR) * STEP_MINOR, LEAST_TOP_UP_MINOR)


def _headline(agreement: PrepaidAgreement, balance: Balance, day: PrepaidDay, reader: Reader, zone: Any) -> dict[str, Any]:
    """The big number, and what it means."""
    currency, shown = agreement.cooperative.currency, balance.shown_minor
    if shown <= 0:
        friendly = PrepaidAlarm.objects.filter(agreement=agreement, alarm="friendly", over_at__isnull=True).first()
        begun = friendly.passed_at.astimezone(zone).date() if friendly else day.day
        told = reader.say(
            "friendly_left",
            friendly=reader.money(agreement.friendly_minor, currency),
            day=reader.spoken.date(begun + timedelta(days=agreement.friendly_days)),
        )
    elif balance.days_left is None:
        told = reader.words["no_use"]
    elif balance.days_left == 0:
        told = reader.words["today"]
    elif balance.days_left == 1:
        told = reader.words["day_left"]
    else:
        until = day.day + timedelta(days=balance.days_left)
        told = reader.say("days_left", days=balance.days_left, day=reader.spoken.date(until))
    so_far = "day_so_far" if day.unbilled_days == 1 else "days_so_far"
    # A bill that came after the look leaves nothing of its days to be told of.
    is_open = balance.unbilled_minor != 0
    notes = [reader.say(so_far, days=day.unbilled_days)] if is_open and day.unbilled_days else []
    if is_open and day.estimated_days:
        notes.append(reader.say("estimated_some", count=day.estimated_days))
    if is_open and day.unread_days:
        notes.append(reader.say("unread_some", count=day.unread_days))
    is_used_up = PrepaidAlarm.objects.filter(agreement=agreement, alarm="used_up", over_at__isnull=True).exists()
    return {
        "name": reader.words["left"] if shown >= 0 else reader.words["owed"],
        "shown": shown,
        "told": "" if is_used_up else told,
        "usual": reader.say("usual", amount=reader.money(balance.usual_minor, currency)) if balance.usual_minor else "",
        "unbilled_note": "; ".join(notes),
        "as_of": reader.say("as_of", at=reader.at(day.looked_at, zone)),
        "is_low": shown <= 0,
    }


def _picture(rows: list[PrepaidDay], agreement: PrepaidAgreement, reader: Reader) -> dict[str, Any]:
    """What was left each day, and down to where the friendly credit reaches."""
    shown = [row.shown_minor / 100 for row in rows]
    series = [{"name": reader.words["shown"], "colour": "accent", "values": shown, "fill": "accent"}]
    if min(shown) < max(agreement.friendly_minor / 100, 0):
        bottom = [-agreement.friendly_minor / 100] * len(rows)
        series.append({"name": reader.words["friendly"], "colour": "warning", "values": bottom, "style": "dashed"})
    return {
        "labels": [row.day.isoformat() for row in rows],
        "dates": True,
        "unit": "price",
        "suffix": agreement.member.cooperative.currency,
        "series": series,
    }


def _code(agreement: PrepaidAgreement, amount_minor: int) -> str:
    """The payment code for an amount; empty where there is no account or another currency than that of the code."""
    cooperative = agreement.cooperative
    if not cooperative.iban or cooperative.currency != "EUR":
        return ""
    out = io.BytesIO()
    content = epc_code(
        name=cooperative.name, iban=cooperative.iban, bic=cooperative.bic, amount_minor=amount_minor, reference=agreement.reference
    )
    segno.make(content, error="m", boost_error=False).save(
        out, kind="svg", scale=4, border=2, xmldecl=False, svgns=True, dark="#000", light="#fff"
    )
    return mark_safe(out.getvalue().decode())


def _plain(agreement: PrepaidAgreement | None, rule: PrepaidRule, member: Member, reader: Reader, now: datetime) -> list[str]:
    """What happens when it runs low, in sentences."""
    currency = member.cooperative.currency
    friendly, days = (agreement.friendly_minor, agreement.friendly_days) if agreement else (rule.friendly_minor, rule.friendly_days)
    own = agreement.thresholds(rule) if agreement else None
    low, little = (own.low_days, own.little_minor) if own else (rule.low_days, rule.little_minor)
    night = {"night_from": rule.night_from_hour, "night_to": rule.night_to_hour}
    weekends = reader.words["weekends"] if rule.spares_weekends else ""
    told = [
        reader.say("told_days", low=low, very_low=rule.very_low_days, little=reader.money(little, currency)),
        reader.say("credit_text", friendly=reader.money(friendly, currency), days=days),
        reader.say("limit_text", watts=rule.limit_w),
        reader.say("never_text", **night, weekends=weekends),
    ]
    if any(has_life_support(site, now.date()) for site in sites_of(member)):
        told[2:3] = [reader.words["protected"]]
    return told


def _limit(row: SupplyRequest, balance: Balance | None, reader: Reader, currency: str) -> dict[str, str]:
    """A limit as its member reads it, and how it ends."""
    names = {"asked": "limit_asked", "agreed": "limit_asked", "in_force": "limit_now", "lift_asked": "limit_lifting"}
    name = names[row.status]
    lacks = -(-max(1 - (balance.shown_minor if balance else 0), 1) // 100) * 100
    told = {"watts": row.limit_w, "site": row.site.name, "amount": reader.money(lacks, currency)}
    text = row.decided_why if row.status == "agreed" else ""
    return {"title": reader.say(name, **told), "text": f"{reader.say(f'{name}_text', **told)} {text}".strip()}


def _event(one: Happening, reader: Reader, currency: str, zone: Any) -> dict[str, Any]:
    """One thing that happened, in words."""
    note, amount = "", None
    if one.payment is not None:
        text = reader.say("paid", way=WAYS[PaymentRail(one.payment.rail)])
        note = reader.words["returned"] if one.payment.returned_minor else ""
        amount = one.payment.amount_minor
    elif one.alarm is not None:
        text, note = reader.words["alarm"][one.alarm.alarm], _told(one, reader, zone)
    elif one.step is not None:
        request = one.step.request
        text = reader.words["step"][one.step.status].format(watts=request.limit_w, site=request.site.name)
        note = one.step.why if one.step.by_id and one.step.status in ("agreed", "declined", "in_force") else ""
    else:
        text = reader.words["event_agreed"]
    return {"at": reader.at(one.at, zone), "text": text, "note": note, "amount": amount, "currency": currency}


def _told(one: Happening, reader: Reader, zone: Any) -> str:
    """How a notice reached somebody."""
    if one.delivery is None:
        return reader.words["in_portal"]
    words = [reader.words["told"]]
    if one.delivery.mailed_at:
        words.append(reader.say("by_mail", at=reader.at(one.delivery.mailed_at, zone)))
    elif one.delivery.waits:
        words.append(reader.words["waits_for_mail"])
    if one.delivery.seen:
        words.append(reader.words["seen"])
    if one.alarm and one.alarm.over_at:
        words.append(reader.say("over", at=reader.at(one.alarm.over_at, zone)))
    return ", ".join(words)
