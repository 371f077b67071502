import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Identified(models.Model):
    """A row that an address may name."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True
