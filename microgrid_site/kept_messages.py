"""Messages that pages show once, said in the reader's language when they are read: services and doors keep sentences in English."""

from collections.abc import Iterator
from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils.safestring import SafeData

from members.language import say_kept


class SaidMessages(FallbackStorage):
    """As Django's own; what a message says is looked up among kept sentences. Markup stays as it is."""

    def __iter__(self) -> Iterator[Any]:
        for message in super().__iter__():
            if not isinstance(message.message, SafeData):
                message.message = say_kept(str(message.message))
            yield message
