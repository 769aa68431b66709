from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from billing.names import NAMES


class BillingConfig(AppConfig):
    """Money: tariffs, bills, ledger, payments, revenue."""

    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = gettext_lazy("Billing")

    def ready(self) -> None:
        # What is shared out joins what can be paid out.
        import billing.services.distributions  # noqa: F401
        from members.language import say_names

        say_names(self, NAMES)
