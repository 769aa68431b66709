"""Sentences of the witness that are kept in English, by the pure domain or the chain's node: each is listed here to be said in the reader's language."""

from django.utils.translation import gettext_noop

from kernel.phrases import PhraseBook

FINDINGS = PhraseBook.of(
    gettext_noop("what is stored now is not what was anchored"),
    gettext_noop("its kept leaf was changed; what is stored now is what was anchored"),
    gettext_noop("what is stored now and its kept leaf differ, and other leaves were changed as well"),
    gettext_noop("what was anchored is gone"),
    gettext_noop("has no leaf"),
    gettext_noop("the kept leaves do not lead to the root on the chain"),
    gettext_noop("%(figure)s is '%(value)s' now: %(detail)s"),
    gettext_noop("%(detail)s: it had %(before)s fields and has %(now)s now"),
    gettext_noop("%(anchor)s is not anchored"),
    gettext_noop("%(anchor)s cannot be checked: %(why)s"),
    gettext_noop("%(anchor)s is not on the chain"),
    gettext_noop("%(anchor)s has another root on the chain"),
)
NODE = PhraseBook.of(
    gettext_noop("The chain's node does not answer (%(problem)s)."),
    gettext_noop("The chain's node refuses for the moment: %(problem)s"),
    gettext_noop("The chain's node does not give its log: %(problem)s"),
    gettext_noop("Account %(account)s cannot pay for gas; send it some."),
)
PROOFS = PhraseBook.of(
    gettext_noop("Not anchored yet"),
    gettext_noop("This document is not on the chain yet; usually it takes some minutes."),
    gettext_noop("This day is not on the chain yet; it comes there after it is closed."),
    gettext_noop("No month"),
)
ROWS = PhraseBook.of(
    gettext_noop("day %(period)s revision %(revision)s"),
    gettext_noop("run %(period)s revision %(revision)s"),
    gettext_noop("quote of %(document)s"),
)
PHRASES = FINDINGS.joined((NODE, PROOFS, ROWS))
