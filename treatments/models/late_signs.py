from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class LateSigns(models.TextChoices):
    """Whether signs of a late infection were asked for. Blank is not asked: another fact than no."""

    NOT_ASKED = "", _("not asked")
    NO = "no", _("No")
    YES = "yes", _("Yes")


def late_signs_field() -> "models.CharField[Any, Any]":
    return models.CharField(
        _("new lump, hardening, abscess or draining spot since the last session"),
        max_length=3,
        choices=LateSigns,
        default=LateSigns.NOT_ASKED,
        blank=True,
    )
