"""A stand-in for the service's table of grades, with what the plugin reads of it."""

from django.db import models
from model_utils.fields import AutoCreatedField

from demo.service.catalog.models import CourseRun


class UserGrade(models.Model):
    """The grade of a learner in a course run, as the LMS has sent it last.

    .. pii: Names a learner.
    .. pii_types: username
    .. pii_retirement: retained
    """

    # A class of its own in the real service, too, which Django does not mix with others by itself.
    created = AutoCreatedField()
    modified = models.DateTimeField(auto_now=True)
    username = models.CharField(max_length=150)
    course_run = models.ForeignKey(CourseRun, models.PROTECT)
    letter_grade = models.CharField(max_length=255, blank=True)
    percent_grade = models.DecimalField(max_digits=5, decimal_places=4)
    verified = models.BooleanField(default=True)
    lms_last_updated_at = models.DateTimeField(null=True)

    class Meta:
        unique_together = ("username", "course_run")

    def __str__(self) -> str:
        return f"grade {self.pk}"
