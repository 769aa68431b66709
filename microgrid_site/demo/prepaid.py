"""A household of the demo that pays before it uses: agreed on the first day, topped up by transfer, looked at each night, told as it falls."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from billing.models import PrepaidAgreement
from billing.services.bank_statements import import_statement
from billing.services.prepaid import agree_on_prepaid, look_at_balances
from billing.services.prepaid_estimate import open_use
from energy.models import Microgrid
from members.models import Member, Membership, Role, User
from microgrid_site.demo.plan import replay_start
from microgrid_site.embedded.secret_words import secret_word

EMAIL, WORD = "prepaid@wiesengrund.example", "login-prepaid"
MORE_THAN_USED = Decimal("1.15")
"""What is paid in lasts a little longer than the month, so that it is low at its end."""
SHOWN_DAYS = 8
AGREED_AT = time(9)


@transaction.atomic
def pay_before(microgrid: Microgrid, days: Sequence[date], var: Path) -> PrepaidAgreement | None:
    """Let a household that nobody logs in for pay before it uses, as its month went by; None where it does already or there is none.

    Agreement, top-up and looks come together: what is there is never half a story.
    """
    if PrepaidAgreement.objects.filter(cooperative=microgrid.cooperative).exists():
        return None
    households = Member.objects.filter(
        sites__microgrid=microgrid, sites__sources__isnull=True, memberships__isnull=True, is_cooperative=False
    )
    member = households.order_by("number").last()
    if member is None:
        return None
    user = User.objects.create_user(EMAIL, password_of(var), name=member.name)
    Membership.objects.create(user=user, cooperative=microgrid.cooperative, member=member, role=Role.MEMBER)
    begun = datetime.combine(days[0], AGREED_AT, tzinfo=microgrid.zone)
    agreement = agree_on_prepaid(member=member, valid_from=days[0], by=user, now=begun)
    _top_up(microgrid, agreement, days, begun)
    for day in days[-SHOWN_DAYS:]:
        look_at_balances(cooperative=microgrid.cooperative, now=replay_start(day, microgrid.zone))
    return agreement


def password_of(var: Path) -> str:
    """With which the household logs in."""
    return secret_word(var, WORD)[:16]


def _top_up(microgrid: Microgrid, agreement: PrepaidAgreement, days: Sequence[date], begun: datetime) -> None:
    """A transfer with the agreement's reference on the first day, in whole units of the currency."""
    after = replay_start(days[-1], microgrid.zone)
    use = open_use(microgrid=microgrid, member_ids=[agreement.member_id], now=after)
    amount = max(-(-int(sum(use.gross_minor.values()) * MORE_THAN_USED) // 100), 1)
    row = f"{days[0]:%d.%m.%Y};{amount},00;{agreement.member.name};Guthaben {agreement.reference}\n"
    import_statement(
        cooperative=microgrid.cooperative,
        content=f"Buchungstag;Betrag;Auftraggeber;Verwendungszweck\n{row}".encode(),
        now=begun,
        file_name=f"statement-{days[0]}.csv",
    )
