from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from energy.names import NAMES, OTHERWISE


class EnergyConfig(AppConfig):
    """Facts: microgrids, sites, sources, consumers, meters, devices, readings, validation."""

    name = "energy"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = gettext_lazy("Energy")

    def ready(self) -> None:
        from members.language import say_names

        say_names(self, NAMES, OTHERWISE)
