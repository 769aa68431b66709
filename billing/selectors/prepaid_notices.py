"""What a prepaid member is told when an alarm is passed, in the member's language: notification and e-mail say the same."""

from billing.domain.prepaid_words import PREPAID_WORDS
from billing.domain.sentences import WORDS
from billing.models import PrepaidAlarm
from billing.selectors.prepaid import prepaid_rule


def notice_of(alarm: PrepaidAlarm) -> tuple[str, str]:
    """Subject and text."""
    agreement = alarm.agreement
    member, cooperative = agreement.member, agreement.cooperative
    words = PREPAID_WORDS.get(member.language, PREPAID_WORDS["en"])
    spoken = WORDS.get(member.language, WORDS["en"])
    told = {
        "left": f"{spoken.money(abs(alarm.shown_minor))} {cooperative.currency}",
        "days": alarm.days_left,
        "reference": agreement.reference,
        "friendly": f"{spoken.money(agreement.friendly_minor)} {cooperative.currency}",
        "credit_days": agreement.friendly_days,
        "watts": prepaid_rule(cooperative).limit_w,
        "phone": cooperative.phone or cooperative.email or "–",
    }
    notices: dict[str, tuple[str, str]] = words["notice"]
    subject, text = notices[alarm.alarm]
    return subject.format(**told), text.format(**told)
