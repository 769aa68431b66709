from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The composition root as a Django app: the demo, doctor, pages that span rooms."""

    name = "microgrid_site"

    def ready(self) -> None:
        # Tasks that any process asks for must find the configured broker.
        import microgrid_site.celery  # noqa: F401
        from microgrid_site.admin_order import name_records

        name_records()
