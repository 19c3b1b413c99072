"""A learner who has left: what keeps their data from coming back, and tells what is still at Accredible."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import AtAccredible, BadgeState


class RetiredLearnerQuerySet(models.QuerySet["RetiredLearner"]):
    def with_outstanding(self) -> RetiredLearnerQuerySet:
        """Annotate for how many credentials what was asked for is still to be done at Accredible.

        ``waiting``: it is tried, and tried again; ``failed``: a person is needed.
        """
        asked = ~Q(badges__at_accredible=AtAccredible.KEEP)
        failed = Q(badges__state=BadgeState.ERROR, badges__next_attempt_at=None)
        return self.annotate(
            waiting=Count("badges", filter=asked & Q(badges__next_attempt_at__isnull=False)),
            failed=Count("badges", filter=asked & failed),
        )


class RetiredLearner(TimeStampedModel):
    """That a learner has left, who retired them, and what was asked for at Accredible.

    Late events of theirs are recognised by it: by ``lms_user_id``, by ``account``, which the service keeps under
    another name, or by ``name_digest``, of the user name, where nothing else is known. ``badges`` are those of which
    something is, or may be, at Accredible.

    .. pii: The LMS user id and the account of a learner who has left, and a digest of the user name.
    .. pii_types: id, username
    .. pii_retirement: retained
    """

    lms_user_id = models.IntegerField(_("LMS user ID"), null=True, blank=True, unique=True)
    name_digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    at_accredible = models.CharField(_("at Accredible"), max_length=16, choices=AtAccredible.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("retired by")
    )

    objects = RetiredLearnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("retired learner")
        verbose_name_plural = _("retired learners")
        ordering = ["-created", "-pk"]
        default_permissions = ("view",)
        permissions = [("retire_learner", "Can retire learners: erase what is stored of them")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
