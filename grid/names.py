"""What rows of sharing, plants and the market and their fields are called, to be said in the reader's language."""

from django.utils.translation import gettext_noop

NAMES = (
    gettext_noop("sharing rule"), gettext_noop("sharing rules"), gettext_noop("sharing key share"),
    gettext_noop("sharing key shares"), gettext_noop("plant division"), gettext_noop("plant divisions"),
    gettext_noop("plant share"), gettext_noop("plant shares"), gettext_noop("storage origin rule"),
    gettext_noop("storage origin rules"), gettext_noop("price day"), gettext_noop("price days"),
    gettext_noop("proposed share"), gettext_noop("proposed shares"), gettext_noop("microgrid"), gettext_noop("key"),
    gettext_noop("price rule"), gettext_noop("valid from"), gettext_noop("valid to"), gettext_noop("share"),
    gettext_noop("site"), gettext_noop("plant"), gettext_noop("member"), gettext_noop("used at"), gettext_noop("reason"),
    gettext_noop("opened at"), gettext_noop("closes at"), gettext_noop("status"), gettext_noop("decided at"),
    gettext_noop("text"), gettext_noop("entered at"), gettext_noop("entered by"), gettext_noop("day"),
    gettext_noop("gate minutes"), gettext_noop("deviation micro"), gettext_noop("orders"), gettext_noop("archive"),
    gettext_noop("forgotten at"), gettext_noop("eligible"), gettext_noop("yes"), gettext_noop("no"),
    gettext_noop("abstained"), gettext_noop("published at"),
)  # fmt: skip
