"""Doors of the workers: e-mails that wait."""

from celery import shared_task
from django.utils import timezone

from members.services.notifications import send_waiting


@shared_task(queue="default", time_limit=300)
def send_notifications() -> int:
    """Send what waits to be told by e-mail."""
    return send_waiting(now=timezone.now())
