"""Sentences that were kept in English, answered in the language that a request asks for (`Accept-Language`)."""

from typing import Any

from rest_framework import serializers

from members.language import say_kept


class SaidField(serializers.CharField):
    """A kept sentence; what is no known one, such as what a person typed, stays as it is."""

    def to_representation(self, value: Any) -> str:
        return say_kept(super().to_representation(value))


def said_list(**options: Any) -> serializers.ListField:
    """A field of kept sentences."""
    return serializers.ListField(child=SaidField(), **options)
