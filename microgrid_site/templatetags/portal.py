"""How figures are written on pages."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from django import template
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.domain.banking.return_codes import STATUSES, reason_of
from billing.selectors.phrases import PHRASES
from contracts.selectors.coins import takes_coins
from contracts.selectors.phrases import PHRASES as WITNESS
from grid.domain.spoken.book import in_language
from kernel.units import energy_for_people, power_for_people
from members.language import said as said_in_language
from members.models import Cooperative

register = template.Library()
GERMAN = str.maketrans(",.", ".,")


@register.simple_tag
def sign(name: str, css: str = "") -> SafeString:
    """One of the signs of `parts/signs.html`, hidden from screen readers: words always stand beside it."""
    return format_html('<svg class="sign {}" aria-hidden="true"><use href="#sign-{}"></use></svg>', css, name)


def _is_german() -> bool:
    return (get_language() or "").startswith("de")


def _spoken(figure: str) -> str:
    """A figure with the separators of the page's language."""
    return figure.translate(GERMAN) if _is_german() else figure


@register.filter
def has_coins(cooperative: Cooperative) -> bool:
    """Whether bills of a cooperative can be paid with coins."""
    return takes_coins(cooperative)


@register.filter
def energy(energy_wh: int | None) -> SafeString | str:
    """Energy by size, the unit smaller."""
    if energy_wh is None:
        return "–"
    figure, unit = energy_for_people(energy_wh)
    return format_html("{} <small>{}</small>", _spoken(figure), unit)


@register.filter
def counted(value: int | None, unit: str) -> SafeString | str:
    """What a register counted, by size, in its own unit: energy in Wh, reactive energy in varh."""
    if value is None or unit == "Wh":
        return energy(value)
    figure, of_energy = energy_for_people(value)
    return format_html("{} <small>{}</small>", _spoken(figure), of_energy.replace("Wh", unit))


@register.filter
def power(power_w: int | None) -> SafeString | str:
    """Power by size, the unit smaller."""
    if power_w is None:
        return "–"
    figure, unit = power_for_people(power_w)
    return format_html("{} <small>{}</small>", _spoken(figure), unit)


@register.filter
def kilowatts(power_w: float | Literal[""] | None) -> str:
    """Watts as kW with one decimal, where the unit stands beside; a dash for what a page does not have."""
    return "–" if power_w is None or power_w == "" else _spoken(f"{power_w / 1000:,.1f}")


@register.filter
def money(amount_minor: int | None) -> str:
    """An amount in minor units with two decimals."""
    return "–" if amount_minor is None else _spoken(f"{amount_minor / 100:,.2f}")


@register.filter
def whole_money(amount_minor: int) -> str:
    """An amount in minor units, in whole units of the currency."""
    return _spoken(f"{amount_minor / 100:,.0f}")


@register.filter
def plain_amount(amount_minor: int) -> str:
    """An amount in minor units as a form sends it back: `1234.50`."""
    return f"{amount_minor / 100:.2f}"


@register.filter
def unit_price(price: str) -> str:
    """A price of six decimals with the digits it needs, two at least: `0.30`, `0.2755`."""
    whole, _, decimals = price.partition(".")
    return _spoken(f"{whole}.{decimals.rstrip('0').ljust(2, '0')}")


@register.filter
def kwh(energy_wh: int) -> str:
    """Wh as kWh with three decimals, as on a bill."""
    return _spoken(f"{energy_wh / 1000:,.3f}")


@register.filter
def month_name(period: int | date) -> str:
    """`March 2016` of YYYYMM or a date."""
    if isinstance(period, date | datetime):
        return f"{MONTHS[period.month]} {period.year}"
    return f"{MONTHS[period % 100]} {period // 100}"


@register.filter(expects_localtime=True)
def date_in_words(day: date | datetime | None, form: str) -> str:
    """A date in the form given, as the page's language writes it: `7 March 2016`, `7. März 2016`."""
    if day is None:
        return ""
    if _is_german():
        form = form.replace("j M Y", "d.m.Y").replace("j M", "d.m.").replace("l j", "l, j").replace("j", "j.")
    return date_format(day, form)


@register.filter
def said(text: object) -> str:
    """A sentence or label that was kept in English, in the page's language where it is a known one: control's, then billing's, then the witness's."""
    kept = str(text or "")
    operators = in_language(kept, get_language() or "en")
    if operators != kept:
        return operators
    books = said_in_language(kept, PHRASES)
    return books if books != kept else said_in_language(kept, WITNESS)


@register.filter
def bank_status(code: str) -> str:
    """A bank's word for an order: its code, and what it means where we know."""
    words = STATUSES.get(code)
    return code if words is None else f"{words[(get_language() or '').startswith('de')]} ({code})"


@register.filter
def return_reason(code: str) -> str:
    """Why a bank sent a payment back, with its code."""
    reason = reason_of(code)
    return f"{reason.german if (get_language() or '').startswith('de') else reason.english} ({code})"


@register.filter
def percent(share: float | None) -> str:
    """A share as whole per cent."""
    return "–" if share is None else f"{share * 100:.0f} %"


@register.filter
def percent_exact(share: Decimal) -> str:
    """A rate as per cent with the decimals it has."""
    return _spoken(f"{(share * 100).normalize():f} %")


@register.filter
def percent_tenths(share: float | None) -> str:
    """A share as per cent with one decimal."""
    return "–" if share is None else _spoken(f"{share * 100:.1f} %")


@register.filter
def ago(age: timedelta | None) -> str:
    """An age in words: `4 s ago`, `3 min ago`, `5 h ago`, `12 days ago`; ahead of the clock counts as now."""
    return _("never") if age is None else _("%(span)s ago") % {"span": span(age)}


@register.filter
def span(age: timedelta) -> str:
    """A length of time in its largest whole unit."""
    seconds = max(int(age.total_seconds()), 0)
    for size, name in ((86_400, _("days")), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


@register.filter
def cut_sign(amount: int) -> int:
    """An amount without its sign, where words say the direction."""
    return abs(amount)


@register.filter
def signed_percent(share: float) -> str:
    """A change as per cent with its sign and one decimal, for example `−0.8 %`."""
    return _spoken(f"{share * 100:+.1f} %").replace("-", "−")
