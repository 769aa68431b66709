"""Figures, days and kept sentences in the language of whoever reads them."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.apps import AppConfig
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, gettext_lazy

from kernel.phrases import Phrasebook
from kernel.speech import Speech

ENGLISH_FIGURE = re.compile(r"[-−]?\d{1,3}(,\d{3})+(\.\d+)?|[-−]?\d+\.\d+")
ENGLISH_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
GERMAN = str.maketrans(",.", ".,")


def speech() -> Speech:
    """The reader's language, for rules that speak."""
    return Speech(gettext, "," if _is_german() else ".")


def amount(minor: int) -> str:
    """An amount in minor units with two decimals: `1,234.50`, in German `1.234,50`."""
    return number_format(Decimal(minor) / 100, 2, use_l10n=True, force_grouping=True)


def day_in_words(day: date) -> str:
    """A day as pages write it: `7 Mar 2016`, in German `07.03.2016`."""
    return date_format(day, "d.m.Y" if _is_german() else "j M Y")


def month_in_words(day: date) -> str:
    """The month of a day: `March 2016`."""
    return date_format(day, "F Y")


def said(text: str, phrases: Phrasebook) -> str:
    """A sentence that was kept in English, in the reader's language; what is no known sentence stays as it is.

    Sentences one after the other are looked for one by one. Names in a sentence's places stay, figures and days are written anew,
    and words that are phrases themselves are said too.
    """
    if not text or not _is_german():
        return text
    whole = _said_once(text, phrases)
    if whole is not None:
        return whole
    told = [(_said_once(part, phrases), part) for part in re.split(r"(?<=\.) (?=[A-Z0-9“'])", text)]
    if all(german is None for german, _ in told):
        return text
    return " ".join(german if german is not None else part for german, part in told)


def said_all(texts: Iterable[str], phrases: Phrasebook) -> list[str]:
    """Each of the sentences, said."""
    return [said(text, phrases) for text in texts]


def _said_once(text: str, phrases: Phrasebook) -> str | None:
    found = phrases.taken_apart(text)
    if found is None:
        return None
    sentence, places = found
    german = gettext(sentence)
    if not places:
        return german.replace("%%", "%")
    return german % {name: _place_said(value, phrases) for name, value in places.items()}


def _place_said(value: str, phrases: Phrasebook) -> str:
    inner = _said_once(value, phrases)
    return figures_said(value) if inner is None else inner


def figures_said(text: str) -> str:
    """English figures and ISO days in a text as the reader's language writes them."""
    if not _is_german():
        return text
    days = ENGLISH_DAY.sub(r"\3.\2.\1", text)
    if days != text:
        return days
    return ENGLISH_FIGURE.sub(lambda figure: figure[0].translate(GERMAN), text)


def _is_german() -> bool:
    return (get_language() or "").startswith("de")


def say_names(app: AppConfig, names: Iterable[str]) -> None:
    """Let models and fields of an app whose names Django made itself be called in the reader's language, where `names` holds them.

    Names that a model gives itself are left alone; migrations never see what is set here.
    """
    known = frozenset(names)
    for model in app.get_models():
        options = model._meta
        if str(options.verbose_name_plural) in known and "verbose_name_plural" not in options.original_attrs:
            options.verbose_name_plural = gettext_lazy(str(options.verbose_name_plural))
        if str(options.verbose_name) in known and "verbose_name" not in options.original_attrs:
            options.verbose_name = gettext_lazy(str(options.verbose_name))
        for field in (*options.local_fields, *options.local_many_to_many):
            if field._verbose_name is None and str(field.verbose_name) in known:  # type: ignore[attr-defined]
                field.verbose_name = gettext_lazy(str(field.verbose_name))
