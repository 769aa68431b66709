"""What a member's statement of a distribution says, in the member's language: page, PDF and API show the same figures."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.domain.distribution import counted_by_energy
from billing.domain.distribution_words import ENGLISH, WORDS, DistributionWords
from billing.domain.sentences import WORDS as FIGURES
from billing.domain.sentences import Words
from billing.models import Distribution, DistributionKind, DistributionPart, DistributionStatus
from billing.selectors.distributions import whole_of


def words_in(language: str) -> DistributionWords:
    """The words of a language, English where there are none."""
    return WORDS.get(language[:2], ENGLISH)


def statement_of(part: DistributionPart, language: str) -> dict[str, Any]:
    """Everything page and PDF show, as text."""
    words, figures = words_in(language), FIGURES.get(language[:2], FIGURES["en"])
    distribution, member = part.distribution, part.member
    cooperative = distribution.cooperative
    return {
        "lang": figures.lang,
        "title": distribution.name,
        "cooperative": {
            "name": cooperative.name,
            "street": cooperative.street,
            "place": f"{cooperative.postal_code} {cooperative.city}",
            "email": cooperative.email,
        },
        "member": {"name": member.name, "street": member.street, "place": f"{member.postal_code} {member.city}"},
        "head": [
            [words.labels["member"], member.number],
            [words.labels["period"], f"{figures.date(distribution.first_day)} – {figures.date(distribution.last_day)}"],
            *([[words.labels["released"], figures.date(distribution.released_at.date())]] if distribution.released_at else []),
        ],
        "sentences": _sentences(part, words, figures),
        "columns": words.columns,
        "rows": _rows(part, words, figures),
        "total": [words.total, "", "", "", figures.money(part.gross_minor)],
        "balance": _balance(part, words, figures),
        "note": words.note,
    }


def _sentences(part: DistributionPart, words: DistributionWords, figures: Words) -> list[str]:
    row = part.distribution
    origin = row.counters or row
    currency = row.cooperative.currency
    form = words.dividend if row.kind == DistributionKind.DIVIDEND else words.revenue
    said = [
        form.format(
            first=figures.date(row.first_day),
            last=figures.date(row.last_day),
            sum=figures.money(origin.shared_minor),
            currency=currency,
            count=origin.parts.exclude(gross_minor=0).count(),
            rate=figures.percent(row.dividend_rate or Decimal(0)),
        )
    ]
    if origin.reserve_minor:
        said.append(words.reserve.format(reserve=figures.money(origin.reserve_minor), currency=currency))
    if row.member_cap_minor is not None:
        said.append(words.cap.format(cap=figures.money(row.member_cap_minor), currency=currency))
    if part.withheld_minor:
        said.append(
            words.withheld.format(
                withheld=figures.money(abs(part.withheld_minor)), currency=currency, rate=figures.percent(row.withholding_rate)
            )
        )
    if row.counters is not None and row.counters.released_at is not None:
        said.append(words.taken_back.format(date=figures.date(row.counters.released_at.date()), why=row.why))
    counter = counter_of(row)
    if counter is not None and counter.released_at is not None:
        said.append(words.countered.format(date=figures.date(counter.released_at.date()), why=counter.why))
    return said


def counter_of(distribution: Distribution) -> Distribution | None:
    """The released distribution that takes this one back."""
    return distribution.countered_by.filter(status=DistributionStatus.RELEASED).first()


def _rows(part: DistributionPart, words: DistributionWords, figures: Words) -> list[list[str]]:
    """What is counted, of the member and of all, the part of the sum that goes by it, and what that comes to, not rounded."""
    row, whole = part.distribution, whole_of(part.distribution)
    percent = counted_by_energy(whole.delivered_wh, whole.capital_days, row.energy_percent)
    unit = words.capital_unit.format(currency=row.cooperative.currency)
    rows = []
    if percent:
        by_energy = _comes_to(row.shared_minor, percent, part.delivered_wh, whole.delivered_wh)
        rows.append(
            [
                words.by_energy,
                _kwh(part.delivered_wh, figures),
                _kwh(whole.delivered_wh, figures),
                f"{percent} %",
                figures.number(by_energy, 4),
            ]
        )
    if percent < 100:
        by_capital = _comes_to(row.shared_minor, 100 - percent, part.capital_days, whole.capital_days)
        rows.append(
            [
                words.by_capital.format(unit=unit),
                figures.money(part.capital_days),
                figures.money(whole.capital_days),
                f"{100 - percent} %",
                figures.number(by_capital, 4),
            ]
        )
    return rows


def _comes_to(shared_minor: int, percent: int, own: int, whole: int) -> Decimal:
    """In units of the currency."""
    exact = Fraction(shared_minor * percent * own, whole * 100 * 100) if whole else Fraction(0)
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _kwh(wh: int, figures: Words) -> str:
    return figures.number(Decimal(wh) / 1000, 3)


def _balance(part: DistributionPart, words: DistributionWords, figures: Words) -> str:
    currency = part.distribution.cooperative.currency
    form = words.owed_back if part.net_minor < 0 else words.paid if part.paid_minor else words.pay
    return form.format(amount=figures.money(abs(part.net_minor)), currency=currency)


def state_of(part: DistributionPart) -> str:
    """Where a part stands: waiting, done, back (taken back), or counter (takes another one back)."""
    if part.distribution.counters_id is not None:
        return "counter"
    if counter_of(part.distribution) is not None:
        return "back"
    return "done" if part.paid_minor >= part.net_minor else "waiting"
