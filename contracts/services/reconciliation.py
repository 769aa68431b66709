"""The nightly comparison: who keeps the books is told once of what does not agree."""

import hashlib
from datetime import datetime

from django.utils.translation import gettext as _

from billing.domain.reconciliation import Link, alarm_text
from billing.models import BillingRun, RunStatus
from contracts.selectors.reconciliation import whole_chain
from energy.models import Microgrid
from kernel.intervals import Month
from members.language import month_in_words, speech
from members.models import Role
from members.services.notifications import notify_in_words, staff_of

KIND = "reconciliation"
MONTHS_COMPARED = 3


def compare_and_tell(*, microgrid: Microgrid, now: datetime) -> list[tuple[Month, list[Link]]]:
    """Compare the newest posted months; returns those with gaps. The same gaps are told once, other ones again. `now` is the microgrid's."""
    periods = (
        BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.POSTED)
        .values_list("period", flat=True)
        .distinct()
        .order_by("-period")[:MONTHS_COMPARED]
    )
    found = []
    for period in periods:
        month = Month(period // 100, period % 100)
        apart = [link for link in whole_chain(microgrid, month, now=now) if not link.agrees]
        if apart:
            _tell(microgrid, month, apart, now)
            found.append((month, apart))
    return found


def _tell(microgrid: Microgrid, month: Month, apart: list[Link], now: datetime) -> None:
    facts = [(link.code, link.left, link.right, len(link.gaps)) for link in apart]
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def words() -> tuple[str, str]:
        said = [link for link in whole_chain(microgrid, month, now=now) if not link.agrees]
        subject = _("%(microgrid)s, %(month)s: sums that do not agree: %(count)s") % {
            "microgrid": microgrid.name,
            "month": month_in_words(month.first_day),
            "count": len(said),
        }
        return subject, alarm_text(said, speech())

    notify_in_words(
        users=staff_of(microgrid.cooperative, Role.TARIFF_ADMIN, Role.AUDITOR),
        words=words,
        kind=KIND,
        key=f"{KIND}:{microgrid.pk}:{month.number}:{digest}",
        path=f"/books/reconciliation/?microgrid={microgrid.public_id}&month={month}",
        by_mail=True,
        now=now,
    )
