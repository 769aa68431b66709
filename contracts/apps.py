from django.apps import AppConfig


class ContractsConfig(AppConfig):
    """Witness: publishes what happened to a chain and IPFS, reads payments back, proves it."""

    name = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Contracts"
