"""In which language a person is written to."""

from members.models import User


class UnknownLanguage(Exception):
    """There are no texts in this language."""


def set_language(*, user: User, language: str, known: frozenset[str]) -> None:
    """Choose the language of mails and pages.

    Raises:
        UnknownLanguage: it is none of those known.
    """
    if language not in known:
        raise UnknownLanguage(language)
    User.objects.filter(pk=user.pk).update(language=language)
