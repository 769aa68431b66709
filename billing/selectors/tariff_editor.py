"""What the editor of a tariff version shows: its parts as one list, its words, the version before it, what changes."""

from django.utils.translation import gettext as _

from billing.domain.pricing.differences import Change, changes
from billing.domain.pricing.parts import Energy, PeakMultiplier, Spot
from billing.domain.pricing.words import part_in_words
from billing.domain.pricing.writing import parts_as_json
from billing.domain.tariffs import TariffTerms
from billing.models import TariffVersion, VersionStatus
from billing.selectors.tariffs import terms_of
from members.language import speech


def editable_parts(terms: TariffTerms) -> list[dict[str, object]]:
    """All parts as JSON, energy first: prices and windows of the version are the energy part they amount to."""
    others = [part for part in terms.parts if not isinstance(part, Energy | PeakMultiplier)]
    if any(isinstance(part, Spot) for part in others):
        return parts_as_json(tuple(others))
    return parts_as_json((terms.energy, *others))


def version_before(version: TariffVersion) -> TariffVersion | None:
    """The approved version of the same tariff that this one follows or would follow."""
    return (
        TariffVersion.objects.filter(tariff=version.tariff_id, status=VersionStatus.PUBLISHED, valid_from__lte=version.valid_from)
        .exclude(pk=version.pk)
        .select_related("tariff")
        .order_by("-valid_from")
        .first()
    )


def changes_of(version: TariffVersion, terms: TariffTerms, currency: str) -> tuple[TariffVersion | None, list[Change]]:
    """The version before, and what `terms` would change of it."""
    before = version_before(version)
    return before, [] if before is None else changes(terms_of(before), terms, currency, speech())


def in_words(terms: TariffTerms, currency: str) -> list[str]:
    """The whole version, one sentence for each charge."""
    spoken = speech()
    said = [] if terms.spot is not None else [part_in_words(terms.energy, currency, spoken)]
    prices = (
        (_("Standing charge"), terms.standing_per_day, _("a day")),
        (_("Energy fed in"), terms.export_per_kwh, _("per kWh")),
        (_("Thank-you for local energy"), terms.incentive_per_kwh, _("per kWh")),
    )
    said += [f"{name}: {spoken.number(price)} {currency} {per}" for name, price, per in prices if price]
    said += [part_in_words(part, currency, spoken) for part in terms.parts if not isinstance(part, Energy | PeakMultiplier)]
    return [*said, f"{_('VAT')}: {spoken.number(terms.vat_rate * 100)} %"]
