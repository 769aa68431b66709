from django.apps import AppConfig


class EnergyConfig(AppConfig):
    """Facts: microgrids, sites, sources, consumers, meters, devices, readings, validation."""

    name = "energy"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Energy"
