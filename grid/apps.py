from django.apps import AppConfig


class GridConfig(AppConfig):
    """Decisions: balancing, storage, sharing, balance."""

    name = "grid"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Grid"
