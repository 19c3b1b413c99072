"""The only room that knows the Credentials service; everything else runs on any host."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connections, router, transaction
from openedx_events.learning.data import UserData

from credentials_accredible.host.tables import held, holds, holds_everything

# How users are led to what the plugin keeps of them beside the service's table.
LEARNER_TEXT = "accredible_text"

# How the LMS's own default begins.
_RETIRED = "retired__user_"


def get_or_create_learner(data: UserData) -> Any:
    """The user of that user name, created from ``data`` where there is none; None where the service declines.

    The service's own function does it where there is one, so that its learners are made in one way.
    """
    try:
        from credentials.apps.core.api import get_or_create_user_from_event_data  # type: ignore[import-not-found]  # noqa: PLC0415
    except ImportError:
        return _get_or_create(data)
    user, _created = get_or_create_user_from_event_data(data)
    return user


def full_name(user: Any) -> str:
    """The learner's name, as the service has it, in one field where its users have that; or as it was told."""
    return _as_told(user, "name", str(getattr(user, "full_name", None) or user.get_full_name()))


def email_address(user: Any) -> str:
    """The learner's e-mail address, as the service has it; or as it was told."""
    return _as_told(user, "email", str(user.email or ""))


def may_hold_less() -> bool:
    """Whether the service's tables can be such that they do not hold every text: on MySQL and MariaDB."""
    return connections[router.db_for_write(get_user_model())].vendor == "mysql"


def what_is_held(email: str, name: str) -> dict[str, str]:
    """The two by the field of a user, as the service's table can hold them; of an e-mail address, all or nothing."""
    if not may_hold_less():
        return {"email": email, "full_name": name}
    held_email = email if holds(_field("email"), email) else ""
    return {"email": held_email, "full_name": held(_field("full_name"), name) if has_field("full_name") else name}


def is_narrow() -> bool:
    """Whether the service's table of users cannot hold every name or address."""
    if not may_hold_less():
        return False
    columns = get_user_model()._meta.concrete_fields
    return not all(holds_everything(column) for column in columns if column.name in {"email", "full_name"})


def can_be_named(username: str) -> bool:
    """Whether the service's table can hold that user name; otherwise nobody has it, and it cannot be looked for."""
    return not may_hold_less() or holds(_field(get_user_model().USERNAME_FIELD), username)


def _as_told(user: Any, name: str, here: str) -> str:
    """What an event said, where that is more than the service's table can hold, and is what ``here`` was made of."""
    told = getattr(user, LEARNER_TEXT, None) if is_narrow() else None
    more = str(getattr(told, name, ""))
    return more if more and getattr(told, f"{name}_here") == here else here


def _field(name: str) -> Any:
    return get_user_model()._meta.get_field(name)


def has_left(username: str) -> bool:
    """Whether the LMS gives such a user name to those whom it has retired; their accounts stay, under that name.

    The beginning of these names is the LMS's setting ``RETIRED_USERNAME_PREFIX``; the service has it where the operator
    has changed it.
    """
    beginning = getattr(settings, "RETIRED_USERNAME_PREFIX", None) or _RETIRED
    return username.startswith(beginning)


def is_email_address(text: str) -> bool:
    """Whether a learner can have that address; it may have letters beyond ASCII on either side of its ``@``."""
    local, _at, domain = text.rpartition("@")
    # Django's own check knows such letters in domains only.
    plain = "".join("a" if not each.isascii() and category(each)[0] in "LMN" else each for each in local)
    try:
        validate_email(f"{plain}@{domain}")
    except ValidationError:
        return False
    return text.isprintable()


def has_field(name: str) -> bool:
    """Whether the service's users have that field."""
    try:
        _field(name)
    except FieldDoesNotExist:
        return False
    return True


def _get_or_create(data: UserData) -> Any:
    users = get_user_model()
    known = {"email": data.pii.email, "full_name": data.pii.name, "lms_user_id": data.id, "is_active": data.is_active}
    values = {name: value for name, value in known.items() if has_field(name)}
    try:
        with transaction.atomic(using=router.db_for_write(users)):
            # Learners come in through the LMS; none of them has a password here.
            return users._default_manager.create(username=data.pii.username, password=make_password(None), **values)
    except IntegrityError:
        return users._default_manager.get(username=data.pii.username)
