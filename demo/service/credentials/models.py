"""A stand-in for the service's tables of certificates, with what the plugin reads of them."""

import uuid

from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db import models

from demo.service.catalog.models import CourseRun


class CourseCertificate(models.Model):
    """That a course run has certificates.

    .. no_pii: Configuration.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    is_active = models.BooleanField(default=False)
    course_id = models.CharField(max_length=255)
    course_run = models.OneToOneField(CourseRun, models.PROTECT, null=True)
    certificate_type = models.CharField(max_length=255)

    def __str__(self) -> str:
        return self.course_id


class UserCredential(models.Model):
    """A certificate of a learner: for a course run, or for something else.

    .. pii: Names a learner.
    .. pii_types: username
    .. pii_retirement: retained
    """

    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)
    credential_content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    credential_id = models.PositiveIntegerField(db_index=True)
    username = models.CharField(max_length=255, db_index=True)
    status = models.CharField(max_length=255, default="awarded")
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)

    class Meta:
        unique_together = (("username", "credential_content_type", "credential_id"),)

    def __str__(self) -> str:
        return f"credential {self.uuid}"
