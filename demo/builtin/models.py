"""A stand-in for the tables of the built-in integration, as the plugin reads them on Teak and later.

Names of tables and columns are those of the real service, which a take-over reads; what it does with them is not here.
A badge template is of Accredible or of another provider, and its requirements, penalties and progress serve both.
"""

import uuid

from django.contrib.sites.models import Site
from django.db import models


class AccredibleAPIConfig(models.Model):
    """An account at Accredible, with its key in plain text.

    .. no_pii: Configuration.
    """

    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001  # as in the real service
    api_key = models.CharField(max_length=255)

    def __str__(self) -> str:
        return self.name or ""


class BadgeTemplate(models.Model):
    """A badge of any provider.

    .. no_pii: Configuration.
    """

    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)
    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    is_active = models.BooleanField(default=False)
    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    # An ImageField in the real service, which puts the address of a picture there.
    icon = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    origin = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001

    def __str__(self) -> str:
        return self.name


class AccredibleGroup(BadgeTemplate):
    """A badge of Accredible; its primary key is Accredible's own id.

    .. no_pii: Configuration.
    """

    api_config = models.ForeignKey(AccredibleAPIConfig, models.CASCADE)


class BadgeRequirement(models.Model):
    """What is asked of learners.

    .. no_pii: Configuration.
    """

    template = models.ForeignKey(BadgeTemplate, models.CASCADE, related_name="requirements")
    event_type = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    blend = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001

    def __str__(self) -> str:
        return self.event_type


class AbstractDataRule(models.Model):
    """A comparison.

    .. no_pii: Configuration.
    """

    data_path = models.CharField(max_length=255)
    operator = models.CharField(max_length=32, default="eq")
    value = models.CharField(max_length=255)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.data_path


class DataRule(AbstractDataRule):
    """A comparison of a requirement.

    .. no_pii: Configuration.
    """

    requirement = models.ForeignKey(BadgeRequirement, models.CASCADE, related_name="rules")

    class Meta:
        unique_together = ("requirement", "data_path", "operator", "value")


class BadgePenalty(models.Model):
    """What takes fulfilments back.

    .. no_pii: Configuration.
    """

    template = models.ForeignKey(BadgeTemplate, models.CASCADE)
    event_type = models.CharField(max_length=255)
    requirements = models.ManyToManyField(BadgeRequirement)

    def __str__(self) -> str:
        return self.event_type


class PenaltyDataRule(AbstractDataRule):
    """A comparison of a penalty.

    .. no_pii: Configuration.
    """

    penalty = models.ForeignKey(BadgePenalty, models.CASCADE, related_name="rules")

    class Meta:
        unique_together = ("penalty", "data_path", "operator", "value")


class BadgeProgress(models.Model):
    """A learner, by user name, on the way to a badge.

    .. pii: The user name of a learner.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    username = models.CharField(max_length=255)
    template = models.ForeignKey(BadgeTemplate, models.SET_NULL, blank=True, null=True)

    def __str__(self) -> str:
        return self.username


class Fulfillment(models.Model):
    """A fulfilled requirement.

    .. no_pii: Refers to a learner's progress.
    """

    progress = models.ForeignKey(BadgeProgress, models.CASCADE)
    requirement = models.ForeignKey(
        BadgeRequirement, models.SET_NULL, blank=True, null=True, related_name="fulfillments"
    )
    blend = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001

    def __str__(self) -> str:
        return str(self.pk)


class UserCredential(models.Model):
    """Something that a learner has earned; ``credential_id`` is the primary key of a template that may be gone.

    .. pii: The user name of a learner.
    .. pii_types: username
    .. pii_retirement: retained
    """

    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)
    credential_id = models.PositiveIntegerField(db_index=True)
    username = models.CharField(max_length=255, db_index=True)
    status = models.CharField(max_length=255, default="awarded")
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)

    def __str__(self) -> str:
        return self.username


class AccredibleBadge(UserCredential):
    """A badge that a learner has earned.

    .. pii: Links a learner to a credential at Accredible.
    .. pii_types: id, external_service
    .. pii_retirement: retained
    """

    state = models.CharField(max_length=100, default="created")
    external_id = models.IntegerField(blank=True, null=True, unique=True)
