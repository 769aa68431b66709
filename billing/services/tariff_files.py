"""A draft from a tariff file of anybody's (OpenEI URDB), with the list of what of it is not billed."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.pricing.billable import check_billable
from billing.domain.pricing.faults import CannotBillPart
from billing.domain.pricing.part_places import charges
from billing.domain.pricing.parts import KIND_OF, Part
from billing.domain.pricing.urdb import CannotReadUrdb, Metering, tariff_from_urdb
from billing.domain.pricing.writing import parts_as_json
from billing.domain.tariffs import TariffTerms
from billing.models import Tariff, TariffVersion
from billing.selectors.phrases import PHRASES
from billing.services.tariffs import next_number
from kernel.speech import ENGLISH
from members.language import said

LARGEST_BYTES = 400_000
MOST_LISTED, LONGEST_LISTED = 200, 200


class CannotImportTariff(ValueError):
    """The file makes no draft; the message names the file and the mending step."""


@dataclass(frozen=True, slots=True)
class _Read:
    parts: tuple[Part, ...]
    not_billed: list[str]


@transaction.atomic
def draft_from_urdb(*, tariff: Tariff, file_name: str, content: bytes, metering: Metering, valid_from: date) -> TariffVersion:
    """Make a draft of the file's prices, taken as amounts of the cooperative's currency; VAT as in the newest version.

    Raises:
        CannotImportTariff: it is no tariff, or its prices cannot be billed at all.
    """
    read = _read(file_name, content, metering)
    number = next_number(tariff)
    newest = tariff.versions.order_by("-number").first()
    vat_rate = newest.vat_rate if newest else Decimal("0.19")
    nothing = Decimal(0)
    terms = TariffTerms(0, nothing, nothing, nothing, nothing, vat_rate, (), read.parts)
    return TariffVersion.objects.create(
        tariff=tariff,
        number=number,
        valid_from=valid_from,
        vat_rate=vat_rate,
        energy_per_kwh=max(terms.energy.periods[0].tiers[0].price, nothing),
        parts=parts_as_json(read.parts),
        export_per_kwh=newest.export_per_kwh if newest and metering == "none" else nothing,
        source_name=file_name[:120],
        not_billed=read.not_billed[:MOST_LISTED],
    )


def _read(file_name: str, content: bytes, metering: Metering) -> _Read:
    """The parts that bills can hold; the others are listed with what the file says of them."""
    if len(content) > LARGEST_BYTES:
        raise CannotImportTariff(_("%(file_name)s is larger than 400 kB; a tariff is smaller than that.") % {"file_name": file_name})
    try:
        given = json.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        raise CannotImportTariff(_("%(file_name)s is no JSON; choose another file.") % {"file_name": file_name}) from None
    rule: Any = "prorated" if metering == "net-metering" else "chronological"
    try:
        found = tariff_from_urdb(_only_item(file_name, given), metering=metering, tier_rule=rule)
    except CannotReadUrdb as problem:
        raise CannotImportTariff(f"{file_name}, {said(str(problem), PHRASES)}") from None
    kept: list[Part] = []
    left: list[str] = []
    for part in found.tariff.parts:
        try:
            check_billable([*kept, part])
        except CannotBillPart as problem:
            name = charges(ENGLISH)[KIND_OF[type(part)]]
            left += [f"{name}: {fault.what}"[:LONGEST_LISTED] for fault in problem.faults]
        else:
            kept.append(part)
    return _Read(tuple(kept), [*left, *(key[:LONGEST_LISTED] for key in found.ignored)])


def _only_item(file_name: str, given: Any) -> dict[str, Any]:
    """The tariff itself; a list of one item, as URDB answers, counts as its item."""
    if isinstance(given, dict) and isinstance(given.get("items"), list) and len(given["items"]) == 1:
        given = given["items"][0]
    if not isinstance(given, dict):
        raise CannotImportTariff(_("%(file_name)s is no JSON object; put the keys between braces.") % {"file_name": file_name})
    return given
