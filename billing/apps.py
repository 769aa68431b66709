from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Money: tariffs, bills, ledger, payments, revenue."""

    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Billing"

    def ready(self) -> None:
        # What is shared out joins what can be paid out.
        import billing.services.distributions  # noqa: F401
