"""A stand-in for the service's tables of courses, with what the plugin reads of them."""

from django.db import models


class Course(models.Model):
    """A course.

    .. no_pii: Configuration.
    """

    title = models.CharField(max_length=255)

    def __str__(self) -> str:
        return self.title


class CourseRun(models.Model):
    """A run of a course, by its course key.

    .. no_pii: Configuration.
    """

    course = models.ForeignKey(Course, models.CASCADE, related_name="course_runs")
    key = models.CharField(max_length=255)
    title_override = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  # as in the real service
    start_date = models.DateTimeField(null=True, blank=True)
    end_date = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key
