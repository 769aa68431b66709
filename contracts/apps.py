from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from contracts.names import NAMES


class ContractsConfig(AppConfig):
    """Witness: publishes what happened to a chain and IPFS, reads payments back, proves it."""

    name = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = gettext_lazy("Contracts")

    def ready(self) -> None:
        from members.language import say_names

        say_names(self, NAMES)
