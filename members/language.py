"""Figures, days and kept sentences in the language of whoever reads them."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.module_loading import import_string
from django.utils.translation import get_language, gettext, gettext_lazy

from kernel.phrases import PhraseBook, german_figures
from kernel.speech import Speech
from kernel.units import energy_for_people, power_for_people


def speech() -> Speech:
    """The reader's language, for rules that speak."""
    return Speech(gettext, "," if _is_german() else ".")


def amount(minor: int) -> str:
    """An amount in minor units with two decimals: `1,234.50`, in German `1.234,50`."""
    return number_format(Decimal(minor) / 100, 2, use_l10n=True, force_grouping=True)


def energy_in_words(energy_wh: int) -> str:
    """Energy by size with its unit: `1,234 kWh`, in German `1.234 kWh`."""
    figure, unit = energy_for_people(energy_wh)
    return f"{german_figures(figure) if _is_german() else figure} {unit}"


def power_in_words(power_w: float) -> str:
    """Power by size with its unit: `8.54 kW`, in German `8,54 kW`."""
    figure, unit = power_for_people(power_w)
    return f"{german_figures(figure) if _is_german() else figure} {unit}"


def day_in_words(day: date) -> str:
    """A day as pages write it: `7 Mar 2016`, in German `07.03.2016`."""
    return date_format(day, "d.m.Y" if _is_german() else "j M Y")


def month_in_words(day: date) -> str:
    """The month of a day: `March 2016`."""
    return date_format(day, "F Y")


def said(text: str, phrases: PhraseBook) -> str:
    """A sentence that was kept in English, in the reader's language; what is no known sentence stays as it is."""
    return phrases.said(text, gettext) if text and _is_german() else text


def say_kept(text: str) -> str:
    """A sentence that was kept in English, in the reader's language by the phrases of all rooms (`KEPT_SENTENCES`)."""
    return str(import_string(settings.KEPT_SENTENCES)(text)) if text and _is_german() else text


def _is_german() -> bool:
    return (get_language() or "").startswith("de")


def say_names(app: AppConfig, names: Iterable[str], otherwise: Mapping[str, Any] | None = None) -> None:
    """Let models and fields of an app whose names Django made itself be called in the reader's language, where `names` holds them.

    Names that a model gives itself are left alone; migrations never see what is set here. `otherwise` holds what a name is called where it
    says something else elsewhere: by name (`at`), or by model and field (`SwitchOrder.position`), which comes first.
    """
    words = {name: gettext_lazy(name) for name in names} | dict(otherwise or {})
    for model in app.get_models():
        options = model._meta
        for name in ("verbose_name", "verbose_name_plural"):
            made = str(getattr(options, name))
            if made in words and name not in options.original_attrs:
                setattr(options, name, words[made])
        fields: list[Any] = [*options.local_fields, *options.local_many_to_many]
        for field in fields:
            made = str(field.verbose_name)
            word = words.get(f"{model.__name__}.{field.name}") or words.get(made)
            if field._verbose_name is None and word is not None:
                field.verbose_name = word
