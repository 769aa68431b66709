"""What people's rows and their fields are called, to be said in the reader's language."""

from django.utils.translation import gettext_noop

NAMES = (
    gettext_noop("access record"), gettext_noop("access records"), gettext_noop("attempts"),
    gettext_noop("chain ref"), gettext_noop("city"), gettext_noop("claimed at"),
    gettext_noop("cooperative"), gettext_noop("cooperatives"), gettext_noop("country"),
    gettext_noop("created at"), gettext_noop("currency"), gettext_noop("email"),
    gettext_noop("emergency phone"), gettext_noop("external ref"), gettext_noop("is active"),
    gettext_noop("is cooperative"), gettext_noop("joined at"), gettext_noop("joined date"),
    gettext_noop("key"), gettext_noop("kind"), gettext_noop("language"), gettext_noop("left date"),
    gettext_noop("looked at"), gettext_noop("mailed at"), gettext_noop("member"), gettext_noop("members"),
    gettext_noop("membership"), gettext_noop("memberships"), gettext_noop("name"),
    gettext_noop("notification"), gettext_noop("notifications"), gettext_noop("number"),
    gettext_noop("path"), gettext_noop("phone"), gettext_noop("postal code"), gettext_noop("public id"),
    gettext_noop("publishes usage"), gettext_noop("role"), gettext_noop("seen at"), gettext_noop("slug"),
    gettext_noop("street"), gettext_noop("subject"), gettext_noop("text"), gettext_noop("user"),
    gettext_noop("users"), gettext_noop("website"), gettext_noop("what"),
)  # fmt: skip
