"""What every record that people edit has in common."""

import uuid
from typing import Any, Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

MOST_OF_A_REASON = 100  # characters: as long as the history's column


class VersionConflictError(Exception):
    """Somebody else saved this record since it was read."""


class Versioned(models.Model):
    """A record with a public id for its address and a version, so that nobody saves over what they have not seen."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, editable=False)

    class Meta:
        abstract = True

    def because(self, reason: str) -> Self:
        """Let the history say why this record is about to be saved: the beginning of it, where it is long.

        Whoever has to read the whole reason keeps it in a field of its own.
        """
        self._change_reason = reason[:MOST_OF_A_REASON]  # where simple_history looks for it
        return self

    @transaction.atomic
    def save_over(self, version: int, **kwargs: Any) -> Self:
        """Save this record only if the stored one still has this version.

        Raises `VersionConflictError` when it has not, and then writes nothing.
        """
        mine = type(self)._default_manager.filter(pk=self.pk, version=version)
        if not mine.update(version=version + 1):
            raise VersionConflictError
        self.version = version + 1
        self.save(**kwargs)
        return self
