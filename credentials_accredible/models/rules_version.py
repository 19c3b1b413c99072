"""What tells processes that the rules have changed."""

from __future__ import annotations

import uuid

from django.db import models


class RulesVersion(models.Model):
    """A single row whose token changes with what decides which events count for which groups.

    A token and not a number: a change that is rolled back leaves no trace of its token, whereas its number would come
    again and stand for something else.

    .. no_pii: Configuration.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.token)
