"""Users as the real service knows them: with a full name and the LMS's id."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A learner or a member of staff.

    .. pii: Name, e-mail address and ids of a person.
    .. pii_types: name, username, email_address, id
    .. pii_retirement: local_api
    """

    full_name = models.CharField(max_length=255, blank=True)
    lms_user_id = models.IntegerField(null=True, blank=True, db_index=True)
