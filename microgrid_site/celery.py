"""The distributed engine: queues control, default and chain."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init

from microgrid_site.memory import keep_memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")

app = Celery("microgrid")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@worker_process_init.connect
def _keep_memory(**_: Any) -> None:
    keep_memory()
