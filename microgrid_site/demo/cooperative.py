"""The demo's cooperative: fictitious people in a real network, a tariff, a sharing rule, log-ins."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from billing.models import (
    ArrearsRule,
    BaseRate,
    Mandate,
    PaymentRules,
    PublicPage,
    ReminderStage,
    Tariff,
    TariffAssignment,
    TariffVersion,
    TimeWindow,
)
from billing.models.tariffs import WindowDays
from billing.services.tariffs import publish_version
from energy.domain.maintenance import add_months
from energy.models import MaintenancePlan, Microgrid, Site, Source, WorkKind
from energy.models.assets import ConsumerKind
from grid.models import DemandProgramme, FlexibilityTerms, SharingKey, SharingRule, StorageOriginRule
from grid.services.demand_response import give_consent, offer_programme
from members.models import Cooperative, Member, Membership, Role, User
from microgrid_site.demo.prepaid import EMAIL, password_of
from microgrid_site.embedded.secret_words import secret_word

COOPERATIVE = {
    "name": "Bürgerenergie Wiesengrund eG",
    "street": "Am Anger 1",
    "postal_code": "19205",
    "city": "Wiesengrund",
    "country": "DE",
    "vat_id": "DE999999999",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
    "currency": "EUR",
    "email": "hallo@wiesengrund.example",
    "phone": "+49 3886 000000",
    "emergency_phone": "+49 3886 000112",
    "website": "https://wiesengrund.example",
}
PRICES = {
    "standing_per_day": Decimal("0.30"),
    "energy_per_kwh": Decimal("0.27"),
    "export_per_kwh": Decimal("0.08"),
    "incentive_per_kwh": Decimal("0.01"),
    "vat_rate": Decimal("0.19"),
}
PEAK = {"name": "evening", "days": WindowDays.EVERY_DAY, "start_minute": 17 * 60, "end_minute": 21 * 60, "multiplier": Decimal("1.2")}
BEGINNING = date(2010, 1, 1)
OWNERS_SHARE = Decimal("0.4")
"""Of what a storage saved the village."""
CREDITOR_ID = "DE98ZZZ09999999999"
"""The Bundesbank's example."""
NOBODYS_BANK = "99999999"
HELD_TO_PERCENT = 40
"""Of their power, loads that can wait in an event."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who can log in to the demo."""

    role: str
    email: str
    password: str


# As the Bundesbank published them.
BASE_RATES = ((date(2016, 1, 1), Decimal("-0.83")), (date(2016, 7, 1), Decimal("-0.88")))


def found_cooperative() -> Cooperative:
    """The cooperative, made at its first use."""
    cooperative, _ = Cooperative.objects.get_or_create(slug="wiesengrund", defaults=COOPERATIVE)
    return cooperative


@transaction.atomic
def agree_on_rules(microgrid: Microgrid, now: datetime) -> bool:
    """One tariff for every site, the dynamic sharing key, plans for the sources; returns whether anything was new."""
    cooperative = microgrid.cooperative
    tariff, created = Tariff.objects.get_or_create(
        cooperative=cooperative, code="dorfstrom", defaults={"name": "Dorfstrom", "is_reference": True}
    )
    if created:
        version = TariffVersion.objects.create(tariff=tariff, number=1, valid_from=BEGINNING, **PRICES)
        TimeWindow.objects.create(version=version, **PEAK)
        publish_version(version=version, user=None, now=now)
    if not SharingRule.objects.filter(microgrid=microgrid).exists():
        SharingRule.objects.create(microgrid=microgrid, key=SharingKey.DYNAMIC, valid_from=BEGINNING)
    if not StorageOriginRule.objects.filter(microgrid=microgrid).exists():
        # The batteries were filled from the village's roofs before its first day.
        StorageOriginRule.objects.create(microgrid=microgrid, valid_from=BEGINNING, unknown_is_local=True)
    if not FlexibilityTerms.objects.filter(microgrid=microgrid).exists():
        FlexibilityTerms.objects.create(microgrid=microgrid, share=OWNERS_SHARE, valid_from=BEGINNING)
    without = Site.objects.filter(microgrid=microgrid, tariff_assignments__isnull=True)
    TariffAssignment.objects.bulk_create(TariffAssignment(site=site, tariff=tariff, valid_from=BEGINNING) for site in without)
    _plan_maintenance(microgrid, now)
    _be_open_and_patient(cooperative)
    _name_accounts(cooperative)
    return created


def _name_accounts(cooperative: Cooperative) -> None:
    """Every member has an account, made up with right check digits; every third lets the cooperative collect its bills."""
    PaymentRules.objects.get_or_create(cooperative=cooperative, defaults={"creditor_id": CREDITOR_ID})
    nameless = list(Member.objects.filter(cooperative=cooperative, iban="", is_cooperative=False).order_by("pk"))
    for member in nameless:
        member.iban = made_up_iban(member.pk)
    Member.objects.bulk_update(nameless, ["iban"])
    Mandate.objects.bulk_create(
        Mandate(
            cooperative=cooperative,
            member=member,
            reference=f"M{member.number}-{member.pk}-1",
            holder=member.name[:70],
            iban=member.iban,
            signed_date=BEGINNING,
        )
        for member in nameless[::3]
    )


def made_up_iban(number: int) -> str:
    """An account at a bank that is nobody's, its check digits by ISO 13616."""
    rest = f"{NOBODYS_BANK}{number:010d}"
    return f"DE{98 - int(f'{rest}131400') % 97:02d}{rest}"


def _be_open_and_patient(cooperative: Cooperative) -> None:
    """The village shows its days to everybody, and reminds of open bills in three letters."""
    PublicPage.objects.get_or_create(
        cooperative=cooperative,
        defaults={"is_open": True, "words_en": "A village that shares its sun.", "words_de": "Ein Dorf, das seine Sonne teilt."},
    )
    rule, created = ArrearsRule.objects.get_or_create(cooperative=cooperative, valid_from=BEGINNING)
    if created:
        ReminderStage.objects.bulk_create(
            ReminderStage(rule=rule, level=level, days_after_due=days, fee_minor=fee)
            for level, days, fee in ((1, 7, 0), (2, 21, 250), (3, 42, 500))
        )
    for valid_from, percent in BASE_RATES:
        BaseRate.objects.get_or_create(currency=cooperative.currency, valid_from=valid_from, defaults={"percent": percent})


def _plan_maintenance(microgrid: Microgrid, now: datetime) -> None:
    """Every source is inspected each second year, one a month; it is cleaned when its clear days say so."""
    sources = Source.objects.filter(site__microgrid=microgrid, maintenance_plans__isnull=True).order_by("code")
    first = now.astimezone(microgrid.zone).date().replace(day=1)
    MaintenancePlan.objects.bulk_create(
        plan
        for place, source in enumerate(sources)
        for plan in (
            MaintenancePlan(source=source, work=WorkKind.INSPECTION, rule="date", every_months=24, next_date=add_months(first, place + 1)),
            MaintenancePlan(source=source, work=WorkKind.CLEANING, rule="performance", below_percent=92),
        )
    )


def give_logins(microgrid: Microgrid, var: Path) -> list[Login]:
    """Log-ins for a household, a household with a roof, and the cooperative's staff; passwords lie in the secrets folder."""
    cooperative = microgrid.cooperative
    people = Member.objects.filter(sites__microgrid=microgrid, is_cooperative=False).order_by("number")
    producer = people.filter(sites__sources__isnull=False).first()
    without = people.filter(sites__sources__isnull=True)
    with_car = without.filter(sites__consumers__kind=ConsumerKind.CAR_CHARGER)
    household = with_car.first() or without.first()
    logins = []
    for role, email, member in (
        (Role.MEMBER, "member@wiesengrund.example", household),
        (Role.PRODUCER, "producer@wiesengrund.example", producer),
        (Role.TARIFF_ADMIN, "treasurer@wiesengrund.example", None),
        (Role.TARIFF_ADMIN, "board@wiesengrund.example", None),  # a tariff is approved by a second person
        (Role.OPERATOR, "operator@wiesengrund.example", None),
        (Role.AUDITOR, "auditor@wiesengrund.example", None),
    ):
        if role in (Role.MEMBER, Role.PRODUCER) and member is None:
            continue
        word = "login-board" if email.startswith("board") else f"login-{role}"
        password = secret_word(var, word)[:16]
        logins.append(Login(str(role.label), email, password))
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(
                email,
                password,
                name=member.name if member else f"{email.split('@')[0].title()} of the cooperative",
                is_staff=member is None,
            )
        Membership.objects.get_or_create(user=user, cooperative=cooperative, member=member, role=role)
    if User.objects.filter(email=EMAIL).exists():
        logins.append(Login("Prepaid member", EMAIL, password_of(var)))
    return logins


@transaction.atomic
def invite_to_programme(microgrid: Microgrid, now: datetime) -> DemandProgramme:
    """A programme of demand response that holds loads down, to which the two households that can log in have consented.

    Offer and consents come together: a programme cut off between them would never be consented to.
    """
    programme = DemandProgramme.objects.filter(microgrid=microgrid).order_by("pk").first()
    if programme is not None:
        return programme
    programme = offer_programme(
        microgrid=microgrid, name="Feierabend", incentive_per_kwh=Decimal("0.20"), load_limit_percent=HELD_TO_PERCENT, now=now
    )
    people = Membership.objects.filter(cooperative=microgrid.cooperative, member__isnull=False).select_related("user")
    for person in people:
        for site in Site.objects.filter(microgrid=microgrid, member=person.member):
            give_consent(programme=programme, site=site, by=person.user, now=now)
    return programme
