"""What control, alarms and plans said, in the language of the page."""

from django import template
from django.utils.translation import get_language

from grid.domain.spoken.book import in_language

register = template.Library()


@register.filter
def said(sentence: object) -> str:
    """A stored sentence or a label in the reader's language."""
    return in_language(str(sentence or ""), get_language() or "en")
