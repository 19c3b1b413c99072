"""What is sent to Accredible for a badge, and whether the learner's record is good enough for it."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from credentials_accredible import host
from credentials_accredible.client import NewCredential
from credentials_accredible.exceptions import AccredibleError
from credentials_accredible.models import AccredibleBadge


class RecipientUnusable(AccredibleError):
    """The learner's record lacks what Accredible needs; the message says what."""


def new_credential(badge: AccredibleBadge) -> NewCredential:
    """The credential that is to be made of ``badge``; RecipientUnusable where the learner has no usable address."""
    user: Any = badge.user
    if not user.email:
        raise RecipientUnusable("The learner has no e-mail address: enter one. The badge is delivered after that.")
    try:
        validate_email(user.email)
    except ValidationError:
        raise RecipientUnusable(
            "The learner's e-mail address is not valid: correct it. The badge is delivered after that."
        ) from None
    uuids = {"badge_uuid": str(badge.uuid), "group_uuid": str(badge.group.uuid) if badge.group else ""}
    return NewCredential(
        own_id=str(badge.uuid),
        group_id=badge.accredible_group_id,
        recipient_name=_name(user),
        recipient_email=user.email,
        recipient_id=str(getattr(user, "lms_user_id", None) or user.pk),
        issued_on=badge.issued_on or timezone.localdate(),
        name=badge.group_name,
        meta_data={name: value for name, value in uuids.items() if value},
        custom_attributes=badge.custom_attributes,
    )


def fingerprint(user: Any) -> str:
    """A digest of what Accredible is told of the learner: another one after the record was corrected."""
    return hashlib.sha256(f"{_name(user)}\n{user.email}".encode()).hexdigest()


def _name(user: Any) -> str:
    return host.full_name(user).strip() or str(user.get_username())
