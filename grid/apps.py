from django.apps import AppConfig


class GridConfig(AppConfig):
    """Decisions: balancing, storage, sharing, balance."""

    name = "grid"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Grid"

    def ready(self) -> None:
        # A device's page shows what it was told and did.
        import grid.web.device_course  # noqa: F401
