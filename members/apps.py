from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from members.names import NAMES


class MembersConfig(AppConfig):
    """People: users, memberships, roles, consent, who looked at what."""

    name = "members"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = gettext_lazy("Members")

    def ready(self) -> None:
        from members.adapters.id_lists import register
        from members.language import say_names

        register()
        say_names(self, NAMES)
