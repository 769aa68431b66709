"""How rows are addressed from outside."""

from django.db import models

from kernel.identifiers import uuid7


class PublicRow(models.Model):
    """A row with a bigint inside and a time-ordered uuid outside."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)

    class Meta:
        abstract = True
