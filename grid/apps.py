from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from grid.names import NAMES, OTHERWISE


class GridConfig(AppConfig):
    """Decisions: balancing, storage, sharing, balance."""

    name = "grid"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = gettext_lazy("Grid")

    def ready(self) -> None:
        # A device's page shows what it was told and did.
        import grid.web.device_course  # noqa: F401
        from members.language import say_names

        say_names(self, NAMES, OTHERWISE)
