"""A member's year at one site: month by month energy by origin, money and CO2, from the documents that count."""

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import translation
from django.utils.dates import MONTHS

from billing.domain.annual_words import ANNUAL_WORDS
from billing.domain.sentences import WORDS, Words
from billing.models import Component, Document, DocumentKind
from billing.models.documents import FROM_GRID
from billing.selectors.documents import posted_documents, visible_documents
from billing.selectors.line_energy import own_use_wh
from energy.models import Site
from grid.domain.indicators import CO2_GRID_G_PER_KWH
from grid.selectors.sharing import load_shares
from grid.selectors.source_mix import source_mix
from members.models import Cooperative, Member, User

COLUMN_OF = {
    Component.LOCAL: "local_wh",
    **dict.fromkeys(FROM_GRID, "grid_wh"),
    Component.LOCAL_DELIVERED: "delivered_wh",
    Component.CARRIED: "delivered_wh",
    Component.EXPORT: "export_wh",
}


@dataclass(slots=True)
class Figures:
    """Energy [Wh], gross amounts [minor units] and CO2 [g] of a month or a year."""

    local_wh: int = 0
    grid_wh: int = 0
    delivered_wh: int = 0
    export_wh: int = 0
    paid_minor: int = 0
    earned_minor: int = 0
    co2_g: int = 0

    def plus(self, other: "Figures") -> "Figures":
        """Both together."""
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class AnnualStatement:
    """A year of one member at one site."""

    year: int
    member: Member
    site: Site
    cooperative: Cooperative
    currency: str
    months: dict[int, Figures]
    total: Figures


def annual_statement(*, user: User, site_id: UUID, year: int) -> AnnualStatement | None:
    """The year of the newest member whose documents of the site the user may see; None where there are none."""
    return _statement(visible_documents(user), site_id, year)


def year_of(member: Member, *, site_id: UUID, year: int) -> AnnualStatement | None:
    """A member's year at a site; None where no document of it counts."""
    return _statement(posted_documents(Member.objects.filter(pk=member.pk)), site_id, year)


def _statement(seen: QuerySet[Document], site_id: UUID, year: int) -> AnnualStatement | None:
    documents = list(
        seen.filter(
            pk__in=Document.objects.standing().values("pk"), site__public_id=site_id, period__range=(year * 100, year * 100 + 12)
        ).prefetch_related("lines")
    )
    if not documents:
        return None
    newest = documents[0]
    months: dict[int, Figures] = defaultdict(Figures)
    days: dict[int, set[date]] = defaultdict(set)
    for document in (d for d in documents if d.member_id == newest.member_id):
        _add(months[document.period], document)
        if document.kind == DocumentKind.BILL:
            days[document.period].update(document.days())
    for period, billed in days.items():
        months[period].co2_g = _carbon_wh(newest, sorted(billed)) * CO2_GRID_G_PER_KWH // 1000
    total = Figures()
    for figures in months.values():
        total = total.plus(figures)
    return AnnualStatement(year, newest.member, newest.site, newest.cooperative, newest.currency, dict(sorted(months.items())), total)


def _carbon_wh(document: Document, days: list[date]) -> int:
    """Public energy used behind the site's meter over some days [Wh], as its bills count it."""
    microgrid, site = document.run.microgrid, document.site
    shares = load_shares(microgrid=microgrid, days=days, site_ids=[site.pk])
    received = shares.received_wh[0]
    mix = source_mix(microgrid=microgrid, sites=[site], days=days, received_wh=received, from_grid_wh=shares.import_wh[0] - received)
    return mix.carbon_wh


def _add(figures: Figures, document: Document) -> None:
    for line in document.lines.all():
        name = COLUMN_OF.get(Component(line.component))
        if name:
            setattr(figures, name, getattr(figures, name) + line.quantity)
    own_wh = own_use_wh(document.lines.all())
    if document.kind == DocumentKind.BILL:
        figures.grid_wh -= own_wh
        figures.paid_minor += document.gross_minor
    else:
        figures.export_wh -= own_wh
        figures.earned_minor += document.gross_minor


def statement_content(statement: AnnualStatement, language: str) -> dict[str, Any]:
    """Everything page and PDF show, as text in a language: the reader's on a page, the member's on paper."""
    words, spoken = ANNUAL_WORDS.get(language, ANNUAL_WORDS["en"]), WORDS.get(language, WORDS["en"])
    total = statement.total
    cooperative, member = statement.cooperative, statement.member
    drawn, given = total.local_wh + total.grid_wh, total.delivered_wh + total.export_wh
    balance = total.paid_minor - total.earned_minor
    sentences = [words.intro.format(site=statement.site.name)]
    if drawn:
        sentences.append(words.drawn.format(kwh=spoken.kwh(drawn), percent=round(100 * total.local_wh / drawn)))
    if given:
        sentences.append(words.given.format(kwh=spoken.kwh(given), local=spoken.kwh(total.delivered_wh)))
    kg = spoken.number(Decimal(total.co2_g) / 1000, 1)
    form = words.balance_pay if balance >= 0 else words.balance_get
    return {
        "lang": spoken.lang,
        "title": words.title.format(year=statement.year),
        "cooperative": {
            "name": cooperative.name,
            "street": cooperative.street,
            "place": f"{cooperative.postal_code} {cooperative.city}",
            "email": cooperative.email,
        },
        "member": {"name": member.name, "street": member.street, "place": f"{member.postal_code} {member.city}"},
        "head": [
            [words.labels["member"], member.number],
            [words.labels["site"], statement.site.code],
            [words.labels["months"], str(len(statement.months))],
        ],
        "sentences": [*sentences, words.co2.format(kg=kg, factor=CO2_GRID_G_PER_KWH) + "."],
        "columns": list(words.columns.values()),
        "rows": [[_month(period, spoken), *_cells(figures, spoken)] for period, figures in statement.months.items()],
        "total": [words.total, *_cells(total, spoken)],
        "balance": form.format(amount=spoken.money(abs(balance)), currency=statement.currency),
        "note": words.note,
        "download": words.labels["download"],
    }


def _month(period: int, words: Words) -> str:
    with translation.override(words.lang):
        return str(MONTHS[period % 100])


def _cells(figures: Figures, words: Words) -> list[str]:
    energy = (figures.local_wh, figures.grid_wh, figures.delivered_wh, figures.export_wh)
    return [
        *(words.number(Decimal(wh) / 1000, 1) for wh in energy),
        words.money(figures.paid_minor),
        words.money(figures.earned_minor),
        words.number(Decimal(figures.co2_g) / 1000, 1),
    ]
