"""What a form offers to choose from, where that depends on who asks and when."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField


def offer(form: BaseForm, name: str, rows: QuerySet[Any] | Sequence[tuple[Any, Any]]) -> None:
    """Let a form's field offer these rows, or these pairs of value and label."""
    field = form.fields[name]
    if isinstance(rows, QuerySet):
        assert isinstance(field, ModelChoiceField)
        field.queryset = rows
    else:
        assert isinstance(field, ChoiceField)
        field.choices = rows
