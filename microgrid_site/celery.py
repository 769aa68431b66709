"""The distributed engine: queues control, default and chain."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")

app = Celery("microgrid")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
